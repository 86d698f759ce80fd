"""Dated stances to changes: how firm each actor was on each date, and where its positions moved."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

import numpy as np
from scipy.stats import beta

from stance.codebook import FIRM_LABELS, LABELS, NOBODY, DatedStance, Issue, Label
from stance.metrics import CONFIDENCE, Estimate

PRIOR: Final = 0.5  # Jeffreys prior of a proportion: Beta(0.5, 0.5)
N_DRAWS: Final = 20_000
SEED: Final = 2026


@dataclass(frozen=True, slots=True)
class ActorPeriod:
    """An actor's stances on one date.

    ``firmness`` is the share of demands, preconditions and rejections among them, in [0, 1], with its 95 % credible
    interval (Beta posterior, Jeffreys prior).
    """

    actor: str
    date: dt.date
    counts: Mapping[Label, int]
    firmness: Estimate

    @property
    def n_stances(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class FirmnessChange:
    """An actor's firmness on one date less that on the date before on which it held any stance, in [-1, 1]."""

    actor: str
    before: ActorPeriod
    after: ActorPeriod
    difference: Estimate

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes no change."""
        return self.difference.low > 0 or self.difference.high < 0


@dataclass(frozen=True, slots=True)
class Position:
    """What an actor held on an issue on one date: its stances, and the label of most of them.

    Between labels with as many stances the one with the higher sum of probabilities wins, then Label order.
    """

    actor: str
    issue: Issue
    date: dt.date
    label: Label
    stances: tuple[DatedStance, ...]


@dataclass(frozen=True, slots=True)
class PositionChange:
    """An actor's label on an issue is another than on the date before on which it had one."""

    actor: str
    issue: Issue
    before: Position
    after: Position

    def __str__(self) -> str:
        before, after = self.before, self.after
        return f"{self.actor} · {self.issue}: {before.label} on {before.date} → {after.label} on {after.date}"


@dataclass(frozen=True, slots=True)
class ShiftAnalysis:
    """All that the report shows, each part sorted by actor (most stances first), issue and date."""

    n_stances: int
    dates: tuple[dt.date, ...]
    actors: tuple[str, ...]
    periods: tuple[ActorPeriod, ...]
    firmness_changes: tuple[FirmnessChange, ...]
    positions: tuple[Position, ...]
    position_changes: tuple[PositionChange, ...]


@dataclass(frozen=True, slots=True)
class ShiftAgreement:
    """How far one analysis (predicted) is from another (gold) of the same reports.

    ``cell_agreement`` is the share of (actor, issue, date) cells filled in either that have the same label in both;
    ``firmness_error`` the mean absolute difference of firmness over the (actor, date) pairs that both have.
    """

    n_gold_cells: int
    n_predicted_cells: int
    cell_agreement: float
    n_gold_changes: int
    n_predicted_changes: int
    n_shared_changes: int
    firmness_error: float
    n_firmness_pairs: int


def analyse(stances: Iterable[DatedStance]) -> ShiftAnalysis:
    """Analyse dated stances; those whose holder is unclear are left out.

    >>> import datetime as dt
    >>> def stance(day, label):
    ...     return DatedStance("r", dt.date(2030, 1, day), 1, "…", "Belmark", label, Issue.TERRITORY)
    >>> analysis = analyse([stance(1, Label.REJECTION), stance(9, Label.CONCESSION)])
    >>> print(analysis.position_changes[0])
    Belmark · territory: rejection on 2030-01-01 → concession on 2030-01-09
    """
    held = [stance for stance in stances if stance.actor != NOBODY]
    n_by_actor = Counter(stance.actor for stance in held)
    actors = tuple(sorted(n_by_actor, key=lambda actor: (-n_by_actor[actor], actor)))
    rank = {actor: index for index, actor in enumerate(actors)}
    held.sort(key=lambda stance: (rank[stance.actor], stance.date, stance.report_id, stance.position))
    periods = [
        _period(actor, date, list(group))
        for (actor, date), group in groupby(held, key=lambda stance: (stance.actor, stance.date))
    ]
    issue_rank = {issue: index for index, issue in enumerate(Issue)}
    held.sort(key=lambda stance: (rank[stance.actor], issue_rank[stance.issue], stance.date))
    positions = [
        _position(actor, issue, date, tuple(group))
        for (actor, issue, date), group in groupby(held, key=lambda s: (s.actor, s.issue, s.date))
    ]
    return ShiftAnalysis(
        n_stances=len(held),
        dates=tuple(sorted({stance.date for stance in held})),
        actors=actors,
        periods=tuple(periods),
        firmness_changes=tuple(_firmness_changes(periods)),
        positions=tuple(positions),
        position_changes=tuple(_position_changes(positions)),
    )


def compare(gold: ShiftAnalysis, predicted: ShiftAnalysis) -> ShiftAgreement:
    """Hold the analysis of predicted stances against that of gold stances of the same reports."""
    cells = [{(p.actor, p.issue, p.date): p.label for p in side.positions} for side in (gold, predicted)]
    changes = [set(map(str, side.position_changes)) for side in (gold, predicted)]
    firmness = [{(p.actor, p.date): p.firmness.value for p in side.periods} for side in (gold, predicted)]
    either = cells[0].keys() | cells[1].keys()
    both = firmness[0].keys() & firmness[1].keys()
    return ShiftAgreement(
        n_gold_cells=len(cells[0]),
        n_predicted_cells=len(cells[1]),
        cell_agreement=sum(cells[0].get(cell) == cells[1].get(cell) for cell in either) / max(len(either), 1),
        n_gold_changes=len(changes[0]),
        n_predicted_changes=len(changes[1]),
        n_shared_changes=len(changes[0] & changes[1]),
        firmness_error=sum(abs(firmness[0][key] - firmness[1][key]) for key in both) / max(len(both), 1),
        n_firmness_pairs=len(both),
    )


def _period(actor: str, date: dt.date, stances: Sequence[DatedStance]) -> ActorPeriod:
    found = Counter(stance.label for stance in stances)
    counts = {label: found[label] for label in LABELS}
    low, high = beta(*_posterior(counts)).interval(CONFIDENCE)
    share = sum(counts[label] for label in FIRM_LABELS) / len(stances)
    # at a share of 0 or 1 the interval reaches to it (Brown, Cai & DasGupta 2001)
    return ActorPeriod(actor, date, counts, Estimate(share, min(float(low), share), max(float(high), share)))


def _firmness_changes(periods: Sequence[ActorPeriod]) -> Iterable[FirmnessChange]:
    """Differences of the two Beta posteriors, their interval from ``N_DRAWS`` draws."""
    for before, after in pairwise(periods):
        if before.actor != after.actor:
            continue
        rng = np.random.default_rng(SEED)
        draws = [rng.beta(*_posterior(period.counts), size=N_DRAWS) for period in (before, after)]
        low, high = np.quantile(draws[1] - draws[0], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
        difference = Estimate(after.firmness.value - before.firmness.value, float(low), float(high))
        yield FirmnessChange(before.actor, before, after, difference)


def _posterior(counts: Mapping[Label, int]) -> tuple[float, float]:
    """The Beta parameters of firmness after these counts."""
    n_firm = sum(counts[label] for label in FIRM_LABELS)
    return PRIOR + n_firm, PRIOR + sum(counts.values()) - n_firm


def _position(actor: str, issue: Issue, date: dt.date, stances: tuple[DatedStance, ...]) -> Position:
    def weight(label: Label) -> tuple[int, float]:
        held = [stance.probability for stance in stances if stance.label is label]
        return len(held), sum(held)

    return Position(actor, issue, date, max(LABELS, key=weight), stances)


def _position_changes(positions: Sequence[Position]) -> Iterable[PositionChange]:
    for before, after in pairwise(positions):
        if (before.actor, before.issue) == (after.actor, after.issue) and before.label is not after.label:
            yield PositionChange(after.actor, after.issue, before, after)

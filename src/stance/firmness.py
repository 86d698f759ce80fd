"""How firm each actor was in each period, with intervals, and whether that changed.

Without measured errors the shares are those of the stances themselves, with Jeffreys intervals (Brown, Cai & DasGupta
2001, "Interval Estimation for a Binomial Proportion"). With them they are corrected (``quantification``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby, pairwise
from math import comb
from typing import Any, Final

import numpy as np
from scipy.stats import beta, false_discovery_control, permutation_test

from stance.cells import Cell
from stance.codebook import FIRM_LABELS, LABELS, Label
from stance.metrics import CONFIDENCE, Estimate
from stance.periods import Period
from stance.quantification import (
    N_CLASSES,
    Confusion,
    Floats,
    decided_counts,
    dispersion,
    firmness,
    sample_shares,
)

PRIOR: Final = 0.5  # Jeffreys prior of a proportion: Beta(0.5, 0.5)
N_DRAWS: Final = 4_000
N_PERMUTATIONS: Final = 4_999
MIN_ARRANGEMENTS: Final = 20  # of the reports; a permutation test of fewer can tell nothing
MAX_PERMUTED: Final = 1_000  # reports; to reshuffle more takes long
MIN_STANCES: Final = 3  # with fewer, an actor's period is not compared with others
MIN_TREND_PERIODS: Final = 4
SEED: Final = 2026
DAYS_A_YEAR: Final = 365.25


@dataclass(frozen=True, slots=True)
class ActorPeriod:
    """An actor's stances in one period.

    ``counts`` are the stances found, one for each sentence and label. ``expected`` are the sums of calibrated
    probabilities over the ``n_asked`` sentences in which the actor may hold a stance, and ``corrected`` the counts
    corrected for the classifier's errors, with 95 % intervals; None for hand-coded stances. ``n_reports`` have such a
    sentence; ``n_sentences`` is the length of all reports of the period, 0 where unknown.

    ``firmness`` is the share of demands, preconditions and rejections among the stances, in [0, 1]: corrected where
    that is possible, with its 95 % credible interval. ``firmness_found`` is the share among the stances found.
    """

    actor: str
    period: Period
    n_reports: int
    n_sentences: int
    n_asked: int
    counts: Mapping[Label, int]
    expected: Mapping[Label, float] | None
    corrected: Mapping[Label, Estimate] | None
    firmness_found: float
    firmness: Estimate

    @property
    def n_stances(self) -> int:
        return sum(self.counts.values())

    @property
    def is_enough(self) -> bool:
        """Whether there are stances enough to be compared with another period."""
        return self.n_stances >= MIN_STANCES


@dataclass(frozen=True, slots=True)
class FirmnessChange:
    """An actor's firmness in one period less that in the last period before with stances enough, in [-1, 1].

    ``p_value`` is twice the posterior probability that the change had the other sign; ``adjusted_p`` the same after
    Benjamini & Hochberg (1995) over all changes compared. ``permutation_p`` is that of a test which reshuffles the
    reports of both periods and needs no correction; None where there are fewer than 20 ways to divide them, or more
    than 1,000 reports.
    """

    actor: str
    before: ActorPeriod
    after: ActorPeriod
    difference: Estimate
    p_value: float
    permutation_p: float | None
    adjusted_p: float = 1.0

    @property
    def is_clear(self) -> bool:
        """Whether it stands out among all changes compared, at a false discovery rate of 5 %."""
        return self.adjusted_p <= 1 - CONFIDENCE


@dataclass(frozen=True, slots=True)
class Trend:
    """The slope of an actor's firmness, per year, by least squares on the mean dates of its periods, a year or more."""

    actor: str
    n_periods: int
    slope: Estimate


@dataclass(frozen=True, slots=True)
class FirmnessAnalysis:
    """Each part sorted by actor, then period.

    ``dispersion`` is by what factor the counts were weakened, because stances of one report depend on each other.
    """

    periods: tuple[ActorPeriod, ...]
    changes: tuple[FirmnessChange, ...]
    trends: tuple[Trend, ...]
    dispersion: float


def analyse_firmness(cells: Sequence[Cell], errors: Confusion | None) -> FirmnessAnalysis:
    """Firmness in each of ``cells``, sorted by actor, and its changes; no ``errors`` for stances that people coded."""
    numbers = np.repeat(np.arange(len(cells)), [len(cell.by_report) for cell in cells])
    firm, total = np.concatenate([np.empty((0, 2), dtype=np.int64), *(cell.by_report for cell in cells)]).T
    factor = dispersion(firm, total, numbers)
    shares = None if errors is None else _shares(cells, errors, factor)
    by_cell = [None] * len(cells) if shares is None else list(np.moveaxis(shares, 1, 0))
    periods = [_actor_period(cell, drawn, factor) for cell, drawn in zip(cells, by_cell, strict=True)]
    enough = [
        (cell, span, _firmness_draws(cell, drawn, factor))
        for cell, span, drawn in zip(cells, periods, by_cell, strict=True)
        if span.is_enough
    ]
    return FirmnessAnalysis(tuple(periods), tuple(_adjusted(list(_changes(enough)))), tuple(_trends(enough)), factor)


def _shares(cells: Sequence[Cell], errors: Confusion, factor: float) -> Floats:
    """Draws of the true shares of each cell, shape (n_draws, n_cells, 5)."""
    decided, checked = [], []
    for cell in cells:
        # the stances of a checked sentence are the true ones, so they are taken out of the decisions as such
        known = np.array(decided_counts(len(cell.checked), Counter(chain.from_iterable(cell.checked))))
        decided.append(np.maximum(np.array(decided_counts(cell.n_asked, cell.counts)) - known, 0))
        checked.append(known)
    return sample_shares(
        np.array(decided).reshape(-1, N_CLASSES),
        errors,
        seed=SEED,
        dispersion=factor,
        checked=np.array(checked).reshape(-1, N_CLASSES),
    )


def _firmness_draws(cell: Cell, shares: Floats | None, factor: float) -> Floats:
    """Draws from the posterior of firmness, shape (n_draws,)."""
    if shares is not None:
        return firmness(shares)
    rng = np.random.default_rng([SEED, cell.period.start.toordinal()])
    draws: Floats = rng.beta(*_posterior(cell.counts, factor), size=N_DRAWS)
    return draws


def _posterior(counts: Mapping[Label, int], factor: float) -> tuple[float, float]:
    """The Beta parameters of firmness after these counts."""
    n_firm = sum(counts[label] for label in FIRM_LABELS)
    return PRIOR + n_firm / factor, PRIOR + counts[Label.CONCESSION] / factor


def _actor_period(cell: Cell, shares: Floats | None, factor: float) -> ActorPeriod:
    counts = cell.counts
    found = sum(counts[label] for label in FIRM_LABELS) / sum(counts.values())
    if shares is None:
        corrected = None
        low, high = beta(*_posterior(counts, factor)).interval(CONFIDENCE)
        # at a share of 0 or 1 the interval reaches to it (Brown, Cai & DasGupta 2001)
        firm = Estimate(found, min(float(low), found), max(float(high), found))
    else:
        corrected = {label: _estimate(cell.n_asked * shares[:, 1 + column]) for column, label in enumerate(LABELS)}
        firm = _estimate(firmness(shares))
    return ActorPeriod(
        cell.actor, cell.period, cell.n_reports, cell.n_sentences, cell.n_asked, counts, cell.expected, corrected,
        found, firm,
    )  # fmt: skip


def _changes(compared: Sequence[tuple[Cell, ActorPeriod, Floats]]) -> Iterator[FirmnessChange]:
    for (cell, before, old), (next_cell, after, new) in pairwise(compared):
        if cell.actor != next_cell.actor:
            continue
        drawn = new - old
        p_value = min(1.0, 2 * (1 + min((drawn <= 0).sum(), (drawn >= 0).sum())) / (1 + len(drawn)))
        _, low, high = _estimate(drawn)
        value = after.firmness.value - before.firmness.value
        difference = Estimate(value, min(low, value), max(high, value))
        yield FirmnessChange(cell.actor, before, after, difference, float(p_value), _permutation_p(cell, next_cell))


def _adjusted(changes: Sequence[FirmnessChange]) -> list[FirmnessChange]:
    if not changes:
        return []
    adjusted = false_discovery_control([change.p_value for change in changes])
    return [replace(change, adjusted_p=float(p)) for change, p in zip(changes, adjusted, strict=True)]


def _permutation_p(before: Cell, after: Cell) -> float | None:
    """How often reshuffling the reports of both cells gives as large a difference in firmness (two-sided)."""
    rows = [cell.by_report for cell in (before, after)]
    n_reports = sum(map(len, rows))
    if n_reports > MAX_PERMUTED or comb(n_reports, len(rows[0])) < MIN_ARRANGEMENTS or not all(map(len, rows)):
        return None
    both = np.concatenate(rows)

    def difference(old: Any, new: Any, axis: int) -> Any:
        sums = [both[side.astype(int)].sum(axis=axis if axis >= 0 else side.ndim + axis) for side in (old, new)]
        return np.abs(sums[1][..., 0] / sums[1][..., 1] - sums[0][..., 0] / sums[0][..., 1])

    numbers = np.arange(len(both), dtype=float)
    test = permutation_test(
        (numbers[: len(rows[0])], numbers[len(rows[0]) :]), difference, vectorized=True, alternative="greater",
        n_resamples=N_PERMUTATIONS, rng=np.random.default_rng(SEED),
    )  # fmt: skip
    return float(test.pvalue)


def _trends(compared: Sequence[tuple[Cell, ActorPeriod, Floats]]) -> Iterator[Trend]:
    for actor, group in groupby(compared, key=lambda row: row[0].actor):
        rows = list(group)
        years = np.array([cell.mean_day for cell, _, _ in rows]) / DAYS_A_YEAR
        if len(rows) >= MIN_TREND_PERIODS and np.ptp(years) >= 1:
            centred = years - years.mean()
            slopes = centred @ np.array([drawn for _, _, drawn in rows]) / (centred**2).sum()
            yield Trend(actor, len(rows), _estimate(slopes))


def _estimate(draws: Floats) -> Estimate:
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(float(draws.mean()), float(low), float(high))

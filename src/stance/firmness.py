"""How firm each actor was in each period, with intervals.

Without measured errors the shares are those of the stances themselves, with Jeffreys intervals (Brown, Cai & DasGupta
2001, "Interval Estimation for a Binomial Proportion"). With them they are corrected (``quantification``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Final
from zlib import crc32

import numpy as np
from scipy.stats import beta

from stance.arrays import Floats
from stance.cells import Cell
from stance.codebook import FIRM_LABELS, LABELS, Issue, Label
from stance.metrics import CONFIDENCE, N_DRAWS, Estimate
from stance.periods import Period
from stance.prediction_powered import checked_firmness
from stance.quantification import (
    N_CLASSES,
    Confusion,
    decided_counts,
    dispersion,
    firmness,
    sample_shares,
)

PRIOR: Final = 0.5  # Jeffreys prior of a proportion: Beta(0.5, 0.5)
MIN_STANCES: Final = 3  # with fewer, an actor's period is not compared with others
SEED: Final = 2026
_LABEL_PRIOR: Final = {label: PRIOR / len(FIRM_LABELS) if label in FIRM_LABELS else PRIOR for label in LABELS}


@dataclass(frozen=True, slots=True)
class ActorPeriod:
    """An actor's stances in one period, on one ``issue`` or on all (None).

    ``counts`` are the stances found, one for each sentence and label. ``expected`` are the sums of calibrated
    probabilities over the ``n_asked`` sentences in which the actor may hold a stance, and ``corrected`` the counts
    corrected for the classifier's errors, with 95 % intervals; None for hand-coded stances, and ``expected``
    for an issue. ``n_reports`` have such a sentence; ``n_sentences`` is the length of all reports of the period, 0
    where unknown.

    ``firmness`` is the share of demands, preconditions and rejections among the stances, in [0, 1]: corrected where
    that is possible, with its 95 % credible interval. ``firmness_found`` is the share among the stances found, and
    ``firmness_checked`` what ``n_checked`` decisions that somebody has checked tell of all; None if they
    are too few, or find no stance.
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
    issue: Issue | None = None
    n_checked: int = 0
    firmness_checked: Estimate | None = None

    @property
    def n_stances(self) -> int:
        return sum(self.counts.values())

    @property
    def is_enough(self) -> bool:
        """Whether there are stances enough to be compared with another period."""
        return self.n_stances >= MIN_STANCES


@dataclass(frozen=True, slots=True)
class Series:
    """An actor's periods with stances enough to be compared, on one ``issue`` or on all (None), by date.

    ``shares`` are draws from the posterior of the true shares of no stance and of each label, in Label order.

    *Shape:* ``shares`` (n_draws, n_periods, 5).
    """

    actor: str
    issue: Issue | None
    cells: tuple[Cell, ...]
    periods: tuple[ActorPeriod, ...]
    shares: Floats

    @property
    def firmness(self) -> Floats:
        """Draws of firmness, shape (n_draws, n_periods)."""
        return firmness(self.shares)


@dataclass(frozen=True, slots=True)
class FirmnessAnalysis:
    """All periods, and those with stances enough actor by actor; each sorted by actor, then period.

    ``dispersion`` is by what factor the counts were weakened, because stances of one report depend on each other.
    """

    periods: tuple[ActorPeriod, ...]
    series: tuple[Series, ...]
    dispersion: float


def analyse_firmness(
    cells: Sequence[Cell], errors: Confusion | None, *, factor: float | None = None
) -> FirmnessAnalysis:
    """Firmness in each of ``cells``, sorted by actor and period.

    Args:
        cells: of all issues together, or all of one issue.
        errors: the measured errors of the classifier that found the stances; None for stances that people coded.
        factor: the dispersion; None to estimate it from the cells.
    """
    factor = _dispersion(cells) if factor is None else factor
    shares = _coded_shares(cells, factor) if errors is None else _shares(cells, errors, factor)
    periods = [_actor_period(cell, shares[:, place] if errors else None, factor) for place, cell in enumerate(cells)]
    enough = [place for place, period in enumerate(periods) if period.is_enough]
    series = [
        Series(
            actor,
            cells[places[0]].issue,
            tuple(cells[place] for place in places),
            tuple(periods[place] for place in places),
            shares[:, places],
        )
        for actor, places in ((actor, list(group)) for actor, group in groupby(enough, lambda at: cells[at].actor))
    ]
    return FirmnessAnalysis(tuple(periods), tuple(series), factor)


def _dispersion(cells: Sequence[Cell]) -> float:
    numbers = np.repeat(np.arange(len(cells)), [len(cell.by_report) for cell in cells])
    firm, total = np.concatenate([np.empty((0, 2), dtype=np.int64), *(cell.by_report for cell in cells)]).T
    return dispersion(firm, total, numbers)


def _shares(cells: Sequence[Cell], errors: Confusion, factor: float) -> Floats:
    """Draws of the true shares of each cell, shape (n_draws, n_cells, 5)."""
    decided, checked = [], []
    for cell in cells:
        # the stances of a checked sentence are the true ones, so they are taken out of the decisions as such
        answers = [true for _, true in cell.checked.answers]
        known = np.array(decided_counts(len(answers), Counter(chain.from_iterable(answers))))
        decided.append(np.maximum(np.array(decided_counts(cell.n_asked, cell.counts)) - known, 0))
        checked.append(known)
    return sample_shares(
        np.array(decided).reshape(-1, N_CLASSES),
        errors,
        seed=SEED,
        dispersion=factor,
        checked=np.array(checked).reshape(-1, N_CLASSES),
    )


def _coded_shares(cells: Sequence[Cell], factor: float) -> Floats:
    """Draws of the shares of each cell by its counts, shape (n_draws, n_cells, 5); firmness has Jeffreys' prior."""
    shares = np.zeros((N_DRAWS, len(cells), N_CLASSES), dtype=np.float32)
    for place, cell in enumerate(cells):
        rng = np.random.default_rng([SEED, cell.period.start.toordinal(), crc32(cell.actor.encode())])
        weights = [_LABEL_PRIOR[label] + cell.counts[label] / factor for label in LABELS]
        shares[:, place, 1:] = rng.dirichlet(weights, size=N_DRAWS)
    return shares


def _posterior(counts: Mapping[Label, int], factor: float) -> tuple[float, float]:
    """The Beta parameters of firmness after these counts."""
    n_firm = sum(counts[label] for label in FIRM_LABELS)
    return PRIOR + n_firm / factor, PRIOR + counts[Label.CONCESSION] / factor


def _actor_period(cell: Cell, shares: Floats | None, factor: float) -> ActorPeriod:
    counts = cell.counts
    found = sum(counts[label] for label in FIRM_LABELS) / sum(counts.values())
    if shares is None:
        corrected = None
        firm = Estimate(found, *map(float, beta(*_posterior(counts, factor)).interval(CONFIDENCE)))
    else:
        corrected = {label: estimate_of(cell.n_asked * shares[:, 1 + column]) for column, label in enumerate(LABELS)}
        firm = estimate_of(firmness(shares))
    # where all stances found are firm, or none, the interval reaches to the end (Brown, Cai & DasGupta 2001)
    firm = firm._replace(low=0.0 if found == 0 else firm.low, high=1.0 if found == 1 else firm.high)
    return ActorPeriod(
        cell.actor, cell.period, cell.n_reports, cell.n_sentences, cell.n_asked, counts, cell.expected, corrected,
        found, firm, cell.issue, len(cell.checked.answers), checked_firmness(cell.checked, seed=SEED),
    )  # fmt: skip


def estimate_of(draws: Floats) -> Estimate:
    """The mean of draws from a posterior and its 95 % interval."""
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(float(draws.mean()), float(low), float(high))

"""Whether an actor's firmness changed: from one period to the next, and as a trend.

All differences are taken draw by draw, so that what two periods have in common, the classifier's errors, cancels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import comb
from typing import Any, Final

import numpy as np
from scipy.stats import false_discovery_control, permutation_test

from stance.arrays import Floats
from stance.cells import Cell
from stance.codebook import Issue
from stance.firmness import SEED, ActorPeriod, Series, estimate_of
from stance.metrics import CONFIDENCE, N_PERMUTATIONS, Estimate

MIN_ARRANGEMENTS: Final = 20  # of the reports; a permutation test of fewer can tell nothing
MAX_PERMUTED: Final = 1_000  # reports; to reshuffle more takes long
MIN_TREND_PERIODS: Final = 4
DAYS_A_YEAR: Final = 365.25


@dataclass(frozen=True, slots=True)
class FirmnessChange:
    """An actor's firmness in one period less that in the last period before with stances enough, in [-1, 1].

    ``p_value`` is twice the posterior probability that the change had the other sign; ``adjusted_p`` the same after
    Benjamini & Hochberg (1995) over all changes compared. ``permutation_p`` is that of a test which reshuffles the
    reports of both periods and needs no correction; None where there are fewer than 20 ways to divide them, more than
    1,000 reports, or a single issue.
    """

    actor: str
    before: ActorPeriod
    after: ActorPeriod
    difference: Estimate
    p_value: float
    permutation_p: float | None
    adjusted_p: float = 1.0

    @property
    def issue(self) -> Issue | None:
        return self.after.issue

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


def firmness_changes(series: Iterable[Series]) -> list[FirmnessChange]:
    """Every change from one period to the next, in the order of ``series``; adjusted for their number."""
    found = []
    for one in series:
        drawn = one.firmness
        for later, (before, after) in enumerate(pairwise(one.periods), start=1):
            difference, p_value = difference_of(
                drawn[:, later] - drawn[:, later - 1], after.firmness.value - before.firmness.value
            )
            by_reports = None if one.issue else _permutation_p(*one.cells[later - 1 : later + 1])
            found.append(FirmnessChange(one.actor, before, after, difference, p_value, by_reports))
    by_number = adjusted([change.p_value for change in found])
    return [replace(change, adjusted_p=p) for change, p in zip(found, by_number, strict=True)]


def trends(series: Iterable[Series]) -> Iterator[Trend]:
    """The trend of each actor with periods enough."""
    for one in series:
        years = np.array([cell.mean_day for cell in one.cells]) / DAYS_A_YEAR
        if len(years) >= MIN_TREND_PERIODS and np.ptp(years) >= 1:
            centred = years - years.mean()
            yield Trend(one.actor, len(years), estimate_of(one.firmness @ centred / (centred**2).sum()))


def difference_of(draws: Floats, value: float) -> tuple[Estimate, float]:
    """A difference with the interval of its ``draws``, and twice the share of those with the other sign."""
    _, low, high = estimate_of(draws)
    p_value = min(1.0, 2 * (1 + min((draws <= 0).sum(), (draws >= 0).sum())) / (1 + len(draws)))
    return Estimate(value, min(low, value), max(high, value)), float(p_value)


def adjusted(p_values: Sequence[float]) -> list[float]:
    """The p-values for their number (Benjamini & Hochberg 1995)."""
    return [float(p) for p in false_discovery_control(p_values)] if p_values else []


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

"""From when on an actor was firmer or less firm: change points in long series of periods.

Circular binary segmentation (Olshen et al. 2004, "Circular binary segmentation for the analysis of array-based DNA
copy number data"): the stretch of periods whose mean differs most from that of all others begins and ends at change
points if periods in random order seldom hold one that differs as much; then the same within each part. Stretches that
last to the end, a single change, are tried first, then all, with p-values for two tests. Unlike a search for one change
at a time this also sees an actor that comes back to where it was. Periods weigh as many stances as they
have. The test asks whether the order of the periods matters, so what makes single periods vary, sampling, news or the
classifier, needs no model; periods that resemble their neighbours without a break can be taken for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from stance.arrays import Floats, Ints
from stance.firmness import SEED, Series, estimate_of
from stance.metrics import CONFIDENCE, N_PERMUTATIONS, Estimate
from stance.periods import Period

MIN_PERIODS: Final = 12  # with stances enough; the order of fewer tells too little (benchmarks/change_points.md)
MAX_PERIODS: Final = 200  # the work grows with their square
MIN_SEGMENT: Final = 2  # periods between two change points
MAX_NUMBERS: Final = 4_000_000  # held at once


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The mean firmness of an actor's periods up to ``last`` is another than that from ``first`` on.

    ``before`` and ``after`` are the means of the parts on either side, up to the next change points, with 95 %
    intervals that know nothing of the search. ``p_value`` is that of the stretch that begins or ends here, for two
    tests and the number of actors (Bonferroni).
    """

    actor: str
    last: Period
    first: Period
    before: Estimate
    after: Estimate
    p_value: float


def change_points(series: Sequence[Series]) -> Iterator[ChangePoint]:
    """The change points of each actor with ``MIN_PERIODS`` to ``MAX_PERIODS``, by date."""
    long_enough = [one for one in series if MIN_PERIODS <= len(one.periods) <= MAX_PERIODS]
    for one in long_enough:
        values = np.array([period.firmness.value for period in one.periods])
        weights = np.array([period.n_stances for period in one.periods], dtype=float)
        found = dict(segment(values, weights, n_tests=len(long_enough)))
        edges = [0, *sorted(found), len(values)]
        means = [
            estimate_of(one.firmness[:, start:end] @ weights[start:end] / weights[start:end].sum())
            for start, end in pairwise(edges)
        ]
        for number, place in enumerate(edges[1:-1]):
            spans = one.periods[place - 1].period, one.periods[place].period
            yield ChangePoint(one.actor, *spans, means[number], means[number + 1], found[place])


def segment(values: Floats, weights: Floats, *, n_tests: int = 1, start: int = 0) -> Iterator[tuple[int, float]]:
    """Where a new part of a series begins, and the p-value of each, at a level of 5 %.

    Args:
        values: of each period, shape (n_periods,).
        weights: of each period, shape (n_periods,), above 0.
        n_tests: by what p-values are multiplied.
        start: the number of the first period.

    >>> values = np.array([0.9, 0.8, 0.9, 1.0, 0.8, 0.9, 0.3, 0.2, 0.4, 0.3, 0.2, 0.3])
    >>> [place for place, _ in segment(values, np.ones(12))]
    [6]
    """
    if len(values) < MIN_PERIODS:
        return
    stretches = _stretches(len(values))
    to_the_end = stretches[:, stretches[1] == len(values)]
    for number, tried in enumerate((to_the_end, stretches)):  # one change, or else there and back
        contrasts = _contrasts(values, weights, tried)
        rng = np.random.default_rng([SEED, start, number])
        n_reached = _n_reached(values, weights, tried, contrasts.max(), rng)
        p_value = min(1.0, 2 * n_tests * (1 + n_reached) / (1 + N_PERMUTATIONS))
        if p_value <= 1 - CONFIDENCE:
            break
    else:
        return
    edges = sorted({0, *map(int, tried[:, contrasts.argmax()]), len(values)})
    for begin, end in pairwise(edges):
        if begin:
            yield start + begin, p_value
        yield from segment(values[begin:end], weights[begin:end], n_tests=n_tests, start=start + begin)


def _stretches(n_periods: int) -> Ints:
    """Where each stretch of periods begins and where the next part would, shape (2, n_stretches).

    A stretch and what lies before and behind it have ``MIN_SEGMENT`` periods or more, or what lies there has none. The
    one that begins first is left out: what is behind it is a stretch, too.
    """
    first, after = np.triu_indices(n_periods + 1, k=MIN_SEGMENT)
    left, right = first, n_periods - after
    return np.stack([first, after])[:, (left >= MIN_SEGMENT) & ((right == 0) | (right >= MIN_SEGMENT))]


def _n_reached(values: Floats, weights: Floats, stretches: Ints, contrast: float, rng: np.random.Generator) -> int:
    """In how many of ``N_PERMUTATIONS`` random orders of the periods the largest contrast is as large."""
    n_reached = 0
    size = max(1, MAX_NUMBERS // stretches.shape[1])
    for done in range(0, N_PERMUTATIONS, size):
        n_orders = min(size, N_PERMUTATIONS - done)
        orders = rng.permuted(np.tile(np.arange(len(values)), (n_orders, 1)), axis=1)
        largest = _contrasts(values[orders], weights[orders], stretches).max(axis=-1)
        n_reached += int((largest >= contrast - 1e-12).sum())
    return n_reached


def _contrasts(values: Floats, weights: Floats, stretches: Ints) -> Floats:
    """How far the weighted mean of each stretch is from that of the rest, over its standard error but for a factor.

    *Shape:* values and weights (..., n_periods), result (..., n_stretches).
    """
    first, after = stretches
    sums, totals = (_from_zero(np.cumsum(one, axis=-1)) for one in (values * weights, weights))
    inside, all_inside = (one[..., after] - one[..., first] for one in (sums, totals))
    outside, all_outside = sums[..., -1:] - inside, totals[..., -1:] - all_inside
    scale = np.sqrt(all_inside * all_outside / totals[..., -1:])
    contrasts: Floats = np.abs(inside / all_inside - outside / all_outside) * scale
    return contrasts


def _from_zero(sums: Floats) -> Floats:
    return np.concatenate([np.zeros((*sums.shape[:-1], 1)), sums], axis=-1)

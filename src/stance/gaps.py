"""How far apart two actors are in firmness, whether that changed, and who moved.

The test is on the gap, a difference with a sign, whose draws scatter around the truth. A distance between two mixes of
labels cannot be less than 0, so noise makes it larger: it shrinks with more evidence alone, and is told, not tested.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, groupby, pairwise
from typing import Final

import numpy as np

from stance.arrays import Floats
from stance.changes import adjusted, difference_of
from stance.codebook import Issue
from stance.firmness import Series, estimate_of
from stance.metrics import CONFIDENCE, Estimate
from stance.periods import Period
from stance.quantification import firmness

MAX_ACTORS: Final = 6  # that are compared with each other, those with most stances


@dataclass(frozen=True, slots=True)
class Gap:
    """How much firmer ``first`` is than ``second`` in a period, on one ``issue`` or on all (None).

    ``firmness`` is the difference of their shares of firm stances, in [-1, 1], with its 95 % interval; ``distance`` the
    total variation distance between their shares of the four labels, in [0, 1]: what part of the stances of one would
    need another label to have the mix of the other. It knows nothing of *what* is demanded.
    """

    first: str
    second: str
    issue: Issue | None
    period: Period
    firmness: Estimate
    distance: Estimate


@dataclass(frozen=True, slots=True)
class GapChange:
    """The gap between two actors in a period less that in the last period before in which both had stances enough.

    ``first_moved`` and ``second_moved`` are the changes of each actor's firmness; their difference is ``difference``.
    ``p_value`` is twice the posterior probability that the gap changed the other way; ``adjusted_p`` the same after
    Benjamini & Hochberg (1995) over all gaps compared.
    """

    before: Gap
    after: Gap
    difference: Estimate
    first_moved: Estimate
    second_moved: Estimate
    p_value: float
    adjusted_p: float = 1.0

    @property
    def is_clear(self) -> bool:
        """Whether it stands out among all gaps compared, at a false discovery rate of 5 %."""
        return self.adjusted_p <= 1 - CONFIDENCE

    @property
    def is_closer(self) -> bool:
        """Whether the two are less far apart than before."""
        return abs(self.after.firmness.value) < abs(self.before.firmness.value)

    @property
    def is_reversed(self) -> bool:
        """Whether the one that was firmer is now the other."""
        return self.after.firmness.value * self.before.firmness.value < 0


@dataclass(frozen=True, slots=True)
class GapAnalysis:
    """Gaps of each pair of actors, by period, and their changes, in the same order."""

    gaps: tuple[Gap, ...]
    changes: tuple[GapChange, ...]


def analyse_gaps(series: Sequence[Series], actors: Sequence[str]) -> GapAnalysis:
    """The gaps between the first ``MAX_ACTORS`` of ``actors``, wherever two have an issue and a period in common.

    Args:
        series: all with one issue in a row, and in each issue in the order of ``actors``.
        actors: those with most stances first.
    """
    gaps: list[Gap] = []
    changes: list[GapChange] = []
    compared = [one for one in series if one.actor in actors[:MAX_ACTORS]]
    for _, group in groupby(compared, key=lambda one: one.issue):
        for first, second in combinations(group, 2):
            common = _common_periods(first, second)
            found = [_gap(first, second, *places) for places in common]
            gaps += found
            changes += _changes(first, second, common, found)
    by_number = adjusted([change.p_value for change in changes])
    return GapAnalysis(
        tuple(gaps), tuple(replace(change, adjusted_p=p) for change, p in zip(changes, by_number, strict=True))
    )


def _common_periods(first: Series, second: Series) -> list[tuple[int, int]]:
    """Where the periods that both have stand in each."""
    places = {period.period: place for place, period in enumerate(second.periods)}
    return [(place, places[p.period]) for place, p in enumerate(first.periods) if p.period in places]


def _gap(first: Series, second: Series, at: int, other: int) -> Gap:
    value = first.periods[at].firmness.value - second.periods[other].firmness.value
    difference, _ = difference_of(firmness(first.shares[:, at]) - firmness(second.shares[:, other]), value)
    mixes = [_label_mix(shares) for shares in (first.shares[:, at], second.shares[:, other])]
    distance = estimate_of(np.abs(mixes[0] - mixes[1]).sum(axis=-1) / 2)
    return Gap(first.actor, second.actor, first.issue, first.periods[at].period, difference, distance)


def _label_mix(shares: Floats) -> Floats:
    """Draws of the shares of the labels among the stances, shape (n_draws, 4)."""
    labels = shares[:, 1:]
    mix: Floats = labels / labels.sum(axis=-1, keepdims=True)
    return mix


def _changes(
    first: Series, second: Series, common: Sequence[tuple[int, int]], gaps: Sequence[Gap]
) -> Iterator[GapChange]:
    for (old, new), (before, after) in zip(pairwise(common), pairwise(gaps), strict=True):
        moves = [_move(one, *ends) for one, ends in zip((first, second), zip(old, new, strict=True), strict=True)]
        (first_drawn, first_value), (second_drawn, second_value) = moves
        difference, p_value = difference_of(first_drawn - second_drawn, first_value - second_value)
        first_moved, second_moved = (difference_of(drawn, value)[0] for drawn, value in moves)
        yield GapChange(before, after, difference, first_moved, second_moved, p_value)


def _move(one: Series, before: int, after: int) -> tuple[Floats, float]:
    """Draws of the change of an actor's firmness between two of its periods, and its value."""
    drawn = firmness(one.shares[:, after]) - firmness(one.shares[:, before])
    return drawn, one.periods[after].firmness.value - one.periods[before].firmness.value

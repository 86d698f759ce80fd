"""What each actor held on each issue, period by period, and where that changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, pairwise

from stance.codebook import LABELS, DatedStance, Issue, Label
from stance.periods import Period


class Move(StrEnum):
    """Which way a position changed: to concession, from it, or from one firm label to another."""

    SOFTENING = "softening"
    HARDENING = "hardening"
    REFRAMING = "reframing"


@dataclass(frozen=True, slots=True)
class Position:
    """What an actor held on an issue in one period: its stances, and the label of most of them.

    Between labels with as many stances the one with the higher sum of probabilities wins, then Label order. Of the
    ``n_stances``, ``n_of_label`` have that label; ``evidence`` are all of them, or of an archive a few.
    """

    actor: str
    issue: Issue
    period: Period
    label: Label
    n_stances: int
    n_of_label: int
    evidence: tuple[DatedStance, ...]


@dataclass(frozen=True, slots=True)
class PositionChange:
    """An actor's label on an issue is another than in the period before in which it had one."""

    actor: str
    issue: Issue
    before: Position
    after: Position

    @property
    def move(self) -> Move:
        if self.after.label is Label.CONCESSION:
            return Move.SOFTENING
        return Move.HARDENING if self.before.label is Label.CONCESSION else Move.REFRAMING

    def __str__(self) -> str:
        ends = [f"{position.label} {position.period.when}" for position in (self.before, self.after)]
        return f"{self.actor} · {self.issue}: {' → '.join(ends)}"


def positions(
    stances: Iterable[DatedStance], actors: Sequence[str], period: Callable[[dt.date], Period]
) -> list[Position]:
    """The position of each actor on each issue in each period with a stance, in the order of ``actors``."""
    rank = {actor: index for index, actor in enumerate(actors)}
    issue_rank = {issue: index for index, issue in enumerate(Issue)}

    def place(stance: DatedStance) -> tuple[int, int, Period]:
        return rank[stance.actor], issue_rank[stance.issue], period(stance.date)

    ordered = sorted(stances, key=lambda stance: (*place(stance), stance.date, stance.report_id, stance.position))
    groups = ((key[2], tuple(group)) for key, group in groupby(ordered, key=place))
    return [_position(span, held) for span, held in groups]


def _position(span: Period, held: tuple[DatedStance, ...]) -> Position:
    weights = {
        label: (len(probabilities), sum(probabilities))
        for label in LABELS
        if (probabilities := [stance.probability for stance in held if stance.label is label])
    }
    label = main_label(weights)
    return Position(held[0].actor, held[0].issue, span, label, len(held), weights[label][0], held)


def main_label(weights: Mapping[Label, tuple[int, float]]) -> Label:
    """The label with most stances, then the highest sum of probabilities, then the first in Label order."""
    return max(sorted(weights, key=LABELS.index), key=lambda label: weights[label])


def position_changes(found: Sequence[Position]) -> list[PositionChange]:
    """Changes of label between successive positions of an actor on an issue, in the order of ``positions``."""
    return [
        PositionChange(after.actor, after.issue, before, after)
        for before, after in pairwise(found)
        if (before.actor, before.issue) == (after.actor, after.issue) and before.label is not after.label
    ]

"""Where an actor's position on an issue moved, and which way."""

import datetime as dt

import pytest

from stance.codebook import DatedStance, Issue, Label
from stance.periods import Calendar, period_of
from stance.positions import Move, position_changes, positions

D, C, R, P = Label.DEMAND, Label.CONCESSION, Label.REJECTION, Label.PRECONDITION


def held(day, label, *, month=1):
    return DatedStance(f"r{month}-{day}", dt.date(2030, month, day), 1, "…", "Belmark", label, Issue.TALKS)


@pytest.mark.parametrize(
    ("before", "after", "move"),
    [(D, C, Move.SOFTENING), (C, R, Move.HARDENING), (D, R, Move.REFRAMING), (P, D, Move.REFRAMING)],
)
def test_a_change_is_a_softening_a_hardening_or_a_reframing(before, after, move):
    [change] = position_changes(positions([held(1, before), held(9, after)], ["Belmark"], period_of))
    assert change.move is move


def test_the_stances_of_a_period_make_one_position():
    stances = [held(1, R), held(9, C), held(17, C), held(2, R, month=2)]
    found = positions(stances, ["Belmark"], lambda date: period_of(date, Calendar.MONTH))
    assert [(str(position.period), position.label, position.n_stances) for position in found] == [
        ("2030-01", C, 3),
        ("2030-02", R, 1),
    ]
    [change] = position_changes(found)
    assert str(change) == "Belmark · talks: concession in 2030-01 → rejection in 2030-02"

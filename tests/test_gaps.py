"""Which actors drew closer, and who moved."""

import numpy as np
import pytest
from toy_reports import ERRING, C, D, R, monthly, months

from stance.cells import cells_of
from stance.firmness import analyse_firmness
from stance.gaps import MAX_ACTORS, analyse_gaps


def gaps(*sides, errors=None, n_asked=0):
    """Of actors named A, B …, each with the labels of its months."""
    names = [chr(ord("A") + number) for number in range(len(sides))]
    reports = [r for name, side in zip(names, sides, strict=True) for r in months(*side, actor=name, n_asked=n_asked)]
    return analyse_gaps(analyse_firmness(list(cells_of(reports, names, monthly)), errors).series, names)


def test_a_gap_is_the_difference_of_firmness():
    [gap] = gaps([[R, R, C]], [[R, C, C]]).gaps
    assert (gap.first, gap.second, str(gap.period)) == ("A", "B", "2030-01")
    assert gap.firmness.value == pytest.approx(1 / 3)
    assert -0.1 < gap.firmness.low < 1 / 3 < gap.firmness.high < 0.8


def test_who_gives_ground_is_who_moved():
    [change] = gaps([[R, R, R, R]] * 2, [[R, R, R, R], [C, C, C, C]]).changes
    assert change.first_moved.value == 0
    assert change.second_moved.value == -1
    assert change.second_moved.high < -0.5 < change.first_moved.low
    assert change.difference.value == 1
    assert (change.is_clear, change.is_closer) == (True, False)


def test_giving_ground_to_the_level_of_the_other_is_drawing_closer():
    [change] = gaps([[R, R, R, R], [C, C, C, C]], [[C, C, C, C]] * 2).changes
    assert (change.is_clear, change.is_closer) == (True, True)
    assert change.difference.value == -1


def test_who_becomes_the_firmer_one_changed_places():
    [change] = gaps([[R] * 4, [C] * 4], [[C] * 4, [R] * 4]).changes
    assert change.is_reversed
    assert not change.is_closer


def test_more_evidence_alone_is_no_change_of_the_gap():
    [change] = gaps([[R, C], [R, C] * 20], [[R, C], [R, C] * 20]).changes
    assert change.after.distance.value < change.before.distance.value
    assert not change.is_clear
    assert change.difference.low < 0 < change.difference.high


def test_the_distance_is_told_by_all_labels_where_the_gap_sees_firmness_only():
    [gap] = gaps([[D, D, D, D]], [[R, R, R, R]]).gaps
    assert gap.firmness.value == 0
    assert gap.distance.value > 0.9
    assert 0 <= gap.distance.low <= gap.distance.high <= 1


def test_two_actors_of_one_period_are_drawn_independently():
    """Else the gap of two actors with the same counts would have no width."""
    [gap] = gaps([[R, C]], [[R, C]]).gaps
    assert gap.firmness.high - gap.firmness.low > 0.5


def test_actors_without_a_common_period_have_no_gap():
    assert gaps([[R, R], []], [[], [C, C]]).gaps == ()


def test_errors_that_both_share_cancel_in_the_gap():
    [gap] = gaps([[R, C] * 5], [[R, C] * 5], errors=ERRING, n_asked=60).gaps
    alone = [p.firmness.high - p.firmness.low for p in _periods(ERRING)]
    assert gap.firmness.value == pytest.approx(0, abs=0.05)
    assert gap.firmness.high - gap.firmness.low < 0.95 * np.hypot(*alone)  # as if they were independent


def test_only_the_actors_with_most_stances_are_compared():
    found = gaps(*[[[R, C]]] * (MAX_ACTORS + 2))
    assert len(found.gaps) == MAX_ACTORS * (MAX_ACTORS - 1) // 2


def test_p_values_are_adjusted_for_the_number_of_gaps():
    changes = gaps([[R, R], [C, C]], [[R, C], [R, C, C]], [[C, R], [R, C]]).changes
    assert len(changes) == 3
    assert all(change.adjusted_p >= change.p_value for change in changes)
    assert sum(change.adjusted_p for change in changes) > sum(change.p_value for change in changes)


def _periods(errors):
    reports = [r for name in "AB" for r in months([R, C] * 5, actor=name, n_asked=60)]
    return analyse_firmness(list(cells_of(reports, ["A", "B"], monthly)), errors).periods

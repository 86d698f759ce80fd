"""Changes of firmness from one period to the next, and trends."""

import datetime as dt

import pytest
from toy_reports import C, R, monthly, months, read

from stance.cells import cells_of
from stance.changes import firmness_changes, trends
from stance.firmness import analyse_firmness


def series(reports):
    return analyse_firmness(list(cells_of(reports, ["Belmark"], monthly)), None).series


def changed(reports):
    return firmness_changes(series(reports))


def trended(reports):
    return tuple(trends(series(reports)))


def test_a_reversal_is_clear_and_reshuffled_reports_agree():
    [change] = changed(months([R, R], [C, C]))
    assert change.difference.high < 0
    assert change.is_clear
    assert change.permutation_p == pytest.approx(2 / 924)  # of the ways to halve twelve reports, two are as far apart


def test_no_change_is_not_clear():
    [change] = changed(months([R, C], [R, C]))
    assert not change.is_clear
    assert change.difference.low < -0.1 < 0.1 < change.difference.high
    assert change.permutation_p == 1


def test_two_reports_are_too_few_to_be_reshuffled():
    reports = [read(day, dt.date(2030, day, 1), [R, R, R]) for day in (1, 2)]
    [change] = changed(reports)
    assert change.permutation_p is None


def test_p_values_are_adjusted_for_the_number_of_changes():
    [first, second] = changed(months([R, R], [C, C], [R, C, C]))
    assert first.adjusted_p >= first.p_value
    assert second.adjusted_p >= second.p_value
    assert first.adjusted_p + second.adjusted_p > first.p_value + second.p_value


def test_a_steady_rise_over_years_has_a_slope():
    rising = months([C, C, C, C], [R, C, C, C], [R, R, C, C], [R, R, R, C], step=12)
    [trend] = trended(rising)
    assert trend.n_periods == 4
    assert 0 < trend.slope.low < trend.slope.value < trend.slope.high
    assert trend.slope.value == pytest.approx(0.25, rel=0.1)
    assert trended(rising[:18]) == ()


def test_a_few_months_have_no_slope_a_year():
    assert trended(months([C, C, C, C], [R, C, C, C], [R, R, C, C], [R, R, R, C])) == ()


def test_a_difference_is_that_of_the_levels_beside_it():
    [change] = changed(months([R, R, C], [C]))
    assert (
        change.difference.value == change.after.firmness.value - change.before.firmness.value == pytest.approx(-2 / 3)
    )

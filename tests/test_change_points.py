"""From when on an actor was firmer."""

import numpy as np
import pytest
from toy_reports import C, R, monthly, months

from stance.cells import cells_of
from stance.change_points import MIN_PERIODS, change_points, segment
from stance.firmness import analyse_firmness

FIRM, YIELDING = [R, R, R, C], [R, C, C, C]


def found(*months_of_labels, actors=1):
    names = [f"Belmark {number}" for number in range(actors)]
    reports = [report for name in names for report in months(*months_of_labels, actor=name)]
    return list(change_points(analyse_firmness(list(cells_of(reports, names, monthly)), None).series))


def test_a_year_of_firmness_after_a_year_of_concessions_has_one_change_point():
    [point] = found(*[YIELDING] * 12, *[FIRM] * 12)
    assert (str(point.last), str(point.first)) == ("2030-12", "2031-01")
    assert point.before.low < 0.25 < point.before.high < point.after.low < 0.75 < point.after.high
    assert point.p_value == pytest.approx(2 / 5000)  # of two tests


def test_two_breaks_are_both_found_with_the_mean_of_the_part_between():
    first, second = found(*[YIELDING] * 9, *[FIRM] * 9, *[YIELDING] * 9)
    assert (str(first.first), str(second.first)) == ("2030-10", "2031-07")
    assert first.after == second.before
    assert first.after.value == pytest.approx(0.75, abs=0.02)


def test_the_same_every_month_has_none():
    assert found(*[FIRM] * 24) == []


def test_alternation_is_no_change_point():
    assert found(*[FIRM, YIELDING] * 12) == []


def test_too_few_periods_have_none():
    assert found(*[YIELDING] * 3, *[FIRM] * (MIN_PERIODS - 4)) == []


def test_p_values_are_multiplied_by_the_number_of_actors():
    alone, *_ = found(*[YIELDING] * 12, *[FIRM] * 12)
    among, *_ = found(*[YIELDING] * 12, *[FIRM] * 12, actors=3)
    assert among.p_value == pytest.approx(3 * alone.p_value)


def test_a_period_with_one_stance_weighs_less_than_one_with_fifty():
    values = np.array([0.4, 0.6] * 8 + [1.0] * 3)
    assert [place for place, _ in segment(values, np.full(19, 50.0))] == [16]
    assert list(segment(values, np.array([50.0] * 16 + [1.0] * 3))) == []


def test_random_order_seldom_looks_like_a_change():
    rng = np.random.default_rng(7)
    seen = [bool(list(segment(rng.binomial(10, 0.7, size=12) / 10, np.full(12, 10.0)))) for _ in range(100)]
    assert sum(seen) <= 11  # of 100 with a chance of 0.05 each, more than 11 come once in 200

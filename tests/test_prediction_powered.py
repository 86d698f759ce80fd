"""Firmness as the hand checks alone tell it."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from toy_reports import ERRING, C, D, monthly, read

from stance.codebook import Checked
from stance.prediction_powered import MIN_CHECKS, checked_firmness
from stance.quantification import MeasuredErrors
from stance.review import AskedPair, draw, with_checks
from stance.shifts import analyse

NONE = frozenset()
FIRM, GIVEN, BOTH = frozenset({D}), frozenset({C}), frozenset({D, C})


def checked(n_decided, *answers):
    """A record from (decided, true, how often)."""
    return Checked(n_decided, tuple((found, true) for found, true, n in answers for _ in range(n)))


def firmness(n_decided, *answers):
    return checked_firmness(checked(n_decided, *answers), seed=1)


def test_the_value_is_that_of_decisions_and_weighed_corrections():
    """100 demands and 300 of none are decided; a checked pair stands for 5 and for 10.

    Firm: 100 decided - 8 wrong x 5 = 60. Conceding: 0 decided + 4 x 5 + 3 x 10 = 50.
    """
    answers = [(FIRM, FIRM, 12), (FIRM, GIVEN, 4), (FIRM, NONE, 4), (NONE, NONE, 27), (NONE, GIVEN, 3)]
    estimate = firmness({FIRM: 100, NONE: 300}, *answers)
    assert estimate.value == pytest.approx(60 / 110)
    assert 0.3 < estimate.low < 60 / 110 < estimate.high < 0.8


def test_where_all_is_checked_it_is_the_hand_count():
    estimate = firmness({FIRM: 20, NONE: 15}, (FIRM, FIRM, 12), (FIRM, BOTH, 8), (NONE, NONE, 10), (NONE, GIVEN, 5))
    assert estimate == pytest.approx((20 / 33,) * 3)


def test_too_few_checks_tell_nothing():
    assert firmness({FIRM: 500}, (FIRM, FIRM, MIN_CHECKS - 1)) is None
    assert firmness({FIRM: 500}, (FIRM, FIRM, MIN_CHECKS)).value == 1


def test_checks_that_find_no_stance_tell_no_firmness():
    assert firmness({NONE: 500}, (NONE, NONE, MIN_CHECKS)) is None


def test_a_class_that_nobody_checked_stands_as_decided_and_widens_the_interval():
    answers = [(FIRM, FIRM, 30), (FIRM, GIVEN, 10)]
    without, beside = firmness({FIRM: 80}, *answers), firmness({FIRM: 80, GIVEN: 20}, *answers)
    assert (without.value, beside.value) == pytest.approx((0.75, 0.6))
    assert beside.high - beside.low > without.high - without.low + 0.05


def test_a_dozen_checks_without_a_miss_do_not_rule_misses_out():
    answers = [(FIRM, FIRM, 28), (FIRM, GIVEN, 2)]
    alone, beside = firmness({FIRM: 100}, *answers), firmness({FIRM: 100, NONE: 3000}, *answers, (NONE, NONE, 12))
    assert alone.value == beside.value == pytest.approx(14 / 15)
    assert alone.low > 0.8
    assert beside.low < 0.6


def corpus(rng):
    """2,000 pairs of 100 reports, and their truth: in every second report most concessions are missed or misread."""
    pairs, truth = [], {}
    for number in range(100):
        is_odd = number % 2
        for position in range(20):
            true = [NONE, FIRM, GIVEN][rng.choice(3, p=[0.7, 0.12, 0.18])]
            found = [GIVEN, FIRM, NONE][rng.choice(3, p=[0.2, 0.4, 0.4])] if is_odd and true == GIVEN else true
            pairs.append(AskedPair(f"r{number}", dt.date(2030, 1, 1), position, "Belmark", found, ""))
            truth[pairs[-1].key] = true
    return pairs, truth


def counted(labels):
    return sum(one == FIRM for one in labels) / sum(one != NONE for one in labels)


def test_it_is_unbiased_and_its_interval_covers_whatever_the_errors_are():
    pairs, truth = corpus(np.random.default_rng(7))
    n_decided = {labels: sum(pair.found == labels for pair in pairs) for labels in (NONE, FIRM, GIVEN)}
    true = counted(truth.values())
    estimates = []
    for seed in range(300):
        answers = tuple((pair.found, truth[pair.key]) for pair in draw(pairs, 200, seed=seed))
        estimates.append(checked_firmness(Checked(n_decided, answers), seed=seed))
    assert counted([pair.found for pair in pairs]) > true + 0.1
    assert np.mean([one.value for one in estimates]) == pytest.approx(true, abs=0.01)
    assert 0.92 <= np.mean([one.low <= true <= one.high for one in estimates]) <= 0.985


def test_the_order_of_the_answers_does_not_matter():
    answers = [(FIRM, FIRM, 30), (FIRM, GIVEN, 10), (NONE, GIVEN, 3), (NONE, NONE, 9)]
    assert firmness({FIRM: 80, NONE: 90}, *answers) == firmness({NONE: 90, FIRM: 80}, *answers[::-1])


def month(number, n_pairs, *labels):
    """A report of a month, and its pairs: ``labels`` were decided in its first sentences, and nothing in the others."""
    report = read(number, dt.date(2030, number, 1), labels, n_asked=n_pairs)
    found = [frozenset({label}) for label in labels] + [NONE] * (n_pairs - len(labels))
    return report, [
        AskedPair(report.report_id, report.date, position, "Belmark", decided, "…")
        for position, decided in enumerate(found, start=1)
    ]


def analysed(months, answer, is_checked=lambda _: True):
    """The analysis after some of the pairs were checked."""
    pairs = [pair for _, of_month in months for pair in of_month]
    truth = {pair.key: answer(pair) for pair in pairs if is_checked(pair)}
    reports = with_checks([report for report, _ in months], pairs, truth)
    return analyse(reports, period=monthly, errors=MeasuredErrors(ERRING, {}))


def test_each_period_with_checks_enough_has_its_own_and_all_periods_together():
    half_wrong = {FIRM: [FIRM, GIVEN], NONE: [NONE, NONE]}
    analysis = analysed(
        [month(1, 60, *[D] * 40), month(2, 40, *[D] * 20)],
        lambda pair: half_wrong[pair.found][pair.position % 2],
        lambda pair: pair.date.month == 1 or pair.position <= 20,
    )
    january, february = analysis.periods
    assert (january.n_checked, january.firmness_checked) == (60, (0.5, 0.5, 0.5))
    assert (february.n_checked, february.firmness_checked) == (20, None)
    [overall] = analysis.overall
    assert (str(overall.period), overall.n_checked, overall.n_asked) == ("all", 80, 100)
    assert overall.firmness_checked.value == 0.5


def test_a_period_from_which_every_stance_was_struck_still_counts_over_all():
    """Of 40 demands 30 are checked, 20 in January, all right, and 10 in February, all wrong."""
    analysis = analysed(
        [month(1, 50, *[D] * 30, *[C] * 20), month(2, 10, *[D] * 10)],
        lambda pair: NONE if pair.date.month == 2 else pair.found,
        lambda pair: pair.date.month == 2 or pair.position <= 20 or C in pair.found,
    )
    assert [str(one.period) for one in analysis.periods] == ["2030-01"]
    [overall] = analysis.overall
    assert overall.n_checked == 50
    n_firm = 40 * 20 / 30
    assert overall.firmness_checked.value == pytest.approx(n_firm / (n_firm + 20))


def test_copies_are_left_out_and_without_checks_there_is_nothing_over_all():
    report, pairs = month(1, 60, *[D] * 40)
    other, theirs = month(2, 60, *[C] * 40)
    reports = with_checks([report, replace(other, copy_of="r01")], [*pairs, *theirs], {p.key: p.found for p in pairs})
    [overall] = analyse(reports).overall
    assert overall.firmness_checked == (1, 1, 1)
    assert analyse([report, other]).overall == ()

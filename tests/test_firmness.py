"""Firmness per period, corrected and compared."""

import datetime as dt

import numpy as np
import pytest

from stance.cells import cells_of
from stance.codebook import LABELS, Asked, DatedStance, Issue, Label, ReadReport
from stance.firmness import analyse_firmness
from stance.periods import Calendar, period_of
from stance.quantification import Confusion

D, C, R, P = Label.DEMAND, Label.CONCESSION, Label.REJECTION, Label.PRECONDITION
ERRING = Confusion(
    ((1900, 40, 30, 20, 10), (60, 120, 12, 6, 2), (80, 10, 100, 6, 4), (50, 8, 4, 56, 2), (16, 6, 8, 2, 48))
)


def read(number, date, labels, *, n_asked=0, actor="Belmark"):
    """A report in which ``actor`` holds ``labels``, one in each sentence."""
    stances = tuple(
        DatedStance(f"r{number:02}", date, position, "…", actor, label, Issue.TALKS)
        for position, label in enumerate(labels, start=1)
    )
    asked = {actor: Asked(n_asked, dict.fromkeys(LABELS, n_asked / 10))} if n_asked else {}
    return ReadReport(f"r{number:02}", date, "", max(n_asked, len(labels)), stances, asked)


def months(*months_of_labels, n_asked=0, step=1):
    """Six reports in each month, each with the labels of the month; ``step`` months lie between."""
    return [
        read(
            6 * number + day,
            dt.date(2030 + step * number // 12, step * number % 12 + 1, day + 1),
            labels,
            n_asked=n_asked,
        )
        for number, labels in enumerate(months_of_labels)
        for day in range(6)
    ]


def monthly(date):
    return period_of(date, Calendar.MONTH)


def analysed(reports, errors=None):
    return analyse_firmness(list(cells_of(reports, ["Belmark"], monthly)), errors)


def test_a_period_gathers_its_reports():
    [january, february] = analysed(months([R, C], [R])).periods
    assert (january.n_reports, january.counts[R], january.counts[C]) == (6, 6, 6)
    assert (january.firmness_found, february.firmness_found) == (0.5, 1.0)


def test_hand_coded_stances_are_not_corrected():
    [january] = analysed(months([R, C])).periods
    assert (january.corrected, january.expected, january.n_asked) == (None, None, 0)
    assert january.firmness.value == 0.5


def test_a_classifiers_counts_come_found_by_probability_and_corrected():
    [january] = analysed(months([R, C], n_asked=10), ERRING).periods
    assert january.n_asked == 60
    assert january.expected == pytest.approx(dict.fromkeys(LABELS, 6.0))
    assert set(january.corrected) == set(LABELS)
    for estimate in january.corrected.values():
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 60


def test_missed_concessions_make_the_corrected_firmness_lower():
    flawless = [(1000, 0, 0, 0, 0), (0, 100, 0, 0, 0), (0, 0, 100, 0, 0), (0, 0, 0, 100, 0), (0, 0, 0, 0, 100)]
    missing = Confusion((*flawless[:2], (75, 0, 25, 0, 0), *flawless[3:]))
    [january] = analysed(months([R, R, C], n_asked=10), missing).periods
    assert january.firmness_found == pytest.approx(2 / 3)
    assert january.firmness.high < 2 / 3


def test_a_report_in_which_an_actor_only_listens_counts_as_asked():
    silent = read(40, dt.date(2030, 1, 20), [], n_asked=30)
    [january] = analysed([*months([R, C], n_asked=10), silent], ERRING).periods
    assert (january.n_reports, january.n_asked, january.n_stances) == (7, 90, 12)


def test_a_period_without_a_stance_of_the_actor_is_left_out():
    silent = read(40, dt.date(2030, 2, 20), [], n_asked=30)
    assert len(analysed([*months([R, C], n_asked=10), silent], ERRING).periods) == 1


def test_a_reversal_is_clear_and_reshuffled_reports_agree():
    [change] = analysed(months([R, R], [C, C])).changes
    assert change.difference.high < 0
    assert change.is_clear
    assert change.permutation_p == pytest.approx(2 / 924)  # of the ways to halve twelve reports, two are as far apart


def test_no_change_is_not_clear():
    [change] = analysed(months([R, C], [R, C])).changes
    assert not change.is_clear
    assert change.difference.low < -0.1 < 0.1 < change.difference.high
    assert change.permutation_p == 1


def test_two_reports_are_too_few_to_be_reshuffled():
    reports = [read(day, dt.date(2030, day, 1), [R, R, R]) for day in (1, 2)]
    [change] = analysed(reports).changes
    assert change.permutation_p is None


def test_p_values_are_adjusted_for_the_number_of_changes():
    [first, second] = analysed(months([R, R], [C, C], [R, C, C])).changes
    assert first.adjusted_p >= first.p_value
    assert second.adjusted_p >= second.p_value
    assert first.adjusted_p + second.adjusted_p > first.p_value + second.p_value


def test_reports_that_contradict_each_other_weaken_the_evidence():
    together = months([R, C, R, C])
    apart = [read(number, report.date, [R] * 4 if number % 2 else [C] * 4) for number, report in enumerate(together)]
    calm, torn = (analysed(reports) for reports in (together, apart))
    assert (calm.dispersion, torn.dispersion > 4) == (1, True)
    width = [a.periods[0].firmness.high - a.periods[0].firmness.low for a in (calm, torn)]
    assert width[0] < width[1]


def test_a_steady_rise_over_years_has_a_slope():
    rising = months([C, C, C, C], [R, C, C, C], [R, R, C, C], [R, R, R, C], step=12)
    [trend] = analysed(rising).trends
    assert trend.n_periods == 4
    assert 0 < trend.slope.low < trend.slope.value < trend.slope.high
    assert trend.slope.value == pytest.approx(0.25, rel=0.1)
    assert analysed(rising[:18]).trends == ()


def test_a_few_months_have_no_slope_a_year():
    assert analysed(months([C, C, C, C], [R, C, C, C], [R, R, C, C], [R, R, R, C])).trends == ()


def test_a_difference_is_that_of_the_levels_beside_it():
    [change] = analysed(months([R, R, C], [C])).changes
    assert (
        change.difference.value == change.after.firmness.value - change.before.firmness.value == pytest.approx(-2 / 3)
    )


def test_a_label_on_two_issues_in_one_sentence_counts_once():
    [report] = [read(1, dt.date(2030, 1, 1), [R, C])]
    twice = DatedStance("r01", dt.date(2030, 1, 1), 1, "…", "Belmark", R, Issue.ECONOMY)
    doubled = ReadReport("r01", report.date, "", 2, (*report.stances, twice))
    [period] = analysed([doubled]).periods
    assert (period.counts[R], period.n_stances) == (1, 2)


def test_all_estimates_are_plain_numbers():
    analysis = analysed(months([R, C], [R, R], n_asked=10), ERRING)
    values = [*analysis.changes[0].difference, analysis.changes[0].p_value, *analysis.periods[0].firmness]
    assert all(type(value) is float and np.isfinite(value) for value in values)

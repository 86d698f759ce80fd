"""Firmness per period, corrected."""

import datetime as dt

import numpy as np
import pytest
from toy_reports import ERRING, C, R, monthly, months, read

from stance.cells import cells_of
from stance.codebook import LABELS, DatedStance, Issue, ReadReport
from stance.firmness import analyse_firmness
from stance.quantification import Confusion


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


def test_reports_that_contradict_each_other_weaken_the_evidence():
    together = months([R, C, R, C])
    apart = [read(number, report.date, [R] * 4 if number % 2 else [C] * 4) for number, report in enumerate(together)]
    calm, torn = (analysed(reports) for reports in (together, apart))
    assert (calm.dispersion, torn.dispersion > 4) == (1, True)
    width = [a.periods[0].firmness.high - a.periods[0].firmness.low for a in (calm, torn)]
    assert width[0] < width[1]


def test_a_label_on_two_issues_in_one_sentence_counts_once():
    [report] = [read(1, dt.date(2030, 1, 1), [R, C])]
    twice = DatedStance("r01", dt.date(2030, 1, 1), 1, "…", "Belmark", R, Issue.ECONOMY)
    doubled = ReadReport("r01", report.date, "", 2, (*report.stances, twice))
    [period] = analysed([doubled]).periods
    assert (period.counts[R], period.n_stances) == (1, 2)


def test_all_estimates_are_plain_numbers():
    analysis = analysed(months([R, C], [R, R], n_asked=10), ERRING)
    values = [value for period in analysis.periods for value in period.firmness]
    assert all(type(value) is float and np.isfinite(value) for value in values)


def test_the_interval_reaches_to_the_end_where_only_one_side_is_found():
    firm, yielding = (analysed(months([label], n_asked=10), ERRING).periods[0].firmness for label in (R, C))
    assert (firm.high, yielding.low) == (1, 0)
    assert 0 < firm.low < firm.value < 1
    assert 0 < yielding.value < yielding.high < 1


def test_an_issue_counts_its_own_stances_among_all_that_were_asked():
    reports = [*months([R, C], n_asked=10), *months([R], n_asked=10, issue=Issue.ECONOMY, actor="Ardania")]
    talks = list(cells_of(reports, ["Belmark", "Ardania"], monthly, Issue.TALKS))
    assert [(cell.actor, cell.issue, cell.n_asked, cell.expected) for cell in talks] == [
        ("Belmark", Issue.TALKS, 60, None)
    ]
    assert (talks[0].counts[R], talks[0].counts[C]) == (6, 6)

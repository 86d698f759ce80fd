"""Who moved, when, and how sure that is."""

import datetime as dt
import random
from dataclasses import replace

import pytest
from toy_reports import ERRING

from stance.codebook import NOBODY, DatedStance, Issue, Label
from stance.quantification import MeasuredErrors
from stance.reading import coded_reports
from stance.shifts import analyse as analyse_reports
from stance.shifts import compare

JANUARY, FEBRUARY, MARCH = (dt.date(2030, month, 1) for month in (1, 2, 3))
D, C, R, P = Label.DEMAND, Label.CONCESSION, Label.REJECTION, Label.PRECONDITION


def held(actor, date, *labels, issue=Issue.TERRITORY, probability=1.0):
    """A stance of ``actor`` on ``date`` for each label."""
    return [
        DatedStance(f"r-{date}", date, position, f"{actor} spoke.", actor, label, issue, probability)
        for position, label in enumerate(labels, start=1)
    ]


def analyse(stances):
    """The analysis of stances that people coded."""
    return analyse_reports(coded_reports(stances))


def test_firmness_is_the_share_of_stances_that_are_no_concession():
    [period] = analyse(held("Belmark", JANUARY, D, P, R, C)).periods
    assert period.firmness.value == 0.75
    assert (period.n_stances, period.counts) == (4, {D: 1, C: 1, R: 1, P: 1})


def test_firmness_has_the_jeffreys_interval():
    """Eight of ten: Beta(8.5, 2.5); bounds as tabulated for Jeffreys' interval."""
    [period] = analyse(held("Belmark", JANUARY, *[R] * 8, C, C)).periods
    assert period.firmness.low == pytest.approx(0.4973, abs=0.003)
    assert period.firmness.high == pytest.approx(0.9556, abs=0.003)


def test_more_stances_make_a_narrower_interval():
    few, many = (analyse(held("Belmark", JANUARY, *[R, C] * n)).periods[0].firmness for n in (2, 50))
    assert few.value == many.value == 0.5
    assert many.high - many.low < few.high - few.low


def test_all_stances_of_a_date_count_together_whatever_their_report():
    stances = [*held("Belmark", JANUARY, R), replace(held("Belmark", JANUARY, C)[0], report_id="another")]
    [period] = analyse(stances).periods
    assert period.firmness.value == 0.5


def test_from_all_concessions_to_all_refusals_is_a_clear_change():
    [change] = analyse([*held("Belmark", JANUARY, *[C] * 12), *held("Belmark", MARCH, *[R] * 12)]).firmness_changes
    assert (change.before.period.start, change.after.period.start) == (JANUARY, MARCH)
    assert change.difference.value > 0.9
    assert 0 < change.difference.low < change.difference.high <= 1
    assert change.is_clear


def test_three_sentences_on_either_side_are_no_clear_change_where_one_differs():
    [change] = analyse([*held("Belmark", JANUARY, C, C, R), *held("Belmark", MARCH, R, R, C)]).firmness_changes
    assert change.difference.value > 0
    assert not change.is_clear


def test_fewer_than_three_stances_are_too_few_to_be_compared():
    assert analyse([*held("Belmark", JANUARY, C, C), *held("Belmark", MARCH, R, R, R)]).firmness_changes == ()


def test_firmness_is_held_against_the_last_period_with_stances_enough_of_the_same_actor():
    stances = [
        *held("Belmark", JANUARY, R, R, R),
        *held("Ardania", FEBRUARY, R, R, R),
        *held("Belmark", FEBRUARY, C),
        *held("Belmark", MARCH, C, C, C),
    ]
    analysis = analyse(stances)
    [change] = analysis.firmness_changes
    assert (change.actor, change.before.period.start) == ("Belmark", JANUARY)
    assert [span.start for span in analysis.spans] == [JANUARY, FEBRUARY, MARCH]


def test_a_position_is_the_label_of_most_stances():
    [position] = analyse(held("Belmark", JANUARY, R, C, C)).positions
    assert position.label is C
    assert position.n_stances == 3


def test_between_as_many_stances_the_likelier_label_wins():
    stances = [*held("Belmark", JANUARY, D, probability=0.6), *held("Belmark", JANUARY, R, probability=0.7)]
    assert analyse(stances).positions[0].label is R
    assert analyse([replace(stance, probability=0.5) for stance in stances]).positions[0].label is D


def test_a_change_of_position_is_told_with_both_labels_and_dates():
    analysis = analyse([*held("Belmark", JANUARY, R), *held("Belmark", MARCH, C)])
    assert [str(change) for change in analysis.position_changes] == [
        "Belmark · territory: rejection on 2030-01-01 → concession on 2030-03-01"
    ]


def test_the_same_label_on_both_dates_is_no_change_of_position():
    assert analyse([*held("Belmark", JANUARY, R), *held("Belmark", MARCH, R, R)]).position_changes == ()


def test_another_label_on_another_issue_is_no_change_of_position():
    stances = [*held("Belmark", JANUARY, R), *held("Belmark", MARCH, C, issue=Issue.ECONOMY)]
    assert analyse(stances).position_changes == ()


def test_a_position_is_held_against_the_last_date_on_the_same_issue():
    stances = [
        *held("Belmark", JANUARY, R),
        *held("Belmark", FEBRUARY, D, issue=Issue.ECONOMY),
        *held("Belmark", MARCH, C),
    ]
    [change] = analyse(stances).position_changes
    assert (change.issue, change.before.period.start, change.after.period.start) == (Issue.TERRITORY, JANUARY, MARCH)


def test_stances_of_an_unclear_holder_are_left_out():
    analysis = analyse([*held(NOBODY, JANUARY, R, R), *held("Belmark", MARCH, R)])
    assert (analysis.n_stances, analysis.n_unclear, analysis.actors) == (1, 2, ("Belmark",))
    assert [span.start for span in analysis.spans] == [MARCH]


def test_a_stance_of_an_unclear_holder_on_two_issues_is_one():
    stances = [*held(NOBODY, JANUARY, R), *held(NOBODY, JANUARY, R, issue=Issue.TALKS), *held("Belmark", MARCH, R)]
    assert analyse(stances).n_unclear == 1


def test_the_busiest_actor_comes_first_and_equals_by_name():
    stances = [*held("Belmark", JANUARY, R), *held("Ardania", JANUARY, R), *held("Corvia", JANUARY, R, D)]
    assert analyse(stances).actors == ("Corvia", "Ardania", "Belmark")


def test_the_order_in_which_stances_are_read_changes_nothing():
    stances = [
        *held("Belmark", JANUARY, R, C, D),
        *held("Ardania", JANUARY, D, D, issue=Issue.TALKS),
        *held("Belmark", MARCH, C, R),
        *held("Ardania", MARCH, R, issue=Issue.TALKS),
    ]
    shuffled = random.Random(1).sample(stances, len(stances))  # noqa: S311 - no secret
    assert analyse(shuffled) == analyse(stances)


def test_no_stance_makes_an_empty_analysis():
    analysis = analyse([])
    assert (analysis.n_stances, analysis.actors, analysis.position_changes) == (0, (), ())


def test_an_analysis_agrees_with_itself():
    analysis = analyse([*held("Belmark", JANUARY, R), *held("Belmark", MARCH, C)])
    agreement = compare(analysis, analysis)
    assert agreement.cell_agreement == 1
    assert agreement.firmness_error == 0
    assert (agreement.n_gold_cells, agreement.n_shared_changes, agreement.n_firmness_pairs) == (2, 1, 2)


def test_a_cell_that_only_one_side_fills_counts_against_the_agreement():
    gold = analyse([*held("Belmark", JANUARY, R), *held("Belmark", MARCH, C)])
    predicted = analyse([*held("Belmark", JANUARY, R), *held("Belmark", FEBRUARY, C)])
    agreement = compare(gold, predicted)
    assert agreement.cell_agreement == pytest.approx(1 / 3)
    assert (agreement.n_gold_changes, agreement.n_predicted_changes, agreement.n_shared_changes) == (1, 1, 0)
    assert agreement.n_firmness_pairs == 1


def test_the_firmness_error_is_the_mean_over_dates_that_both_have():
    gold = analyse([*held("Belmark", JANUARY, R, R), *held("Belmark", MARCH, R)])
    predicted = analyse([*held("Belmark", JANUARY, R, C), *held("Belmark", MARCH, C)])
    assert compare(gold, predicted).firmness_error == pytest.approx((0.5 + 1) / 2)


def test_analyses_with_nothing_in_common_are_compared_without_an_error():
    agreement = compare(analyse([]), analyse(held("Belmark", JANUARY, R)))
    assert (agreement.cell_agreement, agreement.firmness_error, agreement.n_firmness_pairs) == (0, 0, 0)


def test_the_interval_of_an_actor_does_not_depend_on_the_other_actors():
    belmark = [*held("Belmark", JANUARY, R, C, C), *held("Belmark", MARCH, R, R, C)]
    busier = [*held("Ardania", JANUARY, *[R] * 9), *held("Ardania", MARCH, *[D] * 9)]
    [alone] = analyse(belmark).firmness_changes
    [among] = [change for change in analyse([*belmark, *busier]).firmness_changes if change.actor == "Belmark"]
    assert among.difference == alone.difference


def test_single_issues_are_counted_apart():
    stances = [*held("Belmark", JANUARY, R, R, C), *held("Belmark", JANUARY, C, C, C, issue=Issue.TALKS)]
    [territory, talks] = analyse(stances).issue_periods
    assert (territory.issue, territory.firmness_found) == (Issue.TERRITORY, pytest.approx(2 / 3))
    assert (talks.issue, talks.firmness_found) == (Issue.TALKS, 0)


def test_an_issue_with_too_few_stances_in_a_period_is_left_out():
    stances = [*held("Belmark", JANUARY, R, R, C), *held("Belmark", JANUARY, C, C, issue=Issue.TALKS)]
    assert [period.issue for period in analyse(stances).issue_periods] == [Issue.TERRITORY]


def test_a_change_on_one_issue_can_hide_behind_a_steady_whole():
    january = [*held("Belmark", JANUARY, *[R] * 12), *held("Belmark", JANUARY, *[C] * 12, issue=Issue.TALKS)]
    march = [*held("Belmark", MARCH, *[C] * 12), *held("Belmark", MARCH, *[R] * 12, issue=Issue.TALKS)]
    analysis = analyse([*january, *march])
    assert [(change.issue, change.difference.value) for change in analysis.issue_changes] == [
        (Issue.TERRITORY, -1),
        (Issue.TALKS, 1),
    ]
    assert all(change.is_clear for change in analysis.issue_changes)
    assert not any(change.is_clear for change in analysis.firmness_changes)


def test_gaps_are_of_all_issues_together_and_of_each():
    stances = [
        one
        for actor, label in (("Belmark", R), ("Ardania", C))
        for issue in (Issue.TERRITORY, Issue.TALKS)
        for one in held(actor, JANUARY, *[label] * 5, issue=issue)
    ]
    analysis = analyse(stances)
    assert [gap.issue for gap in analysis.gaps.gaps] == [None]
    assert [gap.issue for gap in analysis.issue_gaps.gaps] == [Issue.TERRITORY, Issue.TALKS]
    assert {gap.firmness.value for gap in analysis.issue_gaps.gaps} == {-1}  # Ardania less Belmark


def test_a_classifier_whose_errors_on_issues_are_unknown_tells_nothing_of_them():
    analysis = analyse_reports(coded_reports(held("Belmark", JANUARY, *[R] * 12)), errors=MeasuredErrors(ERRING, {}))
    assert analysis.is_corrected
    assert (analysis.issue_periods, analysis.issue_gaps.gaps) == ((), ())

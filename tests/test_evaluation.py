"""Answers against gold: what is counted right, whose fault an error is, and the record that is kept."""

import datetime as dt
import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from stance.codebook import ISSUES, LABELS, NOBODY, Candidate, Example, Issue, Label, Source, Stance, StanceError
from stance.dataset import LabelledExample
from stance.evaluation import (
    annotator_agreement,
    as_json,
    compare,
    evaluate,
    format_estimate,
    from_json,
    measured_errors,
    outcome,
    report_numbers,
)
from stance.labels import LabelledSentence
from stance.metrics import METRICS, Estimate, actor_label_f1, actor_label_issue_f1, estimate, macro_f1
from stance.predictions import DecisionRule, Probabilities

BELMARK_REFUSES = Stance("Belmark", Label.REJECTION, Issue.TERRITORY)
ARDANIA_ASKS = Stance("Ardania", Label.DEMAND, Issue.TERRITORY)
TEXT = "Belmark refused what Ardania asked."
CANDIDATES = (Candidate("Belmark", ((0, 7),)), Candidate("Ardania", ((21, 28),)))
RULE = DecisionRule()


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """The intervals of toy sentences need no thousand resamples."""
    monkeypatch.setattr("stance.evaluation.estimate", partial(estimate, n_resamples=20))


def item(report_id, position, *stances, candidates=CANDIDATES):
    sentence = LabelledSentence(report_id, position, dt.date(2030, 1, 1), "delta", TEXT, Source.REPORT, stances)
    return LabelledExample(sentence, Example(TEXT, "", candidates))


def answer(*stances, actors=("Belmark", "Ardania")):
    """The answer of a classifier that is nearly sure of just these stances."""
    labels = np.full((1 + len(actors), len(LABELS)), 0.1)
    issues = np.full((1 + len(actors), len(LABELS), len(ISSUES)), 0.1)
    for stance in stances:
        rows = [0, *(1 + row for row, actor in enumerate(actors) if actor == stance.actor)]
        column = LABELS.index(stance.label)
        labels[rows, column] = 0.9
        issues[rows, column, ISSUES.index(stance.issue)] = 0.9
    return Probabilities(labels, issues)


@pytest.fixture
def gold():
    return [
        item("r1", 1, BELMARK_REFUSES, ARDANIA_ASKS),
        item("r1", 2, BELMARK_REFUSES),
        item("r2", 1, ARDANIA_ASKS),
        item("r2", 2),
    ]


@pytest.fixture
def right(gold):
    return [answer(*item.sentence.stances) for item in gold]


def test_a_classifier_that_is_right_scores_one_everywhere(gold, right):
    evaluation = evaluate("all right", "toy", gold, right, RULE)
    assert {name: score.value for name, score in evaluation.scores.items()} == {
        **dict.fromkeys(METRICS, 1.0),
        "expected_calibration_error": pytest.approx(0.1, abs=0.001),
    }
    assert (evaluation.n_reports, evaluation.n_sentences) == (2, 4)
    assert evaluation.attribution.candidate_recall == 1


def test_the_right_label_for_the_wrong_party_counts_for_the_sentence_alone(gold, right):
    right[1] = answer(replace(BELMARK_REFUSES, actor="Ardania"))
    result = outcome(gold, right, RULE)
    assert macro_f1(result) == 1
    assert actor_label_f1(result) == pytest.approx(2 * 3 / (4 + 4))


def test_the_right_label_on_the_wrong_issue_counts_for_the_pair_alone(gold, right):
    right[1] = answer(replace(BELMARK_REFUSES, issue=Issue.ECONOMY))
    result = outcome(gold, right, RULE)
    assert actor_label_f1(result) == 1
    assert actor_label_issue_f1(result) == pytest.approx(2 * 3 / (4 + 4))


def test_two_issues_of_one_party_are_one_pair_and_two_triples():
    result = outcome([item("r1", 1, BELMARK_REFUSES, replace(BELMARK_REFUSES, issue=Issue.TALKS))], [answer()], RULE)
    assert result.pairs.tolist() == [[1, 0, 0]]
    assert result.triples.tolist() == [[2, 0, 0]]


def test_precision_recall_and_support_are_those_of_the_sentences(gold, right):
    right[3] = answer(BELMARK_REFUSES)
    scores = evaluate("hasty", "toy", gold, right, RULE).labels
    assert scores[Label.REJECTION].precision == pytest.approx(2 / 3)
    assert scores[Label.REJECTION].recall == 1
    assert scores[Label.REJECTION].f1 == pytest.approx(0.8)
    assert [scores[label].support for label in LABELS] == [2, 0, 2, 0]
    assert scores[Label.CONCESSION].f1 == 0


def test_each_wrong_pair_is_the_fault_of_the_actor_or_of_the_label():
    gold = [item("r1", 1, BELMARK_REFUSES), item("r1", 2, BELMARK_REFUSES), item("r1", 3, BELMARK_REFUSES)]
    answers = [answer(BELMARK_REFUSES), answer(replace(BELMARK_REFUSES, actor="Ardania")), answer(ARDANIA_ASKS)]
    errors = evaluate("mixed", "toy", gold, answers, RULE).attribution
    assert (errors.right, errors.wrong_actor, errors.wrong_label, errors.missed) == (1, 1, 1, 2)


def test_a_holder_that_was_no_candidate_lowers_the_candidate_recall():
    alone = (Candidate("Ardania", ((21, 28),)),)
    gold = [item("r1", 1, BELMARK_REFUSES, ARDANIA_ASKS, candidates=alone)]
    answers = [answer(ARDANIA_ASKS, actors=("Ardania",))]
    assert evaluate("blind", "toy", gold, answers, RULE).attribution.candidate_recall == 0.5


def test_an_unclear_holder_needs_no_candidate():
    unclear = replace(BELMARK_REFUSES, actor=NOBODY)
    evaluation = evaluate("x", "toy", [item("r1", 1, unclear, candidates=())], [answer(unclear, actors=())], RULE)
    assert evaluation.attribution.candidate_recall == 1
    assert evaluation.scores["actor_label_issue_f1"].value == 1


def test_the_calibrated_probabilities_are_the_ones_that_are_scored(gold, right):
    sure, careful = (
        evaluate("x", "toy", gold, right, DecisionRule(temperature=temperature)).scores for temperature in (0.25, 4.0)
    )
    assert sure["expected_calibration_error"].value < careful["expected_calibration_error"].value
    assert sure["macro_f1"] == careful["macro_f1"]


def test_a_number_of_answers_other_than_that_of_the_sentences_is_refused(gold, right):
    with pytest.raises(ValueError, match=r"argument \d is (shorter|longer) than argument"):
        outcome(gold, right[:-1], RULE)


def test_sentences_are_numbered_by_their_report():
    items = [item("r2", 1), item("r1", 1), item("r2", 2)]
    assert report_numbers(items).tolist() == [1, 0, 1]


def test_a_comparison_is_the_difference_of_the_scores(gold, right):
    wrong = [answer() for _ in gold]
    differences = compare(gold, (right, RULE), (wrong, RULE))
    assert {name: difference.value for name, difference in differences.items()} == {
        "macro_f1": 1.0,
        "actor_label_f1": 1.0,
        "actor_label_issue_f1": 1.0,
    }
    back = compare(gold, (wrong, RULE), (right, RULE))
    assert back["macro_f1"].value == -1.0


def test_the_record_survives_the_way_through_json(gold, right):
    evaluation = evaluate("all right", "toy", gold, right, RULE)
    assert from_json(json.loads(json.dumps(as_json(evaluation)))) == evaluation


def test_the_intervals_are_the_same_each_time(gold, right):
    right[2] = answer()
    assert evaluate("x", "toy", gold, right, RULE) == evaluate("x", "toy", gold, right, RULE)


def test_an_estimate_is_written_with_its_interval():
    score = Estimate(0.7124, 0.66, 0.751)
    assert format_estimate(score) == "0.712 [0.660, 0.751]"
    assert format_estimate(score._asdict()) == "0.712 [0.660, 0.751]"
    assert format_estimate(Estimate(-0.01, -0.1, 0.2), signed=True) == "-0.010 [-0.100, +0.200]"


def test_two_passes_that_agree_have_kappa_one(gold):
    passed = [item.sentence for item in gold]
    agreement = annotator_agreement(passed, passed)
    assert agreement["n_sentences"] == 4
    assert agreement["kappa_stance"] == agreement["kappa_labels"] == pytest.approx(1)
    assert agreement["scores"] == dict.fromkeys(("macro_f1", "actor_label_f1", "actor_label_issue_f1"), 1.0)
    assert agreement["label_f1"] == {"demand": 1, "concession": 0, "rejection": 1, "precondition": 0}


def test_passes_that_differ_in_the_label_may_agree_that_there_is_a_stance(gold):
    first = [item.sentence for item in gold]
    second = [replace(first[0], stances=(ARDANIA_ASKS,)), *first[1:]]
    agreement = annotator_agreement(first, second)
    assert agreement["kappa_stance"] == pytest.approx(1)
    assert agreement["kappa_labels"] < 1
    assert agreement["scores"]["actor_label_f1"] == pytest.approx(2 * 3 / (4 + 3))


@pytest.mark.parametrize("change", [{"text": "Belmark agreed."}, {"position": 9}, {"report_id": "r9"}])
def test_passes_over_other_sentences_are_not_compared(gold, change):
    first = [item.sentence for item in gold]
    second = [*first[:-1], replace(first[-1], **change)]
    with pytest.raises(StanceError, match="the two passes differ in their sentences; both must hold the same reports"):
        annotator_agreement(first, second)


def test_two_empty_passes_are_refused():
    with pytest.raises(StanceError, match="no sentence"):
        annotator_agreement([], [])


def test_a_test_without_sentences_is_refused():
    with pytest.raises(StanceError, match="no labelled sentence"):
        evaluate("x", "toy", [], [], RULE)


def test_a_stance_found_on_another_issue_is_an_error_on_both_issues_but_not_in_its_label():
    on_talks = replace(BELMARK_REFUSES, issue=Issue.TALKS)
    errors = measured_errors([item("r1", 1, BELMARK_REFUSES)], [answer(on_talks)], RULE)
    rejection = 1 + LABELS.index(Label.REJECTION)
    assert errors.labels.counts[rejection][rejection] == 1
    assert errors.by_issue[Issue.TERRITORY].counts[rejection][0] == 1
    assert errors.by_issue[Issue.TALKS].counts[0][rejection] == 1
    assert errors.by_issue[Issue.JUSTICE].counts[0][0] == 2  # both parties, nothing there


def test_errors_that_many_sentences_of_one_report_share_have_a_design_effect():
    """In two of four reports every sentence is given a demand that nobody makes."""
    given = [answer(*[ARDANIA_ASKS] * (report in "ab"), actors=("Ardania",)) for report in "abcd" for _ in range(6)]
    items = [item(report, number, candidates=CANDIDATES[1:]) for report in "abcd" for number in range(1, 7)]
    errors = measured_errors(items, given, RULE)
    assert errors.labels.design_effects == pytest.approx((4 / 3 * 6, 1, 1, 1, 1))
    assert {one.design_effects for one in errors.by_issue.values()} == {errors.labels.design_effects}

"""From probabilities to stances, and the rule that decides."""

import numpy as np
import pytest

from stance.codebook import ISSUES, LABELS, NOBODY, Candidate, Example, Issue, Label, Stance
from stance.predictions import DecisionRule, Probabilities

ALONE = Example("It was refused.")
PAIR = Example("Belmark refused what Ardania asked.", "", (Candidate("Belmark", ((0, 7),)), Candidate("Ardania")))


def answer(*rows, issue=Issue.TERRITORY, share=1.0):
    """Label probabilities in Label order, a row per query; ``share`` of the issue, the rest spread evenly."""
    issues = np.full((len(rows), len(LABELS), len(ISSUES)), (1 - share) / (len(ISSUES) - 1))
    issues[..., ISSUES.index(issue)] = share
    return Probabilities(np.array(rows, dtype=float), issues)


def rejection(*values):
    """An answer in which only rejection is in question, with its probability for each query."""
    return answer(*([0.0, 0.0, value, 0.0] for value in values))


def test_temperature_one_changes_nothing():
    given = rejection(0.9, 0.2)
    assert DecisionRule(temperature=1.0).calibrate(given).labels == pytest.approx(given.labels, abs=1e-5)


def test_a_temperature_above_one_moves_probabilities_towards_a_half_and_keeps_their_order():
    cooled = DecisionRule(temperature=2.0).calibrate(answer([0.9, 0.6, 0.5, 0.1])).labels[0]
    assert cooled == pytest.approx([0.75, 0.5505, 0.5, 0.25], abs=1e-4)


def test_calibration_keeps_certainty_a_number():
    calibrated = DecisionRule(temperature=0.3).calibrate(answer([0.0, 1.0, 0.0, 1.0])).labels
    assert np.isfinite(calibrated).all()
    assert ((calibrated >= 0) & (calibrated <= 1)).all()


def test_calibration_leaves_the_issues_alone():
    given = answer([0.9, 0.1, 0.1, 0.1], share=0.7)
    assert DecisionRule(temperature=3.0).calibrate(given).issues is given.issues


def test_the_sentence_holds_what_anyone_holds_whatever_its_candidates_do():
    assert DecisionRule().labels(rejection(0.8, 0.1, 0.4)) == [Label.REJECTION]
    assert DecisionRule().labels(rejection(0.4, 0.9, 0.9)) == []


def test_a_label_holds_from_the_threshold_on():
    rule = DecisionRule(label_threshold=0.25)
    assert rule.labels(answer([0.25, 0.24, 0.75, 0.1])) == [Label.REJECTION, Label.DEMAND]


def test_the_likeliest_label_comes_first():
    assert DecisionRule().labels(answer([0.6, 0.1, 0.7, 0.9])) == [Label.PRECONDITION, Label.REJECTION, Label.DEMAND]


def test_a_label_without_candidates_has_an_unclear_holder():
    found = DecisionRule().stances(ALONE, rejection(0.9))
    assert found == {Stance(NOBODY, Label.REJECTION, Issue.TERRITORY): pytest.approx(0.9)}


def test_a_label_goes_to_every_candidate_over_the_threshold():
    found = DecisionRule().stances(PAIR, rejection(0.9, 0.8, 0.6))
    assert found == {
        Stance("Belmark", Label.REJECTION, Issue.TERRITORY): pytest.approx(0.8),
        Stance("Ardania", Label.REJECTION, Issue.TERRITORY): pytest.approx(0.6),
    }


def test_below_the_threshold_a_label_goes_to_the_likeliest_candidate():
    found = DecisionRule().stances(PAIR, rejection(0.9, 0.2, 0.3))
    assert found == {Stance("Ardania", Label.REJECTION, Issue.TERRITORY): pytest.approx(0.3)}


def test_of_equally_likely_candidates_below_the_threshold_one_holds_the_label():
    found = DecisionRule().stances(PAIR, rejection(0.9, 0.3, 0.3))
    assert found == {Stance("Belmark", Label.REJECTION, Issue.TERRITORY): pytest.approx(0.3)}


def test_below_half_the_threshold_a_holder_is_unclear_rather_than_guessed():
    found = DecisionRule().stances(PAIR, rejection(0.9, 0.2, 0.24))
    assert found == {Stance(NOBODY, Label.REJECTION, Issue.TERRITORY): pytest.approx(0.9)}


def test_a_candidate_holds_nothing_that_the_sentence_does_not():
    rule = DecisionRule(label_threshold=0.9, actor_threshold=0.1)
    assert rule.stances(PAIR, rejection(0.6, 0.9, 0.9)) == {}


def test_the_holder_may_differ_from_label_to_label():
    given = answer([0.9, 0.0, 0.9, 0.0], [0.1, 0.0, 0.9, 0.0], [0.9, 0.0, 0.1, 0.0])
    assert {(stance.actor, stance.label) for stance in DecisionRule().stances(PAIR, given)} == {
        ("Ardania", Label.DEMAND),
        ("Belmark", Label.REJECTION),
    }


def test_a_second_issue_counts_from_its_threshold_on():
    given = rejection(0.9)
    given.issues[..., ISSUES.index(Issue.TERRITORY)] = 0.55
    given.issues[..., ISSUES.index(Issue.ECONOMY)] = 0.45
    one, two = (DecisionRule(issue_threshold=value).stances(ALONE, given) for value in (0.5, 0.4))
    assert [stance.issue for stance in one] == [Issue.TERRITORY]
    assert [stance.issue for stance in two] == [Issue.TERRITORY, Issue.ECONOMY]


def test_the_likeliest_issue_counts_below_the_threshold():
    found = DecisionRule(issue_threshold=0.8).stances(ALONE, answer([0, 0, 0.9, 0], issue=Issue.TALKS, share=0.2))
    assert [stance.issue for stance in found] == [Issue.TALKS]

"""The decision rule that is chosen on labelled development reports."""

import datetime as dt

import numpy as np
import pytest

from stance.calibration import choose_rule
from stance.codebook import ISSUES, LABELS, Candidate, Example, Issue, Label, Source, Stance
from stance.dataset import LabelledExample
from stance.evaluation import outcome
from stance.labels import LabelledSentence
from stance.metrics import label_f1
from stance.predictions import DecisionRule, Probabilities

REFUSES = Stance("Belmark", Label.REJECTION, Issue.TERRITORY)
TRADES = Stance("Belmark", Label.REJECTION, Issue.ECONOMY)


def item(position, *stances):
    text = "Belmark spoke to Ardania."
    sentence = LabelledSentence("r1", position, dt.date(2030, 1, 1), "delta", text, Source.REPORT, stances)
    candidates = (Candidate("Belmark", ((0, 7),)), Candidate("Ardania", ((17, 24),)))
    return LabelledExample(sentence, Example(text, "", candidates))


def answer(anyone, belmark, ardania, *, territory=0.8, economy=0.2):
    """Probabilities of a rejection for each query, and of two issues."""
    labels = np.zeros((3, len(LABELS)))
    labels[:, LABELS.index(Label.REJECTION)] = anyone, belmark, ardania
    issues = np.zeros((3, len(LABELS), len(ISSUES)))
    issues[..., ISSUES.index(Issue.TERRITORY)] = territory
    issues[..., ISSUES.index(Issue.ECONOMY)] = economy
    return Probabilities(labels, issues)


def test_a_classifier_that_is_right_at_a_half_keeps_a_half():
    items = [item(1, REFUSES), item(2), item(3, REFUSES), item(4)]
    rule = choose_rule(items, [answer(0.9, 0.9, 0.1), answer(0.1, 0.1, 0.1)] * 2)
    assert rule.label_threshold == 0.5
    assert rule.actor_threshold == 0.5
    assert rule.issue_threshold == 0.5


def test_a_classifier_that_is_too_sure_gets_a_temperature_above_one():
    items = [item(number, *([REFUSES] if number % 4 else [])) for number in range(1, 21)]
    sure = [answer(0.999, 0.999, 0.001)] * 20
    rule = choose_rule(items, sure)
    assert rule.temperature > 1.5
    assert 0.6 < rule.calibrate(sure[0]).labels[0, 2] < 0.999


def test_a_classifier_that_is_too_shy_gets_a_temperature_below_one():
    items = [item(1, REFUSES), item(2)] * 5
    rule = choose_rule(items, [answer(0.6, 0.6, 0.4), answer(0.4, 0.4, 0.4)] * 5)
    assert rule.temperature < 1


def test_a_label_that_is_given_too_rarely_gets_a_lower_threshold():
    items = [item(1, REFUSES), item(2, REFUSES), item(3, REFUSES), item(4), item(5), item(6)]
    answers = [answer(0.35, 0.35, 0.3)] * 3 + [answer(0.05, 0.05, 0.05)] * 3
    rule = choose_rule(items, answers)
    assert rule.label_threshold < 0.5
    chosen, at_half = (label_f1(outcome(items, answers, tried))[2] for tried in (rule, DecisionRule()))
    assert (chosen, at_half) == (1, 0)


def test_a_label_that_is_given_too_often_gets_a_higher_threshold():
    items = [item(1, REFUSES), item(2), item(3), item(4)]
    rule = choose_rule(items, [answer(0.9, 0.9, 0.1)] + [answer(0.65, 0.65, 0.1)] * 3)
    assert rule.label_threshold > 0.5


def test_the_actor_threshold_keeps_bystanders_out():
    items = [item(number, REFUSES) for number in (1, 2, 3, 4)] + [item(number) for number in (5, 6, 7, 8)]
    answers = [answer(0.9, 0.9, 0.6)] * 4 + [answer(0.1, 0.1, 0.1)] * 4
    rule = choose_rule(items, answers)
    found = rule.stances(items[0].example, rule.calibrate(answers[0]))
    assert [stance.actor for stance in found] == ["Belmark"]
    assert rule.actor_threshold > 0.5


def test_the_issue_threshold_lets_second_issues_in_where_the_gold_has_them():
    items = [item(1, REFUSES, TRADES), item(2)] * 2
    answers = [answer(0.9, 0.9, 0.1, territory=0.7, economy=0.3), answer(0.1, 0.1, 0.1)] * 2
    rule = choose_rule(items, answers)
    assert set(rule.stances(items[0].example, rule.calibrate(answers[0]))) == {REFUSES, TRADES}


def test_the_rule_does_not_depend_on_the_order_of_the_sentences():
    items = [item(1, REFUSES), item(2, REFUSES), item(3), item(4, REFUSES, TRADES)]
    answers = [answer(0.9, 0.7, 0.6), answer(0.3, 0.4, 0.1), answer(0.5, 0.2, 0.2), answer(0.6, 0.3, 0.5)]
    forwards, backwards = choose_rule(items, answers), choose_rule(items[::-1], answers[::-1])
    assert backwards.label_threshold == forwards.label_threshold
    assert backwards.temperature == pytest.approx(forwards.temperature)


def test_certain_and_wrong_answers_still_give_a_rule():
    rule = choose_rule([item(1, REFUSES), item(2)], [answer(0.0, 0.0, 0.0), answer(1.0, 1.0, 1.0)])
    assert np.isfinite([rule.temperature, rule.label_threshold, rule.actor_threshold, rule.issue_threshold]).all()

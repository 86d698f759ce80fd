"""Issues weighted by what the sentences before spoke of."""

import numpy as np
import pytest

from stance.codebook import ISSUES, Example, Issue
from stance.context import IssueContext, answers_in_context
from stance.predictions import Probabilities

TALKS, TERRITORY, JUSTICE = (ISSUES.index(issue) for issue in (Issue.TALKS, Issue.TERRITORY, Issue.JUSTICE))
FIRST, NEXT = Example("First."), Example("Next.", is_first=False)


def on(*likely, stance=0.9, n_queries=1):
    """An answer that is as sure of each of these issues, and nearly sure that there is a stance, or not."""
    issues = np.full(len(ISSUES), 0.01)
    issues[list(likely)] = 1
    return Probabilities(np.full((n_queries, 4), stance), np.tile(issues / issues.sum(), (n_queries, 4, 1)))


def read(*sentences):
    context = IssueContext()
    return [context.add(example, answer) for example, answer in sentences]


def likeliest(answer):
    return ISSUES[int(answer.issues[0, 0].argmax())]


def test_an_unclear_issue_is_that_of_the_sentence_before():
    _, after = read((FIRST, on(TERRITORY)), (NEXT, on(TALKS, TERRITORY)))
    assert likeliest(after) is Issue.TERRITORY
    assert after.issues.sum(axis=-1) == pytest.approx(1)


def test_a_clear_issue_stays():
    _, after = read((FIRST, on(TERRITORY)), (NEXT, on(TALKS)))
    assert likeliest(after) is Issue.TALKS


def test_the_nearer_sentence_weighs_more():
    *_, after = read((FIRST, on(TERRITORY)), (NEXT, on(TALKS)), (NEXT, on(TALKS, TERRITORY)))
    assert likeliest(after) is Issue.TALKS


def test_a_sentence_without_a_stance_says_little():
    *_, after = read((FIRST, on(TERRITORY)), (NEXT, on(TALKS, stance=0.05)), (NEXT, on(TALKS, TERRITORY)))
    assert likeliest(after) is Issue.TERRITORY


def test_the_first_sentence_of_the_next_report_has_no_context():
    answer = on(TALKS, TERRITORY)
    assert read((FIRST, on(TERRITORY)), (FIRST, answer))[1] is answer


def test_labels_stay_as_they_are_and_all_parties_share_the_context():
    given = on(TALKS, JUSTICE, n_queries=3)
    _, after = read((FIRST, on(JUSTICE)), (NEXT, given))
    assert after.labels is given.labels
    assert (after.issues[..., JUSTICE] > after.issues[..., TALKS]).all()
    assert after.issues.shape == given.issues.shape


def test_a_classifiers_answers_come_in_order():
    class Sure:
        def predict_proba(self, examples):
            return [on(TERRITORY), on(TALKS, TERRITORY)][: len(examples)]

    assert list(map(likeliest, answers_in_context(Sure(), [FIRST, NEXT]))) == [Issue.TERRITORY] * 2

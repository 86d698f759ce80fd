"""Issues in context: what the sentences before spoke of tells on which issue a stance is.

"He ruled it out" names no issue, and reports stay with one for some sentences. So the probability of each issue is
multiplied by how much was said on it before, the nearer the more: a product of experts (Hinton 2002, "Training Products
of Experts by Minimizing Contrastive Divergence") with weights chosen on the development reports. Labels and their
holders gain nothing from the answers on other sentences and stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from stance.codebook import ISSUES, Example
from stance.predictions import Classifier, Probabilities

DECAY: Final = 0.7  # of what was said, with each sentence
FLOOR: Final = 0.05  # of an issue that was not spoken of


class IssueContext:
    """Takes the answers to the sentences of reports in order, and weights the issues of each by those before it.

    >>> sure = Probabilities(np.ones((1, 4)), np.tile([0.91, *[0.01] * 9], (1, 4, 1)))
    >>> unsure = Probabilities(np.ones((1, 4)), np.full((1, 4, 10), 0.1))
    >>> context = IssueContext()
    >>> answers = context.add(Example("…"), sure), context.add(Example("…", is_first=False), unsure)
    >>> round(float(answers[1].issues[0, 0, 0]), 2)
    0.64
    """

    def __init__(self) -> None:
        self._said = np.zeros(len(ISSUES))

    def add(self, example: Example, answer: Probabilities) -> Probabilities:
        """The answer to the next sentence, with its issues in context."""
        if example.is_first:
            self._said = np.zeros(len(ISSUES))
        before = self._said
        spoken_of = np.einsum("l,li->i", answer.labels[0], answer.issues[0])
        self._said = DECAY * (before + spoken_of)
        if not before.any():
            return answer
        issues = answer.issues * (before / before.sum() + FLOOR)
        return Probabilities(answer.labels, issues / issues.sum(axis=-1, keepdims=True))


def answers_in_context(classifier: Classifier, examples: Sequence[Example]) -> list[Probabilities]:
    """A classifier's probabilities for ``examples``, those of each report in order, with their issues in context."""
    context = IssueContext()
    answers = classifier.predict_proba(examples)
    return [context.add(example, answer) for example, answer in zip(examples, answers, strict=True)]

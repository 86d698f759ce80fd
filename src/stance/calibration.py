"""Choosing the decision rule of a classifier on labelled reports that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.optimize import minimize_scalar

from stance.dataset import LabelledExample, targets
from stance.evaluation import outcome
from stance.metrics import Outcome, actor_label_f1, actor_label_issue_f1, macro_f1
from stance.predictions import DecisionRule, Probabilities

_CHOICES: Final[Mapping[str, Callable[[Outcome], float]]] = {
    "label_threshold": macro_f1,
    "actor_threshold": actor_label_f1,
    "issue_threshold": actor_label_issue_f1,
}
_GRID: Final = tuple(float(value) for value in np.arange(0.15, 0.85, 0.05).round(3))


def choose_rule(items: Sequence[LabelledExample], probabilities: Sequence[Probabilities]) -> DecisionRule:
    """The rule that serves best on development ``items``.

    The temperature minimises the log loss of all queries; then the label threshold maximises macro-F1, the actor
    threshold F1 of the (actor, label) pairs, and the issue threshold that of the triples, ties going to the value
    nearest to 0.5. One threshold serves all labels: one each did worse on reports that had no part in the choice.
    """
    rule = DecisionRule(temperature=_temperature(items, probabilities))
    for name, metric in _CHOICES.items():
        tried = [(value, replace(rule, **{name: value})) for value in _GRID]
        scores = [(metric(outcome(items, probabilities, one)), -abs(value - 0.5)) for value, one in tried]
        rule = tried[scores.index(max(scores))][1]
    return rule


def _temperature(items: Sequence[LabelledExample], probabilities: Sequence[Probabilities]) -> float:
    """The temperature that minimises the log loss of all queries (Guo et al. 2017)."""
    gold = np.concatenate([targets(item).labels for item in items])

    def log_loss(log_temperature: float) -> float:
        rule = DecisionRule(temperature=float(np.exp(log_temperature)))
        calibrated = np.concatenate([rule.calibrate(answer).labels for answer in probabilities])
        return float(-np.mean(np.log(np.where(gold > 0, calibrated, 1 - calibrated))))

    return float(np.exp(minimize_scalar(log_loss, bounds=(-1.5, 2.0), method="bounded").x))

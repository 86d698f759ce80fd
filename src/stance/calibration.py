"""Choosing the decision rule of a classifier on labelled reports that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.optimize import minimize_scalar

from stance.codebook import LABELS
from stance.dataset import LabelledExample, targets
from stance.evaluation import outcome
from stance.metrics import actor_label_f1, actor_label_issue_f1, label_f1
from stance.predictions import DecisionRule, Probabilities

_GRID: Final = tuple(float(value) for value in np.arange(0.15, 0.85, 0.025).round(3))


def choose_rule(items: Sequence[LabelledExample], probabilities: Sequence[Probabilities]) -> DecisionRule:
    """The rule that serves best on development ``items``.

    The temperature minimises the log loss of all queries; each label's threshold maximises its F1 over the
    sentences, then the actor threshold that of the (actor, label) pairs, then the issue threshold that of the
    triples. Ties go to the threshold nearest to 0.5.
    """
    rule = DecisionRule(temperature=_temperature(items, probabilities))
    by_threshold = {
        value: label_f1(outcome(items, probabilities, replace(rule, thresholds=(value,) * len(LABELS))))
        for value in _GRID
    }
    best = (_best((value, float(f1[column])) for value, f1 in by_threshold.items()) for column in range(len(LABELS)))
    rule = replace(rule, thresholds=tuple(best))
    rule = max(
        (replace(rule, actor_threshold=value) for value in _GRID),
        key=lambda tried: (actor_label_f1(outcome(items, probabilities, tried)), -abs(tried.actor_threshold - 0.5)),
    )
    return max(
        (replace(rule, issue_threshold=value) for value in _GRID),
        key=lambda tried: (
            actor_label_issue_f1(outcome(items, probabilities, tried)),
            -abs(tried.issue_threshold - 0.5),
        ),
    )


def _best(scores: Iterable[tuple[float, float]]) -> float:
    """The threshold with the highest score."""
    return max(scores, key=lambda pair: (pair[1], -abs(pair[0] - 0.5)))[0]


def _temperature(items: Sequence[LabelledExample], probabilities: Sequence[Probabilities]) -> float:
    """The temperature that minimises the log loss of all queries (Guo et al. 2017)."""
    gold = np.concatenate([targets(item).labels for item in items])

    def log_loss(log_temperature: float) -> float:
        rule = DecisionRule(temperature=float(np.exp(log_temperature)))
        calibrated = np.concatenate([rule.calibrate(answer).labels for answer in probabilities])
        return float(-np.mean(np.log(np.where(gold > 0, calibrated, 1 - calibrated))))

    return float(np.exp(minimize_scalar(log_loss, bounds=(-1.5, 2.0), method="bounded").x))

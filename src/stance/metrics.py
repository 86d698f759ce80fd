"""Scores, bootstrap intervals and calibration: pure functions of arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Final, NamedTuple, Self

import numpy as np
from sklearn.metrics import average_precision_score

from stance.arrays import Bools, Floats, Ints

N_RESAMPLES: Final = 1000  # of a bootstrap
N_PERMUTATIONS: Final = 4_999  # random orders of a permutation test
CONFIDENCE: Final = 0.95
N_DRAWS: Final = 4_000  # from a posterior
N_CALIBRATION_BINS: Final = 10


class Estimate(NamedTuple):
    """A score with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a classifier made of a set of labelled sentences, as arrays with a row per sentence.

    *Shape:* ``gold``, ``predicted`` and ``probabilities`` (n_sentences, 4) in Label order; the counts of gold,
    predicted and shared (actor, label) pairs and (actor, label, issue) triples (n_sentences, 3) in that order.
    """

    gold: Bools
    predicted: Bools
    probabilities: Floats
    pairs: Ints
    triples: Ints

    def take(self, rows: Ints) -> Self:
        """The outcome on these rows, with repeats."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))


def f1(n_gold: Floats | Ints, n_predicted: Floats | Ints, n_shared: Floats | Ints) -> Floats:
    """F1 from counts, elementwise: 2 shared / (gold + predicted), and 0 where both are 0."""
    total = np.asarray(n_gold + n_predicted, dtype=float)
    result: Floats = np.divide(2.0 * n_shared, total, out=np.zeros_like(total), where=total > 0)
    return result


def label_f1(outcome: Outcome) -> Floats:
    """F1 of each label over the sentences, shape (4,)."""
    shared = (outcome.gold & outcome.predicted).sum(axis=0)
    return f1(outcome.gold.sum(axis=0), outcome.predicted.sum(axis=0), shared)


def macro_f1(outcome: Outcome) -> float:
    """The mean F1 of the labels that occur in the gold."""
    occurs = outcome.gold.any(axis=0)
    return float(label_f1(outcome)[occurs].mean()) if occurs.any() else 0.0


def micro_f1(outcome: Outcome) -> float:
    """F1 of all (sentence, label) decisions pooled."""
    shared = (outcome.gold & outcome.predicted).sum()
    return float(f1(outcome.gold.sum(), outcome.predicted.sum(), shared))


def none_f1(outcome: Outcome) -> float:
    """F1 of finding the sentences without a stance."""
    gold, predicted = ~outcome.gold.any(axis=1), ~outcome.predicted.any(axis=1)
    return float(f1(gold.sum(), predicted.sum(), (gold & predicted).sum()))


def actor_label_f1(outcome: Outcome) -> float:
    """F1 of the (actor, label) pairs, pooled over the sentences."""
    return float(f1(*outcome.pairs.sum(axis=0)))


def actor_label_issue_f1(outcome: Outcome) -> float:
    """F1 of the (actor, label, issue) triples, pooled over the sentences."""
    return float(f1(*outcome.triples.sum(axis=0)))


def average_precision(outcome: Outcome) -> float:
    """The mean average precision of the labels that occur in the gold, from the probabilities alone."""
    occurs = outcome.gold.any(axis=0)
    if not occurs.any():
        return 0.0
    return float(average_precision_score(outcome.gold[:, occurs], outcome.probabilities[:, occurs], average="macro"))


def expected_calibration_error(outcome: Outcome) -> float:
    """Mean distance of confidence and frequency in ten equal-width bins, all four labels pooled (Guo et al. 2017)."""
    distance = 0.0
    for mean_probability, frequency, n_decisions in calibration_bins(outcome):
        distance += abs(mean_probability - frequency) * n_decisions
    return float(distance / outcome.gold.size)


def calibration_bins(outcome: Outcome) -> list[tuple[float, float, int]]:
    """Mean probability, observed frequency and count of each filled bin of label decisions."""
    probabilities, gold = outcome.probabilities.ravel(), outcome.gold.ravel()
    bins = np.minimum((probabilities * N_CALIBRATION_BINS).astype(int), N_CALIBRATION_BINS - 1)
    return [
        (float(probabilities[bins == index].mean()), float(gold[bins == index].mean()), int((bins == index).sum()))
        for index in range(N_CALIBRATION_BINS)
        if (bins == index).any()
    ]


METRICS: Final[Mapping[str, Callable[[Outcome], float]]] = {
    "macro_f1": macro_f1,
    "micro_f1": micro_f1,
    "none_f1": none_f1,
    "actor_label_f1": actor_label_f1,
    "actor_label_issue_f1": actor_label_issue_f1,
    "average_precision": average_precision,
    "expected_calibration_error": expected_calibration_error,
}


def cohen_kappa(first: Bools, second: Bools) -> float:
    """Cohen's kappa (Cohen 1960) of two annotators, where a sentence's code is its set of labels.

    *Shape:* (n_sentences, n_labels). 1 where both give the same single code throughout.
    """
    codes = [["".join(map(str, row)) for row in annotator.astype(int)] for annotator in (first, second)]
    observed = np.mean([a == b for a, b in zip(*codes, strict=True)])
    values = sorted({*codes[0], *codes[1]})
    expected = sum(float(np.mean([code == value for code in codes[0]]) * np.mean([code == value for code in codes[1]]))
                   for value in values)  # fmt: skip
    return float((observed - expected) / (1 - expected)) if expected < 1 else 1.0


def resample_clusters(clusters: Ints, *, n_resamples: int, seed: int) -> list[Ints]:
    """Row numbers of bootstrap samples that draw whole clusters (reports) with replacement.

    ``clusters`` is the cluster number of each row, shape (n_rows,).
    """
    rng = np.random.default_rng(seed)
    rows = [np.flatnonzero(clusters == cluster) for cluster in np.unique(clusters)]
    return [
        np.concatenate([rows[draw] for draw in rng.integers(len(rows), size=len(rows))]) for _ in range(n_resamples)
    ]


def estimate(
    outcome: Outcome, clusters: Ints, metric: Callable[[Outcome], float], *, seed: int, n_resamples: int = N_RESAMPLES
) -> Estimate:
    """A metric with its percentile bootstrap interval over clusters."""
    values = [metric(outcome.take(rows)) for rows in resample_clusters(clusters, n_resamples=n_resamples, seed=seed)]
    return Estimate(metric(outcome), *_interval(values))


def paired_difference(
    first: Outcome,
    second: Outcome,
    clusters: Ints,
    metric: Callable[[Outcome], float],
    *,
    seed: int,
    n_resamples: int = N_RESAMPLES,
) -> Estimate:
    """``metric(first) - metric(second)`` on the same sentences, with its paired bootstrap interval over clusters."""
    values = [
        metric(first.take(rows)) - metric(second.take(rows))
        for rows in resample_clusters(clusters, n_resamples=n_resamples, seed=seed)
    ]
    return Estimate(metric(first) - metric(second), *_interval(values))


def _interval(values: list[float]) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)

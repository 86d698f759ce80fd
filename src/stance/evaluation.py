"""Predictions against gold: one record per classifier and test, with intervals; as tables and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from stance.arrays import Bools, Ints
from stance.codebook import ISSUES, LABELS, NOBODY, Issue, Label, Stance, StanceError
from stance.dataset import LabelledExample, targets
from stance.labels import LabelledSentence
from stance.metrics import (
    METRICS,
    Estimate,
    Outcome,
    cohen_kappa,
    estimate,
    f1,
    label_f1,
    paired_difference,
)
from stance.predictions import DecisionRule, Probabilities
from stance.quantification import Confusion, MeasuredErrors, confusion

BOOTSTRAP_SEED: Final = 2026


@dataclass(frozen=True, slots=True)
class LabelScore:
    """Precision, recall and F1 of one label; ``support`` is the number of gold sentences with it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Attribution:
    """Where the (actor, label) pairs go wrong.

    ``candidate_recall`` is the share of gold pairs whose actor was a candidate. A found pair is ``right``, has the
    ``wrong_actor`` (the sentence holds the label, for another party) or a ``wrong_label`` (no party holds it here).
    """

    candidate_recall: float
    right: int
    wrong_actor: int
    wrong_label: int
    missed: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One classifier on one test."""

    classifier: str
    test: str
    n_reports: int
    n_sentences: int
    scores: dict[str, Estimate]
    labels: dict[Label, LabelScore]
    attribution: Attribution


def outcome(items: Sequence[LabelledExample], probabilities: Sequence[Probabilities], rule: DecisionRule) -> Outcome:
    """What ``rule`` makes of ``probabilities``, against the gold of ``items``; rows in their order."""
    calibrated = [rule.calibrate(answer) for answer in probabilities]
    by_sentence = np.array([answer.labels[0] for answer in calibrated])
    found = [set(rule.stances(item.example, answer)) for item, answer in zip(items, calibrated, strict=True)]
    gold = [set(item.sentence.stances) for item in items]
    return Outcome(
        gold=np.array([targets(item).labels[0] > 0 for item in items]),
        predicted=by_sentence >= rule.label_threshold,
        probabilities=by_sentence,
        pairs=_counts([_pairs(stances) for stances in gold], [_pairs(stances) for stances in found]),
        triples=_counts(gold, found),
    )


def annotator_agreement(first: Sequence[LabelledSentence], second: Sequence[LabelledSentence]) -> dict[str, Any]:
    """How far two passes over the same sentences agree: Cohen's kappa, F1 per label, and F1 with actors and issues.

    Raises:
        StanceError: if the passes are not over the same sentences.
    """
    keys = [[(sentence.report_id, sentence.position, sentence.text) for sentence in side] for side in (first, second)]
    if not first:
        raise StanceError("the first pass holds no sentence; at least one is needed")
    if keys[0] != keys[1]:
        raise StanceError("the two passes differ in their sentences; both must hold the same reports and positions")
    result = _agreement([[sentence.stances for sentence in side] for side in (first, second)])
    return {
        "n_sentences": len(first),
        "kappa_stance": cohen_kappa(*(_any_label(side) for side in (result.gold, result.predicted))),
        "kappa_labels": cohen_kappa(result.gold, result.predicted),
        "label_f1": dict(zip(LABELS, map(float, label_f1(result)), strict=True)),
        "scores": {name: METRICS[name](result) for name in ("macro_f1", "actor_label_f1", "actor_label_issue_f1")},
    }


def evaluate(
    classifier: str,
    test: str,
    items: Sequence[LabelledExample],
    probabilities: Sequence[Probabilities],
    rule: DecisionRule,
) -> Evaluation:
    """Score a classifier's answers on a test, with bootstrap intervals over reports.

    Raises:
        StanceError: if there is nothing to score.
    """
    if not items:
        raise StanceError(f"{test}: no labelled sentence; at least one is needed")
    result = outcome(items, probabilities, rule)
    clusters = report_numbers(items)
    return Evaluation(
        classifier=classifier,
        test=test,
        n_reports=int(clusters.max()) + 1,
        n_sentences=len(items),
        scores={name: estimate(result, clusters, metric, seed=BOOTSTRAP_SEED) for name, metric in METRICS.items()},
        labels=_label_scores(result),
        attribution=_attribution(items, probabilities, rule),
    )


def measured_errors(
    items: Sequence[LabelledExample], probabilities: Sequence[Probabilities], rule: DecisionRule
) -> MeasuredErrors:
    """What was decided about each party asked about in ``items``, against the annotators: for ``quantification``."""
    sides = [
        [[stance for stance in side if stance.actor == candidate.actor] for side in (item.sentence.stances, found)]
        for item, answer in zip(items, probabilities, strict=True)
        for found in (rule.stances(item.example, rule.calibrate(answer)),)
        for candidate in item.example.candidates
    ]
    reports = [item.sentence.report_id for item in items for _ in item.example.candidates]

    def errors(issue: Issue | None) -> Confusion:
        return confusion([(_labels_on(issue, gold), _labels_on(issue, found)) for gold, found in sides], reports)

    labels = errors(None)
    by_issue = {issue: replace(errors(issue), design_effects=labels.design_effects) for issue in ISSUES}
    return MeasuredErrors(labels, by_issue)


def _labels_on(issue: Issue | None, stances: Sequence[Stance]) -> frozenset[Label]:
    return frozenset(stance.label for stance in stances if issue in (None, stance.issue))


def compare(
    items: Sequence[LabelledExample],
    first: tuple[Sequence[Probabilities], DecisionRule],
    second: tuple[Sequence[Probabilities], DecisionRule],
) -> dict[str, Estimate]:
    """The first classifier's scores less the second's on the same sentences, with paired bootstrap intervals."""
    one, other = (outcome(items, probabilities, rule) for probabilities, rule in (first, second))
    clusters = report_numbers(items)
    return {
        name: paired_difference(one, other, clusters, METRICS[name], seed=BOOTSTRAP_SEED)
        for name in ("macro_f1", "actor_label_f1", "actor_label_issue_f1")
    }


def report_numbers(items: Sequence[LabelledExample]) -> Ints:
    """The number of each sentence's report, from 0: the clusters of the bootstrap."""
    _, numbers = np.unique([item.sentence.report_id for item in items], return_inverse=True)
    return numbers.astype(np.int64)


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """The record as plain JSON data."""
    record = asdict(evaluation)
    record["scores"] = {name: score._asdict() for name, score in evaluation.scores.items()}
    return record


def from_json(record: Mapping[str, Any]) -> Evaluation:
    """The evaluation that ``as_json`` made ``record`` of."""
    return Evaluation(
        classifier=record["classifier"],
        test=record["test"],
        n_reports=record["n_reports"],
        n_sentences=record["n_sentences"],
        scores={name: Estimate(**score) for name, score in record["scores"].items()},
        labels={Label(label): LabelScore(**score) for label, score in record["labels"].items()},
        attribution=Attribution(**record["attribution"]),
    )


def format_estimate(score: Estimate | Mapping[str, float], *, signed: bool = False) -> str:
    """``0.71 [0.66, 0.75]``, with signs for differences."""
    values = score._asdict() if isinstance(score, Estimate) else score
    sign = "+" if signed else ""
    return f"{values['value']:{sign}.3f} [{values['low']:{sign}.3f}, {values['high']:{sign}.3f}]"


def _agreement(sides: Sequence[Sequence[Sequence[Stance]]]) -> Outcome:
    """Two annotators' stances, sentence by sentence: the first as gold, the second as prediction."""
    labels = [
        np.array([[any(s.label is label for s in stances) for label in LABELS] for stances in side]) for side in sides
    ]
    sets = [[set(stances) for stances in side] for side in sides]
    pairs = [[_pairs(stances) for stances in side] for side in sets]
    return Outcome(labels[0], labels[1], labels[1].astype(float), _counts(*pairs), _counts(*sets))


def _any_label(codes: Bools) -> Bools:
    """Whether a sentence has any label, shape (n_sentences, 1)."""
    held: Bools = np.logical_or.reduce(codes, axis=1, keepdims=True)
    return held


def _label_scores(result: Outcome) -> dict[Label, LabelScore]:
    n_gold, n_predicted = result.gold.sum(axis=0), result.predicted.sum(axis=0)
    shared = (result.gold & result.predicted).sum(axis=0)
    scores = f1(n_gold, n_predicted, shared)
    return {
        label: LabelScore(
            precision=float(shared[column] / max(n_predicted[column], 1)),
            recall=float(shared[column] / max(n_gold[column], 1)),
            f1=float(scores[column]),
            support=int(n_gold[column]),
        )
        for column, label in enumerate(LABELS)
    }


def _attribution(
    items: Sequence[LabelledExample], probabilities: Sequence[Probabilities], rule: DecisionRule
) -> Attribution:
    n_gold = n_reachable = right = wrong_actor = wrong_label = missed = 0
    for item, answer in zip(items, probabilities, strict=True):
        gold = _pairs(set(item.sentence.stances))
        found = _pairs(set(rule.stances(item.example, rule.calibrate(answer))))
        candidates = {candidate.actor for candidate in item.example.candidates} | {NOBODY}
        gold_labels = {label for _, label in gold}
        n_gold += len(gold)
        n_reachable += sum(actor in candidates for actor, _ in gold)
        right += len(gold & found)
        missed += len(gold - found)
        wrong_actor += sum(label in gold_labels for _, label in found - gold)
        wrong_label += sum(label not in gold_labels for _, label in found - gold)
    return Attribution(n_reachable / max(n_gold, 1), right, wrong_actor, wrong_label, missed)


def _pairs(stances: set[Stance]) -> set[tuple[str, Label]]:
    return {(stance.actor, stance.label) for stance in stances}


def _counts(gold: Sequence[set[Any]], found: Sequence[set[Any]]) -> Ints:
    """Gold, found and shared elements of each sentence, shape (n_sentences, 3)."""
    return np.array([(len(a), len(b), len(a & b)) for a, b in zip(gold, found, strict=True)], dtype=np.int64)

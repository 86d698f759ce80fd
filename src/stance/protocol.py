"""The evaluation protocol: what each classifier is trained on, what its rule is chosen on, what it is tested on.

1. Trained on the training reports, its rule chosen on the development reports, tested on the seeds and on the
   frozen test. This classifier is the one that is released: what was measured is what is used.
2. Trained on four seeds, tested on the fifth, all five pooled.
3. Trained on growing shares of the training reports, tested on the development reports: the learning curve.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from stance.actors import ActorTable
from stance.calibration import choose_rule
from stance.codebook import Example, StanceError
from stance.config import ProtocolConfig
from stance.context import answers_in_context
from stance.dataset import (
    LabelledExample,
    Register,
    Split,
    Targets,
    data_hash,
    label_examples,
    read_registers,
    read_splits,
    targets,
)
from stance.evaluation import Evaluation, evaluate, measured_errors, outcome, report_numbers
from stance.labels import read_labels
from stance.metrics import Estimate, estimate, macro_f1
from stance.predictions import Classifier, DecisionRule, Probabilities
from stance.quantification import MeasuredErrors

DEVELOPMENT, SEEDS, TEST, FOLDS = "development", "seeds", "frozen test", "seeds, left one out"


@dataclass(frozen=True, slots=True)
class Data:
    """Everything labelled, as examples, by what it is for."""

    train: Sequence[LabelledExample]
    development: Sequence[LabelledExample]
    test: Sequence[LabelledExample]
    seeds: Sequence[LabelledExample]
    hash: str
    registers: Mapping[str, Register] = field(default_factory=dict)  # of some reports


class Trainable(Classifier, Protocol):
    """A classifier that can be fitted."""

    def fit(self, examples: Sequence[Example], targets: Sequence[Targets], *, progress: str = "") -> Self:
        """Fit to ``examples`` and their right answers; ``progress`` titles a progress bar."""
        ...


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Macro-F1 on the development reports after training on a share of the training reports."""

    classifier: str
    share: float
    n_sentences: int
    macro_f1: Estimate


@dataclass(slots=True)
class Contender:
    """A classifier's way through the protocol, filled as it goes.

    ``make`` gives a new classifier; with True, one for the small folds of the seeds.
    """

    name: str
    make: Callable[[bool], Trainable]
    released: Trainable | None = None
    rule: DecisionRule = field(default_factory=DecisionRule)
    errors: MeasuredErrors | None = None  # on the development reports
    answers: dict[str, Sequence[Probabilities]] = field(default_factory=dict)
    rules: dict[str, DecisionRule] = field(default_factory=dict)
    evaluations: list[Evaluation] = field(default_factory=list)
    curve: list[CurvePoint] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Say which part runs, and record how long it took."""
        print(f"{self.name}: {part}", file=sys.stderr, flush=True)
        start = time.perf_counter()
        yield
        self.seconds[part] = round(time.perf_counter() - start, 1)


def load_data(*, labels: Path, corpus: Path, splits: Path, actors: Sequence[Path]) -> Data:
    """Read and check the data files; the registers of reports from the corpus's folder, if it has a ``registers.csv``.

    Outlets come with the sentences (``read_labels``).

    Raises:
        StanceError: for any fault in them, or if a part of the split is empty.
    """
    table = ActorTable.read(*actors)
    seeds, sentences = read_labels(labels), read_labels(corpus)
    if not seeds:
        raise StanceError(f"{labels}: no labelled sentence there; at least one is needed")
    by_report = read_splits(splits, sentences)
    parts: dict[Split, list[LabelledExample]] = {split: [] for split in Split}
    for item in label_examples(sentences, table):
        parts[by_report[item.sentence.report_id]].append(item)
    for split, items in parts.items():
        if not items:
            raise StanceError(f"{splits}: no report is for {split}; each of {', '.join(Split)} must have one")
    return Data(
        parts[Split.TRAIN],
        parts[Split.DEVELOPMENT],
        parts[Split.TEST],
        label_examples(seeds, table),
        data_hash([*seeds, *sentences]),
        read_registers(corpus.with_name("registers.csv")),
    )


def run(contender: Contender, data: Data, protocol: ProtocolConfig) -> None:
    """Take a classifier through the protocol."""
    with contender.timed("train"):
        contender.released = _fit(contender, data.train, "training reports")
    with contender.timed("choose the rule"):
        development = answers_in_context(contender.released, _examples(data.development))
        contender.rule = choose_rule(data.development, development)
        contender.errors = measured_errors(data.development, development, contender.rule)
    for test, items in ((SEEDS, data.seeds), (TEST, data.test)):
        _test(contender, contender.released, test, items)
    if protocol.leave_one_seed_out:
        with contender.timed("leave one seed out"):
            _leave_one_seed_out(contender, data.seeds)
    with contender.timed("learning curve"):
        _learning_curve(contender, data, protocol.curve_shares, development)
    contender.evaluations.append(evaluate(contender.name, DEVELOPMENT, data.development, development, contender.rule))


def develop(contender: Contender, data: Data) -> Evaluation:
    """Train on the training reports, score on the development reports: for choosing between settings.

    The decision rule is chosen on the same reports, so the score flatters all settings alike.
    """
    answers = answers_in_context(_fit(contender, data.train, "training reports"), _examples(data.development))
    return evaluate(contender.name, DEVELOPMENT, data.development, answers, choose_rule(data.development, answers))


def _fit(contender: Contender, items: Sequence[LabelledExample], what: str, *, small: bool = False) -> Trainable:
    return contender.make(small).fit(
        _examples(items), [targets(item) for item in items], progress=f"{contender.name}, {what}"
    )


def _test(contender: Contender, classifier: Classifier, test: str, items: Sequence[LabelledExample]) -> None:
    with contender.timed(f"test on {test}"):
        answers = answers_in_context(classifier, _examples(items))
        _record(contender, test, items, answers, contender.rule)


def _record(
    contender: Contender,
    test: str,
    items: Sequence[LabelledExample],
    answers: Sequence[Probabilities],
    rule: DecisionRule,
) -> None:
    contender.answers[test], contender.rules[test] = answers, rule
    contender.evaluations.append(evaluate(contender.name, test, items, answers, rule))


def _leave_one_seed_out(contender: Contender, seeds: Sequence[LabelledExample]) -> None:
    """There is nothing to choose a rule on: the decisions are taken at 0.5."""
    answers: dict[int, Probabilities] = {}
    numbers = report_numbers(seeds)
    for fold in np.unique(numbers):
        training = [item for item, number in zip(seeds, numbers, strict=True) if number != fold]
        classifier = _fit(contender, training, f"seeds but {fold + 1} of {numbers.max() + 1}", small=True)
        rows = [row for row, number in enumerate(numbers) if number == fold]
        answers |= dict(zip(rows, answers_in_context(classifier, _examples([seeds[row] for row in rows])), strict=True))
    _record(contender, FOLDS, seeds, [answers[row] for row in range(len(seeds))], DecisionRule())


def _learning_curve(
    contender: Contender, data: Data, shares: Sequence[float], at_full_share: Sequence[Probabilities]
) -> None:
    """Each share holds the reports of the smaller ones; every point's rule is chosen as that of the whole."""
    for share in shares:
        items = share_of_reports(data.train, share)
        classifier = _fit(contender, items, f"{share:.0%} of the training reports")
        _curve_point(contender, data, share, len(items), answers_in_context(classifier, _examples(data.development)))
    _curve_point(contender, data, 1.0, len(data.train), at_full_share)


def _curve_point(
    contender: Contender, data: Data, share: float, n_sentences: int, answers: Sequence[Probabilities]
) -> None:
    result = outcome(data.development, answers, choose_rule(data.development, answers))
    score = estimate(result, report_numbers(data.development), macro_f1, seed=1)
    contender.curve.append(CurvePoint(contender.name, share, n_sentences, score))


def share_of_reports(items: Sequence[LabelledExample], share: float) -> list[LabelledExample]:
    """The sentences of a share of the reports, always the same; a smaller share is a part of a larger one."""
    reports = sorted({item.sentence.report_id for item in items})
    order = np.random.default_rng(1).permutation(len(reports))
    kept = {reports[index] for index in order[: max(1, round(share * len(reports)))]}
    return [item for item in items if item.sentence.report_id in kept]


def _examples(items: Sequence[LabelledExample]) -> list[Example]:
    return [item.example for item in items]

"""The corrected firmness of actors against the annotators', on labelled reports that the model never saw.

python benchmarks/real_reports.py        # a minute; writes benchmarks/real_reports.md

All reports of a test are one period. The errors were measured on the development reports.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from math import nan
from pathlib import Path
from typing import Final

from stance.classify import StanceClassifier, load_classifier
from stance.codebook import FIRM_LABELS, DatedStance, ReadReport, Stance, StanceError
from stance.context import answers_in_context
from stance.dataset import LabelledExample, Split, label_examples, read_splits
from stance.firmness import ActorPeriod
from stance.labels import LabelledSentence, read_labels
from stance.paths import HOME
from stance.periods import period_of
from stance.reading import coded_reports, read_by_classifier
from stance.shifts import ShiftAnalysis, analyse

HERE: Final = Path(__file__).parent
MIN_GOLD: Final = 8  # stances of an actor by the annotators
MIN_ISSUE_GOLD: Final = 5  # on one issue
HEAD: Final = """
| test | actor | stances: annotators | found | firmness: annotators | found | expected | corrected (95 %) | holds |
| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | --- |"""
Pair = tuple[ActorPeriod, ActorPeriod]  # by the annotators, by the model


def main() -> int:
    """Compare all actors with stances enough and write the table."""
    classifier = load_classifier()
    corpus = read_labels(HOME / "data/corpus.csv")
    splits = read_splits(HOME / "data/splits.csv", corpus)
    tests = {
        "frozen test": [sentence for sentence in corpus if splits[sentence.report_id] is Split.TEST],
        "seeds": read_labels(HOME / "data/labels.csv"),
    }
    analyses = {test: analysed(classifier, sentences) for test, sentences in tests.items()}
    rows = [(test, *pair) for test, sides in analyses.items() for pair in paired(*(side.periods for side in sides))]
    on_issues = [
        (f"{test}, {pair[0].issue}", *pair)
        for test, sides in analyses.items()
        for pair in paired(*(side.issue_periods for side in sides), at_least=MIN_ISSUE_GOLD)
    ]
    text = "\n".join(
        [
            "# Firmness on labelled reports that the model never saw",
            "",
            f"`python benchmarks/real_reports.py`: actors with {MIN_GOLD} stances or more by the annotators; all "
            "reports of a test taken together.",
            "",
            held_words(rows, ("found", "expected", "corrected")),
            HEAD,
            *(table_row(*row) for row in rows),
            "",
            "## On single issues",
            "",
            f"Actors with {MIN_ISSUE_GOLD} stances or more on the issue by the annotators, and 3 found.",
            "",
            held_words(on_issues, ("found", "corrected")),
            HEAD,
            *(table_row(*row) for row in on_issues),
            "",
        ]
    )
    (HERE / "real_reports.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


def held_words(rows: Sequence[tuple[str, ActorPeriod, ActorPeriod]], estimates: Sequence[str]) -> str:
    """How many intervals hold the annotators' share, and how far each estimate is off."""
    held = [cell.firmness.low <= gold.firmness.value <= cell.firmness.high for _, gold, cell in rows]
    errors = {
        name: sum(abs(ESTIMATES[name](cell) - gold.firmness.value) for _, gold, cell in rows) / len(rows)
        for name in estimates
    }
    return (
        f"The corrected 95 % interval holds the annotators' share for {sum(held)} of {len(held)} actors. Mean "
        f"absolute error: {', '.join(f'{name} {error:.3f}' for name, error in errors.items())}."
    )


def analysed(
    classifier: StanceClassifier, sentences: Sequence[LabelledSentence]
) -> tuple[ShiftAnalysis, ShiftAnalysis]:
    """The annotators' and the model's picture."""
    items = label_examples(sentences, classifier.table)
    gold = (dated(item, stance) for item in items for stance in item.sentence.stances)
    whole = partial(period_of, by=[])
    read = list(read_reports(classifier, items))
    return analyse(coded_reports(gold), period=whole), analyse(read, period=whole, errors=classifier.model.errors)


def paired(gold: Sequence[ActorPeriod], model: Sequence[ActorPeriod], *, at_least: int = MIN_GOLD) -> Iterator[Pair]:
    """For each actor, and issue, with stances enough: the annotators' and the model's picture."""
    found = {(cell.actor, cell.issue): cell for cell in model}
    for cell in gold:
        if cell.n_stances >= at_least and (cell.actor, cell.issue) in found:
            yield cell, found[cell.actor, cell.issue]


def read_reports(classifier: StanceClassifier, items: Sequence[LabelledExample]) -> Iterator[ReadReport]:
    """The reports as the model reads them."""
    answers = answers_in_context(classifier.model.classifier, [item.example for item in items])
    pairs = zip(items, answers, strict=True)
    for report_id, group in groupby(pairs, key=lambda pair: pair[0].sentence.report_id):
        answered = list(group)
        asked = [(item.sentence.position, item.example, answer) for item, answer in answered]
        yield read_by_classifier(report_id, day(answered[0][0]), report_id, asked, classifier.model.rule)


def dated(item: LabelledExample, stance: Stance) -> DatedStance:
    """A stance of the annotators with its place."""
    sentence = item.sentence
    return DatedStance(
        sentence.report_id, day(item), sentence.position, sentence.text, stance.actor, stance.label, stance.issue
    )


def day(item: LabelledExample) -> dt.date:
    """The date of the report that a sentence is from."""
    if item.sentence.date is None:
        raise StanceError(f"{item.sentence.report_id}: no date; every report of a test must have one")
    return item.sentence.date


def expected(cell: ActorPeriod) -> float:
    """Firmness by calibrated probabilities; of a single issue there are none."""
    by_label = cell.expected
    return sum(by_label[label] for label in FIRM_LABELS) / sum(by_label.values()) if by_label else nan


ESTIMATES: Final[Mapping[str, Callable[[ActorPeriod], float]]] = {
    "found": lambda cell: cell.firmness_found,
    "expected": expected,
    "corrected": lambda cell: cell.firmness.value,
}


def table_row(test: str, gold: ActorPeriod, cell: ActorPeriod) -> str:
    """One actor."""
    value, low, high = cell.firmness
    by_probability = f"{expected(cell):.2f}" if cell.expected else "–"
    return (
        f"| {test} | {gold.actor} | {gold.n_stances} | {cell.n_stances} | {gold.firmness.value:.2f} | "
        f"{cell.firmness_found:.2f} | {by_probability} | {value:.2f} ({low:.2f} to {high:.2f}) | "
        f"{'yes' if low <= gold.firmness.value <= high else 'no'} |"
    )


if __name__ == "__main__":
    sys.exit(main())

"""Labelled sentences to training examples; the fixed splits; a hash of what was trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stance.actors import ActorTable, build_examples
from stance.arrays import Float32s
from stance.codebook import ISSUES, LABELS, NOBODY, Example, StanceError
from stance.labels import LabelledSentence
from stance.tables import choice, filled, read_rows

if TYPE_CHECKING:
    import datasets

SPLIT_COLUMNS = ("report_id", "split")
REGISTER_COLUMNS = ("report_id", "register")


class Split(StrEnum):
    """What a report of the corpus is for."""

    TRAIN = "train"
    DEVELOPMENT = "development"
    TEST = "test"


class Register(StrEnum):
    """In what manner a report is told."""

    WIRE = "wire"  # a plain news report of one event or statement
    FEATURE = "feature"  # a longer report with scenes, background or explanation
    LIVE_BLOG = "live blog"
    STATEMENT = "statement"  # a speech, read-out, communiqué, briefing or interview: one party's own voice
    OPINION = "opinion"


@dataclass(frozen=True, slots=True)
class LabelledExample:
    """A question to a classifier and the annotators' answer."""

    sentence: LabelledSentence
    example: Example


class Targets(NamedTuple):
    """The right answers to an example's queries.

    *Shape:* ``labels`` (n_queries, 4), 0 or 1; ``issues`` (n_queries, 4, 10), for each label that holds the
    gold issues in equal shares, else zeros.
    """

    labels: Float32s
    issues: Float32s


def label_examples(sentences: Iterable[LabelledSentence], table: ActorTable) -> list[LabelledExample]:
    """Examples for labelled sentences, each report in order; a gap in the positions breaks the context."""
    items: list[LabelledExample] = []
    ordered = sorted(sentences, key=lambda sentence: (sentence.report_id, sentence.position))
    for _, run in groupby(enumerate(ordered), key=lambda pair: (pair[1].report_id, pair[1].position - pair[0])):
        report = [sentence for _, sentence in run]
        examples = build_examples([sentence.text for sentence in report], table, report[0].date, report[0].outlet)
        items.extend(map(LabelledExample, report, examples))
    return items


def targets(item: LabelledExample) -> Targets:
    """The gold answers to the queries of ``item``: anyone's stances, then each candidate's."""
    actors = [candidate.actor for candidate in item.example.candidates]
    issues = np.zeros((item.example.n_queries, len(LABELS), len(ISSUES)), dtype=np.float32)
    for stance in item.sentence.stances:
        column, issue = LABELS.index(stance.label), ISSUES.index(stance.issue)
        issues[0, column, issue] = 1
        if stance.actor in actors and stance.actor != NOBODY:
            issues[1 + actors.index(stance.actor), column, issue] = 1
    n_issues = issues.sum(axis=2, keepdims=True)
    return Targets((n_issues[:, :, 0] > 0).astype(np.float32), issues / np.maximum(n_issues, 1))


def read_splits(path: Path, sentences: Sequence[LabelledSentence]) -> dict[str, Split]:
    """The split of every report in ``sentences``.

    Raises:
        StanceError: for a bad row, a report that is named twice or not at all, or a split that breaks the
            protocol (``check_splits``).
    """
    splits: dict[str, Split] = {}
    for where, row in read_rows(path, SPLIT_COLUMNS):
        report_id = filled(where, row, "report_id")
        if report_id in splits:
            raise StanceError(f"{where}: report {report_id!r} stands twice; once is allowed")
        splits[report_id] = choice(where, "split", row["split"], Split)
    reports = {sentence.report_id for sentence in sentences}
    if reports != splits.keys():
        odd = sorted(reports ^ splits.keys())[:3]
        raise StanceError(f"{path}: {', '.join(odd)}: each report of the corpus must have one row, and no other may")
    check_splits(path, sentences, splits)
    return splits


def read_registers(path: Path) -> dict[str, Register]:
    """The register of each report that the file lists; none where there is no such file.

    Raises:
        StanceError: for a bad row, or a report that is named twice.
    """
    registers: dict[str, Register] = {}
    for where, row in read_rows(path, REGISTER_COLUMNS) if path.exists() else ():
        report_id = filled(where, row, "report_id")
        if report_id in registers:
            raise StanceError(f"{where}: report {report_id!r} stands twice; once is allowed")
        registers[report_id] = choice(where, "register", row["register"], Register)
    return registers


def check_splits(path: Path, sentences: Sequence[LabelledSentence], splits: Mapping[str, Split]) -> None:
    """Hold the splits against the evaluation protocol.

    Raises:
        StanceError: if a test report is not dated after every training and development report of its conflict
            (a conflict wholly in the test is unseen), or the test has no unseen conflict.
    """
    last_seen: dict[str, LabelledSentence] = {}
    for sentence in sentences:
        known = last_seen.get(sentence.conflict)
        is_later = known is None or known.date is None or (sentence.date and sentence.date > known.date)
        if sentence.date and is_later and splits[sentence.report_id] is not Split.TEST:
            last_seen[sentence.conflict] = sentence
    tested = [sentence for sentence in sentences if splits[sentence.report_id] is Split.TEST]
    for sentence in tested:
        seen = last_seen.get(sentence.conflict)
        if seen and seen.date and (sentence.date is None or sentence.date <= seen.date):
            raise StanceError(
                f"{path}: test report {sentence.report_id} is dated {sentence.date}; it must be later than "
                f"{seen.report_id} of {seen.date}, which is seen in training and on the same conflict"
            )
    seen_conflicts = {sentence.conflict for sentence in sentences if splits[sentence.report_id] is not Split.TEST}
    if tested and all(sentence.conflict in seen_conflicts for sentence in tested):
        raise StanceError(f"{path}: every conflict of the test is seen in training; at least one must not be")


def data_hash(sentences: Iterable[LabelledSentence]) -> str:
    """SHA-256 of the labelled sentences' content, whatever their order."""
    return hashlib.sha256("\n".join(sorted(map(repr, sentences))).encode()).hexdigest()


def as_dataset(items: Sequence[LabelledExample]) -> datasets.Dataset:
    """A Hugging Face data set with a row for each (sentence, actor) query, for models of your own.

    Columns: report_id, position, sentence, context, actor ("" asks for anyone), labels (4 floats, Label order),
    issues (the gold issues' names).
    """
    import datasets

    rows = []
    for item in items:
        answers = targets(item)
        for query, actor in enumerate([NOBODY, *(candidate.actor for candidate in item.example.candidates)]):
            rows.append(
                {
                    "report_id": item.sentence.report_id,
                    "position": item.sentence.position,
                    "sentence": item.example.sentence,
                    "context": item.example.context,
                    "actor": actor,
                    "labels": answers.labels[query].tolist(),
                    "issues": [issue for issue in ISSUES if answers.issues[query, :, ISSUES.index(issue)].any()],
                }
            )
    return datasets.Dataset.from_list(rows)

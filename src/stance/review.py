"""Checking a sample of a classifier's decisions by hand: the answers stand in the place of the decisions in a report.

The sample is drawn by what was decided, never by how sure the classifier was, so that the rest still errs as measured.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from stance.codebook import LABELS, NONE, Checked, DatedStance, Example, Issue, Label, ReadReport, StanceError
from stance.predictions import DecisionRule, Probabilities
from stance.tables import as_cell, choice, from_cell, read_rows, write_rows

COLUMNS: Final = ("report_id", "date", "position", "actor", "labels", "sentence", "before", "draw")
SEPARATOR: Final = ";"
OF: Final = " of "  # between the mark of a draw and how many were drawn
Key = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class AskedPair:
    """A sentence and a party that may hold a stance in it; ``found`` are the labels decided.

    ``before`` is what a reader needs to know who speaks: the outlet and the sentence before.
    """

    report_id: str
    date: dt.date
    position: int
    actor: str
    found: frozenset[Label]
    sentence: str
    before: str = ""

    @property
    def key(self) -> Key:
        return self.report_id, self.position, self.actor


def asked_pairs(
    report_id: str,
    date: dt.date,
    outlet: str,
    answered: Iterable[tuple[int, Example, Probabilities]],
    rule: DecisionRule,
) -> Iterator[AskedPair]:
    """Every pair of one report: from position, example and answer of each sentence, in order."""
    before = outlet
    for position, example, answer in answered:
        stances = rule.stances(example, rule.calibrate(answer))
        for candidate in example.candidates:
            found = frozenset(stance.label for stance in stances if stance.actor == candidate.actor)
            yield AskedPair(report_id, date, position, candidate.actor, found, example.sentence, before)
        before = f"{outlet}: {example.sentence}" if outlet else example.sentence


def draw(pairs: Sequence[AskedPair], n: int, *, seed: int) -> list[AskedPair]:
    """``n`` pairs to check, or all if there are fewer: one of each decided class in turn, at random within a class."""
    rng = np.random.default_rng(seed)
    classes: dict[tuple[Label, ...], list[AskedPair]] = {}
    for pair in sorted(pairs, key=lambda pair: pair.key):
        classes.setdefault(_ordered(pair.found), []).append(pair)
    shuffled = [[group[index] for index in rng.permutation(len(group))] for _, group in sorted(classes.items())]
    chosen: list[AskedPair] = []
    while len(chosen) < min(n, len(pairs)):
        chosen += [group.pop() for group in shuffled if group]
    return sorted(chosen[:n], key=lambda pair: (pair.date, *pair.key))


def review_table(pairs: Iterable[AskedPair]) -> str:
    """The CSV to fill in: ``labels`` is empty, for the labels that the party holds here, or none.

    What was decided is not shown, lest it sway the answer; ``draw`` tells later whether it is still the same, and how
    many were drawn.
    """
    drawn = list(pairs)
    rows = (
        (
            pair.report_id, pair.date, pair.position, pair.actor, "", pair.sentence, pair.before,
            f"{draw_mark(pair)}{OF}{len(drawn)}",
        )
        for pair in drawn
    )  # fmt: skip
    table = io.StringIO()
    write_rows(table, (map(as_cell, row) for row in (COLUMNS, *rows)))
    return table.getvalue()


def read_review(path: Path, pairs: Iterable[AskedPair]) -> dict[Key, frozenset[Label]]:
    """The labels that were filled in, by report, position and actor.

    Raises:
        StanceError: for a bad row or one without labels, or one that is not among ``pairs`` with the same sentence and
            decision: then the texts or the classifier are others than those of the review.
    """
    rows = list(read_rows(path, COLUMNS))
    for where, row in rows:
        if row["draw"].partition(OF)[2] != str(len(rows)):
            raise StanceError(
                f"{where}: draw is {row['draw']!r} and the table has {len(rows)} rows; all that were drawn must be "
                "there, or the sample is no longer random"
            )
    return read_answers(path, [(where, {**row, "draw": row["draw"].partition(OF)[0]}) for where, row in rows], pairs)


def read_answers(
    path: Path, rows: Sequence[tuple[str, Mapping[str, str]]], pairs: Iterable[AskedPair]
) -> dict[Key, frozenset[Label]]:
    """The same from rows that were read already, each with its place."""
    known = {pair.key: pair for pair in pairs}
    n_empty = sum(not row["labels"].strip() for _, row in rows)
    if n_empty or not rows:
        raise StanceError(
            f"{path}: {n_empty} of {len(rows)} rows have no labels; all must be filled in, or the sample is no longer "
            "random (draw fewer with --n)"
        )
    answers: dict[Key, frozenset[Label]] = {}
    for where, row in rows:
        pair, labels = _answer(where, row, known)
        if pair.key in answers:
            raise StanceError(
                f"{where}: a second answer for {pair.actor!r} in sentence {pair.position} of {pair.report_id}"
            )
        answers[pair.key] = labels
    return answers


def _answer(where: str, row: Mapping[str, str], known: Mapping[Key, AskedPair]) -> tuple[AskedPair, frozenset[Label]]:
    position = int(row["position"]) if row["position"].isdecimal() else 0
    report_id, actor, sentence = (from_cell(row[column]) for column in ("report_id", "actor", "sentence"))
    pair = known.get((report_id, position, actor))
    if pair is None or pair.sentence != sentence:
        raise StanceError(
            f"{where}: sentence {row['position']} of {report_id!r} does not ask about {actor!r} in these words; the "
            "reports must be those of the review"
        )
    if row["draw"] != draw_mark(pair):
        raise StanceError(f"{where}: the model decides otherwise than when the review was drawn; use the same model")
    return pair, _labels(where, row["labels"])


def with_checks(
    reports: Sequence[ReadReport], pairs: Iterable[AskedPair], checked: Mapping[Key, frozenset[Label]]
) -> list[ReadReport]:
    """The reports with the checked answers in the place of the decisions, and a note of both for the analysis.

    ``pairs`` are all that the sample was drawn from, not only those ``checked``.
    """
    by_report: dict[str, list[AskedPair]] = {}
    for pair in pairs:
        by_report.setdefault(pair.report_id, []).append(pair)
    return [_with_checks(report, by_report.get(report.report_id, []), checked) for report in reports]


def _with_checks(report: ReadReport, pairs: Sequence[AskedPair], checked: Mapping[Key, frozenset[Label]]) -> ReadReport:
    stances = list(report.stances)
    n_decided: dict[str, Counter[frozenset[Label]]] = {}
    answers: dict[str, list[tuple[frozenset[Label], frozenset[Label]]]] = {}
    for pair in pairs:
        n_decided.setdefault(pair.actor, Counter())[pair.found] += 1
        if (labels := checked.get(pair.key)) is None:
            continue
        answers.setdefault(pair.actor, []).append((pair.found, labels))
        mine = [one for one in stances if (one.report_id, one.position, one.actor) == pair.key]
        stances = [one for one in stances if one not in mine]
        stances += [one for one in mine if one.label in labels]
        stances += [
            DatedStance(report.report_id, report.date, pair.position, pair.sentence, pair.actor, label, Issue.OTHER)
            for label in _ordered(labels - pair.found)
        ]
    notes = {actor: Checked(decided, tuple(answers.get(actor, ()))) for actor, decided in n_decided.items()}
    return replace(report, stances=tuple(stances), checked=notes)


def _labels(where: str, value: str) -> frozenset[Label]:
    parts = [part.strip().lower() for part in value.split(SEPARATOR)]
    if parts == [NONE]:
        return frozenset()
    if NONE in parts:
        raise StanceError(f"{where}: labels {value!r}: none stands alone, or labels divided by {SEPARATOR}")
    return frozenset(
        choice(where, "labels", part, Label, also=f"none, or several divided by {SEPARATOR}") for part in parts
    )


def draw_mark(pair: AskedPair) -> str:
    """A mark of the pair and what was decided, from which nobody reads the decision."""
    return hashlib.sha256("\0".join(map(str, (*pair.key, *_ordered(pair.found)))).encode()).hexdigest()[:8]


def _ordered(labels: Iterable[Label]) -> tuple[Label, ...]:
    return tuple(sorted(labels, key=LABELS.index))

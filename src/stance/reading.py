"""Reports to what the shift analysis counts: read by a classifier, or coded by people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from stance.codebook import LABELS, NOBODY, Asked, DatedStance, Example, Issue, Label, ReadReport, StanceError
from stance.predictions import DecisionRule, Probabilities
from stance.stanced_sentences import read_jsonl
from stance.tables import choice, filled, from_cell, number, parse_date, split_rows, whole_number

if TYPE_CHECKING:
    import pandas as pd

CODED_COLUMNS: Final = ("report_id", "date", "actor", "label", "issue")
CODED_OPTIONAL: Final = ("position", "probability", "sentence", "copy_of")


def read_by_classifier(
    report_id: str,
    date: dt.date,
    reference: str,
    answered: Iterable[tuple[int, Example, Probabilities]],
    rule: DecisionRule,
) -> ReadReport:
    """A report as a classifier read it: from position, example and answer of each sentence, in order."""
    stances: list[DatedStance] = []
    n_asked: dict[str, int] = {}
    expected: dict[str, np.ndarray] = {}
    n_sentences = 0
    for position, example, answer in answered:
        n_sentences += 1
        calibrated = rule.calibrate(answer)
        for stance, probability in rule.stances(example, calibrated).items():
            place = (report_id, date, position, example.sentence)
            stances.append(DatedStance(*place, stance.actor, stance.label, stance.issue, probability))
        for candidate, labels in zip(example.candidates, calibrated.labels[1:], strict=True):
            n_asked[candidate.actor] = n_asked.get(candidate.actor, 0) + 1
            expected[candidate.actor] = expected.get(candidate.actor, np.zeros(len(LABELS))) + labels
    asked = {actor: Asked(n, dict(zip(LABELS, expected[actor].tolist(), strict=True))) for actor, n in n_asked.items()}
    return ReadReport(report_id, date, reference, n_sentences, tuple(stances), asked)


def coded_reports(stances: Iterable[DatedStance], references: Mapping[str, str] | None = None) -> list[ReadReport]:
    """Reports as people coded them, in order of date and id; ``references`` says how to cite each, by its id.

    Raises:
        StanceError: if a report has stances of two dates.
    """
    reports = []
    ordered = sorted(stances, key=lambda stance: (stance.report_id, stance.date, stance.position))
    for report_id, group in groupby(ordered, key=lambda stance: stance.report_id):
        held = tuple(group)
        if held[0].date != held[-1].date:
            raise StanceError(
                f"report {report_id!r} is dated {held[0].date} and {held[-1].date}; it must have one date"
            )
        reports.append(ReadReport(report_id, held[0].date, (references or {}).get(report_id, report_id), 0, held))
    return sorted(reports, key=lambda report: (report.date, report.report_id))


def read_coded(path: Path) -> list[ReadReport]:
    """Stances that people coded, from a CSV such as ``stances.csv`` of a shift report, or from an export ``.jsonl``.

    A CSV must have the columns ``CODED_COLUMNS`` and may have ``CODED_OPTIONAL`` and others, which are not read.

    Raises:
        StanceError: naming file, line, value and what is allowed.
    """
    if path.suffix.lower() == ".jsonl":
        return _of_sentences(path)
    rows = split_rows(path)
    where, header = next(rows, (f"{path}:1", []))
    _check_columns(where, header)
    cells = ((where, map(from_cell, map(_trimmed, header, row))) for where, row in rows)
    return _coded_reports(str(path), ((where, dict(zip(header, row, strict=True))) for where, row in cells))


def coded_frame(frame: pd.DataFrame) -> list[ReadReport]:
    """Stances that people coded, from a table in memory with the columns of ``read_coded``.

    Dates are text (YYYY-MM-DD), dates or timestamps; missing values are empty fields. The index only names rows.

    Raises:
        StanceError: naming the row by its index, the value and what is allowed.

    >>> import pandas as pd
    >>> row = {"report_id": "r1", "date": "2030-01-01", "actor": "Belmark", "label": "demand", "issue": "talks"}
    >>> [report.stances[0].actor for report in coded_frame(pd.DataFrame([row]))]
    ['Belmark']
    """
    _check_columns("the table", list(frame.columns))
    known = frame[[name for name in (*CODED_COLUMNS, *CODED_OPTIONAL) if name in frame.columns]]
    rows = known.astype(object).where(known.notna(), "").to_dict("records")
    placed = ((f"row {index!r}", row) for index, row in zip(frame.index.tolist(), rows, strict=True))
    as_text = ((where, {name: _field(value) for name, value in row.items()}) for where, row in placed)
    return _coded_reports("the table", as_text)


def _field(value: object) -> str:
    """A value as a CSV would hold it."""
    if isinstance(value, dt.datetime):
        value = value.date()
    return str(value)


def _check_columns(where: str, header: Sequence[object]) -> None:
    missing = [column for column in CODED_COLUMNS if column not in header]
    if missing:
        raise StanceError(f"{where}: no column {', '.join(missing)}; it needs {', '.join(CODED_COLUMNS)}")
    for column in (*CODED_COLUMNS, *CODED_OPTIONAL):
        if header.count(column) > 1:
            raise StanceError(f"{where}: column {column} stands twice; it must stand once")


def _coded_reports(source: str, rows: Iterable[tuple[str, dict[str, str]]]) -> list[ReadReport]:
    """The reports in rows of fields, each with its place; empty rows do not count."""
    trimmed = ((where, {name: _trimmed(name, value) for name, value in row.items()}) for where, row in rows)
    filed = [(where, row) for where, row in trimmed if any(row.values())]
    stances = [_coded(where, row, index) for index, (where, row) in enumerate(filed, start=1)]
    if not stances:
        raise StanceError(f"{source}: no stance there; at least one is needed")
    copies = {row["report_id"]: row.get("copy_of", "") for _, row in filed}
    return _with_copies(coded_reports(stances), copies)


def _of_sentences(path: Path) -> list[ReadReport]:
    stances, copies = [], {}
    for sentence in read_jsonl(path):
        if sentence.date is None:
            raise StanceError(f"{path}: {sentence.where}: date is empty; it must be filled")
        place = (sentence.report_id, sentence.date, sentence.position, sentence.text)
        stances += [
            DatedStance(*place, held.actor, held.label, held.issue, probability)
            for held, probability in sentence.stances.items()
        ]
        copies[sentence.report_id] = sentence.copy_of
    if not stances:
        raise StanceError(f"{path}: no stance there; at least one is needed")
    return _with_copies(coded_reports(stances), copies)


def _with_copies(reports: Iterable[ReadReport], copies: Mapping[str, str]) -> list[ReadReport]:
    return [replace(report, copy_of=copies[report.report_id]) for report in reports]


def _trimmed(column: str, value: str) -> str:
    """A value as it was meant; spaces around what is no sentence are typing."""
    return value if column == "sentence" else value.strip()


def _coded(where: str, row: dict[str, str], index: int) -> DatedStance:
    date = parse_date(where, row["date"])
    if date is None:
        raise StanceError(f"{where}: date is empty; it must be filled")
    return DatedStance(
        filled(where, row, "report_id"),
        date,
        whole_number(where, "position", row.get("position") or index),
        row.get("sentence", ""),
        row["actor"] or NOBODY,
        choice(where, "label", row["label"].lower(), Label),
        choice(where, "issue", row["issue"].lower(), Issue),
        number(where, "probability", row.get("probability") or 1.0, 1.0),
    )

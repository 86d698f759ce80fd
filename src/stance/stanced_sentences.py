"""Sentences with the stances held in them, one by one: from reports that were read, JSON lines, or an archive."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from stance.codebook import NONE, Issue, Label, ReadReport, Stance, StanceError
from stance.json_lines import json_objects
from stance.tables import choice, number, parse_date, whole_number

N_ROWS: Final = 8_192  # of an archive, read at once
ARCHIVE_COLUMNS: Final = (
    "report_id", "date", "title", "outlet", "copy_of", "position", "start", "end", "sentence", "actor", "label",
    "issue", "reason", *Label,
)  # fmt: skip
FIELDS: Final = (
    "report_id", "date", "title", "outlet", "copy_of", "position", "start", "end", "sentence", "stances",
)  # fmt: skip
_LONE: Final = re.compile("[\\ud800-\\udfff]")  # halves of a character, which no file can hold
STANCE_FIELDS: Final = ("actor", "label", "issue", "probability")


@dataclass(frozen=True, slots=True)
class StancedSentence:
    """A sentence of a report and what is held in it, each stance with its probability, in [0, 1].

    ``text`` is empty where people coded without it, ``date`` None where it is unknown. ``start`` and ``end`` are
    offsets into the text of the report, None where they are unknown.
    """

    report_id: str
    date: dt.date | None
    position: int
    text: str
    stances: Mapping[Stance, float] = field(default_factory=dict)
    start: int | None = None
    end: int | None = None
    title: str = ""
    outlet: str = ""
    copy_of: str = ""

    @property
    def where(self) -> str:
        """Its place, for messages."""
        return f"report {self.report_id!r}, sentence {self.position}"

    @property
    def labels(self) -> list[Label]:
        """The labels held in it by anyone, in Label order."""
        held = {stance.label for stance in self.stances}
        return [label for label in Label if label in held]


def sentences_of(reports: Iterable[ReadReport]) -> Iterator[StancedSentence]:
    """The sentences that hold a stance, by report and position; a stance that is there twice counts once.

    Raises:
        StanceError: if one position of a report has two texts.

    >>> from stance.codebook import DatedStance
    >>> from stance.reading import coded_reports
    >>> one = DatedStance("r1", dt.date(2030, 1, 1), 4, "Belmark refused.", "Belmark", Label.REJECTION, Issue.TALKS)
    >>> [(found.position, found.text) for found in sentences_of(coded_reports([one]))]
    [(4, 'Belmark refused.')]
    """
    for report in reports:
        ordered = sorted(report.stances, key=lambda one: one.position)
        for position, group in groupby(ordered, key=lambda one: one.position):
            found = list(group)
            texts = sorted({one.sentence for one in found} - {""})
            if len(texts) > 1:
                raise StanceError(
                    f"report {report.report_id!r}, sentence {position}: {texts[0]!r} and {texts[1]!r}; a position must "
                    "be one sentence (or leave the column position out)"
                )
            place = (report.report_id, report.date, position, "".join(texts))
            held = _likeliest((Stance(one.actor, one.label, one.issue), one.probability) for one in found)
            yield StancedSentence(*place, held, copy_of=report.copy_of)


def archive_sentences(folder: Path) -> Iterator[StancedSentence]:
    """Every sentence of an archive that ``stance classify --out`` wrote, also those without a stance, part by part.

    Memory does not grow with the archive. Records that could not be read have no sentence and are left out.

    Raises:
        StanceError: if a file is not such a part.
    """
    for part in sorted(folder.glob("*.parquet")):
        rows = (row for row in _rows(part) if not row["reason"])
        for _, group in groupby(rows, key=lambda row: (row["report_id"], row["position"])):
            yield _of_decisions(part, list(group))


def _rows(part: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(part, pre_buffer=False) as file:
            missing = set(ARCHIVE_COLUMNS) - set(file.schema_arrow.names)
            if missing:
                raise StanceError(f"{part}: no column {', '.join(sorted(missing))}; it must be of stance classify")
            for batch in file.iter_batches(N_ROWS, columns=list(ARCHIVE_COLUMNS)):
                yield from batch.to_pylist()
    except pa.ArrowException as error:
        raise StanceError(f"{part}: {error}; expected a Parquet file of stance classify --out") from error


def _of_decisions(part: Path, rows: list[dict[str, Any]]) -> StancedSentence:
    first = rows[0]
    where = f"{part}: report {first['report_id']!r}, sentence {first['position']}"
    stances = _likeliest(_decided(where, row) for row in rows if row["label"] != NONE)
    place = (first["report_id"], first["date"], first["position"], first["sentence"])
    span = (first["start"], first["end"])
    return StancedSentence(*place, stances, *span, first["title"], first["outlet"], first["copy_of"])


def _decided(where: str, row: Mapping[str, Any]) -> tuple[Stance, float]:
    label = choice(where, "label", row["label"], Label)
    return Stance(row["actor"], label, choice(where, "issue", row["issue"], Issue)), row[label]


def _likeliest(held: Iterable[tuple[Stance, float]]) -> dict[Stance, float]:
    """The stances in order, each with the highest of its probabilities."""
    found: dict[Stance, float] = {}
    for stance, probability in held:
        found[stance] = max(probability, found.get(stance, 0.0))
    return dict(sorted(found.items()))


def read_jsonl(path: Path) -> Iterator[StancedSentence]:
    """The sentences of a file of ``stance export --to jsonl``, in order.

    Raises:
        StanceError: naming file, line, value and what is allowed.
    """
    for where, row in json_objects(path):
        yield _of_json(where, row)


def _of_json(where: str, row: Mapping[str, Any]) -> StancedSentence:
    if not isinstance(row.get("stances"), list):
        raise StanceError(f"{where}: no list of stances; each line must be a JSON object with {', '.join(FIELDS)}")
    texts = {name: _text(where, row, name) for name in ("report_id", "sentence", "title", "outlet", "copy_of")}
    if not texts["report_id"].strip():
        raise StanceError(f"{where}: report_id is empty; it must be filled")
    return StancedSentence(
        report_id=texts["report_id"],
        date=parse_date(where, _text(where, row, "date")),
        position=whole_number(where, "position", row.get("position")),
        text=texts["sentence"],
        stances=_likeliest(_stance_of_json(where, one) for one in row["stances"]),
        start=_offset(where, row, "start"),
        end=_offset(where, row, "end"),
        title=texts["title"],
        outlet=texts["outlet"],
        copy_of=texts["copy_of"],
    )


def _stance_of_json(where: str, one: object) -> tuple[Stance, float]:
    if not isinstance(one, dict):
        raise StanceError(f"{where}: stance {one!r} is not an object with {', '.join(STANCE_FIELDS)}")
    stance = Stance(
        _text(where, one, "actor"),
        choice(where, "label", _text(where, one, "label"), Label),
        choice(where, "issue", _text(where, one, "issue"), Issue),
    )
    return stance, number(where, "probability", one.get("probability", 1.0), 1.0)


def _text(where: str, row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or _LONE.search(value):
        raise StanceError(f"{where}: {name} {value!r} is not a text (in quotation marks, without lone surrogates)")
    return value


def _offset(where: str, row: Mapping[str, Any], name: str) -> int | None:
    return None if row.get(name) is None else whole_number(where, name, row[name])

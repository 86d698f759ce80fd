"""The CSV of labelled sentences, to and from checked records."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stance.codebook import NOBODY, NONE, Issue, Label, Source, Stance, StanceError
from stance.tables import choice, filled, parse_date, read_rows, split_rows, write_rows

COLUMNS = ("report_id", "position", "date", "conflict", "sentence", "actor", "label", "issue", "source")


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    """A sentence with its stances by the codebook, both sorted; ``mentions`` are parties named without one.

    ``outlet`` is who published the report, empty where that is not told.
    """

    report_id: str
    position: int
    date: dt.date | None
    conflict: str
    text: str
    source: Source
    stances: tuple[Stance, ...] = ()
    mentions: tuple[str, ...] = ()
    outlet: str = ""


@dataclass(slots=True)
class _Rows:
    """The rows of one sentence as they are collected, and where the first one stood."""

    where: str
    head: tuple[str, str, str, str]
    stances: dict[Stance, None]
    mentions: dict[str, None]


def read_labels(path: Path) -> list[LabelledSentence]:
    """Read and check a label CSV (``COLUMNS``, one row a stance, UTF-8).

    Returns the sentences sorted by report and position, with their outlets if a ``reports.csv`` with the columns
    ``report_id`` and ``outlet`` lies beside it.

    Raises:
        StanceError: naming file, line, value and what is allowed, at the first bad row.
    """
    collected: dict[tuple[str, int], _Rows] = {}
    for where, row in read_rows(path, COLUMNS):
        key = (filled(where, row, "report_id"), _position(where, row["position"]))
        parse_date(where, row["date"])
        choice(where, "source", row["source"], Source)
        head = (row["date"], row["conflict"], filled(where, row, "sentence"), row["source"])
        rows = collected.setdefault(key, _Rows(where, head, {}, {}))
        if rows.head != head:
            raise StanceError(
                f"{where}: {key[0]} position {key[1]} has other date, conflict, sentence or source than at "
                f"{rows.where}; the rows of a sentence must agree in them"
            )
        _add(rows, where, row)
    outlets = _outlets(path.with_name("reports.csv"))
    return [_sentence(key, rows, outlets.get(key[0], "")) for key, rows in sorted(collected.items())]


def write_labels(path: Path, sentences: Iterable[LabelledSentence]) -> None:
    """Write ``sentences`` so that ``read_labels`` returns them again, but for their outlets."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        write_rows(handle, (COLUMNS, *(row for sentence in sentences for row in _written(sentence))))


def _written(sentence: LabelledSentence) -> Iterator[tuple[object, ...]]:
    head = (sentence.report_id, sentence.position, sentence.date or "", sentence.conflict, sentence.text)
    held = [(stance.actor, stance.label, stance.issue) for stance in sentence.stances]
    named = [(actor, NONE, "") for actor in sentence.mentions]
    for row in held + named or [(NOBODY, NONE, "")]:
        yield *head, *row, sentence.source


def _add(rows: _Rows, where: str, row: dict[str, str]) -> None:
    actor = row["actor"]
    if actor != actor.strip():
        raise StanceError(f"{where}: actor {actor!r} begins or ends with a space; it must not")
    if row["label"] == NONE:
        if row["issue"]:
            raise StanceError(f"{where}: issue {row['issue']!r} with label {NONE}; it must be empty")
        if actor in rows.mentions or any(stance.actor == actor for stance in rows.stances):
            raise StanceError(
                f"{where}: actor {actor!r} has another row for this sentence; {NONE} must be its only one"
            )
        rows.mentions[actor] = None
        return
    label = choice(where, "label", row["label"], Label, also=NONE)
    stance = Stance(actor, label, choice(where, "issue", row["issue"], Issue))
    if stance in rows.stances:
        raise StanceError(
            f"{where}: {actor!r}, {label}, {stance.issue} stands twice for this sentence; once is allowed"
        )
    if actor in rows.mentions:
        raise StanceError(f"{where}: actor {actor!r} also has a row with label {NONE} for this sentence")
    rows.stances[stance] = None


def _sentence(key: tuple[str, int], rows: _Rows, outlet: str) -> LabelledSentence:
    date, conflict, text, source = rows.head
    if NOBODY in rows.mentions and (rows.stances or len(rows.mentions) > 1):
        raise StanceError(f"{rows.where}: a row with an empty actor and label {NONE} must be the sentence's only row")
    return LabelledSentence(
        report_id=key[0],
        position=key[1],
        date=dt.date.fromisoformat(date) if date else None,
        conflict=conflict,
        text=text,
        source=Source(source),
        stances=tuple(sorted(rows.stances)),
        mentions=tuple(sorted(actor for actor in rows.mentions if actor != NOBODY)),
        outlet=outlet,
    )


def _outlets(path: Path) -> dict[str, str]:
    """The outlet of each report that the file lists; none if it is not there, or is about something else."""
    rows = split_rows(path) if path.is_file() else iter(())
    _, header = next(rows, ("", []))
    if not {"report_id", "outlet"} <= set(header):
        return {}
    outlets: dict[str, str] = {}
    for where, values in rows:
        row = dict(zip(header, values, strict=True))
        if row["report_id"] in outlets:
            raise StanceError(f"{where}: report {row['report_id']!r} stands twice; once is allowed")
        outlets[row["report_id"]] = row["outlet"]
    return outlets


def _position(where: str, value: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,8}", value):
        raise StanceError(f"{where}: position {value!r} is not a whole number from 1")
    return int(value)

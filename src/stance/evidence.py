"""The sentences behind a report, as rows that the page's script searches, filters and sorts."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from markupsafe import Markup

from stance.codebook import DatedStance
from stance.positions import Position

MAX_ROWS: Final = 20_000  # on the page; the others stand in stances.csv
HARMFUL: Final = str.maketrans({one: f"\\u{ord(one):04x}" for one in "<>&\u2028\u2029"})

Value = TypeVar("Value", bound=Hashable)


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """The rows on the page, of ``n_all``: a stance on two issues makes two.

    ``data`` is what the script reads, in which no text can end its element or begin another; ``has_probabilities``
    says whether any row is less than certain.
    """

    n_rows: int
    n_all: int
    has_probabilities: bool
    data: Markup


class Script(NamedTuple):
    """The page's one script, and the hash by which its Content-Security-Policy lets it run."""

    text: Markup
    source: str


def page_script() -> Script:
    """The script that searches, filters and sorts the rows.

    >>> page_script().source[:8]
    "'sha256-"
    """
    text = (Path(__file__).parent / "templates" / "_evidence.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Script(Markup(text), f"'sha256-{digest}'")  # noqa: S704 - our own file


def likeliest(stances: Sequence[DatedStance], n: int) -> list[DatedStance]:
    """The ``n`` stances of highest probability, between equals the first, in the order of ``stances``.

    >>> likeliest([], 3)
    []
    """
    ranked = sorted(range(len(stances)), key=lambda index: -stances[index].probability)
    return [stances[index] for index in sorted(ranked[:n])]


def evidence_table(
    positions: Sequence[Position], references: Mapping[str, str], max_rows: int = MAX_ROWS
) -> EvidenceTable:
    """The evidence of ``positions`` by date, report and sentence; ``references`` says how to cite each report.

    Where there are more than ``max_rows``, the likeliest of each actor, issue and period stay: first the likeliest of
    all of them, then the second of all of them, and so on.

    >>> evidence_table([], {}).n_rows
    0
    """
    rows = sorted(_chosen(positions, max_rows), key=_order)
    return EvidenceTable(
        n_rows=len(rows),
        n_all=sum(position.n_stances for position in positions),
        has_probabilities=any(stance.probability < 1 for _, stance in rows),
        data=_inline(_data(rows, references)),
    )


def _chosen(positions: Sequence[Position], max_rows: int) -> list[tuple[Position, DatedStance]]:
    ranked = [
        (rank, -stance.probability, position, stance)
        for position in positions
        for rank, stance in enumerate(sorted(position.evidence, key=lambda one: -one.probability))
    ]
    ranked.sort(key=lambda row: row[:2])
    return [(position, stance) for _, _, position, stance in ranked[:max_rows]]


def _order(row: tuple[Position, DatedStance]) -> tuple[dt.date, str, int, str, str, str]:
    stance = row[1]
    return stance.date, stance.report_id, stance.position, stance.actor, stance.label, stance.issue


def _data(rows: Sequence[tuple[Position, DatedStance]], references: Mapping[str, str]) -> dict[str, object]:
    """What rows have in common is written once and numbered."""
    periods = _numbered(position.period for position, _ in sorted(rows, key=lambda row: row[0].period))
    actors = _numbered(stance.actor for _, stance in rows)
    reports = _numbered(stance.report_id for _, stance in rows)
    sentences = _numbered(stance.sentence for _, stance in rows)
    return {
        "periods": list(map(str, periods)),
        "actors": list(actors),
        "reports": [references[report_id] for report_id in reports],
        "sentences": list(sentences),
        "rows": [
            [
                str(stance.date),
                periods[position.period],
                actors[stance.actor],
                stance.label,
                stance.issue,
                sentences[stance.sentence],
                reports[stance.report_id],
                stance.position,
                round(stance.probability, 3),
            ]
            for position, stance in rows
        ],
    }


def _numbered(values: Iterable[Value]) -> dict[Value, int]:
    return {value: number for number, value in enumerate(dict.fromkeys(values))}


def _inline(data: object) -> Markup:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(HARMFUL)
    return Markup(text)  # noqa: S704 - nothing harmful is left in it

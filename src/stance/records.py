"""A row of a table of reports → a report, or why there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stance.articles import article, is_page
from stance.codebook import Report, StanceError
from stance.dates import report_date
from stance.files import MAX_CHARACTERS, is_encoding
from stance.language import foreign

FIELDS: Final = ("report_id", "date", "text", "title", "outlet")
_LONE: Final = re.compile("[\\ud800-\\udfff]")  # surrogates


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be read: where it stands, its id if it has one, and why."""

    where: str
    report_id: str
    reason: str

    @classmethod
    def of(cls, where: str, report_id: str, reason: str) -> Rejected:
        """On one line, and with bytes that are no UTF-8, in a file's name or an id, written out."""
        parts = (where, report_id, " ".join(reason.split()))
        return cls(*(part.encode("utf-8", "backslashreplace").decode() for part in parts))


Read = Report | Rejected


@dataclass(frozen=True, slots=True)
class Terms:
    """What the user says of the input: the ``encoding`` of what has no byte order mark, and that any language will do.

    Raises:
        StanceError: if Python knows no such encoding.
    """

    encoding: str = ""  # UTF-8
    any_language: bool = False

    def __post_init__(self) -> None:
        if self.encoding and not is_encoding(self.encoding):
            raise StanceError(f"encoding {self.encoding!r} is not known; give one such as cp1252, latin-1 or utf-16-le")


DEFAULT: Final = Terms()


def read(where: str, row: Mapping[str, Any], terms: Terms = DEFAULT, *, is_page_file: bool = False) -> Read:
    """The report in a row, or why there is none; only its text must be there, and a report without an id is called
    by its place.

    Args:
        where: the place of the row.
        row: values of ``FIELDS``; a text that is a web page is reduced to its article, whose title, date and outlet
            count where the row has none.
        terms: what the user says of the input.
        is_page_file: the text is a web page even if it does not begin as one.
    """
    given = row.get("report_id")
    report_id = where if given is None else str(given).strip() or where
    try:
        return _report(report_id, _article_of(row) if is_page_file or _is_page(row.get("text")) else row, terms)
    except StanceError as error:
        return Rejected.of(where, report_id, str(error))


def _report(report_id: str, row: Mapping[str, Any], terms: Terms) -> Report:
    for field, value in (*row.items(), ("report_id", report_id)):
        if isinstance(value, str) and (wrong := _LONE.search(value)):
            raise StanceError(f"{field}: a lone surrogate at character {wrong.start():,}; it must be valid Unicode")
        if isinstance(value, str) and "\0" in value:
            raise StanceError(f"{field}: NUL at character {value.index(chr(0)):,}; a text may not hold it")
    text = row.get("text")
    if text is None or not str(text).strip():
        raise StanceError("text is missing or empty; it must be filled")
    if not isinstance(text, str):
        raise StanceError(f"text is of type {type(text).__name__}; it must be a string")
    if len(text) > MAX_CHARACTERS:
        raise StanceError(f"a text of {len(text):,} characters; {MAX_CHARACTERS:,} are allowed")
    date = report_date(row.get("date"))
    if not terms.any_language and (reason := foreign(text)):
        raise StanceError(reason)
    return Report(report_id, text, date, title=str(row.get("title") or ""), outlet=str(row.get("outlet") or ""))


def _is_page(text: object) -> bool:
    return isinstance(text, str) and is_page(text)


def _article_of(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row with its page reduced to the article; what the row itself tells wins."""
    return {**article(row["text"]), **{name: value for name, value in row.items() if name != "text" and value}}

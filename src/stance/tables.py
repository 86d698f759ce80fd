"""CSV files read row by row and doubted: every refusal names file, line, value and what is allowed."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from enum import StrEnum
from math import inf, nan
from pathlib import Path
from typing import TextIO, TypeVar

from stance.codebook import StanceError
from stance.files import byte_order_mark

Choice = TypeVar("Choice", bound=StrEnum)


def read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a CSV that must have exactly ``columns``, each with its place as ``file:line``.

    Raises:
        StanceError: if the file is missing, is not UTF-8, or a row has other columns.
    """
    if not path.is_file():
        raise StanceError(f"{path}: no such file; expected a CSV with the columns {', '.join(columns)}")
    rows = split_rows(path)
    where, header = next(rows, (f"{path}:1", []))
    if tuple(header) != columns:
        raise StanceError(f"{where}: the columns are {', '.join(header)}; they must be {', '.join(columns)}")
    for where, row in rows:
        yield where, dict(zip(columns, row, strict=True))


def split_rows(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The header and rows of a CSV, each with its place as ``file:line`` and with as many fields as the header.

    Raises:
        StanceError: if the file is not UTF-8 or not a well-formed CSV.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    n_fields = None
    try:
        for row in reader:
            where = f"{path}:{reader.line_num}"
            if n_fields is None and len(row) == 1 and (mark := re.search(r"[;\t]", row[0])):
                raise StanceError(f"{where}: the fields are divided by {mark[0]!r}; save the file with commas")
            n_fields = n_fields or len(row)
            if len(row) != n_fields:
                raise StanceError(f"{where}: {len(row)} fields; every row must have {n_fields}")
            yield where, row
    except csv.Error as error:
        raise StanceError(f"{path}:{reader.line_num}: {error}; the file must be a well-formed CSV") from error


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, or in what its byte order mark says, without that mark.

    Raises:
        StanceError: if it cannot be read or decoded.
    """
    n_mark, encoding = 0, ""
    try:
        content = path.read_bytes()
        n_mark, encoding = byte_order_mark(content)
        return content[n_mark:].decode(encoding or "utf-8")
    except OSError as error:
        raise StanceError(f"{path}: {error.strerror}; expected a readable text file") from error
    except UnicodeDecodeError as error:
        raise StanceError(
            f"{path}: byte {n_mark + error.start} is not {(encoding or 'utf-8').upper()}; save the file as UTF-8"
        ) from error


def parse_date(where: str, value: str) -> dt.date | None:
    """An ISO date, or None for an empty field.

    Raises:
        StanceError: for anything else.
    """
    if not value:
        return None
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValueError(value)
        return dt.date.fromisoformat(value)
    except ValueError as error:
        raise StanceError(f"{where}: date {value!r} is not an ISO date such as 2022-03-16") from error


def filled(where: str, row: dict[str, str], column: str) -> str:
    """The value of ``column``, which must not be blank."""
    if not row[column].strip():
        raise StanceError(f"{where}: {column} is empty; it must be filled")
    return row[column]


def number(where: str, column: str, value: object, highest: float = inf) -> float:
    """``value``, a number or the text of one, as a number from 0 to ``highest``."""
    found = nan
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        with suppress(ValueError, OverflowError):
            found = float(value)
    if not 0 <= found <= highest or found == inf:
        allowed = "from 0" if highest == inf else f"from 0 to {highest:g}"
        raise StanceError(f"{where}: {column} {value!r} is not a number {allowed}")
    return found


def whole_number(where: str, column: str, value: object) -> int:
    """``value``, a number or the text of one, as a whole number from 0."""
    found = number(where, column, value)
    if not found.is_integer():
        raise StanceError(f"{where}: {column} {value!r} is not a whole number")
    return int(found)


def choice(where: str, column: str, value: str, choices: type[Choice], also: str = "") -> Choice:
    """``value`` as one of ``choices``; ``also`` is named among the allowed where the caller takes it itself."""
    try:
        return choices(value)
    except ValueError as error:
        allowed = ", ".join([*choices, *([also] if also else [])])
        raise StanceError(f"{where}: {column} {value!r} is not one of {allowed}") from error


# How a cell begins that a spreadsheet may run, after any apostrophes (OWASP, "CSV Injection"); the last are full-width
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


def as_cell(value: object) -> object:
    """``value`` for a CSV that people open: text that a spreadsheet would run as a formula gets an apostrophe in front.

    So does text that begins with apostrophes and then like a formula, lest ``from_cell`` take one away. Numbers, also
    negative ones, stay as they are.

    >>> as_cell("=1+1"), as_cell("-0.25"), as_cell("Belmark - again - refused.")
    ("'=1+1", '-0.25', 'Belmark - again - refused.')
    """
    is_formula = isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value)
    return f"'{value}" if is_formula else value


def from_cell(cell: str) -> str:
    """The text that ``as_cell`` was given.

    >>> from_cell("'=1+1"), from_cell("'tis said.")
    ('=1+1', "'tis said.")
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def write_rows(file: TextIO, rows: Iterable[Iterable[object]]) -> None:
    """Write ``rows`` as CSV, such that ``split_rows`` reads the same cells."""
    usual = csv.writer(file, lineterminator="\n")
    quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        cells = list(row)  # Python's writer leaves a carriage return bare, which its reader takes for the end of a row
        (quoted if any("\r" in str(cell) for cell in cells) else usual).writerow(cells)

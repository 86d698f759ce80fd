"""Dated reports from a folder, a manifest CSV, JSONL or Parquet."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from stance.codebook import Report, StanceError
from stance.tables import parse_date, read_text, split_rows

MANIFEST: Final = "manifest.csv"
FIELDS: Final = ("report_id", "date", "text", "title", "outlet")
DATED_NAME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ _-]?(.*))?")
_ALLOWED: Final = (
    "a folder with manifest.csv or text files named by date (2022-03-16_some-name.txt), a manifest .csv "
    "(report_id, file, date, and if you like title, outlet, sha256), or .jsonl or .parquet (report_id, date, text, "
    "and if you like title, outlet)"
)


def read_reports(path: Path) -> list[Report]:
    """The dated reports at ``path``, in order of date and id.

    Raises:
        StanceError: naming the place, what came and what is allowed: for another kind of path, a missing or bad
            field, an id that stands twice, or a text that is not UTF-8.
    """
    if path.is_dir():
        return read_manifest(path / MANIFEST) if (path / MANIFEST).is_file() else _checked(path, _read_folder(path))
    if not path.is_file():
        raise StanceError(f"{path}: no such file or folder; expected {_ALLOWED}")
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return read_manifest(path)
    if suffix not in (".jsonl", ".parquet"):
        raise StanceError(f"{path}: a {path.suffix or 'file without suffix'}; expected {_ALLOWED}")
    if not path.stat().st_size:
        raise StanceError(f"{path}: no report there; at least one is needed")
    rows = _jsonl_rows(path) if suffix == ".jsonl" else _parquet_rows(path)
    return _checked(path, (as_report(where, row) for where, row in rows))


def read_manifest(path: Path) -> list[Report]:
    """The reports that a manifest lists, in order of date and id; their files lie beside it or below.

    A ``sha256`` in it is checked.

    Raises:
        StanceError: as ``read_reports``.
    """
    if not path.is_file():
        raise StanceError(f"{path}: no such file; expected a manifest CSV")
    rows = split_rows(path)
    _, header = next(rows, ("", []))
    missing = {"report_id", "file", "date"} - set(header)
    if missing:
        raise StanceError(f"{path}:1: no column {', '.join(sorted(missing))}; it needs report_id, file and date")
    twice = [column for column, count in Counter(header).items() if count > 1]
    if twice:
        raise StanceError(f"{path}:1: column {', '.join(twice)} stands twice; each column may stand once")
    return _checked(path, (_listed(path, where, dict(zip(header, row, strict=True))) for where, row in rows))


def _listed(path: Path, where: str, row: Mapping[str, str]) -> Report:
    try:
        file = beside(path, row["file"])
    except StanceError as error:
        raise StanceError(f"{where}: {error}") from error
    text = read_text(file)
    expected, digest = row.get("sha256", "").lower(), hashlib.sha256(file.read_bytes()).hexdigest()
    if expected and digest != expected:
        raise StanceError(f"{where}: {file.name} has SHA-256 {digest}; the manifest says {expected}")
    return as_report(where, {**row, "text": text})


def beside(manifest: Path, name: str) -> Path:
    """The file that ``manifest`` lists as ``name``.

    Raises:
        StanceError: if it does not lie beside the manifest or below.
    """
    file = (manifest.parent / name).resolve()
    if not file.is_relative_to(manifest.parent.resolve()) or not file.is_file():
        raise StanceError(f"no file {name!r}; it must lie beside the manifest or below")
    return file


def _read_folder(folder: Path) -> Iterator[Report]:
    files = sorted(file for file in folder.glob("*.txt") if file.is_file())
    if not files:
        raise StanceError(f"{folder}: neither {MANIFEST} nor a .txt file there; expected {_ALLOWED}")
    for file in files:
        match = DATED_NAME.fullmatch(file.stem)
        if not match:
            raise StanceError(f"{file}: the name must begin with the report's date, such as 2022-03-16_some-name.txt")
        row = {"report_id": file.stem, "date": match[1], "text": read_text(file), "title": match[2] or ""}
        yield as_report(str(file), row)


def _jsonl_rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(read_text(path).removesuffix("\n").split("\n"), start=1):
        where = f"{path}:{number}"
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise StanceError(f"{where}: {error}; every line must be a JSON object") from error
        if not isinstance(row, dict):
            raise StanceError(f"{where}: a {type(row).__name__}; every line must be a JSON object")
        yield where, row


def _parquet_rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    import pandas as pd

    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise StanceError(f"{path}: {error}; expected a readable Parquet file") from error
    for number, row in enumerate(table.astype(object).where(table.notna(), None).to_dict("records"), start=1):
        yield f"{path}: row {number}", {str(column): value for column, value in row.items()}


def as_report(where: str, row: Mapping[str, Any], *, needed: Sequence[str] = ("report_id", "date", "text")) -> Report:
    """The report in a row of a table, whose fields ``needed`` must be filled.

    Raises:
        StanceError: naming ``where`` and what is wrong.
    """
    for field in needed:
        if row.get(field) is None or not str(row[field]).strip():
            raise StanceError(f"{where}: {field} is missing or empty; it must be filled")
    if not isinstance(row["text"], str):
        raise StanceError(f"{where}: text is of type {type(row['text']).__name__}; it must be a string")
    surrogate = re.search("[\ud800-\udfff]", row["text"])
    if surrogate:
        raise StanceError(f"{where}: a lone surrogate at character {surrogate.start()}; the text must be valid Unicode")
    date = row.get("date")
    day = date.date() if isinstance(date, dt.datetime) else date
    return Report(
        report_id=str(row["report_id"]),
        text=row["text"],
        date=day if isinstance(day, dt.date) else parse_date(where, str(day or "")),
        title=str(row.get("title") or ""),
        outlet=str(row.get("outlet") or ""),
    )


def _checked(path: Path, reports: Iterable[Report]) -> list[Report]:
    ordered = sorted(reports, key=lambda report: (str(report.date), report.report_id))
    twice = [report_id for report_id, count in Counter(report.report_id for report in ordered).items() if count > 1]
    if twice:
        raise StanceError(f"{path}: report_id {twice[0]!r} stands twice; each report needs its own")
    if not ordered:
        raise StanceError(f"{path}: no report there; at least one is needed")
    return ordered

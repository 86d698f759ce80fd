"""Dated reports from a folder, a manifest CSV, JSONL or Parquet."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from stance.codebook import Report, StanceError
from stance.tables import parse_date

MANIFEST: Final = "manifest.csv"
_DATED_NAME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ _-]?(.*))?")
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
        reports = read_manifest(path / MANIFEST) if (path / MANIFEST).is_file() else list(_read_folder(path))
    elif not path.is_file():
        raise StanceError(f"{path}: no such file or folder; expected {_ALLOWED}")
    elif path.suffix == ".csv":
        reports = read_manifest(path)
    elif path.suffix == ".jsonl":
        reports = [_report(where, row) for where, row in _jsonl_rows(path)]
    elif path.suffix == ".parquet":
        reports = [_report(where, row) for where, row in _parquet_rows(path)]
    else:
        raise StanceError(f"{path}: a {path.suffix or 'file without suffix'}; expected {_ALLOWED}")
    return _checked(path, reports)


def read_manifest(path: Path) -> list[Report]:
    """The reports that a manifest lists; their files lie beside it. A ``sha256`` in it is checked.

    Raises:
        StanceError: as ``read_reports``.
    """
    if not path.is_file():
        raise StanceError(f"{path}: no such file; expected a manifest CSV")
    reports = []
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        missing = {"report_id", "file", "date"} - set(reader.fieldnames or ())
        if missing:
            raise StanceError(f"{path}:1: no column {', '.join(sorted(missing))}; it needs report_id, file and date")
        for row in reader:
            where = f"{path}:{reader.line_num}"
            if None in row or None in row.values():
                raise StanceError(f"{where}: as many fields as columns are needed, {len(reader.fieldnames or ())}")
            text = _text_file(where, path.parent / row["file"], row.get("sha256", ""))
            reports.append(_report(where, {**row, "text": text}))
    return reports


def _read_folder(folder: Path) -> Iterator[Report]:
    files = sorted(folder.glob("*.txt"))
    if not files:
        raise StanceError(f"{folder}: neither {MANIFEST} nor a .txt file there; expected {_ALLOWED}")
    for file in files:
        match = _DATED_NAME.fullmatch(file.stem)
        if not match:
            raise StanceError(f"{file}: the name must begin with the report's date, such as 2022-03-16_some-name.txt")
        text = _text_file(str(file), file, "")
        yield _report(str(file), {"report_id": file.stem, "date": match[1], "text": text, "title": match[2] or ""})


def _jsonl_rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    with path.open(encoding="utf-8") as handle:
        for number, line in enumerate(handle, start=1):
            where = f"{path}:{number}"
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise StanceError(f"{where}: {error}; every line must be a JSON object") from error
            if not isinstance(row, dict):
                raise StanceError(f"{where}: a {type(row).__name__}; every line must be a JSON object")
            yield where, row


def _parquet_rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    import pyarrow.parquet

    for number, row in enumerate(pyarrow.parquet.read_table(path).to_pylist(), start=1):
        yield f"{path}: row {number}", row


def _text_file(where: str, file: Path, sha256: str) -> str:
    if not file.is_file():
        raise StanceError(f"{where}: no file {file}; it must lie beside the manifest")
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if sha256 and digest != sha256:
        raise StanceError(f"{where}: {file.name} has SHA-256 {digest}; the manifest says {sha256}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StanceError(f"{where}: byte {error.start} of {file.name} is not UTF-8; the text must be UTF-8") from error


def _report(where: str, row: Mapping[str, Any]) -> Report:
    for field in ("report_id", "date", "text"):
        if row.get(field) in (None, ""):
            raise StanceError(f"{where}: {field} is missing or empty; report_id, date and text must be filled")
    values = {field: str(row.get(field) or "") for field in ("report_id", "text", "title", "outlet")}
    return Report(**values, date=parse_date(where, str(row["date"])))


def _checked(path: Path, reports: Iterable[Report]) -> list[Report]:
    ordered = sorted(reports, key=lambda report: (str(report.date), report.report_id))
    ids = [report.report_id for report in ordered]
    twice = next((one for one in ids if ids.count(one) > 1), None)
    if twice is not None:
        raise StanceError(f"{path}: report_id {twice!r} stands twice; each report needs its own")
    if not ordered:
        raise StanceError(f"{path}: no report there; at least one is needed")
    return ordered

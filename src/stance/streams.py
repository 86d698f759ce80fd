"""Reports one by one from files of any size: what cannot be read comes out too, with the reason."""

from __future__ import annotations

import codecs
import csv
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import IO, Any, Final

from stance.codebook import Report, StanceError
from stance.reports import DATED_NAME, FIELDS, MANIFEST, as_report, beside
from stance.tables import read_text

JOB: Final = "_job.json"  # stands in a folder of decisions
_LONE: Final = re.compile("[\\ud800-\\udfff]")  # surrogates: also what stands for bytes that are not UTF-8
_DATE_AND_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]")
MAX_CHARACTERS: Final = 10_000_000  # of one report
MAX_LINE: Final = 4 * MAX_CHARACTERS + 65_536  # bytes of one line
N_ROWS: Final = 64  # read from Parquet at once


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be read: where it stands, its id if it has one, and why."""

    where: str
    report_id: str
    reason: str

    @classmethod
    def of(cls, where: str, report_id: str, reason: str) -> Rejected:
        """With bytes that are no UTF-8, in a file's name or an id, written out."""
        return cls(*(part.encode("utf-8", "backslashreplace").decode() for part in (where, report_id, reason)))


Read = Report | Rejected
_Row = tuple[str, Mapping[str, Any] | str, int]  # place; the fields, or what is wrong; bytes


def sources(paths: Iterable[Path]) -> list[Path]:
    """The files behind ``paths``: files, folders with all files below them, and patterns such as ``news/*.jsonl``.

    Of a folder with a manifest.csv only the manifest counts, which lists the texts.

    Raises:
        StanceError: if there is no file.
    """
    found: list[Path] = []
    paths = list(paths)
    for path in paths:
        matches = sorted(map(Path, glob(str(path), recursive=True))) if has_magic(str(path)) else [path]
        if not matches or not all(match.exists() for match in matches):
            raise StanceError(f"{path}: no such file or folder; expected {ALLOWED}")
        for match in matches:
            found += _below(match) if match.is_dir() else [match]
    if not found:
        raise StanceError(f"{', '.join(map(str, paths)) or 'no path given'}: no file there; expected {ALLOWED}")
    return list(dict.fromkeys(found))


def root_of(files: Sequence[Path]) -> Path:
    """The folder that all ``files`` lie in or below."""
    return Path(os.path.commonpath([file.absolute().parent for file in files]))


def stream(files: Sequence[Path], root: Path | None = None) -> Iterator[tuple[Read, int]]:
    """Every record of ``files`` in order, each with the bytes of its file that it makes up (in Parquet, on average).

    A report's id is its ``report_id``; that of a text file its path below ``root`` (that of all files) without suffix,
    and else the report's place. The date may be missing.
    """
    root = root or root_of(files)
    for file in files:
        try:
            for where, row, n_bytes in READERS.get(file.suffix.lower(), _unknown)(file):
                if not isinstance(row, Mapping):
                    yield Rejected.of(where, "", row), n_bytes
                    continue
                path = file.absolute().relative_to(root).with_suffix("").as_posix()
                yield read(where, {"report_id": path, **row} if file.suffix.lower() == ".txt" else row), n_bytes
        except OSError as error:
            yield Rejected.of(str(file), "", error.strerror or str(error)), 0


def read(where: str, row: Mapping[str, Any]) -> Read:
    """The report in a row of a table, or why there is none."""
    given = row.get("report_id")
    report_id = where if given is None else str(given).strip() or where
    if any(isinstance(value, str) and _LONE.search(value) for value in (*row.values(), report_id)):
        return Rejected.of(where, report_id, "bytes that are not UTF-8, or lone surrogates; save the file as UTF-8")
    date = row.get("date")
    if isinstance(date, str) and _DATE_AND_TIME.match(date):
        row = {**row, "date": date[: len("2022-03-16")]}
    try:
        report = as_report(where, {**row, "report_id": report_id}, needed=("text",))
    except StanceError as error:
        return Rejected.of(where, report_id, str(error).removeprefix(f"{where}: "))
    if len(report.text) > MAX_CHARACTERS:
        reason = f"a text of {len(report.text):,} characters; {MAX_CHARACTERS:,} are allowed"
        return Rejected.of(where, report_id, reason)
    return report


def _below(folder: Path) -> list[Path]:
    """All files below ``folder`` but hidden ones and those that a manifest lists."""
    if (folder / JOB).is_file():
        raise StanceError(f"{folder}: holds decisions of stance classify --out, not reports; give the reports")
    if (folder / MANIFEST).is_file():
        return [folder / MANIFEST]
    children = sorted(child for child in folder.iterdir() if not child.name.startswith((".", "_")))
    return [file for child in children for file in (_below(child) if child.is_dir() else [child])]


def _unknown(file: Path) -> Iterator[_Row]:
    allowed = ", ".join(READERS)
    yield str(file), f"a {file.suffix or 'file without suffix'}; read are {allowed}", file.stat().st_size


def _text(file: Path) -> Iterator[_Row]:
    """A file that is one report; its name may begin with its date."""
    size = file.stat().st_size
    if size > MAX_LINE:
        yield str(file), f"a text of {size:,} bytes; {MAX_LINE:,} are allowed. Divide it, or give JSONL", size
        return
    match = DATED_NAME.fullmatch(file.stem)
    named = {"date": match[1], "title": match[2]} if match else {}
    try:
        yield str(file), {"text": read_text(file), **named}, size
    except StanceError as error:
        yield str(file), str(error).removeprefix(f"{file}: "), size


def _jsonl(file: Path) -> Iterator[_Row]:
    with file.open("rb") as lines:
        for number, line in enumerate(_lines(lines), start=1):
            if line.strip():
                yield f"{file}:{number}", _json(line), len(line)


def _json(line: bytes) -> Mapping[str, Any] | str:
    if len(line) > MAX_LINE:
        return f"a line of more than {MAX_LINE:,} bytes; shorter ones are allowed"
    try:
        row = json.loads(line.removeprefix(codecs.BOM_UTF8))
    except (ValueError, RecursionError) as error:
        return f"{error}; every line must be a JSON object in UTF-8"
    return row if isinstance(row, dict) else f"a {type(row).__name__}; every line must be a JSON object"


def _csv(file: Path) -> Iterator[_Row]:
    """A table with a column ``text``, or a manifest with a column ``file``."""
    with file.open("rb") as lines:
        reader = csv.reader((line.decode("utf-8-sig", "surrogateescape") for line in _lines(lines)), strict=True)
        header: list[str] = []
        start = 0
        while True:
            where = f"{file}:{reader.line_num + 1}"
            try:
                fields = _next_row(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield where, f"{error}; the file must be a well-formed CSV. Is a quote closed that opens here?", 0
                continue
            n_bytes, start = lines.tell() - start, lines.tell()
            if not header:
                header = fields
                if not {"text", "file"} & set(header):
                    yield where, _wrong_header(header), n_bytes
                    return
            elif fields:
                yield where, _fields(file, header, fields), n_bytes


def _next_row(reader: Iterator[list[str]]) -> list[str]:
    """The next row, whose fields may be as long as a report; the limit is one of the whole process."""
    usual = csv.field_size_limit(MAX_LINE)
    try:
        return next(reader)
    finally:
        csv.field_size_limit(usual)


def _wrong_header(header: Sequence[str]) -> str:
    if any(_LONE.search(name) or "\0" in name for name in header):
        return "bytes that are not UTF-8; save the file as UTF-8"
    mark = re.search(r"[;\t]", header[0])
    if len(header) == 1 and mark:
        return f"the fields are divided by {mark[0]!r}; save the file with commas"
    return f"no column text (nor file, of a manifest); the columns are {', '.join(header)}"


def _fields(file: Path, header: Sequence[str], fields: Sequence[str]) -> Mapping[str, Any] | str:
    if len(fields) != len(header):
        return f"{len(fields)} fields; every row must have {len(header)}"
    row: dict[str, Any] = dict(zip(header, fields, strict=True))
    try:
        return row if "text" in row else {**row, "text": read_text(beside(file, row["file"]))}
    except StanceError as error:
        return str(error)


def _parquet(file: Path) -> Iterator[_Row]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        table = ParquetFile(file)
        columns = [name for name in FIELDS if name in table.schema_arrow.names]
        n_bytes = file.stat().st_size // max(table.metadata.num_rows, 1)
        number = 0
        for batch in table.iter_batches(N_ROWS, columns=columns):
            for row in batch.to_pylist():
                number += 1
                yield f"{file}: row {number}", row, n_bytes
    except ArrowException as error:
        yield str(file), f"{error}; expected a readable Parquet file", 0


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of ``file``; of one that is longer than ``MAX_LINE`` only its beginning, one byte too long."""
    while line := file.readline(MAX_LINE + 1):
        yield line
        while len(line) > MAX_LINE and not line.endswith(b"\n") and (rest := file.readline(MAX_LINE)):
            if rest.endswith(b"\n"):
                break


READERS: Final[Mapping[str, Callable[[Path], Iterator[_Row]]]] = {
    ".txt": _text, ".jsonl": _jsonl, ".csv": _csv, ".parquet": _parquet,
}  # fmt: skip
ALLOWED: Final = f"{', '.join(READERS)}, folders of these, or patterns such as 'news/*.jsonl'"

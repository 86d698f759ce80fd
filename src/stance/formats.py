"""Text files, web pages, JSONL, CSV, manifests and Parquet of any size → their rows as they stand, one by one."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, Final

from stance.codebook import StanceError
from stance.files import MAX_LINE, check_regular, opened
from stance.json_lines import json_rows
from stance.records import FIELDS

PAGES: Final = (".html", ".htm")
TABLES: Final = (".jsonl", ".csv", ".parquet")
N_ROWS: Final = 64  # read from Parquet at once
_DATED_NAME: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2}|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d))(?:[ _-]?(.*))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Row:
    """A record as it stands in a file; with a ``reason`` if it cannot be read."""

    where: str
    fields: Mapping[str, Any]
    n_bytes: int = 0  # of the file that it makes up
    reason: str = ""
    is_page_file: bool = False


def kind(file: PurePath) -> str:
    """The suffix that says how to read ``file``, packed by gzip or not.

    >>> kind(Path("news/2022.JSONL.gz"))
    '.jsonl'
    """
    return _unpacked(file).suffix.lower()


def stem(file: PurePath) -> PurePath:
    """``file`` without the suffix that says how to read it.

    >>> stem(PurePath("news/2022-03-16_v1.2.txt.gz")).as_posix()
    'news/2022-03-16_v1.2'
    """
    return _unpacked(file).with_suffix("")


def rows(file: Path, encoding: str) -> Iterator[Row]:
    """The rows of a file, read as its suffix says; ``encoding`` is that of text without a byte order mark, "" UTF-8.

    Raises:
        StanceError: without the place, where the file, or the rest of it, cannot be read.
        OSError: if it cannot be opened.
    """
    return READERS.get(kind(file), _unknown)(file, encoding)


def _unpacked(file: PurePath) -> PurePath:
    return file.with_suffix("") if file.suffix.lower() == ".gz" else file


def _unknown(file: Path, encoding: str) -> Iterator[Row]:
    with opened(file, encoding):  # where some kinds are known by their first bytes
        given = f"a {file.suffix}" if file.suffix else "a file without suffix"
    raise StanceError(f"{given}; read are {', '.join(READERS)}, and these but .parquet with .gz")


def _text(file: Path, encoding: str) -> Iterator[Row]:
    """A file that is one report; its name may begin with its date."""
    name = _DATED_NAME.fullmatch(stem(file).name)
    dated = {"date": name[1], "title": name[2]} if name else {}
    is_page_file = kind(file) in PAGES
    with opened(file, encoding, is_page=is_page_file) as (text, _):
        row = {"text": text.whole(), **dated}
    yield Row(str(file), row, file.stat().st_size, is_page_file=is_page_file)


def _jsonl(file: Path, encoding: str) -> Iterator[Row]:
    for row in json_rows(file, encoding):
        yield Row(*row)


def _csv(file: Path, encoding: str) -> Iterator[Row]:
    """A table with a column ``text``, or a manifest with a column ``file``."""
    with opened(file, encoding) as (lines, position):
        reader = csv.reader(lines, strict=True)
        header: list[str] = []
        start = 0
        while True:
            where = f"{file}:{reader.line_num + 1}"
            try:
                values = _next_values(reader)
            except StopIteration:
                return
            except csv.Error as error:
                wrong = (
                    lines.fault() or f"{error}; the file must be a well-formed CSV. Is a quote closed that opens here?"
                )
                yield Row(where, {}, reason=wrong)
                continue
            n_bytes, start = position() - start, position()
            fault = lines.fault()
            if not header:
                if not values and not fault:
                    continue
                header = values
                if wrong := fault or _wrong_header(header):
                    yield Row(where, {}, n_bytes, wrong)
                    return
            elif len(values) not in (0, len(header)):
                yield Row(where, {}, n_bytes, f"{len(values)} fields; every row must have {len(header)}")
            elif values:
                row = Row(where, dict(zip(header, values, strict=True)), n_bytes, fault)
                yield row if fault or "text" in header else _listed(file, row, encoding)


def _next_values(reader: Iterator[list[str]]) -> list[str]:
    """The next row, whose fields may be as long as a report; the limit is one of the whole process."""
    usual = csv.field_size_limit(MAX_LINE)
    try:
        return next(reader)
    finally:
        csv.field_size_limit(usual)


def _wrong_header(header: Sequence[str]) -> str:
    mark = re.search(r"[;\t]", "".join(header[:1]))
    if len(header) == 1 and mark:
        return f"the fields are divided by {mark[0]!r}; save the file with commas"
    twice = [column for column, count in Counter(header).items() if count > 1]
    if twice:
        return f"column {twice[0]!r} stands twice; each column may stand once"
    if not {"text", "file"} & set(header):
        return f"no column text (nor file, of a manifest); the columns are {', '.join(header)}"
    return ""


def _listed(manifest: Path, row: Row, encoding: str) -> Row:
    """A row of a manifest with the text of the file that it lists; what the manifest tells of it wins."""
    try:
        file = _beside(manifest, row.fields["file"])
        _check_digest(file, row.fields.get("sha256", ""))
        [text] = _text(file, encoding)
    except StanceError as error:
        return replace(row, reason=str(error))
    except OSError as error:
        return replace(row, reason=f"{row.fields['file']}: {error.strerror or error}")
    told = {name: value for name, value in row.fields.items() if value}
    fields = {**text.fields, "title": "", **told}
    return replace(row, fields=fields, is_page_file=text.is_page_file)


def _beside(manifest: Path, name: str) -> Path:
    """The file that ``manifest`` lists as ``name``, which must lie beside it or below."""
    try:
        file = (manifest.parent / name).resolve()
    except ValueError as error:  # a NUL in it
        raise StanceError(f"no file {name!r} ({error}); it must lie beside the manifest or below") from error
    if not file.is_relative_to(manifest.parent.resolve()) or not file.is_file():
        raise StanceError(f"no file {name!r}; it must lie beside the manifest or below")
    return file


def _check_digest(file: Path, expected: str) -> None:
    if not expected:
        return
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    if digest != expected.lower():
        raise StanceError(f"{file.name} has SHA-256 {digest}; the manifest says {expected}")


def _parquet(file: Path, encoding: str) -> Iterator[Row]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    check_regular(file)
    if file.suffix.lower() == ".gz":
        raise StanceError("Parquet within gzip, which is not read; unpack it")
    try:
        with ParquetFile(file) as table:
            if "text" not in table.schema_arrow.names:
                reason = f"no column text; the columns are {', '.join(table.schema_arrow.names)}"
                yield Row(str(file), {}, file.stat().st_size, reason)
                return
            columns = [name for name in FIELDS if name in table.schema_arrow.names]
            n_bytes = file.stat().st_size // max(table.metadata.num_rows, 1)
            number = 0
            for batch in table.iter_batches(N_ROWS, columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    yield Row(f"{file}: row {number}", row, n_bytes)
    except (ArrowException, ValueError) as error:
        raise StanceError(f"{error}; expected a readable Parquet file") from error


READERS: Final[Mapping[str, Callable[[Path, str], Iterator[Row]]]] = {
    ".txt": _text, **dict.fromkeys(PAGES, _text), ".jsonl": _jsonl, ".csv": _csv, ".parquet": _parquet,
}  # fmt: skip
ALLOWED: Final = (
    f"{', '.join(READERS)} (all but .parquet also .gz), folders of these, or patterns such as 'news/*.jsonl'"
)

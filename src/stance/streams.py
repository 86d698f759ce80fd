"""Reports one by one from files of any size: what cannot be read comes out too, with the reason."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from glob import glob
from pathlib import Path
from typing import Final

from stance.codebook import StanceError
from stance.formats import ALLOWED, PAGES, READERS, Row, kind, rows, stem
from stance.records import DEFAULT, Read, Rejected, Terms, read

JOB: Final = "_job.json"  # stands in a folder of decisions
REJECTED: Final = "_rejected"  # and what could not be read
MANIFEST: Final = "manifest.csv"


def sources(paths: Iterable[Path]) -> list[Path]:
    """The files behind ``paths``: files, folders with all files below them, and patterns such as ``news/*.jsonl``.

    Of a folder with a manifest.csv only the manifest counts, which lists the texts. A path that is there is no pattern.

    Raises:
        StanceError: if there is no file.
    """
    found: list[Path] = []
    paths = list(paths)
    for path in paths:
        is_there = path.exists() or path.is_symlink()
        matches = [path] if is_there else sorted(map(Path, glob(str(path), recursive=True)))
        if not matches:
            raise StanceError(f"{path}: no such file or folder; expected {ALLOWED}")
        for match in matches:
            found += _below(match) if match.is_dir() else [match]
    if not found:
        raise StanceError(f"{', '.join(map(str, paths)) or 'no path given'}: no file there; expected {ALLOWED}")
    return list(dict.fromkeys(found))


def root_of(files: Sequence[Path]) -> Path:
    """The folder that all ``files`` lie in or below."""
    return Path(os.path.commonpath([file.absolute().parent for file in files]))


def stream(files: Sequence[Path], root: Path | None = None, terms: Terms = DEFAULT) -> Iterator[tuple[Read, int]]:
    """Every record of ``files`` in order, each with the bytes of its file that it makes up (in Parquet, on average).

    A report's id is its ``report_id``; that of a text file its path below ``root`` (that of all files) without suffix,
    and else the report's place. The date may be missing.
    """
    return ((item, n_bytes) for _, item, n_bytes in placed(files, root, terms))


def placed(files: Sequence[Path], root: Path | None = None, terms: Terms = DEFAULT) -> Iterator[tuple[str, Read, int]]:
    """What ``stream`` gives, each record behind its place."""
    if not files:
        return
    root = root or root_of(files)
    for file in files:
        is_text = kind(file) in (".txt", *PAGES)
        name = {"report_id": stem(file.absolute().relative_to(root)).as_posix()} if is_text else {}
        try:
            for row in rows(file, terms.encoding):
                yield row.where, _read(row, name, terms), row.n_bytes
        except StanceError as error:
            yield str(file), Rejected.of(str(file), name.get("report_id", ""), str(error)), 0
        except OSError as error:
            yield str(file), Rejected.of(str(file), name.get("report_id", ""), error.strerror or str(error)), 0


def _read(row: Row, name: dict[str, str], terms: Terms) -> Read:
    if row.reason:
        return Rejected.of(row.where, str(row.fields.get("report_id") or ""), row.reason)
    return read(row.where, {**name, **row.fields}, terms, is_page_file=row.is_page_file)


def _below(folder: Path) -> list[Path]:
    """All files below ``folder`` but hidden ones and those that a manifest lists.

    A folder that is named as a file, or cannot be listed, stands for itself: reading it will tell.
    """
    if (folder / JOB).is_file():
        raise StanceError(f"{folder}: holds decisions of stance classify --out, not reports; give the reports")
    if (folder / MANIFEST).is_file():
        return [folder / MANIFEST]
    found: list[Path] = []
    for child in sorted(child for child in folder.iterdir() if not child.name.startswith((".", "_"))):
        if not child.is_dir() or not _is_listed(child):
            found.append(child)
        elif not folder.resolve().is_relative_to(child.resolve()):  # or it would go round in circles
            found += _below(child)
    return found


def _is_listed(folder: Path) -> bool:
    """Whether it is a folder of files: in Spark and elsewhere a table may be a folder of Parquet files."""
    named_as_file = kind(folder) in READERS and folder.suffix.lower() != ".parquet"
    return not named_as_file and os.access(folder, os.R_OK | os.X_OK)

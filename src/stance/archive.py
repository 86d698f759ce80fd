"""An archive of reports, of any size, → a folder of Parquet files; interrupted anywhere, it goes on where it stopped.

Each part holds the decisions on some reports and, in its metadata, how many records of the archive lie behind it. A
part is complete or not there, so the parts alone say what is done.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from stance import __version__
from stance.artefacts import META, sha256
from stance.batch import ISSUE, Decision, decisions
from stance.classify import StanceClassifier
from stance.codebook import NONE, Report, StanceError
from stance.placing import place
from stance.records import DEFAULT, Read, Terms
from stance.streams import JOB, REJECTED, stream
from stance.syndication import CopyFinder

DONE: Final = "_done.json"  # readers of Parquet folders pass over names that begin with an underscore
PART_CHARACTERS: Final = 2_000_000  # of the reports of one part: some 15,000 sentences
N_REMEMBERED: Final = 20_000  # reports among which copies are looked for: syndicated copies are of the same days
_TYPES: Final = {str: pa.string(), int: pa.int32(), float: pa.float32()}
SCHEMA: Final = pa.schema(
    [(name, pa.date32() if name == "date" else _TYPES[type(value)]) for name, value in Decision("")._asdict().items()]
)
_TOTALS: Final = b"stance"  # the metadata key of a part's totals


@dataclass(frozen=True, slots=True)
class Totals:
    """What lies behind the first parts of an archive, all together; a stance on two issues counts once."""

    n_parts: int = 0
    n_records: int = 0
    n_rejected: int = 0
    n_copies: int = 0
    n_sentences: int = 0
    n_stances: int = 0


def classify_archive(
    files: Sequence[Path],
    folder: Path,
    classifier: StanceClassifier,
    *,
    job: dict[str, Any],
    resume: bool = False,
    part_characters: int = PART_CHARACTERS,
    terms: Terms = DEFAULT,
) -> Totals:
    """Classify every report in ``files`` into ``folder``.

    ``folder/part-000000.parquet`` and so on have a row for each decision (``batch.Decision``); records that could not
    be read stand, with the reason, in ``folder/_rejected/part-000000.jsonl``. A report that copies one of the last
    20,000 before it says so in ``copy_of``. Memory does not grow with the archive.

    Args:
        files: read in this order (``streams``).
        folder: where to write; it must not exist, or with ``resume`` hold the parts of the same job.
        classifier: what reads.
        job: what must be the same for going on (``describe``).
        resume: go on with the parts that are there.
        part_characters: how much text makes a part.
        terms: what the user says of the files; they belong into ``job``.

    Raises:
        StanceError: if ``folder`` is there without ``resume``, or of another job.
    """
    totals = _begun(folder, job) if resume and folder.exists() else _new(folder, job)
    finder = CopyFinder(N_REMEMBERED)
    n_bytes = sum(size for _, size, _ in map(_stamp, files))
    with tqdm(total=n_bytes, unit="B", unit_scale=True, disable=None) as bar:
        records = _after(stream(files, terms=terms), totals.n_records, finder, bar)
        for part in _parts(records, part_characters):
            totals = _write(folder, totals, len(part), decisions(_counted(part, finder, bar), classifier))
            bar.set_postfix_str(f"{totals.n_sentences:,} sentences, {totals.n_stances:,} stances")
    finish(folder)
    return totals


def describe(files: Sequence[Path], model: Path, tables: Sequence[Path], terms: Terms = DEFAULT) -> dict[str, Any]:
    """What makes a job the same job: version, model, alias tables, files with their sizes and times, and terms."""
    return {
        "version": __version__,
        "model": sha256(model / META),
        "actors": list(map(sha256, tables)),
        "files": list(map(_stamp, files)),
        "terms": asdict(terms),
    }


def _stamp(file: Path) -> list[Any]:
    """Path, size in bytes and time of a file; zeros for what is not there, such as behind a broken link."""
    try:
        stat = file.stat()
    except OSError:
        return [str(file), 0, 0]
    return [str(file), stat.st_size, stat.st_mtime_ns]


def finish(folder: Path) -> None:
    """Say in ``folder`` that it is whole."""
    if not (folder / DONE).exists():
        place(folder / DONE, [json.dumps({"n_parts": len(list(folder.glob("*.parquet")))}).encode()])


def check_whole(folder: Path, model: Path) -> dict[str, Any]:
    """The job of the archive in ``folder``.

    Raises:
        StanceError: if the archive is not whole, or was not classified by the stored model in ``model``.
    """
    job: dict[str, Any] = json.loads((folder / JOB).read_text(encoding="utf-8"))
    if job.get("model") != describe([], model, [])["model"]:
        raise StanceError(f"{folder}: classified by another model; name it with --model")
    check_done(folder)
    return job


def check_done(folder: Path) -> None:
    """See that the archive in ``folder`` is whole, whatever model classified it.

    Raises:
        StanceError: if it is not.
    """
    if not (folder / DONE).is_file():
        raise StanceError(f"{folder}: not finished; finish it with stance classify --resume")
    n_parts = json.loads((folder / DONE).read_text(encoding="utf-8"))["n_parts"]
    found = len(list(folder.glob("*.parquet")))
    if found != n_parts:
        raise StanceError(f"{folder}: {found} parts; there must be {n_parts}. Classify again into another folder")


def _new(folder: Path, job: dict[str, Any]) -> Totals:
    """Make ``folder`` with what is to be done in it; it is not there before that is written."""
    if folder.exists():
        other = "go on with --resume, or name" if (folder / JOB).is_file() else "it is no archive of decisions; name"
        raise StanceError(f"{folder}: exists; {other} another folder")
    unfinished = folder.with_name(f"_{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    (unfinished / JOB).write_text(json.dumps(job, indent=1), encoding="utf-8")
    unfinished.rename(folder)
    return Totals()


def _begun(folder: Path, job: dict[str, Any]) -> Totals:
    """How far the parts in ``folder`` go."""
    if not (folder / JOB).is_file():
        raise StanceError(f"{folder}: no {JOB} there; --resume goes on only with what stance classify --out began")
    begun = json.loads((folder / JOB).read_text(encoding="utf-8"))
    changed = [name for name in job if begun.get(name) != job[name]]
    if changed:
        raise StanceError(
            f"{folder}: begun with other {', '.join(changed)}; --resume needs the same as then, and files of the same "
            "path, size and time"
        )
    parts = sorted(folder.glob("*.parquet"))
    if [part.name for part in parts] != [_part_name(number) for number in range(len(parts))]:
        raise StanceError(f"{folder}: a part is missing or has another name; begin anew in another folder")
    if not parts:
        return Totals()
    return Totals(**json.loads(pq.read_metadata(parts[-1]).metadata[_TOTALS]))


def _after(
    records: Iterator[tuple[Read, int]], n_done: int, finder: CopyFinder, bar: tqdm[Any]
) -> Iterator[tuple[Read, int]]:
    """The records behind the first ``n_done``, the last of which ``finder`` gets to see."""
    for number, (item, n_bytes) in enumerate(records):
        if number >= n_done:
            yield item, n_bytes
            continue
        bar.update(n_bytes)
        if number >= n_done - N_REMEMBERED and isinstance(item, Report):
            finder.copy_of(item)


def _counted(part: Sequence[tuple[Read, int]], finder: CopyFinder, bar: tqdm[Any]) -> Iterator[tuple[Read, str]]:
    """The records of a part, each with the id of the report that it copies."""
    for item, n_bytes in part:
        yield item, finder.copy_of(item) if isinstance(item, Report) else ""
        bar.update(n_bytes)


def _parts(records: Iterator[tuple[Read, int]], n_characters: int) -> Iterator[list[tuple[Read, int]]]:
    part: list[tuple[Read, int]] = []
    n_held = 0
    for item, n_bytes in records:
        part.append((item, n_bytes))
        n_held += len(item.text) if isinstance(item, Report) else 0
        if n_held >= n_characters or len(part) >= n_characters:
            yield part
            part, n_held = [], 0
    if part:
        yield part


def _write(folder: Path, before: Totals, n_records: int, rows: Iterator[Decision]) -> Totals:
    """Write a part, what was rejected first; the part's own name makes both count."""
    table: list[Decision] = []
    rejected: list[Decision] = []
    for row in rows:
        (rejected if row.reason else table).append(row)
    columns = {name: [getattr(row, name) for row in table] for name in SCHEMA.names}
    totals = Totals(
        n_parts=before.n_parts + 1,
        n_records=before.n_records + n_records,
        n_rejected=before.n_rejected + len(rejected),
        n_copies=before.n_copies + len({row.report_id for row in table if row.copy_of}),
        n_sentences=before.n_sentences + len(list(groupby(table, key=lambda row: (row.report_id, row.position)))),
        n_stances=before.n_stances + sum(row.label != NONE and row.begins != ISSUE for row in table),
    )
    totals_json = json.dumps(asdict(totals))
    if rejected:
        lines = [json.dumps({"report_id": row.report_id, "reason": row.reason}, ensure_ascii=False) for row in rejected]
        (folder / REJECTED).mkdir(exist_ok=True)
        place(folder / REJECTED / f"part-{before.n_parts:06}.jsonl", [("\n".join(lines) + "\n").encode()])
    whole = pa.table(columns, schema=SCHEMA.with_metadata({_TOTALS: totals_json.encode()}))
    sink = pa.BufferOutputStream()
    pq.write_table(whole, sink, compression="zstd")
    place(folder / _part_name(before.n_parts), [sink.getvalue().to_pybytes()])
    return totals


def _part_name(number: int) -> str:
    return f"part-{number:06}.parquet"

"""How long ``stance report`` takes on an archive of many decisions, and how much memory.

    python benchmarks/archive_report.py

The archive is made up: reports of 20 sentences on one day each over two years, each naming two of twelve parties, every
fifth decision a stance. Writes ``archive_report.json`` and ``archive_report.md`` beside itself. The goal is 20 million
decisions in a minute and 2 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import duckdb

from stance.archive import SCHEMA, describe, finish
from stance.classify import model_files
from stance.codebook import ISSUES, LABELS
from stance.streams import JOB

N_ACTORS: Final = 12
N_DAYS: Final = 730
N_PARTS: Final = 20
MAX_SECONDS: Final = 60
MAX_GIGABYTES: Final = 2.0


def main() -> None:
    """Make the archive, report on it, write what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000_000, help="decisions (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where to write (%(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch) / "archive"
        make_archive(archive, options.rows)
        record = {"n_rows": options.rows, "n_cores": os.cpu_count(), **timed_report(archive, Path(scratch) / "report")}
    (options.out / "archive_report.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (options.out / "archive_report.md").write_text(page(record), encoding="utf-8")
    print(page(record))


def make_archive(folder: Path, n_rows: int) -> None:
    """Write ``n_rows`` decisions as ``stance classify --out`` would."""
    folder.mkdir()
    job = describe([], model_files()[0], [])
    (folder / JOB).write_text(json.dumps(job), encoding="utf-8")
    shares = "".join(f", CASE WHEN label = '{label}' THEN 0.9 ELSE 0.05 END::FLOAT AS {label}" for label in LABELS)
    names = ", ".join(f'"{name}"' for name in SCHEMA.names)
    for part in range(N_PARTS):
        first, after = part * n_rows // N_PARTS, (part + 1) * n_rows // N_PARTS
        duckdb.sql(f"""
COPY (SELECT {names} FROM (SELECT *{shares} FROM (
  SELECT 'report ' || (i // 40) AS report_id, DATE '2024-01-01' + (i // 40 * 7919 % {N_DAYS})::INT AS date,
    'Talks go on' AS title, 'The Post' AS outlet, '' AS copy_of, (i % 40 // 2 + 1)::INT AS position,
    0::INT AS start, 80::INT AS "end", 'The party said on day ' || (i % {N_DAYS}) || ' that it held to it.' AS sentence,
    '' AS reason, 'party ' || ((i // 40 + i % 2 * (1 + i // 40 % 5)) % {N_ACTORS}) AS actor, 'party' AS begins,
    CASE WHEN hash(i) % 5 = 0 THEN {list(map(str, LABELS))}[(1 + hash(i, 1) % 4)::BIGINT] ELSE 'none' END AS label,
    {list(map(str, ISSUES))}[(1 + hash(i, 2) % 10)::BIGINT] AS issue
  FROM range({first}, {after}) AS rows(i)))) TO '{folder / f"part-{part:06}.parquet"}' (COMPRESSION zstd)
""")  # noqa: S608 - numbers and our own labels
    finish(folder)


def timed_report(archive: Path, out: Path) -> dict[str, Any]:
    """Seconds and largest resident memory of ``stance report`` on ``archive``, by month."""
    start = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "stance", "report", str(archive), "--out", str(out), "--period", "month"]
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"stance report ended with {status}")
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "gigabytes": round(usage.ru_maxrss * 1024 / 1e9, 2),
        "page_megabytes": round((out / "shifts.html").stat().st_size / 1e6, 2),
    }


def page(record: dict[str, Any]) -> str:
    """The record for people."""
    is_met = record["seconds"] <= MAX_SECONDS and record["gigabytes"] <= MAX_GIGABYTES
    verdict = "met" if is_met else "missed"
    took = f"{record['seconds']} seconds and {record['gigabytes']} GB on {record['n_cores']} cores"
    return f"""# The shift report on an archive

`python benchmarks/archive_report.py`: `stance report --period month` on {record["n_rows"]:,} made-up decisions of
{N_ACTORS} parties over two years took {took}; its page has {record["page_megabytes"]} MB.
The goal, {MAX_SECONDS} seconds and {MAX_GIGABYTES} GB for 20 million, is {verdict}.
"""


if __name__ == "__main__":
    main()

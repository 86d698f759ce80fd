"""How many sentences a second on one core, on two workers, and on paper what a very large archive costs.

python benchmarks/scaling.py             # 10 minutes alone on 2 cores; writes benchmarks/scaling.md and scaling.json

The contenders classify the same tables and take turns: each runs once in every round. Each table is logged with its
times, so that the steady rate, while all workers are at work, is told apart from what comes once: starting Ray and the
workers, loading the model, a worker's first table. Two processes without Ray, on a core each, show what the machine
itself loses with a second core at work. Needs Linux and the extra [ray].
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import resource
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import version
from itertools import chain, cycle, groupby, product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Final, NamedTuple

import pandas as pd
import pyarrow as pa
import ray
from tqdm import tqdm

from stance import __version__, cluster
from stance.batch import classify_table
from stance.classify import load_classifier
from stance.codebook import StanceError
from stance.files import MAX_CHARACTERS
from stance.labels import read_labels
from stance.paths import HOME

HERE: Final = Path(__file__).parent
ONE_CORE: Final = "one process, one core"
ALL_CORES: Final = "one process, all cores"
TWO_PROCESSES: Final = "two processes, a core each"
RAY_1: Final = "Ray, 1 worker"
RAY_2: Final = "Ray, 2 workers"
TABLE_SENTENCES: Final = 250  # in a table that is classified at once
MIN_TABLES: Final = 20  # so that workers take turns often enough
RECORD_BYTES: Final = 150  # of a report beside its text, as it goes to a worker
GOAL: Final = 0.9  # of the efficiency of two workers
MODEL: Final = "transformer"
HEAD: Final = """\
| contender | sentences/s: median (lowest to highest round) | times one core | ready after | peak memory of a worker |
| --- | ---: | ---: | ---: | ---: |"""

Tables = Sequence[pd.DataFrame]


class Call(NamedTuple):
    """A table that a worker classified; the times are seconds on the machine's clock."""

    worker: int
    start: float
    end: float
    n_sentences: int
    peak_bytes: int  # of the worker's memory so far


class Run(NamedTuple):
    """What a contender did in a round."""

    rate: float  # sentences a second while all workers are at work
    ready: float  # seconds until all workers have begun
    whole: float  # seconds from the start to the last file
    peak_bytes: int  # of the largest worker


class Timed(cluster.Worker):
    """A worker that logs its calls."""

    folder: ClassVar[str] = ""

    def __call__(self, records: Mapping[str, Any]) -> pa.Table:
        start = time.monotonic()
        table = super().__call__(records)
        call = logged(start, [record.text for record in records["record"]])
        with Path(self.folder, f"{call.worker}.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(call) + "\n")
        return table


def main() -> int:
    """Measure everything and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=4000, help="that each contender classifies in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--archive", type=float, default=1e9, help="sentences of the archive on paper")
    parser.add_argument("--machines", type=int, default=100, help="of the cluster on paper")
    parser.add_argument("--cores", type=int, default=16, help="of each of its machines")
    parser.add_argument("--price", type=float, default=0.05, help="of a core for an hour, in US dollars")
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        record = measured(options, Path(folder))
    record["on_paper"] = on_paper(record, options)
    (options.out / "scaling.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    text = markdown(record)
    (options.out / "scaling.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


def corpus_reports(n_sentences: int) -> tuple[pd.DataFrame, int]:
    """Reports of the corpus, a sentence a line, repeated until there are sentences enough; how many are distinct.

    Reports of a single sentence are left out.
    """
    corpus = groupby(read_labels(HOME / "data/corpus.csv"), key=lambda sentence: sentence.report_id)
    texts = [text for text in ("\n".join(one.text for one in report) for _, report in corpus) if "\n" in text]
    rows: list[tuple[str, str]] = []
    left = n_sentences
    for number, text in enumerate(cycle(texts)):
        if left <= 0:
            break
        rows.append((f"{number:07}", text))
        left -= count(text)
    return pd.DataFrame(rows, columns=["report_id", "text"]), min(len(rows), len(texts))


def count(text: str) -> int:
    """The sentences of a report of the corpus."""
    return text.count("\n") + 1


def logged(start: float, texts: Sequence[str]) -> Call:
    """The call of this process that began at ``start`` and ends now."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Call(os.getpid(), start, time.monotonic(), sum(map(count, texts)), peak)


def measured(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All measurements; ``folder`` is for what they need on disk."""
    reports, n_distinct = corpus_reports(options.sentences)
    n_sentences = sum(map(count, reports["text"]))
    archive = folder / "reports.parquet"
    reports.to_parquet(archive, compression="zstd")
    n_tables = max(MIN_TABLES, n_sentences // TABLE_SENTENCES)
    n_rows = -(-len(reports) // n_tables)
    tables = [reports.iloc[first : first + n_rows] for first in range(0, len(reports), n_rows)]
    block_bytes = sum(len(text) + RECORD_BYTES for text in reports["text"]) // n_tables
    start = time.monotonic()
    ray.init(log_to_driver=False, logging_level="error", include_dashboard=False)
    ray_start = time.monotonic() - start
    out = folder / "stances.parquet"
    contenders: dict[str, Callable[[], Run]] = {
        ONE_CORE: partial(by_processes, [tables], 1),
        ALL_CORES: partial(by_processes, [tables], 0),
        TWO_PROCESSES: partial(by_processes, [tables[::2], tables[1::2]], 1),
        RAY_1: partial(by_ray, archive, out, 1, block_bytes),
        RAY_2: partial(by_ray, archive, out, 2, block_bytes),
    }
    runs: dict[str, list[Run]] = {name: [] for name in contenders}
    turns = list(product(range(options.rounds), contenders.items()))
    for _, (name, run) in tqdm(turns, unit="run", disable=None):
        runs[name].append(run())
    distinct = reports.head(n_distinct)
    distinct.to_parquet(folder / "distinct.parquet", compression="zstd")
    rate = {name: median(run.rate for run in found) for name, found in runs.items()}
    return {
        "machine": machine(),
        "n_reports": len(reports),
        "n_distinct_reports": n_distinct,
        "n_sentences": n_sentences,
        "n_tables": len(tables),
        "ray_start_seconds": ray_start,
        "runs": {name: [run._asdict() for run in found] for name, found in runs.items()},
        "sentences_a_second": rate,
        "efficiency": rate[RAY_2] / (2 * rate[RAY_1]),
        "efficiency_without_ray": rate[TWO_PROCESSES] / (2 * rate[ONE_CORE]),
        "bytes_a_sentence": {
            "text": sum(len(text.encode()) for text in reports["text"]) / n_sentences,
            "in": (folder / "distinct.parquet").stat().st_size / sum(map(count, distinct["text"])),
            "out": sum(path.stat().st_size for path in out.iterdir()) / n_sentences,
        },
        "decisions_a_sentence": len(pd.read_parquet(out, columns=["label"])) / n_sentences,
    }


def by_processes(shares: Sequence[Tables], n_threads: int) -> Run:
    """A process for each share of the tables; with one thread, each has a core of its own."""
    start = time.monotonic()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(shares), context) as processes:
        cores = sorted(os.sched_getaffinity(0))
        done = [
            processes.submit(classified, share, n_threads, {core} if n_threads == 1 else set(cores))
            for share, core in zip(shares, cores, strict=False)
        ]
        calls = [call for one in done for call in one.result()]
    return as_run(calls, start, time.monotonic())


def classified(tables: Tables, n_threads: int, cores: set[int]) -> list[Call]:
    """Classify tables on some cores."""
    os.sched_setaffinity(0, cores)
    os.environ["TOKENIZERS_PARALLELISM"] = str(n_threads != 1).lower()
    load_classifier(MODEL, n_threads=n_threads)
    calls = []
    for table in tables:
        start = time.monotonic()
        classify_table(table, model=MODEL, n_threads=n_threads)
        calls.append(logged(start, table["text"].tolist()))
    return calls


def by_ray(archive: Path, out: Path, n_workers: int, block_bytes: int) -> Run:
    """Workers on a cluster that has been started."""
    shutil.rmtree(out, ignore_errors=True)
    with TemporaryDirectory() as log:
        Timed.folder = log
        cluster.Worker = Timed  # type: ignore[misc]
        start = time.monotonic()
        options: dict[str, Any] = {"model": MODEL, "actors": None, "block_bytes": block_bytes}
        cluster.classify_with_ray([archive], out, n_workers=n_workers, **options)
        end = time.monotonic()
        lines = chain.from_iterable(path.read_text(encoding="utf-8").splitlines() for path in Path(log).iterdir())
        return as_run([Call(*json.loads(line)) for line in lines], start, end)


def as_run(calls: Sequence[Call], start: float, end: float) -> Run:
    """The steady rate of all workers together: while each is between the ends of its first and its last call."""
    by_worker = [[call for call in calls if call.worker == worker] for worker in {call.worker for call in calls}]
    begin = max(min(call.end for call in own) for own in by_worker)
    stop = min(max(call.end for call in own) for own in by_worker)
    if stop <= begin:
        raise StanceError(f"{len(calls)} tables on {len(by_worker)} workers; give more --sentences")
    done = sum(
        call.n_sentences * max(0.0, min(call.end, stop) - max(call.start, begin)) / (call.end - call.start)
        for call in calls
    )
    ready = max(min(call.start for call in own) for own in by_worker) - start
    return Run(done / (stop - begin), ready, end - start, max(call.peak_bytes for call in calls))


def machine() -> dict[str, Any]:
    """The processor, how many of its cores are ours, and the versions of what ran."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    packages = ("ray", "onnxruntime", "pandas", "pyarrow")
    return {
        "processor": names[0] if names else platform.machine(),
        "n_cores": len(os.sched_getaffinity(0)),
        "versions": {"Python": platform.python_version(), "stance": __version__}
        | {name: version(name) for name in packages},
    }


def on_paper(record: Mapping[str, Any], options: argparse.Namespace) -> dict[str, float]:
    """An archive on a cluster whose cores are as fast as one here, and whose workers lose no more than two here do."""
    n_cores = options.machines * options.cores
    rate = record["sentences_a_second"][RAY_1] * min(1.0, record["efficiency"]) * n_cores
    seconds = options.archive / rate
    size = {name: n_bytes * options.archive for name, n_bytes in record["bytes_a_sentence"].items()}
    n_blocks = size["text"] / cluster.BLOCK_BYTES
    return {
        "sentences": options.archive,
        "machines": options.machines,
        "cores_a_machine": options.cores,
        "dollars_a_core_hour": options.price,
        "sentences_a_second": rate,
        "hours": seconds / 3600,
        "core_hours": seconds / 3600 * n_cores,
        "dollars": seconds / 3600 * n_cores * options.price,
        "bytes_text": size["text"],
        "bytes_in": size["in"],
        "bytes_out": size["out"],
        "bits_a_second_a_machine": 8 * (size["in"] + size["out"]) / seconds / options.machines,
        "blocks": n_blocks,
        "blocks_a_second": n_blocks / seconds,
        "readers": 1 + n_cores // cluster.N_FED,
        "files_out": record["decisions_a_sentence"] * options.archive / cluster.FILE_ROWS,
        "gigabytes_of_models_a_machine": options.cores * peak(record, RAY_2) / 1e9,
    }


def peak(record: Mapping[str, Any], name: str) -> float:
    """Bytes of memory of the largest worker of a contender, the median of its rounds."""
    return float(median(run["peak_bytes"] for run in record["runs"][name]))


def markdown(record: Mapping[str, Any]) -> str:
    """The tables, with what was run on which machine."""
    rate, on = record["sentences_a_second"], record["machine"]
    lines = [
        "# Scaling",
        "",
        f"`python benchmarks/scaling.py`: {record['n_sentences']:,} sentences in {record['n_reports']:,} reports of "
        f"the corpus ({record['n_distinct_reports']:,} of them distinct), in {record['n_tables']} tables; "
        f"{len(record['runs'][RAY_1])} rounds. {on['processor']}, {on['n_cores']} cores. "
        f"{', '.join(f'{name} {number}' for name, number in on['versions'].items())}.",
        "",
        HEAD,
    ]
    for name, runs in record["runs"].items():
        rates = [run["rate"] for run in runs]
        ready = median(run["ready"] for run in runs)
        lines.append(
            f"| {name} | {rate[name]:,.0f} ({min(rates):,.0f} to {max(rates):,.0f}) "
            f"| {rate[name] / rate[ONE_CORE]:.2f} | {ready:.1f} s | {peak(record, name) / 1e6:,.0f} MB |"
        )
    whole = median(run["whole"] for run in record["runs"][RAY_2])
    reached = record["efficiency"]
    met = "met" if reached >= GOAL else "missed"
    return "\n".join(
        [
            *lines,
            "",
            "The rate is the steady one, while all workers are at work, without their first table. Ready: from the "
            "start of a run until all workers have a model and a table. Ray itself starts once, in "
            f"{record['ray_start_seconds']:.1f} s; a whole run of 2 workers took {whole:.1f} s.",
            "",
            "| goal | asked | measured | met? |",
            "| --- | --- | ---: | --- |",
            f"| efficiency: rate of 2 workers / (2 x rate of 1) | at least {GOAL} | {reached:.3f} | {met} |",
            "",
            f"Two processes without Ray reach {record['efficiency_without_ray']:.3f} of twice one: what is missing to "
            "1 is what the machine itself loses when its second core works too.",
            "",
            *paper(record),
            "",
        ]
    )


def paper(record: Mapping[str, Any]) -> list[str]:
    """The archive on paper, in words."""
    on, size = record["on_paper"], record["bytes_a_sentence"]
    straggler = MAX_CHARACTERS / size["text"] / record["sentences_a_second"][RAY_1]
    return [
        f"## On paper: {on['sentences']:,.0f} sentences on {on['machines']} machines",
        "",
        f"Assumed, since no cluster was measured: {on['cores_a_machine']} cores a machine, a worker on each, as fast "
        f"as the core measured here; workers lose no more than two do here; {on['dollars_a_core_hour']} US dollars a "
        f"core-hour; reports like those of the corpus, {size['text']:.0f} bytes of text a sentence.",
        "",
        "| what | how much |",
        "| --- | ---: |",
        f"| rate | {on['sentences_a_second']:,.0f} sentences/s |",
        f"| time | {on['hours']:.2f} hours |",
        f"| money | {on['dollars']:,.0f} US dollars for {on['core_hours']:,.0f} core-hours |",
        f"| storage in | {on['bytes_in'] / 1e9:,.0f} GB of Parquet ({size['in']:.0f} bytes a sentence) |",
        f"| storage out | {on['bytes_out'] / 1e9:,.0f} GB of Parquet ({size['out']:.0f} bytes a sentence) |",
        f"| network | {on['bits_a_second_a_machine'] / 1e6:,.1f} Mbit/s a machine, in and out |",
        f"| memory of the workers | {on['gigabytes_of_models_a_machine']:.1f} GB a machine |",
        f"| blocks to hand out | {on['blocks']:,.0f}, {on['blocks_a_second']:,.0f} a second |",
        f"| files out | at least {on['files_out']:,.0f} |",
        "",
        "What breaks first:",
        "",
        f"1. **The driver.** One process hands out all blocks, {on['blocks_a_second']:,.0f} a second. Where it cannot "
        f"keep up, make the blocks larger than {cluster.BLOCK_BYTES:,} bytes, or divide the archive into several jobs.",
        f"2. **The readers.** {on['readers']} processes read, each from one file at a time. An archive in fewer files "
        "leaves workers idle; one in millions of small files costs a listing, and an opening each, before it is read.",
        "3. **Copies.** Whether a report copies another shows only where both are seen. That is a global step, such as "
        "a shuffle by bands of MinHash or a pass over the reports of the same days, and not done here.",
        f"4. **Stragglers.** A report is never divided: one of {MAX_CHARACTERS:,} characters, the most allowed, keeps "
        f"a worker busy for {straggler / 60:,.0f} minutes, which the others may have to wait for at the end.",
        "5. **A failure.** A worker that dies is replaced, and its block done again. Where the driver dies, the job "
        "begins anew: there is no --resume on a cluster, so jobs of an hour keep the loss small.",
    ]


if __name__ == "__main__":
    sys.exit(main())

"""An archive of reports on many workers, by Ray Data. Other engines map ``batch.classify_table``: docs/scaling.md."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.dataset

from stance.archive import SCHEMA, describe, finish
from stance.batch import decisions
from stance.classify import load_classifier, model_files
from stance.codebook import StanceError
from stance.records import DEFAULT, Terms
from stance.streams import JOB, root_of, stream

BLOCK_BYTES: Final = 500_000  # of reports that a worker gets at once: some 3,000 sentences
FILE_ROWS: Final = 100_000  # decisions at least in each file, but for the last
N_FED: Final = 16  # workers that one reader of files can feed


class Worker:
    """A model on one core, loaded once."""

    def __init__(self, model: str, actors: str | None) -> None:
        os.environ["TOKENIZERS_PARALLELISM"] = "false"  # or the tokenizer takes all cores
        self._classifier = load_classifier(model, actors, n_threads=1)

    def __call__(self, records: Mapping[str, Any]) -> pa.Table:
        rows = decisions(((record, "") for record in records["record"]), self._classifier)
        return pa.Table.from_pylist([row._asdict() for row in rows], schema=SCHEMA)


def classify_with_ray(
    files: Sequence[Path],
    folder: Path,
    *,
    model: str,
    actors: Path | None,
    n_workers: int,
    block_bytes: int = BLOCK_BYTES,
    terms: Terms = DEFAULT,
) -> int:
    """Classify every report in ``files`` into ``folder``: a row for each ``batch.Decision``, the reports in any order.

    Rows with a ``reason`` stand for records that could not be read; copies are not looked for. Ray runs on this
    machine, or where RAY_ADDRESS says; all machines must then see ``files`` and ``folder`` under the same paths.

    Args:
        files: read as by ``archive.classify_archive``.
        folder: of Parquet files; it is there when all of them are.
        model: "transformer", "tfidf", or the folder of a stored model.
        actors: a CSV of further parties and aliases.
        n_workers: each has a model and a core of its own.
        block_bytes: how much text a worker gets at once.
        terms: what the user says of the files.

    Returns:
        how many records could not be read.

    Raises:
        StanceError: if ``folder`` exists, ``model`` or ``actors`` cannot be read, or Ray is not installed.
    """
    if n_workers < 1:
        raise StanceError(f"{n_workers} workers; at least one is needed")
    if folder.exists():
        raise StanceError(f"{folder}: exists; name another folder")
    load_classifier(model, actors, n_threads=1)  # what is wrong with them is said here, not by every worker
    stored, _ = model_files(model)
    try:
        import ray.data
    except ImportError as error:
        raise StanceError("--workers needs Ray: pip install '.[ray]' in the project's folder") from error
    unfinished = folder.resolve().with_name(f"_{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    if not ray.is_initialized():
        ray.init(log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    paths = ray.data.from_items([str(file.absolute()) for file in files])
    paths.context.target_max_block_size = block_bytes
    paths.context._max_num_blocks_in_streaming_gen_buffer = 16  # after 2, a worker would wait for the driver
    readers, workers = ray.data.TaskPoolStrategy(1 + n_workers // N_FED), ray.data.ActorPoolStrategy(size=n_workers)
    options = (str(stored.resolve()) if stored == Path(model) else model, str(actors.resolve()) if actors else None)
    no_core = {"num_cpus": 0}  # readers and writers would wait for one for ever where the workers have them all
    records = paths.flat_map(partial(_records, root=root_of(files), terms=terms), compute=readers, **no_core)
    found = records.map_batches(
        Worker, fn_constructor_args=options, batch_size=None, batch_format="numpy", compute=workers, num_cpus=1
    )
    found.write_parquet(str(unfinished), min_rows_per_file=FILE_ROWS, ray_remote_args=no_core, compression="zstd")
    job = describe(files, *model_files(model, actors), terms) | {"copies": "not looked for"}
    (unfinished / JOB).write_text(json.dumps(job), encoding="utf-8")
    finish(unfinished)
    unfinished.rename(folder)
    return int(pa.dataset.dataset(folder, SCHEMA).count_rows(filter=pa.dataset.field("reason") != ""))


def _records(path: Mapping[str, str], root: Path, terms: Terms) -> Iterator[dict[str, Any]]:
    return ({"record": record} for record, _ in stream([Path(path["item"])], root, terms))

"""An archive of reports on many workers, by Ray Data. Other engines map ``batch.classify_table``: docs/scaling.md."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from stance.batch import Decision, decisions
from stance.classify import load_classifier
from stance.codebook import StanceError
from stance.streams import stream

BLOCK_BYTES: Final = 500_000  # of reports that a worker gets at once: some 4,000 sentences
FILE_ROWS: Final = 100_000  # decisions at least in each file, but for the last
N_FED: Final = 16  # workers that one reader of files can feed
_TYPES: Final = {str: pa.string(), int: pa.int32(), float: pa.float32()}
SCHEMA: Final = pa.schema(
    [(name, pa.date32() if name == "date" else _TYPES[type(value)]) for name, value in Decision("")._asdict().items()]
)


class Worker:
    """A model on one core, loaded once."""

    def __init__(self, model: str, actors: str | None) -> None:
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
) -> None:
    """Classify every report in ``files`` into ``folder``, a row for each ``batch.Decision``, in any order.

    Rows with a ``reason`` stand for records that could not be read; copies are not looked for. Ray runs on this
    machine, or where RAY_ADDRESS says; there all machines must see ``files`` and ``folder`` under the same paths.

    Args:
        files: as for ``archive.classify_archive``.
        folder: where to write Parquet files; it is there when all of them are.
        model: "transformer", "tfidf", or the folder of a stored model.
        actors: a CSV of further parties and aliases.
        n_workers: each has a model and a core of its own.
        block_bytes: how much text a worker gets at once.

    Raises:
        StanceError: if Ray is not installed, or ``folder`` exists, or model or actors cannot be read.
    """
    try:
        import ray.data
    except ImportError as error:
        raise StanceError("--workers needs Ray: pip install 'stance[ray]'") from error
    if folder.exists():
        raise StanceError(f"{folder}: exists; name another folder")
    load_classifier(model, actors, n_threads=1)  # what is wrong with them is said here, not by every worker
    unfinished = folder.resolve().with_name(f"_{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    if not ray.is_initialized():
        ray.init(log_to_driver=False, logging_level="error", include_dashboard=False)
    # Readers and writers ask for no core: with one, they would wait for ever where the workers have them all.
    idle = {"num_cpus": 0}
    paths = ray.data.from_items([str(file.resolve()) for file in files])
    paths.context.target_max_block_size = block_bytes
    records = paths.flat_map(_records, compute=ray.data.TaskPoolStrategy(1 + n_workers // N_FED), **idle)
    found = records.map_batches(
        Worker,
        fn_constructor_args=(model, str(actors.resolve()) if actors else None),
        batch_size=None,
        batch_format="numpy",
        compute=ray.data.ActorPoolStrategy(size=n_workers),
        num_cpus=1,
    )
    found.write_parquet(str(unfinished), min_rows_per_file=FILE_ROWS, ray_remote_args=idle, compression="zstd")
    unfinished.rename(folder)


def _records(path: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    return ({"record": record} for record, _ in stream([Path(path["item"])]))

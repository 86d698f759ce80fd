"""Files that are whole or not there: written beside their place, then renamed into it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def place(path: Path, pieces: Iterable[bytes]) -> Path:
    """Write ``pieces`` to ``path``, in their order; what stood there before stays until all are written.

    They go to ``_NAME.unfinished`` in the same folder, which readers of Parquet folders pass over. An error, also one
    of ``pieces`` itself, removes that file; only a kill leaves it.

    Returns:
        ``path``.

    Raises:
        OSError: if the file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     placed = place(Path(folder, "talks.txt"), [b"Belmark ", b"refused."])
    ...     print(placed.name, placed.read_text())
    talks.txt Belmark refused.
    """
    unfinished = path.with_name(f"_{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            file.writelines(pieces)
        return unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)

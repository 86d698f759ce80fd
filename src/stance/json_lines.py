"""JSON lines → their objects one by one, each with its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stance.codebook import StanceError
from stance.files import opened

JsonRow = tuple[str, Mapping[str, Any], int, str]
"""A place as ``file:line``, the object there, how many bytes of the file it takes, and what is wrong with it, or ""."""


def json_rows(path: Path, encoding: str | None) -> Iterator[JsonRow]:
    """Each line that is not blank; ``encoding`` as in ``files.Text``.

    Raises:
        StanceError: without the place, where the file, or the rest of it, cannot be read.
        OSError: if it cannot be opened.
    """
    with opened(path, encoding) as (lines, position):
        start = 0
        for number, line in enumerate(lines, start=1):
            n_bytes, start = position() - start, position()
            fault = lines.fault()
            if fault or line.strip():
                row, reason = _object(line)
                yield f"{path}:{number}", row, n_bytes, fault or reason


def json_objects(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects of a file that must hold nothing else, each with its place as ``file:line``.

    Raises:
        StanceError: naming file, line and what is allowed.
    """
    for where, row, _, reason in _placed(path):
        if reason:
            raise StanceError(f"{where}: {reason}")
        yield where, row


def _placed(path: Path) -> Iterator[JsonRow]:
    try:
        yield from json_rows(path, None)
    except StanceError as error:
        raise StanceError(f"{path}: {error}") from error
    except OSError as error:
        raise StanceError(f"{path}: {error.strerror}; expected a file of JSON lines") from error


def _object(line: str) -> tuple[Mapping[str, Any], str]:
    try:
        row = json.loads(line.removeprefix("\ufeff").rstrip("\r\n"))
    except json.JSONDecodeError as error:
        return {}, f"{error.msg} at character {error.pos + 1}; every line must be a JSON object"
    except (ValueError, RecursionError) as error:
        return {}, f"{error}; every line must be a JSON object"
    return (row, "") if isinstance(row, dict) else ({}, f"a {type(row).__name__}; every line must be a JSON object")

"""What an ONNX file asks for, read from its bytes: operators of which domains, and data outside it.

A protobuf message is a row of numbered fields (https://protobuf.dev/programming-guides/encoding/), numbered as in
``onnx.proto``. Weights are skipped, not read, and the package ``onnx`` is not needed.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from stance.codebook import StanceError

DOMAINS: Final = ("", "com.microsoft")  # ONNX's own operators, and onnxruntime's fused ones
MAX_DEPTH: Final = 8  # of graphs within nodes

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WIDTHS: Final = {_FIXED64: 8, _FIXED32: 4}
# The fields of each message that may hold operators or point outside: what the message there is, or how it is checked.
_MESSAGES: Final[dict[str, dict[int, str]]] = {
    "model": {7: "graph", 8: "opset", 20: "training information", 25: "function"},
    "opset": {1: "domain"},
    "graph": {1: "node", 5: "tensor", 15: "sparse tensor"},
    "node": {5: "attribute", 7: "domain"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse tensor", 23: "sparse tensor"},
    "sparse tensor": {1: "tensor", 2: "tensor"},
    "tensor": {13: "external data", 14: "data location"},
}
_REFUSED: Final = ("training information", "function", "external data")

_Field = tuple[int, int, int, int]  # its number; the value of a number; where its bytes begin and end


def check_contents(path: Path) -> None:
    """Refuse an ONNX file that is not complete in itself, or needs operators that onnxruntime does not bring.

    Raises:
        StanceError: if its bytes are no ONNX model, or hold external data, functions, training information or
            operators of a domain but ``DOMAINS``.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            _check(path, content, "model", 0, len(content), 0)
    except (ValueError, IndexError) as error:
        if isinstance(error, StanceError):
            raise
        raise StanceError(f"{path}: no ONNX model ({error}); the file is damaged or of another kind") from error


def _check(path: Path, content: mmap.mmap, message: str, start: int, end: int, depth: int) -> None:
    """Check the ``message`` in the bytes from ``start`` to ``end``, and those within it."""
    if depth > 3 * MAX_DEPTH:  # a graph lies in an attribute of a node of a graph
        raise StanceError(f"{path}: graphs within more than {MAX_DEPTH} graphs; fewer are allowed")
    known = _MESSAGES[message]
    for number, value, first, last in _fields(content, start, end):
        kind = known.get(number)
        if kind in _REFUSED or (kind == "data location" and value):
            raise StanceError(f"{path}: holds {kind}; a model must be whole in one file, of plain operators")
        if kind == "domain":
            domain = content[first:last].decode("utf-8", "replace")
            if domain not in DOMAINS:
                raise StanceError(
                    f"{path}: operators of domain {domain!r}; allowed are those of ONNX and com.microsoft"
                )
        elif kind in _MESSAGES:
            _check(path, content, kind, first, last, depth + 1)


def _fields(content: mmap.mmap, start: int, end: int) -> Iterator[_Field]:
    while start < end:
        tag, start = _varint(content, start)
        wire, value, first = tag & 7, 0, start
        if wire == _VARINT:
            value, start = _varint(content, start)
        elif wire == _BYTES:
            length, first = _varint(content, start)
            start = first + length
        elif wire in _WIDTHS:
            start += _WIDTHS[wire]
        else:
            raise ValueError(f"wire type {wire} at byte {first}")
        if start > end:
            raise ValueError(f"a field that ends behind its message at byte {first}")
        yield tag >> 3, value, first, start


def _varint(content: mmap.mmap, start: int) -> tuple[int, int]:
    """The number at ``start`` in base 128, least digit first, and where it ends."""
    value = 0
    for place in range(10):
        digit = content[start + place]
        value |= (digit & 127) << (7 * place)
        if digit < 128:
            return value, start + place + 1
    raise ValueError(f"an endless number at byte {start}")

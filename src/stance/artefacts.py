"""Stored models: a folder with the weights and ``meta.json``, which says what they are and holds their hashes.

``meta.json`` holds the SHA-256 of its own content too, so that a changed threshold is noticed like a changed weight.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from stance.codebook import CODEBOOK_VERSION, StanceError
from stance.predictions import Classifier, DecisionRule
from stance.quantification import MeasuredErrors

META: Final = "meta.json"
FORMAT_VERSION: Final = 6  # of meta.json; 5 did not read the outlet
CHECKSUM: Final = "sha256"  # of everything else in meta.json
FILES: Final[Mapping[str, frozenset[str]]] = {
    "onnx": frozenset({"model.onnx", "tokenizer.json"}),
    "tfidf": frozenset({"model.skops"}),
}  # what a model of each kind is made of


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A classifier that was read from a folder, with its decision rule and everything ``meta.json`` says.

    ``errors`` were measured on the development reports; None where they are not recorded.
    """

    classifier: Classifier
    rule: DecisionRule
    meta: Mapping[str, Any]
    errors: MeasuredErrors | None = None


def write_meta(folder: Path, kind: str, rule: DecisionRule, details: Mapping[str, Any]) -> None:
    """Write ``meta.json`` over the files that lie in ``folder``: the last step of making an artefact."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name not in (META, "MODEL_CARD.md"))
    meta = {
        "kind": kind,
        "format_version": FORMAT_VERSION,
        "codebook_version": CODEBOOK_VERSION,
        "rule": asdict(rule),
        "files": {path.name: sha256(path) for path in files},
        **details,
    }
    text = json.dumps(meta | {CHECKSUM: checksum(meta)}, indent=2)
    (folder / META).write_text(f"{text}\n", encoding="utf-8")


def checksum(meta: Mapping[str, Any]) -> str:
    """The SHA-256 of what ``meta`` says, but for its own checksum; order and spaces do not count.

    >>> checksum({"kind": "onnx", "rule": {}})[:8] == checksum({"rule": {}, "sha256": "", "kind": "onnx"})[:8]
    True
    """
    content = {name: value for name, value in meta.items() if name != CHECKSUM}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal digits.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     sha256(Path(file.name))[:8]
    'e3b0c442'
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_model(folder: Path, *, n_threads: int = 0) -> StoredModel:
    """Read a stored model, after checking ``meta.json`` and each file against its hash; 0 threads are one a core.

    Raises:
        StanceError: if a file is missing, is not the one that was stored, or is no model of this format and codebook.
    """
    meta = read_meta(folder)
    try:
        rule = DecisionRule(**meta["rule"])
        errors = MeasuredErrors.from_json(meta["errors"]) if meta.get("errors") else None
    except (ValueError, KeyError, TypeError) as error:
        raise StanceError(f"{folder / META}: damaged ({error!r}); restore it or run train.py again") from error
    check_files(folder, meta)
    return StoredModel(_classifier(folder, meta["kind"], n_threads), rule, meta, errors)


def read_meta(folder: Path) -> dict[str, Any]:
    """What ``meta.json`` of a stored model says.

    Raises:
        StanceError: if it is missing or damaged, of another format, codebook or kind than this package reads, or has
            no hash of a file that a model of its kind needs.
    """
    if not (folder / META).is_file():
        retired = _retired(folder.parent)
        left = f" A run was killed while it put models in place: those of before are in {retired}" * retired.exists()
        raise StanceError(
            f"{folder}: no {META} there; expected a folder that train.py wrote, such as models/transformer.{left}"
        )
    try:
        meta: dict[str, Any] = dict(json.loads((folder / META).read_text(encoding="utf-8")))
        stored_format, said, found = meta.get("format_version", 1), meta.get(CHECKSUM), checksum(meta)
    except (ValueError, TypeError, RecursionError) as error:
        raise StanceError(f"{folder / META}: damaged ({error!r}); restore it or run train.py again") from error
    if stored_format != FORMAT_VERSION:
        raise StanceError(
            f"{folder / META}: of format version {stored_format}; this package reads {FORMAT_VERSION}. "
            "Run train.py again, or use the version of stance that stored it"
        )
    if said != found:
        raise StanceError(f"{folder / META}: its content has SHA-256 {found}; it says {said}. Restore it")
    version, kind, files = (meta.get(name) for name in ("codebook_version", "kind", "files"))
    if version != CODEBOOK_VERSION:
        raise StanceError(f"{folder}: made for codebook version {version}; this package uses {CODEBOOK_VERSION}")
    if kind not in tuple(FILES):
        raise StanceError(f"{folder / META}: kind {kind!r} is not one of {', '.join(FILES)}")
    unlisted = FILES[kind] - set(files if isinstance(files, dict) else ())
    if unlisted:
        raise StanceError(f"{folder / META}: no hash of {', '.join(sorted(unlisted))}; a model of this kind needs it")
    return meta


def check_files(folder: Path, meta: Mapping[str, Any]) -> None:
    """Hold each file of a stored model against its hash.

    Raises:
        StanceError: naming the file, if one is missing or changed.
    """
    for name, expected in meta["files"].items():
        path = folder / name
        found = sha256(path) if path.is_file() else "no such file"
        if found != expected:
            raise StanceError(
                f"{path}: {found}; {META} says SHA-256 {expected}. Restore the file or run train.py again"
            )


@contextmanager
def signals_deferred() -> Iterator[None]:
    """Serve an interrupt or a termination that comes inside the block at its end."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # only the main thread is ever interrupted
        yield
        return
    usual = {number: signal.signal(number, lambda n, _: came.append(n)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
        for late in came:
            signal.raise_signal(late)


def replace_folder(new: Path, target: Path) -> None:
    """Put the folder ``new`` in the place of ``target``; no signal but a kill comes between.

    After a kill between the two renames the old folder lies whole beside ``target`` as ``.NAME.retired``, until
    ``put_back`` or the next call.

    Raises:
        StanceError: if there is no folder ``new``; ``target`` stays as it is.
    """
    if not new.is_dir():
        raise StanceError(f"{new}: no such folder; {target} stays as it is")
    target.parent.mkdir(parents=True, exist_ok=True)
    put_back(target)
    with signals_deferred():
        if target.exists():
            target.rename(_retired(target))
        try:
            new.rename(target)
        except OSError:
            put_back(target)
            raise
    shutil.rmtree(_retired(target), ignore_errors=True)


def put_back(target: Path) -> None:
    """Clear up after a ``replace_folder`` that was killed: the old folder goes back to its place if none is there."""
    if _retired(target).exists() and not target.exists():
        _retired(target).rename(target)
    shutil.rmtree(_retired(target), ignore_errors=True)


def _retired(target: Path) -> Path:
    return target.with_name(f".{target.name}.retired")


def _classifier(folder: Path, kind: str, n_threads: int) -> Classifier:
    if kind == "onnx":
        from stance.runtime import OnnxClassifier

        return OnnxClassifier.load(folder, n_threads=n_threads)
    from stance.baseline import TfidfBaseline

    return TfidfBaseline.load(folder)

"""Stored models: a folder with the weights and ``meta.json``, which says what they are and holds their hashes."""

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
from typing import Any

from stance.codebook import CODEBOOK_VERSION, StanceError
from stance.predictions import Classifier, DecisionRule
from stance.quantification import MeasuredErrors

META = "meta.json"


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
        "codebook_version": CODEBOOK_VERSION,
        "rule": asdict(rule),
        "files": {path.name: _sha256(path) for path in files},
        **details,
    }
    (folder / META).write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")


def load_model(folder: Path, *, n_threads: int = 0) -> StoredModel:
    """Read a stored model, after checking each of its files against its hash; 0 threads are one for each core.

    Raises:
        StanceError: if a file is missing, is not the one that was stored, or was made by another codebook.
    """
    if not (folder / META).is_file():
        raise StanceError(
            f"{folder}: no {META} there; expected a folder that train.py wrote, such as models/transformer"
        )
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        files, version, kind = dict(meta["files"]), meta["codebook_version"], meta["kind"]
        rule = DecisionRule(**meta["rule"])
        errors = MeasuredErrors.from_json(meta["errors"]) if meta.get("errors") else None
    except (ValueError, KeyError, TypeError) as error:
        raise StanceError(f"{folder / META}: damaged ({error!r}); restore it or run train.py again") from error
    for name, expected in files.items():
        path = folder / name
        found = _sha256(path) if path.is_file() else "no such file"
        if found != expected:
            raise StanceError(
                f"{path}: {found}; {META} says SHA-256 {expected}. Restore the file or run train.py again"
            )
    if version != CODEBOOK_VERSION:
        raise StanceError(f"{folder}: made for codebook version {version}; this package uses {CODEBOOK_VERSION}")
    return StoredModel(_classifier(folder, kind, n_threads), rule, meta, errors)


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
    """Put the folder ``new`` in the place of ``target``; no signal comes between.

    Raises:
        StanceError: if there is no folder ``new``; ``target`` stays as it is.
    """
    if not new.is_dir():
        raise StanceError(f"{new}: no such folder; {target} stays as it is")
    target.parent.mkdir(parents=True, exist_ok=True)
    retired = target.with_name(f".{target.name}.retired")
    shutil.rmtree(retired, ignore_errors=True)
    with signals_deferred():
        if target.exists():
            target.rename(retired)
        new.rename(target)
    shutil.rmtree(retired, ignore_errors=True)


def _classifier(folder: Path, kind: str, n_threads: int) -> Classifier:
    if kind == "onnx":
        from stance.runtime import OnnxClassifier

        return OnnxClassifier.load(folder, n_threads=n_threads)
    if kind == "tfidf":
        from stance.baseline import TfidfBaseline

        return TfidfBaseline.load(folder)
    raise StanceError(f"{folder / META}: kind {kind!r} is not one of onnx, tfidf")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

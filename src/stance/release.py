"""Fitted classifiers to released artefacts: stored, exported, scored as they will be used, described."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from stance.artefacts import META, load_model, write_meta
from stance.baseline import TfidfBaseline
from stance.evaluation import as_json, evaluate, measured_errors
from stance.evaluation_report import environment
from stance.protocol import TEST, Contender, Data

TRANSFORMER: Final = "transformer"
RELEASED: Final = "transformer, released int8"
_PACKAGES: Final = ("numpy", "scikit-learn", "torch", "transformers", "onnxruntime", "tokenizers", "skops")


def stage(contender: Contender, data: Data, settings: Mapping[str, Any], folder: Path) -> list[Path]:
    """Store what is to be released of a contender below ``folder``; returns the artefacts' folders.

    The transformer is stored twice: as the fp32 checkpoint and as the int8 model, which is scored on the frozen
    test as it will run.
    """
    details = {
        "data_hash": data.hash,
        "n_training_sentences": len(data.train),
        "settings": dict(settings),
        "errors": asdict(contender.errors) if contender.errors else None,
        "evaluations": {e.test: as_json(e) for e in contender.evaluations},
        "versions": {package: version(package) for package in _PACKAGES},
    }
    released = contender.released
    if isinstance(released, TfidfBaseline):
        released.save(folder / "tfidf")
        write_meta(folder / "tfidf", "tfidf", contender.rule, details)
        _write_card(folder / "tfidf", "TF-IDF of words and characters with logistic regression (scikit-learn)")
        return [folder / "tfidf"]
    if contender.name == TRANSFORMER:
        return _stage_transformer(contender, data, details, folder)
    return []


def _stage_transformer(contender: Contender, data: Data, details: dict[str, Any], folder: Path) -> list[Path]:
    from stance.export import export_onnx
    from stance.transformer import Transformer

    model = contender.released
    if not isinstance(model, Transformer):
        raise TypeError(f"the contender {contender.name} released a {type(model).__name__}, not a Transformer")
    model.save(folder / "checkpoint")
    released = folder / "transformer"
    with contender.timed("export to int8"):
        export_onnx(model, released)
    write_meta(released, "onnx", contender.rule, details)
    classifier = load_model(released).classifier
    test, development = (
        classifier.predict_proba([item.example for item in items]) for items in (data.test, data.development)
    )
    scored = evaluate(RELEASED, TEST, data.test, test, contender.rule)
    contender.evaluations.append(scored)
    details["evaluations"][TEST] = as_json(scored)
    details["errors"] = asdict(measured_errors(data.development, development, contender.rule))
    write_meta(released, "onnx", contender.rule, details)
    _write_card(released, f"{details['settings']['backbone']}, fine-tuned, exported to ONNX with int8 weights")
    return [folder / "checkpoint", released]


def _write_card(folder: Path, description: str) -> None:
    """The model card, from ``meta.json`` alone."""
    meta = json.loads((folder / META).read_text(encoding="utf-8"))
    card = environment().get_template("MODEL_CARD.md.j2").render(**meta, name=folder.name, description=description)
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")

"""Fitted classifiers to released artefacts: stored, exported, scored as they will be used, described."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from stance.artefacts import META, load_model, write_meta
from stance.baseline import TfidfBaseline
from stance.codebook import LABELS
from stance.context import answers_in_context
from stance.dataset import LabelledExample, Register
from stance.evaluation import as_json, evaluate, measured_errors, outcome
from stance.evaluation_report import environment
from stance.metrics import METRICS, Outcome, calibration_bins
from stance.predictions import DecisionRule, Probabilities
from stance.protocol import DEVELOPMENT, TEST, Contender, Data

TRANSFORMER: Final = "transformer"
RELEASED: Final = "transformer, released int8"
N_FAILURES: Final = 10  # told in the card
_PACKAGES: Final = ("numpy", "scikit-learn", "torch", "transformers", "onnxruntime", "tokenizers", "skops")


def stage(contender: Contender, data: Data, settings: Mapping[str, Any], folder: Path) -> None:
    """Store what is to be released of a contender below ``folder``, each artefact in a folder of its own.

    The transformer is stored twice: as the fp32 checkpoint and as the int8 model, which is scored on the frozen
    test and the development reports as it will run.
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
    elif contender.name == TRANSFORMER:
        _stage_transformer(contender, data, details, folder)


def _stage_transformer(contender: Contender, data: Data, details: dict[str, Any], folder: Path) -> None:
    from stance.export import export_onnx
    from stance.transformer import Transformer

    model = contender.released
    if not isinstance(model, Transformer):
        raise TypeError(f"the contender {contender.name} released a {type(model).__name__}, not a Transformer")
    model.save(folder / "checkpoint")
    released = folder / "transformer"
    with contender.timed("export to int8"):
        export_onnx(model, released, [item.example for item in data.train])
    write_meta(released, "onnx", contender.rule, details)
    classifier = load_model(released).classifier
    test, development = (
        answers_in_context(classifier, [item.example for item in items]) for items in (data.test, data.development)
    )
    for name, items, answers in ((TEST, data.test, test), (DEVELOPMENT, data.development, development)):
        scored = evaluate(RELEASED, name, items, answers, contender.rule)
        contender.evaluations.append(scored)
        details["evaluations"][name] = as_json(scored)
    details["errors"] = asdict(measured_errors(data.development, development, contender.rule))
    on_test = outcome(data.test, test, contender.rule)
    details["calibration"] = calibration_bins(on_test)
    trained = {item.sentence.conflict for item in data.train}
    details["by_conflict"] = _scores_of(_by_conflict(data.test, trained), data.test, on_test)
    details["by_register"] = _scores_of(_by_register(data.test, data.registers), data.test, on_test)
    details["failures"] = _failures(data.development, development, contender.rule)
    write_meta(released, "onnx", contender.rule, details)
    backbone = details["settings"]["backbone"]
    _write_card(released, f"{backbone}, fine-tuned, and a linear model on words; exported to ONNX with int8 weights")


def _by_conflict(items: Sequence[LabelledExample], trained: Set[str]) -> dict[str, list[int]]:
    """The rows of each conflict, then those of the conflicts trained on and of the others together."""
    groups: dict[str, list[int]] = {}
    for row, item in enumerate(items):
        name, known = item.sentence.conflict, item.sentence.conflict in trained
        groups.setdefault(name if known else f"{name} (never trained on)", []).append(row)
        groups.setdefault(f"all conflicts {'trained on' if known else 'never trained on'}", []).append(row)
    return dict(sorted(groups.items(), key=lambda group: (group[0].startswith("all "), group[0])))


def _by_register(items: Sequence[LabelledExample], registers: Mapping[str, Register]) -> dict[str, list[int]]:
    """The rows of each register; a report whose register nobody told is in none."""
    groups: dict[str, list[int]] = {register: [] for register in Register}
    for row, item in enumerate(items):
        if item.sentence.report_id in registers:
            groups[registers[item.sentence.report_id]].append(row)
    return {name: rows for name, rows in groups.items() if rows}


def _scores_of(
    groups: Mapping[str, Sequence[int]], items: Sequence[LabelledExample], scored: Outcome
) -> list[dict[str, Any]]:
    """What the cards tell of each group of rows."""
    rows = []
    for name, members in groups.items():
        part = scored.take(np.array(members))
        scores = {score: METRICS[score](part) for score in ("macro_f1", "actor_label_f1")}
        n_reports = len({items[row].sentence.report_id for row in members})
        counts = {"n_reports": n_reports, "n_sentences": len(members), "n_stances": int(part.gold.sum())}
        rows.append({"name": name, **counts, **scores})
    return rows


def _failures(
    items: Sequence[LabelledExample], answers: Sequence[Probabilities], rule: DecisionRule
) -> list[dict[str, Any]]:
    """The sentences whose labels it gets most confidently wrong."""
    scored = outcome(items, answers, rule)
    is_wrong = (scored.predicted != scored.gold).any(axis=1)
    surprise = np.where(is_wrong, np.abs(scored.probabilities - scored.gold).max(axis=1), 0)
    return [
        {
            "sentence": items[row].sentence.text,
            "gold": [label for label, held in zip(LABELS, scored.gold[row], strict=True) if held],
            "found": [label for label, held in zip(LABELS, scored.predicted[row], strict=True) if held],
            "probability": float(scored.probabilities[row].max()),
        }
        for row in np.argsort(-surprise, kind="stable")[: min(N_FAILURES, int(is_wrong.sum()))]
    ]


def _write_card(folder: Path, description: str) -> None:
    """The model card, from ``meta.json`` alone."""
    meta = json.loads((folder / META).read_text(encoding="utf-8"))
    card = environment().get_template("MODEL_CARD.md.j2").render(**meta, name=folder.name, description=description)
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")

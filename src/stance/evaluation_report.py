"""The evaluation record as JSON, Markdown and a short table for the terminal. No arithmetic."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from stance.codebook import LABELS
from stance.evaluation import format_estimate
from stance.placing import place

_HEADINGS: Final = {
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "none_f1": "none F1",
    "actor_label_f1": "(actor, label) F1",
    "actor_label_issue_f1": "(actor, label, issue) F1",
    "average_precision": "average precision",
    "expected_calibration_error": "calibration error",
}
MIN_REPORTS: Final = 5  # with fewer, resampling whole reports tells nothing
_SHORT: Final = ("macro_f1", "actor_label_f1", "actor_label_issue_f1")


def environment() -> Environment:
    """Jinja2 for the Markdown templates."""
    env = Environment(
        loader=PackageLoader("stance"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Markdown, filled with our own numbers and names only
    )
    env.filters["estimate"] = format_estimate
    env.filters["signed"] = lambda score: format_estimate(score, signed=True)
    return env


def write_evaluation(folder: Path, record: Mapping[str, Any]) -> list[Path]:
    """Write ``evaluation.json`` and ``evaluation.md`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    text = environment().get_template("evaluation.md.j2").render(**record, headings=_HEADINGS, label_names=LABELS)
    return [
        place(folder / "evaluation.json", [(json.dumps(record, indent=2) + "\n").encode()]),
        place(folder / "evaluation.md", [text.encode()]),
    ]


def _score(evaluation: Mapping[str, Any], name: str) -> str:
    """A score with its interval, which a bootstrap over few reports cannot give."""
    score = evaluation["scores"][name]
    is_enough = evaluation["n_reports"] >= MIN_REPORTS
    return format_estimate(score) if is_enough else f"{score['value']:.3f} (too few reports)"


def summary_table(evaluations: Sequence[Mapping[str, Any]]) -> str:
    """The main scores of every classifier and test, aligned for a terminal."""
    header = ["test", "classifier", *(_HEADINGS[name] for name in _SHORT)]
    rows = [
        [
            item["test"],
            item["classifier"],
            *(_score(item, name) for name in _SHORT),
        ]
        for item in sorted(evaluations, key=lambda item: item["test"])
    ]
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])

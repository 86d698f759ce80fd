"""The templates of a report with all that they may use: vocabulary, limits, and how numbers and text are set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from stance.charts import DARK_COLOURS, LABEL_COLOURS, N_UPRIGHT_NAMES
from stance.codebook import FIRM_LABELS, ISSUES, LABELS, Label
from stance.evidence import likeliest, page_script
from stance.firmness import MIN_STANCES
from stance.gaps import MAX_ACTORS
from stance.positions import Move
from stance.prediction_powered import MIN_CHECKS
from stance.report_words import count, points, score, share, signed

MAX_EVIDENCE: Final = 12  # sentences shown in a place; the others stand in stances.csv
MAX_CHANGES: Final = 100  # shown with their evidence; the others stand in shifts.json
MAX_PRINTED: Final = 1000  # stances listed once more at the end, for print; with more, cells show the likeliest only
MAX_OPEN: Final = 20  # changes open at first, of position and of firmness
MAX_WORDS: Final = 8  # periods of a grid that prints its labels as words; with more they are letters
MAX_COLUMNS: Final = 60  # periods of a grid that fits on paper
MEANINGS: Final[Mapping[Label, str]] = {
    Label.DEMAND: "asks that others do, accept or hand over something, or insists on keeping something",
    Label.PRECONDITION: "makes talks, a truce or a step of its own depend on something",
    Label.REJECTION: "refuses, rules out or dismisses a proposal, demand or meeting",
    Label.CONCESSION: "gives or offers ground: agrees, signals readiness, softens or drops a position",
}
SCORES: Final = {
    "macro_f1": "Label of a sentence (macro-F1)",
    "actor_label_f1": "Label and whose it is (F1)",
    "actor_label_issue_f1": "Label, whose it is and on what issue (F1)",
    "expected_calibration_error": "Calibration error of the probabilities (0 is best)",
}
MOVES: Final[Mapping[Move, str]] = {
    Move.SOFTENING: "from a firm label to concession",
    Move.HARDENING: "from concession to a firm label",
    Move.REFRAMING: "from one firm label to another",
}


def page_templates() -> Environment:
    """The environment of the templates ``shifts.html`` and ``shifts.md``."""
    pages = Environment(
        loader=PackageLoader("stance"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pages.filters |= {
        "md": _markdown,
        "share": share,
        "score": score,
        "points": points,
        "signed": signed,
        "days": _days,
        "likeliest": likeliest,
    }
    pages.globals |= {
        "script": page_script(),
        "colours": LABEL_COLOURS,
        "dark_colours": DARK_COLOURS,
        "firm_labels": FIRM_LABELS,
        "issues": ISSUES,
        "labels": LABELS,
        "meanings": MEANINGS,
        "moves": MOVES,
        "max_changes": MAX_CHANGES,
        "max_columns": MAX_COLUMNS,
        "max_compared": MAX_ACTORS,
        "max_evidence": MAX_EVIDENCE,
        "max_open": MAX_OPEN,
        "max_printed": MAX_PRINTED,
        "max_words": MAX_WORDS,
        "min_checks": MIN_CHECKS,
        "min_stances": MIN_STANCES,
        "n_upright_names": N_UPRIGHT_NAMES,
        "score_names": SCORES,
        "count": count,
    }
    return pages


def _markdown(text: object) -> str:
    """Text on one line in which nothing is Markdown or HTML."""
    line = " ".join(str(text).split())
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        line = line.replace(character, entity)
    return re.sub(r"([\\`*_\[\]|~#$])", r"\\\1", line)


def _days(text: str) -> Markup:
    """Text in which no date is broken between two lines."""
    return Markup(re.sub(r"\b\d{4}-\d\d-\d\d\b", r'<span class="day">\g<0></span>', str(escape(text))))  # noqa: S704

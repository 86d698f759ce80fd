"""The shift analysis as a page to read (HTML, Markdown) and tables to compute with (CSV, JSON)."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from stance.changes import FirmnessChange
from stance.chart_files import write_charts
from stance.charts import LABEL_COLOURS, N_UPRIGHT_NAMES, actor_chart
from stance.codebook import FIRM_LABELS, LABELS, Issue, Label, ReadReport
from stance.firmness import MIN_STANCES, ActorPeriod
from stance.gaps import MAX_ACTORS, Gap, GapAnalysis, GapChange
from stance.periods import Period, period_of
from stance.positions import Move, Position
from stance.quantification import MeasuredErrors
from stance.report_tables import (
    GAP_COLUMNS,
    SHARE_COLUMNS,
    SHARE_DIGITS,
    STANCE_COLUMNS,
    STANCE_DIGITS,
    Columns,
    csv_text,
    gap_rows,
    numbers,
    parquet_bytes,
    share_row,
    stance_rows,
)
from stance.report_words import (
    agreement_words,
    count,
    gap_words,
    limits,
    overview,
    points,
    score,
    share,
    summary,
    trust,
)
from stance.shifts import ShiftAnalysis, Tally, analyse, analyse_tally, compare, tally

if TYPE_CHECKING:
    from stance.evaluation import Evaluation

MAX_EVIDENCE: Final = 12  # sentences shown in a place; the others stand in stances.csv
MAX_CHANGES: Final = 100  # shown with their evidence; the others stand in shifts.json
MAX_PRINTED: Final = 1000  # stances listed once more at the end, for print
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


@dataclass(frozen=True, slots=True)
class ActorSection:
    """What the report tells of one actor; a row of the grid is an issue with its position, or None, in each period."""

    actor: str
    n_stances: int
    periods: Sequence[ActorPeriod]
    rows: Sequence[tuple[Issue, Sequence[Position | None]]]
    summary: Sequence[str]
    chart: Markup

    @property
    def is_main(self) -> bool:
        """Whether it has stances enough in any one period to say how firm it was."""
        return any(period.is_enough for period in self.periods)


@dataclass(frozen=True, slots=True)
class PairSection:
    """What the report tells of two actors, on one issue or on all: each gap with its change, if there is one before."""

    first: str
    second: str
    issue: Issue | None
    summary: str
    rows: Sequence[tuple[Gap, GapChange | None]]


def write_report(
    folder: Path,
    reports: Sequence[ReadReport],
    *,
    title: str,
    period: Callable[[dt.date], Period] = period_of,
    errors: MeasuredErrors | None = None,
    quality: Evaluation | None = None,
    gold: Sequence[ReadReport] | None = None,
    with_png: bool = False,
) -> list[Path]:
    """Write the report, its tables and its charts; returns the paths of the files and of the folder of charts.

    Args:
        folder: where to write; it is made if need be.
        reports: all that were read, also those without a stance.
        title: the heading.
        period: to which period a date belongs.
        errors: the measured errors of the classifier that read them, for which shares are corrected.
        quality: the test of that classifier.
        gold: the same reports with annotators' stances, to be shown beside.
        with_png: whether each chart is written as PNG, too.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(*(path.name for path in write_report(Path(folder), [], title="The delta talks")))
    shifts.html shifts.md shifts.json charts shares.csv shares.parquet gaps.csv gaps.parquet stances.csv stances.parquet
    """
    counted = tally(reports, period)
    compared = None if gold is None else analyse(gold, period=period)
    pages = write_pages(
        folder, counted, title=title, errors=errors, quality=quality, gold=compared, with_png=with_png
    )  # fmt: skip
    return [*pages, *_write_table(folder / "stances", STANCE_COLUMNS, stance_rows(reports), STANCE_DIGITS)]


def write_pages(
    folder: Path,
    counted: Tally,
    *,
    title: str,
    errors: MeasuredErrors | None = None,
    quality: Evaluation | None = None,
    gold: ShiftAnalysis | None = None,
    with_png: bool = False,
) -> list[Path]:
    """Write everything but the stances themselves; arguments as for ``write_report``, from what was counted."""
    analysis = analyse_tally(counted, errors)
    sections = _sections(analysis)
    facts = {
        "title": title,
        "counted": counted,
        "analysis": analysis,
        "sections": sections,
        "overview": overview(analysis),
        "pairs": _pairs(analysis.gaps),
        "issue_pairs": _pairs(analysis.issue_gaps),
        "issues": _issues(analysis),
        "quality": quality,
        "trust": trust(quality, is_coded=counted.is_coded),
        "limits": limits(errors, counted),
        "comparison": None if gold is None else _comparison(gold, analysis),
    }
    pages = _environment()
    texts = {name: pages.get_template(f"{name}.j2").render(facts) for name in ("shifts.html", "shifts.md")}
    texts["shifts.json"] = json.dumps(numbers(analysis), ensure_ascii=False, indent=1) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    written = [_write(folder / name, text.encode()) for name, text in texts.items()]
    main_actors = [section.actor for section in sections if section.is_main]
    written.append(write_charts(folder, analysis, main_actors, with_png=with_png))
    shares = list(map(share_row, (*analysis.periods, *analysis.issue_periods)))
    gaps = list(gap_rows((analysis.gaps, analysis.issue_gaps)))
    return [
        *written,
        *_write_table(folder / "shares", SHARE_COLUMNS, shares, SHARE_DIGITS),
        *_write_table(folder / "gaps", GAP_COLUMNS, gaps, SHARE_DIGITS),
    ]


def _environment() -> Environment:
    pages = Environment(
        loader=PackageLoader("stance"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pages.filters |= {"md": _markdown, "share": share, "score": score, "points": points}
    pages.globals |= {
        "colours": LABEL_COLOURS,
        "firm_labels": FIRM_LABELS,
        "labels": LABELS,
        "meanings": MEANINGS,
        "moves": MOVES,
        "max_changes": MAX_CHANGES,
        "max_compared": MAX_ACTORS,
        "max_evidence": MAX_EVIDENCE,
        "max_printed": MAX_PRINTED,
        "min_stances": MIN_STANCES,
        "n_upright_names": N_UPRIGHT_NAMES,
        "score_names": SCORES,
        "count": count,
    }
    return pages


def _sections(analysis: ShiftAnalysis) -> list[ActorSection]:
    sections = []
    for actor in analysis.actors:
        periods = [period for period in analysis.periods if period.actor == actor]
        n_stances = sum(period.n_stances for period in periods)
        positions = [position for position in analysis.positions if position.actor == actor]
        by_cell = {(position.issue, position.period): position for position in positions}
        issues = dict.fromkeys(position.issue for position in positions)
        rows = [(issue, [by_cell.get((issue, span)) for span in analysis.spans]) for issue in issues]
        is_main = any(period.is_enough for period in periods)
        words = summary(analysis, actor, periods) if is_main else []
        chart = Markup(actor_chart(analysis, actor)) if is_main else Markup()  # noqa: S704 - drawn by us, its text escaped
        sections.append(ActorSection(actor, n_stances, periods, rows, words, chart))
    return sections


def _pairs(analysis: GapAnalysis) -> list[PairSection]:
    changes = {change.after: change for change in analysis.changes}
    by_pair: dict[tuple[str, str, Issue | None], list[tuple[Gap, GapChange | None]]] = {}
    for gap in analysis.gaps:
        by_pair.setdefault((gap.first, gap.second, gap.issue), []).append((gap, changes.get(gap)))
    return [
        PairSection(*pair, gap_words([gap for gap, _ in rows], [change for _, change in rows if change]), rows)
        for pair, rows in by_pair.items()
    ]


def _issues(analysis: ShiftAnalysis) -> dict[str, list[tuple[ActorPeriod, FirmnessChange | None]]]:
    """Each actor's periods on single issues, with the change since the period before if there is one."""
    changes = {(one.actor, one.issue, one.after.period): one for one in analysis.issue_changes}
    by_actor: dict[str, list[tuple[ActorPeriod, FirmnessChange | None]]] = {actor: [] for actor in analysis.actors}
    for one in analysis.issue_periods:
        by_actor[one.actor].append((one, changes.get((one.actor, one.issue, one.period))))
    return {actor: rows for actor, rows in by_actor.items() if rows}


def _comparison(gold: ShiftAnalysis, predicted: ShiftAnalysis) -> dict[str, object]:
    """Annotators and model: their changes, those shared, and every cell that either fills as (gold, model) labels."""
    sides = {"Annotators": gold, "Model": predicted}
    changes = {name: [str(change) for change in side.position_changes] for name, side in sides.items()}
    labels = [{(p.actor, p.issue, p.period): p.label for p in side.positions} for side in sides.values()]
    spans = sorted({*gold.spans, *predicted.spans})
    rows = {
        (actor, issue): [tuple(side.get((actor, issue, span)) for side in labels) for span in spans]
        for actor in dict.fromkeys([*gold.actors, *predicted.actors])
        for issue in Issue
    }
    return {
        "changes": changes,
        "shared": set(changes["Annotators"]) & set(changes["Model"]),
        "words": agreement_words(compare(gold, predicted)),
        "spans": spans,
        "rows": {place: cells for place, cells in rows.items() if any(map(any, cells))},
    }


def _markdown(text: object) -> str:
    """Text on one line in which nothing is Markdown or HTML."""
    line = " ".join(str(text).split())
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        line = line.replace(character, entity)
    return re.sub(r"([\\`*_\[\]|~#$])", r"\\\1", line)


def _write_table(stem: Path, columns: Columns, rows: Sequence[Sequence[object]], digits: int) -> list[Path]:
    """A table as CSV and as Parquet."""
    return [
        _write(stem.with_suffix(".csv"), csv_text(columns, rows, digits).encode()),
        _write(stem.with_suffix(".parquet"), parquet_bytes(columns, rows, digits)),
    ]


def _write(path: Path, content: bytes) -> Path:
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_bytes(content)
    return unfinished.replace(path)

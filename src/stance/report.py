"""The shift analysis as a page to read (HTML, Markdown) and a table to compute with (CSV)."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from stance.charts import LABEL_COLOURS, N_UPRIGHT_DATES, actor_chart
from stance.codebook import FIRM_LABELS, LABELS, NOBODY, DatedStance, Issue, Label, StanceError
from stance.metrics import Estimate
from stance.shifts import (
    ActorPeriod,
    FirmnessChange,
    Position,
    PositionChange,
    ShiftAgreement,
    ShiftAnalysis,
    analyse,
    compare,
)

if TYPE_CHECKING:
    from stance.evaluation import Evaluation

CSV_COLUMNS: Final = ("report_id", "date", "position", "actor", "label", "issue", "probability", "sentence")
MIN_STANCES: Final = 3  # an actor with fewer gets no chart and no words
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
LIMITS: Final = (
    "Shares counted from an imperfect classifier are biased: a label that it misses often looks rarer than it is. "
    "Nothing here corrects for that.",
    "The intervals cover the chance of which stances were reported. They cover neither errors of classification nor "
    "that sentences of one report depend on each other, so the truth is less certain than they look.",
    "Among many comparisons some intervals exclude no change by chance alone.",
    "A position of the past that a report retells counts at the date of the report.",
    "There are few reports for each date, and a change of position may rest on one sentence on either side. Another "
    "outlet's choice of quotations can look like a change of position.",
    "A single sentence here is no proof of what a government said. Read the evidence, then the document.",
)


@dataclass(frozen=True, slots=True)
class ActorSection:
    """What the report tells of one actor; a row of the grid is an issue with its position, or None, on each date."""

    actor: str
    n_stances: int
    periods: Sequence[ActorPeriod]
    rows: Sequence[tuple[Issue, Sequence[Position | None]]]
    summary: Sequence[str]
    chart: Markup

    @property
    def is_main(self) -> bool:
        return self.n_stances >= MIN_STANCES


def write_report(
    folder: Path,
    stances: Sequence[DatedStance],
    *,
    title: str,
    sources: Mapping[str, str],
    quality: Evaluation | None = None,
    gold: Sequence[DatedStance] | None = None,
) -> list[Path]:
    """Write ``shifts.html``, ``shifts.md`` and ``stances.csv`` into ``folder``; returns their paths.

    ``sources`` names every report that was read, also those without a stance, by its report_id. ``quality`` is the
    test of the classifier that found ``stances``; ``gold`` are annotators' stances of the same reports.

    Raises:
        StanceError: if a stance comes from a report that ``sources`` does not name.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_report(Path(folder), [], title="The delta talks", sources={})]
    ['shifts.html', 'shifts.md', 'stances.csv']
    """
    for stance in stances:
        if stance.report_id not in sources:
            raise StanceError(f"sources: no name for report {stance.report_id!r}; every report must have one")
    analysis = analyse(stances)
    facts = {
        "title": title,
        "sources": sources,
        "analysis": analysis,
        "n_unclear": Counter(stance.actor for stance in stances)[NOBODY],
        "sections": _sections(analysis),
        "overview": _overview(analysis),
        "quality": quality,
        "trust": _trust(quality),
        "comparison": None if gold is None else _comparison(analyse(gold), analysis),
    }
    pages = _environment()
    texts = {name: pages.get_template(f"{name}.j2").render(facts) for name in ("shifts.html", "shifts.md")}
    texts["stances.csv"] = _csv(stances)
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(folder / name, text) for name, text in texts.items()]


def _environment() -> Environment:
    pages = Environment(
        loader=PackageLoader("stance"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pages.filters |= {"md": _markdown, "share": _share, "score": _score}
    pages.globals |= {
        "colours": LABEL_COLOURS,
        "firm_labels": FIRM_LABELS,
        "labels": LABELS,
        "limits": LIMITS,
        "meanings": MEANINGS,
        "min_stances": MIN_STANCES,
        "n_upright_dates": N_UPRIGHT_DATES,
        "score_names": SCORES,
        "count": _count,
    }
    return pages


def _sections(analysis: ShiftAnalysis) -> list[ActorSection]:
    sections = []
    for actor in analysis.actors:
        periods = [period for period in analysis.periods if period.actor == actor]
        n_stances = sum(period.n_stances for period in periods)
        positions = [position for position in analysis.positions if position.actor == actor]
        by_cell = {(position.issue, position.date): position for position in positions}
        issues = dict.fromkeys(position.issue for position in positions)
        rows = [(issue, [by_cell.get((issue, date)) for date in analysis.dates]) for issue in issues]
        is_main = n_stances >= MIN_STANCES
        summary = _summary(analysis, actor, periods) if is_main else []
        chart = Markup(actor_chart(analysis, actor)) if is_main else Markup()  # noqa: S704 - drawn by us, its text escaped
        sections.append(ActorSection(actor, n_stances, periods, rows, summary, chart))
    return sections


def _overview(analysis: ShiftAnalysis) -> str:
    """The findings over all actors, in words."""
    n_clear = sum(change.is_clear for change in analysis.firmness_changes)
    n_changes = len(analysis.firmness_changes)
    return (
        f"{_count(len(analysis.position_changes), 'change')} of position on an issue. "
        f"Of {_count(n_changes, 'change')} in an actor's firmness between successive dates, "
        f"{n_clear or 'none'} {'are' if n_clear > 1 else 'is'} clear, which means that the 95% interval excludes no "
        "change. Where the interval includes no change, these reports do not tell whether anything changed."
    )


def _summary(analysis: ShiftAnalysis, actor: str, periods: Sequence[ActorPeriod]) -> list[str]:
    """An actor's firmness at both ends, its clear changes and its latest changes of position, in words."""
    first, last = periods[0], periods[-1]
    ends = f"Held firm in {_share(first.firmness)} of its {_count(first.n_stances, 'stance')} on {first.date}"
    if last is first:
        return [f"{ends}, the only date with a stance."]
    changes = [change for change in analysis.firmness_changes if change.actor == actor]
    moves = [change for change in analysis.position_changes if change.actor == actor]
    return [
        f"{ends} and in {_share(last.firmness)} of {last.n_stances} on {last.date}.",
        *_firmness_words(changes),
        _position_words(moves),
    ]


def _firmness_words(changes: Sequence[FirmnessChange]) -> Iterable[str]:
    clear = [change for change in changes if change.is_clear]
    for change in clear:
        value, low, high = (f"{number:+z.0%}".removesuffix("%") for number in change.difference)
        direction = "firmer" if change.difference.value > 0 else "less firm"
        yield (
            f"Clearly {direction}: {value} percentage points (95% interval {low} to {high}) from "
            f"{change.before.date} to {change.after.date}."
        )
    n_unclear = len(changes) - len(clear)
    if n_unclear == 1:
        yield f"Its {'other' if clear else 'only'} change in firmness is not clear: the interval includes no change."
    elif n_unclear:
        subject = f"Its other {n_unclear} changes" if clear else f"None of its {n_unclear} changes"
        verb = "are not clear" if clear else "is clear"
        yield f"{subject} in firmness from one date to the next {verb}: each interval includes no change."


def _position_words(moves: Sequence[PositionChange]) -> str:
    if not moves:
        return "No change of position on any issue."
    latest = max(move.after.date for move in moves)
    recent = [f"{m.issue} from {m.before.label} to {m.after.label}" for m in moves if m.after.date == latest]
    return f"{_count(len(moves), 'change')} of position, most recently on {latest}: {', '.join(recent)}."


def _comparison(gold: ShiftAnalysis, predicted: ShiftAnalysis) -> dict[str, object]:
    """Annotators and model: their changes, those shared, and every cell that either fills as (gold, model) labels."""
    sides = {"Annotators": gold, "Model": predicted}
    changes = {name: [str(change) for change in side.position_changes] for name, side in sides.items()}
    labels = [{(p.actor, p.issue, p.date): p.label for p in side.positions} for side in sides.values()]
    dates = sorted({*gold.dates, *predicted.dates})
    rows = {
        (actor, issue): [tuple(side.get((actor, issue, date)) for side in labels) for date in dates]
        for actor in dict.fromkeys([*gold.actors, *predicted.actors])
        for issue in Issue
    }
    return {
        "changes": changes,
        "shared": set(changes["Annotators"]) & set(changes["Model"]),
        "words": _agreement_words(compare(gold, predicted)),
        "dates": dates,
        "rows": {place: cells for place, cells in rows.items() if any(map(any, cells))},
    }


def _agreement_words(agreement: ShiftAgreement) -> list[str]:
    return [
        f"The annotators fill {_count(agreement.n_gold_cells, 'cell')} (actor, issue and date), the model "
        f"{agreement.n_predicted_cells}; {agreement.cell_agreement:.0%} of the cells that either fills have the same "
        "label in both.",
        f"The annotators' stances make {_count(agreement.n_gold_changes, 'change')} of position, the model's "
        f"{agreement.n_predicted_changes}; {agreement.n_shared_changes} of them are the same in both.",
        f"Firmness differs by {agreement.firmness_error:.2f} on average, over the "
        f"{_count(agreement.n_firmness_pairs, 'pair')} of actor and date that both have.",
    ]


def _trust(quality: Evaluation | None) -> list[str]:
    """How well the stances were found, in words."""
    if quality is None:
        return ["How well these stances were found is unknown: no test on labelled reports was given."]
    errors = quality.attribution
    return [
        f"Classifier {quality.classifier}, tested on {quality.test}: {_count(quality.n_sentences, 'sentence')} in "
        f"{_count(quality.n_reports, 'report')}. F1 weighs stances missed against stances wrongly found; 1 is "
        "perfect. Brackets hold 95% intervals.",
        f"Of the labels it gave to an actor, {errors.right} were right, {errors.wrong_actor} belonged to another "
        f"actor and {errors.wrong_label} to nobody; it missed {errors.missed}. In {errors.candidate_recall:.0%} of "
        "the annotators' stances the actor was among those considered.",
    ]


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _share(share: Estimate) -> str:
    return f"{share.value:.0%} ({share.low:.0%} to {share.high:.0%})"


def _score(score: Estimate) -> str:
    return f"{score.value:.2f} ({score.low:.2f} to {score.high:.2f})"


def _markdown(text: object) -> str:
    """Text on one line in which nothing is Markdown or HTML."""
    line = " ".join(str(text).split())
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        line = line.replace(character, entity)
    return re.sub(r"([\\`*_\[\]|~#$])", r"\\\1", line)


def _csv(stances: Iterable[DatedStance]) -> str:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for s in sorted(stances, key=lambda s: (s.date, s.report_id, s.position, s.actor, s.label, s.issue)):
        writer.writerow(
            (s.report_id, s.date, s.position, s.actor, s.label, s.issue, f"{s.probability:.3f}", s.sentence)
        )
    return table.getvalue()


def _write(path: Path, text: str) -> Path:
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text(text, encoding="utf-8", newline="")
    return unfinished.replace(path)

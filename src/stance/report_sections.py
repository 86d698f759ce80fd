"""What the pages of a report show: each actor, each pair of actors, each issue, and annotators beside the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from stance.changes import FirmnessChange
from stance.charts import actor_chart
from stance.codebook import Issue
from stance.events import PlacedEvent
from stance.firmness import ActorPeriod
from stance.gaps import Gap, GapAnalysis, GapChange
from stance.positions import Position
from stance.report_words import agreement_words, gap_words, summary
from stance.shifts import ShiftAnalysis, compare


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


def actor_sections(analysis: ShiftAnalysis, events: Sequence[PlacedEvent]) -> list[ActorSection]:
    """Each actor's part, those with most stances first."""
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
        chart = Markup(actor_chart(analysis, actor, events)) if is_main else Markup()  # noqa: S704 - ours, its text escaped
        sections.append(ActorSection(actor, n_stances, periods, rows, words, chart))
    return sections


def pair_sections(analysis: GapAnalysis) -> list[PairSection]:
    """Each pair's part."""
    changes = {change.after: change for change in analysis.changes}
    by_pair: dict[tuple[str, str, Issue | None], list[tuple[Gap, GapChange | None]]] = {}
    for gap in analysis.gaps:
        by_pair.setdefault((gap.first, gap.second, gap.issue), []).append((gap, changes.get(gap)))
    return [
        PairSection(*pair, gap_words([gap for gap, _ in rows], [change for _, change in rows if change]), rows)
        for pair, rows in by_pair.items()
    ]


def issue_rows(analysis: ShiftAnalysis) -> dict[str, list[tuple[ActorPeriod, FirmnessChange | None]]]:
    """Each actor's periods on single issues, with the change since the period before if there is one."""
    changes = {(one.actor, one.issue, one.after.period): one for one in analysis.issue_changes}
    by_actor: dict[str, list[tuple[ActorPeriod, FirmnessChange | None]]] = {actor: [] for actor in analysis.actors}
    for one in analysis.issue_periods:
        by_actor[one.actor].append((one, changes.get((one.actor, one.issue, one.period))))
    return {actor: rows for actor, rows in by_actor.items() if rows}


def check_rows(analysis: ShiftAnalysis) -> list[ActorPeriod]:
    """Of each actor what hand checks tell over all periods, then in single ones; those with checks enough."""
    periods = analysis.periods if len(analysis.spans) > 1 else ()
    enough = [one for one in (*analysis.overall, *periods) if one.firmness_checked]
    return sorted(enough, key=lambda one: analysis.actors.index(one.actor))


def comparison(gold: ShiftAnalysis, predicted: ShiftAnalysis) -> dict[str, object]:
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

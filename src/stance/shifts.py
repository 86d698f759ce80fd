"""Dated reports to shifts: how firm each actor was, period by period, and where its positions moved.

Nothing here needs a classifier: stances that people coded are analysed alike.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stance.cells import Cell, cells_of
from stance.change_points import ChangePoint, change_points
from stance.changes import FirmnessChange, Trend, firmness_changes, trends
from stance.codebook import ISSUES, NOBODY, DatedStance, ReadReport
from stance.firmness import MIN_STANCES, ActorPeriod, FirmnessAnalysis, analyse_firmness
from stance.gaps import GapAnalysis, analyse_gaps
from stance.periods import Period, period_of
from stance.positions import Position, PositionChange, position_changes, positions
from stance.quantification import MeasuredErrors

ALL: Final = "all"  # the name of all periods in one


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted in reports, and what a report on them tells beside.

    ``cells``, over all issues, ``issue_cells``, each on one issue, and ``positions`` are sorted by actor (most stances
    first), period and issue, and leave out copies and the ``n_unclear`` stances of nobody in particular. ``n_reports``
    and ``days``, the first and the last, are those of all reports; ``references`` say how to cite them, or in an
    archive those that are quoted, by id. ``copies`` are listed, or in an archive only counted in ``n_copies``;
    ``copies_unknown`` where nobody looked for them. ``n_undated`` reports have no date and are left out,
    ``n_rejected`` records could not be read, for the reasons in
    ``rejected_in``. ``n_checked`` decisions were checked by somebody; ``overall`` are then the cells of each actor over
    all periods. ``listed_in`` says where every stance stands.
    """

    cells: tuple[Cell, ...]
    issue_cells: tuple[Cell, ...]
    positions: tuple[Position, ...]
    n_unclear: int
    n_reports: int
    days: tuple[dt.date, dt.date] | None
    references: Mapping[str, str]
    copies: tuple[ReadReport, ...] = ()
    n_copies: int = 0
    n_undated: int = 0
    n_rejected: int = 0
    rejected_in: str = "rejected.csv"
    copies_unknown: bool = False
    n_checked: int = 0
    overall: tuple[Cell, ...] = ()
    is_coded: bool = False
    listed_in: str = "stances.csv"


@dataclass(frozen=True, slots=True)
class ShiftAnalysis:
    """All that the report shows, each part sorted by actor (most stances first), issue and period.

    ``n_stances`` counts a label of an actor once in a sentence, whatever the issues; the ``n_unclear`` stances of
    nobody in particular are left out. ``dispersion`` is by what factor the counts were weakened, because stances of one
    report depend on each other; ``is_corrected`` says whether shares are corrected for a classifier's errors.

    ``gaps`` are those between the actors with most stances. ``issue_periods``, ``issue_changes`` and ``issue_gaps`` are
    of single issues; they are empty where a classifier's errors on single issues are not known. ``overall`` are all
    periods of each actor in one, where decisions were checked by hand.
    """

    n_stances: int
    n_unclear: int
    spans: tuple[Period, ...]
    actors: tuple[str, ...]
    periods: tuple[ActorPeriod, ...]
    firmness_changes: tuple[FirmnessChange, ...]
    trends: tuple[Trend, ...]
    change_points: tuple[ChangePoint, ...]
    gaps: GapAnalysis
    issue_periods: tuple[ActorPeriod, ...]
    issue_changes: tuple[FirmnessChange, ...]
    issue_gaps: GapAnalysis
    positions: tuple[Position, ...]
    position_changes: tuple[PositionChange, ...]
    dispersion: float
    is_corrected: bool
    overall: tuple[ActorPeriod, ...] = ()


@dataclass(frozen=True, slots=True)
class ShiftAgreement:
    """How far one analysis (predicted) is from another (gold) of the same reports.

    ``cell_agreement`` is the share of (actor, issue, period) cells filled in either that have the same label in both;
    ``firmness_error`` the mean absolute difference of firmness over the (actor, period) pairs that both have,
    ``n_compatible`` in how many of them the two intervals overlap.
    """

    n_gold_cells: int
    n_predicted_cells: int
    cell_agreement: float
    n_gold_changes: int
    n_predicted_changes: int
    n_shared_changes: int
    firmness_error: float
    n_compatible: int
    n_firmness_pairs: int


def analyse(
    reports: Sequence[ReadReport],
    *,
    period: Callable[[dt.date], Period] = period_of,
    errors: MeasuredErrors | None = None,
) -> ShiftAnalysis:
    """Analyse reports that were read; copies, and stances whose holder is unclear, are left out.

    Args:
        reports: read by a classifier or coded by people, in any order.
        period: to which period a date belongs.
        errors: the measured errors of the classifier that read them; None for hand-coded stances.

    >>> from stance.codebook import Issue, Label
    >>> from stance.reading import coded_reports
    >>> def stance(day, label):
    ...     return DatedStance(f"r{day}", dt.date(2030, 1, day), 1, "…", "Belmark", label, Issue.TERRITORY)
    >>> analysis = analyse(coded_reports([stance(1, Label.REJECTION), stance(9, Label.CONCESSION)]))
    >>> print(analysis.position_changes[0])
    Belmark · territory: rejection on 2030-01-01 → concession on 2030-01-09
    """
    return analyse_tally(tally(reports, period), errors)


def tally(reports: Sequence[ReadReport], period: Callable[[dt.date], Period] = period_of) -> Tally:
    """What is counted in reports that were read."""
    counted = [report for report in reports if not report.copy_of]
    stances = [stance for report in counted for stance in report.stances]
    held = [stance for stance in stances if stance.actor != NOBODY]
    n_by_actor = Counter(actor for actor, *_ in {_holding(stance) for stance in stances})
    n_unclear = n_by_actor.pop(NOBODY, 0)
    actors = ranked(n_by_actor)
    dates = {report.date for report in reports}
    days = (min(dates), max(dates)) if dates else None
    n_checked = sum(len(one.answers) for report in reports for one in report.checked.values())
    overall = cells_of(counted, actors, lambda _: Period(*days, ALL)) if days and n_checked else ()
    return Tally(
        cells=tuple(cells_of(counted, actors, period)),
        issue_cells=tuple(cell for issue in ISSUES for cell in cells_of(counted, actors, period, issue)),
        positions=tuple(positions(held, actors, period)),
        n_unclear=n_unclear,
        n_reports=len(reports),
        days=days,
        references={report.report_id: report.reference for report in reports},
        copies=tuple(report for report in reports if report.copy_of),
        n_copies=len(reports) - len(counted),
        n_checked=n_checked,
        overall=tuple(overall),
        is_coded=bool(reports) and not any(report.asked for report in reports),
    )


def analyse_tally(counted: Tally, errors: MeasuredErrors | None = None) -> ShiftAnalysis:
    """Analyse what was counted, as ``analyse`` does."""
    whole = analyse_firmness(counted.cells, errors.labels if errors else None)
    actors = tuple(dict.fromkeys(cell.actor for cell in counted.cells))
    by_issue = list(_by_issue(counted.issue_cells, errors, whole.dispersion))
    issue_series = [series for issue in by_issue for series in issue.series]
    return ShiftAnalysis(
        n_stances=sum(cell.n_stances for cell in whole.periods),
        n_unclear=counted.n_unclear,
        spans=tuple(sorted({span.period for span in whole.periods})),
        actors=actors,
        periods=whole.periods,
        firmness_changes=tuple(firmness_changes(whole.series)),
        trends=tuple(trends(whole.series)),
        change_points=tuple(change_points(whole.series)),
        gaps=analyse_gaps(whole.series, actors),
        issue_periods=tuple(period for issue in by_issue for period in issue.periods),
        issue_changes=tuple(firmness_changes(issue_series)),
        issue_gaps=analyse_gaps(issue_series, actors),
        positions=counted.positions,
        position_changes=tuple(position_changes(counted.positions)),
        dispersion=whole.dispersion,
        is_corrected=errors is not None,
        overall=analyse_firmness(counted.overall, errors.labels if errors else None, factor=whole.dispersion).periods,
    )


def _by_issue(cells: Sequence[Cell], errors: MeasuredErrors | None, dispersion: float) -> Iterator[FirmnessAnalysis]:
    """Firmness on each issue, of the cells with stances enough to be compared."""
    for issue in ISSUES:
        held = [cell for cell in cells if cell.issue is issue and sum(cell.counts.values()) >= MIN_STANCES]
        if errors is None:
            yield analyse_firmness(held, None, factor=dispersion)
        elif issue in errors.by_issue:
            yield analyse_firmness(held, errors.on_issue(issue), factor=dispersion)


def ranked(n_by_actor: Mapping[str, int]) -> tuple[str, ...]:
    """Actors, those with most stances first."""
    return tuple(sorted(n_by_actor, key=lambda actor: (-n_by_actor[actor], actor)))


def compare(gold: ShiftAnalysis, predicted: ShiftAnalysis) -> ShiftAgreement:
    """Hold the analysis of predicted stances against that of gold stances of the same reports."""
    cells = [{(p.actor, p.issue, p.period): p.label for p in side.positions} for side in (gold, predicted)]
    changes = [set(map(str, side.position_changes)) for side in (gold, predicted)]
    firm = [{(p.actor, p.period): p.firmness for p in side.periods} for side in (gold, predicted)]
    either = cells[0].keys() | cells[1].keys()
    both = firm[0].keys() & firm[1].keys()
    return ShiftAgreement(
        n_gold_cells=len(cells[0]),
        n_predicted_cells=len(cells[1]),
        cell_agreement=sum(cells[0].get(cell) == cells[1].get(cell) for cell in either) / max(len(either), 1),
        n_gold_changes=len(changes[0]),
        n_predicted_changes=len(changes[1]),
        n_shared_changes=len(changes[0] & changes[1]),
        firmness_error=sum(abs(firm[0][key].value - firm[1][key].value) for key in both) / max(len(both), 1),
        n_compatible=sum(
            firm[1][key].low <= firm[0][key].high and firm[0][key].low <= firm[1][key].high for key in both
        ),
        n_firmness_pairs=len(both),
    )


def _holding(stance: DatedStance) -> tuple[str, str, str, int]:
    """What is counted once: an actor's label in a sentence."""
    return stance.actor, stance.label, stance.report_id, stance.position

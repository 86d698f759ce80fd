"""The numbers of a shift analysis as tables: CSV rows and plain JSON data."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from stance.codebook import LABELS, DatedStance, ReadReport
from stance.firmness import ActorPeriod
from stance.gaps import GapAnalysis
from stance.shifts import ShiftAnalysis

STANCE_COLUMNS: Final = (
    "report_id", "date", "position", "actor", "label", "issue", "probability", "sentence", "copy_of",
)  # fmt: skip
SHARE_COLUMNS: Final = (
    "actor", "issue", "period", "start", "end", "n_reports", "n_sentences", "n_asked",
    *(f"{label}_{what}" for label in LABELS for what in ("found", "expected", "corrected", "low", "high")),
    "firmness_found", "firmness", "firmness_low", "firmness_high",
)  # fmt: skip
GAP_COLUMNS: Final = (
    "first", "second", "issue", "period", "start", "end",
    *(
        f"{what}{end}"
        for what in ("gap", "distance", "change", "first_moved", "second_moved")
        for end in ("", "_low", "_high")
    ),
    "p_value", "adjusted_p",
)  # fmt: skip


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The text of a CSV file."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return table.getvalue()


def stance_rows(reports: Iterable[ReadReport]) -> list[list[object]]:
    """Rows of ``STANCE_COLUMNS``, in order of date, report and sentence."""
    found = [(stance, report.copy_of) for report in reports for stance in report.stances]
    found.sort(key=lambda one: (one[0].date, one[0].report_id, one[0].position, *_stance(one[0])))
    return [
        [s.report_id, s.date, s.position, *_stance(s), f"{s.probability:.3f}", s.sentence, copy_of]
        for s, copy_of in found
    ]


def _stance(stance: DatedStance) -> tuple[str, str, str]:
    return stance.actor, stance.label, stance.issue


def share_row(cell: ActorPeriod) -> list[object]:
    """A row of ``SHARE_COLUMNS``; estimates that there are none of stay empty."""
    expected = cell.expected or {}
    corrected = cell.corrected or {}
    labels = [
        value
        for label in LABELS
        for value in (
            cell.counts[label],
            _rounded(expected.get(label)),
            *map(_rounded, corrected.get(label, (None,) * 3)),
        )
    ]
    span, firm = cell.period, [_rounded(cell.firmness_found), *map(_rounded, cell.firmness)]
    return [
        cell.actor,
        cell.issue or "",
        span,
        span.start,
        span.end,
        cell.n_reports,
        cell.n_sentences,
        cell.n_asked,
        *labels,
        *firm,
    ]


def gap_rows(analyses: Iterable[GapAnalysis]) -> Iterator[list[object]]:
    """Rows of ``GAP_COLUMNS``: each gap, with its change since the period before if there is one."""
    for analysis in analyses:
        changes = {(c.after.first, c.after.second, c.after.issue, c.after.period): c for c in analysis.changes}
        for gap in analysis.gaps:
            span, change = gap.period, changes.get((gap.first, gap.second, gap.issue, gap.period))
            moved = (change.difference, change.first_moved, change.second_moved) if change else ((None,) * 3,) * 3
            yield [
                gap.first, gap.second, gap.issue or "", span, span.start, span.end,
                *(_rounded(value) for estimate in (gap.firmness, gap.distance, *moved) for value in estimate),
                *map(_rounded, (change.p_value, change.adjusted_p) if change else (None, None)),
            ]  # fmt: skip


def _rounded(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def numbers(analysis: ShiftAnalysis) -> dict[str, object]:
    """Every number of the analysis, as plain JSON data; evidence stands in ``stances.csv``."""
    return {
        "n_stances": analysis.n_stances,
        "n_unclear": analysis.n_unclear,
        "is_corrected": analysis.is_corrected,
        "dispersion": analysis.dispersion,
        "shares": [
            dict(zip(SHARE_COLUMNS, map(str, share_row(cell)), strict=True))
            for cell in (*analysis.periods, *analysis.issue_periods)
        ],
        "gaps": [
            dict(zip(GAP_COLUMNS, map(str, row), strict=True)) for row in gap_rows((analysis.gaps, analysis.issue_gaps))
        ],
        "change_points": [
            {
                "actor": point.actor,
                "last_before": str(point.last),
                "first_after": str(point.first),
                "before": point.before._asdict(),
                "after": point.after._asdict(),
                "p_value": point.p_value,
            }
            for point in analysis.change_points
        ],
        "firmness_changes": [
            {
                "actor": change.actor,
                "issue": change.issue,
                "before": str(change.before.period),
                "after": str(change.after.period),
                "difference": change.difference._asdict(),
                "p_value": change.p_value,
                "adjusted_p": change.adjusted_p,
                "permutation_p": change.permutation_p,
                "is_clear": change.is_clear,
            }
            for change in (*analysis.firmness_changes, *analysis.issue_changes)
        ],
        "trends": [
            {"actor": trend.actor, "n_periods": trend.n_periods, "slope_per_year": trend.slope._asdict()}
            for trend in analysis.trends
        ],
        "position_changes": [
            {
                "actor": change.actor,
                "issue": change.issue,
                "before": {"period": str(change.before.period), "label": change.before.label},
                "after": {"period": str(change.after.period), "label": change.after.label},
                "move": change.move,
            }
            for change in analysis.position_changes
        ],
    }

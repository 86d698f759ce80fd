"""The numbers of a shift analysis as tables: CSV, Parquet and plain JSON data."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from stance.codebook import LABELS, DatedStance, ReadReport
from stance.firmness import ActorPeriod
from stance.gaps import GapAnalysis
from stance.shifts import ShiftAnalysis
from stance.tables import as_cell, write_rows

Columns = Mapping[str, type]  # the name of each, in order, and what its values are; None stands for a missing one

STANCE_COLUMNS: Final[Columns] = {
    "report_id": str, "date": dt.date, "position": int, "actor": str, "label": str, "issue": str, "probability": float,
    "sentence": str, "copy_of": str,
}  # fmt: skip
STANCE_DIGITS: Final = 3
SHARE_COLUMNS: Final[Columns] = {
    "actor": str, "issue": str, "period": str, "start": dt.date, "end": dt.date,
    "n_reports": int, "n_sentences": int, "n_asked": int,
    **{f"{label}_{what}": int if what == "found" else float
       for label in LABELS for what in ("found", "expected", "corrected", "low", "high")},
    "firmness_found": float, "firmness": float, "firmness_low": float, "firmness_high": float,
    "n_checked": int, "firmness_checked": float, "firmness_checked_low": float, "firmness_checked_high": float,
}  # fmt: skip
GAP_COLUMNS: Final[Columns] = {
    "first": str, "second": str, "issue": str, "period": str, "start": dt.date, "end": dt.date,
    **{f"{what}{end}": float
       for what in ("gap", "distance", "change", "first_moved", "second_moved") for end in ("", "_low", "_high")},
    "p_value": float, "adjusted_p": float,
}  # fmt: skip
SHARE_DIGITS: Final = 4


def csv_text(columns: Columns, rows: Iterable[Sequence[object]], digits: int) -> str:
    """The text of a CSV file, no cell of which a spreadsheet runs as a formula; floats with so many digits."""

    def field(value: object) -> object:
        return f"{value:.{digits}f}" if isinstance(value, float) else as_cell(value)

    table = io.StringIO()
    write_rows(table, (map(field, row) for row in (list(columns), *rows)))
    return table.getvalue()


def parquet_bytes(columns: Columns, rows: Iterable[Sequence[object]], digits: int) -> bytes:
    """The same table as a Parquet file, with types: 64-bit numbers, ``date32`` and texts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {str: pa.string(), int: pa.int64(), float: pa.float64(), dt.date: pa.date32()}
    table = [_rounded(row, digits) for row in rows]
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    arrays = [[row[number] for row in table] for number in range(len(columns))]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(arrays, schema=schema), sink, compression="zstd")
    return bytes(sink.getvalue())


def _rounded(row: Sequence[object], digits: int) -> list[object]:
    return [round(value, digits) if isinstance(value, float) else value for value in row]


def stance_rows(reports: Iterable[ReadReport]) -> list[list[object]]:
    """Rows of ``STANCE_COLUMNS``, in order of date, report and sentence."""
    found = [(stance, report.copy_of) for report in reports for stance in report.stances]
    found.sort(key=lambda one: (one[0].date, one[0].report_id, one[0].position, *_stance(one[0])))
    return [
        [s.report_id, s.date, s.position, *_stance(s), float(s.probability), s.sentence, copy_of]
        for s, copy_of in found
    ]


def _stance(stance: DatedStance) -> tuple[str, str, str]:
    return stance.actor, stance.label, stance.issue


def share_row(cell: ActorPeriod) -> list[object]:
    """A row of ``SHARE_COLUMNS``; estimates that there are none of are None."""
    expected = cell.expected or {}
    corrected = cell.corrected or {}
    labels = [
        value
        for label in LABELS
        for value in (
            cell.counts[label],
            _float(expected.get(label)),
            *map(_float, corrected.get(label, (None,) * 3)),
        )
    ]
    span, firm = cell.period, map(_float, (cell.firmness_found, *cell.firmness))
    checks = (cell.n_checked, *(cell.firmness_checked or (None,) * 3))
    sizes = (cell.n_reports, cell.n_sentences, cell.n_asked)
    return [cell.actor, cell.issue or "", span.name, span.start, span.end, *sizes, *labels, *firm, *checks]


def gap_rows(analyses: Iterable[GapAnalysis]) -> Iterator[list[object]]:
    """Rows of ``GAP_COLUMNS``: each gap, with its change since the period before if there is one."""
    for analysis in analyses:
        changes = {change.after: change for change in analysis.changes}
        for gap in analysis.gaps:
            span, change = gap.period, changes.get(gap)
            moved = (change.difference, change.first_moved, change.second_moved) if change else ((None,) * 3,) * 3
            yield [
                gap.first, gap.second, gap.issue or "", span.name, span.start, span.end,
                *(_float(value) for estimate in (gap.firmness, gap.distance, *moved) for value in estimate),
                *map(_float, (change.p_value, change.adjusted_p) if change else (None, None)),
            ]  # fmt: skip


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)  # numpy's, too


def _plain(columns: Columns, row: Sequence[object]) -> dict[str, Any]:
    values = _rounded(row, SHARE_DIGITS)
    plain = [value.isoformat() if isinstance(value, dt.date) else value for value in values]
    return dict(zip(columns, plain, strict=True))


def numbers(analysis: ShiftAnalysis) -> dict[str, object]:
    """Every number of the analysis, as plain JSON data; evidence stands in ``stances.csv``."""
    return {
        "n_stances": analysis.n_stances,
        "n_unclear": analysis.n_unclear,
        "is_corrected": analysis.is_corrected,
        "dispersion": analysis.dispersion,
        "shares": [_plain(SHARE_COLUMNS, share_row(cell)) for cell in (*analysis.periods, *analysis.issue_periods)],
        "overall": [_plain(SHARE_COLUMNS, share_row(cell)) for cell in analysis.overall],
        "gaps": [_plain(GAP_COLUMNS, row) for row in gap_rows((analysis.gaps, analysis.issue_gaps))],
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

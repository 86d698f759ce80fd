"""A shift analysis as pandas tables, for those who work with their own stances in pandas.

>>> import pandas as pd
>>> from stance.reading import coded_frame
>>> from stance.shifts import analyse
>>> coded = pd.DataFrame(
...     {"report_id": ["r1", "r2"], "date": ["2030-01-01", "2030-02-09"], "actor": "Belmark",
...      "label": ["rejection", "concession"], "issue": "territory"}
... )
>>> analysis = analyse(coded_frame(coded))
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stance.report_tables import GAP_COLUMNS, SHARE_COLUMNS, Columns, gap_rows, share_row
from stance.shifts import ShiftAnalysis

if TYPE_CHECKING:
    import pandas as pd

POSITION_COLUMNS: Final[Columns] = {
    "actor": str, "issue": str, "period": str, "start": dt.date, "end": dt.date, "label": str, "n_stances": int,
    "n_of_label": int,
}  # fmt: skip
CHANGE_COLUMNS: Final[Columns] = {
    "actor": str, "issue": str, "before": str, "before_label": str, "after": str, "after_label": str, "move": str,
}  # fmt: skip
FIRMNESS_CHANGE_COLUMNS: Final[Columns] = {
    "actor": str, "issue": str, "before": str, "after": str, "difference": float, "low": float, "high": float,
    "p_value": float, "adjusted_p": float, "permutation_p": float, "is_clear": bool,
}  # fmt: skip


def shares_frame(analysis: ShiftAnalysis) -> pd.DataFrame:
    """Each actor in each period, then on each issue, with the columns of ``shares.csv``, unrounded.

    >>> from stance.shifts import analyse
    >>> shares_frame(analyse([])).columns[:3].tolist()
    ['actor', 'issue', 'period']
    """
    return _frame(SHARE_COLUMNS, map(share_row, (*analysis.periods, *analysis.issue_periods)))


def overall_frame(analysis: ShiftAnalysis) -> pd.DataFrame:
    """Each actor over all periods, with the columns of ``shares.csv``, unrounded; empty without hand checks.

    >>> from stance.shifts import analyse
    >>> len(overall_frame(analyse([])))
    0
    """
    return _frame(SHARE_COLUMNS, map(share_row, analysis.overall))


def gaps_frame(analysis: ShiftAnalysis) -> pd.DataFrame:
    """How far apart two actors are in each period, and who moved, with the columns of ``gaps.csv``, unrounded.

    >>> from stance.shifts import analyse
    >>> gaps_frame(analyse([])).shape
    (0, 23)
    """
    return _frame(GAP_COLUMNS, gap_rows((analysis.gaps, analysis.issue_gaps)))


def positions_frame(analysis: ShiftAnalysis) -> pd.DataFrame:
    """The label that each actor held on each issue in each period: that of ``n_of_label`` of its ``n_stances``.

    >>> from stance.shifts import analyse
    >>> positions_frame(analyse([])).shape
    (0, 8)
    """
    rows = (
        (p.actor, p.issue, p.period.name, p.period.start, p.period.end, p.label, p.n_stances, p.n_of_label)
        for p in analysis.positions
    )
    return _frame(POSITION_COLUMNS, rows)


def changes_frame(analysis: ShiftAnalysis) -> pd.DataFrame:
    """Where an actor's label on an issue changed, between which periods.

    >>> from stance.shifts import analyse
    >>> changes_frame(analyse([])).shape
    (0, 7)
    """
    rows = (
        (c.actor, c.issue, c.before.period.name, c.before.label, c.after.period.name, c.after.label, c.move)
        for c in analysis.position_changes
    )
    return _frame(CHANGE_COLUMNS, rows)


def firmness_changes_frame(analysis: ShiftAnalysis) -> pd.DataFrame:
    """How an actor's firmness differs from that in the period before, with its 95 % interval and tests.

    >>> from stance.shifts import analyse
    >>> firmness_changes_frame(analyse([])).shape
    (0, 11)
    """
    rows = (
        (c.actor, c.issue or "", c.before.period.name, c.after.period.name, *c.difference, c.p_value, c.adjusted_p,
         c.permutation_p, c.is_clear)
        for c in (*analysis.firmness_changes, *analysis.issue_changes)
    )  # fmt: skip
    return _frame(FIRMNESS_CHANGE_COLUMNS, rows)


def _frame(columns: Columns, rows: Iterable[Sequence[object]]) -> pd.DataFrame:
    import pandas as pd

    types: dict[type, Any] = {str: object, int: np.int64, float: np.float64, bool: np.bool_, dt.date: "datetime64[s]"}
    values = [
        [str(value) if isinstance(value, str) else value for value in row] for row in rows
    ]  # labels to plain text
    return pd.DataFrame(
        {
            name: np.array([row[number] for row in values], dtype=types[kind])
            for number, (name, kind) in enumerate(columns.items())
        }
    )

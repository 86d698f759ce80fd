"""Dates to the periods that are compared: single days, the calendar's, or those between a user's break dates."""

from __future__ import annotations

import calendar
import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Calendar(StrEnum):
    """Periods that the calendar gives."""

    DATE = "date"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """From ``start`` to ``end``, both included; ``str`` gives its name."""

    start: dt.date
    end: dt.date
    name: str

    def __str__(self) -> str:
        return self.name

    @property
    def when(self) -> str:
        """The name with its preposition."""
        if self.start == self.end:
            return f"on {self.name}"
        return self.name if self.name.startswith(("before", "from")) else f"in {self.name}"


def period_of(date: dt.date, by: Calendar | Sequence[dt.date] = Calendar.DATE) -> Period:
    """The period in which ``date`` lies.

    ``by`` is a part of the calendar (weeks are ISO 8601 weeks), or break dates: each is the first day of a new period,
    the first period is open at its start and the last at its end.

    >>> import datetime as dt
    >>> print(period_of(dt.date(2025, 5, 31), Calendar.QUARTER))
    2025 Q2
    >>> print(period_of(dt.date(2025, 5, 31), [dt.date(2024, 11, 5), dt.date(2025, 1, 20)]))
    from 2025-01-20
    """
    if not isinstance(by, Calendar):
        return _between(date, sorted(set(by)))
    year, month = date.year, date.month
    match by:
        case Calendar.DATE:
            return Period(date, date, date.isoformat())
        case Calendar.WEEK:
            iso_year, week, weekday = date.isocalendar()
            monday = date - dt.timedelta(weekday - 1)
            sunday = monday + min(dt.timedelta(6), dt.date.max - monday)  # the last week of all has no Sunday
            return Period(monday, sunday, f"{iso_year}-W{week:02}")
        case Calendar.MONTH:
            return _months(year, month, month, f"{year}-{month:02}")
        case Calendar.QUARTER:
            quarter = (month - 1) // 3 + 1
            return _months(year, 3 * quarter - 2, 3 * quarter, f"{year} Q{quarter}")
        case Calendar.YEAR:
            return _months(year, 1, 12, str(year))


def _months(year: int, first: int, last: int, name: str) -> Period:
    return Period(dt.date(year, first, 1), dt.date(year, last, calendar.monthrange(year, last)[1]), name)


def _between(date: dt.date, breaks: Sequence[dt.date]) -> Period:
    place = bisect_right(breaks, date)
    start = breaks[place - 1] if place else dt.date.min
    end = breaks[place] - dt.timedelta(1) if place < len(breaks) else dt.date.max
    if not breaks:
        name = "all dates"
    elif place == 0:
        name = f"before {breaks[0]}"
    else:
        name = f"from {start}" if place == len(breaks) else f"{start} to {end}"
    return Period(start, end, name)

"""Dated events of the user's own, and where they stand among the periods of a report."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stance.codebook import StanceError
from stance.periods import Period
from stance.tables import filled, parse_date, read_rows

EVENT_COLUMNS: Final = ("date", "label")


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """What happened on a day, in a few words."""

    date: dt.date
    label: str


@dataclass(frozen=True, slots=True)
class PlacedEvent:
    """An event, where it stands in a chart, and in words.

    ``place`` counts periods from 0; half a place lies between two periods, and None outside all of them. Events at one
    place share a ``number``, which counts from 1.
    """

    event: Event
    place: float | None
    number: int | None
    where: str


def read_events(path: Path) -> tuple[Event, ...]:
    """The events of a CSV with the columns ``EVENT_COLUMNS``, by date.

    Raises:
        StanceError: naming file, line, value and what is allowed; an event that stands twice is refused.
    """
    found: dict[Event, str] = {}
    for where, row in read_rows(path, EVENT_COLUMNS):
        date = parse_date(where, row["date"].strip())
        if date is None:
            raise StanceError(f"{where}: date is empty; it must be filled")
        event = Event(date, " ".join(filled(where, row, "label").split()))
        if event in found:
            raise StanceError(f"{where}: {event.date}, {event.label!r} stands at {found[event]} too; once is allowed")
        found[event] = where
    if not found:
        raise StanceError(f"{path}: no event there; at least one is needed")
    return tuple(sorted(found))


def placed(events: Iterable[Event], periods: Sequence[Period]) -> list[PlacedEvent]:
    """The events by date, each with its place among ``periods``, which are in order.

    >>> from stance.periods import Calendar, period_of
    >>> days = [dt.date(2030, month, 5) for month in (1, 3)]
    >>> ceasefire = Event(dt.date(2030, 2, 1), "Ceasefire")
    >>> [one] = placed([ceasefire], [period_of(day, Calendar.MONTH) for day in days])
    >>> one.place, one.number, one.where
    (0.5, 1, 'between 2030-01 and 2030-03')
    """
    ordered = sorted(events)
    places = [_place(event.date, periods) for event in ordered]
    marked = list(dict.fromkeys(place for place in places if place is not None))
    numbers = {place: number for number, place in enumerate(marked, start=1)}
    return [
        PlacedEvent(event, place, None if place is None else numbers[place], _words(event.date, place, periods))
        for event, place in zip(ordered, places, strict=True)
    ]


def _place(date: dt.date, periods: Sequence[Period]) -> float | None:
    if not periods or not periods[0].start <= date <= periods[-1].end:
        return None
    last = bisect_right([period.start for period in periods], date) - 1
    return float(last) if date <= periods[last].end else last + 0.5


def _words(date: dt.date, place: float | None, periods: Sequence[Period]) -> str:
    if place is None:
        side = "before the first" if periods and date < periods[0].start else "after the last"
        return f"{side} period, not drawn" if periods else "not drawn"
    if place.is_integer():
        return periods[int(place)].when
    return f"between {periods[int(place)]} and {periods[int(place) + 1]}"

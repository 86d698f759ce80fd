import datetime as dt
import re

import pytest

from stance.codebook import StanceError
from stance.events import Event, placed, read_events
from stance.periods import Calendar, period_of

MONTHS = [period_of(dt.date(2030, month, 1), Calendar.MONTH) for month in (1, 2, 5)]


def on(month, day, label="Ceasefire", year=2030):
    return Event(dt.date(year, month, day), label)


def events(tmp_path, *rows):
    path = tmp_path / "events.csv"
    path.write_text("\n".join(["date,label", *rows]) + "\n", encoding="utf-8")
    return read_events(path)


def test_events_are_read_by_date_with_spaces_squeezed(tmp_path):
    found = events(tmp_path, '2030-05-02,"A truce,\nfor  nine days"', "2030-01-01,New year")
    assert found == (on(1, 1, "New year"), on(5, 2, "A truce, for nine days"))


def test_two_events_of_one_day_are_no_duplicates(tmp_path):
    assert len(events(tmp_path, "2030-01-01,New year", "2030-01-01,Ceasefire")) == 2


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["2030-13-01,New year"], "events.csv:2: date '2030-13-01' is not an ISO date"),
        (["1 May 2030,New year"], "events.csv:2: date '1 May 2030' is not an ISO date"),
        (["2030-01-01,New year", ",Ceasefire"], "events.csv:3: date is empty"),
        (["2030-01-01, "], "events.csv:2: label is empty"),
        (["2030-01-01,New year,again"], "events.csv:2: 3 fields; every row must have 2"),
        (["2030-01-01,New year", "2030-01-01,New  year"], "events.csv:3: 2030-01-01, 'New year' stands at"),
        ([], "no event there; at least one is needed"),
    ],
)
def test_a_bad_row_is_refused_with_its_place(tmp_path, rows, message):
    with pytest.raises(StanceError, match=re.escape(message)):
        events(tmp_path, *rows)


def test_other_columns_are_refused(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("day,what\n2030-01-01,New year\n")
    with pytest.raises(StanceError, match="the columns are day, what; they must be date, label"):
        read_events(path)


def test_an_event_stands_at_the_period_that_holds_it():
    [one] = placed([on(2, 28)], MONTHS)
    assert (one.place, one.number, one.where) == (1.0, 1, "in 2030-02")


def test_an_event_in_a_month_without_reports_stands_between_two_periods():
    [one] = placed([on(3, 31)], MONTHS)
    assert (one.place, one.where) == (1.5, "between 2030-02 and 2030-05")


@pytest.mark.parametrize(
    ("event", "where"),
    [
        (on(12, 31, year=2029), "before the first period, not drawn"),
        (on(6, 1), "after the last period, not drawn"),
    ],
)
def test_an_event_outside_the_periods_is_listed_but_has_no_place(event, where):
    [one] = placed([event], MONTHS)
    assert (one.place, one.number, one.where) == (None, None, where)


def test_events_of_one_period_share_a_number():
    found = placed([on(5, 9), on(1, 1), on(5, 2), on(1, 1, year=2031)], MONTHS)
    assert [one.number for one in found] == [1, 2, 2, None]


def test_an_event_before_a_break_stands_in_the_open_first_period():
    breaks = [dt.date(2030, 3, 1)]
    [one] = placed([on(1, 1, year=1950)], [period_of(day, breaks) for day in (dt.date(2030, 1, 1), breaks[0])])
    assert (one.place, one.where) == (0.0, "before 2030-03-01")


def test_without_periods_no_event_is_drawn():
    assert placed([on(1, 1)], [])[0].where == "not drawn"

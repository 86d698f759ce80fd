"""Which period a date lies in."""

import datetime as dt
from itertools import pairwise

import pytest

from stance.periods import Calendar, period_of

NEW_YEAR = dt.date(2025, 1, 1)  # a Wednesday


@pytest.mark.parametrize(
    ("by", "name", "start", "end"),
    [
        (Calendar.DATE, "2025-01-01", NEW_YEAR, NEW_YEAR),
        (Calendar.WEEK, "2025-W01", dt.date(2024, 12, 30), dt.date(2025, 1, 5)),
        (Calendar.MONTH, "2025-01", NEW_YEAR, dt.date(2025, 1, 31)),
        (Calendar.QUARTER, "2025 Q1", NEW_YEAR, dt.date(2025, 3, 31)),
        (Calendar.YEAR, "2025", NEW_YEAR, dt.date(2025, 12, 31)),
    ],
)
def test_the_calendar_gives_name_and_both_ends(by, name, start, end):
    period = period_of(NEW_YEAR, by)
    assert (period.name, period.start, period.end) == (name, start, end)


def test_february_of_a_leap_year_has_29_days():
    assert period_of(dt.date(2024, 2, 3), Calendar.MONTH).end == dt.date(2024, 2, 29)


def test_a_break_is_the_first_day_of_a_new_period():
    breaks = [dt.date(2025, 1, 20), dt.date(2024, 11, 5)]
    days = [dt.date(2024, 11, 4), dt.date(2024, 11, 5), dt.date(2025, 1, 20)]
    names = [period_of(day, breaks).name for day in days]
    assert names == ["before 2024-11-05", "2024-11-05 to 2025-01-19", "from 2025-01-20"]


def test_without_breaks_all_dates_are_one_period():
    assert period_of(NEW_YEAR, []).name == "all dates"


@pytest.mark.parametrize("by", [*Calendar, [dt.date(2024, 11, 5), dt.date(2025, 1, 20)]])
def test_periods_follow_each_other_without_gap_or_overlap(by):
    days = [dt.date(2024, 10, 1) + dt.timedelta(number) for number in range(200)]
    periods = sorted({period_of(day, by) for day in days})
    assert all(period.start <= day <= period.end for day in days for period in [period_of(day, by)])
    assert all(a.end + dt.timedelta(1) == b.start for a, b in pairwise(periods))


def test_a_period_says_when_in_words():
    assert period_of(NEW_YEAR).when == "on 2025-01-01"
    assert period_of(NEW_YEAR, Calendar.QUARTER).when == "in 2025 Q1"
    assert period_of(NEW_YEAR, [NEW_YEAR]).when == "from 2025-01-01"


def test_the_last_week_of_all_ends_with_the_last_day_of_all():
    last = period_of(dt.date.max, Calendar.WEEK)
    assert (last.start, last.end, last.name) == (dt.date(9999, 12, 27), dt.date.max, "9999-W52")

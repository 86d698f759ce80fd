"""The date of a report: what is understood, and what is refused and why."""

import datetime as dt

import pytest

from stance.codebook import StanceError
from stance.dates import report_date

DAY = dt.date(2022, 3, 2)
TODAY = dt.date(2022, 3, 5)


@pytest.mark.parametrize(
    "value",
    [
        "2022-03-02",
        " 2022-03-02 ",
        "2022-03-02T10:00:00Z",
        "2022-03-02 23:30:00-05:00",
        "2022-03-02T23:30+14:00",
        "2022/03/02",
        "2022/03/02 10:00",
        "20220302",
        "20220302T101500Z",
        20220302,
        "2 March 2022",
        "02 mar 2022",
        "2 MARCH, 2022",
        "March 2, 2022",
        "Mar. 2 2022",
        "March 2, 2022 10:00",
        "2 March 2022 10:00 GMT",
        "Wed, 02 Mar 2022 10:00:00 GMT",
        "Wed, 2 Mar 2022 23:30:00 -0500",
        "Wednesday, March 2, 2022",
        DAY,
        dt.datetime(2022, 3, 2, 23, 59),
        dt.datetime(2022, 3, 2, 23, 59, tzinfo=dt.timezone(dt.timedelta(hours=-8))),
    ],
)
def test_a_date_counts_as_it_is_written(value):
    assert report_date(value, TODAY) == DAY


def test_every_month_has_two_names():
    months = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ]
    for number, month in enumerate(months, start=1):
        assert report_date(f"2 {month} 2021", TODAY) == report_date(f"{month[:3]} 2, 2021", TODAY)
        assert report_date(f"2 {month} 2021", TODAY) == dt.date(2021, number, 2)


@pytest.mark.parametrize("value", ["Sept. 5, 2021", "5 Sept 2021", "Sun, 05 Sept 2021 10:00:00 GMT"])
def test_september_has_a_third_name(value):
    assert report_date(value, TODAY) == dt.date(2021, 9, 5)


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_an_empty_field_is_no_date(value):
    assert report_date(value, TODAY) is None


@pytest.mark.parametrize("value", ["03/04/2022", "3.4.2022", "03-04-22", "16.3.2022"])
def test_where_the_day_may_be_the_month_the_date_is_refused(value):
    with pytest.raises(StanceError, match=rf"date '{value}': some countries write the day first, .*give 2022-03-16"):
        report_date(value, TODAY)


@pytest.mark.parametrize("value", ["2022-02-30", "20221301", "31 April 2021", "0000-01-01"])
def test_a_day_that_no_calendar_has_is_refused(value):
    with pytest.raises(StanceError, match=rf"date '{value}' is no day of the calendar"):
        report_date(value, TODAY)


@pytest.mark.parametrize(
    "value",
    [
        "March",
        "9 January",
        "2022-03",
        "2022-03-02 to 2022-03-04",
        "2022-03-02x",
        "2 mars 2022",
        "Wed",
        "Wod, 2 March 2022",
        "2 March 2022 noon",
        "２０２２-03-02",
        True,
    ],
)
def test_another_form_is_refused_with_those_that_are_understood(value):
    with pytest.raises(StanceError, match=rf"date '{value}' is not understood; give 2022-03-16, .* March 16, 2022"):
        report_date(value, TODAY)


def test_a_text_in_the_place_of_a_date_is_not_repeated_in_full():
    with pytest.raises(StanceError, match=f"^date '{'x' * 60}' is not understood"):
        report_date("x" * 1000, TODAY)


def test_no_report_is_of_the_future():
    assert report_date("2022-03-05", TODAY) == TODAY
    for value in ("2022-03-06", dt.date(2022, 3, 6)):
        with pytest.raises(StanceError, match="date '2022-03-06' is in the future; it may be 2022-03-05 at the latest"):
            report_date(value, TODAY)


def test_today_is_where_the_day_begins_first():
    assert report_date(dt.datetime.now(dt.UTC)) is not None
    with pytest.raises(StanceError, match="in the future"):
        report_date(dt.datetime.now(dt.UTC) + dt.timedelta(days=2))

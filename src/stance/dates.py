"""The date of a report, as it comes in files."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from stance.codebook import StanceError

ALLOWED: Final = "2022-03-16, 2022/03/16, 20220316, 16 March 2022 or March 16, 2022"
_TIME: Final = r"(?:[T ]\d{1,2}:\d{2}.*|T\d{4,6}(?!\d).*)?"  # and its offset; the date counts as it is written
_NAMES: Final = "january february march april may june july august september october november december"
_MONTHS: Final = {form: number for number, name in enumerate(_NAMES.split(), start=1) for form in (name, name[:3])} | {
    "sept": 9
}
_MONTH: Final = f"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\\.?"
_WEEKDAY: Final = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? )?"  # as in RFC 822
_FORMS: Final = tuple(
    re.compile(form, re.ASCII | re.IGNORECASE)
    for form in (
        rf"(?P<year>\d{{4}})-(?P<month>\d{{2}})-(?P<day>\d{{2}}){_TIME}",
        rf"(?P<year>\d{{4}})/(?P<month>\d{{2}})/(?P<day>\d{{2}}){_TIME}",
        rf"(?P<year>\d{{4}})(?P<month>\d{{2}})(?P<day>\d{{2}}){_TIME}",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}}) {_MONTH},? (?P<year>\d{{4}}){_TIME}",
        rf"{_WEEKDAY}{_MONTH} (?P<day>\d{{1,2}}),? (?P<year>\d{{4}}){_TIME}",
    )
)
_AMBIGUOUS: Final = re.compile(r"(\d{1,2})[./-]\d{1,2}[./-](?:\d{2}|\d{4})", re.ASCII)
_EASTERNMOST: Final = dt.timezone(dt.timedelta(hours=14))


def report_date(value: object, today: dt.date | None = None) -> dt.date | None:
    """The date of a report, as it is written whatever the offset, or None for an empty field.

    Args:
        value: a date, a time, or text as in ``ALLOWED``, with a time behind it if you like.
        today: after which no report can be; else the date where the day begins first.

    Raises:
        StanceError: for anything else, and for a date in the future.

    >>> report_date("March 2, 2022"), report_date("2022-03-02T23:30:00-05:00")
    (datetime.date(2022, 3, 2), datetime.date(2022, 3, 2))
    """
    today = today or dt.datetime.now(_EASTERNMOST).date()
    if isinstance(value, dt.datetime):
        date = value.date()
    elif isinstance(value, dt.date):
        date = value
    else:
        text = "" if value is None else " ".join(str(value).split())
        if not text:
            return None
        date = _parsed(text)
    if date > today:
        raise StanceError(f"date '{date}' is in the future; it may be {today} at the latest")
    return date


def _parsed(text: str) -> dt.date:
    for form in _FORMS:
        if match := form.fullmatch(text):
            month = match["month"].lower()
            try:
                return dt.date(int(match["year"]), _MONTHS.get(month) or int(month), int(match["day"]))
            except ValueError as error:
                raise StanceError(f"date {text!r} is no day of the calendar") from error
    if _AMBIGUOUS.fullmatch(text):
        raise StanceError(f"date {text!r}: some countries write the day first, some the month; give {ALLOWED}")
    raise StanceError(f"date {text[:60]!r} is not understood; give {ALLOWED}")

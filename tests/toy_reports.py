"""Reports as they were read, for tests of what is counted and compared."""

import datetime as dt

from stance.codebook import LABELS, Asked, DatedStance, Issue, Label, ReadReport
from stance.periods import Calendar, period_of
from stance.quantification import Confusion

D, C, R, P = Label.DEMAND, Label.CONCESSION, Label.REJECTION, Label.PRECONDITION
ERRING = Confusion(
    ((1900, 40, 30, 20, 10), (60, 120, 12, 6, 2), (80, 10, 100, 6, 4), (50, 8, 4, 56, 2), (16, 6, 8, 2, 48))
)


def read(number, date, labels, *, n_asked=0, actor="Belmark", issue=Issue.TALKS):
    """A report in which ``actor`` holds ``labels``, one in each sentence."""
    stances = tuple(
        DatedStance(f"r{number:02}", date, position, "…", actor, label, issue)
        for position, label in enumerate(labels, start=1)
    )
    asked = {actor: Asked(n_asked, dict.fromkeys(LABELS, n_asked / 10))} if n_asked else {}
    return ReadReport(f"r{number:02}", date, "", max(n_asked, len(labels)), stances, asked)


def months(*months_of_labels, n_asked=0, step=1, **rest):
    """Six reports in each month, each with the labels of the month; ``step`` months lie between."""
    return [
        read(
            6 * number + day,
            dt.date(2030 + step * number // 12, step * number % 12 + 1, day + 1),
            labels,
            n_asked=n_asked,
            **rest,
        )
        for number, labels in enumerate(months_of_labels)
        for day in range(6)
    ]


def monthly(date):
    return period_of(date, Calendar.MONTH)

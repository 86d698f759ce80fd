"""What was found of each actor in each period: all that the analysis of firmness knows of the reports."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from stance.arrays import Ints
from stance.codebook import FIRM_LABELS, LABELS, Checked, Issue, Label, ReadReport
from stance.periods import Period


@dataclass(frozen=True, slots=True)
class Cell:
    """An actor's stances in one period, counted: those on one ``issue``, or on all (None).

    ``n_reports`` name the actor, or hold a stance of it, in ``n_asked`` sentences; ``mean_day`` is their mean date as a
    proleptic ordinal. Of stances that people coded they are the reports with such a stance. ``n_sentences`` is the
    length of all reports of the period, 0 where unknown. ``counts`` are the stances found, one for each sentence and
    label, and ``expected`` the sums of calibrated probabilities, None for stances that people coded. ``checked`` are
    the decisions and answers where somebody has checked a sample. ``by_report`` are the firm and all stances of each
    report with any, shape (n_reports_with_stance, 2).
    """

    actor: str
    period: Period
    n_reports: int
    n_sentences: int
    n_asked: int
    mean_day: float
    counts: Mapping[Label, int]
    expected: Mapping[Label, float] | None
    checked: Checked
    by_report: Ints
    issue: Issue | None = None

    def on_issue(self, issue: Issue, counts: Mapping[Label, int]) -> Cell:
        """The cell of one issue, whose stances are ``counts``: nothing is expected, checked or known by report."""
        none = np.empty((0, 2), dtype=np.int64)
        return replace(self, issue=issue, counts=counts, expected=None, checked=Checked(), by_report=none)


def cells_of(
    reports: Sequence[ReadReport],
    actors: Sequence[str],
    period: Callable[[dt.date], Period],
    issue: Issue | None = None,
) -> Iterator[Cell]:
    """The cells of ``actors`` with any stance, or any on ``issue``, in their order, then by period."""
    n_sentences: Counter[Period] = Counter()
    by_cell: dict[tuple[str, Period], list[tuple[ReadReport, Counter[Label]]]] = {}
    for report in sorted(reports, key=lambda report: (report.date, report.report_id)):
        span = period(report.date)
        n_sentences[span] += report.n_sentences
        found: dict[str, Counter[Label]] = {actor: Counter() for actor in report.asked}
        for actor, label, _ in {(s.actor, s.label, s.position) for s in report.stances if issue in (None, s.issue)}:
            found.setdefault(actor, Counter())[label] += 1
        for actor, labels in found.items():
            by_cell.setdefault((actor, span), []).append((report, labels))
    for actor in actors:
        for span in sorted(n_sentences):
            held = by_cell.get((actor, span), [])
            if any(labels for _, labels in held):
                cell = _cell(actor, span, n_sentences[span], held)
                yield cell if issue is None else cell.on_issue(issue, cell.counts)


def _cell(actor: str, span: Period, n_sentences: int, held: Sequence[tuple[ReadReport, Counter[Label]]]) -> Cell:
    asked = [report.asked[actor] for report, _ in held if actor in report.asked]
    checks = [report.checked[actor] for report, _ in held if actor in report.checked]
    by_report = [(sum(found[label] for label in FIRM_LABELS), found.total()) for _, found in held if found]
    return Cell(
        actor=actor,
        period=span,
        n_reports=len(held),
        n_sentences=n_sentences,
        n_asked=sum(one.n_sentences for one in asked),
        mean_day=float(np.mean([report.date.toordinal() for report, _ in held])),
        counts={label: sum(found[label] for _, found in held) for label in LABELS},
        expected={label: sum(one.expected[label] for one in asked) for label in LABELS} if asked else None,
        checked=Checked(
            sum((Counter(one.n_decided) for one in checks), Counter()),
            tuple(answer for one in checks for answer in one.answers),
        ),
        by_report=np.array(by_report, dtype=np.int64).reshape(-1, 2),
    )

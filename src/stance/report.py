"""The shift analysis as a page to read (HTML, Markdown), tables to compute with (CSV, Parquet, JSON), and charts."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stance.chart_files import FOLDER as CHARTS
from stance.chart_files import write_charts
from stance.citation import citation
from stance.codebook import ReadReport
from stance.events import Event, PlacedEvent, placed
from stance.evidence import evidence_table
from stance.periods import Period, period_of
from stance.placing import place
from stance.quantification import MeasuredErrors
from stance.report_sections import actor_sections, check_rows, comparison, issue_rows, pair_sections
from stance.report_tables import (
    GAP_COLUMNS,
    SHARE_COLUMNS,
    SHARE_DIGITS,
    STANCE_COLUMNS,
    STANCE_DIGITS,
    Columns,
    csv_text,
    gap_rows,
    numbers,
    parquet_bytes,
    share_row,
    stance_rows,
)
from stance.report_templates import page_templates
from stance.report_words import limits, trust
from stance.shifts import ShiftAnalysis, Tally, analyse, analyse_tally, tally
from stance.story import story

if TYPE_CHECKING:
    from stance.evaluation import Evaluation

PAGES: Final = ("shifts.html", "shifts.md")
NUMBERS: Final = "shifts.json"
TABLES: Final = ("shares", "gaps", "stances")
WRITTEN: Final = (
    *PAGES, NUMBERS, CHARTS, *(f"{table}.{kind}" for table in TABLES for kind in ("csv", "parquet")),
)  # fmt: skip
"""The names of all files and folders of a report, which a later report on the same folder passes over."""


def write_report(
    folder: Path,
    reports: Sequence[ReadReport],
    *,
    title: str,
    period: Callable[[dt.date], Period] = period_of,
    errors: MeasuredErrors | None = None,
    quality: Evaluation | None = None,
    gold: Sequence[ReadReport] | None = None,
    events: Sequence[Event] = (),
    with_png: bool = False,
    n_rejected: int = 0,
) -> list[Path]:
    """Write the report, its tables and its charts; returns the paths of the files and of the folder of charts.

    Args:
        folder: where to write; it is made if need be.
        reports: all that were read, also those without a stance.
        title: the heading.
        period: to which period a date belongs.
        errors: the measured errors of the classifier that read them, for which shares are corrected.
        quality: the test of that classifier.
        gold: the same reports with annotators' stances, to be shown beside.
        events: what happened meanwhile, to be marked in the charts.
        with_png: whether each chart is written as PNG, too.
        n_rejected: records that could not be read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(*(path.name for path in write_report(Path(folder), [], title="The delta talks")))
    shifts.html shifts.md shifts.json charts shares.csv shares.parquet gaps.csv gaps.parquet stances.csv stances.parquet
    """
    folder.mkdir(parents=True, exist_ok=True)
    counted = replace(tally(reports, period), n_rejected=n_rejected)
    compared = None if gold is None else analyse(gold, period=period)
    stances = _write_table(folder / "stances", STANCE_COLUMNS, stance_rows(reports), STANCE_DIGITS)
    pages = write_pages(
        folder, counted, title=title, errors=errors, quality=quality, gold=compared, events=events, with_png=with_png,
        stances_sha256=hashlib.sha256(stances[0].read_bytes()).hexdigest(),
    )  # fmt: skip
    return [*pages, *stances]


def write_pages(
    folder: Path,
    counted: Tally,
    *,
    title: str,
    errors: MeasuredErrors | None = None,
    quality: Evaluation | None = None,
    gold: ShiftAnalysis | None = None,
    events: Sequence[Event] = (),
    with_png: bool = False,
    stances_sha256: str | None = None,
) -> list[Path]:
    """Write everything but the stances themselves; arguments as for ``write_report``, from what was counted.

    ``stances_sha256`` is the hash of ``stances.csv``, where it is written.
    """
    analysis = analyse_tally(counted, errors)
    marked = placed(events, analysis.spans)
    sections = actor_sections(analysis, marked)
    facts = {
        "title": title,
        "counted": counted,
        "analysis": analysis,
        "sections": sections,
        "story": story(analysis, counted),
        "events": marked,
        "table": evidence_table(counted.positions, counted.references),
        "citation": citation(),
        "stances_sha256": stances_sha256,
        "pairs": pair_sections(analysis.gaps),
        "issue_pairs": pair_sections(analysis.issue_gaps),
        "issue_rows": issue_rows(analysis),
        "check_rows": check_rows(analysis),
        "quality": quality,
        "trust": trust(quality, is_coded=counted.is_coded),
        "limits": limits(errors, counted),
        "comparison": None if gold is None else comparison(gold, analysis),
    }
    pages = page_templates()
    texts = {name: pages.get_template(f"{name}.j2").render(facts) for name in PAGES}
    record = numbers(analysis) | {"events": list(map(_event_numbers, marked))}
    texts[NUMBERS] = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    main_actors = [section.actor for section in sections if section.is_main]
    shares = list(map(share_row, (*analysis.periods, *analysis.issue_periods)))
    gaps = list(gap_rows((analysis.gaps, analysis.issue_gaps)))
    return [
        *(place(folder / name, [text.encode()]) for name, text in texts.items()),
        write_charts(folder, analysis, main_actors, marked, with_png=with_png),
        *_write_table(folder / "shares", SHARE_COLUMNS, shares, SHARE_DIGITS),
        *_write_table(folder / "gaps", GAP_COLUMNS, gaps, SHARE_DIGITS),
    ]


def _event_numbers(one: PlacedEvent) -> dict[str, object]:
    return {"date": str(one.event.date), "label": one.event.label, "mark": one.number, "where": one.where}


def _write_table(stem: Path, columns: Columns, rows: Sequence[Sequence[object]], digits: int) -> list[Path]:
    """A table as CSV and as Parquet."""
    return [
        place(stem.with_suffix(".csv"), [csv_text(columns, rows, digits).encode()]),
        place(stem.with_suffix(".parquet"), [parquet_bytes(columns, rows, digits)]),
    ]

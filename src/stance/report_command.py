"""What ``stance report`` does: reports read, by a classifier or by people, and written about."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stance.classify import StanceClassifier, load_classifier, model_files
from stance.codebook import Example, ReadReport, Report, StanceError
from stance.periods import Calendar, Period, period_of
from stance.placing import place
from stance.records import Rejected, Terms
from stance.sentences import split
from stance.streams import JOB
from stance.tables import parse_date

if TYPE_CHECKING:
    from stance.predictions import Probabilities
    from stance.review import AskedPair
    from stance.shifts import Tally


N_SHOWN: Final = 5  # of the records left out
REJECTED: Final = "rejected.csv"
REJECTED_COLUMNS: Final = {"where": str, "report_id": str, "reason": str}


def write(options: argparse.Namespace) -> int:
    """Write the shift report on the reports, or the archive of decisions, at ``options.path``.

    Returns:
        how many records could not be read.
    """
    from stance.events import read_events
    from stance.report import write_pages, write_report
    from stance.report_words import count

    if any(path.exists() and not path.is_dir() for path in (options.out, *options.out.parents)):
        raise StanceError(f"{options.out}: a file stands there or above; --out must be a folder")
    if options.checked and (options.coded or _is_archive(options.path)):
        raise StanceError("--checked is given with --coded or an archive; it is for reports that are classified now")
    if options.coded and _is_archive(options.path):
        raise StanceError(f"{options.path}: decisions of a classifier; --coded is for stances that people coded")
    if (options.encoding or options.any_language) and (options.coded or _is_archive(options.path)):
        raise StanceError("--encoding or --any-language is given with --coded or an archive; they are for reports")
    if _is_archive(options.out):
        raise StanceError(f"{options.out}: an archive of decisions; --out must be another folder")
    by = Calendar(options.period) if options.breaks is None else _breaks(options.breaks)
    period = partial(period_of, by=by)
    events = read_events(options.events) if options.events else ()
    rejected: tuple[Rejected, ...] = ()
    if _is_archive(options.path):
        counted, measured = _counted(options, period)
        n_reports, n_copies = counted.n_reports, counted.n_copies
        if counted.n_undated:
            print(f"{count(counted.n_undated, 'report')} without a date left out", file=sys.stderr)
        title = options.title or f"Stances in {count(n_reports, 'report')}"
        paths = write_pages(options.out, counted, title=title, events=events, with_png=options.png, **measured)
        for kind in ("csv", "parquet"):  # of an earlier report there; an archive has its stances itself
            (options.out / f"stances.{kind}").unlink(missing_ok=True)
    else:
        reports, measured, rejected = _coded(options) if options.coded else _classified(options)
        n_reports, n_copies = len(reports), sum(bool(report.copy_of) for report in reports)
        title = options.title or f"Stances in {count(n_reports, 'report')}"
        paths = write_report(
            options.out, reports, title=title, period=period, events=events, with_png=options.png,
            n_rejected=len(rejected), **measured,
        )  # fmt: skip
    paths += _write_rejected(options.out / REJECTED, rejected)
    print(f"{count(n_reports, 'report')} read" + (f", {n_copies} not counted as copies" if n_copies else ""))
    print("\n".join(map(str, paths)))
    return len(rejected)


def read_report(classifier: StanceClassifier, report: Report) -> tuple[ReadReport, list[AskedPair]]:
    """One dated report as the classifier reads it, and every pair of a sentence and a party that it was asked about."""
    from stance.reading import read_by_classifier
    from stance.review import asked_pairs

    if report.date is None:
        raise StanceError(f"report {report.report_id!r} has no date; a shift report needs one")
    rule = classifier.model.rule
    answered = list(_answered(classifier, report))
    read = read_by_classifier(report.report_id, report.date, report.reference, answered, rule)
    return read, list(asked_pairs(report.report_id, report.date, report.outlet, answered, rule))


def _is_archive(path: Path) -> bool:
    return (path / JOB).is_file()


def _counted(options: argparse.Namespace, period: Callable[[dt.date], Period]) -> tuple[Tally, dict[str, Any]]:
    """What is counted in an archive, and how good the classifier is that read it."""
    from stance.archive import check_whole
    from stance.archive_tally import tally_archive

    job = check_whole(options.path, model_files(options.model)[0])
    counted = replace(tally_archive(options.path, period), copies_unknown="copies" in job)
    return counted, _measured(load_classifier(options.model, options.actors))


def _coded(options: argparse.Namespace) -> tuple[list[ReadReport], dict[str, Any], tuple[Rejected, ...]]:
    from stance.reading import read_coded

    return read_coded(options.path), {}, ()


def taken_in(options: argparse.Namespace, *ours: Path) -> tuple[tuple[Report, ...], tuple[Rejected, ...]]:
    """The reports beside ``ours``, what the command reads or writes itself, and what cannot be read: some are told."""
    from stance.reports import take_in

    if options.actors:
        ours = (*ours, options.actors)
    intake = take_in(options.path, Terms(options.encoding or "", options.any_language), without=ours)
    for one in intake.rejected[:N_SHOWN]:
        print(f"stance: left out: {one.where}: {one.reason}", file=sys.stderr)
    n_more = len(intake.rejected) - N_SHOWN
    if n_more > 0:
        print(f"stance: left out: {n_more:,} more, {len(intake.rejected):,} in all", file=sys.stderr)
    if not intake.reports:
        raise StanceError(f"{options.path}: no report there that can be read; at least one is needed")
    return intake.reports, intake.rejected


def _write_rejected(path: Path, rejected: Sequence[Rejected]) -> list[Path]:
    """Write what was left out, if there is any, in the place of what an earlier run left out."""
    from stance.report_tables import csv_text

    if not rejected:
        path.unlink(missing_ok=True)
        return []
    rows = [(one.where, one.report_id, one.reason) for one in rejected]
    return [place(path, [csv_text(REJECTED_COLUMNS, rows, digits=0).encode()])]


def _classified(options: argparse.Namespace) -> tuple[list[ReadReport], dict[str, Any], tuple[Rejected, ...]]:
    """The reports as the classifier reads them, how good it is, and what cannot be read."""
    from stance.report import WRITTEN
    from stance.review import with_checks
    from stance.review_tasks import read_checked
    from stance.syndication import syndicated

    written = (options.out / name for name in (*WRITTEN, REJECTED))
    reports, rejected = taken_in(options, *written, *filter(None, (options.checked, options.events)))
    copies = syndicated(reports)
    classifier = load_classifier(options.model, options.actors)
    read, pairs = [], []
    for report, asked in read_all(classifier, reports):
        read.append(replace(report, copy_of=copies.get(report.report_id, "")))
        pairs += asked if options.checked else []
    if options.checked:
        read = with_checks(read, pairs, read_checked(options.checked, pairs))
    return read, _measured(classifier), rejected


def _measured(classifier: StanceClassifier) -> dict[str, Any]:
    """The errors of the classifier on labelled reports, and its test."""
    from stance.evaluation import from_json

    recorded = classifier.model.meta.get("evaluations", {}).get("frozen test")
    return {"errors": classifier.model.errors, "quality": from_json(recorded) if recorded else None}


def read_all(classifier: StanceClassifier, reports: Sequence[Report]) -> Iterator[tuple[ReadReport, list[AskedPair]]]:
    """The reports in their order, each as ``read_report`` reads it, with the progress shown."""
    from tqdm import tqdm

    for report in tqdm(reports, desc="classifying", unit="report", disable=None):
        yield read_report(classifier, report)


def _answered(classifier: StanceClassifier, report: Report) -> Iterator[tuple[int, Example, Probabilities]]:
    for sentence, example, answer in classifier.answered(classifier.asked(split(report), report.date, report.outlet)):
        yield sentence.position, example, answer


def _breaks(value: str) -> list[dt.date]:
    dates = [parse_date("--breaks", one.strip()) for one in value.split(",")]
    if not all(dates):
        raise StanceError(f"--breaks {value!r}: a date is missing; give dates divided by commas, such as 2024-11-05")
    return [date for date in dates if date]

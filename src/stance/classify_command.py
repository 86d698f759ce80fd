"""What ``stance classify`` does: a text to the terminal, or an archive of reports to a folder."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from stance.articles import article, is_page
from stance.classify import Classification, checked_text, load_classifier, model_files
from stance.codebook import Report, StanceError
from stance.dates import report_date
from stance.files import Text, opened
from stance.formats import PAGES, TABLES, kind
from stance.language import foreign
from stance.records import Terms
from stance.sentences import split
from stance.tables import as_cell, parse_date, write_rows

CSV_COLUMNS: Final = ("sentence", "start", "end", "actor", "label", "issue", "probability")


def run(options: argparse.Namespace) -> int:
    """Do what the options ask for; returns how many records could not be read."""
    if options.out is None:
        for name in ("resume", "workers"):
            if getattr(options, name) not in (None, False):
                raise StanceError(f"--{name} is given without --out; it is for whole archives")
        _print(options)
        return 0
    for name in ("file", "date", "outlet", "json", "csv"):
        if getattr(options, name):
            raise StanceError(f"--{name} is given with --out; it is for a single text")
    if options.workers is not None and options.resume:
        raise StanceError("--resume is given with --workers; it goes on with what one process began")
    return _archive(options)


def _archive(options: argparse.Namespace) -> int:
    from stance.archive import classify_archive, describe
    from stance.streams import REJECTED, sources

    terms = Terms(options.encoding or "", options.any_language)
    files = sources(map(Path, options.text))
    if options.workers is not None:
        from stance.cluster import classify_with_ray

        n_rejected = classify_with_ray(
            files, options.out, model=options.model, actors=options.actors, n_workers=options.workers, terms=terms
        )
        print(f"decisions in {options.out}")
        if n_rejected:
            print(f"stance: {n_rejected:,} records left out; they are rows with a reason", file=sys.stderr)
        return n_rejected
    classifier = load_classifier(options.model, options.actors)
    job = describe(files, *model_files(options.model, options.actors), terms)
    try:
        done = classify_archive(files, options.out, classifier, job=job, resume=options.resume, terms=terms)
    except KeyboardInterrupt:
        n_parts = len(list(options.out.glob("*.parquet")))
        print(f"stance: {n_parts} parts kept in {options.out}; the same command with --resume goes on", file=sys.stderr)
        raise
    print(
        f"{done.n_records - done.n_rejected:,} reports, {done.n_copies:,} of them copies: "
        f"{done.n_sentences:,} sentences, {done.n_stances:,} stances in {options.out}"
    )
    if done.n_rejected:
        print(f"stance: {done.n_rejected:,} records left out; reasons in {options.out / REJECTED}", file=sys.stderr)
    return done.n_rejected


def _print(options: argparse.Namespace) -> None:
    report = _input(options)
    text, told = report.text, (report.date, report.outlet)
    classifier = load_classifier(options.model, options.actors)
    if options.json:
        whole = classifier.text(text, *told, any_language=options.any_language)
        print(json.dumps(asdict(whole), ensure_ascii=False, indent=2))
        return
    is_read = options.any_language or not foreign(text)
    found = list(classifier.sentences(split(report), *told)) if is_read else []
    if options.csv:
        stances = (stance for sentence in found for stance in sentence.stances)
        values = (asdict(stance) | {"probability": f"{stance.probability:.3f}"} for stance in stances)
        rows = ([as_cell(one[column]) for column in CSV_COLUMNS] for one in values)
        write_rows(sys.stdout, (CSV_COLUMNS, *rows))
    else:
        print("\n".join(_lines(found)) or f"nothing to classify: {classifier.text(text, *told).reason}")


def _lines(found: Sequence[Classification]) -> list[str]:
    """A block for each sentence: its label, probability and text, then its stances."""
    lines = []
    for sentence in found:
        probability = sentence.probabilities[sentence.labels[0]] if sentence.labels else None
        share = f"{probability:.2f}" if probability is not None else ""
        lines.append(f"{sentence.label:<13}{share:<6}{' '.join(sentence.text.split())}")
        for stance in sentence.stances:
            holder = stance.actor or "(holder unclear)"
            lines.append(f"{'':19}- {holder}: {stance.label} on {stance.issue} ({stance.probability:.2f})")
    return lines


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a name, or with a NUL
        return False


def _input(options: argparse.Namespace) -> Report:
    """The text with its date and outlet, as the options tell them, or else its web page."""
    report = _given(options)
    date = parse_date("--date", options.date or "") or report.date
    outlet = report.outlet if options.outlet is None else checked_text(options.outlet, what="--outlet")
    return replace(report, date=date, outlet=outlet)


def _given(options: argparse.Namespace) -> Report:
    if options.text and options.file is not None:
        raise StanceError("both a text and --file are given; give one of them")
    if len(options.text) > 1:
        raise StanceError(f"{len(options.text)} texts are given; quote one, or classify files with --out FOLDER")
    if options.text:
        if options.encoding:
            raise StanceError("--encoding is given with a text; it is for files and standard input")
        if _is_file(options.text[0]):
            raise StanceError(f"{options.text[0]} is a file; give --file for one text, or --out FOLDER for reports")
        return Report("", checked_text(options.text[0]))
    encoding = Terms(options.encoding or "").encoding
    try:
        if options.file is not None:
            return _in_file(options.file, encoding, is_dated=bool(options.date))
        content = sys.stdin.buffer.read()
        return Report("", Text(io.BufferedReader(io.BytesIO(content)), encoding).whole() if content else "")
    except StanceError as error:
        raise StanceError(f"{options.file or 'standard input'}: {error}") from error
    except OSError as error:
        raise StanceError(f"{options.file}: {error.strerror or error}; expected a readable text file") from error


def _in_file(file: Path, encoding: str, *, is_dated: bool) -> Report:
    """The text of a file, or the article in it if it is a web page, with its date if it is not dated already."""
    if kind(file) in TABLES:
        raise StanceError("a table of reports; to classify all of them give it with --out FOLDER")
    is_page_file = kind(file) in PAGES
    with opened(file, encoding, is_page=is_page_file) as (content, _):
        text = content.whole()
    if not is_page_file and not is_page(text):
        return Report("", text)
    found = article(text)
    return Report("", found["text"], None if is_dated else report_date(found["date"]), outlet=found["outlet"])

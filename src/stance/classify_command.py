"""What ``stance classify`` does: a text to the terminal, or an archive of reports to a folder."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from stance.classify import Classification, checked_text, load_classifier, model_files
from stance.codebook import Report, StanceError
from stance.sentences import split
from stance.tables import parse_date, read_text

CSV_COLUMNS: Final = ("sentence", "start", "end", "actor", "label", "issue", "probability")


def run(options: argparse.Namespace) -> int:
    """Do what the options ask for; returns how many records could not be read."""
    if options.out is None:
        for name in ("resume", "workers"):
            if getattr(options, name) not in (None, False):
                raise StanceError(f"--{name} is given without --out; it is for whole archives")
        _print(options)
        return 0
    for name in ("file", "date", "json", "csv"):
        if getattr(options, name):
            raise StanceError(f"--{name} is given with --out; it is for a single text")
    if options.workers is not None and options.resume:
        raise StanceError("--resume is given with --workers; it goes on with what one process began")
    return _archive(options)


def _archive(options: argparse.Namespace) -> int:
    from stance.archive import REJECTED, classify_archive, describe
    from stance.streams import sources

    files = sources(map(Path, options.text))
    if options.workers is not None:
        from stance.cluster import classify_with_ray

        n_rejected = classify_with_ray(
            files, options.out, model=options.model, actors=options.actors, n_workers=options.workers
        )
        print(f"decisions in {options.out}")
        if n_rejected:
            print(f"stance: {n_rejected:,} records left out; they are rows with a reason", file=sys.stderr)
        return n_rejected
    classifier = load_classifier(options.model, options.actors)
    job = describe(files, *model_files(options.model, options.actors))
    try:
        done = classify_archive(files, options.out, classifier, job=job, resume=options.resume)
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
    text = _input_text(options)
    classifier = load_classifier(options.model, options.actors)
    date = parse_date("--date", options.date or "")
    if options.json:
        print(json.dumps(asdict(classifier.text(text, date)), ensure_ascii=False, indent=2))
        return
    found = list(classifier.sentences(split(Report("", text)), date))
    if options.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(CSV_COLUMNS)
        for stance in (stance for sentence in found for stance in sentence.stances):
            values = asdict(stance) | {"probability": f"{stance.probability:.3f}"}
            writer.writerow([values[column] for column in CSV_COLUMNS])
    else:
        print("\n".join(_lines(found)) or f"nothing to classify: {classifier.text(text, date).reason}")


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


def _input_text(options: argparse.Namespace) -> str:
    if options.text and options.file is not None:
        raise StanceError("both a text and --file are given; give one of them")
    if len(options.text) > 1:
        raise StanceError(f"{len(options.text)} texts are given; quote one, or classify files with --out FOLDER")
    if options.text:
        if _is_file(options.text[0]):
            raise StanceError(f"{options.text[0]} is a file; give --file for one text, or --out FOLDER for reports")
        return checked_text(options.text[0])
    if options.file is not None:
        return read_text(options.file)
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StanceError(f"standard input: byte {error.start} is not UTF-8; the text must be UTF-8") from error

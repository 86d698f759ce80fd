"""The command line: ``stance classify``, ``report``, ``review``, ``evaluate`` and ``check-data``."""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stance.classify import Classification, checked_text, load_classifier
from stance.codebook import Report, StanceError
from stance.paths import HOME
from stance.periods import Calendar
from stance.reading import CODED_COLUMNS
from stance.report_command import draw, write
from stance.sentences import split
from stance.tables import parse_date, read_text

FOUND, REFUSED, INTERRUPTED = 0, 2, 130
CSV_COLUMNS = ("sentence", "start", "end", "actor", "label", "issue", "probability")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code: 0, 2 for input that is refused, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except StanceError as error:
        print(f"stance: {error}", file=sys.stderr)
        return REFUSED
    except BrokenPipeError:  # the reader of our output has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"stance: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("stance: interrupted", file=sys.stderr)
        return INTERRUPTED
    return FOUND


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stance",
        description="Who demands, concedes, rejects and sets preconditions in reports on a negotiation, and when.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    classify = commands.add_parser("classify", help="classify a text, a file or standard input")
    classify.add_argument("text", nargs="?", help="the text; without it and --file, standard input is read")
    classify.add_argument("--file", type=Path, help="a UTF-8 text file")
    classify.add_argument("--date", help="date of the text (YYYY-MM-DD): tells apart office holders")
    form = classify.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object")
    form.add_argument("--csv", action="store_true", help="print a CSV with a row for each stance")
    _add_model(classify)
    classify.set_defaults(run=_classify)

    report = commands.add_parser("report", help="shift report on dated reports: HTML, Markdown, CSV and JSON")
    report.add_argument("path", type=Path, help="folder, manifest .csv, .jsonl or .parquet of dated reports")
    report.add_argument(
        "--coded", action="store_true", help=f"PATH is a CSV of stances that people coded: {', '.join(CODED_COLUMNS)}"
    )
    report.add_argument("--out", type=Path, default=Path("stance-report"), help="folder to write to (%(default)s)")
    report.add_argument("--checked", type=Path, help="CSV of stance review, filled in: its answers count")
    report.add_argument("--title", help="heading of the report")
    spans = report.add_mutually_exclusive_group()
    spans.add_argument(
        "--period", choices=list(map(str, Calendar)), default=str(Calendar.DATE), help="what is compared (%(default)s)"
    )
    spans.add_argument("--breaks", metavar="DATES", help="compare what lies between these dates: 2024-11-05,2025-01-20")
    _add_model(report)
    report.set_defaults(run=write)

    review = commands.add_parser("review", help="draw decisions to check by hand, for stance report --checked")
    review.add_argument("path", type=Path, help="reports, as for stance report")
    review.add_argument("--n", type=int, default=100, help="how many (%(default)s)")
    review.add_argument("--seed", type=int, default=1, help="of the draw (%(default)s)")
    review.add_argument("--out", type=Path, default=Path("review.csv"), help="CSV to write (%(default)s)")
    _add_model(review)
    review.set_defaults(run=draw)

    evaluate = commands.add_parser("evaluate", help="score a stored model against a labelled CSV")
    evaluate.add_argument("labels", type=Path, help="labelled sentences, with the columns of data/labels.csv")
    evaluate.add_argument("--splits", type=Path, help="splits CSV: score only the reports of --split")
    evaluate.add_argument("--split", help="train, development or test (test)")
    evaluate.add_argument("--by", choices=("conflict", "source", "report_id"), help="also score each of these alone")
    evaluate.add_argument("--json", action="store_true", help="print the whole record as JSON")
    _add_model(evaluate)
    evaluate.set_defaults(run=_evaluate)

    check = commands.add_parser("check-data", help="validate all data files and print counts")
    check.add_argument(
        "folder", type=Path, nargs="?", default=HOME, help="folder with data/ and seeds/ (this project's)"
    )
    check.set_defaults(run=_check_data)
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", default="transformer", help="transformer, tfidf or a stored model's folder (%(default)s)"
    )
    parser.add_argument("--actors", type=Path, help="CSV of further parties and aliases (actor,alias,kind,from,until)")


def _classify(options: argparse.Namespace) -> None:
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


def _input_text(options: argparse.Namespace) -> str:
    if options.text is not None and options.file is not None:
        raise StanceError("both a text and --file are given; give one of them")
    if options.text is not None:
        return checked_text(options.text)
    if options.file is not None:
        return read_text(options.file)
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StanceError(f"standard input: byte {error.start} is not UTF-8; the text must be UTF-8") from error


def _evaluate(options: argparse.Namespace) -> None:
    from stance.dataset import Split, label_examples, read_splits
    from stance.evaluation import as_json, evaluate
    from stance.evaluation_report import summary_table
    from stance.labels import read_labels
    from stance.tables import choice

    sentences = read_labels(options.labels)
    test = options.labels.name
    if options.split and not options.splits:
        raise StanceError("--split is given without --splits; give the CSV that tells the reports' splits")
    if options.splits:
        split_name = choice("--split", "split", options.split or Split.TEST, Split)
        splits = read_splits(options.splits, sentences)
        sentences = [sentence for sentence in sentences if splits[sentence.report_id] is split_name]
        test = f"{test}, {split_name}"
    if not sentences:
        raise StanceError(f"{options.labels}: no labelled sentence there; at least one is needed")
    classifier = load_classifier(options.model, options.actors)
    items = label_examples(sentences, classifier.table)
    answers = classifier.model.classifier.predict_proba([item.example for item in items])

    def record(test: str, rows: Sequence[int]) -> dict[str, Any]:
        scored = [items[row] for row in rows], [answers[row] for row in rows], classifier.model.rule
        return as_json(evaluate(str(options.model), test, *scored))

    whole = record(test, range(len(items)))
    parts: dict[str, list[int]] = {}
    for row, item in enumerate(items if options.by else []):
        parts.setdefault(str(getattr(item.sentence, options.by)), []).append(row)
    by = {value: record(f"{test}: {value} ({len(rows)} sentences)", rows) for value, rows in parts.items()}
    if options.json:
        print(json.dumps(whole | ({"by": by} if options.by else {}), indent=2))
    else:
        print(summary_table([whole, *by.values()]))


def _check_data(options: argparse.Namespace) -> None:
    from stance.datacheck import check_data

    print("\n".join(check_data(options.folder)))

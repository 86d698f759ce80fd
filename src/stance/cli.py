"""The command line: ``stance classify``, ``report``, ``review``, ``export``, ``evaluate`` and ``check-data``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stance import classify_command
from stance.classify import DEFAULT_MODEL, load_classifier
from stance.codebook import StanceError
from stance.context import answers_in_context
from stance.export_command import export
from stance.formats import READERS
from stance.interchange import FORMATS
from stance.paths import HOME
from stance.periods import Calendar
from stance.reading import CODED_COLUMNS
from stance.report_command import write
from stance.review_command import draw
from stance.review_tasks import FORMATS as REVIEW_FORMATS

FOUND, LEFT_OUT, REFUSED, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns 0, 1 if records were left out, 2 for input that is refused, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    try:
        n_rejected = options.run(options)
        sys.stdout.flush()
        if n_rejected:
            return LEFT_OUT
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

    classify = commands.add_parser(
        "classify",
        help="classify a text, or an archive of reports",
        description="Classify a text (printed), or with --out all reports in files of any number and size.",
    )
    classify.add_argument(
        "text",
        nargs="*",
        help="the text (without it and --file, standard input is read); with --out files, folders or patterns: "
        f"{', '.join(READERS)}, all but .parquet also .gz, with text and, if you like, report_id, date, title, outlet",
    )
    classify.add_argument(
        "--file", type=Path, help="a text file or web page, read as one text; a page tells its date and outlet"
    )
    classify.add_argument("--date", help="date of the text (YYYY-MM-DD): tells apart office holders")
    classify.add_argument("--outlet", help='who published the text: a party that it names may be who "we" are')
    form = classify.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object")
    form.add_argument("--csv", action="store_true", help="print a CSV with a row for each stance")
    classify.add_argument("--out", type=Path, help="classify an archive: the folder for the Parquet files")
    classify.add_argument("--resume", action="store_true", help="go on with an archive that was interrupted")
    classify.add_argument("--workers", type=int, help="classify an archive on so many Ray workers")
    _add_terms(classify)
    _add_model(classify)
    classify.set_defaults(run=classify_command.run)

    report = commands.add_parser("report", help="shift report on dated reports: HTML, Markdown, CSV and JSON")
    report.add_argument(
        "path",
        type=Path,
        help=f"dated reports: {', '.join(READERS)}, all but .parquet also .gz, a folder of these or a pattern; "
        "or a folder that classify --out wrote",
    )
    report.add_argument(
        "--coded", action="store_true", help=f"PATH is a CSV of stances that people coded: {', '.join(CODED_COLUMNS)}"
    )
    report.add_argument("--out", type=Path, default=Path("stance-report"), help="folder to write to (%(default)s)")
    report.add_argument(
        "--checked",
        type=Path,
        help="answers to stance review, which count: its CSV, or what doccano (.jsonl) or Label Studio (.json) exports",
    )
    report.add_argument("--events", type=Path, help="CSV of events to mark in the charts: date, label")
    report.add_argument("--title", help="heading of the report")
    report.add_argument("--png", action="store_true", help="write the charts as PNG, too")
    spans = report.add_mutually_exclusive_group()
    spans.add_argument(
        "--period", choices=list(map(str, Calendar)), default=str(Calendar.DATE), help="what is compared (%(default)s)"
    )
    spans.add_argument("--breaks", metavar="DATES", help="compare what lies between these dates: 2024-11-05,2025-01-20")
    _add_terms(report)
    _add_model(report)
    report.set_defaults(run=write)

    review = commands.add_parser("review", help="draw decisions to check by hand, for stance report --checked")
    review.add_argument("path", type=Path, help="reports, as for stance report")
    review.add_argument("--n", type=int, default=100, help="how many (%(default)s)")
    review.add_argument("--seed", type=int, default=1, help="of the draw (%(default)s)")
    review.add_argument(
        "--format", choices=list(REVIEW_FORMATS), default="csv", help="jsonl for doccano, or label-studio (%(default)s)"
    )
    review.add_argument("--out", type=Path, help="file to write (review.csv, .jsonl or .json, as the format is)")
    _add_terms(review)
    _add_model(review)
    review.set_defaults(run=draw)

    exported = commands.add_parser("export", help="write stances for other tools (docs/interchange.md)")
    exported.add_argument(
        "stances",
        type=Path,
        help="stances.csv of a report, a CSV as for report --coded, a .jsonl of this command, or a folder that "
        "classify --out wrote",
    )
    exported.add_argument("--to", choices=list(FORMATS), required=True, help="the format")
    exported.add_argument("--out", type=Path, required=True, help="file to write")
    exported.set_defaults(run=export)

    evaluate = commands.add_parser("evaluate", help="score a stored model against a labelled CSV")
    evaluate.add_argument(
        "labels",
        type=Path,
        help="labelled sentences, with the columns of data/labels.csv; a reports.csv beside them tells their outlets",
    )
    evaluate.add_argument("--splits", type=Path, help="splits CSV: score only the reports of --split")
    evaluate.add_argument("--split", help="train, development or test (test)")
    evaluate.add_argument(
        "--by",
        choices=("conflict", "source", "report_id", "register"),
        help="also score each of these alone; registers are those that registers.csv beside the labels tells",
    )
    evaluate.add_argument("--json", action="store_true", help="print the whole record as JSON")
    _add_model(evaluate)
    evaluate.set_defaults(run=_evaluate)

    check = commands.add_parser("check-data", help="validate all data files and print counts")
    check.add_argument(
        "folder", type=Path, nargs="?", default=HOME, help="folder with data/ and seeds/ (this project's)"
    )
    check.set_defaults(run=_check_data)
    return parser


def _add_terms(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--encoding", help="of text that is not UTF-8 and has no byte order mark, such as cp1252")
    parser.add_argument("--any-language", action="store_true", help="read what does not seem to be English too")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", default=DEFAULT_MODEL, help="transformer, tfidf or a stored model's folder (%(default)s)"
    )
    parser.add_argument("--actors", type=Path, help="CSV of further parties and aliases (actor,alias,kind,from,until)")


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
    answers = answers_in_context(classifier.model.classifier, [item.example for item in items])

    def record(test: str, rows: Sequence[int]) -> dict[str, Any]:
        scored = [items[row] for row in rows], [answers[row] for row in rows], classifier.model.rule
        return as_json(evaluate(str(options.model), test, *scored))

    whole = record(test, range(len(items)))
    parts: dict[str, list[int]] = {}
    registers = _registers(options.labels) if options.by == "register" else None
    for row, item in enumerate(items if options.by else []):
        sentence = item.sentence
        part = getattr(sentence, options.by) if registers is None else registers.get(sentence.report_id, "not told")
        parts.setdefault(str(part), []).append(row)
    by = {value: record(f"{test}: {value} ({len(rows)} sentences)", rows) for value, rows in parts.items()}
    if options.json:
        print(json.dumps(whole | ({"by": by} if options.by else {}), indent=2))
    else:
        print(summary_table([whole, *by.values()]))


def _registers(labels: Path) -> Mapping[str, str]:
    from stance.dataset import read_registers

    path = labels.with_name("registers.csv")
    registers = read_registers(path)
    if not registers:
        raise StanceError(f"{path}: no register told there; --by register needs the columns report_id, register")
    return registers


def _check_data(options: argparse.Namespace) -> None:
    from stance.datacheck import check_data

    print("\n".join(check_data(options.folder)))

"""What ``stance review`` does: decisions of the classifier drawn, for people to check."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from stance.classify import DEFAULT_MODEL, load_classifier
from stance.codebook import StanceError
from stance.placing import place
from stance.report_command import read_all, taken_in


def draw(options: argparse.Namespace) -> int:
    """Draw decisions to check by hand and write them into a table.

    Returns:
        how many records could not be read.
    """
    from stance.review import draw as drawn
    from stance.review_tasks import FILES, FORMATS
    from stance.syndication import syndicated

    if options.n < 1:
        raise StanceError(f"--n is {options.n}; it must be from 1")
    out = options.out or Path(FILES[options.format])
    if out.exists():
        raise StanceError(f"{out}: exists; a review that may be filled in is not overwritten")
    reports, rejected = taken_in(options, out)
    copies = syndicated(reports)
    originals = [report for report in reports if report.report_id not in copies]
    read = read_all(load_classifier(options.model, options.actors), originals)
    pairs = [pair for _, asked in read for pair in asked]
    if not pairs:
        raise StanceError(f"{options.path}: no sentence there names a party; there is nothing to check")
    chosen = drawn(pairs, options.n, seed=options.seed)
    out.parent.mkdir(parents=True, exist_ok=True)
    place(out, [FORMATS[options.format](chosen).encode()])
    print(f"{len(chosen)} of {len(pairs)} decisions to check in {out}")
    if options.format == "csv":
        print("In each row write under labels what the actor holds in the sentence (; between several), or none; then")
    else:
        print("Label each task with what the actor holds in the sentence, or none (docs/interchange.md); export; then")
    print(shlex.join(_report_arguments(options, out if options.format == "csv" else Path("EXPORT"))))
    return len(rejected)


def _report_arguments(options: argparse.Namespace, checked: Path) -> list[str]:
    """The command that makes the report with the answers, read as they were for the review."""
    arguments = ["stance", "report", str(options.path), "--checked", str(checked)]
    if options.model != DEFAULT_MODEL:
        arguments += ["--model", options.model]
    if options.actors:
        arguments += ["--actors", str(options.actors)]
    if options.encoding:
        arguments += ["--encoding", options.encoding]
    return [*arguments, "--any-language"] if options.any_language else arguments

"""A review as files that annotation tools open, and their exports back: doccano (JSON lines) and Label Studio (JSON).

A tool may leave out what nobody has answered, so each task says how many were drawn.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from stance.codebook import Label, StanceError
from stance.interchange import json_line
from stance.json_lines import json_objects
from stance.review import SEPARATOR, AskedPair, Key, draw_mark, read_answers, read_review, review_table
from stance.tables import read_text

KEPT: Final = ("report_id", "position", "actor", "sentence", "draw")  # of the CSV, and needed to find the pair again
N_DRAWN: Final = "n_drawn"
_Answer = tuple[str, Mapping[str, Any], list[str]]  # its place, the task, the labels


def doccano_lines(pairs: Sequence[AskedPair]) -> str:
    """JSON lines for a project of text classification in doccano: ``label`` is empty, to be filled in there."""
    return "".join(json_line({"text": _question(pair), "label": []} | _task(pair, len(pairs))) + "\n" for pair in pairs)


def label_studio_tasks(pairs: Sequence[AskedPair]) -> str:
    """A JSON array of tasks for Label Studio, without predictions."""
    tasks = (json_line({"data": _task(pair, len(pairs))}) for pair in pairs)
    return "[\n" + ",\n".join(tasks) + "\n]\n"


FORMATS: Final[Mapping[str, Callable[[Sequence[AskedPair]], str]]] = {
    "csv": review_table,
    "jsonl": doccano_lines,
    "label-studio": label_studio_tasks,
}

FILES: Final = {"csv": "review.csv", "jsonl": "review.jsonl", "label-studio": "review.json"}
"""What a review is called if it is given no name."""


def read_checked(path: Path, pairs: Iterable[AskedPair]) -> dict[Key, frozenset[Label]]:
    """The labels that were filled in: in the CSV, in a ``.jsonl`` of doccano or in a ``.json`` of Label Studio.

    Raises:
        StanceError: as ``review.read_review``, or if answers are missing or two annotators differ.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        return read_review(path, pairs)
    answers = list(reader(path))
    rows = [(where, _row(where, task, labels)) for where, task, labels in answers]
    drawn = {str(task.get(N_DRAWN)) for _, task, _ in answers}
    keys = {(row["report_id"], row["position"], row["actor"]) for _, row in rows}
    if rows and drawn != {str(len(keys))}:
        raise StanceError(
            f"{path}: answers on {len(keys)} decisions of {' or '.join(sorted(drawn))} drawn; all must be exported, or "
            "the sample is no longer random"
        )
    if len(rows) > len(keys):
        raise StanceError(f"{path}: {len(rows)} answers on {len(keys)} decisions; keep one on each")
    return read_answers(path, rows, pairs)


def _question(pair: AskedPair) -> str:
    before = f"Before: {pair.before}\n\n" if pair.before else ""
    return f"{pair.actor}?\n\n{before}{pair.sentence}"


def _task(pair: AskedPair, n_drawn: int) -> dict[str, object]:
    return {
        "report_id": pair.report_id,
        "date": pair.date.isoformat(),
        "position": pair.position,
        "actor": pair.actor,
        "sentence": pair.sentence,
        "before": pair.before,
        "draw": draw_mark(pair),
        N_DRAWN: n_drawn,
    }


def _row(where: str, task: Mapping[str, Any], labels: Sequence[str]) -> dict[str, str]:
    """An answer as a row of the CSV."""
    missing = [name for name in KEPT if name not in task]
    if missing:
        raise StanceError(f"{where}: no {', '.join(missing)}; the tasks must be those of stance review")
    return {name: str(task[name]) for name in KEPT} | {"labels": SEPARATOR.join(labels)}


def _doccano_answers(path: Path) -> Iterator[_Answer]:
    for where, task in json_objects(path):
        yield where, task, _labels(where, task.get("label", []))


def _label_studio_answers(path: Path) -> Iterator[_Answer]:
    try:
        tasks = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise StanceError(f"{path}: {error}; expected JSON") from error
    if not isinstance(tasks, list):
        raise StanceError(f"{path}: not a JSON array; export from Label Studio as JSON")
    for number, task in enumerate(tasks, start=1):
        where = f"{path}: task {number}"
        annotations = _object(where, task).get("annotations")
        if not isinstance(annotations, list):
            raise StanceError(f"{where}: no list of annotations; export from Label Studio as JSON")
        answers = [
            sorted(_chosen(where, one))
            for one in annotations
            if not _object(where, one).get("was_cancelled")  # skipped by the annotator
        ]
        if any(answer != answers[0] for answer in answers):
            raise StanceError(f"{where}: {len(answers)} annotations that differ; keep one of them")
        yield where, _object(where, task.get("data")), answers[0] if answers else []


READERS: Final = {".jsonl": _doccano_answers, ".json": _label_studio_answers}


def _chosen(where: str, annotation: Mapping[str, Any]) -> Iterator[str]:
    results = annotation.get("result")
    for result in results if isinstance(results, list) else []:
        yield from _labels(where, _object(where, _object(where, result).get("value")).get("choices", []))


def _object(where: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise StanceError(f"{where}: {value!r} is not a JSON object")
    return value


def _labels(where: str, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise StanceError(f"{where}: label {value!r} is not a list of labels")
    return value

"""Stances in the formats of other tools, as text piece by piece: ``docs/interchange.md`` tells what each one loses."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from stance.codebook import LABELS, NOBODY, Label, Stance, StanceError
from stance.stanced_sentences import STANCE_FIELDS, StancedSentence
from stance.tables import write_rows

DNA_COLUMNS: Final = (
    "id", "documentId", "startCaret", "endCaret", "statementTypeId", "coder", "person", "organization", "concept",
    "agreement", "time", "text", "document_title", "label", "issue", "probability",
)  # fmt: skip
"""The first ten are those that rDNA 2.0 takes, then come three of an event list of DNA 3.0, then three of ours."""

EVENT_TYPES: Final[Mapping[Label, str]] = {
    Label.DEMAND: "REQUEST",
    Label.PRECONDITION: "REQUEST",
    Label.REJECTION: "REJECT",
    Label.CONCESSION: "YIELD",
}
TOKEN_COLUMNS: Final = ("ID", "FORM", "STANCE:START", "STANCE:END", *(f"STANCE:{label.upper()}" for label in LABELS))
"""Named as CoNLL-U Plus wants it: its own columns, then ours."""
OUTSIDE: Final = "O"
_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_LINE_ENDS: Final = re.compile("[\x85\u2028\u2029]")  # JSON leaves them as they are, and many a reader splits there

Pieces = Iterator[str]


def json_line(value: object) -> str:
    r"""A value as JSON on one line, however a reader splits lines.

    >>> json_line("Größe\n\x85")
    '"Größe\\n\\u0085"'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def dna(sentences: Iterable[StancedSentence]) -> Pieces:
    """Statements for Discourse Network Analyzer, as CSV: an organisation gives ground on an issue, or does not."""
    yield _csv_row(DNA_COLUMNS)
    n_documents, n_statements, report_id = 0, 0, None
    for sentence in _originals(sentences):
        n_documents += sentence.report_id != report_id
        report_id = sentence.report_id
        time = f"{sentence.date} 00:00:00" if sentence.date else ""
        title = sentence.title or sentence.report_id
        for stance, probability in sentence.stances.items():
            if stance.actor == NOBODY:  # a statement without an actor is none
                continue
            n_statements += 1
            agreement = int(stance.label is Label.CONCESSION)
            statement = ("", stance.actor, f"giving ground on {stance.issue}", agreement)
            place = (n_statements, n_documents, sentence.start, sentence.end, 1, 1)
            beside = (time, sentence.text, title, stance.label, stance.issue, _rounded(probability))
            yield _csv_row((*place, *statement, *beside))


def events(sentences: Iterable[StancedSentence]) -> Pieces:
    """Events in the manner of PLOVER, as JSON lines: one for each stance in a sentence. The target is unknown."""
    for sentence in _originals(sentences):
        for number, (stance, probability) in enumerate(sentence.stances.items(), start=1):
            event = {
                "id": f"{sentence.report_id}:{sentence.position}:{number}",
                "date": _date(sentence),
                "source": stance.actor,
                "target": "",
                "event_type": EVENT_TYPES[stance.label],
                "conditional": stance.label is Label.PRECONDITION,
                "context": stance.issue,
                "label": stance.label,
                "probability": _rounded(probability),
                "report_id": sentence.report_id,
                "position": sentence.position,
                "text": sentence.text,
            }
            yield json_line(event) + "\n"


def conll(sentences: Iterable[StancedSentence]) -> Pieces:
    """Tokens in CoNLL-U Plus, with a BIO column for each label; the whole sentence is one span."""
    yield f"# global.columns = {' '.join(TOKEN_COLUMNS)}\n"
    for sentence in _with_text(_originals(sentences)):
        about: dict[str, object] = {
            "report_id": sentence.report_id,
            "date": _date(sentence),
            "position": sentence.position,
        }
        about |= {"start": sentence.start, "stances": list(map(_stance, sentence.stances.items()))}
        yield "".join(f"# {name} = {json_line(value)}\n" for name, value in about.items())
        held = sentence.labels
        first, further = ([f"{mark}-{label}" if label in held else OUTSIDE for label in LABELS] for mark in "BI")
        for number, token in enumerate(_TOKEN.finditer(sentence.text), start=1):
            place = (str(number), token[0], str(token.start()), str(token.end()))
            yield "\t".join((*place, *(first if number == 1 else further))) + "\n"
        yield "\n"


def jsonl(sentences: Iterable[StancedSentence]) -> Pieces:
    """Everything, one JSON object for each sentence; ``stanced_sentences.read_jsonl`` reads it back."""
    for sentence in sentences:
        yield (
            json_line(
                {
                    "report_id": sentence.report_id,
                    "date": _date(sentence),
                    "title": sentence.title,
                    "outlet": sentence.outlet,
                    "copy_of": sentence.copy_of,
                    "position": sentence.position,
                    "start": sentence.start,
                    "end": sentence.end,
                    "sentence": sentence.text,
                    "stances": list(map(_stance, sentence.stances.items())),
                }
            )
            + "\n"
        )


def doccano(sentences: Iterable[StancedSentence]) -> Pieces:
    """JSON lines for doccano: ``label`` for text classification, ``spans`` for sequence labelling."""
    for sentence in _with_text(_originals(sentences)):
        spans = [[0, len(sentence.text), label] for label in sentence.labels]
        item = {"text": sentence.text, "label": sentence.labels, "spans": spans}
        yield json_line(item | _meta(sentence)) + "\n"


def label_studio(sentences: Iterable[StancedSentence]) -> Pieces:
    """A JSON array of tasks for Label Studio, with the labels as predictions."""
    between = "[\n"
    for sentence in _with_text(_originals(sentences)):
        task = {"data": {"text": sentence.text} | _meta(sentence), "predictions": _predictions(sentence)}
        yield between + json_line(task)
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def _predictions(sentence: StancedSentence) -> list[object]:
    """The labels as Label Studio takes them; ``score`` is the probability of the least certain."""
    if not sentence.stances:
        return []
    place = {"id": "labels", "from_name": "labels", "to_name": "text"}
    choices = place | {"type": "choices", "value": {"choices": sentence.labels}}
    return [{"model_version": "stance", "score": _rounded(min(sentence.stances.values())), "result": [choices]}]


FORMATS: Final[Mapping[str, Callable[[Iterable[StancedSentence]], Pieces]]] = {
    "dna": dna,
    "events": events,
    "conll": conll,
    "jsonl": jsonl,
    "doccano": doccano,
    "label-studio": label_studio,
}


def _csv_row(cells: Iterable[object]) -> str:
    row = io.StringIO()
    write_rows(row, [cells])
    return row.getvalue()


def _originals(sentences: Iterable[StancedSentence]) -> Iterator[StancedSentence]:
    """The sentences of reports that copy no other: a wire report that ten papers print is told once."""
    return (sentence for sentence in sentences if not sentence.copy_of)


def _with_text(sentences: Iterable[StancedSentence]) -> Iterator[StancedSentence]:
    for sentence in sentences:
        if not sentence.text.strip():
            raise StanceError(f"{sentence.where}: no text there; this format needs the words of every sentence")
        yield sentence


def _meta(sentence: StancedSentence) -> dict[str, object]:
    stances = list(map(_stance, sentence.stances.items()))
    return {
        "report_id": sentence.report_id,
        "date": _date(sentence),
        "position": sentence.position,
        "stances": stances,
    }


def _stance(held: tuple[Stance, float]) -> dict[str, object]:
    stance, probability = held
    values = (stance.actor, stance.label, stance.issue, _rounded(probability))
    return dict(zip(STANCE_FIELDS, values, strict=True))


def _date(sentence: StancedSentence) -> str | None:
    return sentence.date.isoformat() if sentence.date else None


def _rounded(probability: float) -> float:
    return round(probability, 4)

"""A table of reports → a table of decisions: the pure function that one process, or a cluster, maps over an archive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stance.classify import DEFAULT_MODEL, NO_SENTENCE, StanceClassifier, load_classifier
from stance.codebook import NOBODY, NONE, Example, Report, Sentence
from stance.predictions import Probabilities
from stance.records import FIELDS, Read, Rejected, Terms, read
from stance.sentences import split

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

COPY_OF: Final = "copy_of"
PARTY, LABEL, ISSUE = "party", "label", "issue"


class Decision(NamedTuple):
    """One row: what a party holds in a sentence.

    A party that the classifier was asked about and that holds nothing has a row with the label "none"; a party with
    stances has a row for each label and issue; a sentence without any party has one row with an empty ``actor``, and
    so has each stance whose holder is unclear.
    ``begins`` says what begins with this row: "party", the first of a party in the sentence, "label", the first of
    another of its labels, or "issue", another issue of the same label; so parties asked about and labels held are
    counted without looking at other rows, those without an actor left out.
    ``demand`` to ``precondition`` are the calibrated probabilities, in [0, 1], that the actor holds these labels
    there, without an actor that anyone does. ``start`` and ``end`` are offsets into the report's text, ``position``
    counts its sentences from 1. A row with a ``reason`` stands for a report that could not be read; it has no sentence.
    """

    report_id: str
    date: dt.date | None = None
    title: str = ""
    outlet: str = ""
    copy_of: str = ""
    position: int = 0
    start: int = 0
    end: int = 0
    sentence: str = ""
    actor: str = NOBODY
    label: str = NONE
    issue: str = ""
    begins: str = PARTY
    demand: float = 0.0
    concession: float = 0.0
    rejection: float = 0.0
    precondition: float = 0.0
    reason: str = ""


def classify_table(
    reports: pd.DataFrame,
    *,
    model: str | Path = DEFAULT_MODEL,
    actors: str | Path | None = None,
    n_threads: int = 0,
    any_language: bool = False,
) -> pd.DataFrame:
    """Read a table of reports.

    Args:
        reports: columns ``text`` and, if you like, ``report_id``, ``date``, ``title``, ``outlet`` and ``copy_of``;
            a report without an id is called by its row, and a party that the outlet names is asked about too.
        model: "transformer", "tfidf", or the folder of a stored model; it is loaded once in each process.
        actors: a CSV of further parties and aliases.
        n_threads: of the model; 0 is one for each core. Where a cluster gives each worker one core, say 1.
        any_language: read what does not seem to be English too.

    Returns:
        a row for each ``Decision``, the reports in their order, with its fields as columns.

    >>> import pandas as pd
    >>> table = classify_table(pd.DataFrame({"text": ["Belmark refused to withdraw its troops from the delta."]}))
    >>> table.loc[0, ["report_id", "label"]].tolist()
    ['row 1', 'rejection']
    """
    import pandas as pd

    present = [name for name in (*FIELDS, COPY_OF) if name in reports.columns]
    rows = reports[present].astype(object).where(reports[present].notna(), None).to_dict("records")
    copies = [str(row.get(COPY_OF) or "") for row in rows]
    terms = Terms(any_language=any_language)
    items = [read(f"row {number}", row, terms) for number, row in enumerate(rows, start=1)]
    classifier = load_classifier(model, actors, n_threads=n_threads)
    return pd.DataFrame(list(decisions(zip(items, copies, strict=True), classifier)), columns=Decision._fields)


def decisions(items: Iterable[tuple[Read, str]], classifier: StanceClassifier) -> Iterator[Decision]:
    """The decisions on reports, in order; each comes with the id of the report that it copies, if any.

    Sentences of different reports are classified together, a bounded number at a time.
    """
    for (item, copy_of, sentence), example, answer in classifier.answered(_asked(items, classifier)):
        if isinstance(item, Rejected):
            yield Decision(item.report_id, reason=f"{item.where}: {item.reason}")
        elif sentence is None:
            yield Decision(item.report_id, item.date, item.title, item.outlet, copy_of, reason=NO_SENTENCE)
        else:
            place = (item.report_id, item.date, item.title, item.outlet, copy_of, sentence.position)
            span = (sentence.start, sentence.end, sentence.text)
            for row in _held(example, answer, classifier):
                yield Decision(*place, *span, *row)


_Asked = tuple[tuple[Read, str, Sentence | None], Example]


def _asked(items: Iterable[tuple[Read, str]], classifier: StanceClassifier) -> Iterator[_Asked]:
    """What is asked about each sentence; a report without any is asked about nothing, so that it is not lost."""
    for item, copy_of in items:
        sentences = split(item) if isinstance(item, Report) else []
        told = (item.date, item.outlet) if isinstance(item, Report) else (None, "")
        for sentence, example in classifier.asked(sentences, *told):
            yield (item, copy_of, sentence), example
        if not sentences:
            yield (item, copy_of, None), Example("")


def _held(example: Example, answer: Probabilities, classifier: StanceClassifier) -> Iterator[Sequence[Any]]:
    """The columns from ``actor`` on of the rows of a sentence."""
    calibrated = classifier.model.rule.calibrate(answer)
    anyone, *queries = calibrated.labels
    asked = dict(zip((candidate.actor for candidate in example.candidates), queries, strict=True)) or {NOBODY: anyone}
    held: dict[str, list[tuple[str, str]]] = {actor: [] for actor in asked}
    for stance in classifier.model.rule.stances(example, calibrated):
        held.setdefault(stance.actor, []).append((stance.label, stance.issue))
    for actor, stances in held.items():
        before = ""
        for label, issue in stances or [(NONE, "")]:
            begins = PARTY if not before else ISSUE if label == before else LABEL
            yield actor, label, issue, begins, *map(float, asked.get(actor, anyone))
            before = label

"""``classify(text)`` and ``classify_report(text)``: sentences, parties and a stored model joined."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby, islice, starmap
from pathlib import Path
from typing import Final, TypeVar, overload

from stance.actors import ActorTable, ExampleBuilder
from stance.artefacts import META, StoredModel, load_model
from stance.codebook import LABELS, NONE, Example, FoundStance, Label, Report, Sentence, StanceError
from stance.context import IssueContext
from stance.language import foreign
from stance.paths import ACTORS, MODELS
from stance.predictions import Probabilities
from stance.sentences import split
from stance.tables import parse_date

DEFAULT_MODEL: Final = "transformer"
N_SENTENCES_AT_ONCE: Final = 512
EMPTY: Final = "the text is empty"
NO_SENTENCE: Final = "the text holds no sentence"

_Asked = TypeVar("_Asked")


@dataclass(frozen=True, slots=True)
class Classification:
    """What a classifier found in a text.

    ``label`` is the strongest label that passes its threshold, or "none"; ``labels`` are all that pass,
    strongest first; ``probabilities`` gives each label's probability, in [0, 1], of its strongest sentence.
    ``reason`` says why nothing could be classified, and is empty otherwise.
    """

    text: str
    label: str = NONE
    labels: tuple[Label, ...] = ()
    probabilities: Mapping[Label, float] = field(default_factory=lambda: dict.fromkeys(LABELS, 0.0))
    stances: tuple[FoundStance, ...] = ()
    reason: str = ""


@overload
def classify(
    text: str,
    *,
    actors: Path | str | None = ...,
    date: dt.date | str | None = ...,
    outlet: str = ...,
    model: str | Path = ...,
    any_language: bool = ...,
) -> Classification: ...
@overload
def classify(
    text: list[str] | tuple[str, ...],
    *,
    actors: Path | str | None = ...,
    date: dt.date | str | None = ...,
    outlet: str = ...,
    model: str | Path = ...,
    any_language: bool = ...,
) -> list[Classification]: ...
def classify(
    text: str | list[str] | tuple[str, ...],
    *,
    actors: Path | str | None = None,
    date: dt.date | str | None = None,
    outlet: str = "",
    model: str | Path = DEFAULT_MODEL,
    any_language: bool = False,
) -> Classification | list[Classification]:
    """Who demands, concedes, rejects or sets preconditions in ``text``.

    Args:
        text: a sentence or a longer text; or a list of them, each classified by itself.
        actors: a CSV of further parties and aliases, with the columns of ``data/actors.csv``.
        date: of the text (ISO string or date), which tells apart office holders; None where unknown.
        outlet: who published the text; a party that it names, as in "Ministry of Foreign Affairs of Belmark", may be
            who "we" are.
        model: "transformer", "tfidf", or the folder of a stored model.
        any_language: classify what does not seem to be English too; without it, it has a ``reason`` and no stance.

    Returns:
        a ``Classification``, or a list of them in the order of the list given.

    Raises:
        TypeError: if a text or the outlet is not a string.
        StanceError: for a bad date, actors file or model folder.

    >>> from stance import classify
    >>> result = classify("Belmark refused to withdraw its troops from the delta.")
    >>> print(result.label)
    rejection
    """
    classifier = load_classifier(model, actors)
    told = _date(date), _checked_outlet(outlet)
    if isinstance(text, str):
        return classifier.text(checked_text(text), *told, any_language=any_language)
    texts = [checked_text(item) for item in _checked_list(text)]
    return list(classifier.texts(texts, *told, any_language=any_language))


def classify_report(
    report: str | Sequence[str],
    *,
    actors: Path | str | None = None,
    date: dt.date | str | None = None,
    outlet: str = "",
    model: str | Path = DEFAULT_MODEL,
    any_language: bool = False,
) -> list[Classification]:
    """One report, sentence by sentence in order, each read with the sentences before it.

    Args and errors as for ``classify``; ``report`` is its text, or its sentences in order.

    Returns:
        one ``Classification`` per sentence. Offsets count from the start of the text, or for a list from the start
        of each sentence.
    """
    classifier = load_classifier(model, actors)
    told = _date(date), _checked_outlet(outlet)
    if isinstance(report, str):
        sentences: Sequence[Sentence] = split(Report("", checked_text(report)))
    else:
        texts = [checked_text(item) for item in _checked_list(report)]
        sentences = [Sentence("", index + 1, text, 0, len(text)) for index, text in enumerate(texts)]
    reason = "" if any_language else foreign(" ".join(sentence.text for sentence in sentences))
    if reason:
        return [Classification(one.text, reason=reason if one.text.strip() else EMPTY) for one in sentences]
    return list(classifier.sentences(sentences, *told))


class StanceClassifier:
    """A stored model and an alias table, ready for text."""

    def __init__(self, model: StoredModel, table: ActorTable) -> None:
        self.model = model
        self.table = table

    def text(self, text: str, date: dt.date | None, outlet: str = "", *, any_language: bool = False) -> Classification:
        """One text as a whole."""
        [found] = self.texts([text], date, outlet, any_language=any_language)
        return found

    def texts(
        self, texts: Sequence[str], date: dt.date | None, outlet: str = "", *, any_language: bool = False
    ) -> Iterator[Classification]:
        """Each text as a whole, in order; sentences of different texts share batches."""
        reasons = ["" if any_language else foreign(text) for text in texts]
        asked = (
            ((number, sentence), example)
            for number, text in enumerate(texts)
            if not reasons[number]
            for sentence, example in self.asked(split(Report("", text)), date, outlet)
        )
        by_text = groupby(self.answered(asked), key=lambda answered: answered[0][0])
        number, answers = next(by_text, (len(texts), iter(())))
        for index, text in enumerate(texts):
            if index < number:
                yield Classification(text, reason=reasons[index] or (NO_SENTENCE if text.strip() else EMPTY))
                continue
            found = (self._decide(sentence, example, answer) for (_, sentence), example, answer in answers)
            yield _joined(text, found)
            number, answers = next(by_text, (len(texts), iter(())))

    def sentences(
        self, sentences: Sequence[Sentence], date: dt.date | None, outlet: str = ""
    ) -> Iterator[Classification]:
        """The sentences of one report in order."""
        return starmap(self._decide, self.answered(self.asked(sentences, date, outlet)))

    def asked(
        self, sentences: Iterable[Sentence], date: dt.date | None, outlet: str = ""
    ) -> Iterator[tuple[Sentence, Example]]:
        """What is asked about each sentence of one report, in order."""
        builder = ExampleBuilder(self.table, date, outlet)
        return ((sentence, builder.add(sentence.text)) for sentence in sentences)

    def answered(self, asked: Iterable[tuple[_Asked, Example]]) -> Iterator[tuple[_Asked, Example, Probabilities]]:
        """The answer to each example, in order, beside what came with it; a bounded number is held at a time.

        The examples of a report must stand in their order, for the issues are read in context.
        """
        context = IssueContext()
        remaining = iter(asked)
        while batch := list(islice(remaining, N_SENTENCES_AT_ONCE)):
            answers = self.model.classifier.predict_proba([example for _, example in batch])
            for (what, example), answer in zip(batch, answers, strict=True):
                yield what, example, context.add(example, answer)

    def _decide(self, sentence: Sentence, example: Example, answer: Probabilities) -> Classification:
        if not sentence.text.strip():
            return Classification(sentence.text, reason=EMPTY)
        calibrated = self.model.rule.calibrate(answer)
        labels = tuple(self.model.rule.labels(calibrated))
        by_label = dict(zip(LABELS, map(float, calibrated.labels[0]), strict=True))
        stances = tuple(
            FoundStance(
                stance.actor, stance.label, stance.issue, probability, sentence.text, sentence.start, sentence.end
            )
            for stance, probability in self.model.rule.stances(example, calibrated).items()
        )
        return Classification(sentence.text, labels[0] if labels else NONE, labels, by_label, stances)


def _joined(text: str, sentences: Iterable[Classification]) -> Classification:
    """A text as a whole, from its sentences."""
    probabilities = dict.fromkeys(LABELS, 0.0)
    passed: dict[Label, float] = {}
    stances: list[FoundStance] = []
    for found in sentences:
        stances.extend(found.stances)
        for label, probability in found.probabilities.items():
            probabilities[label] = max(probabilities[label], probability)
        for label in found.labels:
            passed[label] = max(passed.get(label, 0.0), found.probabilities[label])
    labels = tuple(sorted(passed, key=lambda label: -passed[label]))
    return Classification(text, labels[0] if labels else NONE, labels, probabilities, tuple(stances))


def load_classifier(
    model: str | Path = DEFAULT_MODEL, actors: str | Path | None = None, *, n_threads: int = 0
) -> StanceClassifier:
    """The classifier behind ``classify``, each file of which is read once; 0 threads are one for each core."""
    folder, tables = model_files(model, actors)
    files = (folder / META, *tables)
    return _classifier(
        folder.resolve(), tuple(table.resolve() for table in tables), tuple(map(_stamp, files)), n_threads
    )


def model_files(model: str | Path = DEFAULT_MODEL, actors: str | Path | None = None) -> tuple[Path, tuple[Path, ...]]:
    """The folder of a model and the alias tables that go with it."""
    folder = MODELS / model if model in (DEFAULT_MODEL, "tfidf") else Path(model)
    return folder, (ACTORS, Path(actors)) if actors else (ACTORS,)


@cache
def _classifier(folder: Path, tables: tuple[Path, ...], stamps: tuple[float, ...], n_threads: int) -> StanceClassifier:
    """Read once for each state of the files."""
    return StanceClassifier(load_model(folder, n_threads=n_threads), ActorTable.read(*tables))


def _stamp(path: Path) -> float:
    """When a file was last written; 0 where there is none, which its reader will say."""
    return path.stat().st_mtime if path.exists() else 0.0


def _date(date: object) -> dt.date | None:
    if isinstance(date, str):
        return parse_date("date", date)
    if isinstance(date, dt.datetime):
        return date.date()
    if date is None or isinstance(date, dt.date):
        return date
    raise TypeError(f"date must be a date or an ISO string, not {type(date).__name__}")


def checked_text(text: object, *, what: str = "text", allowed: str = "a str or a list of str") -> str:
    """``text`` if it is a string of valid Unicode."""
    if not isinstance(text, str):
        raise TypeError(f"{what} must be {allowed}, not {type(text).__name__}")
    surrogate = re.search("[\ud800-\udfff]", text)
    if surrogate:
        raise StanceError(f"{what}: a lone surrogate at character {surrogate.start()}; the text must be valid Unicode")
    return text


def _checked_outlet(outlet: object) -> str:
    return checked_text(outlet, what="outlet", allowed="a str")


def _checked_list(texts: object) -> Sequence[object]:
    if not isinstance(texts, Sequence) or isinstance(texts, bytes):
        raise TypeError(f"text must be a str or a list of str, not {type(texts).__name__}")
    return texts

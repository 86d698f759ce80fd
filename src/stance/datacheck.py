"""All data files held against their rules and against each other."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from pathlib import Path
from typing import Final

from stance.actors import ActorTable
from stance.codebook import LABELS, NOBODY, Source, StanceError
from stance.dataset import Split, label_examples, read_registers, read_splits
from stance.evaluation import annotator_agreement
from stance.labels import LabelledSentence, read_labels
from stance.reports import read_reports
from stance.sentences import split
from stance.tables import parse_date, read_rows

N_RESERVED_DAYS: Final = 2  # around a seed: no training or development report on its conflict
N_SHARED_WORDS: Final = 10  # in a row that a training or development sentence may share with a seed
REPORT_COLUMNS: Final = ("report_id", "conflict", "date", "outlet", "url")


def check_data(folder: Path) -> list[str]:
    """Validate the data files below ``folder``; returns lines with counts.

    Raises:
        StanceError: at the first fault, with file, line, value and what is allowed.
    """
    data = folder / "data"
    table = ActorTable.read(data / "actors.csv")
    seeds, corpus = read_labels(data / "labels.csv"), read_labels(data / "corpus.csv")
    _check_source(data / "labels.csv", seeds, {Source.SEED})
    _check_source(data / "corpus.csv", corpus, {Source.REPORT, Source.AUTHORED})
    manifest = folder / "seeds/manifest.csv"
    _check_seeds(manifest, data / "labels.csv", seeds)
    seed_passes = _passes(data, "seeds")
    for path, labelled in seed_passes.items():
        _check_seeds(manifest, path, labelled)
    corpus_passes = _passes(data, "corpus")
    for path, labelled in corpus_passes.items():
        _check_in_corpus(path, labelled, corpus)
    splits = read_splits(data / "splits.csv", corpus)
    _check_provenance(data / "reports.csv", corpus)
    _check_registers(data / "registers.csv", {report for report, part in splits.items() if part is not Split.TRAIN})
    _check_seeds_unseen(data / "corpus.csv", [s for s in corpus if splits[s.report_id] is not Split.TEST], seeds)
    return [
        f"data/actors.csv: {len(table.actors)} parties, {len(table.aliases)} aliases",
        f"data/labels.csv: {_counts(seeds)}",
        f"  {_candidate_recall(seeds, table)}",
        f"data/corpus.csv: {_counts(corpus)}",
        *(
            f"  {part}: {_counts(s for s in corpus if splits[s.report_id] is part)}"
            for part in sorted(set(splits.values()))
        ),
        f"  {_candidate_recall([s for s in corpus if s.source is Source.REPORT], table)}",
        f"  holders without an alias: {_unknown_holders([*seeds, *corpus], table)}",
        f"data/annotation: two passes over the seeds, {_agreement(*seed_passes.values())}",
        *_agreement_by_batch(*corpus_passes.values()),
        "all data files follow their rules",
    ]


def _passes(data: Path, what: str) -> dict[Path, list[LabelledSentence]]:
    return {path: read_labels(path) for path in (data / f"annotation/{what}_pass_{name}.csv" for name in "ab")}


def _agreement(first: Sequence[LabelledSentence], second: Sequence[LabelledSentence]) -> str:
    agreement = annotator_agreement(first, second)
    return (
        f"{agreement['n_sentences']} sentences; Cohen's kappa {agreement['kappa_stance']:.3f} on stance or none, "
        f"{agreement['kappa_labels']:.3f} on the label set; F1 "
        + ", ".join(f"{label} {agreement['label_f1'][label]:.3f}" for label in LABELS)
        + f"; (actor, label) {agreement['scores']['actor_label_f1']:.3f}, "
        f"(actor, label, issue) {agreement['scores']['actor_label_issue_f1']:.3f}"
    )


def _agreement_by_batch(first: Sequence[LabelledSentence], second: Sequence[LabelledSentence]) -> list[str]:
    """A line for all, then for each batch: reports by their id up to its first hyphen, inventions by its letters."""
    lines = [f"data/annotation: two passes over a part of the corpus, {_agreement(first, second)}"]
    for batch in sorted({_batch(sentence) for sentence in first}):
        sides = [[sentence for sentence in side if _batch(sentence) == batch] for side in (first, second)]
        lines.append(f"  {batch}: {_agreement(*sides)}")
    return lines


def _batch(sentence: LabelledSentence) -> str:
    batch, hyphen, _ = sentence.report_id.partition("-")
    return batch if hyphen else batch.rstrip("0123456789")


def _check_source(path: Path, sentences: Sequence[LabelledSentence], allowed: set[Source]) -> None:
    for sentence in sentences:
        if sentence.source not in allowed:
            raise StanceError(
                f"{path}: {sentence.report_id} position {sentence.position} has source {sentence.source}; "
                f"it must be {' or '.join(sorted(allowed))} in this file"
            )


def _check_seeds(manifest: Path, path: Path, labelled: Sequence[LabelledSentence]) -> None:
    """Every sentence that the splitter finds in the seeds is labelled, at its position and date, and no other is."""
    expected = {
        (sentence.report_id, sentence.position): f"{sentence.text!r} of {report.date}"
        for report in read_reports(manifest)
        for sentence in split(report)
    }
    found = {(sentence.report_id, sentence.position): f"{sentence.text!r} of {sentence.date}" for sentence in labelled}
    for key in sorted(expected.keys() | found.keys()):
        if expected.get(key) != found.get(key):
            raise StanceError(
                f"{path}: {key[0]} position {key[1]} is {found.get(key, 'not labelled')}; "
                f"the seed has {expected.get(key, 'no such sentence')}"
            )


def _check_in_corpus(path: Path, labelled: Sequence[LabelledSentence], corpus: Sequence[LabelledSentence]) -> None:
    """Every sentence of a pass stands in the corpus, word for word."""
    texts = {(sentence.report_id, sentence.position): sentence.text for sentence in corpus}
    for sentence in labelled:
        known = texts.get((sentence.report_id, sentence.position))
        if known != sentence.text:
            raise StanceError(
                f"{path}: {sentence.report_id} position {sentence.position} is {sentence.text!r}; "
                f"the corpus has {'no such sentence' if known is None else repr(known)}"
            )


def _check_registers(path: Path, reports: Set[str]) -> None:
    """If the registers are told, it is those of all development and test reports, and of no other."""
    registers = read_registers(path)
    if registers and (odd := sorted(registers.keys() ^ reports)[:3]):
        raise StanceError(f"{path}: {', '.join(odd)}: each development and test report must have a row, and no other")


def _check_provenance(path: Path, corpus: Iterable[LabelledSentence]) -> None:
    """Every dated report of the corpus is listed with its conflict, date, outlet and address."""
    listed = {}
    for where, row in read_rows(path, REPORT_COLUMNS):
        if not row["outlet"]:
            raise StanceError(f"{where}: {row['report_id']!r} has no outlet; each report must have one")
        listed[row["report_id"]] = (row["conflict"], parse_date(where, row["date"]))
    for sentence in corpus:
        if sentence.date and listed.get(sentence.report_id) != (sentence.conflict, sentence.date):
            raise StanceError(
                f"{path}: {sentence.report_id} is {listed.get(sentence.report_id, 'not listed')}; "
                f"the corpus has {(sentence.conflict, sentence.date)}"
            )


def _check_seeds_unseen(path: Path, learnt: Sequence[LabelledSentence], seeds: Sequence[LabelledSentence]) -> None:
    """Nothing that is learnt from, or chosen on, tells of a seed's conflict on its days or repeats its words."""
    days = {
        (seed.conflict, seed.date + dt.timedelta(days)): seed
        for seed in seeds
        if seed.date
        for days in range(-N_RESERVED_DAYS, N_RESERVED_DAYS + 1)
    }
    runs = {run: seed for seed in seeds for run in _word_runs(seed.text)}
    for sentence in learnt:
        where = f"{path}: {sentence.report_id} position {sentence.position}"
        if sentence.date and (near := days.get((sentence.conflict, sentence.date))):
            raise StanceError(
                f"{where} is on {sentence.conflict}, of {sentence.date}; it must be more than {N_RESERVED_DAYS} days "
                f"from {near.report_id} of {near.date}, or be in the test"
            )
        for run in filter(runs.__contains__, _word_runs(sentence.text)):
            raise StanceError(
                f"{where} shares {run!r} with {runs[run].report_id} position {runs[run].position}; "
                f"at most {N_SHARED_WORDS} words in a row may be alike"
            )


def _word_runs(text: str) -> list[str]:
    """All runs of one word more than a sentence may share, in order."""
    words, length = text.lower().split(), N_SHARED_WORDS + 1
    return [" ".join(words[first : first + length]) for first in range(len(words) - length + 1)]


def _counts(sentences: Iterable[LabelledSentence]) -> str:
    sentences = list(sentences)
    stances = [stance for sentence in sentences for stance in sentence.stances]
    by_label = Counter(stance.label for stance in stances)
    n_without = sum(not sentence.stances for sentence in sentences)
    n_reports = len({sentence.report_id for sentence in sentences})
    labels = ", ".join(f"{by_label[label]} {label}" for label in LABELS)
    return f"{len(sentences)} sentences of {n_reports} reports, {n_without} without; {len(stances)} stances: {labels}"


def _unknown_holders(sentences: Iterable[LabelledSentence], table: ActorTable) -> str:
    """Parties that hold a stance but that no alias stands for: no classifier can name them."""
    holders = {stance.actor for sentence in sentences for stance in sentence.stances} - {NOBODY} - table.actors
    return ", ".join(sorted(holders)) or "none"


def _candidate_recall(sentences: Sequence[LabelledSentence], table: ActorTable) -> str:
    """How many holders of stances are among the parties that a classifier is asked about."""
    n_holders = n_found = 0
    for item in label_examples(sentences, table):
        candidates = {candidate.actor for candidate in item.example.candidates}
        holders = {stance.actor for stance in item.sentence.stances} - {NOBODY}
        n_holders += len(holders)
        n_found += len(holders & candidates)
    return f"{n_found} of {n_holders} holders are among the candidates ({n_found / max(n_holders, 1):.3f})"

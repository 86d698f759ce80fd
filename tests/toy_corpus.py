"""The data of ``train.py`` in small: nine labelled reports of a corpus and three seeds."""

import csv
import datetime as dt

from stance.codebook import Issue, Label, Source, Stance
from stance.labels import LabelledSentence, write_labels

PARTIES = ("Ardania", "Belmark")
TEXTS = (
    ("{} demands a withdrawal from {}.", Label.DEMAND, Issue.TERRITORY),
    ("{} agreed to a tariff cut with {}.", Label.CONCESSION, Issue.ECONOMY),
    ("{} refuses the truce with {}.", Label.REJECTION, Issue.CEASEFIRE),
    ("{} will sign only after a withdrawal by {}.", Label.PRECONDITION, Issue.TERRITORY),
    ("{} turned down the tariff cut of {}.", Label.REJECTION, Issue.ECONOMY),
    ("{} and {} met by the river.", None, None),
)
SPLITS = {
    "r1": "train", "r2": "train", "r3": "train", "r4": "train", "r5": "development", "r6": "development",
    "r7": "test", "r8": "test", "u1": "test",
}  # fmt: skip


def sentences(report_id, month, conflict, source):
    """A report of six sentences; the parties change places from report to report."""
    first, second = PARTIES if month % 2 else PARTIES[::-1]
    return [
        LabelledSentence(
            report_id, position, dt.date(2020, month, 1), conflict, text.format(first, second), source,
            (Stance(first, label, issue),) if label else (),
        )
        for position, (text, label, issue) in enumerate(TEXTS, start=1)
    ]  # fmt: skip


def write_table(path, columns, rows):
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([columns, *rows])


def write_toy(folder):
    """Nine reports of a corpus, three seeds with their manifest, and the parties."""
    corpus = [one for number in range(1, 9) for one in sentences(f"r{number}", number, "delta", Source.REPORT)]
    corpus += sentences("u1", 1, "isthmus", Source.REPORT)
    seeds = {f"s{number}": sentences(f"s{number}", number, "delta", Source.SEED) for number in (9, 10, 11)}
    write_labels(folder / "corpus.csv", corpus)
    write_labels(folder / "labels.csv", [one for report in seeds.values() for one in report])
    write_table(folder / "splits.csv", ("report_id", "split"), SPLITS.items())
    write_table(
        folder / "actors.csv", ("actor", "alias", "kind", "from", "until"), [(a, a, "name", "", "") for a in PARTIES]
    )
    for name, report in seeds.items():
        (folder / f"{name}.txt").write_text(" ".join(one.text for one in report), encoding="utf-8")
    rows = [(name, f"{name}.txt", report[0].date, f"Report {name}") for name, report in seeds.items()]
    write_table(folder / "manifest.csv", ("report_id", "file", "date", "title"), rows)
    return folder


def arguments(toy, out, *more):
    files = {"labels": "labels", "corpus": "corpus", "splits": "splits", "actors": "actors", "seeds": "manifest"}
    options = [text for option, name in files.items() for text in (f"--{option}", str(toy / f"{name}.csv"))]
    return [*options, "--out", str(out), "--no-transformer", *more]

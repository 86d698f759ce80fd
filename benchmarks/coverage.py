"""How often the intervals of firmness hold the truth, and how often a shift is seen where there is none.

python benchmarks/coverage.py            # about 15 minutes; writes benchmarks/coverage.md and coverage.json

Corpora with known shares are simulated through the errors that the released model makes: a simulated (sentence, party)
pair is a labelled one, with all labels that it holds and all that the model decided. One in eleven pairs with a stance
holds two labels, mostly firm and conceding at once; so the firmness of a corpus is not quite the one asked for, and its
truth is worked out from the pairs. Four cases:

* measured: simulated pairs are of the development reports and the frozen test, and the errors were measured on reports
  drawn from these: the correction's assumption holds, its error rates are uncertain;
* halves: simulated pairs are of one random half of these reports, and the errors were measured on the other half, drawn
  anew for each corpus. No errors differ but by chance; but a half is small, and its own chance is not the classifier's;
* transferred: simulated pairs are of the frozen test alone, later reports and other conflicts, and the errors were
  measured on the development reports: as in use, seen on one pair of samples. What it has over halves is shift;
* checked: as transferred, and 100 of the decisions were checked by hand, as `stance review` draws them. Here also what
  100 and 1,000 checks tell by themselves (`stance.prediction_powered`), of the corpus and of each actor with enough of
  them, beside ppi-python; the truth is then a hand count of the corpus.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from quapy.method.aggregative import ACC
from tqdm import tqdm

from stance.cells import cells_of
from stance.changes import firmness_changes
from stance.classify import load_classifier
from stance.codebook import FIRM_LABELS, LABELS, Asked, Checked, DatedStance, Issue, Label, ReadReport
from stance.context import answers_in_context
from stance.dataset import Split, label_examples, read_splits
from stance.firmness import ActorPeriod, FirmnessAnalysis, analyse_firmness
from stance.gaps import GapChange, analyse_gaps
from stance.labels import read_labels
from stance.metrics import Estimate
from stance.paths import HOME
from stance.periods import Calendar, period_of
from stance.prediction_powered import checked_firmness, firm_and_all
from stance.quantification import FIRM, Confusion, confusion, decided_counts
from stance.review import AskedPair, Key, with_checks
from stance.review import draw as draw_pairs

HERE: Final = Path(__file__).parent
N_ACTORS: Final = 20  # of each simulated corpus
N_CHECKS: Final = (100, 1000)
CASES: Final = ("measured", "halves", "transferred", "checked")
REPORT_CORRELATION: Final = 0.1  # of firmness within a report, where a period has several
OTHER_FIRM_SHARES: Final = {Label.DEMAND: 0.6, Label.REJECTION: 0.25, Label.PRECONDITION: 0.15}


@dataclass(frozen=True, slots=True)
class Pair:
    """A labelled (sentence, party) pair: its labels, and the model's decisions and probabilities."""

    report_id: str
    true: frozenset[Label]
    decided: frozenset[Label]
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Pool:
    """Pairs to draw from, with the running sum of their weights."""

    pairs: Sequence[Pair]
    cumulative: npt.NDArray[np.float64]

    def draw(self, rng: np.random.Generator) -> Pair:
        """One pair, by weight."""
        return self.pairs[int(np.searchsorted(self.cumulative, rng.random() * self.cumulative[-1], side="right"))]


@dataclass(frozen=True, slots=True)
class Setting:
    """What is simulated: two periods for each of ``N_ACTORS`` actors, each with its share of stances and firmness."""

    errors: str
    n_reports: int
    n_pairs: int  # of each actor in each report
    stance_shares: tuple[float, float]
    firmness: tuple[float, float]


SETTINGS: Final = [
    Setting(errors, n_reports, n_pairs, shares, firmness)
    for errors, (n_reports, n_pairs), shares, firmness in product(
        CASES,
        ((1, 30), (10, 10), (10, 40), (40, 40)),
        ((0.25, 0.25), (0.25, 0.1)),
        ((0.3, 0.3), (0.6, 0.6), (0.9, 0.9), (0.8, 0.4)),
    )
]


def main() -> int:
    """Run all settings and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=3, help=f"corpora of {N_ACTORS} actors for each setting")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args()
    parts = labelled_pairs()
    rows = [run(setting, parts, options) for setting in tqdm(SETTINGS, unit="setting", disable=None)]
    record = {"replicates": options.replicates, "seed": options.seed, "n_actors": N_ACTORS, "settings": rows}
    (options.out / "coverage.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    text = markdown(rows, options)
    (options.out / "coverage.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


def labelled_pairs() -> dict[Split, list[Pair]]:
    """The pairs of the development reports and the frozen test as the released model decides them."""
    classifier = load_classifier()
    corpus = read_labels(HOME / "data/corpus.csv")
    splits = read_splits(HOME / "data/splits.csv", corpus)
    rule = classifier.model.rule
    parts: dict[Split, list[Pair]] = {}
    for split in (Split.DEVELOPMENT, Split.TEST):
        items = label_examples([s for s in corpus if splits[s.report_id] is split], classifier.table)
        answers = answers_in_context(classifier.model.classifier, [item.example for item in items])
        found = []
        for item, answer in zip(items, answers, strict=True):
            calibrated = rule.calibrate(answer)
            stances = rule.stances(item.example, calibrated)
            for query, candidate in enumerate(item.example.candidates, start=1):
                true = frozenset(s.label for s in item.sentence.stances if s.actor == candidate.actor)
                decided = frozenset(s.label for s in stances if s.actor == candidate.actor)
                probabilities = tuple(map(float, calibrated.labels[query]))
                found.append(Pair(item.sentence.report_id, true, decided, probabilities))
        parts[split] = found
    return parts


def run(setting: Setting, parts: Mapping[Split, Sequence[Pair]], options: argparse.Namespace) -> dict[str, Any]:
    """One setting: bias, coverage, width, and how often a change was seen."""
    rng = np.random.default_rng([options.seed, SETTINGS.index(setting)])
    results = []
    by_checks: dict[str, list[float]] = {}
    for _ in range(options.replicates):
        world, seen = worlds(rng, setting, parts)
        pools, errors = pools_of(world), measured(seen)
        truth = tuple(true_firmness(pools, firmness) for firmness in setting.firmness)
        reports, pairs, answers = simulated(rng, setting, pools)
        if setting.errors == "checked":
            for n_checks in N_CHECKS[::-1]:
                chosen = draw_pairs(pairs, n_checks, seed=int(rng.integers(2**32)))
                note_checks(by_checks, n_checks, pairs, {pair.key: answers[pair.key] for pair in chosen}, answers)
            reports = with_checks(reports, pairs, {pair.key: answers[pair.key] for pair in chosen})
        actors = [f"actor {number}" for number in range(N_ACTORS)]
        cells = list(cells_of(reports, actors, monthly))
        found, corrected = (analyse_firmness(cells, known) for known in (None, errors))
        results.append((truth, found, corrected, errors))
    told = {name: float(np.mean(values)) for name, values in by_checks.items()}
    truths = np.mean([truth for truth, *_ in results], axis=0).tolist()
    return asdict(setting) | {"truth": truths} | summary(results) | told


def worlds(
    rng: np.random.Generator, setting: Setting, parts: Mapping[Split, Sequence[Pair]]
) -> tuple[Sequence[Pair], Sequence[Pair]]:
    """The pairs that a corpus is made of, and those on which the errors are measured."""
    development, both = parts[Split.DEVELOPMENT], [pair for part in parts.values() for pair in part]
    if setting.errors == "measured":
        return both, resampled(rng, both, len(development))
    if setting.errors == "halves":
        reports = sorted({pair.report_id for pair in both})
        first = set(rng.permutation(reports)[: len(reports) // 2].tolist())
        return [p for p in both if p.report_id in first], [p for p in both if p.report_id not in first]
    return parts[Split.TEST], development


def note_checks(
    scores: dict[str, list[float]],
    n_checks: int,
    pairs: Sequence[AskedPair],
    checked: Mapping[Key, frozenset[Label]],
    answers: Mapping[Key, frozenset[Label]],
) -> None:
    """Add what the checks alone tell of the corpus and of each actor, and what ppi-python makes of those of the corpus.

    *Range:* keys of ``scores`` are ``{whom}_{n_checks}_bias``, ``…_coverage`` and ``…_width``.
    """
    by_actor: dict[str, list[AskedPair]] = {}
    for pair in pairs:
        by_actor.setdefault(pair.actor, []).append(pair)
    for whom, of in [("corpus", pairs), *(("actor", of) for of in by_actor.values())]:
        known = Checked(
            Counter(pair.found for pair in of),
            tuple((pair.found, checked[pair.key]) for pair in of if pair.key in checked),
        )
        n_firm, n_all = np.sum([firm_and_all(answers[pair.key]) for pair in of], axis=0)
        estimates = {whom: checked_firmness(known, seed=n_checks)}
        if whom == "corpus":
            estimates["ppi_python"] = ppi_python(known)
        for name, estimate in estimates.items():
            if estimate and n_all:
                error = estimate.value - n_firm / n_all
                is_held = estimate.low <= n_firm / n_all <= estimate.high
                for what, value in (("bias", error), ("coverage", is_held), ("width", estimate.high - estimate.low)):
                    scores.setdefault(f"{name}_{n_checks}_{what}", []).append(float(value))


def ppi_python(checked: Checked) -> Estimate | None:
    """Firmness by ppi-python on the same checks, weighed by their class: the mean of firm - R all, linearised at R."""
    sys.modules["coverage"] = None  # type: ignore[assignment]  # numba would take this file for the package of its name
    from ppi_py import ppi_mean_ci

    n_checked = Counter(found for found, _ in checked.answers)
    weights = np.array([checked.n_decided[found] / n_checked[found] for found, _ in checked.answers])
    found, true = (np.array([firm_and_all(answer[side]) for answer in checked.answers], float) for side in (0, 1))
    n_decided = list(checked.n_decided.values())
    decided = np.repeat([firm_and_all(labels) for labels in checked.n_decided], n_decided, axis=0).astype(float)
    firm, every = decided.sum(axis=0) + weights @ (true - found)
    if every <= 0:
        return None
    contrast = np.array([1, -firm / every])
    low, high = ppi_mean_ci(true @ contrast, found @ contrast, decided @ contrast, alpha=0.05, lam=1, w=weights)
    ends = np.clip(firm / every + np.array([low[0], high[0]]) * len(decided) / every, 0, 1)
    return Estimate(float(firm / every), *map(float, ends))


def pools_of(world: Sequence[Pair]) -> dict[Label | None, Pool]:
    """The pairs that hold each label, or none; a pair with two labels is in two pools, and drawn half as often."""
    members = {label: [pair for pair in world if label in (pair.true or (None,))] for label in (None, *LABELS)}
    return {
        label: Pool(pairs, np.cumsum([1 / max(len(pair.true), 1) for pair in pairs]))
        for label, pairs in members.items()
    }


def true_firmness(pools: Mapping[Label | None, Pool], firmness: float) -> float:
    """Firm labels over all labels of pairs drawn for this firmness."""
    n_firm_and_all = np.zeros(2)
    for label, share in label_shares(firmness).items():
        pool = pools[label]
        weights = np.diff(pool.cumulative, prepend=0) / pool.cumulative[-1]
        held = [firm_and_all(pair.true) for pair in pool.pairs]
        n_firm_and_all += share * weights @ np.array(held)
    return float(n_firm_and_all[0] / n_firm_and_all[1])


def label_shares(firmness: float) -> dict[Label, float]:
    """The share of each label among the pairs that are drawn with a stance."""
    return {
        label: firmness * OTHER_FIRM_SHARES[label] if label in OTHER_FIRM_SHARES else 1 - firmness for label in LABELS
    }


def monthly(date: dt.date) -> Any:
    """The month of a date: the simulated period."""
    return period_of(date, Calendar.MONTH)


def resampled(rng: np.random.Generator, pairs: Sequence[Pair], n_pairs: int) -> list[Pair]:
    """Whole reports drawn with replacement, until they have about as many pairs as asked for."""
    by_report: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_report.setdefault(pair.report_id, []).append(pair)
    reports, drawn = list(by_report.values()), list[Pair]()
    while len(drawn) < n_pairs:
        again = reports[rng.integers(len(reports))]
        drawn += [replace(pair, report_id=f"from {len(drawn)}") for pair in again]
    return drawn


def measured(pairs: Sequence[Pair]) -> Confusion:
    """The errors of the model on these pairs."""
    return confusion([(pair.true, pair.decided) for pair in pairs], [pair.report_id for pair in pairs])


def simulated(
    rng: np.random.Generator, setting: Setting, pools: Mapping[Label | None, Pool]
) -> tuple[list[ReadReport], list[AskedPair], dict[tuple[str, int, str], frozenset[Label]]]:
    """Two months of reports in which each actor holds stances by the setting's shares; their pairs, and answers."""
    reports: list[ReadReport] = []
    all_pairs: list[AskedPair] = []
    answers: dict[tuple[str, int, str], frozenset[Label]] = {}
    both = zip(setting.stance_shares, setting.firmness, strict=True)
    for month, (stance_share, firmness) in enumerate(both, start=1):
        for number in range(setting.n_reports):
            report_id, date = f"{month}-{number}", dt.date(2030, month, 1 + number % 28)
            stances: list[DatedStance] = []
            asked = {}
            for actor in (f"actor {one}" for one in range(N_ACTORS)):
                pairs = draw(rng, setting, pools, stance_share, firmness)
                sums = np.sum([pair.probabilities for pair in pairs], axis=0)
                asked[actor] = Asked(len(pairs), dict(zip(LABELS, sums.tolist(), strict=True)))
                stances += [
                    DatedStance(report_id, date, position, "", actor, label, Issue.OTHER)
                    for position, pair in enumerate(pairs)
                    for label in pair.decided
                ]
                for position, pair in enumerate(pairs):
                    asked_pair = AskedPair(report_id, date, position, actor, pair.decided, "")
                    all_pairs.append(asked_pair)
                    answers[asked_pair.key] = pair.true
            reports.append(ReadReport(report_id, date, "", setting.n_pairs, tuple(stances), asked))
    return reports, all_pairs, answers


def draw(
    rng: np.random.Generator,
    setting: Setting,
    pools: Mapping[Label | None, Pool],
    stance_share: float,
    firmness: float,
) -> list[Pair]:
    """The pairs of one actor in one report, whose firmness varies around that of the period."""
    if setting.n_reports > 1:
        weight = 1 / REPORT_CORRELATION - 1
        firmness = rng.beta(weight * firmness, weight * (1 - firmness))
    shares = [1 - stance_share, *(stance_share * share for share in label_shares(firmness).values())]
    classes = rng.choice(len(shares), size=setting.n_pairs, p=shares)
    return [pools[(None, *LABELS)[number]].draw(rng) for number in classes]


def summary(
    results: Sequence[tuple[Sequence[float], FirmnessAnalysis, FirmnessAnalysis, Confusion]],
) -> dict[str, float]:
    """The scores of one setting over all actors and replicates."""
    scores: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        scores.setdefault(name, []).append(float(value))

    for true, found, corrected, errors in results:
        for name, analysis in (("found", found), ("corrected", corrected)):
            for cell in analysis.periods:
                truth = true[cell.period.start.month - 1]
                note(f"{name}_bias", cell.firmness.value - truth)
                note(f"{name}_coverage", cell.firmness.low <= truth <= cell.firmness.high)
                note(f"{name}_width", cell.firmness.high - cell.firmness.low)
            for change in firmness_changes(analysis.series):
                truth = true[1] - true[0]
                note(f"{name}_change_coverage", change.difference.low <= truth <= change.difference.high)
                note(f"{name}_seen", change.p_value <= 0.05)
                if change.permutation_p is not None and name == "found":
                    note("permutation_seen", change.permutation_p <= 0.05)
            for gap in gap_changes(analysis):  # all actors are equally firm, so there is no gap and no change of it
                note(f"{name}_gap_coverage", gap.after.firmness.low <= 0 <= gap.after.firmness.high)
                note(f"{name}_gap_seen", gap.p_value <= 0.05)
        for cell in corrected.periods:
            truth = true[cell.period.start.month - 1]
            by_label = cell.expected or {}
            note("expected_bias", sum(by_label[label] for label in FIRM_LABELS) / sum(by_label.values()) - truth)
            note("quapy_acc_bias", quapy_acc(cell, errors) - truth)
    return {name: float(np.mean(values)) for name, values in scores.items()}


def gap_changes(analysis: FirmnessAnalysis) -> list[GapChange]:
    """The change of the gap between each two actors, so that none is in two pairs."""
    actors = [series.actor for series in analysis.series]
    pairs = zip(actors[::2], actors[1::2], strict=False)
    return [change for pair in pairs for change in analyse_gaps(analysis.series, pair).changes]


def quapy_acc(cell: ActorPeriod, errors: Confusion) -> float:
    """Firmness by QuaPy's adjusted classify and count, on the same decisions and errors."""
    decided = np.array(decided_counts(cell.n_asked, cell.counts), dtype=float)
    rates = np.array(errors.counts, dtype=float)
    shares = ACC.solve_adjustment(
        (rates / rates.sum(axis=1, keepdims=True)).T, decided / decided.sum(), method="inversion", solver="minimize"
    )
    stances = shares[1:].sum()
    return float(shares[list(FIRM)].sum() / stances) if stances > 0 else 0.5


def markdown(rows: Sequence[Mapping[str, Any]], options: argparse.Namespace) -> str:
    """The tables, with what they say in short."""
    still = [row for row in rows if row["firmness"][0] == row["firmness"][1]]
    lines = [
        "# Coverage of the intervals and false shifts",
        "",
        f"`python benchmarks/coverage.py --replicates {options.replicates} --seed {options.seed}`: "
        f"{len(rows)} settings, {options.replicates * N_ACTORS} simulated actors each, two periods an actor, 95 % "
        "intervals.",
        "",
        *verdict(rows, still),
        "",
        "Stances: share of pairs that hold one, in both periods. Found: shares of the model's decisions with Jeffreys "
        "intervals; expected: sums of calibrated probabilities; ACC: QuaPy's adjusted classify and count; corrected: "
        "`stance.quantification`. Change seen: p at most 0.05, unadjusted; where firmness is the same in both periods "
        "it is a false shift.",
        "",
    ]
    for errors in CASES:
        lines += [f"## Errors {errors}", "", *head(COLUMNS)]
        lines += [table_row(row, COLUMNS) for row in rows if row["errors"] == errors]
        lines.append("")
    lines += ["## Hand checks alone", "", *head(CHECK_COLUMNS)]
    lines += [table_row(row, CHECK_COLUMNS) for row in rows if row["errors"] == "checked"]
    lines.append("")
    return "\n".join(lines)


COLUMNS: Final = (
    ("found bias", "found_bias", "+.2f"), ("expected bias", "expected_bias", "+.2f"),
    ("ACC bias", "quapy_acc_bias", "+.2f"), ("corrected bias", "corrected_bias", "+.2f"),
    ("found coverage", "found_coverage", ".2f"),
    ("corrected coverage", "corrected_coverage", ".2f"), ("found width", "found_width", ".2f"),
    ("corrected width", "corrected_width", ".2f"), ("change coverage, found", "found_change_coverage", ".2f"),
    ("change coverage, corrected", "corrected_change_coverage", ".2f"), ("change seen, found", "found_seen", ".2f"),
    ("change seen, corrected", "corrected_seen", ".2f"), ("change seen, reshuffled", "permutation_seen", ".2f"),
    ("gap coverage, found", "found_gap_coverage", ".2f"), ("gap coverage, corrected", "corrected_gap_coverage", ".2f"),
    ("gap change seen, found", "found_gap_seen", ".2f"), ("gap change seen, corrected", "corrected_gap_seen", ".2f"),
)  # fmt: skip
CHECK_COLUMNS: Final = tuple(
    (f"{name}, {n_checks:,} checks: {what}", f"{whom}_{n_checks}_{what}", form)
    for n_checks in N_CHECKS
    for whom, name in (("corpus", "corpus"), ("ppi_python", "ppi-python"), ("actor", "actor"))
    for what, form in (("bias", "+.2f"), ("coverage", ".2f"), ("width", ".2f"))
)


def head(columns: Sequence[tuple[str, str, str]]) -> list[str]:
    """The head of a table of these columns."""
    names = " | ".join(name for name, _, _ in columns)
    return [f"| reports × pairs | stances | firmness | {names} |", "| --- | --- | --- |" + " ---: |" * len(columns)]


def table_row(row: Mapping[str, Any], columns: Sequence[tuple[str, str, str]]) -> str:
    """One setting as a row of the table."""
    place = [
        f"{row['n_reports']} × {row['n_pairs']}",
        " → ".join(f"{share:.0%}" for share in row["stance_shares"]),
        " → ".join(f"{share:.2f}" for share in row["truth"]),
    ]
    values = [format(row[key], form) if key in row else "–" for _, key, form in columns]
    return f"| {' | '.join([*place, *values])} |"


def verdict(rows: Sequence[Mapping[str, Any]], still: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the tables say, in numbers."""

    def spread(name: str, of: Sequence[Mapping[str, Any]]) -> str:
        values = [row[name] for row in of if name in row]
        return f"{np.mean(values):.3f} on average ({min(values):.2f} to {max(values):.2f})"

    lines = []
    for errors in CASES:
        of = [row for row in rows if row["errors"] == errors]
        calm = [row for row in still if row["errors"] == errors]
        enough = np.mean([row["corrected_coverage"] >= 0.93 for row in of])
        lines += [
            f"* Errors {errors}: the corrected intervals hold the truth in {spread('corrected_coverage', of)}, in at "
            f"least 93 % of the cells in {enough:.0%} of the settings; those of the stances found in "
            f"{spread('found_coverage', of)}. Mean width {np.mean([row['corrected_width'] for row in of]):.2f} and "
            f"{np.mean([row['found_width'] for row in of]):.2f}.",
            f"* Errors {errors}, no change: a shift is seen in {spread('corrected_seen', calm)} corrected, "
            f"{spread('found_seen', calm)} found, {spread('permutation_seen', calm)} by reshuffled reports.",
            f"* Errors {errors}, gaps between actors that are equally firm: the intervals hold 0 in "
            f"{spread('corrected_gap_coverage', of)} corrected, {spread('found_gap_coverage', of)} found; a change of "
            f"the gap is seen in {spread('corrected_gap_seen', of)} and {spread('found_gap_seen', of)}.",
        ]
    of = [row for row in rows if row["errors"] == "checked"]
    for n_checks, (whom, name) in product(N_CHECKS, (("corpus", "corpus"), ("actor", "actors with enough"))):
        if not any(f"{whom}_{n_checks}_coverage" in row for row in of):
            lines.append(f"* {n_checks:,} hand checks alone, {name}: none has enough.")
            continue
        lines.append(
            f"* {n_checks:,} hand checks alone, {name}: the intervals hold the hand count in "
            f"{spread(f'{whom}_{n_checks}_coverage', of)}, mean width {spread(f'{whom}_{n_checks}_width', of)}"
            + (f"; ppi-python's in {spread(f'ppi_python_{n_checks}_coverage', of)}." if whom == "corpus" else ".")
        )
    return lines


if __name__ == "__main__":
    sys.exit(main())

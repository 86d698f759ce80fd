"""SetFit beside our network and TF-IDF: the same few sentences to learn from, the same encoder, the same tests.

python benchmarks/contenders.py          # a quarter of an hour; writes benchmarks/contenders.md

SetFit (Tunstall et al. 2022, "Efficient Few-Shot Learning Without Prompts") tunes the encoder on pairs of sentences and
puts a linear classifier on top. It is made for few labels and would take an hour and a half for all of ours. It reads
a sentence without the parties, so only the labels of sentences are compared. Every rule is chosen on the development
reports.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments

import stance
from stance.baseline import TfidfBaseline
from stance.calibration import choose_rule
from stance.codebook import ISSUES, LABELS, Example, StanceError
from stance.config import TransformerConfig
from stance.dataset import LabelledExample, Targets, targets
from stance.evaluation import compare, evaluate, format_estimate
from stance.paths import ACTORS, HOME
from stance.predictions import DecisionRule, Probabilities
from stance.protocol import DEVELOPMENT, TEST, Data, Trainable, load_data, share_of_reports
from stance.transformer import PACKAGED_BACKBONE, Transformer, backbone_folder

HERE: Final = Path(__file__).parent
N_ITERATIONS: Final = 2  # pairs of like and of unlike sentences, each, that SetFit makes of a sentence


@dataclass(frozen=True, slots=True)
class Trained:
    """A contender's answers on each test, the rule that was chosen for it, and how long it learnt."""

    rule: DecisionRule
    answers: Mapping[str, Sequence[Probabilities]]
    seconds: float


class SetFit:
    """SetFit as a classifier of sentences; whoever may hold a stance has the answer for anyone."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit(self, examples: Sequence[Example], targets: Sequence[Targets], *, progress: str = "") -> Self:
        """Tune the encoder on pairs, then fit the head. "None" is a label of its own: such sentences are alike."""
        held = np.array([target.labels[0] for target in targets], dtype=bool)
        labels = np.column_stack([held, ~held.any(axis=1)]).astype(int).tolist()
        folder = str(backbone_folder(PACKAGED_BACKBONE))
        self._model: Any = SetFitModel.from_pretrained(folder, multi_target_strategy="one-vs-rest")
        rows = Dataset.from_dict({"text": [example.sentence for example in examples], "label": labels})
        with tempfile.TemporaryDirectory() as scratch:
            settings = TrainingArguments(
                scratch, num_iterations=N_ITERATIONS, seed=self.seed, save_strategy="no", report_to="none"
            )
            Trainer(model=self._model, args=settings, train_dataset=rows).train()
        return self

    def predict_proba(self, examples: Sequence[Example]) -> list[Probabilities]:
        """The same probabilities for every query of an example; issues evenly."""
        sentences = [example.sentence for example in examples]
        found = self._model.predict_proba(sentences, as_numpy=True)[:, : len(LABELS)]
        shapes = [(example.n_queries, len(LABELS), len(ISSUES)) for example in examples]
        return [
            Probabilities(np.broadcast_to(row, shape[:2]), np.full(shape, 1 / len(ISSUES)))
            for row, shape in zip(found, shapes, strict=True)
        ]


def main() -> int:
    """Train all on the same sentences and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=0.12, help="of the training reports (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    paths = {name: HOME / f"data/{name}.csv" for name in ("labels", "corpus", "splits")}
    try:
        data = load_data(**paths, actors=[ACTORS])
    except StanceError as error:
        print(f"contenders.py: {error}", file=sys.stderr)
        return 2
    items = share_of_reports(data.train, options.share)
    contenders: dict[str, Trainable] = {
        "our network": Transformer(TransformerConfig(seed=options.seed)),
        "SetFit": SetFit(options.seed),
        "TF-IDF": TfidfBaseline(seed=options.seed),
    }
    trained = {name: train(contender, items, data, name) for name, contender in contenders.items()}
    text = markdown(trained, data, len(items))
    (HERE / "contenders.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


def train(contender: Trainable, items: Sequence[LabelledExample], data: Data, name: str) -> Trained:
    """Fit a contender on ``items``, choose its rule and ask it about both tests."""
    start = time.perf_counter()
    contender.fit([item.example for item in items], [targets(item) for item in items], progress=name)
    seconds = time.perf_counter() - start
    development, test = (
        contender.predict_proba([item.example for item in part]) for part in (data.development, data.test)
    )
    return Trained(choose_rule(data.development, development), {DEVELOPMENT: development, TEST: test}, seconds)


def markdown(trained: Mapping[str, Trained], data: Data, n_sentences: int) -> str:
    """The scores, and how far our network is ahead of each other on the same sentences."""
    lines = [
        "# Our network, SetFit and TF-IDF on the same sentences",
        "",
        f"`python benchmarks/contenders.py`, version {stance.__version__}: {n_sentences:,} training sentences. Labels "
        "of sentences, 95 % intervals over reports; lead: paired, our network's macro-F1 less the other's.",
        "",
        "| test | classifier | macro-F1 | average precision | our network's lead | training, s |",
        "| --- | --- | --- | --- | --- | ---: |",
    ]
    first = next(iter(trained.values()))
    for test, items in ((DEVELOPMENT, data.development), (TEST, data.test)):
        for name, one in trained.items():
            scores = evaluate(name, test, items, one.answers[test], one.rule).scores
            pair = ((which.answers[test], which.rule) for which in (first, one))
            lead = "" if one is first else format_estimate(compare(items, *pair)["macro_f1"], signed=True)
            found = " | ".join(format_estimate(scores[metric]) for metric in ("macro_f1", "average_precision"))
            lines.append(f"| {test} | {name} | {found} | {lead} | {one.seconds:.0f} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())

"""From probabilities to stances: one rule for every classifier, chosen on the development reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, NamedTuple, Protocol

import numpy as np

from stance.arrays import Floats
from stance.codebook import ISSUES, LABELS, NOBODY, Example, Label, Stance, StanceError

HOLDER_FLOOR: Final = 0.5  # of the actor threshold: what the likeliest party must reach to be named


class Probabilities(NamedTuple):
    """What a classifier says of one example, a row per query (anyone, then each candidate).

    *Shape:* ``labels`` (n_queries, 4), independent probabilities in Label order; ``issues`` (n_queries, 4, 10),
    for each label the distribution over issues, given that the label holds.
    """

    labels: Floats
    issues: Floats


class Classifier(Protocol):
    """What the baseline, the transformer and the runtime have in common."""

    def predict_proba(self, examples: Sequence[Example]) -> list[Probabilities]:
        """Probabilities for each example, in order."""
        ...


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """How probabilities become decisions.

    ``temperature`` divides the logits (Guo et al. 2017, "On Calibration of Modern Neural Networks"): above 1
    it makes an over-confident classifier more careful. A label holds for the sentence if the answer for anyone
    reaches ``label_threshold``, for a candidate if the candidate's reaches ``actor_threshold`` (``stances`` tells what
    comes of a label that no candidate holds).

    Raises:
        StanceError: if the temperature is not above 0, or a threshold not from 0 to 1.
    """

    temperature: float = 1.0
    label_threshold: float = 0.5
    actor_threshold: float = 0.5
    issue_threshold: float = 0.35  # a second issue counts from this probability on

    def __post_init__(self) -> None:
        if not 0 < self.temperature < inf:
            raise StanceError(f"temperature is {self.temperature}; it must be a number above 0")
        for name in ("label_threshold", "actor_threshold", "issue_threshold"):
            if not 0 <= getattr(self, name) <= 1:
                raise StanceError(f"{name} is {getattr(self, name)}; it must be from 0 to 1")

    def calibrate(self, probabilities: Probabilities) -> Probabilities:
        """The same probabilities at this rule's temperature."""
        clipped = np.clip(probabilities.labels, 1e-6, 1 - 1e-6)
        logits = np.log(clipped / (1 - clipped)) / self.temperature
        return Probabilities(1 / (1 + np.exp(-logits)), probabilities.issues)

    def labels(self, calibrated: Probabilities) -> list[Label]:
        """The labels that hold for the sentence, likeliest first."""
        sentence = calibrated.labels[0]
        held = [index for index in range(len(LABELS)) if sentence[index] >= self.label_threshold]
        return [LABELS[index] for index in sorted(held, key=lambda index: -sentence[index])]

    def stances(self, example: Example, calibrated: Probabilities) -> dict[Stance, float]:
        """The stances in a sentence, each with its probability.

        A label that holds for the sentence goes to every candidate over the threshold, or else to the likeliest one if
        that reaches ``HOLDER_FLOOR`` of it. Otherwise its holder is unclear, for it would be a guess (LOG.md).
        """
        found: dict[Stance, float] = {}
        for label in self.labels(calibrated):
            column = LABELS.index(label)
            for query in self._holders(calibrated.labels[1:, column]):
                actor = example.candidates[query - 1].actor if query else NOBODY
                for issue in self._issues(calibrated.issues[query, column]):
                    found[Stance(actor, label, ISSUES[issue])] = float(calibrated.labels[query, column])
        return found

    def _holders(self, candidates: Floats) -> list[int]:
        """Query numbers of the holders of a label, 0 (anyone) where the holder is unclear."""
        over = [index + 1 for index, value in enumerate(candidates) if value >= self.actor_threshold]
        is_told = len(candidates) > 0 and candidates.max() >= HOLDER_FLOOR * self.actor_threshold
        return over or [int(candidates.argmax()) + 1 if is_told else 0]

    def _issues(self, distribution: Floats) -> list[int]:
        likeliest = int(distribution.argmax())
        others = [index for index in range(len(ISSUES)) if distribution[index] >= self.issue_threshold]
        return sorted({likeliest, *others})

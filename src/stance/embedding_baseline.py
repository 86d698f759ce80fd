"""Linear models on frozen sentence embeddings: what the encoder knows before it is fine-tuned.

The recipe of recent event coders (Halterman et al. 2023, "Creating Custom Event Data Without Dictionaries"), with the
encoder of the transformer here and logistic regression in the place of their support vector machine: as good on the
development reports, faster, and better calibrated (LOG.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from sklearn.linear_model import LogisticRegression

from stance.arrays import Floats
from stance.baseline import LinearModels
from stance.codebook import Example
from stance.dataset import Targets
from stance.predictions import Probabilities
from stance.transformer import Embedder


class EmbeddingBaseline:
    """A party is asked about by the average of its mention's token vectors beside that of the sentence."""

    def __init__(self, *, backbone: str, seed: int = 1) -> None:
        self.seed = seed
        self._embedder = Embedder(backbone)
        self._models = LinearModels(self._classifier)

    def fit(self, examples: Sequence[Example], targets: Sequence[Targets], *, progress: str = "") -> Self:
        """Fit the three models; ``progress`` titles a progress bar, none where it is empty."""
        self._models.fit(self._features(examples, progress), examples, targets, progress=progress)
        return self

    def predict_proba(self, examples: Sequence[Example]) -> list[Probabilities]:
        """Probabilities for each example, in order. The issue does not depend on the label or the party."""
        return self._models.predict_proba(self._features(examples), examples) if examples else []

    def _features(self, examples: Sequence[Example], progress: str = "") -> Floats:
        """Shape (n_queries of all examples, 2 n_units)."""
        queries = self._embedder.queries(examples, progress=progress)
        return np.concatenate([np.hstack([rows, np.broadcast_to(rows[:1], rows.shape)]) for rows in queries])

    def _classifier(self) -> LogisticRegression:
        return LogisticRegression(max_iter=100, tol=1e-3, random_state=self.seed)

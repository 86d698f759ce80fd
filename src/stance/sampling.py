"""Which sentences an epoch of training learns from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stance.arrays import Float32s, Ints


class EasySkipper:
    """Skips a random share of the sentences that have little to teach, and lets the others of them count for more.

    A sentence is easy if its latest loss is below the mean. In every epoch but the first and the last, each easy one is
    left out with the probability ``skipped_share``; those that stay weigh 1 / (1 - ``skipped_share``), so that the
    expected gradient is that of all sentences (Qin et al. 2024, "InfoBatch: Lossless Training Speed Up by Unbiased
    Dynamic Data Pruning").
    """

    def __init__(self, n_sentences: int, *, n_epochs: int, skipped_share: float, rng: np.random.Generator) -> None:
        self.weights: Float32s = np.ones(n_sentences, dtype=np.float32)
        self._losses: Float32s = np.zeros(n_sentences, dtype=np.float32)
        self._n_epochs = n_epochs
        self._skipped_share = skipped_share
        self._rng = rng

    def draw(self, epoch: int) -> Ints:
        """The sentences of the ``epoch``, counted from 0, in their order; sets ``weights``, shape (n_sentences,)."""
        self.weights[:] = 1
        if epoch in (0, self._n_epochs - 1):
            return np.arange(len(self.weights))
        easy = self._losses < self._losses.mean()
        self.weights[easy] = 1 / (1 - self._skipped_share)
        return np.flatnonzero(~easy | (self._rng.random(len(easy)) >= self._skipped_share))

    def record(self, sentences: Sequence[int], losses: Float32s) -> None:
        """Remember the ``losses`` of these sentences."""
        self._losses[sentences] = losses

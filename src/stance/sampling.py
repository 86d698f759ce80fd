"""Which sentences an epoch of training learns from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stance.arrays import Float32s, Ints
from stance.encoding import Encoded, batches_by_length
from stance.network import label_losses
from stance.ngrams import N_AT_ONCE, NgramModel, tensors


class EasySkipper:
    """Skips a random share of the sentences that have little to teach, and lets the others of them count for more.

    A sentence is easy if its latest loss is below the mean. In every epoch but the last, each easy one is left out with
    the probability ``skipped_share``; those that stay weigh 1 / (1 - ``skipped_share``), so that the expected gradient
    is that of all sentences (Qin et al. 2024, "InfoBatch: Lossless Training Speed Up by Unbiased Dynamic Data
    Pruning"). There the first epoch takes all, for nothing is known yet; here another model's ``losses`` tell, until a
    sentence is learnt from and its own loss takes their place.
    """

    def __init__(self, losses: Float32s, *, n_epochs: int, skipped_share: float, rng: np.random.Generator) -> None:
        self.weights: Float32s = np.ones(len(losses), dtype=np.float32)
        self._losses = losses.copy()
        self._n_epochs = n_epochs
        self._skipped_share = skipped_share
        self._rng = rng

    def draw(self, epoch: int) -> Ints:
        """The sentences of the ``epoch``, counted from 0, in their order; sets ``weights``, shape (n_sentences,)."""
        self.weights[:] = 1
        if epoch == self._n_epochs - 1:
            return np.arange(len(self.weights))
        easy = self._losses < self._losses.mean()
        self.weights[easy] = 1 / (1 - self._skipped_share)
        return np.flatnonzero(~easy | (self._rng.random(len(easy)) >= self._skipped_share))

    def record(self, sentences: Sequence[int], losses: Float32s) -> None:
        """Remember the ``losses`` of these sentences."""
        self._losses[sentences] = losses


def losses_by_words(encoded: Sequence[Encoded], gold: Sequence[Float32s], rng: np.random.Generator) -> Float32s:
    """The label loss of each sentence by an n-gram model that learnt from the other half, shape (n_sentences,).

    ``gold`` are the labels of the queries of each, shape (n_queries, 4). The halves divide reports too: the losses are
    no score, only an order of difficulty.
    """
    losses = np.zeros(len(encoded), dtype=np.float32)
    order = rng.permutation(len(encoded)).tolist()
    for judged, learnt in ((order[::2], order[1::2]), (order[1::2], order[::2])):
        model = NgramModel().fit([encoded[index] for index in learnt], [gold[index] for index in learnt])
        for batch in batches_by_length([encoded[index] for index in judged], N_AT_ONCE):
            indices = [judged[index] for index in batch]
            inputs = tensors([encoded[index] for index in indices])
            logits = model(**inputs)
            losses[indices] = label_losses(logits, inputs["query_weights"], [gold[index] for index in indices]).numpy()
    return losses

"""A linear model on words and pairs of words, which answers beside the encoder: the two err on different sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Self

import numpy as np
import torch
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from stance.arrays import Float32s, Ints
from stance.codebook import LABELS
from stance.encoding import Encoded, batches_by_length, pad

N_BUCKETS: Final = 131_071  # that tokens and pairs are hashed into (Weinberger et al. 2009); a prime
FACTOR: Final = 31_337  # of the first token of a pair
START: Final = 1  # the first token of the pair that ends at the beginning
OWN: Final = 40_000  # in the place of the tokens that name the party asked about; beyond BERT's vocabulary
OF_PARTY: Final = 43_690  # added to every token where a party is asked about
CARRIED: Final = 43_690  # added once more where it is named in the context only
MIN_COUNT: Final = 2  # queries that a bucket must occur in
INVERSE_PENALTY: Final = 10.0  # scikit-learn's C
N_AT_ONCE: Final = 64  # examples that are hashed together
TINY: Final = 1e-9  # keeps the length of nothing above 0


class NgramModel(nn.Module):
    """Logistic regression on TF-IDF of a sentence's tokens and pairs of neighbours.

    The question about anyone, about a party in the sentence and about one carried over have buckets of their own, so
    far as single tokens go and the vocabulary has no more than ``OWN`` of them; each token of the mentions of the party
    asked about is ``OWN``. ``table`` holds, for each bucket, the four labels' weights times the inverse document
    frequency, and the square of that frequency. A query's logits are the sums of the weights over its tokens and pairs,
    divided by the root of the sum of the squares: the length of the TF-IDF vector, but that a token said twice counts
    as two.
    """

    table: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.zeros(N_BUCKETS, len(LABELS) + 1))

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor, query_weights: Tensor
    ) -> Tensor:
        """Logits of the labels, shape (n_examples, n_queries, 4), from inputs as ``encoding.pad`` returns them."""
        seen = _in_sentence(attention_mask, token_type_ids)
        rows = self.table[_buckets(input_ids, seen, query_weights)].sum(-2)
        sums = (rows * seen[..., None]).sum(-2)
        return sums[..., :-1] / (sums[..., -1:] + TINY).sqrt()

    def fit(self, encoded: Sequence[Encoded], labels: Sequence[Float32s]) -> Self:
        """Fit it on examples and the labels of the queries of each, shape (n_queries, 4)."""
        self.table.zero_()
        buckets, answers = list[Ints](), list[Float32s]()
        for batch in batches_by_length(encoded, N_AT_ONCE):
            inputs = tensors([encoded[index] for index in batch])
            seen = _in_sentence(inputs["attention_mask"], inputs["token_type_ids"])
            found = _buckets(inputs["input_ids"], seen, inputs["query_weights"])
            for index, of_example, in_sentence in zip(batch, found, seen[:, 0], strict=True):
                buckets += list(of_example[: len(labels[index]), in_sentence].flatten(1).numpy())
                answers.append(labels[index])
        if not buckets:
            return self
        queries = np.repeat(np.arange(len(buckets)), [len(query) for query in buckets])
        columns = np.concatenate(buckets)
        counts = csr_matrix((np.ones(len(columns)), (queries, columns)), shape=(len(buckets), N_BUCKETS))
        n_holding = np.bincount(counts.indices, minlength=N_BUCKETS)
        frequency = np.where(n_holding < MIN_COUNT, 0.0, np.log((1 + len(buckets)) / (1 + n_holding)) + 1)
        lengths = np.sqrt(np.bincount(queries, frequency[columns] ** 2) + TINY)
        features = csr_matrix(counts.multiply(frequency).multiply(1 / lengths[:, None]))
        held = np.concatenate(answers) > 0
        for label in np.flatnonzero(held.any(axis=0) & ~held.all(axis=0)):
            model = LogisticRegression(C=INVERSE_PENALTY, solver="liblinear", fit_intercept=False)
            weights = model.fit(features, held[:, label]).coef_[0]
            self.table[:, label] = torch.from_numpy(weights * frequency)
        self.table[:, -1] = torch.from_numpy(frequency**2)
        return self


def tensors(encoded: Sequence[Encoded]) -> dict[str, Tensor]:
    """A network's inputs for a batch, as of ``encoding.pad``."""
    return {name: torch.from_numpy(array) for name, array in pad(encoded).items()}


def _in_sentence(attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
    """Which tokens are of the sentence and not of its context or padding, shape (n_examples, 1, n_tokens)."""
    return ((attention_mask > 0) & (token_type_ids == 0))[:, None]


def _buckets(input_ids: Tensor, in_sentence: Tensor, query_weights: Tensor) -> Tensor:
    """The buckets of each token, and of it and the one before it, shape (n_examples, n_queries, n_tokens, 2).

    A query that weighs the tokens as the first one does asks about anyone (so does that of a party whose mention is
    the whole sentence, or lies behind the end that is read).
    """
    of_party = (query_weights != query_weights[:, :1]).any(-1, keepdim=True)
    own = (query_weights > 0) & in_sentence & of_party
    carried = of_party & ~own.any(-1, keepdim=True)
    tokens = torch.where(own, OWN, input_ids[:, None]) + OF_PARTY * of_party + CARRIED * carried
    words = tokens % N_BUCKETS
    pairs = (nn.functional.pad(words, (1, -1), value=START) * FACTOR + tokens) % N_BUCKETS
    return torch.stack((words, pairs), dim=-1)

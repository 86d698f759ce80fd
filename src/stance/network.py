"""The network under the transformer: an encoder that is asked, in one pass, about a sentence and every party in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from stance.arrays import Float32s
from stance.codebook import ISSUES, LABELS, StanceError
from stance.config import TransformerConfig
from stance.ngrams import NgramModel


class StanceNetwork(nn.Module):
    """An encoder under a head that answers queries.

    A query is the average of the token vectors that stand for its party. It looks at all tokens by cross-attention and
    is read beside the average and the maximum of the sentence. The encoder is of BERT's kind: ``embeddings``, then
    ``encoder.layer``. ``forward`` is ``lower``, ``upper`` and ``answer`` in a row, and the words' own answer added;
    training takes the first three one by one, and fits ``ngrams`` by itself.
    """

    def __init__(self, encoder: Any, config: TransformerConfig) -> None:
        super().__init__()
        n_units, n_layers = encoder.config.hidden_size, encoder.config.num_hidden_layers
        if n_units % config.n_attention_heads:
            raise StanceError(
                f"n_attention_heads is {config.n_attention_heads}; it must divide the encoder's {n_units} units"
            )
        if config.n_frozen_layers > n_layers:
            raise StanceError(
                f"n_frozen_layers is {config.n_frozen_layers}; "
                f"it must be from 0 to the {n_layers} layers of the backbone"
            )
        self.encoder = encoder
        self.n_frozen_layers = config.n_frozen_layers
        self.attention = nn.MultiheadAttention(
            n_units, config.n_attention_heads, dropout=config.dropout, batch_first=True
        )
        self.head = nn.Sequential(
            nn.Dropout(config.dropout),
            nn.Linear(4 * n_units, config.n_head_units),
            nn.GELU(),
            nn.Dropout(config.dropout),
        )
        self.label = nn.Linear(config.n_head_units, len(LABELS))
        self.issue = nn.Linear(config.n_head_units, len(ISSUES))
        self.issue_given_label = nn.Parameter(torch.zeros(len(LABELS), len(ISSUES)))
        self.ngrams = NgramModel()
        self.ngram_weight = config.ngram_weight

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor, query_weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Logits of the labels and, given a label, of the issues.

        *Shape:* inputs as ``encoding.pad`` returns them; outputs (n_examples, n_queries, 4) and
        (n_examples, n_queries, 4, 10).
        """
        states = self.lower(input_ids, attention_mask, token_type_ids)
        tokens = self.upper(states, attention_mask)
        labels, issues = self.answer(tokens, attention_mask, token_type_ids, query_weights)
        by_words = self.ngrams(input_ids, attention_mask, token_type_ids, query_weights)
        return labels + self.ngram_weight * by_words, issues

    def freeze(self) -> None:
        """Let the embeddings and the lowest layers stay as they are."""
        for frozen in (self.encoder.embeddings, *self.encoder.encoder.layer[: self.n_frozen_layers]):
            frozen.requires_grad_(False)

    def lower(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """The token vectors above the frozen layers, shape (n_examples, n_tokens, n_units)."""
        states = self.encoder.embeddings(input_ids=input_ids, token_type_ids=token_type_ids)
        return _through(self.encoder.encoder.layer[: self.n_frozen_layers], states, attention_mask)

    def upper(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """The encoder's token vectors from those of ``lower``, shape (n_examples, n_tokens, n_units)."""
        return _through(self.encoder.encoder.layer[self.n_frozen_layers :], states, attention_mask)

    def answer(
        self, tokens: Tensor, attention_mask: Tensor, token_type_ids: Tensor, query_weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Logits as of ``forward`` from the token vectors of ``upper`` alone."""
        queries = query_weights @ tokens
        attended, _ = self.attention(queries, tokens, tokens, key_padding_mask=attention_mask == 0, need_weights=False)
        in_sentence = (attention_mask * (1 - token_type_ids)).unsqueeze(-1) > 0
        strongest = tokens.masked_fill(~in_sentence, -1e4).amax(dim=1, keepdim=True)
        sentence = queries[:, :1]
        parts = [queries, attended, sentence.expand_as(queries), strongest.expand_as(queries)]
        features = self.head(torch.cat(parts, dim=-1))
        return self.label(features), self.issue(features).unsqueeze(-2) + self.issue_given_label


def label_losses(logits: Tensor, query_weights: Tensor, gold: Sequence[Float32s]) -> Tensor:
    """Binary cross-entropy of the labels, summed over all queries of each example, shape (n_examples,).

    *Shape:* ``logits`` (n_examples, n_queries, 4), ``query_weights`` as ``encoding.pad`` returns them; ``gold`` of each
    example (its n_queries, 4).
    """
    labels = torch.zeros_like(logits)
    for row, item in enumerate(gold):
        labels[row, : len(item)] = torch.from_numpy(item)
    asked = query_weights.sum(-1, keepdim=True) > 0
    losses = nn.functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    return (losses * asked).sum((1, 2))


def _through(layers: Any, states: Tensor, attention_mask: Tensor) -> Tensor:
    visible = attention_mask[:, None, None, :] > 0
    for layer in layers:
        states = layer(states, attention_mask=visible)
    return states

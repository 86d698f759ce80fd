"""Examples to model inputs: the tokens, and for each query the weights of the tokens that stand for its party.

One pass of the encoder answers every query of a sentence: the network averages the token vectors of the
party's mention and sets them beside the average of the sentence, as in entity-pooling relation classifiers
(Zhong & Chen 2021, "A Frustratingly Easy Approach for Entity and Relation Extraction", the batched variant).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from tokenizers import Encoding, Tokenizer

from stance.arrays import Float32s, Ints
from stance.codebook import Example, StanceError

MAX_SENTENCE_TOKENS: Final = 96  # longer sentences are cut at the end
MAX_CONTEXT_TOKENS: Final = 72  # of the context; a longer one is cut at the end
_MAX_CHARACTERS: Final = 12 * MAX_SENTENCE_TOKENS  # longer text cannot reach the model and is not tokenised

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One example as the network reads it: ``[CLS] sentence [SEP] context [SEP]``.

    *Shape:* ``input_ids`` and ``token_type_ids`` (n_tokens,); ``query_weights`` (n_queries, n_tokens), rows sum to 1.
    """

    input_ids: Ints
    token_type_ids: Ints
    query_weights: Float32s


class ExampleEncoder:
    """Turns examples into arrays with the tokenizer of a BERT-like encoder."""

    def __init__(self, tokenizer_file: Path, *, max_context_tokens: int = MAX_CONTEXT_TOKENS) -> None:
        try:
            self.tokenizer: Tokenizer = Tokenizer.from_file(str(tokenizer_file))
        except Exception as error:  # the tokenizers' errors have no class of their own
            raise StanceError(f"{tokenizer_file}: the tokenizers cannot read it ({error})") from error
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.max_context_tokens = max_context_tokens
        self._cls, self._sep = (self.tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))
        if self._cls is None or self._sep is None:
            raise StanceError(f"{tokenizer_file}: no [CLS] or [SEP] token; the encoder must be of the BERT kind")

    def encode(self, examples: Sequence[Example]) -> list[Encoded]:
        """Encode ``examples`` in order, each to its own length."""
        sentences = [_valid(example.sentence[:_MAX_CHARACTERS]) for example in examples]
        contexts = [_valid(example.context[:_MAX_CHARACTERS]) for example in examples]
        encodings = self.tokenizer.encode_batch([*sentences, *contexts], add_special_tokens=False)
        return [
            self._join(example, encodings[index], encodings[len(examples) + index])
            for index, example in enumerate(examples)
        ]

    def _join(self, example: Example, sentence: Encoding, context: Encoding) -> Encoded:
        sentence_ids = sentence.ids[:MAX_SENTENCE_TOKENS]
        context_ids = context.ids[: self.max_context_tokens]
        tail = [*context_ids, self._sep] if context_ids else []
        input_ids = np.array([self._cls, *sentence_ids, self._sep, *tail], dtype=np.int64)
        token_type_ids = np.zeros_like(input_ids)
        token_type_ids[len(input_ids) - len(tail) :] = 1

        in_sentence = slice(1, 1 + len(sentence_ids))
        in_context = slice(2 + len(sentence_ids), 2 + len(sentence_ids) + len(context_ids))
        words = _Offsets(sentence.offsets[:MAX_SENTENCE_TOKENS])
        context_words = _Offsets(context.offsets[: self.max_context_tokens])
        weights = np.zeros((example.n_queries, len(input_ids)), dtype=np.float32)
        weights[0, in_sentence] = 1.0
        for row, candidate in zip(weights[1:], example.candidates, strict=True):
            marked = words.mark(row[in_sentence], candidate.spans)
            marked = marked or context_words.mark(row[in_context], candidate.context_spans)
            if not marked:
                row[in_sentence] = 1.0
        if not sentence_ids:
            weights[:, 0] = 1.0
        return Encoded(input_ids, token_type_ids, weights / weights.sum(axis=1, keepdims=True))


def _valid(text: str) -> str:
    """``text`` with a question mark for each lone surrogate, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def pad(encoded: Sequence[Encoded]) -> dict[str, Ints | Float32s]:
    """The network's inputs for a batch.

    *Shape:* ``input_ids``, ``attention_mask``, ``token_type_ids`` (n_examples, n_tokens); ``query_weights``
    (n_examples, n_queries, n_tokens), all zero for queries that an example does not have.
    """
    n_tokens = max(len(item.input_ids) for item in encoded)
    n_queries = max(len(item.query_weights) for item in encoded)
    ids = np.zeros((3, len(encoded), n_tokens), dtype=np.int64)
    weights = np.zeros((len(encoded), n_queries, n_tokens), dtype=np.float32)
    for row, item in enumerate(encoded):
        length = len(item.input_ids)
        ids[0, row, :length] = item.input_ids
        ids[1, row, :length] = 1
        ids[2, row, :length] = item.token_type_ids
        weights[row, : len(item.query_weights), :length] = item.query_weights
    return {"input_ids": ids[0], "attention_mask": ids[1], "token_type_ids": ids[2], "query_weights": weights}


def batches_by_length(encoded: Sequence[Encoded], batch_size: int) -> Iterator[list[int]]:
    """Indices of ``encoded`` in batches of like length, so that little of a batch is padding."""
    order = sorted(range(len(encoded)), key=lambda index: len(encoded[index].input_ids))
    for first in range(0, len(order), batch_size):
        yield order[first : first + batch_size]


class _Offsets:
    """Where the tokens of a text begin and end in it."""

    def __init__(self, offsets: Sequence[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in offsets]
        self._ends = [end for _, end in offsets]

    def mark(self, row: Float32s, spans: Spans) -> bool:
        """Write 1 into ``row`` for each token that overlaps one of ``spans``; whether there is any."""
        marked = False
        for start, end in spans:
            first, after = bisect_right(self._ends, start), bisect_left(self._starts, end)
            row[first:after] = 1.0
            marked = marked or first < after
        return marked

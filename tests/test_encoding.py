"""Sentences to tokens, and parties to the tokens that stand for them."""

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from stance.codebook import Candidate, Example
from stance.encoding import MAX_SENTENCE_TOKENS, ExampleEncoder, batches_by_length, pad

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "ardan", "##ia", "belmark", "refused", "to", "leave", ".", "he", "the",
         "delta", "asked", ";")  # fmt: skip


def word_tokenizer(words):
    """A lower-casing WordPiece tokenizer that knows ``words``."""
    tokenizer = Tokenizer(models.WordPiece({word: number for number, word in enumerate(words)}, unk_token=words[1]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


@pytest.fixture(scope="module")
def tokenizer_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    word_tokenizer(WORDS).save(str(path))
    return path


@pytest.fixture(scope="module")
def encoder(tokenizer_file):
    return ExampleEncoder(tokenizer_file)


def tokens(encoded):
    return [WORDS[number] for number in encoded.input_ids]


def weighted(encoded, query):
    """The tokens that have a weight in a query."""
    return [token for token, weight in zip(tokens(encoded), encoded.query_weights[query], strict=True) if weight]


def test_a_sentence_stands_before_its_context(encoder):
    [encoded] = encoder.encode([Example("He refused.", "Belmark asked.")])
    assert tokens(encoded) == ["[CLS]", "he", "refused", ".", "[SEP]", "belmark", "asked", ".", "[SEP]"]
    assert encoded.token_type_ids.tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1]


def test_without_context_there_is_one_separator(encoder):
    [encoded] = encoder.encode([Example("He refused.")])
    assert tokens(encoded) == ["[CLS]", "he", "refused", ".", "[SEP]"]
    assert not encoded.token_type_ids.any()


def test_anyone_is_the_mean_of_the_sentence_without_its_context(encoder):
    [encoded] = encoder.encode([Example("He refused.", "Belmark asked.")])
    assert encoded.query_weights.tolist() == [pytest.approx([0, 1 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0, 0])]


def test_a_party_is_every_piece_of_its_name(encoder):
    text = "Ardania refused to leave Belmark."
    [encoded] = encoder.encode(
        [Example(text, "", (Candidate("Ardania", ((0, 7),)), Candidate("Belmark", ((25, 32),))))]
    )
    assert weighted(encoded, 1) == ["ardan", "##ia"]
    assert weighted(encoded, 2) == ["belmark"]


def test_two_mentions_of_a_party_count_alike(encoder):
    [encoded] = encoder.encode([Example("Belmark asked Belmark.", "", (Candidate("Belmark", ((0, 7), (14, 21))),))])
    assert encoded.query_weights[1] == pytest.approx([0, 0.5, 0, 0.5, 0, 0])


def test_a_carried_party_is_read_in_the_context(encoder):
    [encoded] = encoder.encode([Example("He refused.", "Belmark asked.", (Candidate("Belmark", (), ((0, 7),)),))])
    assert weighted(encoded, 1) == ["belmark"]
    assert encoded.query_weights[1, 5] == 1


def test_a_mention_in_the_sentence_outweighs_one_in_the_context(encoder):
    candidate = Candidate("Belmark", ((0, 2),), ((0, 7),))
    [encoded] = encoder.encode([Example("He refused.", "Belmark asked.", (candidate,))])
    assert weighted(encoded, 1) == ["he"]


def test_a_party_without_a_mention_is_read_as_the_whole_sentence(encoder):
    [encoded] = encoder.encode([Example("He refused.", "", (Candidate("Belmark"),))])
    assert encoded.query_weights[1].tolist() == encoded.query_weights[0].tolist()


def test_a_long_sentence_is_cut_at_its_end(encoder):
    [encoded] = encoder.encode([Example("Belmark " + "refused " * 5000)])
    assert tokens(encoded) == ["[CLS]", "belmark", *["refused"] * (MAX_SENTENCE_TOKENS - 1), "[SEP]"]


def test_a_party_named_behind_the_cut_is_read_as_the_whole_sentence(encoder):
    sentence = "refused " * 200 + "Belmark"
    [encoded] = encoder.encode([Example(sentence, "", (Candidate("Belmark", ((1600, 1607),)),))])
    assert encoded.query_weights[1].tolist() == encoded.query_weights[0].tolist()


def test_a_long_context_is_cut_at_its_end(encoder):
    candidates = (Candidate("Belmark", (), ((0, 7),)), Candidate("Ardania", (), ((4009, 4016),)))
    [encoded] = encoder.encode([Example("He left.", "Belmark; " + "refused " * 500 + "Ardania", candidates)])
    assert tokens(encoded)[-4:] == ["refused", "refused", "refused", "[SEP]"]
    assert encoded.token_type_ids.sum() == encoder.max_context_tokens + 1
    assert weighted(encoded, 1) == ["belmark"]
    assert encoded.query_weights[2].tolist() == encoded.query_weights[0].tolist()


def test_no_context_tokens_means_no_context(tokenizer_file):
    encoder = ExampleEncoder(tokenizer_file, max_context_tokens=0)
    with_context, without = encoder.encode([Example("He refused.", "Belmark asked."), Example("He refused.")])
    assert with_context.input_ids.tolist() == without.input_ids.tolist()


@pytest.mark.parametrize(
    "sentence", ["", "   ", "\u200b\u200d", "\x00", "𝔅𝔢𝔩𝔪𝔞𝔯𝔨 🏳️‍🌈", "e\u0301" * 3000, "x" * 100_000]
)
def test_the_weights_of_every_query_sum_to_one_for_any_text(encoder, sentence):
    candidates = (Candidate("Belmark", ((0, 3),)), Candidate("Ardania", (), ((0, 7),)))
    [encoded] = encoder.encode([Example(sentence, "Ardania asked.", candidates)])
    assert encoded.query_weights.shape == (3, len(encoded.input_ids))
    assert encoded.query_weights.sum(axis=1) == pytest.approx([1, 1, 1])


def test_characters_outside_the_basic_plane_do_not_shift_a_party(encoder):
    sentence = "🏳️ “Belmark” refused."
    start = sentence.index("Belmark")
    [encoded] = encoder.encode([Example(sentence, "", (Candidate("Belmark", ((start, start + 7),)),))])
    assert weighted(encoded, 1) == ["belmark"]


def test_padding_has_neither_attention_nor_weight(encoder):
    examples = [Example("He refused.", "Belmark asked.", (Candidate("Belmark", (), ((0, 7),)),)), Example("He")]
    encoded = encoder.encode(examples)
    inputs = pad(encoded)
    assert inputs["input_ids"].shape == (2, 9)
    assert inputs["query_weights"].shape == (2, 2, 9)
    assert inputs["attention_mask"].sum(axis=1).tolist() == [9, 3]
    assert not inputs["query_weights"][1, 1].any()
    assert not inputs["query_weights"][1, :, 3:].any()
    assert inputs["query_weights"][0].tolist() == encoded[0].query_weights.tolist()


def test_batches_hold_every_sentence_once_with_those_of_like_length(encoder):
    encoded = encoder.encode([Example("refused " * n) for n in (9, 1, 8, 2, 7, 3, 3)])
    batches = list(batches_by_length(encoded, 3))
    assert sorted(index for batch in batches for index in batch) == list(range(7))
    assert [sorted(len(encoded[index].input_ids) - 2 for index in batch) for batch in batches] == [
        [1, 2, 3],
        [3, 7, 8],
        [9],
    ]


def test_nothing_to_encode_gives_nothing(encoder):
    assert encoder.encode([]) == []
    assert list(batches_by_length([], 16)) == []


def test_half_a_surrogate_pair_is_read_like_any_unknown_character(encoder):
    [encoded] = encoder.encode([Example("Belmark \ud800 refused.")])
    assert np.isfinite(encoded.query_weights).all()

"""The linear model on words and pairs, held against scikit-learn's own TF-IDF."""

from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from stance.codebook import LABELS, Label
from stance.encoding import Encoded, pad
from stance.ngrams import FACTOR, INVERSE_PENALTY, MIN_COUNT, N_BUCKETS, START, NgramModel

CLS, SEP, REFUSES, OFFERS, ARDANIA, BELMARK, HE, RAIN = range(1, 9)


def asked(tokens, *parties, context=()):
    """A sentence, asked about as a whole and for each of ``parties``, a token that stands in it or in the context."""
    ids = [CLS, *tokens, SEP, *context, *([SEP] if context else [])]
    in_context = 2 + len(tokens)
    weights = np.zeros((1 + len(parties), len(ids)), dtype=np.float32)
    weights[0, 1 : in_context - 1] = 1 / len(tokens)
    for row, party in zip(weights[1:], parties, strict=True):
        row[ids.index(party)] = 1.0
    kinds = np.array([0] * in_context + [1] * (len(ids) - in_context))
    return Encoded(np.array(ids), kinds, weights)


def inputs(*encoded):
    return {name: torch.from_numpy(array) for name, array in pad(encoded).items()}


def rejection(*rows):
    """Labels of the queries of an example: each rejects, or not."""
    labels = np.zeros((len(rows), len(LABELS)), dtype=np.float32)
    labels[:, LABELS.index(Label.REJECTION)] = rows
    return labels


def fitted(*pairs):
    return NgramModel().fit(*zip(*pairs, strict=True))


def logits(model, *encoded):
    """Of a rejection, for each query of each example."""
    return model(**inputs(*encoded))[..., LABELS.index(Label.REJECTION)].numpy()


REFUSALS = [
    (asked([ARDANIA, REFUSES, BELMARK], ARDANIA, BELMARK), rejection(1, 1, 0)),
    (asked([BELMARK, REFUSES, ARDANIA], ARDANIA, BELMARK), rejection(1, 0, 1)),
    (asked([ARDANIA, OFFERS, BELMARK], ARDANIA, BELMARK), rejection(0, 0, 0)),
    (asked([BELMARK, OFFERS, ARDANIA], ARDANIA, BELMARK), rejection(0, 0, 0)),
]


def test_it_is_logistic_regression_on_tfidf_of_tokens_and_pairs():
    rng = np.random.default_rng(3)
    sentences = [rng.choice(np.arange(10, 30), rng.integers(2, 12), replace=False).tolist() for _ in range(80)]
    held = np.array([11 in sentence or 12 in sentence for sentence in sentences])
    model = fitted(*((asked(sentence), rejection(row)) for sentence, row in zip(sentences, held, strict=True)))

    def words(sentence):
        tokens = ["before", str(CLS), *map(str, sentence), str(SEP)]
        return [*tokens[1:], *map(" ".join, pairwise(tokens))]

    vectorizer = TfidfVectorizer(analyzer=words, min_df=MIN_COUNT)
    features = vectorizer.fit_transform(sentences)
    reference = LogisticRegression(C=INVERSE_PENALTY, solver="liblinear", fit_intercept=False).fit(features, held)
    found = logits(model, *map(asked, sentences))[:, 0]
    assert found == pytest.approx(reference.decision_function(features), abs=1e-3)
    assert np.ptp(found) > 1


def test_it_learns_that_the_holder_stands_before_the_verb():
    anyone, ardania, belmark = logits(fitted(*REFUSALS * 3), REFUSALS[1][0])[0]
    assert anyone > 0.3
    assert belmark > 0.3
    assert ardania < -0.3


def test_a_party_that_it_never_saw_is_read_like_the_others():
    model = fitted(*REFUSALS * 3)
    known, unknown = logits(model, asked([BELMARK, REFUSES, HE], BELMARK), asked([RAIN, REFUSES, HE], RAIN))
    assert unknown[1] == pytest.approx(known[1])


def test_the_context_is_not_read_but_a_party_named_there_alone_is_asked_about_otherwise():
    model = fitted(*REFUSALS * 3, (asked([HE, REFUSES], BELMARK, context=[BELMARK]), rejection(1, 1)))
    one, other = logits(
        model,
        asked([HE, REFUSES], BELMARK, context=[BELMARK]),
        asked([HE, REFUSES], ARDANIA, context=[RAIN, RAIN, ARDANIA]),
    )
    assert other == pytest.approx(one)
    assert one[1] != pytest.approx(one[0])


def test_an_answer_depends_neither_on_the_other_parties_nor_on_padding():
    model = fitted(*REFUSALS * 3)
    short, long = REFUSALS[0][0], asked([RAIN] * 9)
    assert logits(model, short, long)[0] == pytest.approx(logits(model, short)[0], abs=1e-6)
    alone = logits(model, asked([ARDANIA, REFUSES, BELMARK], BELMARK))[0]
    assert alone == pytest.approx(logits(model, short)[0, [0, 2]], abs=1e-6)


def test_a_label_that_no_sentence_has_is_left_to_the_network():
    given = fitted(*REFUSALS)(**inputs(REFUSALS[0][0])).numpy()
    others = [index for index, label in enumerate(LABELS) if label is not Label.REJECTION]
    assert not given[..., others].any()
    assert given[..., LABELS.index(Label.REJECTION)].any()


def test_words_that_it_never_saw_tell_it_nothing():
    model = fitted(*REFUSALS)
    one, other = logits(model, asked([77, 78, 79]), asked([97, 98, 99]))
    assert one == pytest.approx(other)
    assert one != pytest.approx(logits(model, asked([77, REFUSES, 79]))[0])


def test_before_it_learns_anything_it_says_nothing():
    assert not logits(NgramModel(), *(encoded for encoded, _ in REFUSALS)).any()


def test_a_token_said_twice_counts_as_two():
    model = fitted(*REFUSALS * 3)
    tokens = [CLS, REFUSES, REFUSES, SEP]
    pairs = [(before * FACTOR + token) % N_BUCKETS for before, token in pairwise([START, *tokens])]
    rows = model.table[[*tokens, *pairs]].double().sum(0)
    expected = rows[LABELS.index(Label.REJECTION)] / rows[-1].sqrt()
    assert logits(model, asked([REFUSES, REFUSES]))[0, 0] == pytest.approx(float(expected), abs=1e-5)


def test_fitting_it_again_begins_anew():
    model = fitted(*REFUSALS)
    encoded = [one for one, _ in REFUSALS]
    silent = [np.zeros_like(labels) for _, labels in REFUSALS]
    assert not logits(model.fit(encoded, silent), REFUSALS[0][0]).any()
    assert not logits(model.fit([], []), REFUSALS[0][0]).any()

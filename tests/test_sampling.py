"""Which sentences an epoch learns from."""

import numpy as np
import pytest

pytest.importorskip("torch")

from stance.encoding import Encoded
from stance.sampling import EasySkipper, losses_by_words

N = 4000
EASY = np.arange(N) % 4 > 0  # three quarters


def skipper(*, skipped_share=0.5, n_epochs=4, seed=3):
    """Told that the easy sentences have a loss of 0.1 and the others one of 2."""
    losses = np.where(EASY, 0.1, 2.0).astype(np.float32)
    return EasySkipper(losses, n_epochs=n_epochs, skipped_share=skipped_share, rng=np.random.default_rng(seed))


def test_the_last_epoch_learns_from_all():
    made = skipper()
    assert made.draw(3).tolist() == list(range(N))
    assert (made.weights == 1).all()


@pytest.mark.parametrize("epoch", [0, 1, 2])
def test_every_hard_sentence_is_learnt_from_in_every_epoch(epoch):
    made = skipper()
    drawn = made.draw(epoch)
    assert len(drawn) < N
    assert set(np.flatnonzero(~EASY)) <= set(drawn.tolist())
    assert (made.weights[~EASY] == 1).all()


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_the_share_of_easy_sentences_is_skipped(share):
    drawn = skipper(skipped_share=share).draw(1)
    assert EASY[drawn].sum() / EASY.sum() == pytest.approx(1 - share, abs=0.03)


def test_the_weights_make_up_for_the_skipped_sentences():
    made = skipper()
    losses = np.where(EASY, 0.1, 2.0)
    drawn = made.draw(1)
    assert (losses * made.weights)[drawn].sum() == pytest.approx(losses.sum(), rel=0.01)


def test_a_share_of_nothing_skips_nothing():
    made = skipper(skipped_share=0.0)
    assert made.draw(1).tolist() == list(range(N))
    assert (made.weights == 1).all()


def test_a_sentence_that_became_hard_is_learnt_from_again():
    made = skipper()
    made.record(np.flatnonzero(EASY)[:5].tolist(), np.full(5, 9.0, dtype=np.float32))
    assert set(np.flatnonzero(EASY)[:5]) <= set(made.draw(1).tolist())


def test_sentences_that_are_all_alike_are_all_learnt_from():
    made = EasySkipper(np.ones(3, dtype=np.float32), n_epochs=3, skipped_share=0.5, rng=np.random.default_rng(1))
    assert made.draw(1).tolist() == [0, 1, 2]


def test_what_is_recorded_later_leaves_the_given_losses_alone():
    given = np.ones(3, dtype=np.float32)
    EasySkipper(given, n_epochs=3, skipped_share=0.5, rng=np.random.default_rng(1)).record([0], np.zeros(1, np.float32))
    assert given.tolist() == [1, 1, 1]


def test_the_same_seed_draws_the_same_sentences():
    assert skipper().draw(1).tolist() == skipper().draw(1).tolist()
    assert skipper().draw(1).tolist() != skipper(seed=4).draw(1).tolist()


REFUSES, OFFERS = 3, 4


def said(word, number):
    """Two queries, for rarer words tell nothing, about a sentence of a word and its number, a word of its own."""
    ids = np.array([1, word, 10 + number, 2])
    return Encoded(ids, np.zeros(4, dtype=np.int64), np.array([[0, 0.5, 0.5, 0]] * 2, dtype=np.float32))


def judged(words, held):
    labels = [np.array([[one, 0, 0, 0]] * 2, dtype=np.float32) for one in held]
    return losses_by_words(list(map(said, words, range(len(words)))), labels, np.random.default_rng(1))


def test_what_the_others_contradict_has_the_greatest_loss():
    words = [REFUSES] * 30 + [OFFERS] * 30
    losses = judged(words, [0] + [1] * 29 + [0] * 30)
    assert losses.argmax() == 0
    assert losses[1:].max() < losses.mean() < losses[0]


def test_no_sentence_is_judged_by_what_it_taught():
    """Were it, the words that only it has would tell the label."""
    held = np.random.default_rng(2).integers(2, size=200).tolist()
    assert judged([REFUSES] * 200, held).mean() > 2 * 4 * np.log(2) - 0.2


@pytest.mark.parametrize("n_sentences", [0, 1, 2])
def test_a_few_sentences_are_judged_too(n_sentences):
    assert judged([REFUSES] * n_sentences, [1] * n_sentences).shape == (n_sentences,)

"""Which sentences an epoch learns from."""

import numpy as np
import pytest

from stance.sampling import EasySkipper

N = 4000
EASY = np.arange(N) % 4 > 0  # three quarters


def skipper(*, skipped_share=0.5, n_epochs=4, seed=3):
    """After a first epoch in which the easy sentences had a loss of 0.1 and the others one of 2."""
    made = EasySkipper(N, n_epochs=n_epochs, skipped_share=skipped_share, rng=np.random.default_rng(seed))
    made.record(made.draw(0).tolist(), np.where(EASY, 0.1, 2.0).astype(np.float32))
    return made


def test_the_first_and_the_last_epoch_learn_from_all():
    made = skipper()
    assert made.draw(0).tolist() == made.draw(3).tolist() == list(range(N))
    assert (made.weights == 1).all()


def test_every_hard_sentence_is_learnt_from_in_every_epoch():
    made = skipper()
    assert set(np.flatnonzero(~EASY)) <= set(made.draw(1).tolist())
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
    made = EasySkipper(3, n_epochs=3, skipped_share=0.5, rng=np.random.default_rng(1))
    made.record([0, 1, 2], np.ones(3, dtype=np.float32))
    assert made.draw(1).tolist() == [0, 1, 2]


def test_the_same_seed_draws_the_same_sentences():
    assert skipper().draw(1).tolist() == skipper().draw(1).tolist()
    assert skipper().draw(1).tolist() != skipper(seed=4).draw(1).tolist()

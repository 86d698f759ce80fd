"""Scores worked out by hand, and intervals that know what a report is."""

import numpy as np
import pytest

from stance.codebook import LABELS, Label
from stance.metrics import (
    METRICS,
    Outcome,
    actor_label_f1,
    actor_label_issue_f1,
    average_precision,
    calibration_bins,
    cohen_kappa,
    estimate,
    expected_calibration_error,
    f1,
    label_f1,
    macro_f1,
    micro_f1,
    none_f1,
    paired_difference,
    resample_clusters,
)

D, C, R, P = Label.DEMAND, Label.CONCESSION, Label.REJECTION, Label.PRECONDITION
NOTHING = ()


def codes(*sentences):
    """A row for each sentence, True in the columns of its labels."""
    return np.array([[label in held for label in LABELS] for held in sentences], dtype=bool)


def outcome(gold, predicted, probabilities=None, pairs=None, triples=None):
    n = len(gold)
    predicted = codes(*predicted)
    return Outcome(
        codes(*gold),
        predicted,
        predicted.astype(float) if probabilities is None else np.array(probabilities, dtype=float),
        np.zeros((n, 3), dtype=np.int64) if pairs is None else np.array(pairs),
        np.zeros((n, 3), dtype=np.int64) if triples is None else np.array(triples),
    )


def test_f1_is_the_harmonic_mean_of_precision_and_recall():
    precision, recall = 3 / 5, 3 / 4
    assert f1(np.array(4), np.array(5), np.array(3)) == pytest.approx(2 * precision * recall / (precision + recall))


def test_f1_of_nothing_to_find_and_nothing_found_is_zero():
    assert f1(np.array([0, 2]), np.array([0, 2]), np.array([0, 2])).tolist() == [0, 1]


def test_each_label_has_its_own_f1_in_label_order():
    result = outcome(gold=[(D,), (D,), (R,), (P,)], predicted=[(D,), (R,), (R,), NOTHING])
    assert label_f1(result) == pytest.approx([2 / 3, 0, 2 / 3, 0])


def test_macro_f1_leaves_out_labels_that_the_gold_does_not_hold():
    result = outcome(gold=[(D,), (R,)], predicted=[(D,), (C,)])
    assert macro_f1(result) == pytest.approx((1 + 0) / 2)


def test_micro_f1_pools_the_decisions():
    result = outcome(gold=[(D, P), (R,), NOTHING], predicted=[(D,), (R, C), (C,)])
    assert micro_f1(result) == pytest.approx(2 * 2 / (3 + 4))


def test_none_f1_scores_the_sentences_without_a_stance():
    result = outcome(gold=[NOTHING, NOTHING, (D,)], predicted=[NOTHING, (D,), NOTHING])
    assert none_f1(result) == pytest.approx(0.5)


def test_pairs_and_triples_are_pooled_over_the_sentences():
    result = outcome([(D,), (R,)], [(D,), (R,)], pairs=[(2, 1, 1), (0, 1, 0)], triples=[(2, 1, 0), (0, 1, 0)])
    assert actor_label_f1(result) == pytest.approx(2 * 1 / (2 + 2))
    assert actor_label_issue_f1(result) == 0


def test_average_precision_depends_on_the_order_of_the_probabilities_alone():
    gold = [(D,), NOTHING, (D,), NOTHING]
    column = np.array([0.9, 0.6, 0.5, 0.1])
    for scale in (0.1, 1.0):
        probabilities = np.column_stack([scale * column, *[np.zeros(4)] * 3])
        assert average_precision(outcome(gold, [NOTHING] * 4, probabilities)) == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_without_any_gold_label_every_score_is_a_number():
    result = outcome(gold=[NOTHING, NOTHING], predicted=[NOTHING, NOTHING])
    scores = {name: metric(result) for name, metric in METRICS.items()}
    assert scores == dict.fromkeys(METRICS, 0.0) | {"none_f1": 1.0}


def test_perfect_predictions_score_one_and_have_no_calibration_error():
    result = outcome([(D,), (C, P), (R,), NOTHING], [(D,), (C, P), (R,), NOTHING], pairs=[(1, 1, 1)] * 4,
                     triples=[(1, 1, 1)] * 4)  # fmt: skip
    scores = {name: metric(result) for name, metric in METRICS.items()}
    assert scores == dict.fromkeys(METRICS, 1.0) | {"expected_calibration_error": 0.0}


def test_calibration_error_is_the_distance_of_confidence_from_frequency():
    always_eighty = [[0.8, 0.8, 0.8, 0.8]] * 5
    result = outcome([(D, C)] * 5, [NOTHING] * 5, always_eighty)
    assert calibration_bins(result) == [(pytest.approx(0.8), 0.5, 20)]
    assert expected_calibration_error(result) == pytest.approx(0.3)


def test_certainty_falls_into_the_last_bin():
    result = outcome([(D,)], [(D,)], [[1.0, 0.95, 0.0, 0.05]])
    assert [(frequency, n) for _, frequency, n in calibration_bins(result)] == [(0.0, 2), (0.5, 2)]


def test_kappa_of_the_textbook_example():
    """Twenty and fifteen agreements, five and ten disagreements: observed 0.7, expected 0.5."""
    first = np.array([[1]] * 25 + [[0]] * 25)
    second = np.array([[1]] * 20 + [[0]] * 5 + [[1]] * 10 + [[0]] * 15)
    assert cohen_kappa(first, second) == pytest.approx(0.4)


def test_kappa_takes_the_set_of_labels_as_one_code():
    assert cohen_kappa(codes((D, P), (R,)), codes((D, P), (R,))) == pytest.approx(1)
    assert cohen_kappa(codes((D, P), (R,)), codes((D,), (R,))) == pytest.approx((0.5 - 0.25) / (1 - 0.25))


def test_kappa_is_one_where_both_annotators_give_a_single_code_throughout():
    assert cohen_kappa(codes(NOTHING, NOTHING), codes(NOTHING, NOTHING)) == 1


def test_a_resample_draws_whole_reports_as_many_as_there_are():
    clusters = np.array([0, 1, 1, 2, 2, 2])
    samples = resample_clusters(clusters, n_resamples=50, seed=1)
    for rows in samples:
        counts = np.bincount(rows, minlength=6)
        assert counts[1] == counts[2]
        assert counts[3] == counts[4] == counts[5]
        assert counts[0] + counts[1] + counts[3] == 3
    assert len({tuple(rows) for rows in samples}) > 1


def test_the_same_seed_draws_the_same_reports():
    clusters = np.arange(9)
    drawn = [np.concatenate(resample_clusters(clusters, n_resamples=5, seed=seed)) for seed in (1, 1, 2)]
    assert (drawn[0] == drawn[1]).all()
    assert (drawn[0] != drawn[2]).any()


def test_with_one_report_the_interval_is_the_score_itself():
    result = outcome([(D,), (R,), NOTHING], [(D,), NOTHING, NOTHING])
    score = estimate(result, np.zeros(3, dtype=np.int64), micro_f1, seed=1, n_resamples=20)
    assert score == (pytest.approx(2 / 3),) * 3


def test_sentences_that_err_together_in_a_report_widen_the_interval():
    gold = [(D,)] * 40
    predicted = [(D,)] * 20 + [NOTHING] * 20
    result = outcome(gold, predicted)
    by_sentence = estimate(result, np.arange(40), micro_f1, seed=1, n_resamples=200)
    by_report = estimate(result, np.repeat([0, 1, 2, 3], 10), micro_f1, seed=1, n_resamples=200)
    assert by_report.low < by_sentence.low < by_sentence.value < by_sentence.high < by_report.high


def test_a_classifier_does_not_differ_from_itself():
    result = outcome([(D,), (R,), NOTHING], [(D,), NOTHING, (C,)])
    assert paired_difference(result, result, np.arange(3), macro_f1, seed=1, n_resamples=50) == (0, 0, 0)


def test_a_paired_difference_can_be_clear_though_the_scores_own_intervals_overlap():
    """Half of the reports are hard for both; in every report the first finds one sentence more."""
    gold = [(D,)] * 30
    first = outcome(gold, [(D,), (D,), (D,)] * 5 + [(D,), NOTHING, NOTHING] * 5)
    second = outcome(gold, [(D,), (D,), NOTHING] * 5 + [NOTHING, NOTHING, NOTHING] * 5)
    reports = np.repeat(np.arange(10), 3)
    one, other = (estimate(result, reports, micro_f1, seed=1, n_resamples=200) for result in (first, second))
    difference = paired_difference(first, second, reports, micro_f1, seed=1, n_resamples=200)
    assert one.low < other.high
    assert difference.low > 0
    assert difference.value == pytest.approx(one.value - other.value)

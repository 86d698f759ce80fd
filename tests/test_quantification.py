"""Counts corrected for the errors of who counted."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from toy_reports import ERRING

from stance.codebook import ISSUES, LABELS, Issue, Label, StanceError
from stance.quantification import (
    FIRM,
    N_CELLS_AT_ONCE,
    N_CLASSES,
    POOLED_PAIRS,
    Confusion,
    MeasuredErrors,
    confusion,
    decided_counts,
    dispersion,
    firmness,
    sample_shares,
)

D, C, R, P = Label.DEMAND, Label.CONCESSION, Label.REJECTION, Label.PRECONDITION
FLAWLESS = Confusion(tuple(tuple(1000 * (row == column) for column in range(N_CLASSES)) for row in range(N_CLASSES)))


def interval(draws, confidence=0.9):
    return np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)


def test_a_pair_counts_under_its_true_and_its_decided_label():
    counts = np.array(confusion([(frozenset({D}), frozenset({C})), (frozenset(), frozenset())]).counts)
    assert counts[1 + LABELS.index(D), 1 + LABELS.index(C)] == 1
    assert counts[0, 0] == 1
    assert counts.sum() == 2


def test_of_several_labels_the_shared_ones_are_matched_first():
    counts = np.array(confusion([(frozenset({D, C}), frozenset({C, R})), (frozenset({P}), frozenset({P, D}))]).counts)
    place = {label: 1 + LABELS.index(label) for label in LABELS}
    assert counts[place[C], place[C]] == counts[place[D], place[R]] == counts[place[P], place[P]] == 1
    assert counts[place[P], [0, place[P], place[D]]].tolist() == [0, 1, 1]
    assert counts.sum() == 4


def test_what_is_decided_beyond_the_labels_of_a_pair_stands_with_them_in_the_place_of_a_miss():
    counts = np.array(
        confusion([(frozenset({D, C}), frozenset({D, C, R})), *[(frozenset({D}), frozenset())] * 2]).counts
    )
    demand, concession, rejection = (1 + LABELS.index(label) for label in (D, C, R))
    assert counts[demand, [0, demand, rejection]].tolist() == [1.5, 1, 0.5]
    assert counts[concession, [0, concession, rejection]].tolist() == [0, 1, 0.5]  # no miss that it could replace
    assert counts.sum() == 4.5


@pytest.mark.parametrize("n_none", [100, 10_000])
def test_labels_beyond_those_held_do_no_harm_where_stances_are_rarer_or_more_frequent(n_none):
    """A sixth of the demands is given a concession too; only the share of sentences without a stance changes."""
    kinds = [(frozenset({D}), frozenset({D, C}))] + [(frozenset({D}), frozenset({D}))] * 3
    kinds += [(frozenset({D}), frozenset())] * 2 + [(frozenset({C}), frozenset({C}))] * 2
    errors = confusion(kinds * 1000 + [(frozenset(), frozenset())] * 8000)
    decided = decided_counts(800 + n_none, {D: 400, C: 300, R: 0, P: 0})
    shares = sample_shares(np.array([decided]), errors, seed=1).mean(axis=0)[0]
    assert shares[1:3] / shares[1:].sum() == pytest.approx([0.75, 0.25], abs=0.02)


def test_errors_that_come_in_clusters_weigh_less():
    """Eight reports of ten sentences without a stance: in two of them all are given one. Stances are all found."""
    pairs = [(frozenset(), frozenset({D}) if report < 2 else frozenset()) for report in range(8) for _ in range(10)]
    pairs += [(frozenset({label}), frozenset({label})) for label in LABELS] * 10
    clustered = confusion(pairs, [report for report in range(12) for _ in range(10)])
    spread = confusion(pairs, [number % 10 for number in range(120)])
    assert clustered.counts == spread.counts == confusion(pairs).counts
    assert clustered.design_effects == pytest.approx((10 * 8 / 7, 1, 1, 1, 1))
    assert spread.design_effects == confusion(pairs).design_effects == (1,) * N_CLASSES
    decided = np.array([[550, 400, 20, 20, 10]])
    ends = [interval(sample_shares(decided, errors, seed=1)[:, 0, 0]) for errors in (spread, clustered)]
    assert np.ptp(ends[1]) > 1.5 * np.ptp(ends[0])


def test_design_effects_below_one_are_refused():
    with pytest.raises(StanceError, match="must be 5 numbers from 1"):
        Confusion(FLAWLESS.counts, (0.5, 1, 1, 1, 1))


def test_confusion_counts_of_another_shape_are_refused():
    with pytest.raises(StanceError, match="they must be 5 rows of 5 counts from 0"):
        Confusion(((1, 2), (3, 4)))


def test_decisions_are_counted_by_class_with_the_rest_as_none():
    assert decided_counts(10, {D: 2, C: 1, R: 0, P: 3}) == [4, 2, 1, 0, 3]


def test_a_flawless_classifier_is_not_corrected():
    decided = np.array([[700, 120, 60, 80, 40]])
    shares = sample_shares(decided, FLAWLESS, seed=1)
    assert shares.sum(axis=-1) == pytest.approx(1)
    assert shares.mean(axis=0)[0] == pytest.approx(decided[0] / 1000, abs=0.01)


def test_the_interval_of_a_flawless_classifier_is_that_of_the_stances_alone():
    low, high = interval(firmness(sample_shares(np.array([[0, 40, 50, 5, 5]]), FLAWLESS, seed=1)))
    assert low[0] == pytest.approx(0.418, abs=0.02)  # Beta(50.5, 50.5)
    assert high[0] == pytest.approx(0.582, abs=0.02)


def test_the_truth_behind_biased_counts_is_found_and_the_counts_themselves_are_off():
    truth = np.array([0.75, 0.03, 0.18, 0.02, 0.02])
    rates = np.array(ERRING.counts) / np.sum(ERRING.counts, axis=1, keepdims=True)
    decided = np.round(4000 * truth @ rates).astype(int)[None]
    found = decided[0][list(FIRM)].sum() / decided[0][1:].sum()
    low, high = interval(firmness(sample_shares(decided, ERRING, seed=1)), 0.95)
    true_firmness = truth[list(FIRM)].sum() / truth[1:].sum()
    assert low[0] < true_firmness < high[0]
    assert found > high[0]


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Two hundred cells with the errors that were measured: nine in ten 90 % intervals should hold it."""
    rng = np.random.default_rng(5)
    truth = np.array([0.7, 0.1, 0.1, 0.06, 0.04])
    rates = np.array(ERRING.counts) / np.sum(ERRING.counts, axis=1, keepdims=True)
    decided = rng.multinomial(200, truth @ rates, size=200)
    low, high = interval(firmness(sample_shares(decided, ERRING, seed=1)))
    true_firmness = truth[list(FIRM)].sum() / truth[1:].sum()
    assert 0.85 < np.mean((low <= true_firmness) & (true_firmness <= high)) <= 1


def test_fewer_decisions_and_more_dispersion_widen_the_interval():
    decided = np.array([[700, 120, 60, 80, 40]])

    def width(counts, factor=1.0):
        low, high = interval(firmness(sample_shares(counts, ERRING, seed=1, dispersion=factor)))
        return (high - low)[0]

    assert width(decided) < width(decided, 4.0) < width(decided // 20)


def test_no_decision_at_all_leaves_the_prior():
    draws = firmness(sample_shares(np.zeros((1, N_CLASSES), dtype=int), ERRING, seed=1))
    assert draws.mean() == pytest.approx(2 / 3, abs=0.05)  # two of three true stances in ERRING are firm
    assert np.isfinite(draws).all()


def test_the_same_seed_gives_the_same_draws():
    decided = np.array([[30, 4, 3, 2, 1]])
    assert (sample_shares(decided, ERRING, seed=7) == sample_shares(decided, ERRING, seed=7)).all()


def test_reports_that_agree_are_not_dispersed_and_opposite_ones_are():
    cells = np.array([0, 0, 0, 0])
    total = np.array([10, 10, 10, 10])
    assert dispersion(np.array([5, 5, 5, 5]), total, cells) == 1
    assert dispersion(np.array([10, 0, 10, 0]), total, cells) == pytest.approx(40 / 3)


def test_one_report_in_each_cell_tells_nothing_of_dispersion():
    assert dispersion(np.array([10, 0]), np.array([10, 10]), np.array([0, 1])) == 1


def test_errors_on_an_issue_lean_on_all_issues_where_there_is_no_stance():
    silent = Confusion(((500, 0, 0, 0, 0), *[(0,) * N_CLASSES] * 4))
    errors = MeasuredErrors(ERRING, {Issue.TALKS: FLAWLESS, Issue.JUSTICE: silent})
    talks, justice = (np.array(errors.on_issue(issue).counts) for issue in (Issue.TALKS, Issue.JUSTICE))
    assert justice[0].tolist() == [500, 0, 0, 0, 0]
    assert justice[1].tolist() == [0, POOLED_PAIRS, 0, 0, 0]
    assert talks[1].tolist() == [0, 1000 + POOLED_PAIRS, 0, 0, 0]


def test_measured_errors_come_back_from_json_with_their_design_effects():
    clustered = replace(FLAWLESS, design_effects=(2.5, 1.0, 1.5, 1.0, 1.0))
    errors = MeasuredErrors(ERRING, dict.fromkeys(ISSUES, clustered))
    assert MeasuredErrors.from_json(json.loads(json.dumps(asdict(errors)))) == errors
    assert errors.on_issue(Issue.TALKS).design_effects == clustered.design_effects


def test_draws_do_not_depend_on_how_many_threads_there_are(monkeypatch):
    decided = np.random.default_rng(1).integers(0, 50, size=(N_CELLS_AT_ONCE * 2 + 1, N_CLASSES))
    drawn = []
    for n_threads in (1, 4):
        monkeypatch.setattr("stance.quantification.N_THREADS", n_threads)
        drawn.append(sample_shares(decided, ERRING, seed=3))
    assert np.array_equal(*drawn)

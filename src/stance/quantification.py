"""How many stances there are, from how many an imperfect classifier found: counts corrected for its errors.

A classifier's counts are biased, and the bias moves with the true shares (Forman 2008, "Quantifying counts and costs
via classification"). If the errors that were measured on labelled reports are also made on the reports in question, the
shares that explain the counts can be inferred. That is done here by Bayesian quantification (Ziegler & Czyz 2023,
"Bayesian Quantification with Black-Box Estimators"), which keeps the shares valid, gives honest intervals for few
sentences, and carries the uncertainty about the error rates themselves.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, Final, Self

import numpy as np

from stance.arrays import Floats, Ints
from stance.codebook import FIRM_LABELS, LABELS, Issue, Label, StanceError

N_CLASSES: Final = 1 + len(LABELS)  # no stance, then the labels in their order
FIRM: Final = tuple(1 + LABELS.index(label) for label in FIRM_LABELS)
STANCE_PRIOR: Final = 2.0  # as much as two stances, of the labels as on the reports on which the errors were measured
NONE_PRIOR: Final = 1.0
ERROR_PRIOR: Final = 1.0  # of a row of error rates, spread evenly
POOLED_PAIRS: Final = 10.0  # of all issues, that tell of the errors on one
N_CHAINS: Final = 300  # each with error rates of its own, on which most of the uncertainty rests
N_EM_STEPS: Final = 30  # to start a chain where its shares are likely
N_BURN_IN: Final = 30
N_KEPT: Final = 10  # draws of each chain
THINNING: Final = 2
N_CELLS_AT_ONCE: Final = 50  # drawn together, from random numbers of their own; few, to save memory
N_THREADS: Final = min(8, os.cpu_count() or 1)  # each holds the draws of some cells


@dataclass(frozen=True, slots=True)
class Confusion:
    """What a classifier decided about parties whose stances are known.

    ``counts[true][decided]`` counts (sentence, party) pairs in labelled reports that were not trained on: 0 is no
    stance, then the labels in Label order. A pair with several labels counts once for each. What is decided beyond the
    labels that a pair holds stands in their rows, in the place of a miss. ``design_effects`` tells for each row by what
    factor its errors vary more from report to report than independent ones would: so many of its counts weigh as one.
    """

    counts: tuple[tuple[float, ...], ...]
    design_effects: tuple[float, ...] = (1.0,) * N_CLASSES

    def __post_init__(self) -> None:
        shape = [len(row) for row in self.counts]
        if shape != [N_CLASSES] * N_CLASSES or min(map(min, self.counts)) < 0:
            raise StanceError(
                f"confusion counts have rows of {shape}; they must be {N_CLASSES} rows of {N_CLASSES} counts from 0"
            )
        if len(self.design_effects) != N_CLASSES or min(self.design_effects) < 1:
            raise StanceError(f"design effects are {self.design_effects}; they must be {N_CLASSES} numbers from 1")


@dataclass(frozen=True, slots=True)
class MeasuredErrors:
    """A classifier's errors on labelled reports: which label it gave, and which label on each issue.

    In ``by_issue`` a stance on another issue is no stance; it is empty where nobody measured it. The reports hold few
    stances on any one issue: so ``on_issue`` adds what holds over all issues, and design effects are those of all.
    """

    labels: Confusion
    by_issue: Mapping[Issue, Confusion]

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """The errors of which ``dataclasses.asdict`` made ``record``."""
        by_issue = {Issue(issue): _confusion(one) for issue, one in record["by_issue"].items()}
        return cls(_confusion(record["labels"]), by_issue)

    def on_issue(self, issue: Issue) -> Confusion:
        """The errors on an issue, the rows of true stances with as much as ``POOLED_PAIRS`` pairs of all issues."""
        counts = np.asarray(self.by_issue[issue].counts, dtype=float)
        pooled = np.sum([confusion.counts for confusion in self.by_issue.values()], axis=0)
        for row in range(1, N_CLASSES):
            counts[row] += POOLED_PAIRS * pooled[row] / max(pooled[row].sum(), 1)
        return replace(self.by_issue[issue], counts=tuple(tuple(row) for row in counts.tolist()))


def confusion(
    pairs: Sequence[tuple[frozenset[Label], frozenset[Label]]], reports: Sequence[Hashable] | None = None
) -> Confusion:
    """Count (true labels, decided labels) of pairs: shared labels first, then those left over, in Label order.

    ``reports`` tells of each pair which report it is from: errors come in clusters, for what misleads a classifier in
    one sentence of a report is said again in another. Each row's design effect is that of the share of its right
    decisions (Rao & Scott 1992, "A simple method for the analysis of clustered binary data").

    A label decided beyond those that a pair holds comes with the stances, not with the sentences that have none: a
    correction that took it for a false alarm among the latter would expect as many of them where stances are rare. So
    the rows of the pair's labels share it, and have so much less in the column of no stance, but not less than 0.
    Where there is nothing left to take, a row sums to more than its stances.

    >>> truth, found = frozenset({Label.DEMAND}), frozenset({Label.CONCESSION})
    >>> confusion([(truth, truth), (truth, found), (truth, frozenset()), (truth, truth | found)]).counts[1]
    (0.0, 2.0, 2.0, 0.0, 0.0)
    """
    by_report: dict[Hashable, Floats] = {}
    for (true, decided), report in zip(pairs, [None] * len(pairs) if reports is None else reports, strict=True):
        counts = by_report.setdefault(report, np.zeros((N_CLASSES, N_CLASSES)))
        shared = [(label, label) for label in true & decided]
        left = [sorted(side, key=LABELS.index) for side in (true - decided, decided - true)]
        for row, column in [*shared, *zip_longest(*left)] or [(None, None)]:
            if row is None and true:
                rows = [_class(label) for label in true]
                counts[rows, _class(column)] += 1 / len(rows)
                counts[rows, 0] -= 1 / len(rows)
            else:
                counts[_class(row), _class(column)] += 1
    all_counts = np.array(list(by_report.values())).reshape(-1, N_CLASSES, N_CLASSES)
    effects = [_design_effect(all_counts[:, row, row], all_counts[:, row].sum(axis=-1)) for row in range(N_CLASSES)]
    return Confusion(tuple(map(tuple, all_counts.sum(axis=0).clip(min=0).tolist())), tuple(effects))


def decided_counts(n_pairs: int, counts: Mapping[Label, int]) -> list[int]:
    """Decisions on ``n_pairs`` (sentence, party) pairs by class, where each label was decided as often as given."""
    found = [counts[label] for label in LABELS]
    return [max(n_pairs - sum(found), 0), *found]


def sample_shares(
    decided: Ints, errors: Confusion, *, seed: int, dispersion: float = 1.0, checked: Ints | None = None
) -> Floats:
    """Draws from the posterior of the true share of each class.

    Each chain draws error rates from their posterior after ``errors``, takes steps of expectation maximisation towards
    the shares that are likely with them, then alternates between the true classes behind the decisions and their shares
    (data augmentation). All cells of a draw have the same error rates, so differences between cells keep what they have
    in common. The prior is worth two stances, with the labels in the proportions of the reports on which the errors
    were measured.

    The decisions do not inform the error rates; those that somebody has ``checked`` count as they are.

    Args:
        decided: decisions by class that nobody checked, shape (n_cells, 5), as of ``decided_counts``.
        errors: the classifier's measured errors.
        seed: of the draws.
        dispersion: by what factor decisions vary more than independent ones would; counts are divided by it.
        checked: pairs that somebody has checked by their true class, shape (n_cells, 5).

    Returns:
        shares, shape (n_draws, n_cells, 5), rows sum to 1.
    """
    rng = np.random.default_rng(seed)
    prior = _share_prior(errors)
    weighed = np.asarray(errors.counts) / np.asarray(errors.design_effects)[:, None]
    rates = _dirichlet(rng, weighed + ERROR_PRIOR / N_CLASSES, N_CHAINS)
    settled = np.zeros(decided.shape) if checked is None else checked / dispersion
    draws = np.empty((N_KEPT * N_CHAINS, len(decided), N_CLASSES), dtype=np.float32)
    blocks = [slice(first, first + N_CELLS_AT_ONCE) for first in range(0, len(decided), N_CELLS_AT_ONCE)]

    def fill(block: slice, own: np.random.Generator) -> None:
        draws[:, block] = _chains(own, decided[block] / dispersion, settled[block] + prior, rates, prior)

    with ThreadPoolExecutor(N_THREADS) as pool:  # NumPy lets other threads run while it draws
        list(pool.map(fill, blocks, rng.spawn(len(blocks))))
    return draws


def _chains(rng: np.random.Generator, decided: Floats, weights: Floats, rates: Floats, prior: Floats) -> Floats:
    """Draws of the shares of some cells, shape (n_draws, n_cells, 5), after what is known of them without errors."""
    fewer = np.broadcast_to(decided, (N_CHAINS, *decided.shape))
    counts = (np.floor(fewer) + (rng.random(fewer.shape) < fewer % 1)).astype(np.int64)
    shares: Floats = np.broadcast_to(prior / prior.sum(), fewer.shape)
    for _ in range(N_EM_STEPS):
        shares = _normalised(shares * ((counts / (shares @ rates)) @ np.swapaxes(rates, -1, -2)) + weights)
    kept = []
    for step in range(1, N_BURN_IN + N_KEPT * THINNING + 1):
        joint = np.swapaxes(shares[..., None] * rates[:, None], -1, -2)  # (n_chains, n_cells, decided, true)
        origins = rng.multinomial(counts, joint / joint.sum(axis=-1, keepdims=True))
        shares = _normalised(rng.standard_gamma(origins.sum(axis=-2) + weights))
        if step > N_BURN_IN and (step - N_BURN_IN) % THINNING == 0:
            kept.append(shares.astype(np.float32))
    return np.concatenate(kept)


def firmness(shares: Floats) -> Floats:
    """The share of firm stances among all stances, from shares whose last axis is the class."""
    result: Floats = shares[..., FIRM].sum(axis=-1) / shares[..., 1:].sum(axis=-1)
    return result


def dispersion(n_firm: Ints, n_stances: Ints, cells: Ints) -> float:
    """By what factor firmness varies more between the reports of a cell than independent stances would, at least 1.

    Pearson's statistic over its degrees of freedom, pooled over the cells (McCullagh & Nelder 1989, "Generalized Linear
    Models", section 4.5). 1 where no cell has two reports: then nothing tells of it.

    Args:
        n_firm: firm stances of each (cell, report) with a stance, shape (n_rows,).
        n_stances: all its stances.
        cells: the number of its cell.
    """
    _, numbers = np.unique(cells, return_inverse=True)
    n_reports, firm, total = (np.bincount(numbers, weights) for weights in (None, n_firm, n_stances))
    shares = (firm / np.maximum(total, 1))[numbers]
    told = (n_reports[numbers] > 1) & (shares > 0) & (shares < 1)
    expected = n_stances[told] * shares[told]
    freedom = told.sum() - len(np.unique(numbers[told]))
    statistic = ((n_firm[told] - expected) ** 2 / (expected * (1 - shares[told]))).sum()
    return max(1.0, float(statistic / freedom)) if freedom else 1.0


def _confusion(record: Mapping[str, Any]) -> Confusion:
    return Confusion(tuple(map(tuple, record["counts"])), tuple(record["design_effects"]))


def _design_effect(n_right: Floats, n_decisions: Floats) -> float:
    """How much the share of right decisions varies over reports that are given, over what chance alone would do."""
    n_reports, n_all = np.count_nonzero(n_decisions), n_decisions.sum()
    share = n_right.sum() / max(n_all, 1)
    if n_reports < 2 or not 0 < share < 1:
        return 1.0
    squares = ((n_right - n_decisions * share) ** 2).sum()
    return max(1.0, float(n_reports / (n_reports - 1) * squares / (n_all * share * (1 - share))))


def _class(label: Label | None) -> int:
    return 0 if label is None else 1 + LABELS.index(label)


def _share_prior(errors: Confusion) -> Floats:
    """No stance, then the labels in the proportions that they have in ``errors``."""
    n_true = np.asarray(errors.counts).sum(axis=1) + 1
    return np.array([NONE_PRIOR, *(STANCE_PRIOR * n_true[1:] / n_true[1:].sum())])


def _dirichlet(rng: np.random.Generator, weights: Floats, n_draws: int) -> Floats:
    return _normalised(rng.standard_gamma(weights, size=(n_draws, *weights.shape)))


def _normalised(gammas: Floats) -> Floats:
    """Each row over its sum; tiny numbers stand in for those that underflow to 0."""
    gammas = np.maximum(gammas, 1e-300)
    result: Floats = gammas / gammas.sum(axis=-1, keepdims=True)
    return result

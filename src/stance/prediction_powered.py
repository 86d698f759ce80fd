"""Firmness from hand checks: what a hand count of all sentences would give, told by a sample of them.

Prediction-powered inference (Angelopoulos et al. 2023, "Prediction-Powered Inference", Science 382) counts what a
classifier decided on everything and adds how far it was off where people looked. It does not rest on errors measured
elsewhere, only on checked decisions drawn at random, as ``review.draw`` does within each class decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np

from stance.codebook import FIRM_LABELS, Checked, Label
from stance.metrics import CONFIDENCE, N_DRAWS, Estimate

MIN_CHECKS: Final = 30  # of an actor; the interval of fewer spans two thirds of what is possible (LOG.md)
PRIOR: Final = {(0, 0): 1 / 3, (1, 1): 1 / 3, (0, 1): 1 / 3}  # one answer: no stance, a firm one or a concession


def checked_firmness(checked: Checked, *, seed: int) -> Estimate | None:
    """Firmness over all pairs, in [0, 1], with its 95 % interval; None with fewer than ``MIN_CHECKS`` or no stance.

    The value is a ratio of totals, of firm labels and of all. Either total is, over all pairs, the labels decided, and
    over the checked pairs, labels true less labels decided, each times N / n: of N pairs of a class decided (a set of
    labels) n were checked. As all pairs of a class have the same decision, that is N times the mean of the answers, and
    power tuning (Angelopoulos, Duchi & Zrnic 2023, "PPI++") has nothing to tune. Where n is 0 the decision stands.

    The interval is that of draws from the posterior of these totals (Hofer et al. 2024, "Bayesian Prediction-Powered
    Inference"): each class has shares of answers of its own, after a prior worth one answer, and its unchecked pairs
    are drawn by them. One of linearised variances misses too often: where many decisions of none stand behind a dozen
    checks without a miss, it takes for certain that nothing was missed. The draw was of pairs, not of reports, so
    answers of one report need no further allowance (Abadie et al. 2023, "When Should You Adjust Standard Errors for
    Clustering?", QJE 138).

    >>> demand, concession = frozenset({Label.DEMAND}), frozenset({Label.CONCESSION})
    >>> answers = [(demand, demand)] * 30 + [(demand, concession)] * 10
    >>> firmness = checked_firmness(Checked({demand: 200}, tuple(answers)), seed=1)
    >>> print(*(f"{number:.2f}" for number in firmness))
    0.75 0.62 0.86
    """
    if len(checked.answers) < MIN_CHECKS:
        return None
    rng = np.random.default_rng(seed)
    total, draws = np.zeros(2), np.zeros((N_DRAWS, 2))
    for decided in sorted(checked.n_decided, key=sorted):
        answers = Counter(firm_and_all(true) for found, true in checked.answers if found == decided)
        kinds = sorted({*answers, *PRIOR})
        values, counts = np.array(kinds), np.array([answers[kind] for kind in kinds])
        n_checked, known = answers.total(), counts @ values
        n_unchecked = checked.n_decided[decided] - n_checked
        total += known + n_unchecked * (known / n_checked if n_checked else np.array(firm_and_all(decided)))
        shares = rng.dirichlet(counts + [PRIOR.get(kind, 0.0) for kind in kinds], size=N_DRAWS)
        draws += known + rng.multinomial(n_unchecked, shares) @ values
    if not total[1]:
        return None
    value = float(total[0] / total[1])
    held = draws[draws[:, 1] > 0]
    low, high = np.quantile(held[:, 0] / held[:, 1], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(value, min(float(low), value), max(float(high), value))


def firm_and_all(labels: Iterable[Label]) -> tuple[int, int]:
    """How many of the labels are firm, and how many there are."""
    given = set(labels)
    return len(given.intersection(FIRM_LABELS)), len(given)

"""How often a change point is found where there is none, and whether a real one is found where it is.

    python benchmarks/change_points.py       # some minutes; writes benchmarks/change_points.md

Series of firmness are simulated, 4 to 20 stances a period, and searched by ``stance.change_points`` and, side by side,
by ruptures (Truong, Oudre & Vayatis 2020): PELT on the same shares with a penalty of two logarithms of the number of
periods times their variance, as the Bayesian information criterion has it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
import ruptures
from tqdm import tqdm

from stance.arrays import Floats
from stance.change_points import MIN_SEGMENT, segment

HERE: Final = Path(__file__).parent
N_SERIES: Final = 200
LENGTHS: Final = (8, 12, 24, 60)
TOLERANCE: Final = 1  # periods between a change and where it is found
SEED: Final = 1


@dataclass(frozen=True, slots=True)
class World:
    """How the true firmness of a series runs, and where it changes."""

    name: str
    firmness: Callable[[int, np.random.Generator], Floats]
    changes: Callable[[int], Sequence[int]]


def drifting(n_periods: int, rng: np.random.Generator) -> Floats:
    """Firmness that keeps half of each deviation for the next period, without a break."""
    deviation = np.zeros(n_periods)
    for period in range(1, n_periods):
        deviation[period] = 0.5 * deviation[period - 1] + rng.normal(0, 0.1)
    return np.clip(0.65 + deviation, 0, 1)


def stepping(*levels: float) -> Callable[[int, np.random.Generator], Floats]:
    """Firmness that stays at each level for as long."""
    return lambda n_periods, _: np.repeat(levels, [len(part) for part in np.array_split(range(n_periods), len(levels))])


def edges(n_parts: int) -> Callable[[int], Sequence[int]]:
    """Where each of as many parts but the first begins."""
    return lambda n_periods: [int(part[0]) for part in np.array_split(range(n_periods), n_parts)[1:]]


WORLDS: Final = (
    World("constant, 0.65", stepping(0.65), edges(1)),
    World("random from period to period, 0.65 ± 0.1", lambda n, rng: np.clip(rng.normal(0.65, 0.1, n), 0, 1), edges(1)),
    World("waves: half of a deviation stays, ± 0.1", drifting, edges(1)),
    World("one change, 0.8 to 0.6", stepping(0.8, 0.6), edges(2)),
    World("one change, 0.8 to 0.4", stepping(0.8, 0.4), edges(2)),
    World("there and back, 0.8, 0.4, 0.8", stepping(0.8, 0.4, 0.8), edges(3)),
)


def main() -> int:
    """Search all series and write the table."""
    rng = np.random.default_rng(SEED)
    lines = [
        "# Change points",
        "",
        f"`python benchmarks/change_points.py`: {N_SERIES} series of each kind and length, 4 to 20 stances a period. "
        "Any: series with a change point; all right: with as many as there are, each at most one period off.",
        "",
        "| firmness | periods | any, stance | any, ruptures | all right, stance | all right, ruptures |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for world, length in tqdm(list(product(WORLDS, LENGTHS)), unit="setting", disable=None):
        searched = [search(world, length, rng) for _ in range(N_SERIES)]
        ours, theirs = ([sides[side] for sides in searched] for side in (0, 1))
        truth = world.changes(length)
        any_found = [f"{np.mean([bool(found) for found in side]):.2f}" for side in (ours, theirs)]
        right = [f"{np.mean([is_right(found, truth) for found in side]):.2f}" for side in (ours, theirs)]
        lines.append(f"| {world.name} | {length} | {' | '.join([*any_found, *(right if truth else ('', ''))])} |")
    text = "\n".join([*lines, ""])
    (HERE / "change_points.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


def search(world: World, n_periods: int, rng: np.random.Generator) -> tuple[list[int], list[int]]:
    """Where each of the two finds a change point in a new series."""
    n_stances = rng.integers(4, 21, n_periods)
    shares = rng.binomial(n_stances, world.firmness(n_periods, rng)) / n_stances
    ours = [place for place, _ in segment(shares, n_stances.astype(float))]
    penalty = 2 * np.log(n_periods) * max(shares.var(), 1e-9)
    theirs = ruptures.Pelt(model="l2", min_size=MIN_SEGMENT, jump=1).fit(shares).predict(pen=penalty)
    return ours, theirs[:-1]


def is_right(found: Sequence[int], truth: Sequence[int]) -> bool:
    """Whether all changes are found, in their places, and nothing else."""
    pairs = zip(found, truth, strict=False)
    return len(found) == len(truth) and all(abs(place - true) <= TOLERANCE for place, true in pairs)


if __name__ == "__main__":
    sys.exit(main())

"""Which reports are copies of others: a wire report printed by ten papers is one report."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import numpy as np

from stance.arrays import Ints
from stance.codebook import Report

SHINGLE_WORDS: Final = 5
SIMILARITY: Final = 0.7  # Jaccard, of the sets of shingles
N_HASH_FUNCTIONS: Final = 128


def syndicated(reports: Iterable[Report]) -> dict[str, str]:
    """The copies among ``reports``, by their id, each with the id of the first report that it copies.

    >>> text = "Belmark said on Monday that it would not leave the delta before Ardania had opened its port."
    >>> syndicated([Report("a", text), Report("b", text + " (Reuters)"), Report("c", "It rained all day.")])
    {'b': 'a'}
    """
    finder = CopyFinder()
    copies = {report.report_id: finder.copy_of(report) for report in reports}
    return {report_id: original for report_id, original in copies.items() if original}


class CopyFinder:
    """Says of each report, as they come, which earlier one it copies.

    Two reports are copies if the sets of their runs of five words have a Jaccard similarity of at least 0.7. Candidates
    are found by MinHash with locality-sensitive hashing (Broder 1997, "On the resemblance and containment of
    documents"), then compared exactly.

    Args:
        n_remembered: how many reports it looks back on, the latest; None for all.
    """

    def __init__(self, n_remembered: int | None = None) -> None:
        from datasketch import MinHashLSH

        self._n_remembered = n_remembered
        self._index = MinHashLSH(threshold=SIMILARITY, num_perm=N_HASH_FUNCTIONS)
        self._seen: dict[int, tuple[str, Ints]] = {}  # by number, in order: id, and the hashes of its shingles
        self._n_reports = 0

    def copy_of(self, report: Report) -> str:
        """The id of the earliest remembered report that ``report`` copies, or ""; it is remembered from now on."""
        from datasketch import MinHash

        shingles = _shingles(report.text)
        sketch = MinHash(num_perm=N_HASH_FUNCTIONS)
        sketch.update_batch([shingle.encode() for shingle in shingles])
        numbers = np.fromiter(map(hash, shingles), dtype=np.int64, count=len(shingles))
        near = [key for key in self._index.query(sketch) if _similarity(self._seen[key][1], numbers) >= SIMILARITY]
        self._seen[self._n_reports] = report.report_id, numbers
        self._index.insert(self._n_reports, sketch)
        self._n_reports += 1
        if self._n_remembered is not None and len(self._seen) > self._n_remembered:
            oldest = next(iter(self._seen))
            del self._seen[oldest]
            self._index.remove(oldest)
        return self._seen[min(near)][0] if near else ""


def _shingles(text: str) -> frozenset[str]:
    words = re.findall(r"\w+", text.lower())
    return frozenset(" ".join(words[start : start + SHINGLE_WORDS]) for start in range(max(1, len(words) - 4)))


def _similarity(one: Ints, other: Ints) -> float:
    """The Jaccard similarity of two sets of numbers."""
    n_shared = len(np.intersect1d(one, other, assume_unique=True))
    return n_shared / (len(one) + len(other) - n_shared)

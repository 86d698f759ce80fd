"""Which reports are copies of others: a wire report printed by ten papers is one report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from stance.codebook import Report

SHINGLE_WORDS: Final = 5
SIMILARITY: Final = 0.7  # Jaccard, of the sets of shingles
N_PERMUTATIONS: Final = 128


def syndicated(reports: Sequence[Report]) -> dict[str, str]:
    """The copies among ``reports``, by their id, each with the id of the first report that it copies.

    Two reports are copies if the sets of their runs of five words have a Jaccard similarity of at least 0.7. Candidates
    are found by MinHash with locality-sensitive hashing (Broder 1997, "On the resemblance and containment of
    documents"), then compared exactly. A copy of a copy is one of the first.

    >>> text = "Belmark said on Monday that it would not leave the delta before Ardania had opened its port."
    >>> syndicated([Report("a", text), Report("b", text + " (Reuters)"), Report("c", "It rained all day.")])
    {'b': 'a'}
    """
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=SIMILARITY, num_perm=N_PERMUTATIONS)
    originals: dict[str, frozenset[str]] = {}
    copies: dict[str, str] = {}
    for report in reports:
        shingles = _shingles(report.text)
        sketch = MinHash(num_perm=N_PERMUTATIONS)
        sketch.update_batch([shingle.encode() for shingle in shingles])
        near = [known for known in index.query(sketch) if _similarity(originals[known], shingles) >= SIMILARITY]
        if near:
            copies[report.report_id] = min(near, key=list(originals).index)
        else:
            originals[report.report_id] = shingles
            index.insert(report.report_id, sketch)
    return copies


def _shingles(text: str) -> frozenset[str]:
    words = re.findall(r"\w+", text.lower())
    return frozenset(" ".join(words[start : start + SHINGLE_WORDS]) for start in range(max(1, len(words) - 4)))


def _similarity(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)

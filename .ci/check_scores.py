"""Hold the released model and the fast training against their recorded scores; exit code 1 where one has moved.

    python .ci/check_scores.py build/fast/reports/evaluation.json

The released model's macro-F1 on the frozen test may differ from the one in its ``meta.json`` by 0.01; the fast
model's on the seeds may fall 0.05 below the one in ``.ci/recorded.json``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
RELEASED_TOLERANCE = 0.01
FAST_TOLERANCE = 0.05


def main(fast_evaluation: Path) -> int:
    """Print both comparisons; returns the exit code."""
    meta = json.loads((HOME / "models/transformer/meta.json").read_text(encoding="utf-8"))
    expected = meta["evaluations"]["frozen test"]["scores"]["macro_f1"]["value"]
    command = [sys.executable, "-m", "stance", "evaluate", "data/corpus.csv", "--splits", "data/splits.csv", "--json"]
    output = subprocess.run(command, cwd=HOME, check=True, capture_output=True, text=True).stdout  # noqa: S603
    released = json.loads(output)["scores"]["macro_f1"]["value"]
    moved = abs(released - expected) > RELEASED_TOLERANCE
    print(f"released model, frozen test: macro-F1 {released:.4f}, recorded {expected:.4f}{' - MOVED' * moved}")

    recorded = json.loads((HOME / ".ci/recorded.json").read_text(encoding="utf-8"))["fast_seeds_macro_f1"]
    evaluations = json.loads(fast_evaluation.read_text(encoding="utf-8"))["evaluations"]
    fast = next(e for e in evaluations if e["classifier"] == "transformer" and e["test"] == "seeds")
    value = fast["scores"]["macro_f1"]["value"]
    fell = value < recorded - FAST_TOLERANCE
    print(f"fast model, seeds: macro-F1 {value:.4f}, recorded {recorded:.4f}{' - FELL' * fell}")
    return int(moved or fell)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

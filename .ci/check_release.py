"""Hold the version, the stored models and the figures that people read against each other; exit code 1 for a fault.

python .ci/check_release.py
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from stance import StanceError, __version__
from stance.artefacts import check_files, read_meta
from stance.evaluation_report import environment

HOME: Final = Path(__file__).resolve().parent.parent
MODELS: Final = ("tfidf", "transformer")
SCORES: Final = ("macro_f1", "actor_label_f1", "actor_label_issue_f1", "expected_calibration_error")
_HEADING: Final = re.compile(r"^## (\S+)(?: \((\S+)\))?$", re.MULTILINE)
_CITED: Final = re.compile(r"^(version|date-released): (\S+)$", re.MULTILINE)


def version_faults(version: str, citation: str, changelog: str) -> Iterator[str]:
    """Where the version of the package, the citation and the first heading of the changelog differ."""
    cited = dict(_CITED.findall(citation))
    if cited.get("version") != version:
        yield f"CITATION.cff: version {cited.get('version')}; the package says {version}"
    heading = _HEADING.search(changelog)
    name, date = heading.groups() if heading else (None, None)
    if name != version:
        yield f"CHANGELOG.md: the first heading is {name}; the package says {version}"
    elif date != cited.get("date-released"):
        yield f"CHANGELOG.md: {version} is dated {date}; CITATION.cff says {cited.get('date-released')}"


def model_faults(folder: Path) -> Iterator[str]:
    """What is wrong in the folder of a stored model: its files, or the scores in its card."""
    try:
        meta = read_meta(folder)
        check_files(folder, meta)
    except StanceError as error:
        yield str(error)
        return
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    estimate = environment().filters["estimate"]
    for test, evaluation in meta["evaluations"].items():
        row = " | ".join([test, *(estimate(evaluation["scores"][score]) for score in SCORES)])
        if f"| {row} |" not in card.splitlines():
            yield f"{folder / 'MODEL_CARD.md'}: no line | {row} | as meta.json says"


def readme_faults(readme: str, evaluations: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Rows of the README's table of quality that are not those of the evaluation, rounded."""
    scores = {(one["test"], one["classifier"]): one["scores"] for one in evaluations}
    table = readme.partition("\n| test | classifier |")[2].split("\n\n")[0].splitlines()[2:]
    if not table:
        yield "README.md: no table of quality with the columns test and classifier"
    for line in table:
        test, classifier, *figures = (cell.strip() for cell in line.strip("| ").split("|"))
        found = scores.get((test, classifier))
        if found is None:
            yield f"README.md: {classifier} on {test} is not in reports/evaluation.json"
            continue
        expected = [_rounded(found[score]) for score in SCORES[:-1]] + [f"{found[SCORES[-1]]['value']:.3f}"]
        if figures != expected:
            yield f"README.md: {classifier} on {test}: {', '.join(figures)}; evaluation.json says {', '.join(expected)}"


def _rounded(estimate: Mapping[str, float]) -> str:
    return f"{estimate['value']:.2f} [{estimate['low']:.2f}, {estimate['high']:.2f}]"


def main() -> int:
    """Print what disagrees; returns the exit code."""
    texts = {name: (HOME / name).read_text(encoding="utf-8") for name in ("CITATION.cff", "CHANGELOG.md", "README.md")}
    evaluation = json.loads((HOME / "reports/evaluation.json").read_text(encoding="utf-8"))
    faults = [
        *version_faults(__version__, texts["CITATION.cff"], texts["CHANGELOG.md"]),
        *(fault for name in MODELS for fault in model_faults(HOME / "models" / name)),
        *readme_faults(texts["README.md"], evaluation["evaluations"]),
    ]
    print("\n".join(faults) or f"release {__version__}: version, models and figures agree")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())

"""What ``.ci/check_release.py`` finds before a release."""

import importlib.util
import json
import re
import shutil
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("check_release", PROJECT / ".ci/check_release.py")
check = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(check)

CITATION = "version: 1.2.0\ndate-released: 2030-01-09\n"
CHANGELOG = "# Changelog\n\n## 1.2.0 (2030-01-09)\n\n* More.\n\n## 1.1.0 (2029-01-01)\n"
SCORE = {"value": 0.7349, "low": 0.6951, "high": 0.7704}
EVALUATIONS = [{"test": "seeds", "classifier": "cue words", "scores": dict.fromkeys(check.SCORES, SCORE)}]
README = """Before.

| test | classifier | macro-F1 | a | b | error |
| --- | --- | --- | --- | --- | --- |
| seeds | cue words | 0.73 [0.70, 0.77] | 0.73 [0.70, 0.77] | 0.73 [0.70, 0.77] | 0.735 |

After.
"""


@pytest.mark.parametrize(
    ("version", "citation", "changelog", "faults"),
    [
        ("1.2.0", CITATION, CHANGELOG, []),
        ("1.3.0", CITATION, CHANGELOG, ["CITATION.cff: version 1.2.0", "CHANGELOG.md: the first heading is 1.2.0"]),
        ("1.2.0", CITATION, CHANGELOG.replace("01-09", "01-10"), ["CHANGELOG.md: 1.2.0 is dated 2030-01-10"]),
        ("1.2.0", CITATION, "## Unreleased\n" + CHANGELOG, ["CHANGELOG.md: the first heading is Unreleased"]),
        ("1.2.0", "", CHANGELOG, ["CITATION.cff: version None", "CHANGELOG.md: 1.2.0 is dated 2030-01-09"]),
    ],
)
def test_the_version_stands_everywhere(version, citation, changelog, faults):
    found = list(check.version_faults(version, citation, changelog))
    assert len(found) == len(faults)
    assert all(map(str.startswith, found, faults))


@pytest.mark.parametrize(
    ("readme", "faults"),
    [
        (README, []),
        (README.replace("0.735", "0.734"), ["cue words on seeds: 0.73 .*; evaluation.json says"]),
        (README.replace("| seeds", "| frozen test"), ["README.md: cue words on frozen test is not in"]),
        ("No table.", ["README.md: no table of quality"]),
    ],
)
def test_the_figures_of_the_readme_are_those_of_the_evaluation(readme, faults):
    found = list(check.readme_faults(readme, EVALUATIONS))
    assert len(found) == len(faults)
    for told, fault in zip(found, faults, strict=True):
        assert re.search(fault, told)


def test_the_readme_of_this_checkout_has_the_figures_of_its_evaluation():
    evaluation = json.loads((PROJECT / "reports/evaluation.json").read_text(encoding="utf-8"))
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert list(check.readme_faults(readme, evaluation["evaluations"])) == []


@pytest.mark.parametrize("kind", check.MODELS)
def test_the_stored_models_of_this_checkout_are_whole_and_their_cards_true(kind):
    assert list(check.model_faults(PROJECT / "models" / kind)) == []


def test_a_score_that_was_changed_in_a_card_is_told(tmp_path):
    folder = shutil.copytree(PROJECT / "models/tfidf", tmp_path / "tfidf")
    card = folder / "MODEL_CARD.md"
    text = card.read_text(encoding="utf-8")
    [score] = re.findall(r"^\| frozen test \| (0\.\d+) \[", text, re.MULTILINE)
    card.write_text(text.replace(f"| frozen test | {score} [", "| frozen test | 0.999 ["), encoding="utf-8")
    [fault] = check.model_faults(folder)
    assert fault.startswith(f"{card}: no line | frozen test | {score} [")
    (folder / "model.skops").unlink()
    [fault] = check.model_faults(folder)
    assert "model.skops: no such file" in fault

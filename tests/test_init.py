"""The public face: small, sorted and light to import."""

import subprocess
import sys
from pathlib import Path

import pytest

import stance
from stance.paths import MODELS

PROJECT = Path(__file__).parents[1]
HEAVY = {
    "torch",
    "onnx",
    "transformers",
    "sklearn",
    "pandas",
    "scipy",
    "datasets",
    "pyarrow",
    "matplotlib",
    "py3langid",
    "trafilatura",
}
STUB = """
import numpy as np
import stance.runtime
from stance.actors import ActorTable
from stance.artefacts import StoredModel
from stance.classify import StanceClassifier
from stance.paths import ACTORS
from stance.predictions import DecisionRule, Probabilities
class Stub:
    def predict_proba(self, examples):
        return [Probabilities(np.ones((e.n_queries, 4)), np.ones((e.n_queries, 4, 10))) for e in examples]
classifier = StanceClassifier(StoredModel(Stub(), DecisionRule(), {}), ActorTable.read(ACTORS))
assert classifier.text("Belmark refused.", None).labels
"""


def loaded_by(code):
    """The top-level packages that a fresh interpreter holds after running ``code``."""
    program = f"import sys\n{code}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def test_the_public_names_are_sorted_and_few():
    assert stance.__all__ == sorted(stance.__all__)
    assert len(stance.__all__) <= 10
    assert {"classify", "classify_report", "Classification", "StanceError"} <= set(stance.__all__)


def test_every_public_name_exists_and_says_what_it_is():
    assert [name for name in stance.__all__ if not getattr(stance, name).__doc__] == []


def test_a_star_import_gives_the_public_names_alone():
    names = {}
    exec("from stance import *", names)  # noqa: S102 - the only way to star-import within a function
    assert set(names) - {"__builtins__"} == set(stance.__all__)


def test_the_version_is_three_numbers():
    assert [part.isdigit() for part in stance.__version__.split(".")] == [True] * 3


def test_importing_the_package_loads_no_heavy_library():
    loaded = loaded_by("import stance")
    assert "stance" in loaded
    assert not loaded & {*HEAVY, "onnxruntime", "tokenizers", "skops"}


def test_the_path_of_classification_loads_no_heavy_library():
    loaded = loaded_by(STUB)
    assert "onnxruntime" in loaded
    assert not loaded & HEAVY


@pytest.mark.skipif(not (MODELS / "transformer" / "meta.json").is_file(), reason="no released model is stored")
def test_classifying_with_the_released_model_loads_no_heavy_library():
    loaded = loaded_by("from stance import classify\nassert classify('Belmark refused.').text")
    assert not loaded & HEAVY


def test_the_citation_names_this_version():
    assert f"\nversion: {stance.__version__}\n" in (PROJECT / "CITATION.cff").read_text(encoding="utf-8")

"""The wheel holds all that classifying needs."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ASK = (
    "import json, stance, sys; result = stance.classify('Kyiv will not cede territory.', date='2025-05-31'); "
    "print(json.dumps([stance.__file__, result.label, [s.actor for s in result.stances], 'torch' in sys.modules]))"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (path,) = folder.glob("stance-*.whl")
    return path


def test_the_wheel_carries_the_released_models_and_the_parties_but_no_corpus(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for needed in ("models/transformer/model.onnx", "models/tfidf/model.skops", "data/actors.csv"):
        assert any(name.endswith(needed) for name in names), needed
    assert not [name for name in names if "corpus" in name or "checkpoint" in name]


def test_installed_outside_the_checkout_it_classifies(wheel, tmp_path):
    site = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    environment = {**os.environ, "PYTHONPATH": str(site), "no_proxy": "", "https_proxy": "http://127.0.0.1:9"}
    answer = subprocess.run(
        [sys.executable, "-c", ASK], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    place, label, actors, heavy = json.loads(answer.stdout)
    assert Path(place).is_relative_to(site)
    assert (label, actors, heavy) == ("rejection", ["Ukraine"], False)

"""Stored models: whole, checked before they are read, and swapped without a gap."""

import json
import os
import shutil
import signal
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from stance.artefacts import META, load_model, replace_folder, write_meta
from stance.baseline import TfidfBaseline
from stance.codebook import CODEBOOK_VERSION, LABELS, Candidate, Example, Issue, Label, Source, Stance, StanceError
from stance.dataset import LabelledExample, targets
from stance.labels import LabelledSentence
from stance.predictions import DecisionRule

RULE = DecisionRule(temperature=1.25, label_threshold=0.45, actor_threshold=0.3, issue_threshold=0.2)
VERBS = dict(zip(LABELS, ("demanded", "agreed to", "rejected", "will talk only after"), strict=True))
THINGS = {Issue.CEASEFIRE: "a truce", Issue.ECONOMY: "a tariff cut"}
REFUSAL = Example("Belmark rejected a truce.", "", (Candidate("Belmark", ((0, 7),)),))


def labelled(label, issue):
    text = f"Belmark {VERBS[label]} {THINGS[issue]}."
    sentence = LabelledSentence("r1", 1, None, "delta", text, Source.AUTHORED, (Stance("Belmark", label, issue),))
    return LabelledExample(sentence, Example(text, "", REFUSAL.candidates))


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A small TF-IDF model with its ``meta.json``."""
    folder = tmp_path_factory.mktemp("models") / "tfidf"
    items = [labelled(label, issue) for label in LABELS for issue in THINGS] * 2
    TfidfBaseline().fit([item.example for item in items], [targets(item) for item in items]).save(folder)
    write_meta(folder, "tfidf", RULE, {"data_hash": "abc"})
    return folder


@pytest.fixture
def model(stored, tmp_path):
    """A copy of the stored model that a test may damage."""
    return shutil.copytree(stored, tmp_path / "tfidf")


def rewrite_meta(folder, **changes):
    path = folder / META
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def put(folder, name, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def contents(folder):
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.txt")}


def test_a_stored_model_comes_back_with_its_rule_and_details(model):
    loaded = load_model(model)
    assert loaded.rule == RULE
    assert loaded.meta["data_hash"] == "abc"
    assert loaded.meta["codebook_version"] == CODEBOOK_VERSION
    [found] = loaded.classifier.predict_proba([REFUSAL])
    assert LABELS[int(found.labels[1].argmax())] is Label.REJECTION


def test_every_file_but_the_card_is_hashed(model):
    put(model, "MODEL_CARD.md", "# Model card")
    put(model, "tokenizer.json", "{}")
    write_meta(model, "tfidf", RULE, {})
    assert list(json.loads((model / META).read_text(encoding="utf-8"))["files"]) == ["model.skops", "tokenizer.json"]


def test_the_card_may_be_edited(model):
    put(model, "MODEL_CARD.md", "# Model card")
    write_meta(model, "tfidf", RULE, {})
    put(model, "MODEL_CARD.md", "# Model card, with a typo mended")
    assert load_model(model).rule == RULE


def test_one_changed_byte_is_refused(model):
    path = model / "model.skops"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        StanceError, match=r"model\.skops: [0-9a-f]{64}; meta\.json says SHA-256 [0-9a-f]{64}\. Restore"
    ):
        load_model(model)


def test_a_missing_file_is_refused(model):
    (model / "model.skops").unlink()
    with pytest.raises(StanceError, match=r"model\.skops: no such file; meta\.json says SHA-256"):
        load_model(model)


def test_a_model_of_another_codebook_is_refused(model):
    rewrite_meta(model, codebook_version=CODEBOOK_VERSION - 1)
    message = f"made for codebook version {CODEBOOK_VERSION - 1}; this package uses {CODEBOOK_VERSION}"
    with pytest.raises(StanceError, match=message):
        load_model(model)


def test_an_unknown_kind_is_refused(model):
    rewrite_meta(model, kind="pickle")
    with pytest.raises(StanceError, match=r"meta\.json: kind 'pickle' is not one of onnx, tfidf"):
        load_model(model)


@pytest.mark.parametrize("name", ["absent", ".", "meta.json"])
def test_what_is_no_model_folder_is_refused(tmp_path, name):
    (tmp_path / "meta.json").mkdir()
    with pytest.raises(StanceError, match=r"no meta\.json there; expected a folder that train\.py wrote"):
        load_model(tmp_path / name)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b'{"kind": "tfidf", "files": [], "codebook_version": 3}', b"\xff\xfe"],
)
def test_a_damaged_description_is_refused(model, content):
    (model / META).write_bytes(content)
    with pytest.raises(StanceError, match=r"meta\.json"):
        load_model(model)


def test_a_stored_model_holds_no_pickle(model):
    assert sorted(path.name for path in model.rglob("*")) == [META, "model.skops"]
    with zipfile.ZipFile(model / "model.skops") as archive:
        for name in archive.namelist():
            assert name == "schema.json" or name.endswith(".npy")
            if name.endswith(".npy"):
                with archive.open(name) as array:
                    np.lib.format.read_array(array, allow_pickle=False)


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    old, new = put(tmp_path / "models/a", "old.txt", "old"), put(tmp_path / "new", "new.txt", "new")
    replace_folder(new, old)
    assert contents(tmp_path) == {"models/a/new.txt": "new"}
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == ["a"]


def test_a_folder_is_put_where_none_was(tmp_path):
    replace_folder(put(tmp_path / "new", "new.txt", "new"), tmp_path / "models/deep/a")
    assert contents(tmp_path) == {"models/deep/a/new.txt": "new"}


def test_what_an_earlier_swap_left_behind_is_cleared(tmp_path):
    put(tmp_path / "models/.a.retired", "older.txt", "older")
    old, new = put(tmp_path / "models/a", "old.txt", "old"), put(tmp_path / "new", "new.txt", "new")
    replace_folder(new, old)
    assert contents(tmp_path) == {"models/a/new.txt": "new"}


def test_the_old_folder_stays_whole_when_the_new_one_is_missing(tmp_path):
    old = put(tmp_path / "models/a", "old.txt", "old")
    with pytest.raises(StanceError, match=r"absent: no such folder; .*a stays as it is"):
        replace_folder(tmp_path / "absent", old)
    assert contents(tmp_path) == {"models/a/old.txt": "old"}


@pytest.fixture
def second_thread():
    """A thread that waits, as those of numerical libraries do; it may receive the signals of the process."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    yield
    done.set()
    thread.join()


@pytest.fixture
def interruptible():
    """A shell that starts the tests in the background makes them deaf to interrupts."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, usual)


@pytest.mark.usefixtures("second_thread", "interruptible")
def test_a_signal_during_the_swap_is_served_after_it(tmp_path, monkeypatch):
    old, new = put(tmp_path / "models/a", "old.txt", "old"), put(tmp_path / "new", "new.txt", "new")
    rename = Path.rename

    def interrupted(path, target):
        renamed = rename(path, target)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)  # the signal arrives
        return renamed

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replace_folder(new, old)
    assert contents(tmp_path / "models/a") == {"new.txt": "new"}

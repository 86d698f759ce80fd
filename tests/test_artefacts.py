"""Stored models: whole, checked before they are read, and swapped without a gap."""

import json
import os
import pickle
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skops.io

from stance.artefacts import (
    CHECKSUM,
    FORMAT_VERSION,
    META,
    check_files,
    checksum,
    load_model,
    put_back,
    read_meta,
    replace_folder,
    write_meta,
)
from stance.baseline import TRUSTED, TfidfBaseline
from stance.codebook import CODEBOOK_VERSION, LABELS, Candidate, Example, Issue, Label, Source, Stance, StanceError
from stance.dataset import LabelledExample, targets
from stance.labels import LabelledSentence
from stance.paths import MODELS
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
    """Change what ``meta.json`` says, as somebody does who knows its format."""
    path = folder / META
    meta = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps(meta | {CHECKSUM: checksum(meta)}), encoding="utf-8")


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


@pytest.mark.parametrize("version", [1, FORMAT_VERSION + 1, None, "2"])
def test_a_model_of_another_format_is_refused(model, version):
    rewrite_meta(model, format_version=version)
    with pytest.raises(StanceError, match=rf"of format version {version}; this package reads {FORMAT_VERSION}\. Run"):
        load_model(model)


@pytest.mark.parametrize("kind", ["pickle", None, []])
def test_an_unknown_kind_is_refused(model, kind):
    rewrite_meta(model, kind=kind)
    with pytest.raises(StanceError, match=rf"meta\.json: kind {re.escape(repr(kind))} is not one of onnx, tfidf"):
        load_model(model)


@pytest.mark.parametrize("files", [{}, {"other.skops": "0"}, [], None])
def test_a_file_that_would_be_loaded_needs_a_hash(model, files):
    rewrite_meta(model, files=files)
    with pytest.raises(StanceError, match=r"meta\.json: no hash of model\.skops; a model of this kind needs it"):
        load_model(model)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"temperature": 0.0}, "temperature is 0.0; it must be a number above 0"),
        ({"temperature": float("nan")}, "temperature is nan; it must be a number above 0"),
        ({"label_threshold": 1.5}, "label_threshold is 1.5; it must be from 0 to 1"),
        ({"label_threshold": "high"}, "damaged"),
        ({"threshold": 0.5}, "damaged"),
        ([], "damaged"),
    ],
)
def test_a_rule_that_is_none_is_refused(model, rule, message):
    rewrite_meta(model, rule=rule)
    with pytest.raises(StanceError, match=rf"meta\.json: .*{message}"):
        load_model(model)


def test_a_changed_threshold_is_refused(model):
    path = model / META
    path.write_text(path.read_text(encoding="utf-8").replace("0.45", "0.46"), encoding="utf-8")
    with pytest.raises(StanceError, match=r"meta\.json: its content has SHA-256 [0-9a-f]{64}; it says [0-9a-f]{64}\."):
        load_model(model)


def test_order_and_spaces_may_change(model):
    meta = json.loads((model / META).read_text(encoding="utf-8"))
    (model / META).write_text(json.dumps(dict(reversed(meta.items())), indent=7), encoding="utf-8")
    assert load_model(model).rule == RULE


def flipped(path, rng):
    """The place of a random byte of ``path`` after another was written there, and the former."""
    with path.open("r+b") as file:
        place = rng.randrange(path.stat().st_size)
        file.seek(place)
        former = file.read(1)
        file.seek(place)
        file.write(bytes([former[0] ^ 1 << rng.randrange(8)]))
    return place, former


def restore(path, place, former):
    with path.open("r+b") as file:
        file.seek(place)
        file.write(former)


def whole_or_refused(folder, name, rng):
    """Whether a flip in a file of a stored model is refused by the file's name; else ``meta.json`` says the same."""
    path = folder / name
    meaning = json.loads((folder / META).read_text(encoding="utf-8"))
    change = flipped(path, rng)
    try:
        meta = read_meta(folder)
        check_files(folder, meta)
    except StanceError as error:
        return f"{path}: " in str(error)
    else:
        return name == META and meta == meaning
    finally:
        restore(path, *change)


def test_a_flipped_byte_anywhere_is_refused_with_the_name_of_the_file(tmp_path):
    """Stand-ins of the weights: nothing reads them but their hash."""
    rng = random.Random(3)  # noqa: S311
    folder = tmp_path / "model"
    put(folder, "model.onnx", "weights " * 40)
    put(folder, "tokenizer.json", "words " * 40)
    write_meta(folder, "onnx", RULE, {"errors": None, "note": "Ardania \ud83d\udd4a, 1e-3", "shares": [0.05, 0.15, 1]})
    names = [META] * 700 + ["model.onnx", "tokenizer.json"] * 100
    assert [name for name in names if not whole_or_refused(folder, name, rng)] == []
    check_files(folder, read_meta(folder))


@pytest.mark.parametrize("kind", ["tfidf", "transformer"])
def test_a_flipped_byte_in_a_released_model_is_refused(tmp_path, kind):
    rng = random.Random(4)  # noqa: S311
    folder = shutil.copytree(MODELS / kind, tmp_path / kind)
    weights = sorted(path.name for path in folder.iterdir() if path.name not in (META, "MODEL_CARD.md"))
    names = [META] * 90 + [rng.choice(weights) for _ in range(10)]
    assert [name for name in names if not whole_or_refused(folder, name, rng)] == []


def test_the_released_skops_file_holds_no_type_that_skops_does_not_trust():
    assert set(skops.io.get_untrusted_types(file=MODELS / "tfidf/model.skops")) <= set(TRUSTED)


class Ferry:
    """A type of nobody's trust."""


def test_a_skops_file_of_another_type_is_refused(model):
    skops.io.dump({"seed": 1, "vectorizer": Ferry(), "models": {}}, model / "model.skops")
    write_meta(model, "tfidf", RULE, {})
    with pytest.raises(StanceError, match=r"model\.skops: skops cannot load a model from it .*Ferry"):
        load_model(model)


def test_a_pickle_under_the_name_of_a_skops_file_is_refused(model):
    (model / "model.skops").write_bytes(pickle.dumps({"seed": 1}))
    write_meta(model, "tfidf", RULE, {})
    with pytest.raises(StanceError, match=r"model\.skops: skops cannot load a model from it"):
        load_model(model)


def test_a_damaged_tokenizer_is_refused_though_its_hash_fits(tmp_path):
    folder = shutil.copytree(MODELS / "transformer", tmp_path / "model")
    put(folder, "tokenizer.json", "{}")
    write_meta(folder, "onnx", RULE, {})
    with pytest.raises(StanceError, match=r"tokenizer\.json: the tokenizers cannot read it"):
        load_model(folder)


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


def test_what_a_kill_between_the_renames_left_is_put_back_before_the_next_swap(tmp_path):
    put(tmp_path / "models/.a.retired", "old.txt", "old")
    with pytest.raises(StanceError, match="absent: no such folder"):
        replace_folder(tmp_path / "absent", tmp_path / "models/a")
    seen = []
    new = put(tmp_path / "new", "new.txt", "new")

    class Watched(type(tmp_path)):
        def rename(self, target):
            seen.append((self.name, Path(target).name))
            return super().rename(target)

    replace_folder(Watched(new), Watched(tmp_path / "models/a"))
    assert seen == [(".a.retired", "a"), ("a", ".a.retired"), ("new", "a")]
    assert contents(tmp_path) == {"models/a/new.txt": "new"}


@pytest.mark.parametrize("new", [None, "new"])
def test_after_a_kill_the_old_folder_is_put_back_only_where_the_new_one_is_not(tmp_path, new):
    put(tmp_path / "models/.a.retired", "a.txt", "old")
    if new:
        put(tmp_path / "models/a", "a.txt", new)
    put_back(tmp_path / "models/a")
    assert contents(tmp_path) == {"models/a/a.txt": new or "old"}
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == ["a"]


KILLED = """import itertools, sys
from pathlib import Path
from stance.artefacts import replace_folder, write_meta
from stance.predictions import DecisionRule
home = Path(sys.argv[1])
for number in itertools.count():
    new = home / f"new-{number}"
    new.mkdir()
    (new / "model.skops").write_bytes(bytes([number % 256]) * 100_000)
    write_meta(new, "tfidf", DecisionRule(), {"number": number})
    replace_folder(new, home / "model")
    print(number, flush=True)
"""


def test_killed_at_any_moment_a_release_leaves_the_old_or_the_new_model_whole(tmp_path):
    rng = random.Random(6)  # noqa: S311
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "src")}
    for attempt in range(20):
        home = tmp_path / str(attempt)
        home.mkdir()
        command = [sys.executable, "-c", KILLED, str(home)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        process.stdout.readline()  # the first is in place
        time.sleep(rng.uniform(0, 0.05))
        process.kill()
        n_done = 1 + len(process.stdout.readlines())
        assert process.wait() == -signal.SIGKILL
        folder = next(path for path in (home / "model", home / ".model.retired") if path.exists())
        meta = read_meta(folder)
        check_files(folder, meta)
        assert meta["number"] in (n_done - 1, n_done)


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


def test_models_that_a_killed_run_left_beside_their_place_are_named(tmp_path):
    (tmp_path / ".models.retired").mkdir()
    with pytest.raises(StanceError, match=r"those of before are in .*\.models\.retired"):
        read_meta(tmp_path / "models/transformer")
    with pytest.raises(StanceError, match=r"such as models/transformer\.$"):
        read_meta(tmp_path / "elsewhere/transformer")


def test_the_old_folder_stays_where_the_new_one_cannot_be_put(tmp_path, monkeypatch):
    new, target = tmp_path / "new", tmp_path / "models"
    new.mkdir()
    target.mkdir()
    (target / "kept").write_text("old", encoding="utf-8")
    rename = Path.rename

    def refuse_new(path, to):
        if path == new:
            raise OSError(18, "another disk")
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", refuse_new)
    with pytest.raises(OSError, match="another disk"):
        replace_folder(new, target)
    assert (target / "kept").read_text(encoding="utf-8") == "old"

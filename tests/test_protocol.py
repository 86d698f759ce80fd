"""The whole protocol, and ``train.py``, on a toy corpus of twelve reports."""

import csv
import importlib.util
import json
import shutil
import zipfile
from functools import partial
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits
from toy_corpus import SPLITS, arguments, write_table, write_toy

from stance.artefacts import load_model
from stance.baseline import CueWords, Majority, TfidfBaseline
from stance.codebook import LABELS, Example, Label, StanceError
from stance.config import FAST_PROTOCOL, ProtocolConfig
from stance.dataset import targets
from stance.labels import COLUMNS
from stance.metrics import estimate, paired_difference
from stance.predictions import DecisionRule
from stance.protocol import DEVELOPMENT, FOLDS, SEEDS, TEST, Contender, load_data, run

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Toy matrices gain nothing from threads, and lose much where other work keeps the processor busy."""
    with threadpool_limits(1):
        yield


@pytest.fixture(autouse=True, scope="module")
def few_resamples():
    """The intervals of toy reports need no thousand resamples."""
    with pytest.MonkeyPatch.context() as patch:
        for place in ("stance.evaluation.estimate", "stance.protocol.estimate"):
            patch.setattr(place, partial(estimate, n_resamples=20))
        patch.setattr("stance.evaluation.paired_difference", partial(paired_difference, n_resamples=20))
        yield


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return write_toy(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def own_toy(toy, tmp_path):
    """A copy of the toy data that a test may damage."""
    return shutil.copytree(toy, tmp_path / "toy")


def load(folder):
    files = {name: folder / f"{name}.csv" for name in ("labels", "corpus", "splits")}
    return load_data(**files, actors=[folder / "actors.csv"])


@pytest.fixture(scope="module")
def data(toy):
    return load(toy)


CLASSIFIERS = {"TF-IDF": TfidfBaseline, "cue words": CueWords, "majority": Majority}


@pytest.fixture(scope="module")
def contenders(data):
    """Every classifier after the whole protocol."""
    found = {name: Contender(name, lambda small, kind=kind: kind()) for name, kind in CLASSIFIERS.items()}
    for contender in found.values():
        run(contender, data, ProtocolConfig())
    return found


@pytest.fixture(scope="module")
def train():
    """``train.py`` as a module."""
    spec = importlib.util.spec_from_file_location("train", ROOT / "train.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def trained(train, toy, tmp_path_factory):
    """The folder that a run of ``train.py`` has filled."""
    out = tmp_path_factory.mktemp("out")
    assert train.main(arguments(toy, out)) == 0
    return out


def scores(out):
    """The evaluation as it was written, without how long things took."""
    record = json.loads((out / "reports/evaluation.json").read_text(encoding="utf-8"))
    return json.dumps({name: part for name, part in record.items() if "seconds" not in name}).encode()


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def value(contender, test, score):
    return next(one for one in contender.evaluations if one.test == test).scores[score].value


class Spy:
    """A classifier that remembers what it was fitted to and what it was asked."""

    def __init__(self, small, log):
        self.small, self.log = small, log

    def fit(self, examples, targets, *, progress=""):
        self.log.append(("fit", self.small, {example.sentence for example in examples}, len(examples)))
        return self

    def predict_proba(self, examples):
        self.log.append(("ask", self.small, {example.sentence for example in examples}, len(examples)))
        return Majority().predict_proba(examples)


def test_every_part_of_the_data_is_loaded(data):
    assert [len(part) for part in (data.train, data.development, data.test, data.seeds)] == [24, 12, 18, 18]
    assert {item.sentence.report_id for item in data.test} == {"r7", "r8", "u1"}
    assert len(data.hash) == 64


def test_each_classifier_takes_all_tests(contenders):
    for contender in contenders.values():
        assert [evaluation.test for evaluation in contender.evaluations] == [SEEDS, TEST, FOLDS, DEVELOPMENT]
        assert {evaluation.classifier for evaluation in contender.evaluations} == {contender.name}


def test_learning_beats_cue_words_and_cue_words_beat_the_majority(contenders):
    learnt, cues, nothing = (value(contenders[name], TEST, "macro_f1") for name in CLASSIFIERS)
    assert learnt == 1
    assert learnt > cues > nothing
    assert nothing == 0


def test_decisions_on_the_seeds_follow_the_rule_and_those_of_the_folds_a_half(contenders):
    contender = contenders["TF-IDF"]
    assert contender.rules[SEEDS] == contender.rules[TEST] == contender.rule
    assert contender.rules[FOLDS] == DecisionRule()


def test_the_learning_curve_grows_to_all_training_sentences(contenders):
    for contender in contenders.values():
        assert [(point.share, point.n_sentences) for point in contender.curve] == [
            (0.028, 6), (0.085, 6), (1.0, 24),
        ]  # fmt: skip
    assert contenders["TF-IDF"].curve[-1].macro_f1.value >= contenders["TF-IDF"].curve[0].macro_f1.value


def test_no_test_is_trained_on_and_the_seeds_only_in_their_own_folds(own_toy):
    """Each sentence gets a word of its report, so that what a classifier saw can be told."""
    for name in ("corpus", "labels"):
        path = own_toy / f"{name}.csv"
        rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
        column = COLUMNS.index("sentence")
        for row in rows[1:]:
            row[column] = f"{row[0]}: {row[column]}"
        write_table(path, rows[0], rows[1:])
    log = []
    run(Contender("spy", lambda small: Spy(small, log)), load(own_toy), ProtocolConfig())
    fits = [
        (small, sorted({sentence.partition(":")[0] for sentence in texts}))
        for verb, small, texts, _ in log
        if verb == "fit"
    ]
    training, seeds = ["r1", "r2", "r3", "r4"], ["s10", "s11", "s9"]
    assert fits[0] == (False, training)
    assert fits[1:4] == [(True, [one for one in seeds if one != left]) for left in seeds]
    assert all(not small and set(reports) <= set(training) for small, reports in fits[4:])
    assert len(fits) == 4 + 2


def test_each_share_of_the_curve_holds_the_smaller_one(data):
    log = []
    run(Contender("spy", lambda small: Spy(small, log)), data, ProtocolConfig(leave_one_seed_out=False))
    fitted = [texts for verb, _, texts, _ in log if verb == "fit"]
    for smaller, larger in zip(fitted[1:], [*fitted[2:], fitted[0]], strict=True):
        assert smaller <= larger


def test_the_fast_protocol_has_the_main_tests_only(data):
    contender = Contender("TF-IDF", lambda small: TfidfBaseline())
    run(contender, data, FAST_PROTOCOL)
    assert [evaluation.test for evaluation in contender.evaluations] == [SEEDS, TEST, DEVELOPMENT]
    assert [point.share for point in contender.curve] == [1.0]


def test_the_classifier_that_was_tested_is_the_one_released(contenders, data):
    for contender in contenders.values():
        again = contender.released.predict_proba([item.example for item in data.test])
        for asked, told in zip(again, contender.answers[TEST], strict=True):
            assert (asked.labels == told.labels).all()


def test_gold_answers_of_the_toy_hold_every_label(data):
    held = sum(targets(item).labels[0] for item in data.train)
    assert len(held) == len(LABELS)
    assert (held > 0).all()


@pytest.mark.parametrize("split", ["train", "development", "test"])
def test_a_split_without_a_report_is_refused(own_toy, split):
    other = "development" if split == "train" else "train"
    rows = [(report, other if named == split else named) for report, named in SPLITS.items()]
    write_table(own_toy / "splits.csv", ("report_id", "split"), rows)
    message = rf"splits\.csv: no report is for {split}; each of train, development, test must have one"
    with pytest.raises(StanceError, match=message):
        load(own_toy)


def test_seeds_without_a_sentence_are_refused(own_toy):
    write_table(own_toy / "labels.csv", COLUMNS, [])
    with pytest.raises(StanceError, match=r"labels\.csv: no labelled sentence"):
        load(own_toy)


def test_the_same_seed_gives_the_same_scores_to_the_byte(train, toy, trained, tmp_path):
    assert train.main(arguments(toy, tmp_path)) == 0
    assert scores(tmp_path) == scores(trained)
    for name in ("shifts.html", "shifts.md", "stances.csv"):
        assert (tmp_path / "reports" / name).read_bytes() == (trained / "reports" / name).read_bytes()


def test_a_run_writes_the_model_and_the_reports(trained):
    assert sorted(path.name for path in (trained / "models").iterdir()) == ["tfidf"]
    assert sorted(path.name for path in (trained / "models/tfidf").iterdir()) == [
        "MODEL_CARD.md", "meta.json", "model.skops",
    ]  # fmt: skip
    assert {path.name for path in (trained / "reports").iterdir()} >= {
        "evaluation.json", "evaluation.md", "shifts.html", "shifts.md", "stances.csv",
    }  # fmt: skip


def test_the_released_model_answers_with_the_chosen_rule(trained):
    stored = load_model(trained / "models/tfidf")
    [found] = stored.classifier.predict_proba([Example("They refuse the truce.")])
    assert stored.rule.labels(stored.rule.calibrate(found)) == [Label.REJECTION]
    assert stored.meta["n_training_sentences"] == 24
    assert set(stored.meta["evaluations"]) == {SEEDS, TEST, FOLDS, DEVELOPMENT}


def test_no_file_of_a_run_is_a_pickle_or_names_a_folder_of_this_machine(trained, toy):
    for name, content in tree(trained).items():
        assert not content.startswith(b"\x80"), name
        assert Path(name).suffix not in {".pkl", ".pickle", ".joblib", ".bin", ".pt", ".pth"}
        assert str(toy).encode() not in content, name
    with zipfile.ZipFile(trained / "models/tfidf/model.skops") as archive:
        assert {Path(name).suffix for name in archive.namelist()} <= {".json", ".npy"}


def test_the_card_tells_the_scores_that_were_measured(trained):
    card = (trained / "models/tfidf/MODEL_CARD.md").read_text(encoding="utf-8")
    record = json.loads(scores(trained))
    [tested] = [one for one in record["evaluations"] if one["test"] == TEST and one["classifier"] == "TF-IDF"]
    assert f"| {TEST} | {tested['scores']['macro_f1']['value']:.3f} [" in card
    assert "24 labelled sentences" in card


def test_the_first_classifier_is_held_against_each_other_one(trained):
    compared = json.loads(scores(trained))["comparisons"]
    assert [(one["first"], one["second"], one["test"]) for one in compared] == [
        ("TF-IDF", other, test) for other in ("cue words", "majority") for test in (SEEDS, TEST, FOLDS)
    ]


def raise_interrupt(*arguments, **options):
    raise KeyboardInterrupt


@pytest.mark.parametrize("place", ["CueWords.predict_proba", "stage", "evaluation_record"])
def test_an_interrupted_run_leaves_the_models_as_they_were(train, toy, trained, tmp_path, monkeypatch, capsys, place):
    shutil.copytree(trained / "models", tmp_path / "models")
    before = tree(tmp_path)
    owner = train.CueWords if "." in place else train
    monkeypatch.setattr(owner, place.rpartition(".")[2], raise_interrupt)
    assert train.main(arguments(toy, tmp_path, "--fast", "--seed", "2")) == 130
    assert tree(tmp_path) == before
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["tfidf"]
    assert "interrupted; what lies in models/ is whole" in capsys.readouterr().err


def test_a_run_keeps_the_models_that_it_does_not_make(train, toy, tmp_path):
    (tmp_path / "models/transformer").mkdir(parents=True)
    for name in ("transformer/model.onnx", "notes.txt"):
        (tmp_path / "models" / name).write_text(name)
    assert train.main(arguments(toy, tmp_path, "--fast")) == 0
    assert {path.name for path in (tmp_path / "models").iterdir()} == {"tfidf", "transformer", "notes.txt"}
    assert (tmp_path / "models/transformer/model.onnx").read_text() == "transformer/model.onnx"


def test_models_on_a_mounted_disk_are_refused_before_training(train, toy, tmp_path, monkeypatch, capsys):
    refuse_to_train(monkeypatch, train)
    monkeypatch.setattr(Path, "is_mount", lambda path: path == tmp_path / "models")
    assert train.main(arguments(toy, tmp_path)) == 2
    assert f"{tmp_path / 'models'}: a disk is mounted there; mount it at {tmp_path}" in capsys.readouterr().err


def test_an_experiment_on_the_development_reports_writes_nothing(train, toy, tmp_path, capsys):
    assert train.main(arguments(toy, tmp_path, "--develop")) == 0
    assert list(tmp_path.iterdir()) == []
    printed = capsys.readouterr().out
    assert "development  TF-IDF" in printed
    assert TEST not in printed


def test_a_fault_in_the_data_is_told_in_one_line(train, own_toy, tmp_path, capsys):
    path = own_toy / "corpus.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",demand,", ",demnad,", 1), encoding="utf-8")
    assert train.main(arguments(own_toy, tmp_path / "out")) == 2
    assert capsys.readouterr().err == (
        f"train.py: {path}:2: label 'demnad' is not one of demand, concession, rejection, precondition, none\n"
    )
    assert not (tmp_path / "out").exists()


def refuse_to_train(monkeypatch, train):
    def trained(*arguments):
        raise AssertionError("it was trained before the fault was found")

    monkeypatch.setattr(train, "run", trained)


@pytest.mark.parametrize("text", ["", "report_id,file,date\ns9,s9.txt,2020-09-01\n"], ids=["empty", "report missing"])
def test_a_fault_in_the_manifest_is_found_before_training(train, own_toy, tmp_path, monkeypatch, text):
    (own_toy / "manifest.csv").write_text(text, encoding="utf-8")
    refuse_to_train(monkeypatch, train)
    assert train.main(arguments(own_toy, tmp_path / "out")) == 2


def test_a_seed_without_a_date_is_found_before_training(train, own_toy, tmp_path, monkeypatch):
    path = own_toy / "labels.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("2020-09-01", ""), encoding="utf-8")
    refuse_to_train(monkeypatch, train)
    assert train.main(arguments(own_toy, tmp_path / "out")) == 2


def test_a_setting_that_does_not_exist_is_found_before_training(train, toy, tmp_path, monkeypatch):
    refuse_to_train(monkeypatch, train)
    assert train.main(arguments(toy, tmp_path, "--set", "n_epoch=3")) == 2


@pytest.mark.parametrize("setting", ["n_epoch=3", "n_epochs=many", "n_epochs"])
def test_a_setting_that_does_not_fit_is_refused(train, setting):
    with pytest.raises(
        StanceError, match=f"--set '{setting}': not a setting with a fitting value .*; settings are back"
    ):
        train.transformer_config(train.parse(["--set", setting]))


@pytest.mark.parametrize("n_epochs", ["0", "-1"])
def test_no_passes_over_the_data_are_refused(train, n_epochs):
    with pytest.raises((SystemExit, StanceError)):
        train.transformer_config(train.parse(["--epochs", n_epochs]))

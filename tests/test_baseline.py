"""The classifiers that every number is held against."""

import zipfile

import numpy as np
import pytest

from stance.actors import ActorTable, Alias, AliasKind, build_examples
from stance.baseline import CueWords, Majority, TfidfBaseline
from stance.codebook import ISSUES, LABELS, Example, Issue, Label, Source, Stance
from stance.dataset import LabelledExample, targets
from stance.labels import LabelledSentence

TABLE = ActorTable([Alias(actor, actor, AliasKind.NAME) for actor in ("Ardania", "Belmark", "Corvia")])
VERBS = {
    Label.DEMAND: "demanded {} from",
    Label.CONCESSION: "agreed to {} with",
    Label.REJECTION: "rejected {} of",
    Label.PRECONDITION: "will talk only after {} by",
}
THINGS = {Issue.TERRITORY: "a withdrawal", Issue.ECONOMY: "a tariff cut", Issue.CEASEFIRE: "a truce"}


def example(text):
    return build_examples([text], TABLE)[0]


def labelled(actor, other, label, issue):
    text = f"{actor} {VERBS[label].format(THINGS[issue])} {other}."
    sentence = LabelledSentence("r1", 1, None, "delta", text, Source.AUTHORED, (Stance(actor, label, issue),))
    return LabelledExample(sentence, example(text))


def fit(items, seed=1):
    return TfidfBaseline(seed=seed).fit([item.example for item in items], [targets(item) for item in items])


@pytest.fixture(scope="module")
def items():
    """Every label on every issue by either party against the other, and meetings without a stance."""
    pairs = [("Ardania", "Belmark"), ("Belmark", "Ardania"), ("Ardania", "Corvia")]
    stances = [labelled(*pair, label, issue) for pair in pairs for label in LABELS for issue in THINGS]
    meetings = [f"{actor} met {other} on {day}." for actor, other in pairs for day in ("Monday", "Friday", "Sunday")]
    return stances + [
        LabelledExample(LabelledSentence("r2", 1, None, "delta", text, Source.AUTHORED), example(text))
        for text in meetings
    ]


@pytest.fixture(scope="module")
def model(items):
    return fit(items)


def strongest(probabilities, query=0):
    return LABELS[int(probabilities.labels[query].argmax())]


@pytest.mark.parametrize("label", LABELS)
def test_tfidf_learns_the_verbs(model, label):
    [found] = model.predict_proba([example(f"Belmark {VERBS[label].format('a truce')} Corvia.")])
    assert strongest(found) is label


@pytest.mark.parametrize(("actor", "other"), [("Ardania", "Belmark"), ("Belmark", "Ardania")])
def test_tfidf_tells_the_holder_from_the_party_it_is_aimed_at(model, actor, other):
    [found] = model.predict_proba([example(f"{actor} rejected a withdrawal of {other}.")])
    rejection = found.labels[:, LABELS.index(Label.REJECTION)]
    assert rejection[1] > rejection[2]


def test_tfidf_learns_the_issue(model):
    [found] = model.predict_proba([example("Belmark rejected a tariff cut of Ardania.")])
    assert ISSUES[int(found.issues[0, 0].argmax())] is Issue.ECONOMY


def test_the_answers_are_probabilities_with_a_row_for_each_query(model):
    for question in ("Ardania met Belmark and Corvia.", "It rained.", "", "🏳️ " * 50):
        asked = example(question)
        [found] = model.predict_proba([asked])
        assert found.labels.shape == (asked.n_queries, len(LABELS))
        assert found.issues.shape == (asked.n_queries, len(LABELS), len(ISSUES))
        assert ((found.labels >= 0) & (found.labels <= 1)).all()
        assert found.issues.sum(axis=2) == pytest.approx(1)


def test_an_answer_does_not_depend_on_the_sentences_asked_with_it(model):
    asked = [example(text) for text in ("Belmark rejected a truce of Ardania.", "It rained.", "Corvia met Belmark.")]
    together = model.predict_proba(asked)
    alone = [model.predict_proba([one])[0] for one in asked]
    for one, other in zip(together, alone, strict=True):
        assert one.labels == pytest.approx(other.labels)
        assert one.issues == pytest.approx(other.issues)


def test_fitting_twice_gives_the_same_answers(model, items):
    asked = [item.example for item in items]
    again = fit(items)
    for one, other in zip(model.predict_proba(asked), again.predict_proba(asked), strict=True):
        assert (one.labels == other.labels).all()


def test_a_stored_model_answers_as_before(model, items, tmp_path):
    model.save(tmp_path / "tfidf")
    loaded = TfidfBaseline.load(tmp_path / "tfidf")
    asked = [item.example for item in items]
    for one, other in zip(model.predict_proba(asked), loaded.predict_proba(asked), strict=True):
        assert (one.labels == other.labels).all()
        assert (one.issues == other.issues).all()
    assert loaded.seed == model.seed


def test_a_stored_model_holds_no_pickle(model, tmp_path):
    model.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.skops"]
    with zipfile.ZipFile(tmp_path / "model.skops") as archive:
        for name in archive.namelist():
            assert name == "schema.json" or name.endswith(".npy")
            if name.endswith(".npy"):
                with archive.open(name) as stored:
                    np.lib.format.read_array(stored, allow_pickle=False)


@pytest.mark.parametrize("classifier", [CueWords(), Majority()])
def test_the_floors_need_no_fit(classifier):
    assert classifier.fit([], []) is classifier
    assert classifier.predict_proba([]) == []


def test_asked_nothing_tfidf_answers_nothing_as_the_others_do(model):
    assert model.predict_proba([]) == []


def test_the_majority_holds_nothing():
    [found] = Majority().predict_proba([example("Ardania rejected a truce of Belmark.")])
    assert found.labels.shape == (3, 4)
    assert not found.labels.any()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Belmark insists on the delta.", Label.DEMAND),
        ("Belmark is ready to meet.", Label.CONCESSION),
        ("BELMARK WILL NOT CEDE THE DELTA", Label.REJECTION),
        ("Belmark will sign only if Ardania leaves.", Label.PRECONDITION),
    ],
)
def test_a_cue_word_gives_its_label_to_anyone_and_to_every_party(text, label):
    [found] = CueWords().predict_proba([example(text)])
    column = LABELS.index(label)
    assert (found.labels[:, column] == 1).all()
    assert found.labels.sum() == len(found.labels)


@pytest.mark.parametrize("text", ["Ardania met Belmark on Monday.", ""])
def test_without_a_cue_word_there_is_no_label(text):
    [found] = CueWords().predict_proba([example(text)])
    assert not found.labels.any()


@pytest.mark.parametrize(
    "text",
    [
        "Prices surged again in Belmark.",
        "Ardania had already paid.",
        "The disease spread in Belmark.",
        "Trade with Belmark increased; the increase was small.",
    ],
)
def test_a_cue_inside_another_word_is_no_cue(text):
    [found] = CueWords().predict_proba([Example(text)])
    assert not found.labels.any()


@pytest.mark.filterwarnings("ignore:Label not")
def test_a_label_that_the_training_lacks_does_not_make_the_stored_model_unreadable(items, tmp_path):
    firm = [item for item in items if all(s.label is not Label.CONCESSION for s in item.sentence.stances)]
    fit(firm).save(tmp_path)
    [found] = TfidfBaseline.load(tmp_path).predict_proba([example("Belmark rejected a truce of Ardania.")])
    assert strongest(found) is Label.REJECTION


def test_training_on_one_issue_alone_gives_that_issue(items):
    truces = [item for item in items if all(s.issue is Issue.CEASEFIRE for s in item.sentence.stances)]
    [found] = fit(truces).predict_proba([example("Belmark rejected a truce of Ardania.")])
    assert ISSUES[int(found.issues[0, 0].argmax())] is Issue.CEASEFIRE

"""``classify`` and ``classify_report``: sentences, parties and a stored model joined."""

import datetime as dt

import numpy as np
import pytest

from stance.actors import ActorTable, Alias, AliasKind
from stance.artefacts import StoredModel, write_meta
from stance.baseline import TfidfBaseline
from stance.classify import N_SENTENCES_AT_ONCE, StanceClassifier, classify, classify_report, load_classifier
from stance.codebook import ISSUES, LABELS, NOBODY, NONE, Issue, Label, Sentence, Source, Stance, StanceError
from stance.dataset import label_examples, targets
from stance.labels import LabelledSentence
from stance.predictions import DecisionRule, Probabilities

PARTIES = ("Ardania", "Belmark")
TABLE = ActorTable([Alias(party, party, AliasKind.NAME) for party in PARTIES])
TAUGHT = {
    "{0} demands that {1} withdraw from the delta.": (Label.DEMAND, Issue.TERRITORY),
    "{0} agrees to a truce with {1}.": (Label.CONCESSION, Issue.CEASEFIRE),
    "{0} refuses to meet {1} for talks.": (Label.REJECTION, Issue.TALKS),
    "{0} will trade only if {1} lifts its tariffs.": (Label.PRECONDITION, Issue.ECONOMY),
    "{0} and {1} watched the rain.": None,
}
REFUSAL = "Belmark refuses to meet Ardania for talks."
TRUCE = "Ardania agrees to a truce with Belmark."
RAIN = "Ardania and Belmark watched the rain."


def toy_sentences(n_reports=3):
    """Every taught sentence in both directions, in several reports."""
    return [
        LabelledSentence(
            f"r{report}", position, dt.date(2022, 1, 1), "Delta", text.format(*parties), Source.AUTHORED,
            () if stance is None else (Stance(parties[0], *stance),), parties[stance is not None :],
        )
        for report in range(n_reports)
        for position, (parties, (text, stance)) in enumerate(
            ((parties, taught) for parties in (PARTIES, PARTIES[::-1]) for taught in TAUGHT.items()), start=1
        )
    ]  # fmt: skip


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """Arguments for ``classify``: a small model that is stored as released ones are, and the toy parties."""
    folder = tmp_path_factory.mktemp("toy")
    items = label_examples(toy_sentences(), TABLE)
    fitted = TfidfBaseline().fit([item.example for item in items], [targets(item) for item in items])
    fitted.save(folder / "model")
    write_meta(folder / "model", "tfidf", DecisionRule(), {"evaluations": {}, "n_training_sentences": len(items)})
    actors = folder / "actors.csv"
    actors.write_text("actor,alias,kind,from,until\n" + "".join(f"{party},{party},name,,\n" for party in PARTIES))
    return {"model": folder / "model", "actors": actors}


class Refuser:
    """Finds a rejection by whoever is asked about in every sentence with "refused"; notes how it was asked."""

    def __init__(self):
        self.batch_sizes = []
        self.examples = []

    def predict_proba(self, examples):
        self.batch_sizes.append(len(examples))
        self.examples.extend(examples)
        return [self._answer(example) for example in examples]

    def _answer(self, example):
        labels = np.full((example.n_queries, len(LABELS)), 0.1)
        labels[:, LABELS.index(Label.REJECTION)] = 0.9 if "refused" in example.sentence else 0.1
        issues = np.zeros((example.n_queries, len(LABELS), len(ISSUES)))
        issues[..., ISSUES.index(Issue.TALKS)] = 1
        return Probabilities(labels, issues)


@pytest.fixture
def refuser():
    """A stub and a classifier around it."""
    stub = Refuser()
    return stub, StanceClassifier(StoredModel(stub, DecisionRule(), {}), TABLE)


def test_a_refusal_is_found_with_holder_issue_and_place(toy):
    result = classify(REFUSAL, **toy)
    (stance,) = result.stances
    assert (result.label, result.labels, result.reason) == (Label.REJECTION, (Label.REJECTION,), "")
    assert (stance.actor, stance.label, stance.issue) == ("Belmark", Label.REJECTION, Issue.TALKS)
    assert (stance.sentence, stance.start, stance.end) == (REFUSAL, 0, len(REFUSAL))
    assert 0.5 < stance.probability <= 1


def test_a_sentence_without_a_stance_is_none_and_says_no_reason(toy):
    result = classify(RAIN, **toy)
    assert (result.label, result.labels, result.stances, result.reason) == (NONE, (), (), "")


def test_every_label_has_a_probability(toy):
    probabilities = classify(REFUSAL, **toy).probabilities
    assert list(probabilities) == list(LABELS)
    assert all(0 < probability < 1 for probability in probabilities.values())
    assert max(probabilities, key=probabilities.get) is Label.REJECTION


def test_a_longer_text_holds_the_stances_of_all_its_sentences(toy):
    text = f"{REFUSAL} {RAIN}\n\n{TRUCE}"
    result = classify(text, **toy)
    assert set(result.labels) == {Label.REJECTION, Label.CONCESSION}
    assert result.label == max(result.labels, key=result.probabilities.get) == result.labels[0]
    assert [stance.actor for stance in result.stances] == ["Belmark", "Ardania"]
    assert [text[stance.start : stance.end] for stance in result.stances] == [REFUSAL, TRUCE]


def test_a_text_has_for_each_label_the_probability_of_its_strongest_sentence(toy):
    whole = classify(f"{REFUSAL} {TRUCE}", **toy).probabilities
    parts = [sentence.probabilities for sentence in classify_report(f"{REFUSAL} {TRUCE}", **toy)]
    assert whole == {label: max(part[label] for part in parts) for label in LABELS}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the text is empty"),
        (" \n\t", "the text is empty"),
        ("...", "the text holds no sentence"),
        ("Leave a Reply", "the text holds no sentence"),
    ],
)
def test_text_without_a_sentence_is_none_and_says_why(toy, text, reason):
    result = classify(text, **toy)
    assert (result.text, result.label, result.stances, result.reason) == (text, NONE, (), reason)
    assert result.probabilities == dict.fromkeys(LABELS, 0.0)


def test_a_list_gives_a_result_for_each_text_in_its_order(toy):
    results = classify([REFUSAL, "", TRUCE], **toy)
    assert [result.text for result in results] == [REFUSAL, "", TRUCE]
    assert [result.label for result in results] == [Label.REJECTION, NONE, Label.CONCESSION]
    assert classify((REFUSAL,), **toy) == results[:1]
    assert classify([], **toy) == []


def test_texts_of_a_list_do_not_know_of_each_other(refuser):
    stub, classifier = refuser
    for text in (REFUSAL, "He refused again."):
        classifier.text(text, None)
    assert stub.examples[1].candidates == ()


def test_sentences_of_a_report_know_who_spoke_before(refuser):
    stub, classifier = refuser
    found = classifier.text("Belmark refused. He refused again.", None)
    assert stub.examples[1].context == "Belmark; Belmark refused."
    assert [stance.actor for stance in found.stances] == ["Belmark", "Belmark"]


def test_a_stance_in_a_text_without_a_party_has_no_holder(refuser):
    (stance,) = refuser[1].text("They refused.", None).stances
    assert stance.actor == NOBODY


def test_a_report_is_classified_sentence_by_sentence(toy):
    text = f"Advertisement\n{REFUSAL} {RAIN}\nLeave a Reply\n{TRUCE}"
    results = classify_report(text, **toy)
    assert [(result.text, result.label) for result in results] == [(REFUSAL, Label.REJECTION), (RAIN, NONE)]
    (stance,) = results[0].stances
    assert text[stance.start : stance.end] == REFUSAL


def test_a_report_may_be_given_as_sentences_that_are_kept_as_they_are(toy):
    results = classify_report([REFUSAL, "", "Advertisement", f"  {TRUCE}"], **toy)
    assert [result.text for result in results] == [REFUSAL, "", "Advertisement", f"  {TRUCE}"]
    assert results[1].reason == "the text is empty"
    assert results[1].probabilities == dict.fromkeys(LABELS, 0.0)
    (stance,) = results[3].stances
    assert (stance.start, stance.end) == (0, len(TRUCE) + 2)


def test_the_party_that_publishes_a_report_may_hold_its_stances(toy):
    refusal = "The ministry refuses to meet anyone for talks."
    (alone,), (told,) = (classify_report([refusal], outlet=outlet, **toy) for outlet in ("", "Belmark News"))
    assert {stance.actor for stance in alone.stances} == {NOBODY}
    assert {stance.actor for stance in told.stances} == {"Belmark"}
    assert classify(refusal, outlet="Belmark News", **toy).stances == told.stances
    assert classify([refusal], outlet="Belmark News", **toy)[0].stances == told.stances


def test_an_outlet_must_be_text(toy):
    with pytest.raises(TypeError, match=r"^outlet must be a str, not int$"):
        classify_report(REFUSAL, outlet=7, **toy)


def test_what_is_not_english_is_none_and_says_so(toy):
    german = "Belmark weigerte sich, mit Ardania zu verhandeln, solange der Hafen geschlossen bleibt."
    reason = "seems to be German (de), not English; only English is read"
    whole, english = classify([german, REFUSAL], **toy)
    assert (whole.text, whole.label, whole.stances, whole.reason) == (german, NONE, (), reason)
    assert (english.label, english.reason) == (Label.REJECTION, "")
    for report in (f"{german} {german}", [german, german]):
        assert [(one.text, one.label, one.reason) for one in classify_report(report, **toy)] == [
            (german, NONE, reason)
        ] * 2
    assert [one.reason for one in classify_report([german, ""], **toy)] == [reason, "the text is empty"]
    assert classify(german, any_language=True, **toy).reason == ""
    assert [one.reason for one in classify_report([german], any_language=True, **toy)] == [""]


def test_an_english_text_may_quote_another_language(toy):
    text = f"{REFUSAL} “Wir verhandeln nicht mit Ardania, solange der Hafen geschlossen bleibt”, its minister said."
    assert classify(text, **toy).label is Label.REJECTION


def test_an_empty_report_has_no_sentence(toy):
    assert classify_report("", **toy) == classify_report([], **toy) == []


@pytest.mark.parametrize("call", [classify, classify_report])
@pytest.mark.parametrize("text", [None, 7, float("nan"), b"Belmark", {"Belmark"}, {"text": "Belmark"}, iter("Belmark")])
def test_what_is_no_text_is_a_type_error(toy, call, text):
    with pytest.raises(TypeError, match=f"text must be a str or a list of str, not {type(text).__name__}"):
        call(text, **toy)


@pytest.mark.parametrize("call", [classify, classify_report])
@pytest.mark.parametrize("item", [None, 7, b"Belmark", ["Belmark"]])
def test_a_list_may_hold_nothing_but_texts(toy, call, item):
    with pytest.raises(TypeError, match=f"text must be a str or a list of str, not {type(item).__name__}"):
        call([REFUSAL, item], **toy)


def test_the_date_tells_apart_office_holders(toy, tmp_path):
    actors = tmp_path / "actors.csv"
    actors.write_text(
        "actor,alias,kind,from,until\nArdania,Premier Orlo,official,,2020-01-01\n"
        "Belmark,Premier Orlo,official,2020-01-01,\n"
    )
    text = "Premier Orlo refuses to meet anyone for talks."
    holders = [
        classify(text, model=toy["model"], actors=actors, date=date).stances[0].actor
        for date in ("2019-12-31", dt.date(2020, 1, 1), None)
    ]
    assert holders == ["Ardania", "Belmark", "Belmark"]


@pytest.mark.parametrize("date", ["16.3.2022", "2022-02-30", "yesterday"])
def test_a_bad_date_is_refused(toy, date):
    with pytest.raises(StanceError, match=f"date '{date}' is not an ISO date such as 2022-03-16"):
        classify(REFUSAL, date=date, **toy)


def test_a_time_of_day_beside_the_date_does_no_harm(tmp_path, toy):
    actors = tmp_path / "actors.csv"
    actors.write_text("actor,alias,kind,from,until\nBelmark,Premier Orlo,official,2020-01-01,\n")
    text = "Premier Orlo refuses to meet anyone for talks."
    assert classify(text, model=toy["model"], actors=actors, date=dt.datetime(2022, 3, 16, 10, 0)).stances


@pytest.mark.parametrize("call", [classify, classify_report])
def test_a_text_with_half_a_surrogate_pair_is_refused(toy, call):
    with pytest.raises(StanceError, match="surrogate"):
        call([f"\ud800 {REFUSAL}"], **toy)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(StanceError, match=r"nothing: no meta\.json there; expected a folder that train\.py wrote"):
        classify(REFUSAL, model=tmp_path / "nothing")


def test_a_missing_actors_file_is_refused(toy, tmp_path):
    with pytest.raises(StanceError, match=r"none\.csv: no such file; expected a CSV with the columns actor, alias"):
        classify(REFUSAL, model=toy["model"], actors=tmp_path / "none.csv")


def test_an_actors_file_that_contradicts_the_shipped_table_is_refused(toy, tmp_path):
    (tmp_path / "actors.csv").write_text("actor,alias,kind,from,until\nBelmark,Kremlin,institution,,\n")
    with pytest.raises(StanceError, match=r"alias 'Kremlin' stands for 'Belmark' and, at .*, for 'Russia'"):
        classify(REFUSAL, model=toy["model"], actors=tmp_path / "actors.csv")


def test_parties_of_the_shipped_table_stay_known_beside_further_ones(toy):
    assert {"Russia", "Belmark"} <= load_classifier(**toy).table.actors


def test_a_model_is_read_once_however_its_folder_is_given(toy):
    assert load_classifier(str(toy["model"]), str(toy["actors"])) is load_classifier(**toy)


def test_the_same_text_gives_the_same_result(toy):
    assert classify(f"{REFUSAL} {TRUCE}", **toy) == classify(f"{REFUSAL} {TRUCE}", **toy)


def test_a_text_of_ten_megabytes_is_asked_about_in_bounded_batches(refuser):
    stub, classifier = refuser
    paragraph = "Ardania waited " + "and waited " * 120 + "in vain.\n"
    text = paragraph * 7_700 + "Belmark refused."
    assert len(text.encode()) > 10_000_000
    result = classifier.text(text, None)
    assert sum(stub.batch_sizes) == 7_701
    assert max(stub.batch_sizes) <= N_SENTENCES_AT_ONCE
    assert {(text[stance.start : stance.end], stance.start) for stance in result.stances} == {
        ("Belmark refused.", len(text) - len("Belmark refused."))
    }


def test_sentences_are_answered_as_they_are_asked_for(refuser):
    stub, classifier = refuser
    sentences = [f"Belmark refused {number} times." for number in range(2 * N_SENTENCES_AT_ONCE + 1)]
    found = classifier.sentences(
        [Sentence("r1", number, text, 0, len(text)) for number, text in enumerate(sentences)], None
    )
    assert next(found).text == sentences[0]
    assert stub.batch_sizes == [N_SENTENCES_AT_ONCE]
    assert [result.text for result in found] == sentences[1:]
    assert stub.batch_sizes == [N_SENTENCES_AT_ONCE, N_SENTENCES_AT_ONCE, 1]

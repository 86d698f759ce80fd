"""Labelled sentences to questions and answers; splits that keep the protocol; the hash of the data."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from stance.actors import ActorTable, Alias, AliasKind
from stance.codebook import ISSUES, LABELS, NOBODY, Issue, Label, Source, Stance, StanceError
from stance.dataset import (
    Register,
    Split,
    as_dataset,
    check_splits,
    data_hash,
    label_examples,
    read_registers,
    read_splits,
    targets,
)
from stance.labels import LabelledSentence, read_labels, write_labels

TABLE = ActorTable([Alias(actor, actor, AliasKind.NAME) for actor in ("Ardania", "Belmark")])
REFUSES = Stance("Belmark", Label.REJECTION, Issue.TERRITORY)


def sentence(report_id, position, text="Belmark refused.", *stances, conflict="delta", date="2030-01-01"):
    day = dt.date.fromisoformat(date) if date else None
    return LabelledSentence(report_id, position, day, conflict, text, Source.REPORT, stances)


def one_target(text, *stances):
    return targets(label_examples([sentence("r1", 1, text, *stances)], TABLE)[0])


def holds(rows, query):
    return [label for label, held in zip(LABELS, rows.labels[query], strict=True) if held]


@pytest.fixture
def corpus():
    """Two seen reports and one later on the delta, and one on a conflict that is never seen."""
    return [
        sentence("r1", 1, date="2030-01-01"),
        sentence("r2", 1, date="2030-02-01"),
        sentence("r3", 1, date="2030-03-01"),
        sentence("r4", 1, date="2029-01-01", conflict="isthmus"),
    ]


def write_splits(tmp_path, text):
    path = tmp_path / "splits.csv"
    path.write_bytes(text.encode())
    return path


GOOD = "report_id,split\nr1,train\nr2,development\nr3,test\nr4,test\n"


def test_a_stance_answers_for_anyone_and_for_its_holder():
    answers = one_target("Belmark refused what Ardania asked.", REFUSES)
    assert [holds(answers, query) for query in range(3)] == [[Label.REJECTION], [Label.REJECTION], []]
    assert answers.issues[1, LABELS.index(Label.REJECTION), ISSUES.index(Issue.TERRITORY)] == 1


def test_a_stance_of_a_party_that_is_not_named_answers_for_anyone_alone():
    answers = one_target("Ardania heard a refusal.", REFUSES)
    assert [holds(answers, query) for query in range(2)] == [[Label.REJECTION], []]


def test_an_unclear_holder_answers_for_anyone_alone():
    answers = one_target("Ardania and Belmark heard a refusal.", replace(REFUSES, actor=NOBODY))
    assert [holds(answers, query) for query in range(3)] == [[Label.REJECTION], [], []]


def test_two_issues_of_a_label_share_it_equally():
    answers = one_target("Belmark refused.", REFUSES, replace(REFUSES, issue=Issue.TALKS))
    issues = answers.issues[1, LABELS.index(Label.REJECTION)]
    assert {ISSUES[index]: issues[index] for index in np.flatnonzero(issues)} == {
        Issue.TERRITORY: 0.5,
        Issue.TALKS: 0.5,
    }


def test_a_sentence_without_a_stance_has_only_zeros():
    answers = one_target("Belmark met Ardania.")
    assert answers.labels.shape == (3, 4)
    assert answers.issues.shape == (3, 4, 10)
    assert not answers.labels.any()
    assert not answers.issues.any()


def test_a_sentence_is_read_after_the_one_before_it_whatever_their_order_in_the_file():
    second, first = sentence("r1", 2, "He refused."), sentence("r1", 1, "Belmark sent an envoy.")
    items = label_examples([second, first], TABLE)
    assert [item.example.context for item in items] == ["", "Belmark; Belmark sent an envoy."]
    assert [candidate.actor for candidate in items[1].example.candidates] == ["Belmark"]


def test_a_gap_in_the_positions_breaks_the_context():
    items = label_examples([sentence("r1", 1, "Belmark sent an envoy."), sentence("r1", 3, "He refused.")], TABLE)
    assert items[1].example.context == ""
    assert items[1].example.candidates == ()


def test_context_does_not_run_over_from_report_to_report():
    items = label_examples([sentence("r1", 1, "Belmark sent an envoy."), sentence("r2", 2, "He refused.")], TABLE)
    assert items[1].example.context == ""


def test_the_holder_of_an_office_is_the_one_on_the_date_of_the_report():
    table = ActorTable(
        [
            Alias("Ardania", "Marn", AliasKind.PERSON, until=dt.date(2030, 1, 1)),
            Alias("Belmark", "Marn", AliasKind.PERSON, since=dt.date(2030, 1, 1)),
        ]
    )
    days = [("r1", "2029-12-31"), ("r2", "2030-01-01")]
    items = label_examples([sentence(report, 1, "Marn refused.", date=day) for report, day in days], table)
    assert [item.example.candidates[0].actor for item in items] == ["Ardania", "Belmark"]


def test_nothing_labelled_gives_no_examples():
    assert label_examples([], TABLE) == []


@pytest.mark.parametrize("text", [GOOD, "\ufeff" + GOOD, GOOD.replace("\n", "\r\n")], ids=["plain", "BOM", "CRLF"])
def test_every_report_has_the_split_of_its_row(tmp_path, corpus, text):
    assert read_splits(write_splits(tmp_path, text), corpus) == {
        "r1": Split.TRAIN,
        "r2": Split.DEVELOPMENT,
        "r3": Split.TEST,
        "r4": Split.TEST,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "r1,test\n", r"splits\.csv:6: report 'r1' stands twice; once is allowed"),
        (GOOD.replace("r4,test\n", ""), r"splits\.csv: r4: each report of the corpus must have one row"),
        (GOOD + "r9,train\n", r"splits\.csv: r9: each report of the corpus must have one row, and no other may"),
        (GOOD.replace("r1,train", "r1,dev"), r"splits\.csv:2: split 'dev' is not one of train, development, test"),
        (GOOD.replace("r1,train", "r1,Train"), r"splits\.csv:2: split 'Train' is not one of train, development, test"),
        (GOOD.replace("r1,", ","), r"splits\.csv:2: report_id is empty; it must be filled"),
        (GOOD.replace("r1,train", "r1"), r"splits\.csv:2: 1 fields; every row must have 2"),
        ("report_id,split,split\n", r"splits\.csv:1: the columns are report_id, split, split; they must be report_id"),
        ("", r"splits\.csv:1: the columns are ; they must be report_id, split"),
    ],
)
def test_a_fault_in_the_splits_is_named_with_its_place(tmp_path, corpus, text, message):
    with pytest.raises(StanceError, match=message):
        read_splits(write_splits(tmp_path, text), corpus)


@pytest.mark.parametrize("name", ["absent.csv", "."])
def test_splits_that_are_no_file_are_refused(tmp_path, corpus, name):
    with pytest.raises(StanceError, match="no such file; expected a CSV with the columns report_id, split"):
        read_splits(tmp_path / name, corpus)


def test_a_test_report_must_be_later_than_all_that_is_seen_of_its_conflict(tmp_path, corpus):
    text = GOOD.replace("r2,development", "r2,test").replace("r3,test", "r3,development")
    message = "test report r2 is dated 2030-02-01; it must be later than r3 of 2030-03-01"
    with pytest.raises(StanceError, match=message):
        read_splits(write_splits(tmp_path, text), corpus)


def test_a_test_report_of_the_same_day_as_a_training_report_is_refused(tmp_path, corpus):
    corpus[2] = replace(corpus[2], date=corpus[1].date)
    with pytest.raises(StanceError, match="r3 is dated 2030-02-01; it must be later than r2 of 2030-02-01"):
        read_splits(write_splits(tmp_path, GOOD), corpus)


def test_a_test_report_without_a_date_is_refused_where_its_conflict_is_seen(tmp_path, corpus):
    corpus[2] = replace(corpus[2], date=None)
    with pytest.raises(StanceError, match="test report r3 is dated None; it must be later than r2"):
        read_splits(write_splits(tmp_path, GOOD), corpus)


def test_a_test_without_an_unseen_conflict_is_refused(tmp_path, corpus):
    text = GOOD.replace("r4,test", "r4,train")
    with pytest.raises(StanceError, match="every conflict of the test is seen in training; at least one must not be"):
        read_splits(write_splits(tmp_path, text), corpus)


def test_undated_training_reports_do_not_stand_in_the_way(tmp_path, corpus):
    corpus[0] = replace(corpus[0], date=None)
    splits = read_splits(write_splits(tmp_path, GOOD), corpus)
    check_splits(tmp_path, corpus[::-1], splits)
    assert splits["r3"] is Split.TEST


def test_the_hash_does_not_depend_on_the_order_of_the_rows(tmp_path, corpus):
    path = tmp_path / "labels.csv"
    write_labels(path, [replace(item, stances=(REFUSES,)) for item in reversed(corpus)])
    read = read_labels(path)
    assert data_hash(read) == data_hash(read[::-1])
    assert len(data_hash(read)) == 64


@pytest.mark.parametrize(
    "change",
    [{"text": "Belmark agreed."}, {"stances": (REFUSES,)}, {"position": 2}, {"date": None}, {"mentions": ("Ardania",)}],
    ids=lambda change: next(iter(change)),
)
def test_the_hash_changes_with_everything_that_is_learnt_from(corpus, change):
    assert data_hash([replace(corpus[0], **change), *corpus[1:]]) != data_hash(corpus)


def test_a_hugging_face_data_set_has_a_row_for_each_query():
    pytest.importorskip("datasets")
    items = label_examples([sentence("r1", 1, "Belmark refused what Ardania asked.", REFUSES)], TABLE)
    rows = as_dataset(items).to_list()
    assert [(row["actor"], row["labels"], row["issues"]) for row in rows] == [
        ("", [0, 0, 1, 0], ["territory"]),
        ("Belmark", [0, 0, 1, 0], ["territory"]),
        ("Ardania", [0, 0, 0, 0], []),
    ]
    assert {(row["report_id"], row["position"], row["context"]) for row in rows} == {("r1", 1, "")}


def test_registers_are_read_where_somebody_told_them(tmp_path):
    path = tmp_path / "registers.csv"
    assert read_registers(path) == {}
    path.write_text("report_id,register\nr1,live blog\nr2,wire\n")
    assert read_registers(path) == {"r1": Register.LIVE_BLOG, "r2": Register.WIRE}


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("r1,wire", r"registers\.csv:3: report 'r1' stands twice; once is allowed"),
        ("r2,poem", r"registers\.csv:3: register 'poem' is not one of wire, feature, live blog, statement, opinion"),
        (",wire", r"registers\.csv:3: report_id is empty"),
    ],
)
def test_a_register_that_does_not_exist_or_a_report_told_twice_is_refused(tmp_path, row, fault):
    path = tmp_path / "registers.csv"
    path.write_text(f"report_id,register\nr1,wire\n{row}\n")
    with pytest.raises(StanceError, match=fault):
        read_registers(path)

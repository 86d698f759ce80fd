"""Tables of reports to tables of decisions."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest
from toys import Shouting, toy

from stance.batch import PARTY, Decision, classify_table
from stance.batch import decisions as decide
from stance.classify import classify_report
from stance.codebook import LABELS, NONE, Report
from stance.dates import ALLOWED

MODEL = "transformer"
DAY = dt.date(2020, 1, 1)
GERMAN = "Der Minister von Belmark weigerte sich, über das Delta zu verhandeln, solange der Hafen geschlossen bleibt."
TEXTS = [
    "Belmark refuses to leave the delta. Ardania, its neighbour, demands a truce.",
    "Ardania will talk only if Belmark withdraws.\n\nIt rained.",
    "Ardania agreed to withdraw from the port. The ministers met for an hour in the old customs house.",
    "  Belmark rejected the ceasefire.  It demands that Ardania withdraw its troops, “now”.",
    "Ardania insists that Belmark return the delta.\nBelmark ruled out any territorial concession to Ardania.",
    "Rain stopped the harvest.",
    "Ardania is ready to accept a ceasefire. The mediator, who had waited for eight days, said that he was hopeful.",
]
REPORTS = [{"report_id": f"r{number}", "date": DAY, "text": text} for number, text in enumerate(TEXTS)]


@pytest.fixture(scope="module")
def actors(tmp_path_factory):
    path = tmp_path_factory.mktemp("actors") / "actors.csv"
    path.write_text("actor,alias,kind,from,until\nArdania,Ardania,name,,\nBelmark,Belmark,name,,\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def classified(actors):
    """What is found in a list of rows."""
    return lambda rows: classify_table(pd.DataFrame(rows), model=MODEL, actors=actors)


@pytest.fixture(scope="module")
def decisions(classified):
    return classified(REPORTS)


def assert_same(found, expected):
    """The same rows in any order, the probabilities to five places."""
    found, expected = (
        table.sort_values(["report_id", "position"], kind="stable").reset_index(drop=True)
        for table in (found, expected)
    )
    exact = [name for name in Decision._fields if name not in LABELS]
    assert found[exact].to_dict("records") == expected[exact].to_dict("records")
    assert found[list(LABELS)].to_numpy() == pytest.approx(expected[list(LABELS)].to_numpy(), abs=1e-5)


def test_the_probability_columns_of_a_decision_are_the_labels_in_their_order():
    assert tuple(name for name in Decision._fields if name in set(LABELS)) == LABELS
    first = Decision._fields.index(LABELS[0])
    assert Decision._fields[first : first + len(LABELS)] == LABELS


def test_the_columns_of_a_table_are_those_of_a_decision_even_without_a_row(classified, decisions):
    assert tuple(decisions) == tuple(classified({"text": []})) == Decision._fields


def test_a_table_says_what_its_reports_say_one_by_one(decisions, actors):
    held = decisions[decisions["label"] != NONE]
    assert set(held["label"]) == set(LABELS)
    for report in REPORTS:
        found = classify_report(report["text"], date=DAY, actors=actors, model=MODEL)
        rows = held[held["report_id"] == report["report_id"]]
        stances = [stance for sentence in found for stance in sentence.stances]
        key = ("actor", "label", "issue", "sentence", "start", "end")
        assert {tuple(row[name] for name in key) for row in rows.to_dict("records")} == {
            tuple(getattr(stance, name) for name in key) for stance in stances
        }
        probability = {(stance.actor, stance.label, stance.start): stance.probability for stance in stances}
        for row in rows.to_dict("records"):
            assert row[row["label"]] == pytest.approx(probability[row["actor"], row["label"], row["start"]], abs=1e-5)


def test_every_sentence_has_a_row_and_its_offsets_lead_back_to_it(decisions):
    texts = {report["report_id"]: report["text"] for report in REPORTS}
    for row in decisions.itertuples():
        assert texts[row.report_id][row.start : row.end] == row.sentence
    sentences = decisions.drop_duplicates(["report_id", "position"])
    assert sentences.groupby("report_id").size().tolist() == [2, 2, 2, 2, 2, 1, 2]
    assert sentences.groupby("report_id")["position"].max().tolist() == [2, 2, 2, 2, 2, 1, 2]


def test_a_party_asked_about_has_a_row_though_it_holds_nothing(decisions):
    [row] = decisions[
        (decisions["report_id"] == "r4") & (decisions["position"] == 1) & (decisions["label"] == NONE)
    ].to_dict("records")
    assert (row["actor"], row["issue"]) == ("Belmark", "")
    assert 0 < row["rejection"] < 1


def test_a_sentence_without_a_party_has_one_row(decisions):
    [row] = decisions[decisions["report_id"] == "r5"].to_dict("records")
    assert (row["actor"], row["position"], row["reason"]) == ("", 1, "")


class Unsure(Shouting):
    """Sure of a demand, and of nobody who makes it."""

    def predict_proba(self, examples):
        answers = super().predict_proba(examples)
        for answer in answers:
            answer.labels[1:] = 0.1
        return answers


def test_a_stance_whose_holder_is_unclear_has_a_row_without_an_actor():
    unsure = toy()
    unsure.model = replace(unsure.model, classifier=Unsure())
    found = decide([(Report("r1", "Ardania wants the delta back!", DAY), "")], unsure)
    rows = [(row.actor, row.label, row.issue, row.begins, round(row.demand, 3)) for row in found]
    assert rows == [("Ardania", NONE, "", PARTY, 0.1), ("", "demand", "territory", PARTY, 0.9)]


@pytest.mark.parametrize("rows", [REPORTS[::-1], REPORTS[3:] + REPORTS[:3], REPORTS[1::2] + REPORTS[::2]])
def test_the_order_of_the_reports_does_not_matter(classified, decisions, rows):
    assert_same(classified(rows), decisions)


@pytest.mark.parametrize("n_reports", [1, 2, 5])
def test_it_does_not_matter_how_reports_are_cut_into_tables(classified, decisions, n_reports):
    tables = [classified(REPORTS[start : start + n_reports]) for start in range(0, len(REPORTS), n_reports)]
    assert_same(pd.concat(tables), decisions)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"text": ""}, "row 2: text is missing or empty; it must be filled"),
        ({"text": " \n"}, "row 2: text is missing or empty; it must be filled"),
        ({"text": None}, "row 2: text is missing or empty; it must be filled"),
        ({"text": float("nan")}, "row 2: text is missing or empty; it must be filled"),
        ({"text": 7}, "row 2: text is of type int; it must be a string"),
        ({"date": "2 May"}, f"row 2: date '2 May' is not understood; give {ALLOWED}"),
        ({"text": GERMAN}, "row 2: seems to be German (de), not English; only English is read"),
        ({"text": "…\n* * *"}, "the text holds no sentence"),
    ],
)
def test_a_report_that_cannot_be_read_is_one_row_with_the_reason_and_nothing_else_is_lost(classified, fields, reason):
    rows = [REPORTS[0], REPORTS[1] | fields, REPORTS[2]]
    table = classified(rows)
    [bad] = table[table["reason"] != ""].to_dict("records")
    assert (bad["report_id"], bad["reason"], bad["sentence"], bad["label"]) == ("r1", reason, "", NONE)
    assert_same(table[table["reason"] == ""], classified([rows[0], rows[2]]))


def test_any_language_is_read_where_that_is_asked_for(actors):
    table = classify_table(pd.DataFrame({"text": [GERMAN]}), model=MODEL, actors=actors, any_language=True)
    assert table[["sentence", "reason"]].drop_duplicates().values.tolist() == [[GERMAN, ""]]


def test_what_is_known_of_a_report_is_carried_to_its_rows(classified):
    known = {"report_id": "r1", "date": DAY, "title": "No truce", "outlet": "The Post", "copy_of": "r0"}
    table = classified([known | {"text": TEXTS[0]}, {"report_id": "r2", "text": TEXTS[1]}])
    assert table.loc[table["report_id"] == "r1", list(known)].drop_duplicates().to_dict("records") == [known]
    nothing = {"report_id": "r2", "date": None, "title": "", "outlet": "", "copy_of": ""}
    assert table.loc[table["report_id"] == "r2", list(known)].drop_duplicates().to_dict("records") == [nothing]


def test_the_party_that_publishes_a_report_is_asked_about(classified):
    rain = {"text": "It rained."}
    table = classified([rain | {"report_id": "r1"}, rain | {"report_id": "r2", "outlet": "Belmark News"}])
    assert table["actor"].tolist() == ["", "Belmark"]


@pytest.mark.parametrize(
    ("date", "expected"),
    [("2020-01-01", DAY), (DAY, DAY), (dt.datetime(2020, 1, 1, 12), DAY), (pd.Timestamp(DAY), DAY), ("", None)],
)
def test_a_date_may_be_a_string_a_date_a_time_or_empty(classified, date, expected):
    assert set(classified([{"text": TEXTS[5], "date": date}])["date"]) == {expected}


def test_a_missing_date_among_times_is_no_date(classified):
    table = pd.DataFrame({"text": TEXTS[5:], "date": pd.to_datetime(["2020-01-01", None])})
    assert classified(table).drop_duplicates("report_id")["date"].tolist() == [DAY, None]


def test_a_report_without_an_id_is_called_by_its_row(classified):
    assert set(classified([{"text": TEXTS[0]}, {"text": ""}])["report_id"]) == {"row 1", "row 2"}
    named = classified([{"report_id": "r1", "text": TEXTS[5]}, {"report_id": None, "text": TEXTS[5]}])
    assert named["report_id"].tolist() == ["r1", "row 2"]


def test_columns_of_ones_own_are_not_read(classified, decisions):
    assert_same(classified([report | {"label": "demand", "n": 3} for report in REPORTS]), decisions)

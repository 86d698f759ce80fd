"""Reports as a classifier read them, and as people coded them."""

import datetime as dt

import numpy as np
import pytest

from stance.codebook import ISSUES, LABELS, Candidate, DatedStance, Example, Issue, Label, StanceError
from stance.predictions import DecisionRule, Probabilities
from stance.reading import coded_reports, read_by_classifier, read_coded

DAY = dt.date(2030, 1, 1)
BOTH = Example("Belmark spoke to Ardania.", "", (Candidate("Belmark", ((0, 7),)), Candidate("Ardania", ((17, 24),))))
HEADER = "report_id,date,actor,label,issue"


def answer(anyone, belmark, ardania, label=Label.REJECTION):
    labels = np.full((3, len(LABELS)), 0.1)
    labels[:, LABELS.index(label)] = anyone, belmark, ardania
    issues = np.zeros((3, len(LABELS), len(ISSUES)))
    issues[..., ISSUES.index(Issue.TALKS)] = 1
    return Probabilities(labels, issues)


def put(tmp_path, *lines):
    path = tmp_path / "coded.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_classifiers_report_has_its_stances_and_what_was_asked():
    report = read_by_classifier(
        "r1", DAY, "The Post", [(1, BOTH, answer(0.9, 0.8, 0.2)), (2, BOTH, answer(0.2, 0.3, 0.1))], DecisionRule()
    )
    assert [(s.position, s.actor, s.label, s.issue) for s in report.stances] == [
        (1, "Belmark", Label.REJECTION, Issue.TALKS)
    ]
    assert (report.n_sentences, report.asked["Belmark"].n_sentences, report.asked["Ardania"].n_sentences) == (2, 2, 2)
    assert report.asked["Belmark"].expected[Label.REJECTION] == pytest.approx(1.1)
    assert report.asked["Ardania"].expected[Label.DEMAND] == pytest.approx(0.2)


def test_a_sentence_that_names_nobody_is_read_but_nobody_is_asked_about():
    nobody = Probabilities(np.full((1, 4), 0.1), np.full((1, 4, 10), 0.1))
    report = read_by_classifier("r1", DAY, "", [(1, Example("It rained."), nobody)], DecisionRule())
    assert (report.n_sentences, report.asked, report.stances) == (1, {}, ())


def test_coded_stances_are_gathered_by_report_in_order_of_date():
    stances = [
        DatedStance("b", DAY, 1, "…", "Belmark", Label.DEMAND, Issue.TALKS),
        DatedStance("a", dt.date(2030, 1, 9), 1, "…", "Belmark", Label.DEMAND, Issue.TALKS),
        DatedStance("b", DAY, 2, "…", "Ardania", Label.REJECTION, Issue.TALKS),
    ]
    reports = coded_reports(stances, {"a": "The Post"})
    assert [(report.report_id, report.reference, len(report.stances)) for report in reports] == [
        ("b", "b", 2),
        ("a", "The Post", 1),
    ]


def test_a_coded_report_of_two_dates_is_refused(tmp_path):
    path = put(tmp_path, HEADER, "r1,2030-01-01,Belmark,demand,talks", "r1,2030-01-02,Belmark,demand,talks")
    with pytest.raises(StanceError, match="report 'r1' is dated 2030-01-01 and 2030-01-02; it must have one date"):
        read_coded(path)


def test_a_coded_table_needs_no_more_than_its_five_columns(tmp_path):
    [report] = read_coded(put(tmp_path, HEADER, "r1,2030-01-01,Belmark,demand,talks", "r1,2030-01-01,,rejection,other"))
    assert [(s.position, s.actor, s.label, s.probability) for s in report.stances] == [
        (1, "Belmark", Label.DEMAND, 1.0),
        (2, "", Label.REJECTION, 1.0),
    ]


def test_spaces_capitals_and_empty_rows_of_a_spreadsheet_do_no_harm(tmp_path):
    [report] = read_coded(put(tmp_path, HEADER, "r1,2030-01-01, Belmark ,Demand,Talks", ",,,,"))
    assert [(s.actor, s.label, s.issue) for s in report.stances] == [("Belmark", Label.DEMAND, Issue.TALKS)]


def test_a_table_divided_by_semicolons_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(StanceError, match=r"coded\.csv:1: the fields are divided by ';'; save the file with commas"):
        read_coded(put(tmp_path, HEADER.replace(",", ";"), "r1;2030-01-01;Belmark;demand;talks"))


def test_columns_of_ones_own_are_not_read(tmp_path):
    [report] = read_coded(put(tmp_path, f"coder,{HEADER},sentence", "me,r1,2030-01-01,Belmark,demand,talks,It spoke."))
    assert report.stances[0].sentence == "It spoke."


def test_a_copy_stays_marked(tmp_path):
    lines = [f"{HEADER},copy_of", "r1,2030-01-01,Belmark,demand,talks,", "r2,2030-01-02,Belmark,demand,talks,r1"]
    assert [report.copy_of for report in read_coded(put(tmp_path, *lines))] == ["", "r1"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([HEADER], "coded.csv: no stance there; at least one is needed"),
        (["report_id,date,actor,label"], "coded.csv:1: no column issue; it needs report_id, date, actor, label, issue"),
        ([HEADER, "r1,,Belmark,demand,talks"], "coded.csv:2: date is empty; it must be filled"),
        ([HEADER, ",2030-01-01,Belmark,demand,talks"], "coded.csv:2: report_id is empty"),
        ([HEADER, "r1,2030-01-01,Belmark,demnad,talks"], "coded.csv:2: label 'demnad' is not one of demand"),
        ([HEADER, "r1,2030-01-01,Belmark,demand,weather"], "coded.csv:2: issue 'weather' is not one of territory"),
        (
            [f"{HEADER},probability", "r1,2030-01-01,Belmark,demand,talks,1.5"],
            "coded.csv:2: probability '1.5' is not a number from 0 to 1",
        ),
        ([f"{HEADER},position", "r1,2030-01-01,Belmark,demand,talks,x"], "position 'x' is not a number from 0"),
        ([f"{HEADER},position", "r1,2030-01-01,Belmark,demand,talks,2.7"], "position '2.7' is not a whole number"),
    ],
)
def test_a_faulty_coded_table_is_refused_with_its_place(tmp_path, lines, message):
    with pytest.raises(StanceError, match=message):
        read_coded(put(tmp_path, *lines))


def test_a_table_that_a_spreadsheet_saved_as_utf_16_is_read(tmp_path):
    path = tmp_path / "coded.csv"
    path.write_text(f"{HEADER}\nr1,2030-01-01,Côte,demand,talks\n", encoding="utf-16")
    assert read_coded(path)[0].stances[0].actor == "Côte"


def test_the_apostrophe_before_what_a_spreadsheet_would_run_is_no_part_of_the_text(tmp_path):
    row = "'=r1,2030-01-01,'-Ardania,demand,talks,'+7 said no.,''=r2"
    [report] = read_coded(put(tmp_path, f"{HEADER},sentence,copy_of", row))
    [stance] = report.stances
    assert (report.report_id, stance.actor, stance.sentence, report.copy_of) == (
        "=r1",
        "-Ardania",
        "+7 said no.",
        "'=r2",
    )

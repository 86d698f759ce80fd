"""Stances in a pandas table, and their analysis as pandas tables."""

import datetime as dt
import subprocess
import sys

import pandas as pd
import pytest

from stance.codebook import Label, StanceError
from stance.frames import (
    changes_frame,
    firmness_changes_frame,
    gaps_frame,
    overall_frame,
    positions_frame,
    shares_frame,
)
from stance.periods import period_of
from stance.reading import CODED_COLUMNS, coded_frame, read_coded
from stance.shifts import analyse

ROWS = [
    *(("r1", "2030-01-01", "Belmark", "rejection", "territory") for _ in range(3)),
    *(("r2", "2030-02-09", "Belmark", "concession", "territory") for _ in range(3)),
    ("r2", "2030-02-09", "Ardania", "demand", "talks"),
]


def coded(*rows, **more):
    return pd.DataFrame(list(rows or ROWS), columns=list(CODED_COLUMNS)).assign(**more)


ANALYSIS = analyse(coded_frame(coded()))


def test_a_frame_is_read_as_its_csv(tmp_path):
    frame = coded(sentence="Belmark spoke.", probability=0.5, position=[4, 5, 6, 1, 2, 3, 4], copy_of=None)
    frame.to_csv(tmp_path / "s.csv", index=False)
    assert coded_frame(frame) == read_coded(tmp_path / "s.csv")


@pytest.mark.parametrize(
    "date", ["2030-01-01", dt.date(2030, 1, 1), pd.Timestamp("2030-01-01 14:30"), dt.datetime(2030, 1, 1)]
)
def test_dates_may_be_texts_dates_or_timestamps(date):
    assert coded_frame(coded(*ROWS[:1], date=[date]))[0].date == dt.date(2030, 1, 1)


def test_missing_values_are_empty_fields():
    frame = coded(*ROWS[:2], actor=[None, float("nan")], position=[float("nan"), 7], probability=[pd.NA, 0.5])
    [report] = coded_frame(frame)
    assert [(one.position, one.actor, one.probability) for one in report.stances] == [(1, "", 1.0), (7, "", 0.5)]


def test_labels_of_the_package_are_labels():
    assert coded_frame(coded(*ROWS[:1], label=[Label.DEMAND]))[0].stances[0].label is Label.DEMAND


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (coded().drop(columns="issue"), "the table: no column issue; it needs report_id, date, actor, label, issue"),
        (coded()[[*CODED_COLUMNS, "label"]], "the table: column label stands twice; it must stand once"),
        (coded().iloc[:0], "the table: no stance there; at least one is needed"),
        (coded(label="demnad").iloc[[2, 3]], "row 2: label 'demnad' is not one of demand"),
        (coded(date=pd.NaT), "row 0: date is empty; it must be filled"),
        (coded(date="1 May"), "row 0: date '1 May' is not an ISO date"),
        (coded(position=float("inf")), "row 0: position 'inf' is not a number from 0"),
        (coded(probability=1.5).set_axis(list("abcdefg")), "row 'a': probability '1.5' is not a number from 0 to 1"),
    ],
)
def test_a_faulty_frame_is_refused_with_the_index_of_its_row(frame, message):
    with pytest.raises(StanceError, match=message):
        coded_frame(frame)


def test_the_shares_have_types_to_compute_with():
    whole = shares_frame(ANALYSIS)
    assert whole["issue"].tolist() == ["", "", "", "territory", "territory"]
    frame = whole[whole["issue"] == ""]
    assert frame["actor"].tolist() == ["Belmark", "Belmark", "Ardania"]
    assert frame["firmness_found"].tolist() == [1.0, 0.0, 1.0]
    assert frame["rejection_found"].sum() == 3
    assert frame["demand_expected"].isna().all()
    assert frame["start"].tolist() == [pd.Timestamp(2030, 1, 1), pd.Timestamp(2030, 2, 9), pd.Timestamp(2030, 2, 9)]


def test_without_hand_checks_nothing_stands_over_all_periods():
    assert overall_frame(ANALYSIS).columns.tolist() == shares_frame(ANALYSIS).columns.tolist()
    assert len(overall_frame(ANALYSIS)) == 0
    assert shares_frame(ANALYSIS)["n_checked"].tolist() == [0] * 5
    assert shares_frame(ANALYSIS)["firmness_checked"].isna().all()


def test_positions_and_their_changes_are_told_with_periods():
    assert positions_frame(ANALYSIS)[["actor", "issue", "label", "n_stances", "n_of_label"]].values.tolist() == [
        ["Belmark", "territory", "rejection", 3, 3],
        ["Belmark", "territory", "concession", 3, 3],
        ["Ardania", "talks", "demand", 1, 1],
    ]
    assert changes_frame(ANALYSIS).values.tolist() == [
        ["Belmark", "territory", "2030-01-01", "rejection", "2030-02-09", "concession", "softening"]
    ]


def test_changes_of_firmness_have_intervals_and_tests():
    change, on_territory = firmness_changes_frame(ANALYSIS).to_dict("records")
    assert (change["issue"], on_territory["issue"]) == ("", "territory")
    assert (change["actor"], change["before"], change["after"]) == ("Belmark", "2030-01-01", "2030-02-09")
    assert change["difference"] == -1.0
    assert -1 <= change["low"] < change["high"] < 0
    assert change["permutation_p"] != change["permutation_p"]  # two reports are too few for that test
    assert change["is_clear"] is True


def test_gaps_have_their_change_beside_them():
    both = pd.concat([coded(), coded().assign(actor="Corvia", report_id="r9", date="2030-01-01")])
    frame = gaps_frame(analyse(coded_frame(both.assign(position=range(len(both))))))
    assert frame["gap"].notna().all()
    assert frame.loc[0, ["change", "p_value"]].isna().all()


def test_periods_open_at_an_end_have_a_date_there_too():
    frame = shares_frame(analyse(coded_frame(coded()), period=lambda date: period_of(date, [dt.date(2030, 1, 9)])))
    frame = frame[frame["issue"] == ""]
    assert frame["start"].dt.year.tolist() == [1, 2030, 2030]
    assert frame["end"].dt.year.tolist() == [2030, 9999, 9999]


def test_pandas_is_not_loaded_to_classify_or_to_read_a_csv():
    script = (
        "import sys, stance, stance.cli, stance.reading; stance.classify('Belmark spoke.'); "
        "print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"

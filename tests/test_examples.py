"""The example corpora are what their README says."""

import csv
import datetime as dt
from pathlib import Path

import pytest

from stance.actors import ActorTable
from stance.paths import ACTORS
from stance.reading import read_coded
from stance.reports import read_reports
from stance.sentences import split

ROOT = Path(__file__).parents[1]
KOSOVO = ROOT / "examples/kosovo-serbia"
N_SENTENCES = range(9, 17)  # the headline and 8 to 15 more


@pytest.fixture(scope="module")
def reports():
    return {report.report_id: report for report in read_reports(KOSOVO / "reports")}


def rows(name):
    with (KOSOVO / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_reports_are_short_and_spread_over_many_quarters(reports):
    assert {report_id: n for report_id, report in reports.items() if (n := len(split(report))) not in N_SENTENCES} == {}
    assert len({(report.date.year, (report.date.month - 1) // 3) for report in reports.values()}) >= 8


def test_the_parties_add_to_those_of_the_project():
    known = {(alias.actor, alias.alias) for alias in ActorTable.read(ACTORS).aliases}
    added = ActorTable.read(KOSOVO / "actors.csv").aliases
    assert [alias for alias in added if (alias.actor, alias.alias) in known] == []
    ActorTable.read(ACTORS, KOSOVO / "actors.csv")


def test_every_added_name_stands_in_a_report(reports):
    names = [alias.alias for alias in ActorTable.read(KOSOVO / "actors.csv").aliases]
    assert [name for name in names if not any(name in report.text for report in reports.values())] == []


def test_the_events_are_dated_in_order():
    dates = [dt.date.fromisoformat(row["date"]) for row in rows("events.csv")]
    assert dates == sorted(set(dates))
    assert all(row["label"] for row in rows("events.csv"))


def test_the_coded_stances_stand_in_the_reports_word_for_word(reports):
    texts = {(r, s.position): s.text for r, report in reports.items() for s in split(report)}
    coded = [stance for report in read_coded(KOSOVO / "coded.csv") for stance in report.stances]
    assert [stance for stance in coded if texts.get((stance.report_id, stance.position)) != stance.sentence] == []
    assert {stance.report_id for stance in coded} == set(reports)
    assert len({(s.report_id, s.position, s.actor, s.label, s.issue) for s in coded}) == len(coded)


def test_the_coded_holders_are_known_parties():
    known = ActorTable.read(ACTORS, KOSOVO / "actors.csv").actors
    assert {row["actor"] for row in rows("coded.csv")} - known == {"Democratic League"}  # the tutorial adds it

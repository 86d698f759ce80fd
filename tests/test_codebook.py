"""The closed vocabulary, held against the codebook that people read, and the records."""

import ast
import dataclasses
import datetime as dt
import re
from pathlib import Path

import pytest

from stance.codebook import (
    CODEBOOK_VERSION,
    FIRM_LABELS,
    ISSUES,
    LABELS,
    NOBODY,
    NONE,
    Candidate,
    DatedStance,
    Example,
    Issue,
    Label,
    Report,
    Stance,
    StanceError,
)

ROOT = Path(__file__).parents[1]
CODEBOOK = (ROOT / "docs/codebook.md").read_text(encoding="utf-8")


def first_cells(section: str) -> list[str]:
    """The code words in the first column of the table below a heading of the codebook."""
    text = CODEBOOK.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)


def test_the_labels_are_those_of_the_codebook():
    assert sorted(LABELS) == sorted(first_cells("Labels"))


def test_the_issues_are_those_of_the_codebook_in_its_order():
    assert list(ISSUES) == first_cells("Issues")


def test_the_version_is_that_of_the_codebook():
    assert f"\nVersion {CODEBOOK_VERSION}." in CODEBOOK


def test_no_other_module_spells_a_label_or_an_issue():
    words = {*LABELS, *ISSUES} - {Issue.OTHER}  # "other" is also an everyday word
    spelt = [
        f"{path.name}:{node.lineno}: {node.value}"
        for path in sorted((ROOT / "src/stance").glob("*.py"))
        if path.name != "codebook.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in words
    ]
    assert spelt == []


def test_no_stance_is_not_a_label():
    assert NONE not in LABELS
    with pytest.raises(ValueError, match="'none' is not a valid Label"):
        Label(NONE)


def test_a_concession_is_the_only_label_that_does_not_hold_firm():
    assert set(LABELS) - set(FIRM_LABELS) == {Label.CONCESSION}


def test_the_same_actor_label_and_issue_twice_is_one_stance():
    stance = Stance("Belmark", Label.REJECTION, Issue.TERRITORY)
    assert {stance, Stance("Belmark", Label("rejection"), Issue("territory"))} == {stance}


def test_stances_sort_by_actor_first():
    firm = Stance("Belmark", Label.CONCESSION, Issue.CEASEFIRE)
    unclear = Stance(NOBODY, Label.REJECTION, Issue.TALKS)
    other = Stance("Ardania", Label.REJECTION, Issue.TALKS)
    assert sorted([firm, other, unclear]) == [unclear, other, firm]


@pytest.mark.parametrize(
    "record",
    [
        Report("r1", "Ardania asked."),
        Stance("Ardania", Label.DEMAND, Issue.TALKS),
        DatedStance("r1", dt.date(2030, 1, 1), 1, "Ardania asked.", "Ardania", Label.DEMAND, Issue.TALKS),
        Example("Ardania asked."),
    ],
    ids=lambda record: type(record).__name__,
)
def test_records_cannot_be_changed(record):
    field = dataclasses.fields(record)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot assign to field '{field}'"):
        setattr(record, field, "Belmark")


def test_a_report_is_cited_by_outlet_date_and_title():
    report = Report("r1", "…", dt.date(2030, 3, 16), "Talks stall", "The Delta Post")
    assert report.reference == "The Delta Post, 2030-03-16: Talks stall"


@pytest.mark.parametrize(
    ("report", "reference"),
    [
        (Report("r1", "…"), "r1"),
        (Report("r1", "…", title="Talks stall"), "Talks stall"),
        (Report("r1", "…", dt.date(2030, 3, 16)), "2030-03-16: r1"),
        (Report("r1", "…", outlet="The Delta Post"), "The Delta Post: r1"),
    ],
)
def test_a_reference_without_a_title_names_the_id_and_leaves_out_what_else_is_unknown(report, reference):
    assert report.reference == reference


def test_an_example_asks_about_anyone_and_then_each_candidate():
    assert Example("It rained.").n_queries == 1
    assert Example("Ardania met Belmark.", "", (Candidate("Ardania"), Candidate("Belmark"))).n_queries == 3


def test_a_refusal_of_the_package_can_be_caught_as_a_value_error():
    with pytest.raises(ValueError, match="the text is empty"):
        raise StanceError("the text is empty")

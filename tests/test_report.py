import csv
import datetime as dt
import hashlib
import json
import re
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser

import pyarrow.parquet as pq
import pytest
from toy_reports import ERRING, C, D

from stance import __version__
from stance.codebook import LABELS, Asked, DatedStance, Issue, Label
from stance.evaluation import Attribution, Evaluation, LabelScore
from stance.events import Event
from stance.metrics import Estimate
from stance.periods import period_of
from stance.quantification import MeasuredErrors
from stance.reading import coded_reports
from stance.report import write_pages, write_report
from stance.report_tables import GAP_COLUMNS, SHARE_COLUMNS, STANCE_COLUMNS
from stance.review import AskedPair, with_checks
from stance.shifts import analyse, tally

HOSTILE = "<script>alert('x')</script> | *bold* [link](there) `code`"
SOURCES = {"r1": "The Delta Post, 1 January 2030", "r2": "Port Times, 9 January 2030"}
VOID = {"meta", "br", "link", "img", "hr", "input"}


def stance(report_id, day, label, *, actor="Belmark", issue=Issue.TERRITORY, sentence="Belmark spoke.", position=1):
    return DatedStance(report_id, dt.date(2030, 1, day), position, sentence, actor, label, issue, 0.8765)


TALKS = [
    stance("r1", 1, Label.REJECTION, sentence="Belmark refused to leave the delta."),
    stance("r1", 1, Label.DEMAND, issue=Issue.TALKS, position=2),
    stance("r1", 1, Label.DEMAND, actor="Ardania", issue=Issue.TALKS, position=3),
    stance("r2", 9, Label.CONCESSION, sentence="Belmark offered to leave the delta."),
]
THREE = [stance("r1", 1, Label.DEMAND, actor="Corvia", position=position) for position in (4, 5, 6)]
QUALITY = Evaluation(
    "toy model",
    "toy test",
    7,
    77,
    {
        name: Estimate(0.71, 0.61, 0.81)
        for name in ("macro_f1", "actor_label_f1", "actor_label_issue_f1", "expected_calibration_error")
    },
    {label: LabelScore(0.7, 0.6, 0.65, 10) for label in LABELS},
    Attribution(0.95, 30, 4, 9, 12),
)


class Balance(HTMLParser):
    """Collects the text and checks that every element is closed in its place."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] not in (["script"], ["style"]):
            self.text.append(data)


def write(folder, stances=TALKS, sources=SOURCES, gold=None, **options):
    sides = {"reports": coded_reports(stances, sources), "gold": gold and coded_reports(gold, sources)}
    write_report(folder, **sides, **{"title": "The delta talks", **options})
    texts = [path for path in folder.iterdir() if path.is_file() and path.suffix != ".parquet"]
    return {path.name: path.read_text(encoding="utf-8") for path in texts}


def words(page):
    """The text of an HTML page, spaces squeezed."""
    parser = Balance()
    parser.feed(page)
    assert not parser.open
    return " ".join(" ".join(parser.text).split())


def test_the_files_are_written_and_no_unfinished_one_is_left(tmp_path):
    write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "charts", "gaps.csv", "gaps.parquet", "shares.csv", "shares.parquet", "shifts.html", "shifts.json", "shifts.md",
        "stances.csv", "stances.parquet",
    ]  # fmt: skip


def all_bytes(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def checked_reports():
    """Belmark was found to demand and to concede in 40 sentences each, of which 20 each were checked: half is wrong."""
    pairs = [
        AskedPair(report_id, date, position, "Belmark", frozenset({label}), "Belmark spoke.")
        for report_id, date, label in (("r1", dt.date(2030, 1, 1), D), ("r2", dt.date(2030, 1, 9), C))
        for position in range(1, 41)
    ]
    pairs.append(AskedPair("r1", dt.date(2030, 1, 1), 9, "Ardania", frozenset({D}), "Ardania spoke."))
    asked = {"Belmark": Asked(40, dict.fromkeys(LABELS, 10.0)), "Ardania": Asked(1, dict.fromkeys(LABELS, 1.0))}
    reports = coded_reports(
        DatedStance(pair.report_id, pair.date, pair.position, "", pair.actor, *pair.found, Issue.TALKS)
        for pair in pairs
    )
    answers = {pair.key: frozenset({D if pair.position % 2 else C}) for pair in pairs if pair.position <= 20}
    return with_checks([replace(report, asked=asked) for report in reports], pairs, answers)


def test_what_hand_checks_tell_stands_beside_what_was_found_and_corrected(tmp_path):
    write_report(tmp_path, checked_reports(), title="The delta talks", errors=MeasuredErrors(ERRING, {}))
    html, markdown, record = (tmp_path / f"shifts.{kind}" for kind in ("html", "md", "json"))
    assert "By the checks (95% interval) Belmark all 80 40 50%" in words(html.read_text(encoding="utf-8"))
    assert "Too few checks, fewer than 30, or no stance among them: Ardania (1)." in words(
        html.read_text(encoding="utf-8")
    )
    [row] = [line for line in markdown.read_text(encoding="utf-8").splitlines() if line.startswith("| Belmark | all")]
    assert re.fullmatch(r"\| Belmark \| all \| 80 \| 40 \| 50% \| \d+% \(.*\) \| 50% \(\d+% to \d+%\) \|", row)
    overall, other = json.loads(record.read_text(encoding="utf-8"))["overall"]
    assert (overall["period"], overall["n_checked"], overall["firmness_checked"]) == ("all", 40, 0.5)
    assert 0.3 < overall["firmness_checked_low"] < 0.5 < overall["firmness_checked_high"] < 0.7
    assert (other["actor"], other["n_checked"], other["firmness_checked"]) == ("Ardania", 1, None)


def test_shares_have_the_number_of_checks_and_no_figure_where_they_are_too_few(tmp_path):
    write_report(tmp_path, checked_reports(), title="The delta talks", errors=MeasuredErrors(ERRING, {}))
    rows = list(csv.DictReader((tmp_path / "shares.csv").read_text(encoding="utf-8").splitlines()))
    held = [(row["period"], row["n_checked"], row["firmness_checked"]) for row in rows if row["actor"] == "Belmark"]
    assert held == [("2030-01-01", "20", ""), ("2030-01-09", "20", "")]


def test_a_report_without_checks_says_nothing_of_them(tmp_path):
    pages = write(tmp_path)
    assert not any("the checks" in pages[name] for name in ("shifts.html", "shifts.md"))
    assert json.loads(pages["shifts.json"])["overall"] == []


def test_every_file_of_a_report_is_the_same_in_two_runs_charts_and_parquet_too(tmp_path):
    for run in ("one", "two"):
        write(tmp_path / run, [*TALKS, *THREE], with_png=True)
    one, two = all_bytes(tmp_path / "one"), all_bytes(tmp_path / "two")
    assert {path.suffix for path in one} == {".csv", ".html", ".json", ".md", ".parquet", ".png", ".svg"}
    assert one == two


@pytest.mark.parametrize(
    ("name", "columns"), [("stances", STANCE_COLUMNS), ("shares", SHARE_COLUMNS), ("gaps", GAP_COLUMNS)]
)
def test_a_parquet_table_is_its_csv_with_types(tmp_path, name, columns):
    three = [replace(one, actor="Dunmar", position=one.position + 3) for one in THREE]
    write(tmp_path, [*TALKS, *THREE, *three], period=partial(period_of, by=[dt.date(2030, 1, 5)]))
    table = pq.read_table(tmp_path / f"{name}.parquet")
    types = {str: "string", int: "int64", float: "double", dt.date: "date32[day]"}
    assert [str(kind) for kind in table.schema.types] == [types[kind] for kind in columns.values()]
    with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert table.schema.names == list(rows[0]) == list(columns)
    assert len(rows) == table.num_rows
    read = {str: str, int: int, float: float, dt.date: dt.date.fromisoformat}
    typed = [{key: None if not row[key] and kind is not str else read[kind](row[key]) for key, kind in columns.items()}
             for row in rows]  # fmt: skip
    assert typed == table.to_pylist()


def test_the_shares_in_json_are_numbers(tmp_path):
    [first, *_] = json.loads(write(tmp_path, THREE)["shifts.json"])["shares"]
    assert (first["n_reports"], first["demand_found"], first["firmness_found"]) == (1, 3, 1.0)
    assert (first["demand_expected"], first["start"]) == (None, "2030-01-01")


@pytest.mark.parametrize("stances", [TALKS, []])
def test_the_page_names_no_address_and_loads_nothing(tmp_path, stances):
    page = write(tmp_path, stances, quality=QUALITY, gold=TALKS)["shifts.html"].lower()
    for remote in ("http://", "https://", " src=", "@import", "url("):
        assert remote not in page.replace('clip-path="url(#', "")


def test_every_position_change_stands_in_page_and_markdown_with_its_evidence(tmp_path):
    files = write(tmp_path)
    (change,) = analyse(coded_reports(TALKS)).position_changes
    for text in (words(files["shifts.html"]), files["shifts.md"]):
        assert str(change) in text
        assert "Belmark refused to leave the delta." in text
        assert "Belmark offered to leave the delta." in text
        assert "The Delta Post, 1 January 2030" in text


def test_hostile_text_is_shown_and_not_run(tmp_path):
    hostile = [stance("r1", 1, Label.DEMAND, actor=f"{HOSTILE}{n}", sentence=HOSTILE) for n in range(2)] + [
        stance("r1", 1, Label.DEMAND, actor=f"{HOSTILE}0", sentence=HOSTILE, position=n) for n in (2, 3, 4)
    ]
    files = write(tmp_path, hostile, title=HOSTILE, sources={"r1": HOSTILE}, gold=hostile)
    assert re.findall("<script[^>]*>", files["shifts.html"]) == [
        '<script type="application/json" id="evidence-data">',
        "<script>",
    ]
    assert HOSTILE in words(files["shifts.html"])
    assert "<script" not in files["shifts.md"]
    assert "\\*bold\\*" in files["shifts.md"]


def test_the_table_holds_every_stance_with_its_place(tmp_path):
    write(tmp_path)
    with (tmp_path / "stances.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == len(TALKS)
    assert rows[-1] == {
        "report_id": "r2",
        "date": "2030-01-09",
        "position": "1",
        "actor": "Belmark",
        "label": "concession",
        "issue": "territory",
        "probability": "0.876",
        "sentence": "Belmark offered to leave the delta.",
        "copy_of": "",
    }


def test_annotators_and_model_stand_side_by_side_with_what_they_share(tmp_path):
    gold = [*TALKS[:3], stance("r2", 9, Label.PRECONDITION)]
    text = words(write(tmp_path, gold=gold)["shifts.html"])
    assert "Annotators and model side by side" in text
    assert "rejection on 2030-01-01 → precondition on 2030-01-09" in text
    assert "rejection on 2030-01-01 → concession on 2030-01-09" in text
    assert "0 of them are the same in both" in text


def test_measured_quality_and_limits_are_stated(tmp_path):
    text = words(write(tmp_path, quality=QUALITY)["shifts.html"])
    assert "0.71 (0.61 to 0.81)" in text
    assert "toy model" in text
    assert "30 were right, 4 belonged to another actor and 9 to nobody; it missed 12" in text


def test_without_a_test_the_quality_is_said_to_be_unknown(tmp_path):
    asked = {"Belmark": Asked(3, dict.fromkeys(LABELS, 0.5))}
    write_report(tmp_path, [replace(one, asked=asked) for one in coded_reports(TALKS)], title="The delta talks")
    text = (tmp_path / "shifts.md").read_text(encoding="utf-8")
    assert "is unknown" in text
    assert "Shares counted from an imperfect classifier are biased" in text


def test_of_coded_stances_no_classifier_is_spoken(tmp_path):
    text = words(write(tmp_path)["shifts.html"])
    assert "People coded these stances." in text
    assert "classifier" not in text


def test_a_copy_is_listed_but_not_counted(tmp_path):
    again = [replace(one, report_id="r3") for one in TALKS[:3]]
    reports = [*coded_reports(TALKS), replace(coded_reports(again)[0], copy_of="r1")]
    write_report(tmp_path, reports, title="The delta talks")
    text = (tmp_path / "shifts.md").read_text(encoding="utf-8")
    assert "3 reports, 1 of them a copy that is not counted · 4 stances" in text
    assert "Not counted: r3 (copy of r1)" in text
    rows = list(csv.DictReader((tmp_path / "stances.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["copy_of"] for row in rows].count("r1") == 3
    assert analyse(reports) == analyse(reports[:2])


EVENTS = [Event(dt.date(2030, 1, 5), "Ceasefire *of nine days*"), Event(dt.date(2029, 1, 1), "New year")]


def test_events_stand_in_page_markdown_and_json_also_those_outside_the_periods(tmp_path):
    files = write(tmp_path, events=EVENTS)
    assert "2030-01-05 Ceasefire *of nine days* between 2030-01-01 and 2030-01-09" in words(files["shifts.html"])
    assert "2029-01-01 New year before the first period, not drawn" in words(files["shifts.html"])
    assert (
        "| 2030-01-05 | Ceasefire \\*of nine days\\* | between 2030-01-01 and 2030-01-09 (mark 1) |"
        in files["shifts.md"]
    )
    assert json.loads(files["shifts.json"])["events"] == [
        {"date": "2029-01-01", "label": "New year", "mark": None, "where": "before the first period, not drawn"},
        {
            "date": "2030-01-05",
            "label": "Ceasefire *of nine days*",
            "mark": 1,
            "where": "between 2030-01-01 and 2030-01-09",
        },
    ]


def test_without_events_nothing_is_said_of_them(tmp_path):
    files = write(tmp_path)
    assert "### Events" not in files["shifts.md"]
    assert "events" not in words(files["shifts.html"])
    assert json.loads(files["shifts.json"])["events"] == []


def test_the_page_is_cited_with_its_version_its_dates_and_the_hash_of_its_table(tmp_path):
    files = write(tmp_path)
    text = words(files["shifts.html"])
    digest = hashlib.sha256(files["stances.csv"].encode()).hexdigest()
    assert f"(version {__version__})" in text
    assert "on 2 reports dated 2030-01-01 to 2030-01-09, with 4 stances." in text
    assert f"stances.csv with the SHA-256 {digest}" in text


def test_pages_of_an_archive_name_no_table_that_is_not_there(tmp_path):
    write_pages(tmp_path, replace(tally(coded_reports(TALKS)), listed_in="the archive"), title="The delta talks")
    text = words((tmp_path / "shifts.html").read_text(encoding="utf-8"))
    assert "stances.csv" not in text
    assert "every stance stands in the archive too" in text


def test_where_not_every_row_is_on_the_page_it_says_which(tmp_path):
    counted = tally(coded_reports(TALKS))
    positions = tuple(replace(one, n_stances=30) for one in counted.positions)  # as in an archive, with some evidence
    write_pages(tmp_path, replace(counted, positions=positions, listed_in="the archive"), title="The delta talks")
    text = words((tmp_path / "shifts.html").read_text(encoding="utf-8"))
    assert "Of 120 rows 4 are here: of each actor, issue and period the likeliest. All stand in the archive." in text


def test_a_large_report_shows_the_likeliest_sentence_of_each_cell(tmp_path):
    many = [stance(f"r{n}", 1, Label.DEMAND, position=n, sentence=f"Demand number {n}.") for n in range(1, 1002)]
    many[500] = replace(many[500], probability=0.95)
    text = words(write(tmp_path, many)["shifts.html"])
    assert re.findall(r"Demand number \d+\.", text) == ["Demand number 501."]
    assert "and 1000 more in stances.csv" in text


def test_a_report_without_stances_says_so(tmp_path):
    files = write(tmp_path, [])
    assert "0 stances" in words(files["shifts.html"])
    assert files["stances.csv"].count("\n") == 1


def test_stances_without_a_holder_are_counted_apart(tmp_path):
    unclear = [*TALKS, stance("r2", 9, Label.DEMAND, actor="")]
    assert "1 stance of nobody in particular" in words(write(tmp_path, unclear)["shifts.html"])


def test_two_runs_write_the_same_bytes(tmp_path):
    assert write(tmp_path / "one", gold=TALKS) == write(tmp_path / "two", gold=TALKS)


def test_an_actor_with_too_few_stances_in_every_period_gets_no_chart(tmp_path):
    thin = [stance(f"t{day}", day, Label.DEMAND, actor="Corvia") for day in (1, 5, 9)]
    many = [stance("r1", 1, Label.DEMAND, position=position) for position in (1, 2, 3)]
    page = write(tmp_path, [*thin, *many])["shifts.html"]
    assert page.count("<figure>") == 1
    assert "Fewer than 3 stances in any one period, so no chart: Corvia (3)." in words(page)


def test_of_many_sentences_in_one_place_the_first_twelve_are_shown(tmp_path):
    many = [stance("r1", 1, Label.DEMAND, position=n, sentence=f"Demand number {n}.") for n in range(1, 16)]
    files = write(tmp_path, many)
    for text in (words(files["shifts.html"]), files["shifts.md"]):
        assert "Demand number 12." in text
        assert "Demand number 13." not in text
        assert "and 3 more in stances.csv" in text
    assert "Demand number 15." in files["stances.csv"]


def test_of_many_changes_the_first_hundred_are_shown(tmp_path):
    moves = [
        stance(f"r{day}", day, Label.DEMAND if day % 2 else Label.CONCESSION, actor=f"Party {actor}")
        for actor in range(6)
        for day in range(1, 22)
    ]
    files = write(tmp_path, moves)
    assert files["shifts.html"].count('<details class="change"') == 100
    assert "And 20 more in shifts.json." in words(files["shifts.html"])
    assert "And 20 more in shifts.json." in files["shifts.md"]
    assert files["shifts.json"].count('"move"') == 120


def both_sides(day, *labels_of_actors):
    """Stances of two actors on one day, each with its labels."""
    return [
        stance(f"r{day}", day, label, actor=actor, position=position)
        for actor, labels in zip(("Belmark", "Ardania"), labels_of_actors, strict=True)
        for position, label in enumerate(labels, start=1)
    ]


def test_who_moved_towards_whom_stands_in_words_and_numbers(tmp_path):
    firm, yielding = [Label.REJECTION] * 12, [Label.CONCESSION] * 12
    pages = write(tmp_path, [*both_sides(1, firm, yielding), *both_sides(9, yielding, yielding)])
    told = "Drew closer (2030-01-01 → 2030-01-09): Ardania moved +0 percentage points"
    assert told in words(pages["shifts.html"])
    assert told in pages["shifts.md"]
    first, second, *_ = csv.DictReader(pages["gaps.csv"].splitlines())
    assert (first["first"], first["second"], first["gap"], first["change"]) == ("Ardania", "Belmark", "-1.0000", "")
    assert (second["gap"], second["second_moved"]) == ("0.0000", "-1.0000")


def test_no_pair_is_compared_without_stances_enough(tmp_path):
    page = words(write(tmp_path)["shifts.html"])
    assert "No two actors have 3 stances or more in the same period, so none are compared." in page
    assert "Firmness on single issues" not in page


def test_single_issues_have_a_table_of_their_own(tmp_path):
    pages = write(tmp_path, [stance("r1", 1, Label.REJECTION, position=position) for position in range(1, 5)])
    assert "Firmness on single issues" in words(pages["shifts.html"])
    assert "| Belmark | territory | 2030-01-01 | 4 | 100% (" in pages["shifts.md"]
    rows = list(csv.DictReader(pages["shares.csv"].splitlines()))
    assert [(row["issue"], row["firmness_found"]) for row in rows] == [("", "1.0000"), ("territory", "1.0000")]


def test_a_change_point_is_told(tmp_path):
    months = [
        stance(f"r{month}-{number}", 1 + month, label, position=number)
        for month, label in enumerate([Label.CONCESSION] * 8 + [Label.REJECTION] * 8)
        for number in range(1, 6)
    ]
    assert "A change point: firmer from 2030-01-09 on" in words(write(tmp_path, months)["shifts.html"])


def test_a_copy_of_a_report_that_is_not_there_is_named_by_its_id(tmp_path):
    copied = [
        replace(report, copy_of="r0" if report.report_id == "r2" else "") for report in coded_reports(TALKS, SOURCES)
    ]
    write_report(tmp_path, copied, title="The delta talks")
    assert "(copy of r0)" in words((tmp_path / "shifts.html").read_text(encoding="utf-8"))

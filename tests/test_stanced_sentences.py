"""Sentences with their stances, from reports, JSON lines and archives."""

import datetime as dt
import json

import pytest

from stance.codebook import DatedStance, Issue, Label, Stance, StanceError
from stance.reading import coded_reports, read_coded
from stance.stanced_sentences import archive_sentences, read_jsonl, sentences_of

DAY = dt.date(2030, 1, 1)
GOOD = {"report_id": "r1", "date": "2030-01-01", "position": 1, "sentence": "Belmark spoke.", "stances": []}
HELD = {"actor": "Belmark", "label": "demand", "issue": "talks", "probability": 0.5}


def stance(position, label=Label.DEMAND, sentence="Belmark spoke.", probability=1.0):
    return DatedStance("r1", DAY, position, sentence, "Belmark", label, Issue.TALKS, probability)


def put(tmp_path, *rows):
    path = tmp_path / "s.jsonl"
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return path


def test_the_stances_of_a_sentence_stand_together_and_once():
    coded = [stance(2, probability=0.4), stance(1), stance(2, Label.REJECTION), stance(2, probability=0.8)]
    first, second = sentences_of(coded_reports(coded))
    assert (first.position, second.position, second.labels) == (1, 2, [Label.DEMAND, Label.REJECTION])
    assert second.stances[Stance("Belmark", Label.DEMAND, Issue.TALKS)] == 0.8


def test_a_row_without_the_words_takes_those_of_its_sentence():
    [only] = sentences_of(coded_reports([stance(1, sentence=""), stance(1, Label.REJECTION)]))
    assert only.text == "Belmark spoke."


def test_two_texts_in_one_position_are_refused():
    with pytest.raises(StanceError, match=r"report 'r1', sentence 1: 'A\.' and 'B\.'; a position must be one sentence"):
        list(sentences_of(coded_reports([stance(1, sentence="A."), stance(1, sentence="B.")])))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{", r"s\.jsonl:2: Expecting property name .*; every line must be a JSON object"),
        ("[" * 100_000, r"s\.jsonl:2: .*; every line must be a JSON object"),
        ("[]", "s.jsonl:2: a list; every line must be a JSON object"),
        ("{}", "s.jsonl:2: no list of stances; each line must be a JSON object with report_id, date"),
        (GOOD | {"stances": {}}, "s.jsonl:2: no list of stances"),
        (GOOD | {"report_id": " "}, "s.jsonl:2: report_id is empty; it must be filled"),
        (GOOD | {"report_id": 7}, "s.jsonl:2: report_id 7 is not a text"),
        (GOOD | {"sentence": "\ud800"}, "s.jsonl:2: sentence .* is not a text .*without lone surrogates"),
        (GOOD | {"date": "1.1.2030"}, "s.jsonl:2: date '1.1.2030' is not an ISO date"),
        (GOOD | {"position": None}, "s.jsonl:2: position None is not a number from 0"),
        (GOOD | {"position": float("inf")}, "s.jsonl:2: position inf is not a number from 0"),
        (GOOD | {"position": True}, "s.jsonl:2: position True is not a number from 0"),
        (GOOD | {"position": 2.7}, "s.jsonl:2: position 2.7 is not a whole number"),
        (GOOD | {"end": 0.5}, "s.jsonl:2: end 0.5 is not a whole number"),
        (GOOD | {"start": -1}, "s.jsonl:2: start -1 is not a number from 0"),
        (GOOD | {"stances": ["demand"]}, "s.jsonl:2: stance 'demand' is not an object with actor, label"),
        (GOOD | {"stances": [HELD | {"label": "demnad"}]}, "s.jsonl:2: label 'demnad' is not one of demand"),
        (GOOD | {"stances": [HELD | {"issue": "weather"}]}, "s.jsonl:2: issue 'weather' is not one of territory"),
        (GOOD | {"stances": [HELD | {"probability": 2}]}, "s.jsonl:2: probability 2 is not a number from 0 to 1"),
        (GOOD | {"stances": [HELD | {"probability": float("nan")}]}, "probability nan is not a number from 0 to 1"),
    ],
)
def test_a_faulty_line_is_refused_with_its_place(tmp_path, row, message):
    with pytest.raises(StanceError, match=message):
        list(read_jsonl(put(tmp_path, GOOD, row)))


def test_a_file_that_is_not_there_or_not_utf_8_is_refused(tmp_path):
    with pytest.raises(StanceError, match=r"none\.jsonl: No such file or directory; expected a file of JSON lines"):
        list(read_jsonl(tmp_path / "none.jsonl"))
    (tmp_path / "latin.jsonl").write_bytes(b'"Belm\xe4rk"\n')
    with pytest.raises(StanceError, match=r"latin\.jsonl:1: byte 5 \(0xe4\) is not UTF-8; save the file as UTF-8$"):
        list(read_jsonl(tmp_path / "latin.jsonl"))


def test_json_lines_are_stances_that_people_coded(tmp_path):
    rows = [GOOD | {"stances": [HELD]}, GOOD | {"position": 2}, GOOD | {"report_id": "r2", "stances": [HELD]}]
    reports = read_coded(put(tmp_path, *rows[:2], rows[2] | {"copy_of": "r1"}))
    assert [(report.report_id, report.copy_of, len(report.stances)) for report in reports] == [
        ("r1", "", 1),
        ("r2", "r1", 1),
    ]
    assert reports[0].stances[0] == stance(1, probability=0.5)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([GOOD], "s.jsonl: no stance there; at least one is needed"),
        ([GOOD | {"date": None, "stances": [HELD]}], "s.jsonl: report 'r1', sentence 1: date is empty"),
    ],
)
def test_json_lines_without_stance_or_date_make_no_report(tmp_path, rows, message):
    with pytest.raises(StanceError, match=message):
        read_coded(put(tmp_path, *rows))


def test_a_part_that_is_none_is_refused(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "part-000000.parquet").write_bytes(b"PAR1 and more")
    with pytest.raises(
        StanceError, match=r"part-000000\.parquet: .*; expected a Parquet file of stance classify --out"
    ):
        list(archive_sentences(tmp_path))
    pq.write_table(pa.table({"report_id": ["r1"]}), tmp_path / "part-000000.parquet")
    with pytest.raises(StanceError, match=r"part-000000\.parquet: no column actor, .*; it must be of stance classify"):
        list(archive_sentences(tmp_path))

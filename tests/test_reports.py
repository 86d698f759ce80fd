"""Dated reports from a folder, a manifest, JSONL or Parquet."""

import datetime as dt
import hashlib
import json

import pyarrow as pa
import pyarrow.parquet
import pytest

from stance.codebook import Report, StanceError
from stance.reports import read_manifest, read_reports

TEXT = "Belmark refused.\n"
ROW = {"report_id": "r1", "date": "2022-03-16", "text": TEXT}
HEADER = "report_id,file,date"


@pytest.fixture
def manifest(tmp_path):
    """Writes a manifest beside a.txt and b.txt and returns the folder."""

    def write(*lines):
        for name in "ab":
            (tmp_path / f"{name}.txt").write_text(TEXT)
        (tmp_path / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def jsonl(tmp_path):
    """Writes one line for each argument, JSON unless it is text already, and returns the file."""

    def write(*rows):
        path = tmp_path / "reports.jsonl"
        path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
        return path

    return write


def test_a_folder_of_dated_text_files_is_read_in_order_of_date(tmp_path):
    (tmp_path / "2022-03-18.txt").write_text("Ardania left.")
    (tmp_path / "2022-03-16_the talks.txt").write_bytes("\ufeffBelmark refused.\r\n".encode())
    (tmp_path / "notes.md").write_text("not a report")
    assert read_reports(tmp_path) == [
        Report("2022-03-16_the talks", "Belmark refused.\r\n", dt.date(2022, 3, 16), title="the talks"),
        Report("2022-03-18", "Ardania left.", dt.date(2022, 3, 18)),
    ]


def test_a_manifest_gives_title_and_outlet_and_may_hold_further_columns(manifest):
    folder = manifest(f"{HEADER},title,outlet,note", "r1,a.txt,2022-03-16,Talks stall,The Delta Post,seen")
    expected = [Report("r1", TEXT, dt.date(2022, 3, 16), "Talks stall", "The Delta Post")]
    assert read_reports(folder) == expected
    assert read_reports(folder / "manifest.csv") == expected


def test_a_manifest_may_start_with_a_byte_order_mark(manifest):
    assert len(read_reports(manifest(f"\ufeff{HEADER}", "r1,a.txt,2022-03-16"))) == 1


def test_jsonl_is_read_with_its_optional_fields(jsonl):
    assert read_reports(jsonl({**ROW, "title": "Talks stall", "outlet": None, "url": "x"})) == [
        Report("r1", TEXT, dt.date(2022, 3, 16), title="Talks stall")
    ]


def test_parquet_is_read_with_dates_as_dates_or_text(tmp_path):
    columns = {"report_id": ["r2", "r1"], "date": [dt.date(2022, 3, 18), dt.date(2022, 3, 16)], "text": [TEXT, TEXT]}
    pa.parquet.write_table(pa.table(columns), tmp_path / "dates.parquet")
    pa.parquet.write_table(
        pa.table({**columns, "date": [str(date) for date in columns["date"]]}), tmp_path / "text.parquet"
    )
    reports = read_reports(tmp_path / "dates.parquet")
    assert [(report.report_id, report.date) for report in reports] == [
        ("r1", dt.date(2022, 3, 16)),
        ("r2", dt.date(2022, 3, 18)),
    ]
    assert read_reports(tmp_path / "text.parquet") == reports


def test_reports_of_one_day_are_in_order_of_their_ids(jsonl):
    rows = [{**ROW, "report_id": name} for name in ("b", "a")] + [{**ROW, "report_id": "c", "date": "2021-01-01"}]
    assert [report.report_id for report in read_reports(jsonl(*rows))] == ["c", "a", "b"]


@pytest.mark.parametrize("name", ["missing", "missing.csv", "missing.jsonl"])
def test_a_missing_path_is_refused_with_what_may_be_given(tmp_path, name):
    with pytest.raises(StanceError, match=rf"{name}: no such file or folder; expected a folder .*\.jsonl or \.parquet"):
        read_reports(tmp_path / name)


@pytest.mark.parametrize(("name", "kind"), [("reports.docx", r"a \.docx"), ("reports", "a file without suffix")])
def test_another_kind_of_file_is_refused_with_what_may_be_given(tmp_path, name, kind):
    (tmp_path / name).write_text(TEXT)
    with pytest.raises(StanceError, match=rf"{name}: {kind}; expected a folder .*\.jsonl or \.parquet"):
        read_reports(tmp_path / name)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(StanceError, match=r"neither manifest\.csv nor a \.txt file there; expected a folder"):
        read_reports(tmp_path)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("talks.txt", "the name must begin with the report's date, such as 2022-03-16_some-name.txt"),
        ("2022-02-30.txt", "date '2022-02-30' is not an ISO date such as 2022-03-16"),
    ],
)
def test_a_text_file_without_a_date_in_its_name_is_refused(tmp_path, name, complaint):
    (tmp_path / name).write_text(TEXT)
    with pytest.raises(StanceError, match=rf"{name}: {complaint}"):
        read_reports(tmp_path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "text is missing or empty; it must be filled"),
        (b"Belm\xe4rk", r"byte 4 is not UTF-8; save the file as UTF-8"),
    ],
)
def test_an_empty_text_and_one_in_another_encoding_are_refused(tmp_path, content, complaint):
    (tmp_path / "2022-03-16.txt").write_bytes(content)
    with pytest.raises(StanceError, match=rf"2022-03-16\.txt: {complaint}"):
        read_reports(tmp_path)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("r2,c.txt,2022-03-16", r"no file .*c\.txt.*; it must lie beside the manifest or below"),
        ("r2,,2022-03-16", "no file .*; it must lie beside the manifest or below"),
        (",b.txt,2022-03-16", "report_id is missing or empty; it must be filled"),
        ("r2,b.txt,", "date is missing or empty; it must be filled"),
        ("r2,b.txt,16.3.2022", "date '16.3.2022' is not an ISO date such as 2022-03-16"),
        ("r2,b.txt", "fields; every row must have 3"),
        ("r2,b.txt,2022-03-16,x", "fields; every row must have 3"),
    ],
)
def test_a_bad_row_of_a_manifest_is_refused_with_its_line(manifest, row, complaint):
    with pytest.raises(StanceError, match=rf"manifest\.csv:3: .*{complaint}"):
        read_reports(manifest(HEADER, "r1,a.txt,2022-03-16", row))


def test_a_manifest_without_its_columns_is_refused_with_those_it_lacks(manifest):
    with pytest.raises(StanceError, match=r"manifest\.csv:1: no column date, file; it needs report_id, file and date"):
        read_reports(manifest("report_id,path,day", "r1,a.txt,2022-03-16"))


def test_a_manifest_with_a_column_twice_is_refused(manifest):
    with pytest.raises(StanceError, match="date"):
        read_reports(manifest(f"{HEADER},date", "r1,a.txt,2022-03-16,2023-03-16"))


@pytest.mark.parametrize("row", [b"r\xe4,a.txt,2022-03-16\n", b"r" * 200_000 + b",a.txt,2022-03-16\n"])
def test_a_manifest_that_is_no_well_formed_csv_in_utf_8_is_refused(manifest, row):
    folder = manifest(HEADER)
    (folder / "manifest.csv").write_bytes(f"{HEADER}\n".encode() + row)
    with pytest.raises(StanceError, match=r"manifest\.csv"):
        read_reports(folder)


def test_the_manifest_to_read_must_be_a_file(tmp_path):
    with pytest.raises(StanceError, match="no such file; expected a manifest CSV"):
        read_manifest(tmp_path)


def test_a_text_that_was_changed_after_its_hash_was_taken_is_refused(manifest):
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    folder = manifest(f"{HEADER},sha256", f"r1,a.txt,2022-03-16,{digest}")
    assert read_reports(folder)[0].text == TEXT
    (folder / "a.txt").write_text("Belmark agreed.\n")
    with pytest.raises(StanceError, match=rf"manifest\.csv:2: a\.txt has SHA-256 \w+; the manifest says {digest}"):
        read_reports(folder)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "every line must be a JSON object"),
        ("", "every line must be a JSON object"),
        ("[1]", "a list; every line must be a JSON object"),
        ('"Belmark"', "a str; every line must be a JSON object"),
        (
            {"report_id": "r2", "date": "2022-03-16"},
            "text is missing or empty; it must be filled",
        ),
        ({**ROW, "report_id": None}, "report_id is missing or empty"),
        ({**ROW, "date": "March"}, "date 'March' is not an ISO date such as 2022-03-16"),
        ({**ROW, "date": "2022-03-16T10:00:00Z"}, "date '2022-03-16T10:00:00Z' is not an ISO date"),
    ],
)
def test_a_bad_line_of_jsonl_is_refused_with_its_number(jsonl, line, complaint):
    with pytest.raises(StanceError, match=rf"reports\.jsonl:2: .*{complaint}"):
        read_reports(jsonl(ROW, line, {**ROW, "report_id": "r3"}))


def test_jsonl_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "reports.jsonl").write_bytes(json.dumps(ROW).encode().replace(b"Belmark", b"Belm\xe4rk"))
    with pytest.raises(StanceError, match=r"reports\.jsonl"):
        read_reports(tmp_path / "reports.jsonl")


def test_the_number_zero_is_an_id(jsonl):
    assert [report.report_id for report in read_reports(jsonl({**ROW, "report_id": 0}))] == ["0"]


@pytest.mark.parametrize("text", [["Belmark refused."], {"body": "Belmark refused."}, float("nan"), 7])
def test_a_text_that_is_no_string_is_refused(jsonl, text):
    with pytest.raises(StanceError, match="text"):
        read_reports(jsonl({**ROW, "text": text}))


def test_a_blank_text_is_refused(jsonl):
    with pytest.raises(StanceError, match="text is missing or empty"):
        read_reports(jsonl({**ROW, "text": " \n"}))


def test_a_row_of_parquet_without_its_fields_is_refused_with_its_number(tmp_path):
    pa.parquet.write_table(pa.table({"id": ["r1"]}), tmp_path / "reports.parquet")
    with pytest.raises(StanceError, match=r"reports\.parquet: row 1: report_id is missing or empty"):
        read_reports(tmp_path / "reports.parquet")


def test_a_file_that_only_claims_to_be_parquet_is_refused(tmp_path):
    (tmp_path / "reports.parquet").write_text(TEXT)
    with pytest.raises(StanceError, match=r"reports\.parquet"):
        read_reports(tmp_path / "reports.parquet")


def test_an_id_that_stands_twice_is_refused(jsonl):
    with pytest.raises(StanceError, match="report_id 'r1' stands twice; each report needs its own"):
        read_reports(jsonl(ROW, {**ROW, "report_id": "r2"}, {**ROW, "date": "2022-03-18"}))


def test_a_file_without_a_report_is_refused(jsonl, manifest):
    with pytest.raises(StanceError, match=r"reports\.jsonl: no report there; at least one is needed"):
        read_reports(jsonl())
    with pytest.raises(StanceError, match="no report there; at least one is needed"):
        read_reports(manifest(HEADER))

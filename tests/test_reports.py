"""Dated reports for a shift report: what is read, what is left out and why, and the strict door for code."""

import datetime as dt
import gzip
import hashlib
import json

import pyarrow as pa
import pyarrow.parquet
import pytest

from stance.codebook import Report, StanceError
from stance.records import Terms
from stance.reports import UNDATED, read_reports, take_in

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
    with pytest.raises(StanceError, match=rf"{name}: no such file or folder; expected \.txt, .*\.parquet .*folders"):
        read_reports(tmp_path / name)


@pytest.mark.parametrize(("name", "kind"), [("reports.docx", r"a \.docx"), ("reports", "a file without suffix")])
def test_another_kind_of_file_is_refused_with_what_may_be_given(tmp_path, name, kind):
    (tmp_path / name).write_text(TEXT)
    with pytest.raises(StanceError, match=rf"{name}: {kind}; read are \.txt, .*\.parquet"):
        read_reports(tmp_path / name)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(StanceError, match="no file there; expected"):
        read_reports(tmp_path)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        (
            "talks.txt",
            "no date; it must stand in a field date, or a file's name begin with it as 2022-03-16_some-name.txt",
        ),
        ("2022-02-30.txt", "date '2022-02-30' is no day of the calendar"),
    ],
)
def test_a_text_file_without_a_date_in_its_name_is_refused(tmp_path, name, complaint):
    (tmp_path / name).write_text(TEXT)
    with pytest.raises(StanceError, match=rf"{name}: {complaint}"):
        read_reports(tmp_path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "the file is empty"),
        (b" \n", "text is missing or empty; it must be filled"),
        (b"Belm\xe4rk", r"byte 4 \(0xe4\) is not UTF-8; save the file as UTF-8, or give its --encoding"),
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
        ("r2,b.txt,", "no date; it must stand in a field date"),
        ("r2,b.txt,16.3.2022", "date '16.3.2022': some countries write the day first"),
        ("r2,b.txt", "fields; every row must have 3"),
        ("r2,b.txt,2022-03-16,x", "fields; every row must have 3"),
    ],
)
def test_a_bad_row_of_a_manifest_is_refused_with_its_line(manifest, row, complaint):
    with pytest.raises(StanceError, match=rf"manifest\.csv:3: .*{complaint}"):
        read_reports(manifest(HEADER, "r1,a.txt,2022-03-16", row))


def test_a_manifest_without_its_columns_is_refused_with_those_it_lacks(manifest):
    with pytest.raises(
        StanceError, match=r"manifest\.csv:1: no column text \(nor file, of a manifest\); the columns are"
    ):
        read_reports(manifest("report_id,path,day", "r1,a.txt,2022-03-16"))


def test_a_manifest_with_a_column_twice_is_refused(manifest):
    with pytest.raises(StanceError, match="column 'date' stands twice; each column may stand once"):
        read_reports(manifest(f"{HEADER},date", "r1,a.txt,2022-03-16,2023-03-16"))


def test_a_manifest_in_another_encoding_is_refused(manifest):
    folder = manifest(HEADER)
    (folder / "manifest.csv").write_bytes(f"{HEADER}\n".encode() + b"r\xe4,a.txt,2022-03-16\n")
    with pytest.raises(StanceError, match=r"manifest\.csv:2: byte 21 \(0xe4\) is not UTF-8"):
        read_reports(folder)


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
        ("[1]", "a list; every line must be a JSON object"),
        ('"Belmark"', "a str; every line must be a JSON object"),
        ({"report_id": "r2", "date": "2022-03-16"}, "text is missing or empty; it must be filled"),
        ({**ROW, "report_id": "r2", "date": None}, "no date; it must stand in a field date"),
        ({**ROW, "report_id": "r2", "date": "March"}, "date 'March' is not understood"),
        (ROW, r"report_id 'r1' stands at .*reports\.jsonl:1 already; each report needs its own"),
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


def test_parquet_within_gzip_is_refused(tmp_path):
    (tmp_path / "reports.parquet.gz").write_bytes(gzip.compress(b"PAR1"))
    with pytest.raises(StanceError, match=r"reports\.parquet\.gz: Parquet within gzip, which is not read; unpack it"):
        read_reports(tmp_path / "reports.parquet.gz")


def test_a_file_that_only_claims_to_be_parquet_is_refused(tmp_path):
    (tmp_path / "reports.parquet").write_text(TEXT)
    with pytest.raises(StanceError, match=r"reports\.parquet"):
        read_reports(tmp_path / "reports.parquet")


def test_a_report_without_an_id_is_called_by_its_place(jsonl):
    path = jsonl({**ROW, "report_id": None}, {"date": "2022-03-16", "text": TEXT})
    assert [report.report_id for report in read_reports(path)] == [f"{path}:1", f"{path}:2"]


def test_a_file_without_a_report_is_refused(jsonl, manifest):
    with pytest.raises(StanceError, match=r"reports\.jsonl: the file is empty"):
        read_reports(jsonl())
    with pytest.raises(StanceError, match="no report there; at least one is needed"):
        read_reports(manifest(HEADER))


def test_what_cannot_be_read_is_left_out_with_its_reason_and_the_rest_goes_on(tmp_path, jsonl):
    undated = {**ROW, "report_id": "r2", "date": None}
    path = jsonl(ROW, "[7]", undated, {**ROW, "text": "other"}, {**ROW, "report_id": "r3"})
    (tmp_path / "README.txt").write_text(TEXT)
    (tmp_path / "2022-03-01.txt").write_text(TEXT)
    intake = take_in(tmp_path)
    assert [report.report_id for report in intake.reports] == ["2022-03-01", "r1", "r3"]
    assert [(one.where, one.report_id, one.reason) for one in intake.rejected] == [
        (f"{tmp_path}/README.txt", "README", UNDATED),
        (f"{path}:2", "", "a list; every line must be a JSON object"),
        (f"{path}:3", "r2", UNDATED),
        (f"{path}:4", "r1", f"report_id 'r1' stands at {path}:1 already; each report needs its own"),
    ]


def test_the_user_may_say_what_it_is(tmp_path):
    german = "Bélmark weigerte sich, seine Truppen aus dem Delta abzuziehen, solange der Hafen geschlossen bleibt."
    (tmp_path / "2022-03-16.txt").write_bytes(german.encode("cp1252"))
    assert "is not UTF-8" in take_in(tmp_path).rejected[0].reason
    assert "seems to be German" in take_in(tmp_path, Terms("cp1252")).rejected[0].reason
    assert take_in(tmp_path, Terms("cp1252", any_language=True)).reports[0].text == german

"""Reports that mean harm: ids that look like paths, and text that a spreadsheet would run."""

import csv
import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from stance.cli import main
from stance.codebook import StanceError
from stance.reports import read_reports
from stance.streams import Rejected, sources, stream

IDS = ("../../x", "/etc/x", "..", "a/../../../y", "C:\\x", "\u202etxt.exe", "x" * 300, "part-000000.parquet")
PAGES = {
    "shifts.html", "shifts.md", "shifts.json", "charts/index.json", "charts/russia.svg",
    *(f"{table}.{kind}" for table in ("shares", "gaps", "stances") for kind in ("csv", "parquet")),
}  # fmt: skip


@pytest.fixture
def reports(tmp_path):
    """Reports with such ids, three folders deep."""
    rows = [{"report_id": name, "date": "2020-01-09", "text": f"Russia rejected truce {number}. {name}"}
            for number, name in enumerate(IDS)]  # fmt: skip
    rows.append({"report_id": "=1", "date": "2020-01-09", "text": '=HYPERLINK("x") Ukraine rejected the truce.'})
    home = tmp_path / "a/b/c"
    home.mkdir(parents=True)
    (home / "reports.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return home / "reports.jsonl"


def written(tmp_path, reports):
    """The files that came to be anywhere below the test's folder, as paths beside the reports."""
    files = {path for path in tmp_path.rglob("*") if path.is_file()} - {reports}
    return {str(path.relative_to(reports.parent)) for path in files}


def test_no_id_becomes_a_file_of_a_report(tmp_path, reports):
    assert main(["report", str(reports), "--out", str(reports.parent / "out"), "--model", "tfidf"]) == 0
    assert written(tmp_path, reports) == {f"out/{name}" for name in PAGES}
    with (reports.parent / "out/stances.csv").open(encoding="utf-8", newline="") as file:
        assert {row["report_id"] for row in csv.DictReader(file)} == {*IDS, "'=1"}


def test_no_id_becomes_a_file_of_an_archive(tmp_path, reports):
    out = reports.parent / "out"
    assert main(["classify", str(reports), "--out", str(out), "--model", "tfidf"]) == 0
    assert written(tmp_path, reports) == {"out/_job.json", "out/_done.json", "out/part-000000.parquet"}
    assert set(pd.read_parquet(out)["report_id"]) == {*IDS, "=1"}


def test_no_id_becomes_a_file_of_a_review(tmp_path, reports):
    arguments = ["review", str(reports), "--out", str(reports.parent / "review.csv"), "--model", "tfidf"]
    assert main(arguments) == 0
    assert written(tmp_path, reports) == {"review.csv"}


def test_no_cell_that_is_written_is_a_formula(reports):
    home = reports.parent
    assert main(["report", str(reports), "--out", str(home / "out"), "--model", "tfidf"]) == 0
    assert main(["review", str(reports), "--out", str(home / "review.csv"), "--model", "tfidf"]) == 0
    for path in (home / "out/stances.csv", home / "out/shares.csv", home / "review.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert [
            cell
            for cell in cells
            if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
        ] == []
        assert any(cell.startswith("'=") for cell in cells) == (path.name != "shares.csv")


def test_a_manifest_lists_no_file_outside_its_folder(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret.txt").write_text("Russia rejected the truce.")
    (home / "link.txt").symlink_to(tmp_path / "secret.txt")
    for name in ("../secret.txt", str(tmp_path / "secret.txt"), "link.txt"):
        (home / "manifest.csv").write_text(f"report_id,file,date\nr1,{name},2020-01-09\n")
        with pytest.raises(StanceError, match=r"manifest\.csv:2: no file .*; it must lie beside the manifest or below"):
            read_reports(home)


def test_a_nul_in_the_file_of_a_manifest_is_refused(tmp_path):
    path = tmp_path / "manifest.csv"
    path.write_bytes(b"report_id,file,date\nr1,a\0.txt,2020-01-09\n")
    with pytest.raises(StanceError, match=r"manifest\.csv:2: byte 24 is NUL; a text may not hold it"):
        read_reports(path)
    [(refused, _)] = stream(sources([path]))
    assert isinstance(refused, Rejected)


def test_an_empty_first_line_is_no_header(tmp_path):
    (tmp_path / "a.csv").write_text("\nreport_id,text\n\nr1,Russia rejected the truce.\n")
    [(report, _)] = stream(sources([tmp_path / "a.csv"]))
    assert report.report_id == "r1"


def test_text_that_is_not_utf_8_in_a_parquet_file_is_refused(tmp_path):
    offsets = pa.array([0, 3], pa.int32()).buffers()[1]
    text = pa.StringArray.from_buffers(1, offsets, pa.py_buffer(b"a\xffb"))
    path = tmp_path / "a.parquet"
    pa.parquet.write_table(pa.table({"report_id": ["r1"], "date": ["2020-01-09"], "text": text}), path)
    with pytest.raises(StanceError, match=r"a\.parquet: .*; expected a readable Parquet file"):
        read_reports(path)
    [(refused, _)] = stream(sources([path]))
    assert "expected a readable Parquet file" in refused.reason


def test_no_cell_that_classify_prints_is_a_formula(capsys):
    assert main(["classify", "=1+1 Russia rejected the truce.", "--csv", "--model", "tfidf"]) == 0
    _, (sentence, *_) = csv.reader(capsys.readouterr().out.splitlines())
    assert sentence == "'=1+1 Russia rejected the truce."

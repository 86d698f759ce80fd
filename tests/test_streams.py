"""Reports from files of any size: what can be read, what cannot, and that neither is lost."""

import csv
import json
import subprocess
import sys

import pandas as pd
import pytest

from stance.codebook import Report, StanceError
from stance.streams import MAX_CHARACTERS, Rejected, read, sources, stream

TEXT = "Belmark refused to leave the delta."


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def records(*files):
    return [item for item, _ in stream(sources(files))]


def ids(*files):
    return [item.report_id for item in records(*files)]


def reasons(*files):
    return [item.reason for item in records(*files) if isinstance(item, Rejected)]


def test_jsonl_csv_parquet_and_text_give_the_same_report(tmp_path):
    row = {"report_id": "r1", "date": "2030-01-09", "title": "Talks", "outlet": "Vessin Post", "text": TEXT}
    write(tmp_path / "a.jsonl", json.dumps(row))
    pd.DataFrame([row]).to_csv(tmp_path / "b.csv", index=False)
    pd.DataFrame([row]).to_parquet(tmp_path / "c.parquet")
    [one, *others] = records(tmp_path)
    assert one == Report("r1", TEXT, pd.Timestamp("2030-01-09").date(), "Talks", "Vessin Post")
    assert others == [one, one]
    [dated] = records(write(tmp_path / "2030-01-09_Talks.txt", TEXT))
    assert (dated.report_id, dated.date, dated.title) == ("2030-01-09_Talks", one.date, "Talks")


def test_a_folder_is_read_to_its_bottom_and_hidden_files_are_passed_over(tmp_path):
    for name in ("b/2.txt", "a/1.txt", ".hidden/3.txt", "b/_job.txt"):
        write(tmp_path / name, TEXT)
    assert ids(tmp_path) == ["a/1", "b/2"]


def test_of_a_folder_with_a_manifest_only_the_listed_texts_are_read(tmp_path):
    write(tmp_path / "listed.txt", TEXT)
    write(tmp_path / "other.txt", TEXT)
    write(tmp_path / "manifest.csv", "report_id,file,date", "r1,listed.txt,2030-01-09", "r2,../away.txt,2030-01-09")
    assert ids(tmp_path) == ["r1", ""]
    assert reasons(tmp_path) == ["no file '../away.txt'; it must lie beside the manifest or below"]


def test_a_pattern_stands_for_the_files_it_matches(tmp_path):
    for name in ("a.jsonl", "b.jsonl", "c.txt"):
        write(tmp_path / name, json.dumps({"text": TEXT}))
    assert len(records(tmp_path / "*.jsonl")) == 2


def test_a_file_that_two_paths_name_is_read_once(tmp_path):
    write(tmp_path / "a.txt", TEXT)
    assert ids(tmp_path, tmp_path / "a.txt") == ["a"]


@pytest.mark.parametrize("name", ["nothing.jsonl", "*.jsonl"])
def test_a_path_without_a_file_is_refused(tmp_path, name):
    with pytest.raises(
        StanceError, match=r"no such file or folder; expected \.txt, \.jsonl, \.csv, \.parquet, folders"
    ):
        sources([tmp_path / name])
    with pytest.raises(StanceError, match="no file there; expected"):
        sources([tmp_path])


def test_a_report_without_an_id_is_called_by_its_place(tmp_path):
    path = write(tmp_path / "a.jsonl", json.dumps({"text": TEXT}))
    assert ids(path) == [f"{path}:1"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "must be a JSON object in UTF-8"),
        ("[1]", "a list; every line must be a JSON object"),
        ('{"text": ""}', "text is missing or empty; it must be filled"),
        ('{"text": 7}', "text is of type int; it must be a string"),
        ('{"text": "a", "date": "9 January"}', "date '9 January' is not an ISO date such as 2022-03-16"),
        ('{"text": "\\ud800"}', "bytes that are not UTF-8, or lone surrogates; save the file as UTF-8"),
        ("[" * 100_000, "every line must be a JSON object in UTF-8"),
    ],
)
def test_a_bad_line_is_rejected_with_its_reason_and_the_next_is_read(tmp_path, line, reason):
    path = write(tmp_path / "a.jsonl", line, json.dumps({"report_id": "r2", "text": TEXT}))
    bad, good = records(path)
    assert bad.where == f"{path}:1"
    assert reason in bad.reason
    assert good.report_id == "r2"


def test_bytes_that_are_not_utf_8_cost_their_record_only(tmp_path):
    good = json.dumps({"report_id": "r2", "text": TEXT}).encode()
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "caf\xe9"}\n' + good + b"\n")
    (tmp_path / "b.csv").write_bytes(b"report_id,text\nr1,caf\xe9\nr2," + TEXT.encode() + b"\n")
    (tmp_path / "c.txt").write_bytes(b"caf\xe9")
    assert ids(tmp_path) == ["", "r2", "r1", "r2", ""]
    assert [type(item) is Rejected for item in records(tmp_path)] == [True, False, True, False, True]


def test_a_csv_row_of_another_width_is_rejected_and_the_next_is_read(tmp_path):
    path = write(tmp_path / "a.csv", "report_id,text", "r1,a,b", f"r2,{TEXT}")
    assert reasons(path) == ["3 fields; every row must have 2"]
    assert ids(path)[1:] == ["r2"]


def test_a_csv_text_may_run_over_lines(tmp_path):
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["text", "report_id"], ['one\ntwo, "three"\n', "r1"], [TEXT, "r2"]])
    assert [item.text for item in records(tmp_path / "a.csv")] == ['one\ntwo, "three"\n', TEXT]


def test_a_csv_without_texts_is_rejected_as_a_whole(tmp_path):
    path = write(tmp_path / "a.csv", "id,body", "r1,a", "r2,b")
    assert reasons(path) == ["no column text (nor file, of a manifest); the columns are id, body"]
    path = write(tmp_path / "b.csv", "id;text", "r1;a")
    assert reasons(path) == ["the fields are divided by ';'; save the file with commas"]


def test_an_open_quote_does_not_make_one_report_of_many(tmp_path):
    path = write(tmp_path / "a.csv", "report_id,text", 'r1,"one', f"r2,{TEXT}", f"r3,{TEXT}")
    assert reasons(path) == [
        "unexpected end of data; the file must be a well-formed CSV. Is a quote closed that opens here?"
    ]
    assert [item.where for item in records(path)] == [f"{path}:2"]


def test_files_of_one_name_in_two_folders_are_two_reports(tmp_path):
    for name in ("a/2030-01-09_Post.txt", "b/2030-01-09_Post.txt"):
        write(tmp_path / name, TEXT)
    assert ids(tmp_path) == ["a/2030-01-09_Post", "b/2030-01-09_Post"]


def test_blank_lines_are_passed_over_and_a_time_of_day_is_cut_off(tmp_path):
    path = write(tmp_path / "a.jsonl", "", json.dumps({"text": TEXT, "date": "2030-01-09T10:00:00Z"}), "")
    [item] = records(path)
    assert str(item.date) == "2030-01-09"


def test_what_is_no_report_is_rejected_by_name(tmp_path):
    write(tmp_path / "a.pdf", "%PDF")
    write(tmp_path / "b.parquet", "PAR0")
    write(tmp_path / "README", "x")
    assert [reason.split(";")[0] for reason in reasons(tmp_path)] == [
        "a file without suffix", "a .pdf", reasons(tmp_path / "b.parquet")[0].split(";")[0],
    ]  # fmt: skip
    assert reasons(tmp_path / "b.parquet")[0].endswith("expected a readable Parquet file")


def test_a_report_may_be_as_long_as_ten_million_characters():
    assert isinstance(read("here", {"text": "a" * MAX_CHARACTERS}), Report)
    refused = read("here", {"text": "a" * (MAX_CHARACTERS + 1)})
    assert refused.reason == "a text of 10,000,001 characters; 10,000,000 are allowed"


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [("txt", "['Rejected']"), ("jsonl", "['Rejected', 'Report']"), ("csv", "['Rejected', 'Rejected']")],
)
def test_a_gigabyte_on_one_line_takes_little_memory(tmp_path, suffix, expected):
    """The file is sparse; what is read of it is not."""
    path = tmp_path / f"a.{suffix}"
    with path.open("wb") as file:
        file.write(b"report_id,text\n" if suffix == "csv" else b"")
        file.truncate(2**30)
        file.seek(2**30)
        file.write(b'\n{"text": "' + TEXT.encode() + b'"}\n')
    script = f"""
from pathlib import Path
from stance.streams import stream
print([type(item).__name__ for item, _ in stream([Path({str(path)!r})])])
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    found, peak = done.stdout.splitlines()
    assert found == expected
    assert int(peak) < 600_000  # kB


def test_the_bytes_of_all_records_make_up_the_files(tmp_path):
    write(tmp_path / "a.jsonl", *[json.dumps({"text": TEXT})] * 3)
    write(tmp_path / "b.csv", "text", *[TEXT] * 3)
    write(tmp_path / "c.txt", TEXT)
    files = sources([tmp_path])
    header = len("text\n")
    assert sum(n for _, n in stream(files)) == sum(file.stat().st_size for file in files) - header

"""Reports from files of any size: what can be read, what cannot, and that neither is lost."""

import csv
import datetime as dt
import gzip
import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from stance.codebook import Report, StanceError
from stance.files import MAX_CHARACTERS
from stance.records import Rejected, Terms, read
from stance.streams import sources, stream

ARTICLE = (
    "Belmark refused on Monday to withdraw its troops from the delta, the ministry said in a long statement.",
    "Ardania demands a truce and will not open its port before the troops have gone, its minister told reporters.",
)
PAGE = (
    '<!DOCTYPE html><html><head><meta property="og:title" content="Belmark refuses">'
    '<meta property="og:site_name" content="Vessin Post"><meta name="date" content="2020-01-09T10:00:00Z"></head>'
    f"<body><article><p>{ARTICLE[0]}</p><p>{ARTICLE[1]}</p></article></body></html>"
)
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
    row = {"report_id": "r1", "date": "2020-01-09", "title": "Talks", "outlet": "Vessin Post", "text": TEXT}
    write(tmp_path / "a.jsonl", json.dumps(row))
    pd.DataFrame([row]).to_csv(tmp_path / "b.csv", index=False)
    pd.DataFrame([row]).to_parquet(tmp_path / "c.parquet")
    [one, *others] = records(tmp_path)
    assert one == Report("r1", TEXT, pd.Timestamp("2020-01-09").date(), "Talks", "Vessin Post")
    assert others == [one, one]
    [dated] = records(write(tmp_path / "2020-01-09_Talks.txt", TEXT))
    assert (dated.report_id, dated.date, dated.title) == ("2020-01-09_Talks", one.date, "Talks")


def test_a_folder_is_read_to_its_bottom_and_hidden_files_are_passed_over(tmp_path):
    for name in ("b/2.txt", "a/1.txt", ".hidden/3.txt", "b/_job.txt"):
        write(tmp_path / name, TEXT)
    assert ids(tmp_path) == ["a/1", "b/2"]


def test_of_a_folder_with_a_manifest_only_the_listed_texts_are_read(tmp_path):
    write(tmp_path / "listed.txt", TEXT)
    write(tmp_path / "other.txt", TEXT)
    write(tmp_path / "manifest.csv", "report_id,file,date", "r1,listed.txt,2020-01-09", "r2,../away.txt,2020-01-09")
    assert ids(tmp_path) == ["r1", "r2"]
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
        StanceError,
        match=r"no such file or folder; expected \.txt, \.html, .* \(all but \.parquet also \.gz\), folders",
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
        ("{", "every line must be a JSON object"),
        ("[1]", "a list; every line must be a JSON object"),
        ('{"text": ""}', "text is missing or empty; it must be filled"),
        ('{"text": 7}', "text is of type int; it must be a string"),
        ('{"text": "a", "date": "9 January"}', "date '9 January' is not understood; give 2022-03-16"),
        ('{"text": "a\\ud800"}', "text: a lone surrogate at character 1; it must be valid Unicode"),
        ('{"text": "a\\u0000"}', "text: NUL at character 1; a text may not hold it"),
        ('{"text": "a", "date": "2999-01-01"}', "date '2999-01-01' is in the future"),
        ("[" * 100_000, "every line must be a JSON object"),
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
    assert ids(tmp_path) == ["", "r2", "r1", "r2", "c"]
    assert [type(item) is Rejected for item in records(tmp_path)] == [True, False, True, False, True]


def test_bytes_that_are_not_utf_8_are_named_by_their_place(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"report_id,text\nr1,caf\xe9\n")
    (tmp_path / "b.csv").write_bytes(b"Schl\xfcssel,text\nr1,a\n")
    (tmp_path / "c.jsonl").write_bytes(b'{"text": "a"}\n{"report_id": "r2", "text": "caf\xe9"}\n')
    assert [reason[:25] for reason in reasons(tmp_path)] == [
        "byte 21 (0xe9) is not UTF", "byte 4 (0xfc) is not UTF-", "byte 46 (0xe9) is not UTF",
    ]  # fmt: skip
    assert ids(tmp_path)[-1] == "r2"
    terms = Terms("cp1252")
    found = [item for item, _ in stream(sources([tmp_path]), terms=terms)]
    assert [getattr(item, "text", None) for item in found] == ["café", "a", "a", "café"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_text_csv_and_jsonl_are_read_in_every_unicode_encoding_and_packed(tmp_path, encoding, pack):
    text = "Belmark – “no”."
    suffix = "" if pack is bytes else ".gz"
    contents = {"2020-01-09_a.txt": text, "b.csv": f"report_id,text\r\nr1,{text}\r\nr2,{text}\n"}
    contents["c.jsonl"] = f"{json.dumps({'text': text}, ensure_ascii=False)}\r\n" * 2
    for name, content in contents.items():
        (tmp_path / f"{name}{suffix}").write_bytes(pack(content.encode(encoding)))
    found = records(tmp_path)
    assert [item.text for item in found] == [text] * 5
    assert (found[0].report_id, found[0].title) == ("2020-01-09_a", "a")


def test_of_a_damaged_archive_what_came_before_is_kept(tmp_path):
    lines = "".join(json.dumps({"report_id": f"r{n}", "text": os.urandom(99).hex()}) + "\n" for n in range(2000))
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(lines.encode())[:-5000])
    *read, last = [item for item, _ in stream([path], terms=Terms(any_language=True))]
    assert [item.report_id for item in read] == [f"r{n}" for n in range(len(read))]
    assert len(read) > 1900
    assert last.where == str(path)
    assert last.reason.startswith("cut off or damaged after byte ")


def test_a_web_page_is_read_from_a_file_a_manifest_and_a_field(tmp_path):
    write(tmp_path / "2020-02-02_named.html", PAGE)
    write(tmp_path / "b.htm", PAGE)
    write(tmp_path / "c.jsonl", json.dumps({"report_id": "r1", "text": PAGE, "title": "Mine", "outlet": ""}))
    named, *others = records(tmp_path)
    assert (named.report_id, str(named.date), named.title) == ("2020-02-02_named", "2020-02-02", "named")
    assert [(str(item.date), item.title, item.outlet) for item in others] == [
        ("2020-01-09", "Belmark refuses", "Vessin Post"),
        ("2020-01-09", "Mine", "Vessin Post"),
    ]
    write(tmp_path / "manifest.csv", "report_id,file,date", "r1,b.htm,2020-03-03", "r2,2020-02-02_named.html,")
    assert [(str(item.date), item.title) for item in records(tmp_path)] == [
        ("2020-03-03", "Belmark refuses"), ("2020-02-02", "Belmark refuses"),
    ]  # fmt: skip
    assert {item.text for item in [named, *others, *records(tmp_path)]} == {"\n".join(ARTICLE)}


def test_a_page_needs_no_doctype_where_its_name_tells(tmp_path):
    fragment = "".join(f"<p>{line}</p>" for line in ARTICLE)
    [page] = records(write(tmp_path / "a.html", fragment))
    assert page.text == "\n".join(ARTICLE)
    [text] = records(write(tmp_path / "a.txt", fragment))
    assert text.text == f"{fragment}\n"


def test_what_is_not_english_is_left_out_unless_any_language_will_do(tmp_path):
    german = "Belmark weigerte sich, seine Truppen aus dem Delta abzuziehen, solange der Hafen geschlossen bleibt."
    path = write(tmp_path / "a.jsonl", json.dumps({"text": german}), json.dumps({"text": TEXT}))
    assert reasons(path) == ["seems to be German (de), not English; only English is read"]
    assert [type(item) for item, _ in stream([path], terms=Terms(any_language=True))] == [Report, Report]


def test_odd_files_are_left_out_and_the_others_read(tmp_path):
    write(tmp_path / "a.txt", TEXT)
    (tmp_path / "b.txt").touch()
    (tmp_path / "c.txt").mkdir()
    (tmp_path / "d.txt").symlink_to("nowhere")
    os.mkfifo(tmp_path / "e.txt")
    os.mkfifo(tmp_path / "f.parquet")
    (tmp_path / "g").mkdir()
    (tmp_path / "g/loop").symlink_to("..")
    assert reasons(tmp_path) == [
        "the file is empty",
        "a folder, not a file",
        "a link to nowhere, which is not there",
        "a pipe or device; only files are read",
        "a pipe or device; only files are read",
    ]
    assert ids(tmp_path)[0] == "a"


def test_what_may_not_be_opened_is_left_out(tmp_path, monkeypatch):
    path = write(tmp_path / "a.txt", TEXT)
    (tmp_path / "b").mkdir()

    def refuse(*_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.open", refuse)
    monkeypatch.setattr("os.access", lambda *_: False)
    assert reasons(tmp_path) == ["Permission denied", "a folder that cannot be listed"]


def test_a_folder_of_parquet_files_is_read_and_one_without_texts_rejected_once(tmp_path):
    (tmp_path / "a.parquet").mkdir()
    pd.DataFrame({"text": [TEXT]}).to_parquet(tmp_path / "a.parquet/part-0.parquet")
    pd.DataFrame({"id": [1, 2], "body": ["a", "b"]}).to_parquet(tmp_path / "b.parquet")
    assert [type(item) for item in records(tmp_path)] == [Report, Rejected]
    assert reasons(tmp_path) == ["no column text; the columns are id, body"]


@pytest.mark.parametrize("name", ["news [2020]", "news*", "[ab]"])
def test_a_path_that_is_there_is_no_pattern(tmp_path, name):
    write(tmp_path / name / "a.txt", TEXT)
    write(tmp_path / "news 2/b.txt", TEXT)
    assert ids(tmp_path / name) == ["a"]
    assert ids(tmp_path / name / "a.txt") == ["a"]


def test_a_column_that_stands_twice_rejects_the_table(tmp_path):
    path = write(tmp_path / "a.csv", "report_id,text,text", "r1,a,b")
    assert reasons(path) == ["column 'text' stands twice; each column may stand once"]


@pytest.mark.parametrize(
    ("name", "date"),
    [
        *((name, "2020-01-09") for name in ("2020-01-09_Talks", "20200109", "20200109-Talks")),
        *((name, None) for name in ("12345678", "202001091", "Talks")),
    ],
)
def test_a_text_file_is_dated_by_how_its_name_begins(tmp_path, name, date):
    [found] = records(write(tmp_path / f"{name}.txt", TEXT))
    assert found.date == (date and dt.date.fromisoformat(date))


def test_an_encoding_that_is_none_is_refused():
    with pytest.raises(StanceError, match="encoding 'klingon' is not known; give one such as cp1252"):
        Terms("klingon")


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
    for name in ("a/2020-01-09_Post.txt", "b/2020-01-09_Post.txt"):
        write(tmp_path / name, TEXT)
    assert ids(tmp_path) == ["a/2020-01-09_Post", "b/2020-01-09_Post"]


def test_blank_lines_are_passed_over_and_a_time_of_day_is_cut_off(tmp_path):
    path = write(tmp_path / "a.jsonl", "", json.dumps({"text": TEXT, "date": "2020-01-09T10:00:00Z"}), "")
    [item] = records(path)
    assert str(item.date) == "2020-01-09"


def test_what_is_no_report_is_rejected_by_name(tmp_path):
    write(tmp_path / "a.pdf", "%PDF-")
    write(tmp_path / "a.doc", "x")
    write(tmp_path / "b.parquet", "PAR0")
    write(tmp_path / "README", "x")
    assert [reason.split(";")[0] for reason in reasons(tmp_path)] == [
        "a file without suffix", "a .doc", "a PDF", reasons(tmp_path / "b.parquet")[0].split(";")[0],
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


def test_a_line_too_long_is_rejected_at_its_own_place(tmp_path, monkeypatch):
    monkeypatch.setattr("stance.files.MAX_LINE", 1000)
    path = write(tmp_path / "a.jsonl", " " * 2000, json.dumps({"report_id": "r2", "text": TEXT}))
    long, good = records(path)
    assert (long.where, long.reason[:16], good.report_id) == (f"{path}:1", "a line of more t", "r2")


def test_the_bytes_of_all_records_make_up_the_files(tmp_path):
    write(tmp_path / "a.jsonl", *[json.dumps({"text": TEXT})] * 3)
    write(tmp_path / "b.csv", "text", *[TEXT] * 3)
    write(tmp_path / "c.txt", TEXT)
    files = sources([tmp_path])
    header = len("text\n")
    assert sum(n for _, n in stream(files)) == sum(file.stat().st_size for file in files) - header

"""Archives classified part by part: whole, in order, resumable after a kill at any moment."""

import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from toys import run

from stance.archive import REJECTED, SCHEMA, describe
from stance.archive_tally import tally_archive
from stance.batch import Decision
from stance.classify import model_files
from stance.cli import INTERRUPTED, LEFT_OUT, main
from stance.codebook import Issue, Label, StanceError
from stance.streams import JOB

TESTS = Path(__file__).parent


def report(number):
    text = (
        f"Belmark and Ardania met for the {number}th time. Belmark wants hill {number} back! It rained on day {number}."
    )
    return {"report_id": f"r{number}", "date": "2020-01-09", "text": text}


@pytest.fixture
def archive(tmp_path):
    lines = [json.dumps(report(number)) for number in range(60)]
    lines[7] = "{"
    lines[30] = json.dumps({"report_id": "r30", "text": "..."})
    path = tmp_path / "archive.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def table(folder):
    return pd.read_parquet(folder)


def test_every_record_becomes_decisions_or_a_reason(archive, tmp_path):
    totals = run(archive, tmp_path / "out")
    found = table(tmp_path / "out")
    assert list(dict.fromkeys(found["report_id"])) == [f"r{number}" for number in range(60) if number not in (7, 30)]
    assert (totals.n_records, totals.n_rejected, totals.n_sentences) == (60, 2, 58 * 3)
    assert totals.n_stances == (found["label"] != "none").sum() == 2 * 58
    assert totals.n_parts == len(list((tmp_path / "out").glob("part-*.parquet"))) > 5
    reasons = [json.loads(line) for file in sorted((tmp_path / "out" / REJECTED).iterdir()) for line in file.open()]
    assert f"{archive}:8: Expecting property name" in reasons[0]["reason"]
    assert reasons[1] == {"report_id": "r30", "reason": "the text holds no sentence"}


def test_the_columns_are_those_of_a_decision(archive, tmp_path):
    run(archive, tmp_path / "out")
    assert tuple(table(tmp_path / "out").columns) == Decision._fields == tuple(SCHEMA.names)


def test_an_archive_cut_into_other_parts_has_the_same_rows(archive, tmp_path):
    run(archive, tmp_path / "one")
    run(archive, tmp_path / "other", size=10_000)
    pd.testing.assert_frame_equal(table(tmp_path / "one"), table(tmp_path / "other"))


def test_copies_are_marked_and_kept(tmp_path):
    text = " ".join(f"Belmark wants village {number} back!" for number in range(30))
    rows = [{"report_id": name, "text": text} for name in "abc"]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    totals = run(tmp_path / "a.jsonl", tmp_path / "out")
    found = table(tmp_path / "out").drop_duplicates("report_id")
    assert found["copy_of"].tolist() == ["", "a", "a"]
    assert (totals.n_copies, totals.n_sentences) == (2, 90)


def test_killed_at_any_moment_and_resumed_it_is_as_if_never_killed(archive, tmp_path):
    run(archive, tmp_path / "whole")
    out, rng, n_kills = tmp_path / "out", random.Random(5), 0  # noqa: S311
    script = f"from toys import run\nrun({str(archive)!r}, {str(out)!r}, resume=True, seconds=0.001)"
    environment = os.environ | {"PYTHONPATH": f"{TESTS.parent / 'src'}:{TESTS}"}
    for _ in range(60):
        process = subprocess.Popen([sys.executable, "-c", script], env=environment, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not out.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.12 if n_kills < 12 else 60) if process.poll() is None else 0)
        process.kill()
        killed = process.wait() == -signal.SIGKILL
        n_kills += killed
        if not killed:
            break
    assert n_kills >= 5
    assert process.returncode == 0
    pd.testing.assert_frame_equal(table(out), table(tmp_path / "whole"))
    kept = {file.name: file.read_text() for file in (out / REJECTED).iterdir() if not file.name.startswith("_")}
    assert kept == {file.name: file.read_text() for file in (tmp_path / "whole" / REJECTED).iterdir()}


def test_bytes_that_are_not_utf_8_anywhere_cost_their_record_only(tmp_path):
    """In a title, an id, a header, a file's name: none ends the archive. What says that it is UTF-16 is read."""
    good = json.dumps(report(1)).encode()
    (tmp_path / "a.csv").write_bytes(b"report_id,title,text\nr1,\xdcber,a\nM\xfcnchen,,b\nr3,,Belmark spoke.\n")
    (tmp_path / "b.csv").write_bytes(b"Schl\xfcssel,x\n1,2\n")
    (tmp_path / "c.csv").write_bytes("report_id,text\nr1,a\n".encode("utf-16"))
    (tmp_path / "d.jsonl").write_bytes(b'{"report_id": "\\ud800", "text": "a"}\n' + good + b"\n")
    (Path(os.fsdecode(bytes(tmp_path) + b"/M\xfcnchen.txt"))).write_text("Belmark spoke.")
    (Path(os.fsdecode(bytes(tmp_path) + b"/M\xfcnchen.pdf"))).write_text("%PDF")
    totals = run(tmp_path, tmp_path / "_out")
    assert set(table(tmp_path / "_out")["report_id"]) == {"r3", "r1"}
    assert (totals.n_records, totals.n_rejected) == (9, 6)


def test_what_will_never_be_read_does_not_stop_an_archive(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text("Belmark spoke.")
    (tmp_path / "in/b.txt").symlink_to("nowhere")
    os.mkfifo(tmp_path / "in/c.txt")
    totals = run(tmp_path / "in", tmp_path / "out")
    assert (totals.n_records, totals.n_rejected) == (3, 2)
    assert [file[1:] for file in describe(sorted((tmp_path / "in").iterdir()), *model_files())["files"]][1] == [0, 0]


def test_folders_may_be_named_like_patterns(tmp_path):
    folder, out = tmp_path / "news [2020]*", tmp_path / "out [a]*?"
    folder.mkdir()
    (folder / "a.jsonl").write_text(json.dumps(report(1)))
    (tmp_path / "out a").mkdir()
    (tmp_path / "out a/part-000000.parquet").write_text("another")
    assert main(["classify", str(folder), "--out", str(out), "--model", "tfidf"]) == 0
    assert main(["report", str(out), "--out", str(tmp_path / "r"), "--model", "tfidf"]) == 0


def test_the_encoding_and_the_languages_are_part_of_the_job(tmp_path, capsys):
    german = "Der Minister von Bélmark weigerte sich, über das Delta zu verhandeln, solange der Hafen zu ist."
    (tmp_path / "a.txt").write_bytes(german.encode("cp1252"))
    command = ["classify", str(tmp_path / "a.txt"), "--out", str(tmp_path / "out"), "--model", "tfidf"]
    told = ["--encoding", "cp1252", "--any-language"]
    assert main([*command, *told]) == 0
    assert table(tmp_path / "out")["sentence"].tolist() == [german]
    assert main([*command, "--resume"]) == 2
    assert "begun with other terms" in capsys.readouterr().err
    assert main([*command, *told, "--resume"]) == 0


def test_a_report_on_what_is_not_whole_is_refused(archive, tmp_path, capsys):
    assert main(["classify", str(archive), "--out", str(tmp_path / "out"), "--model", "tfidf"]) == LEFT_OUT
    command = ["report", str(tmp_path / "out"), "--out", str(tmp_path / "r"), "--model", "tfidf"]
    done = (tmp_path / "out/_done.json").read_text()
    (tmp_path / "out/_done.json").unlink()
    assert main(command) == 2
    assert "not finished; finish it with stance classify --resume" in capsys.readouterr().err
    (tmp_path / "out/_done.json").write_text(done)
    (tmp_path / "out/part-000000.parquet").unlink()
    assert main(command) == 2
    assert "0 parts; there must be 1" in capsys.readouterr().err


def test_a_report_on_two_reports_of_one_id_is_refused(tmp_path, capsys):
    rows = [report(1) | {"text": f"Russia met Ukraine in hall {number}."} for number in range(2)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert main(["classify", str(tmp_path / "a.jsonl"), "--out", str(tmp_path / "out"), "--model", "tfidf"]) == 0
    assert main(["report", str(tmp_path / "out"), "--out", str(tmp_path / "r"), "--model", "tfidf"]) == 2
    assert "report_id 'r1' stands twice; each report needs its own" in capsys.readouterr().err


@pytest.mark.parametrize("date", ["2024-05-02", None])
def test_a_report_on_two_reports_of_one_id_and_other_dates_is_refused(tmp_path, capsys, date):
    rows = [report(1) | {"text": "Russia met Ukraine."}, report(1) | {"text": "France met Mali.", "date": date}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert main(["classify", str(tmp_path / "a.jsonl"), "--out", str(tmp_path / "out"), "--model", "tfidf"]) == 0
    assert main(["report", str(tmp_path / "out"), "--out", str(tmp_path / "r"), "--model", "tfidf"]) == 2
    assert "report_id 'r1' stands twice; each report needs its own" in capsys.readouterr().err


def test_a_stance_of_nobody_on_two_issues_is_one(tmp_path):
    at = {"date": dt.date(2020, 1, 9), "position": 1, "sentence": "They refuse.", "label": Label.REJECTION}
    rows = [
        Decision("r1", **at, begins="party", issue=Issue.TALKS),
        Decision("r1", **at, begins="issue", issue=Issue.TERRITORY),
        Decision("r2", **at, begins="party", issue=Issue.TALKS, actor="Belmark"),
    ]
    table = pa.Table.from_pylist([row._asdict() for row in rows], schema=SCHEMA)
    pq.write_table(table, tmp_path / "part-000000.parquet")
    counted = tally_archive(tmp_path)
    assert (counted.n_unclear, [cell.actor for cell in counted.cells]) == (1, ["Belmark"])


def test_reports_without_a_date_are_left_out_and_told(tmp_path, capsys):
    rows = [{"report_id": "r1", "date": "2020-01-09", "text": "Russia rejected the truce."},
            {"report_id": "r2", "text": "Ukraine rejected the truce."}]  # fmt: skip
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert main(["classify", str(tmp_path / "a.jsonl"), "--out", str(tmp_path / "out"), "--model", "tfidf"]) == 0
    assert main(["report", str(tmp_path / "out"), "--out", str(tmp_path / "r"), "--model", "tfidf"]) == 0
    assert "1 report without a date left out" in capsys.readouterr().err
    page = (tmp_path / "r/shifts.md").read_text()
    assert "1 report without a date left out." in page
    assert "Ukraine" not in page
    assert "2020-01-09: r1" in page


def test_a_folder_of_decisions_is_not_taken_for_reports_or_written_into(archive, tmp_path, capsys):
    out = str(tmp_path / "out")
    assert main(["classify", str(archive), "--out", out, "--model", "tfidf"]) == LEFT_OUT
    assert main(["classify", out, "--out", str(tmp_path / "new"), "--model", "tfidf"]) == 2
    assert "holds decisions of stance classify --out, not reports" in capsys.readouterr().err
    assert main(["report", out, "--out", out, "--model", "tfidf"]) == 2
    assert "an archive of decisions; --out must be another folder" in capsys.readouterr().err
    assert main(["report", out, "--coded"]) == 2
    assert "--coded is for stances that people coded" in capsys.readouterr().err


def test_a_file_is_not_classified_as_the_text_of_its_name(archive, capsys):
    assert main(["classify", str(archive)]) == 2
    assert "is a file; give --file for one text, or --out FOLDER for reports" in capsys.readouterr().err


def test_resuming_what_is_done_changes_nothing(archive, tmp_path):
    first = run(archive, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert run(archive, tmp_path / "out", resume=True) == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()} == before


def test_a_folder_that_is_there_is_not_written_into(archive, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(StanceError, match="exists; it is no archive of decisions; name another folder"):
        run(archive, tmp_path / "out")
    with pytest.raises(StanceError, match=f"no {JOB} there; --resume goes on only with what"):
        run(archive, tmp_path / "out", resume=True)


def test_another_job_or_a_missing_part_is_not_resumed(archive, tmp_path):
    run(archive, tmp_path / "out")
    with pytest.raises(StanceError, match="exists; go on with --resume, or name another folder"):
        run(archive, tmp_path / "out")
    (tmp_path / "out/part-000002.parquet").unlink()
    with pytest.raises(StanceError, match="a part is missing or has another name; begin anew in another folder"):
        run(archive, tmp_path / "out", resume=True)
    (tmp_path / "out" / JOB).write_text(json.dumps({"of": "others"}))
    with pytest.raises(StanceError, match="begun with other of; --resume needs the same as then"):
        run(archive, tmp_path / "out", resume=True)


def test_a_changed_file_model_or_alias_table_is_another_job(tmp_path):
    model, actors, text = tmp_path / "model", tmp_path / "actors.csv", tmp_path / "a.txt"
    model.mkdir()
    for path in (model / "meta.json", actors, text):
        path.write_text("one")
    first = describe([text], model, [actors])
    for path, name in ((model / "meta.json", "model"), (actors, "actors"), (text, "files")):
        path.write_text("another")
        changed = describe([text], model, [actors])
        assert [key for key in first if first[key] != changed[key]] == [name]
        path.write_text("one")
        first = describe([text], model, [actors])


def test_memory_does_not_grow_with_the_archive(tmp_path):
    path = tmp_path / "a.jsonl"
    with path.open("w") as file:
        for number in range(30_000):
            file.write(json.dumps(report(number)) + "\n")
    script = f"""import resource
from toys import run
from stance import archive
archive.N_REMEMBERED = 100
sizes = []
write = archive._write
def measured(*arguments):
    sizes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return write(*arguments)
archive._write = measured
run({str(path)!r}, {str(tmp_path / "out")!r}, size=200_000)
print(sizes[2], sizes[-1])
"""
    environment = os.environ | {"PYTHONPATH": f"{TESTS.parent / 'src'}:{TESTS}"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    early, late = map(int, done.stdout.split())
    assert late < early + 30_000  # kB


def test_the_command_counts_what_it_left_out_in_its_exit_code(archive, tmp_path, capsys):
    arguments = ["classify", str(archive), "--out", str(tmp_path / "out"), "--model", "tfidf"]
    assert main(arguments) == LEFT_OUT
    told = capsys.readouterr()
    assert told.out.startswith("58 reports, 0 of them copies: 174 sentences, ")
    assert f"2 records left out; reasons in {tmp_path / 'out' / REJECTED}" in told.err
    archive.write_text(json.dumps(report(1)))
    assert main(["classify", str(archive), "--out", str(tmp_path / "new"), "--model", "tfidf"]) == 0


def test_interrupted_the_command_says_how_to_go_on(archive, tmp_path, capsys, monkeypatch):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("stance.archive.classify_archive", interrupt)
    arguments = ["classify", str(archive), "--out", str(tmp_path / "out"), "--model", "tfidf"]
    assert main(arguments) == INTERRUPTED
    assert "0 parts kept in " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a text", "--resume"], "--resume is given without --out; it is for whole archives"),
        (["a text", "--workers", "2"], "--workers is given without --out"),
        (["a.jsonl", "--out", "x", "--json"], "--json is given with --out; it is for a single text"),
        (["a.jsonl", "--out", "x", "--outlet", "y"], "--outlet is given with --out; it is for a single text"),
        (["a.jsonl", "--out", "x", "--workers", "2", "--resume"], "--resume is given with --workers; it goes on"),
        (["one", "two"], "2 texts are given; quote one, or classify files with --out FOLDER"),
        (["nowhere.jsonl", "--out", "x"], "nowhere.jsonl: no such file or folder"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["classify", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("period", ["date", "month", "year"])
def test_a_report_on_an_archive_counts_what_the_report_on_its_reports_counts(tmp_path, period):
    rows = [report(number) | {"date": f"2020-0{1 + number // 20}-{9 + number % 3:02}"} for number in range(60)]
    rows.append(rows[0] | {"report_id": "s-copy"})
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    aliases = [f"{actor},{actor},name,," for actor in ("Ardania", "Belmark")]
    (tmp_path / "actors.csv").write_text("\n".join(["actor,alias,kind,from,until", *aliases]) + "\n")
    options = ["--model", "tfidf", "--actors", str(tmp_path / "actors.csv")]
    assert main(["classify", str(path), "--out", str(tmp_path / "archive"), *options]) == 0
    options += ["--title", "t", "--period", period]
    for source, out in (("archive", "one"), ("a.jsonl", "other")):
        assert main(["report", str(tmp_path / source), "--out", str(tmp_path / out), *options]) == 0
    assert (tmp_path / "one/shares.csv").read_text() == (tmp_path / "other/shares.csv").read_text()
    one, other = (json.loads((tmp_path / out / "shifts.json").read_text()) for out in ("one", "other"))
    assert one == other


def test_a_report_on_an_archive_of_another_model_or_without_dates_is_refused(tmp_path, capsys):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(report(1) | {"date": None}), encoding="utf-8")
    archive = str(tmp_path / "archive")
    assert main(["classify", str(path), "--out", archive, "--model", "tfidf"]) == 0
    assert main(["report", archive, "--out", str(tmp_path / "r")]) == 2
    assert "classified by another model; name it with --model" in capsys.readouterr().err
    assert main(["report", archive, "--out", str(tmp_path / "r"), "--model", "tfidf"]) == 2
    assert "no dated report there; at least one is needed" in capsys.readouterr().err

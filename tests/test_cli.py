"""The command line: what it prints, writes, refuses and answers as its exit code."""

import csv
import datetime as dt
import functools
import gzip
import io
import json
import subprocess
import sys

import pytest

from stance import classify, metrics
from stance.actors import ActorTable, Alias, AliasKind
from stance.artefacts import write_meta
from stance.baseline import TfidfBaseline
from stance.classify import load_classifier
from stance.classify_command import CSV_COLUMNS
from stance.cli import main
from stance.codebook import LABELS, Issue, Label, Report, Source, Stance, StanceError
from stance.dataset import label_examples, targets
from stance.evaluation import Attribution, Evaluation, LabelScore, as_json
from stance.labels import LabelledSentence, write_labels
from stance.predictions import DecisionRule
from stance.report_command import read_report
from stance.reports import UNDATED

TAUGHT = {
    "{0} demands that {1} withdraw from the delta.": (Label.DEMAND, Issue.TERRITORY),
    "{0} agrees to a truce with {1}.": (Label.CONCESSION, Issue.CEASEFIRE),
    "{0} refuses to meet {1} for talks.": (Label.REJECTION, Issue.TALKS),
    "{0} will trade only if {1} lifts its tariffs.": (Label.PRECONDITION, Issue.ECONOMY),
}
REFUSAL = "Belmark refuses to meet Ardania for talks."
TRUCE = "Ardania agrees to a truce with Belmark."
RECORD = Evaluation(
    classifier="the toy model",
    test="frozen test",
    n_reports=3,
    n_sentences=24,
    scores=dict.fromkeys(metrics.METRICS, metrics.Estimate(0.5, 0.4, 0.6)),
    labels=dict.fromkeys(LABELS, LabelScore(precision=0.5, recall=0.5, f1=0.5, support=6)),
    attribution=Attribution(candidate_recall=1.0, right=12, wrong_actor=0, wrong_label=12, missed=12),
)

ECHO = """
import sys
from stance import Classification, cli
class Echo:
    def sentences(self, sentences, date):
        return [Classification(sentence.text) for sentence in sentences]
cli.load_classifier = lambda *_: Echo()
sys.exit(cli.main(["classify"]))
"""

WRITTEN = (
    "shifts.html", "shifts.md", "shifts.json", "charts", "shares.csv", "shares.parquet", "gaps.csv", "gaps.parquet",
    "stances.csv", "stances.parquet",
)  # fmt: skip


GERMAN = "Der Minister von Belmark weigerte sich, über das Delta zu verhandeln, solange der Hafen zu bleibt."


def toy_sentences():
    """Every taught sentence in both directions, in three reports of three years."""
    return [
        LabelledSentence(
            f"r{report}", position, dt.date(2020 + report, 1, 1), f"conflict {report}", text.format(*parties),
            Source.AUTHORED, (Stance(parties[0], *stance),), parties[1:],
        )
        for report in range(3)
        for position, (parties, (text, stance)) in enumerate(
            ((parties, taught) for parties in (("Ardania", "Belmark"), ("Belmark", "Ardania"))
             for taught in TAUGHT.items()), start=1,
        )
    ]  # fmt: skip


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """The folder of a small stored model (``model``) and the toy parties (``actors.csv``)."""
    folder = tmp_path_factory.mktemp("toy")
    table = ActorTable([Alias(party, party, AliasKind.NAME) for party in ("Ardania", "Belmark")])
    items = label_examples(toy_sentences(), table)
    fitted = TfidfBaseline().fit([item.example for item in items], [targets(item) for item in items])
    fitted.save(folder / "model")
    write_meta(folder / "model", "tfidf", DecisionRule(), {"evaluations": {"frozen test": as_json(RECORD)}})
    (folder / "actors.csv").write_text(
        "actor,alias,kind,from,until\nArdania,Ardania,name,,\nBelmark,Belmark,name,,\n", encoding="utf-8"
    )
    return folder


@pytest.fixture
def stance(toy, capsys):
    """Runs a command with the toy model; returns exit code, output and errors."""

    def run(command, *arguments):
        model = ["--model", str(toy / "model"), "--actors", str(toy / "actors.csv")]
        code = main([command, *map(str, arguments), *([] if command == "check-data" else model)])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def reports(tmp_path):
    """A folder of two dated reports."""
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "2022-03-16_refusal.txt").write_text(f"{REFUSAL}\n", encoding="utf-8")
    (folder / "2022-03-20_truce.txt").write_text(f"{TRUCE}\n", encoding="utf-8")
    return folder


@pytest.fixture
def labels(tmp_path):
    """The toy sentences as a label CSV."""
    path = tmp_path / "labels.csv"
    write_labels(path, toy_sentences())
    return path


@pytest.fixture
def few_resamples(monkeypatch):
    """Bootstrap intervals from ten samples in place of a thousand, which take seconds."""
    monkeypatch.setattr("stance.evaluation.estimate", functools.partial(metrics.estimate, n_resamples=10))


def test_classify_prints_each_sentence_with_its_label_and_stances(stance):
    code, output, errors = stance("classify", f"{REFUSAL} {TRUCE}")
    lines = output.splitlines()
    assert (code, errors) == (0, "")
    assert [line.split()[0] for line in lines] == ["rejection", "-", "concession", "-"]
    assert lines[0].endswith(REFUSAL)
    assert "- Belmark: rejection on talks (0." in lines[1]


def test_classify_says_that_a_holder_is_unclear(stance):
    assert "- (holder unclear): rejection on talks" in stance("classify", "They refuse to meet for talks.")[1]


def test_classify_gives_the_whole_result_as_json(stance, toy):
    code, output, _ = stance("classify", f"{REFUSAL} Größe.", "--json")
    result = classify(f"{REFUSAL} Größe.", model=toy / "model", actors=toy / "actors.csv")
    answer = json.loads(output)
    assert code == 0
    assert "Größe" in output
    assert (answer["text"], answer["label"]) == (result.text, "rejection")
    assert answer["probabilities"] == dict(result.probabilities)
    assert answer["stances"][0]["actor"] == "Belmark"


def test_classify_gives_a_row_for_each_stance_as_csv(stance):
    text = f"{REFUSAL} {TRUCE}"
    _, output, _ = stance("classify", text, "--csv")
    header, *rows = csv.reader(io.StringIO(output))
    assert tuple(header) == CSV_COLUMNS
    assert [row[3:6] for row in rows] == [["Belmark", "rejection", "talks"], ["Ardania", "concession", "ceasefire"]]
    assert [text[int(row[1]) : int(row[2])] for row in rows] == [row[0] for row in rows] == [REFUSAL, TRUCE]
    assert all(0 < float(row[6]) <= 1 for row in rows)


def test_classify_reads_a_file_with_a_byte_order_mark_and_windows_line_ends(stance, tmp_path):
    (tmp_path / "text.txt").write_bytes(f"\ufeff{REFUSAL}\r\n{TRUCE}\r\n".encode())
    _, output, _ = stance("classify", "--file", tmp_path / "text.txt")
    assert [line.split()[0] for line in output.splitlines()] == ["rejection", "-", "concession", "-"]
    assert "\ufeff" not in output


def test_classify_reads_standard_input(stance, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(REFUSAL.encode())))
    assert stance("classify")[1].startswith("rejection")


@pytest.mark.parametrize(
    ("text", "reason"), [("", "the text is empty"), ("Leave a Reply", "the text holds no sentence")]
)
def test_classify_says_why_there_is_nothing_to_classify(stance, text, reason):
    assert stance("classify", text) == (0, f"nothing to classify: {reason}\n", "")
    assert stance("classify", text, "--csv")[1] == ",".join(CSV_COLUMNS) + "\n"
    assert json.loads(stance("classify", text, "--json")[1])["reason"] == reason


def test_a_refused_input_is_one_line_on_standard_error_and_exit_code_2(stance):
    code, output, errors = stance("classify", REFUSAL, "--date", "16.3.2022")
    assert (code, output) == (2, "")
    assert errors == "stance: --date: date '16.3.2022' is not an ISO date such as 2022-03-16\n"


def test_classify_refuses_a_text_and_a_file_at_once(stance, tmp_path):
    code, _, errors = stance("classify", REFUSAL, "--file", tmp_path / "text.txt")
    assert code == 2
    assert "both a text and --file are given; give one of them" in errors


@pytest.mark.parametrize("name", ["none.txt", "."])
def test_classify_refuses_a_file_that_is_none(stance, tmp_path, name):
    code, _, errors = stance("classify", "--file", tmp_path / name)
    assert code == 2
    assert errors.endswith("; expected a readable text file\n" if name == "none.txt" else ": a folder, not a file\n")


def test_classify_refuses_another_encoding_with_the_byte(stance, tmp_path, monkeypatch):
    (tmp_path / "text.txt").write_bytes(b"Belm\xe4rk refused.")
    assert "text.txt: byte 4 (0xe4) is not UTF-8; save the file as UTF-8, or give its --encoding" in stance(
        "classify", "--file", tmp_path / "text.txt"
    )[2]  # fmt: skip
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Belm\xe4rk refused.")))
    assert "standard input: byte 4 (0xe4) is not UTF-8" in stance("classify")[2]


MINISTRY = "The ministry refuses to meet anyone for talks."


def test_classify_is_told_who_published_a_text(stance):
    assert "- (holder unclear): rejection" in stance("classify", MINISTRY)[1]
    assert "- Belmark: rejection" in stance("classify", MINISTRY, "--outlet", "Belmark News")[1]
    assert json.loads(stance("classify", MINISTRY, "--json", "--outlet", "Belmark News")[1])["stances"][0]["actor"] == (
        "Belmark"
    )
    code, _, errors = stance("classify", MINISTRY, "--outlet", "\udcff")
    assert (code, errors) == (2, "stance: --outlet: a lone surrogate at character 0; the text must be valid Unicode\n")


def test_a_web_page_tells_its_outlet_and_date_unless_they_are_given(stance, tmp_path):
    told = '<meta property="og:site_name" content="Belmark News"><meta name="date" content="MOON">'
    page = f"<!doctype html><html><head>{told}</head><body><article><p>{MINISTRY}</p></article></body></html>"
    (tmp_path / "a.html").write_text(page.replace("MOON", "2022-03-16"))
    assert "- Belmark: rejection" in stance("classify", "--file", tmp_path / "a.html")[1]
    assert "(holder unclear)" in stance("classify", "--file", tmp_path / "a.html", "--outlet", "")[1]
    (tmp_path / "b.html").write_text(page)
    assert "MOON" in stance("classify", "--file", tmp_path / "b.html")[2]
    assert "- Belmark: rejection" in stance("classify", "--file", tmp_path / "b.html", "--date", "2022-03-16")[1]


def test_classify_reads_a_file_as_it_comes(stance, tmp_path, monkeypatch):
    page = f"<!doctype html><html><body><article><p>{REFUSAL}</p></article></body></html>"
    for name, content, options in (
        ("a.txt", REFUSAL.encode("utf-16"), []),
        ("b.txt", f"{REFUSAL} “No.”".encode("cp1252"), ["--encoding", "cp1252"]),
        ("c.txt.gz", gzip.compress(REFUSAL.encode()), []),
        ("d.html", page.encode(), []),
        ("e", page.encode(), []),
    ):
        (tmp_path / name).write_bytes(content)
        assert stance("classify", "--file", tmp_path / name, *options)[1].startswith("rejection")
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        if name in ("a.txt", "b.txt"):
            assert stance("classify", *options)[1].startswith("rejection")
    assert "--encoding is given with a text" in stance("classify", REFUSAL, "--encoding", "cp1252")[2]
    (tmp_path / "f.jsonl").write_text("{}")
    assert "a table of reports; to classify all of them give it with --out" in stance(
        "classify", "--file", tmp_path / "f.jsonl"
    )[2]  # fmt: skip


def test_classify_says_that_a_text_is_not_english(stance):
    reason = "seems to be German (de), not English; only English is read"
    assert stance("classify", GERMAN) == (0, f"nothing to classify: {reason}\n", "")
    assert stance("classify", GERMAN, "--csv")[1] == ",".join(CSV_COLUMNS) + "\n"
    assert json.loads(stance("classify", GERMAN, "--json")[1])["reason"] == reason
    assert stance("classify", GERMAN, "--any-language")[1].endswith(f"{GERMAN}\n")
    assert json.loads(stance("classify", GERMAN, "--json", "--any-language")[1])["reason"] == ""


def test_classify_refuses_an_argument_in_another_encoding(stance):
    assert stance("classify", "Belm\udce4rk refused.")[0] == 2


def test_a_missing_model_is_refused(tmp_path, capsys):
    assert main(["classify", REFUSAL, "--model", str(tmp_path / "none")]) == 2
    assert "none: no meta.json there; expected a folder that train.py wrote" in capsys.readouterr().err


def test_report_writes_pages_and_tables(stance, reports, tmp_path):
    out = tmp_path / "out" / "deep"
    code, output, _ = stance("report", reports, "--out", out)
    assert code == 0
    assert output.splitlines() == [
        "2 reports read",
        *(str(out / name) for name in WRITTEN),
    ]
    assert sorted(path.name for path in out.iterdir()) == sorted(WRITTEN)
    with (out / "stances.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [(row["report_id"], row["date"], row["actor"], row["label"], row["sentence"]) for row in rows] == [
        ("2022-03-16_refusal", "2022-03-16", "Belmark", "rejection", REFUSAL),
        ("2022-03-20_truce", "2022-03-20", "Ardania", "concession", TRUCE),
    ]


def test_report_leaves_out_what_cannot_be_read_and_says_so(stance, reports, tmp_path):
    out = tmp_path / "out"
    (reports / "README.txt").write_text("About these reports.")
    for number in range(7):
        (reports / f"2022-03-2{number}.pdf").write_text("%PDF-")
    code, output, errors = stance("report", reports, "--out", out)
    assert (code, output.splitlines()[0], output.splitlines()[-1]) == (1, "2 reports read", str(out / "rejected.csv"))
    pdf = "a PDF; convert it to text, for example with pdftotext"
    assert errors.splitlines() == [
        *(f"stance: left out: {reports}/2022-03-2{number}.pdf: {pdf}" for number in range(5)),
        "stance: left out: 3 more, 8 in all",
    ]
    with (out / "rejected.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["reason"] for row in rows] == [pdf] * 7 + [UNDATED]
    assert (rows[-1]["where"], rows[-1]["report_id"]) == (str(reports / "README.txt"), "README")
    for page in ("shifts.html", "shifts.md"):
        assert "8 records left out, for the reasons in rejected.csv." in (out / page).read_text(encoding="utf-8")
    assert stance("review", reports, "--out", tmp_path / "review.csv")[0] == 1


def test_what_the_commands_write_beside_the_reports_is_not_read_as_reports(stance, reports):
    review, out = reports / "review.csv", reports / "stance-report"
    assert stance("review", reports, "--out", review)[0] == 0
    rows = list(csv.reader(review.read_text(encoding="utf-8").splitlines()))
    labels = rows[0].index("labels")
    with review.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([rows[0], *([*row[:labels], "none", *row[labels + 1 :]] for row in rows[1:])])
    for _ in range(2):
        code, output, errors = stance("report", reports, "--out", out, "--checked", review)
        assert (code, output.splitlines()[:1], errors) == (0, ["2 reports read"], "")
    assert stance("report", out, "--out", out)[0] == 2


def test_report_takes_away_what_an_earlier_run_rejected(stance, reports, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "rejected.csv").write_text("where,report_id,reason\n")
    assert stance("report", reports, "--out", out)[0] == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(WRITTEN)
    assert "left out" not in (out / "shifts.md").read_text(encoding="utf-8").split("no proof")[-1]


@pytest.mark.parametrize("command", ["report", "review"])
def test_where_nothing_can_be_read_nothing_is_written(stance, tmp_path, command):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/README.txt").write_text("About these reports.")
    code, _, errors = stance(command, tmp_path / "reports", "--out", tmp_path / "out")
    assert code == 2
    assert errors.splitlines() == [
        f"stance: left out: {tmp_path}/reports/README.txt: {UNDATED}",
        f"stance: {tmp_path}/reports: no report there that can be read; at least one is needed",
    ]
    assert not (tmp_path / "out").exists()


def test_report_is_told_the_encoding_and_to_read_any_language(stance, reports, tmp_path):
    (reports / "2022-03-21.txt").write_bytes(GERMAN.encode("cp1252"))
    path = ["report", reports, "--out", tmp_path / "out"]
    assert "is not UTF-8" in stance(*path)[2]
    assert "seems to be German (de), not English; only English is read" in stance(*path, "--encoding", "cp1252")[2]
    code, output, _ = stance(*path, "--encoding", "cp1252", "--any-language")
    assert (code, output.splitlines()[0]) == (0, "3 reports read")
    assert "encoding 'klingon' is not known" in stance(*path, "--encoding", "klingon")[2]
    coded = ["--coded", tmp_path / "out/stances.csv", "--any-language"]
    assert "--encoding or --any-language is given with --coded or an archive" in stance("report", *coded)[2]


def test_report_reads_the_files_of_a_pattern(stance, reports, tmp_path):
    code, output, _ = stance("report", reports / "*_truce.txt", "--out", tmp_path / "out")
    assert (code, output.splitlines()[0]) == (0, "1 report read")


def test_report_compares_the_periods_asked_for(stance, reports, tmp_path):
    out = tmp_path / "out"
    for options, spans in (
        (["--period", "month"], ["2022-03", "2022-03"]),
        (["--breaks", "2022-03-18"], ["from 2022-03-18", "before 2022-03-18"]),
    ):
        assert stance("report", reports, "--out", out, *options)[0] == 0
        with (out / "shares.csv").open(encoding="utf-8", newline="") as handle:
            assert [row["period"] for row in csv.DictReader(handle)] == spans


def test_report_marks_events(stance, reports, tmp_path):
    (tmp_path / "events.csv").write_text("date,label\n2022-03-18,Ceasefire\n", encoding="utf-8")
    assert stance("report", reports, "--out", tmp_path / "out", "--events", tmp_path / "events.csv")[0] == 0
    [event] = json.loads((tmp_path / "out/shifts.json").read_text(encoding="utf-8"))["events"]
    assert (event["date"], event["label"], event["mark"]) == ("2022-03-18", "Ceasefire", 1)


def test_report_refuses_bad_events_before_it_reads_anything(stance, tmp_path):
    (tmp_path / "events.csv").write_text("date,label\n18 March,Ceasefire\n", encoding="utf-8")
    code, _, errors = stance("report", tmp_path / "none", "--events", tmp_path / "events.csv")
    assert code == 2
    assert "events.csv:2: date '18 March' is not an ISO date" in errors


def test_report_counts_a_report_that_two_papers_print_once(stance, reports, tmp_path):
    copied = reports / "2022-03-21_copy.txt"
    copied.write_text(next(reports.glob("2022-03-20*")).read_text(encoding="utf-8"), encoding="utf-8")
    _, output, _ = stance("report", reports, "--out", tmp_path / "out")
    assert output.splitlines()[0] == "3 reports read, 1 not counted as copies"
    assert "3 reports, 1 of them a copy that is not counted · 2 stances" in (tmp_path / "out/shifts.md").read_text(
        "utf-8"
    )


def test_review_draws_decisions_and_report_counts_the_answers(stance, reports, tmp_path):
    table, out = tmp_path / "review.csv", tmp_path / "out"
    code, output, _ = stance("review", reports, "--n", "3", "--out", table)
    assert (code, output.splitlines()[0]) == (0, f"3 of 4 decisions to check in {table}")
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert len({(row["report_id"], row["actor"]) for row in rows}) == 3
    rows = [row | {"labels": "rejection" if "refuses" in row["sentence"] else "none"} for row in rows]
    with table.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    code, output, _ = stance("report", reports, "--checked", table, "--out", out)
    assert (code, output.splitlines()[0]) == (0, "2 reports read")
    assert "3 decisions of the classifier were checked by hand" in (out / "shifts.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["jsonl", "label-studio"])
def test_a_review_may_be_answered_in_an_annotation_tool(stance, reports, tmp_path, monkeypatch, form):
    monkeypatch.chdir(tmp_path)
    assert stance("review", reports, "--n", "3", "--format", form)[0] == 0

    def answer(task):
        return ["rejection" if "refuses" in task["sentence"] else "none"]

    if form == "jsonl":
        tasks = [json.loads(line) for line in (tmp_path / "review.jsonl").read_text("utf-8").splitlines()]
        answered = "\n".join(json.dumps(task | {"label": answer(task)}) for task in tasks)
    else:
        tasks = json.loads((tmp_path / "review.json").read_text("utf-8"))
        given = [[{"result": [{"value": {"choices": answer(task["data"])}}]}] for task in tasks]
        answered = json.dumps([task | {"annotations": one} for task, one in zip(tasks, given, strict=True)])
    export = tmp_path / f"export{'.jsonl' if form == 'jsonl' else '.json'}"
    export.write_text(answered, encoding="utf-8")
    assert stance("report", reports, "--checked", export, "--out", tmp_path / "out")[0] == 0
    page = (tmp_path / "out" / "shifts.md").read_text(encoding="utf-8")
    assert "3 decisions of the classifier were checked by hand" in page


def test_review_refuses_to_draw_nothing(stance, reports, tmp_path):
    code, _, errors = stance("review", reports, "--n", "0", "--out", tmp_path / "review.csv")
    assert (code, errors) == (2, "stance: --n is 0; it must be from 1\n")


def test_review_does_not_overwrite_a_table_that_may_be_filled_in(stance, reports, tmp_path):
    (tmp_path / "review.csv").write_text("mine")
    code, _, errors = stance("review", reports, "--out", tmp_path / "review.csv")
    assert code == 2
    assert "review.csv: exists; a review that may be filled in is not overwritten" in errors


def test_report_refuses_a_break_that_is_no_date(stance, reports, tmp_path):
    code, _, errors = stance("report", reports, "--out", tmp_path / "out", "--breaks", "2022-03-18,May")
    assert code == 2
    assert "--breaks: date 'May' is not an ISO date such as 2022-03-16" in errors


@pytest.mark.parametrize("breaks", ["", "2022-03-18,"])
def test_report_refuses_a_missing_break(stance, reports, tmp_path, breaks):
    code, _, errors = stance("report", reports, "--out", tmp_path / "out", "--breaks", breaks)
    assert code == 2
    assert "a date is missing; give dates divided by commas" in errors


def test_a_folder_that_cannot_be_made_is_told_without_a_traceback(stance, reports):
    code, _, errors = stance("report", reports, "--out", "/proc/none/out")
    assert code == 2
    assert errors.startswith("stance: /proc/none")


def test_report_takes_its_own_table_back_as_hand_coded(stance, reports, tmp_path):
    stance("report", reports, "--out", tmp_path / "out")
    code, output, _ = stance("report", "--coded", tmp_path / "out" / "stances.csv", "--out", tmp_path / "again")
    assert (code, output.splitlines()[0]) == (0, "2 reports read")
    first, second = ((tmp_path / name / "stances.csv").read_text(encoding="utf-8") for name in ("out", "again"))
    assert first == second


def test_report_writes_charts_as_png_where_asked(stance, reports, tmp_path):
    many = "\n".join(f"{REFUSAL} It is day {n}." for n in range(4))
    (reports / "2022-03-22_more.txt").write_text(many, encoding="utf-8")
    for options, files in (
        (["--png"], ["belmark.png", "belmark.svg", "index.json"]),
        ([], ["belmark.svg", "index.json"]),
    ):
        assert stance("report", reports, "--out", tmp_path / "out", *options)[0] == 0
        assert sorted(path.name for path in (tmp_path / "out" / "charts").iterdir()) == files


def test_report_has_a_title_its_sources_and_the_models_quality(stance, reports, tmp_path):
    stance("report", reports, "--out", tmp_path / "out")
    page = (tmp_path / "out" / "shifts.md").read_text(encoding="utf-8")
    assert page.startswith("# Stances in 2 reports")
    assert "2022-03-16: refusal" in page
    assert "Classifier the toy model, tested on frozen test: 24 sentences in 3 reports." in page
    stance("report", reports, "--out", tmp_path / "out", "--title", "The delta talks")
    assert (tmp_path / "out" / "shifts.md").read_text(encoding="utf-8").startswith("# The delta talks")


def test_report_refuses_a_path_without_reports_and_writes_nothing(stance, tmp_path):
    code, _, errors = stance("report", tmp_path / "none", "--out", tmp_path / "out")
    assert code == 2
    assert "none: no such file or folder; expected .txt, " in errors
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("out", ["taken", "taken/below"])
def test_report_refuses_to_write_to_a_folder_that_is_a_file(stance, reports, tmp_path, out):
    (tmp_path / "taken").write_text("not a folder")
    assert stance("report", reports, "--out", tmp_path / out)[0] == 2


def test_stances_are_dated_by_their_report(toy):
    classifier = load_classifier(toy / "model", toy / "actors.csv")
    read, pairs = read_report(classifier, Report("r1", f"It rained.\n{REFUSAL}", dt.date(2022, 3, 16)))
    (found,) = read.stances
    assert read.n_sentences == 2
    assert {pair.actor for pair in pairs} == {"Belmark", "Ardania"}
    assert (found.report_id, found.date, found.position, found.sentence) == ("r1", dt.date(2022, 3, 16), 2, REFUSAL)
    assert (found.actor, found.label, found.issue) == ("Belmark", Label.REJECTION, Issue.TALKS)


def test_the_party_that_publishes_a_report_is_asked_about(toy):
    classifier = load_classifier(toy / "model", toy / "actors.csv")
    _, pairs = read_report(classifier, Report("r1", "It rained.", dt.date(2022, 3, 16), outlet="Belmark News"))
    assert [pair.actor for pair in pairs] == ["Belmark"]


def test_a_report_without_a_date_is_refused(toy):
    with pytest.raises(StanceError, match="report 'r1' has no date; a shift report needs one"):
        read_report(load_classifier(toy / "model", toy / "actors.csv"), Report("r1", REFUSAL))


@pytest.mark.usefixtures("few_resamples")
def test_evaluate_prints_the_scores_of_a_labelled_file(stance, labels):
    code, output, _ = stance("evaluate", labels)
    header, _, row = output.splitlines()
    assert code == 0
    assert header.split("  ")[0] == "test"
    assert row.startswith("labels.csv")
    assert "1.000 (too few reports)" in row


@pytest.mark.usefixtures("few_resamples")
def test_evaluate_scores_one_split_alone(stance, labels, tmp_path):
    splits = tmp_path / "splits.csv"
    splits.write_text("report_id,split\nr0,train\nr1,train\nr2,test\n")
    record = json.loads(stance("evaluate", labels, "--splits", splits, "--json")[1])
    assert (record["test"], record["n_reports"], record["n_sentences"]) == ("labels.csv, test", 1, 8)
    record = json.loads(stance("evaluate", labels, "--splits", splits, "--split", "train", "--json")[1])
    assert (record["test"], record["n_reports"], record["n_sentences"]) == ("labels.csv, train", 2, 16)


@pytest.mark.usefixtures("few_resamples")
def test_evaluate_scores_each_report_alone_where_asked(stance, labels):
    rows = stance("evaluate", labels, "--by", "report_id")[1].splitlines()[2:]
    assert [row.split("  ")[0] for row in rows] == [
        "labels.csv",
        *(f"labels.csv: r{n} (8 sentences)" for n in range(3)),
    ]
    record = json.loads(stance("evaluate", labels, "--by", "report_id", "--json")[1])
    assert record["n_sentences"] == 24
    assert {value: part["n_sentences"] for value, part in record["by"].items()} == {"r0": 8, "r1": 8, "r2": 8}


@pytest.mark.usefixtures("few_resamples")
def test_evaluate_scores_each_register_alone_where_the_file_beside_the_labels_tells_them(stance, labels):
    labels.with_name("registers.csv").write_text("report_id,register\nr0,wire\nr2,opinion\n")
    record = json.loads(stance("evaluate", labels, "--by", "register", "--json")[1])
    assert {value: part["n_sentences"] for value, part in record["by"].items()} == {
        "wire": 8,
        "not told": 8,
        "opinion": 8,
    }


def test_evaluate_by_register_says_what_is_missing_where_nobody_told_them(stance, labels):
    code, _, errors = stance("evaluate", labels, "--by", "register")
    assert code == 2
    assert "registers.csv: no register told there; --by register needs the columns report_id, register" in errors


def test_evaluate_refuses_a_split_that_does_not_exist_or_is_empty(stance, labels, tmp_path):
    splits = tmp_path / "splits.csv"
    splits.write_text("report_id,split\nr0,train\nr1,train\nr2,test\n")
    errors = stance("evaluate", labels, "--splits", splits, "--split", "dev")[2]
    assert "--split: split 'dev' is not one of train, development, test" in errors
    code, _, errors = stance("evaluate", labels, "--splits", splits, "--split", "development")
    assert code == 2
    assert "labels.csv: no labelled sentence there; at least one is needed" in errors


@pytest.mark.usefixtures("few_resamples")
def test_evaluate_refuses_a_split_without_the_file_that_tells_splits(stance, labels):
    assert stance("evaluate", labels, "--split", "development")[0] == 2


def test_evaluate_refuses_a_file_that_is_no_label_file(stance, tmp_path):
    (tmp_path / "labels.csv").write_text("sentence,label\nBelmark refused.,rejection\n")
    code, _, errors = stance("evaluate", tmp_path / "labels.csv")
    assert code == 2
    assert "labels.csv:1: the columns are sentence, label; they must be report_id, position" in errors


def test_check_data_refuses_a_folder_without_data(stance, tmp_path):
    code, output, errors = stance("check-data", tmp_path)
    assert (code, output) == (2, "")
    assert "actors.csv: no such file" in errors


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "required: COMMAND"),
        (["clasify"], "invalid choice: 'clasify'"),
        (["classify", "x", "--json", "--csv"], "not allowed with argument --json"),
        (["report"], "required: path"),
    ],
)
def test_a_wrong_command_is_exit_code_2_and_says_what_is_wrong(capsys, arguments, complaint):
    with pytest.raises(SystemExit, match=r"^2$"):
        main(arguments)
    assert complaint in capsys.readouterr().err


def test_help_names_the_commands(capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--help"])
    output = capsys.readouterr().out
    assert all(command in output for command in ("classify", "report", "evaluate", "check-data"))


def test_an_interrupt_ends_with_130_and_no_traceback(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("stance.classify_command.load_classifier", interrupted)
    assert main(["classify", REFUSAL]) == 130
    assert capsys.readouterr().err == "stance: interrupted\n"


def test_the_module_runs_as_a_program(tmp_path):
    command = [sys.executable, "-m", "stance", "classify", "--file", str(tmp_path / "none.txt")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("stance: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_reader_who_leaves_early_causes_no_error():
    command = [sys.executable, "-c", ECHO]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        process.stdin.write(f"{REFUSAL}\n".encode() * 10)
        process.stdin.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_reports_that_lie_where_the_report_is_written_are_read_each_time(stance, reports, tmp_path):
    for _ in range(2):
        code, output, _ = stance("report", reports, "--out", reports)
        assert (code, output.splitlines()[0]) == (0, "2 reports read")


def test_a_table_of_events_beside_the_reports_is_no_report(stance, reports):
    (reports / "events.csv").write_text("date,label\n2022-03-17,A storm\n")
    assert stance("report", reports, "--out", reports / "out", "--events", reports / "events.csv")[0] == 0

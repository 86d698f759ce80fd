"""Stances in the formats of other tools, and the command that writes them."""

import csv
import datetime as dt
import io
import json

import pyarrow.parquet as pq
import pytest
from toys import run

from stance.archive import SCHEMA, finish
from stance.batch import Decision
from stance.cli import main
from stance.codebook import LABELS, Issue, Label, Stance, StanceError
from stance.interchange import DNA_COLUMNS, EVENT_TYPES, FORMATS, TOKEN_COLUMNS
from stance.stanced_sentences import StancedSentence, read_jsonl
from stance.streams import JOB

HOSTILE = '=cmd("x")\t<script>\u2028"; DROP\x85 Größe 🙂\r\n# no comment'
DAY = dt.date(2030, 1, 1)
OFFER = Stance("Belmark", Label.CONCESSION, Issue.TERRITORY)
TERM = Stance("Belmark", Label.PRECONDITION, Issue.SECURITY)
NO = Stance("Ardania", Label.REJECTION, Issue.TERRITORY)
SENTENCES = [
    StancedSentence(
        "r1", DAY, 1, "Belmark would go, if safe.", {OFFER: 0.91234, TERM: 0.6}, 10, 36, "Talks", "The Post"
    ),
    StancedSentence("r1", DAY, 2, "It rained.", start=37, end=47),
    StancedSentence("r2", None, 1, HOSTILE, {Stance("", Label.DEMAND, Issue.TALKS): 0.5, NO: 0.7}),
    StancedSentence("r3", DAY, 1, "Belmark would go, if safe.", {OFFER: 0.9}, copy_of="r1"),
]
CODED = "report_id,date,actor,label,issue,position,sentence\n"


def written(name, sentences=SENTENCES):
    return "".join(FORMATS[name](iter(sentences)))


def objects(name, sentences=SENTENCES):
    return [json.loads(line) for line in written(name, sentences).splitlines()]


def put(path, *rows):
    path.write_text(CODED + "".join(f"{row}\n" for row in rows), encoding="utf-8", newline="")
    return path


def archive(folder, *rows):
    """An archive of these decisions, as ``stance classify --out`` leaves it."""
    import pyarrow as pa

    folder.mkdir()
    (folder / JOB).write_text("{}")
    columns = {name: [getattr(row, name) for row in rows] for name in SCHEMA.names}
    pq.write_table(pa.table(columns, schema=SCHEMA), folder / "part-000000.parquet")
    finish(folder)
    return folder


def test_a_dna_statement_agrees_when_the_organisation_gives_ground():
    rows = list(csv.DictReader(io.StringIO(written("dna"), newline="")))
    assert tuple(rows[0]) == DNA_COLUMNS
    assert [(row["organization"], row["concept"], row["agreement"]) for row in rows] == [
        ("Belmark", "giving ground on territory", "1"),
        ("Belmark", "giving ground on security", "0"),
        ("Ardania", "giving ground on territory", "0"),
    ]
    assert [row["label"] for row in rows] == ["concession", "precondition", "rejection"]


def test_a_carriage_return_in_a_dna_statement_does_not_end_its_row():
    [row] = csv.DictReader(
        io.StringIO(written("dna", [StancedSentence("r1\r", DAY, 1, "Belmark\rwould go.", {OFFER: 0.9})]), newline="")
    )
    assert (row["document_title"], row["text"], row["probability"]) == ("r1\r", "Belmark\rwould go.", "0.9")


def test_a_dna_statement_stands_where_its_sentence_stands_if_that_is_known():
    first, _, last = csv.DictReader(io.StringIO(written("dna"), newline=""))
    assert [first[name] for name in DNA_COLUMNS[:7]] == ["1", "1", "10", "36", "1", "1", ""]
    assert (first["time"], first["document_title"], first["probability"]) == ("2030-01-01 00:00:00", "Talks", "0.9123")
    assert [last[name] for name in ("id", "documentId", "startCaret", "endCaret", "time")] == ["3", "2", "", "", ""]
    assert (last["text"], last["document_title"]) == (HOSTILE, "r2")


def test_every_label_has_an_event_type_and_a_precondition_is_a_conditional_request():
    assert EVENT_TYPES.keys() == set(LABELS)
    told = {row["label"]: (row["event_type"], row["conditional"]) for row in objects("events")}
    assert told == {
        "concession": ("YIELD", False),
        "precondition": ("REQUEST", True),
        "rejection": ("REJECT", False),
        "demand": ("REQUEST", False),
    }


def test_an_event_has_an_id_of_its_own_and_leaves_the_target_open():
    rows = objects("events")
    assert [row["id"] for row in rows] == ["r1:1:1", "r1:1:2", "r2:1:1", "r2:1:2"]
    assert rows[0] == {
        "id": "r1:1:1",
        "date": "2030-01-01",
        "source": "Belmark",
        "target": "",
        "event_type": "YIELD",
        "conditional": False,
        "context": "territory",
        "label": "concession",
        "probability": 0.9123,
        "report_id": "r1",
        "position": 1,
        "text": "Belmark would go, if safe.",
    }
    assert (rows[2]["date"], rows[2]["text"]) == (None, HOSTILE)


def tokens(block):
    return [dict(zip(TOKEN_COLUMNS, line.split("\t"), strict=True)) for line in block if not line.startswith("# ")]


def test_the_tokens_of_a_sentence_are_one_span_of_each_of_its_labels():
    head, *blocks = [block.split("\n") for block in written("conll").rstrip("\n").split("\n\n")]
    assert head[0] == "# global.columns = " + " ".join(TOKEN_COLUMNS)
    assert "STANCE:PRECONDITION" in TOKEN_COLUMNS
    first = tokens(head)
    assert [row["FORM"] for row in first] == ["Belmark", "would", "go", ",", "if", "safe", "."]
    assert [row["STANCE:CONCESSION"] for row in first] == ["B-concession", *["I-concession"] * 6]
    assert {row["STANCE:DEMAND"] for row in first} == {"O"}
    assert {tag for row in tokens(blocks[0]) for tag in list(row.values())[4:]} == {"O"}


def test_every_token_stands_at_its_offsets_whatever_the_text():
    blocks = [block.split("\n") for block in written("conll").rstrip("\n").split("\n\n")]
    assert len(blocks) == 3
    for block, sentence in zip(blocks, SENTENCES, strict=False):
        found = tokens(block)
        for row in found:
            assert sentence.text[int(row["STANCE:START"]) : int(row["STANCE:END"])] == row["FORM"]
        assert "".join(row["FORM"] for row in found) == "".join(sentence.text.split())


def test_json_lines_are_read_back_as_they_were(tmp_path):
    path = tmp_path / "s.jsonl"
    path.write_text(written("jsonl"), encoding="utf-8", newline="")
    rounded = [
        {stance: round(probability, 4) for stance, probability in one.stances.items()} for one in SENTENCES
    ]  # fmt: skip
    read = list(read_jsonl(path))
    assert [one.stances for one in read] == rounded
    assert [(one.report_id, one.date, one.position, one.text) for one in read] == [
        (one.report_id, one.date, one.position, one.text) for one in SENTENCES
    ]
    assert [(one.start, one.end, one.title, one.outlet, one.copy_of) for one in read] == [
        (one.start, one.end, one.title, one.outlet, one.copy_of) for one in SENTENCES
    ]
    assert written("jsonl", read) == written("jsonl")


def test_doccano_gets_labels_for_classification_and_spans_for_sequences():
    first, second, third = objects("doccano")
    assert (first["text"], first["label"]) == ("Belmark would go, if safe.", ["concession", "precondition"])
    assert first["spans"] == [[0, 26, "concession"], [0, 26, "precondition"]]
    assert first["stances"][0] == {
        "actor": "Belmark", "label": "concession", "issue": "territory", "probability": 0.9123,
    }  # fmt: skip
    assert (second["label"], second["spans"]) == ([], [])
    assert third["text"] == HOSTILE
    assert not {"id", "data", "filename", "upload_name", "example_uuid"} & first.keys()  # doccano's own


def test_label_studio_gets_tasks_with_the_labels_as_predictions():
    first, second, _ = json.loads(written("label-studio"))
    [prediction] = first["predictions"]
    [result] = prediction["result"]
    assert (first["data"]["text"], prediction["score"]) == ("Belmark would go, if safe.", 0.6)
    assert (result["from_name"], result["to_name"], result["type"]) == ("labels", "text", "choices")
    assert result["value"] == {"choices": ["concession", "precondition"]}
    assert second["predictions"] == []


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"jsonl"}))
def test_a_copy_is_told_once(name):
    assert written(name, SENTENCES[3:]) == written(name, [])


@pytest.mark.parametrize("name", ["conll", "doccano", "label-studio"])
def test_a_format_of_texts_refuses_a_sentence_without_one(name):
    with pytest.raises(StanceError, match="report 'r9', sentence 4: no text there; this format needs the words"):
        written(name, [StancedSentence("r9", DAY, 4, "", {NO: 1.0})])


@pytest.mark.parametrize("name", FORMATS)
def test_without_sentences_a_file_is_still_what_it_is(name):
    text = written(name, [])
    if name == "label-studio":
        assert json.loads(text) == []
    else:
        assert text == {"dna": ",".join(DNA_COLUMNS) + "\n", "conll": written("conll")[: len(text)]}.get(name, "")


@pytest.mark.parametrize("name", FORMATS)
def test_the_command_writes_the_same_bytes_twice_and_nothing_beside_them(tmp_path, name):
    source = put(tmp_path / "s.csv", "r1,2030-01-01,Belmark,demand,talks,4,Belmark spoke.")
    for out in ("one", "two"):
        assert main(["export", str(source), "--to", name, "--out", str(tmp_path / "deep" / out)]) == 0
    one, two = (tmp_path / "deep" / out for out in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert "Belmark spoke." in one.read_text() or name == "conll"
    assert sorted(path.name for path in one.parent.iterdir()) == ["one", "two"]


def test_an_archive_gives_its_sentences_those_without_a_stance_too(tmp_path):
    news = tmp_path / "news.jsonl"
    texts = [f"Ardania will take delta {n}! It rained on Belmark." for n in range(30)]
    news.write_text("".join(json.dumps({"report_id": f"r{n}", "text": text}) + "\n" for n, text in enumerate(texts)))
    run(news, tmp_path / "archive", size=200)
    assert len(list((tmp_path / "archive").glob("*.parquet"))) > 1
    out = tmp_path / "out.jsonl"
    assert main(["export", str(tmp_path / "archive"), "--to", "jsonl", "--out", str(out)]) == 0
    read = list(read_jsonl(out))
    assert [one.report_id for one in read[:3]] == ["r0", "r0", "r1"]
    assert len(read) == 60
    assert [one.text for one in read if one.stances] == [text.split("! ")[0] + "!" for text in texts]
    assert all(texts[int(one.report_id[1:])][one.start : one.end] == one.text for one in read)
    assert read[0].stances == {Stance("Ardania", Label.DEMAND, Issue.TERRITORY): 0.9}


def test_what_could_not_be_read_on_a_cluster_is_no_sentence(tmp_path):
    rows = [Decision("r1", reason="no text"), Decision("r2", DAY, position=1, sentence="It rained.")]
    folder = archive(tmp_path / "archive", *rows)
    assert main(["export", str(folder), "--to", "jsonl", "--out", str(tmp_path / "out.jsonl")]) == 0
    assert [one.report_id for one in read_jsonl(tmp_path / "out.jsonl")] == ["r2"]


def refusal(capsys, *arguments):
    assert main(["export", *map(str, arguments)]) == 2
    return capsys.readouterr().err


def test_the_command_refuses_what_it_cannot_read_and_leaves_no_file(tmp_path, capsys):
    out = tmp_path / "out.csv"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "a folder must be one that stance classify --out wrote" in refusal(
        capsys, empty, "--to", "dna", "--out", out
    )  # fmt: skip
    (empty / JOB).write_text("{}")
    assert "not finished; finish it with" in refusal(capsys, empty, "--to", "dna", "--out", out)
    bad = put(tmp_path / "bad.csv", "r1,2030-01-01,Belmark,demnad,talks,4,x")
    assert "bad.csv:2: label 'demnad' is not one of demand" in refusal(capsys, bad, "--to", "dna", "--out", out)
    textless = put(tmp_path / "t.csv", "r1,2030-01-01,Belmark,demand,talks,1,Yes.", "r1,2030-01-01,B,demand,talks,2,")
    assert "report 'r1', sentence 2: no text" in refusal(capsys, textless, "--to", "conll", "--out", out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "empty", "t.csv"]


def test_the_command_never_writes_over_what_it_reads(tmp_path, capsys):
    source = put(tmp_path / "s.csv", "r1,2030-01-01,Belmark,demand,talks,4,Belmark spoke.")
    assert "the stances themselves" in refusal(capsys, source, "--to", "dna", "--out", source)
    assert "a folder; --out must be a file" in refusal(capsys, source, "--to", "dna", "--out", tmp_path)
    assert "the stances themselves" in refusal(capsys, tmp_path / "in", "--to", "dna", "--out", tmp_path / "in" / "x")

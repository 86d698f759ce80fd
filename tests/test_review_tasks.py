"""A review in annotation tools: what they are given, and what of their exports counts."""

import datetime as dt
import json

import pytest

from stance.codebook import Label, StanceError
from stance.review import AskedPair
from stance.review_tasks import FILES, FORMATS, READERS, read_checked

D, C, R = Label.DEMAND, Label.CONCESSION, Label.REJECTION
DAY = dt.date(2030, 1, 1)
HOSTILE = 'Belmark\u2028 said: "<b>no</b>",\x85\tGröße 🙂'


def pair(position, *found, actor="Belmark", sentence="Belmark spoke.", before="It rained."):
    return AskedPair("r1", DAY, position, actor, frozenset(found), sentence, before)


PAIRS = [pair(1, D), pair(2, actor="Ardania", sentence=HOSTILE, before=""), pair(3, C, R)]
ANSWERS = [["demand", "rejection"], ["none"], ["Concession"]]
READ = {PAIRS[0].key: {D, R}, PAIRS[1].key: frozenset(), PAIRS[2].key: {C}}


def from_doccano(path, pairs=PAIRS, answers=ANSWERS):
    """What doccano exports of a review: its own id, the labels, the rest as it came."""
    tasks = [json.loads(line) for line in FORMATS["jsonl"](pairs).splitlines()]
    rows = [{"id": 7, **task, "label": labels, "Comments": []} for task, labels in zip(tasks, answers, strict=True)]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def chosen(*labels, **more):
    """An annotation of Label Studio."""
    choices = {"from_name": "labels", "to_name": "text", "type": "choices", "value": {"choices": list(labels)}}
    return {"id": 1, "completed_by": 1, "result": [choices], "was_cancelled": False, **more}


def from_label_studio(path, pairs=PAIRS, annotations=None):
    """What Label Studio exports of a review: its own ids and the annotations beside the data."""
    tasks = json.loads(FORMATS["label-studio"](pairs))
    annotations = annotations or [[chosen(*labels)] for labels in ANSWERS]
    rows = [
        {"id": number, **task, "annotations": given, "predictions": []}
        for number, (task, given) in enumerate(zip(tasks, annotations, strict=True), start=1)
    ]
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


EXPORTS = {".jsonl": from_doccano, ".json": from_label_studio}


def test_each_format_has_a_file_name_that_reads_back():
    assert FORMATS.keys() == FILES.keys()
    assert EXPORTS.keys() == READERS.keys()
    assert {name.rpartition(".")[2] for name in FILES.values()} == {"csv", "jsonl", "json"}


@pytest.mark.parametrize("suffix", EXPORTS)
def test_the_answers_of_a_tool_come_back(tmp_path, suffix):
    assert read_checked(EXPORTS[suffix](tmp_path / f"export{suffix}"), PAIRS) == READ


@pytest.mark.parametrize("suffix", EXPORTS)
def test_an_export_may_have_a_byte_order_mark(tmp_path, suffix):
    path = EXPORTS[suffix](tmp_path / f"export{suffix}")
    for encoding in ("utf-8-sig", "utf-16"):
        copy = tmp_path / f"{encoding}{suffix}"
        copy.write_text(path.read_text(encoding="utf-8"), encoding=encoding, newline="")
        assert read_checked(copy, PAIRS) == READ


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_tells_what_was_decided(name):
    told, other = (FORMATS[name]([pair(1, label)]) for label in (D, C))
    assert len(told) == len(other)
    assert sum(one != two for one, two in zip(told, other, strict=True)) <= 8  # the mark of the draw
    assert "demand" not in told


def test_the_annotator_sees_the_party_the_sentence_before_and_the_sentence():
    first, second, _ = (json.loads(line) for line in FORMATS["jsonl"](PAIRS).splitlines())
    assert (first["text"], first["label"]) == ("Belmark?\n\nBefore: It rained.\n\nBelmark spoke.", [])
    assert second["text"] == f"Ardania?\n\n{HOSTILE}"
    task = json.loads(FORMATS["label-studio"](PAIRS))[0]
    assert task.keys() == {"data"}
    assert (task["data"]["actor"], task["data"]["before"]) == ("Belmark", "It rained.")


@pytest.mark.parametrize("suffix", EXPORTS)
def test_an_export_that_leaves_tasks_out_is_refused(tmp_path, suffix):
    path = EXPORTS[suffix](tmp_path / f"export{suffix}")
    if suffix == ".json":
        path.write_text(json.dumps(json.loads(path.read_text())[:2]))
    else:
        path.write_text("\n".join(path.read_text(encoding="utf-8").split("\n")[:2]), encoding="utf-8")
    with pytest.raises(StanceError, match=r"answers on 2 decisions of 3 drawn; all must be exported"):
        read_checked(path, PAIRS)


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ([[chosen("demand")], [], [chosen("none")]], "1 of 3 rows have no labels; all must be filled in"),
        ([[chosen("demand", was_cancelled=True)], [chosen("none")], [chosen("none")]], "1 of 3 rows have no labels"),
        (
            [[chosen("demand"), chosen("none")], [chosen("none")], [chosen("none")]],
            "export.json: task 1: 2 annotations that differ; keep one of them",
        ),
        ([[chosen("yes")], [chosen("none")], [chosen("none")]], "task 1: labels 'yes' is not one of demand"),
        ([[chosen("none", "demand")], [chosen("none")], [chosen("none")]], "task 1: labels .*: none stands alone"),
        ([[chosen(7)], [chosen("none")], [chosen("none")]], r"task 1: label \[7\] is not a list of labels"),
        ([["demand"], [chosen("none")], [chosen("none")]], "task 1: 'demand' is not a JSON object"),
    ],
)
def test_faulty_annotations_of_label_studio_are_refused(tmp_path, annotations, message):
    with pytest.raises(StanceError, match=message):
        read_checked(from_label_studio(tmp_path / "export.json", annotations=annotations), PAIRS)


def test_annotators_who_agree_count_once(tmp_path):
    twice = [[chosen("rejection", "demand"), chosen("demand", "rejection")], [chosen("none")], [chosen("concession")]]
    assert read_checked(from_label_studio(tmp_path / "export.json", annotations=twice), PAIRS) == READ


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("e.jsonl", "{", r"e\.jsonl:1: .*; every line must be a JSON object"),
        ("e.jsonl", "[]", r"e\.jsonl:1: a list; every line must be a JSON object"),
        (
            "e.jsonl",
            '{"text": "x", "label": ["none"]}',
            r"e\.jsonl:1: no report_id, position, .*; the tasks must be those",
        ),
        ("e.jsonl", "", r"e\.jsonl: the file is empty"),
        ("e.json", "{", r"e\.json: .*; expected JSON"),
        ("e.json", "{}", r"e\.json: not a JSON array; export from Label Studio as JSON"),
        ("e.json", '[{"data": {}}]', r"e\.json: task 1: no list of annotations; export from Label Studio as JSON"),
        ("e.json", '[{"annotations": []}]', r"e\.json: task 1: None is not a JSON object"),
        ("e.csv", "a\n", r"e\.csv:1: the columns are a; they must be report_id"),
    ],
)
def test_a_file_that_is_no_export_is_refused(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(StanceError, match=message):
        read_checked(tmp_path / name, PAIRS)


@pytest.mark.parametrize("suffix", EXPORTS)
@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([pair(1, C), *PAIRS[1:]], "the model decides otherwise than when the review was drawn"),
        ([pair(1, D, sentence="Other."), *PAIRS[1:]], "does not ask about 'Belmark' in these words"),
    ],
)
def test_an_export_of_another_review_is_refused(tmp_path, suffix, pairs, message):
    with pytest.raises(StanceError, match=message):
        read_checked(EXPORTS[suffix](tmp_path / f"export{suffix}", pairs), PAIRS)


def test_a_decision_that_is_answered_twice_is_refused(tmp_path):
    path = from_doccano(tmp_path / "export.jsonl")
    lines = path.read_text(encoding="utf-8").split("\n")
    path.write_text("\n".join([lines[0], *lines]), encoding="utf-8")
    with pytest.raises(StanceError, match="4 answers on 3 decisions; keep one on each"):
        read_checked(path, PAIRS)

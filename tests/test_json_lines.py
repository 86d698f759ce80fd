"""JSON lines, read alike wherever they are read: their encoding, gzip, and what is refused."""

import codecs
import gzip
import json

import pytest

from stance.codebook import StanceError
from stance.formats import rows
from stance.json_lines import json_objects, json_rows

LINES = '{"text": "Côte"}\n\n{"text": "b"}\r\n'


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.jsonl"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    "content",
    [
        LINES.encode(),
        codecs.BOM_UTF8 + LINES.encode(),
        LINES.encode("utf-16"),
        LINES.replace('{"text": "b"}', '\ufeff{"text": "b"}').encode(),
    ],
)
def test_byte_order_marks_and_gzip_are_no_matter(path, pack, content):
    path.write_bytes(pack(content))
    found = [(f"{path}:1", {"text": "Côte"}), (f"{path}:3", {"text": "b"})]
    assert list(json_objects(path)) == found
    assert [(row.where, row.fields) for row in rows(path, "")] == found


def test_a_faulty_line_does_not_hide_the_others_and_the_bytes_add_up(path):
    path.write_bytes(b'{"text": "a"}\n[]\n{\n{"report_id": "r\xe4", "text": "c"}\n')
    found = list(json_rows(path, ""))
    assert [reason[:24] for *_, reason in found] == [
        "",
        "a list; every line must ",
        "Expecting property name ",
        "byte 35 (0xe4) is not UT",
    ]
    assert found[0][1] == {"text": "a"}
    assert found[3][1]["text"] == "c"
    assert sum(n_bytes for _, _, n_bytes, _ in found) == path.stat().st_size


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{}\n[]", r"a\.jsonl:2: a list; every line must be a JSON object"),
        (b"{}\n{", r"a\.jsonl:2: Expecting property name .* at character 2; every line must be a JSON object"),
        (b"[" * 100_000, r"a\.jsonl:1: .*; every line must be a JSON object"),
        (b'{}\n"\xe4"', r"a\.jsonl:2: byte 4 \(0xe4\) is not UTF-8; save the file as UTF-8$"),
        (json.dumps({}).encode("utf-16-le"), r"a\.jsonl: NUL bytes as in UTF-16-LE .*; save the file as UTF-8$"),
        (b"", r"a\.jsonl: the file is empty"),
    ],
)
def test_what_is_no_object_is_refused_with_its_place_and_no_option_that_is_not_there(path, content, message):
    path.write_bytes(content)
    with pytest.raises(StanceError, match=message):
        list(json_objects(path))


def test_a_file_that_is_not_there_is_refused(path):
    with pytest.raises(StanceError, match=r"a\.jsonl: No such file or directory; expected a file of JSON lines"):
        list(json_objects(path))

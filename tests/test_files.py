"""Files opened as text: their encoding, gzip, and what is refused."""

import codecs
import gzip
import os

import pytest

from stance import files
from stance.codebook import StanceError
from stance.files import is_encoding, opened

TEXT = "Belmark refused – “no”.\r\nArdania\rleft.\n"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.txt"


def whole(path, encoding="", *, is_page=False):
    with opened(path, encoding, is_page=is_page) as (text, _):
        return text.whole()


def lines(path, encoding=""):
    """Each line with what is wrong with it."""
    with opened(path, encoding) as (text, _):
        return [(line, text.fault()) for line in text]


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_byte_order_mark_tells_the_encoding_and_line_ends_stay(path, mark, encoding, pack):
    path.write_bytes(pack(mark + TEXT.encode(encoding)))
    assert whole(path) == TEXT
    assert [line for line, _ in lines(path)] == ["Belmark refused – “no”.\r\n", "Ardania\r", "left.\n"]


def test_the_user_says_what_has_no_mark(path):
    path.write_bytes(TEXT.encode("cp1252"))
    assert whole(path, "cp1252") == TEXT
    path.write_bytes(TEXT.encode("utf-16-le"))
    assert whole(path, "utf-16-le") == whole(path, "UTF_16") == TEXT
    path.write_bytes(codecs.BOM_UTF8 + TEXT.encode())
    assert whole(path, "cp1252") == TEXT


def test_a_page_says_itself_what_it_is(path):
    content = b"<html><meta charset=windows-1251>" + "Ардания".encode("cp1251")
    path.write_bytes(content)
    assert whole(path, is_page=True).endswith("Ардания")
    assert whole(path, "latin-1", is_page=True).endswith("Àðäàíèÿ")
    with pytest.raises(StanceError, match=r"byte 33 \(0xc0\) is not UTF-8"):
        whole(path)
    path.write_bytes(content.replace(b"windows-1251", b"klingon-1"))
    with pytest.raises(StanceError, match=r"byte 30 \(0xc0\) is not UTF-8"):
        whole(path, is_page=True)


def test_what_is_not_utf_8_is_refused_with_its_byte_and_never_guessed(path):
    path.write_bytes(codecs.BOM_UTF8 + "é\nBelm".encode() + b"\xe4rk\nArdania\n")
    reason = (
        "byte 10 (0xe4) is not UTF-8; save the file as UTF-8, or give its --encoding "
        "(files of older Windows programs: --encoding cp1252)"
    )
    assert [fault for _, fault in lines(path)] == ["", reason, ""]
    with pytest.raises(StanceError, match=r"^byte 10 \(0xe4\) is not UTF-8"):
        whole(path)


def test_what_is_not_in_the_encoding_given_is_refused(path):
    path.write_bytes(b"Belm\x81rk")
    with pytest.raises(
        StanceError, match=r"byte 4 \(0x81\) is not CP1252; save the file as UTF-8, or give its --encoding$"
    ):
        whole(path, "cp1252")
    path.write_bytes(codecs.BOM_UTF16_LE + "Belmark\n".encode("utf-16-le") + b"\x00\xd8\x00")
    with pytest.raises(StanceError, match="not valid UTF-16-LE after byte "):
        whole(path)


def test_an_encoding_for_other_things_than_text_is_no_crash(path):
    path.write_bytes(b"xn--99999\n")
    with pytest.raises(StanceError, match="not valid PUNYCODE after byte 0"):
        whole(path, "punycode")


def test_nul_is_refused_with_its_byte(path):
    path.write_bytes(b"Ardania\nBel\0mark\nArdania\n")
    assert [fault for _, fault in lines(path)] == ["", "byte 11 is NUL; a text may not hold it", ""]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_characters_without_a_mark_are_refused_at_once(path, encoding):
    path.write_bytes("Belmark\nrefused\n".encode(encoding))
    with pytest.raises(StanceError, match=f"without a byte order mark; then give --encoding {encoding}"):
        whole(path)
    assert whole(path, encoding) == "Belmark\nrefused\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"%PDF-1.7", "a PDF; convert it to text"),
        (b"PK\x03\x04 a.txt", "a ZIP archive; unpack it and give the folder"),
        (b"PK\x03\x04 [Content_Types].xml", "an Office document; save it as plain text"),
        (b"PK\x03\x04 mimetypeapplication/vnd.oasis.opendocument.text", "an Office document"),
        (b"\xd0\xcf\x11\xe0 x", "an Office document"),
        (b"{\\rtf1", "an RTF document"),
        (b"PAR1", r"a Parquet file; name it \.parquet"),
        (b"BZh91AY", "compressed with bzip2; only gzip is read"),
        (gzip.compress(gzip.compress(b"a")), "gzip within gzip"),
        (gzip.compress(b"%PDF-1.7"), "a PDF"),
        (gzip.compress(b""), "the file is empty"),
        (gzip.compress(b"a")[:5], "cut off or damaged"),
    ],
)
def test_what_is_no_text_is_known_by_its_first_bytes(path, content, reason):
    path.write_bytes(content)
    with pytest.raises(StanceError, match=f"^{reason}"):
        whole(path)


def test_what_is_named_gz_must_be_gzip(tmp_path):
    (tmp_path / "a.txt.gz").write_text("Belmark")
    with pytest.raises(StanceError, match=r"not a gzip file, as \.gz"):
        whole(tmp_path / "a.txt.gz")


@pytest.mark.parametrize("damage", [lambda packed: packed[:-300], lambda packed: packed[:-8] + b"\0" * 8])
def test_of_damaged_gzip_the_lines_before_are_read(path, damage):
    text = "".join(f"{number} {os.urandom(20).hex()}\n" for number in range(5000))
    path.write_bytes(damage(gzip.compress(text.encode())))
    read = []
    with opened(path) as (content, _), pytest.raises(StanceError, match="cut off or damaged after byte "):
        read.extend(content)
    assert len(read) > 4500
    assert text.startswith("".join(read))


def test_a_line_and_a_text_have_their_limits_after_unpacking_too(path, monkeypatch):
    monkeypatch.setattr(files, "MAX_LINE", 1000)
    monkeypatch.setattr(files, "MAX_CHARACTERS", 1000)
    path.write_bytes(gzip.compress(b"a" * 999 + b"\n" + b"b" * 10_000 + b"\nc\n"))
    first, (long, fault), last = lines(path)
    assert (first, last) == (("a" * 999 + "\n", ""), ("c\n", ""))
    assert (len(long), fault) == (1001, "a line of more than 1,000 characters; shorter ones are allowed")
    with pytest.raises(StanceError, match="a text of more than 1,000 characters; divide it"):
        whole(path)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_after_too_long_a_line_the_next_is_read_however_lines_end(path, monkeypatch, end):
    monkeypatch.setattr(files, "MAX_LINE", 1000)
    path.write_bytes(end.join([b"b" * 10_000, b"c", b"d"]))
    (long, _), *rest = lines(path)
    assert len(long) == 1001
    assert rest == [("c" + end.decode(), ""), ("d", "")]


def test_what_would_never_end_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "device.txt").symlink_to("/dev/zero")
    for name in ("pipe.txt", "device.txt"):
        with pytest.raises(StanceError, match="a pipe or device; only files are read"):
            whole(tmp_path / name)


def test_a_folder_and_a_broken_link_are_no_files(tmp_path):
    (tmp_path / "link.txt").symlink_to("nowhere")
    with pytest.raises(StanceError, match="a link to nowhere, which is not there"):
        whole(tmp_path / "link.txt")
    with pytest.raises(StanceError, match="a folder, not a file"):
        whole(tmp_path)


def test_the_bytes_read_are_those_of_the_file(path):
    for content in (codecs.BOM_UTF8 + TEXT.encode(), TEXT.encode("utf-16"), gzip.compress(TEXT.encode())):
        path.write_bytes(content)
        with opened(path) as (text, position):
            text.whole()
            assert position() == len(content)


@pytest.mark.parametrize(
    ("name", "known"), [("cp1252", True), ("UTF_16", True), ("hex", False), ("", False), ("x\0", False)]
)
def test_an_encoding_must_be_one_of_text(name, known):
    assert is_encoding(name) is known

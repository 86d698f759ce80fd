"""Files opened as text, plain or gzip, in UTF-8, UTF-16, UTF-32 or what the user says; what is none is refused."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Protocol, cast

from stance.articles import declared_encoding
from stance.codebook import StanceError

MAX_CHARACTERS: Final = 10_000_000  # of one report
MAX_LINE: Final = 4 * MAX_CHARACTERS + 65_536  # characters of one line
_N_HEAD: Final = 1024  # bytes from which a file is known
_GZIP: Final = b"\x1f\x8b"
_OFFICE: Final = (b"[Content_Types].xml", b"mimetypeapplication/vnd.oasis", b"word/")
_MAGIC: Final = (
    (b"%PDF-", "a PDF; convert it to text, for example with pdftotext"),
    (b"PK\x03\x04", "a ZIP archive; unpack it and give the folder"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an Office document; save it as plain text"),
    (b"{\\rtf", "an RTF document; save it as plain text"),
    (b"PAR1", "a Parquet file; name it .parquet"),
    (_GZIP, "gzip within gzip; unpack it"),
    (b"BZh9", "compressed with bzip2; only gzip is read, unpack it"),
    (b"\xfd7zXZ", "compressed with xz; only gzip is read, unpack it"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd; only gzip is read, unpack it"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it and give the folder"),
)
_MARKS: Final = (  # of UTF-32 first, for it may begin as UTF-16 does
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED: Final = (  # as text in Latin letters begins
    (re.compile(rb"\0\0\0[^\0]"), "utf-32-be"),
    (re.compile(rb"[^\0]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0[^\0]"), "utf-16-be"),
    (re.compile(rb"[^\0]\0"), "utf-16-le"),
)
_WRONG: Final = re.compile("[\0\ud800-\udfff]")  # lone surrogates stand for bytes that cannot be decoded
_UNREADABLE: Final = (OSError, EOFError, zlib.error)  # gzip that is cut off or corrupt


class Peekable(Protocol):
    """What ``open(path, "rb")`` and gzip give."""

    def peek(self, size: int, /) -> bytes: ...
    def read(self, size: int, /) -> bytes: ...


class Text:
    """The text of an open file, line by line with the line ends as they are, never more than one line in memory.

    What cannot be decoded stands in a line as lone surrogates; ``fault`` tells of it.

    Args:
        content: the bytes, from their start.
        encoding: what the user says it is, for what has no byte order mark; "" for UTF-8, None for UTF-8 where the user
            cannot say.
        is_page: a web page, which may declare its encoding itself.

    Raises:
        StanceError: where the first bytes are not those of a text.
    """

    def __init__(self, content: Peekable, encoding: str | None = "", *, is_page: bool = False) -> None:
        head = content.peek(_N_HEAD)[:_N_HEAD]
        if not head:
            raise StanceError("the file is empty")
        _refuse_other_kinds(head)
        n_mark, marked = byte_order_mark(head)
        content.read(n_mark)
        declared = declared_encoding(head) if is_page and not marked and not encoding else ""
        self.encoding = marked or _usual(encoding or (declared if is_encoding(declared) else "utf-8"))
        self.n_bytes = n_mark  # of what was read
        if not marked and not encoding:
            _refuse_unmarked(head, can_say=encoding is not None)
        self._can_say = encoding is not None
        # Wide characters have no bytes that could stand for themselves.
        errors = "strict" if self.encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
        self._decoded = io.TextIOWrapper(cast(BinaryIO, content), self.encoding, errors, newline="")
        self._fault = ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """The next line; of one that is longer than ``MAX_LINE`` only its beginning."""
        line = self._read(self._decoded.readline, MAX_LINE)
        if not line:
            raise StopIteration
        if len(line) > MAX_LINE:
            self._fault = f"a line of more than {MAX_LINE:,} characters; shorter ones are allowed"
            line_end = line
            while line_end and not line_end.endswith(("\n", "\r")):
                line_end = self._read(self._decoded.readline, MAX_LINE)
        return line

    def whole(self) -> str:
        """The rest of the text, which may have ``MAX_CHARACTERS``.

        Raises:
            StanceError: if it has more, or cannot be decoded.
        """
        text = self._read(self._decoded.read, MAX_CHARACTERS)
        if len(text) > MAX_CHARACTERS:
            raise StanceError(f"a text of more than {MAX_CHARACTERS:,} characters; divide it")
        if fault := self.fault():
            raise StanceError(fault)
        return text

    def fault(self) -> str:
        """What was wrong first with what was read since the last call, or ""."""
        fault, self._fault = self._fault, ""
        return fault

    def _read(self, method: Callable[[int], str], size: int) -> str:
        """Up to one character more than ``size``."""
        try:
            text = method(size + 1)
            wrong = _WRONG.search(text)
            n_before, n_bytes = (
                len(part.encode(self.encoding, "surrogateescape"))
                for part in (text[: wrong.start()] if wrong else "", text)
            )
        except UnicodeError as error:
            reason = f"not valid {self.encoding.upper()} after byte {self.n_bytes:,}; save the file as UTF-8"
            raise StanceError(reason) from error
        except _UNREADABLE as error:
            raise StanceError(f"cut off or damaged after byte {self.n_bytes:,}: {error}") from error
        if wrong and not self._fault:
            why = "is NUL; a text may not hold it" if wrong[0] == "\0" else self._undecodable(wrong[0])
            self._fault = f"byte {self.n_bytes + n_before:,} {why}"
        self.n_bytes += n_bytes
        return text

    def _undecodable(self, surrogate: str) -> str:
        likely = " (files of older Windows programs: --encoding cp1252)" if self.encoding == "utf-8" else ""
        name = self.encoding.upper()
        if not self._can_say:
            return f"(0x{ord(surrogate) & 0xFF:02x}) is not {name}; save the file as UTF-8"
        return f"(0x{ord(surrogate) & 0xFF:02x}) is not {name}; save the file as UTF-8, or give its --encoding{likely}"


@contextmanager
def opened(file: Path, encoding: str | None = "", *, is_page: bool = False) -> Iterator[tuple[Text, Callable[[], int]]]:
    """The text of ``file``, read as ``Text`` says, and how many bytes of the file were read up to now.

    Raises:
        StanceError: for what is no text, without the place.
        OSError: if the file cannot be opened.
    """
    check_regular(file)
    with file.open("rb") as plain:
        is_gzip = plain.peek(2).startswith(_GZIP)
        if file.suffix.lower() == ".gz" and plain.peek(1) and not is_gzip:
            raise StanceError("not a gzip file, as .gz says; name it as what it is")
        if not is_gzip:
            text = Text(plain, encoding, is_page=is_page)
            yield text, lambda: text.n_bytes
            return
        with gzip.GzipFile(fileobj=plain) as unpacked:
            try:
                text = Text(cast(Peekable, unpacked), encoding, is_page=is_page)
            except _UNREADABLE as error:
                raise StanceError(f"cut off or damaged: {error}") from error
            yield text, plain.tell


def check_regular(file: Path) -> None:
    """Refuse what is no file to be read to its end, before opening it, which could last for ever.

    Raises:
        StanceError: for a folder, a pipe, a device, a link to nothing.
        OSError: if that cannot be told.
    """
    if file.is_symlink() and not file.exists():
        raise StanceError(f"a link to {file.readlink()}, which is not there")
    mode = file.stat().st_mode
    if stat.S_ISDIR(mode):
        can_be_listed = os.access(file, os.R_OK | os.X_OK)
        raise StanceError("a folder, not a file" if can_be_listed else "a folder that cannot be listed")
    if not stat.S_ISREG(mode):
        raise StanceError("a pipe or device; only files are read")


def byte_order_mark(head: bytes) -> tuple[int, str]:
    """How many bytes the byte order mark of a text has, and the encoding that it tells; 0 and "" if there is none.

    >>> byte_order_mark("\ufeffBelmark".encode("utf-16-be")), byte_order_mark(b"Belmark")
    ((2, 'utf-16-be'), (0, ''))
    """
    return next(((len(mark), name) for mark, name in _MARKS if head.startswith(mark)), (0, ""))


def is_encoding(name: str) -> bool:
    """Whether Python knows a text encoding of that name.

    >>> is_encoding("cp1252"), is_encoding("base64"), is_encoding("Klingon")
    (True, False, False)
    """
    try:
        return bool(name) and "a".encode(name).decode(name) == "a"
    except (LookupError, UnicodeError, ValueError):
        return False


def _usual(encoding: str) -> str:
    """The name of an encoding without a byte order mark, as Python spells it."""
    name = codecs.lookup(encoding).name
    return {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(name, name)


def _refuse_other_kinds(head: bytes) -> None:
    for magic, reason in _MAGIC:
        if head.startswith(magic):
            is_office = magic.startswith(b"PK") and any(name in head for name in _OFFICE)
            raise StanceError("an Office document; save it as plain text" if is_office else reason)


def _refuse_unmarked(head: bytes, *, can_say: bool) -> None:
    for pattern, name in _UNMARKED:
        if pattern.match(head):
            remedy = f"then give --encoding {name}" if can_say else "save the file as UTF-8"
            raise StanceError(f"NUL bytes as in {name.upper()} without a byte order mark; {remedy}")

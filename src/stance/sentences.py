"""Reports to sentences: what is text is split and located, what is page furniture is dropped."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from sentencex import get_sentence_boundaries

from stance.codebook import Report, Sentence

# Lines that end the article: comment forms and author boxes. Nothing after them is text.
_END_OF_ARTICLE = re.compile(
    r"(leave a (reply|comment)|post a comment|your email address will not be published|written by|about the author)",
    re.IGNORECASE,
)
# Lines that announce a list of links: they and the bullets below them are dropped.
_LINK_LIST = re.compile(
    r"((recommended|related|top|trending|popular|more|latest) (stories|articles|news|posts|reading|links|topics)"
    r"|you may also like|more from .{1,40}|read (more|next|also)|see also|most read)\s*:?",
    re.IGNORECASE,
)
_BULLET = re.compile(r"[-*•–]\s+")
# Single lines of page furniture: subscription, adverts, credits, cookies, links to other stories.
_FURNITURE = re.compile(
    r"(connect with us|hi, what are you looking for\?|advertisements?|sponsored( content)?|skip to (main )?content"
    r"|menu|search|home|log ?in|sign (in|up)|share( this( article| story)?)?:?|comments?|print|copy link"
    r"|follow [\w .]{1,40}:|(filed under|tags|topics):.*"
    r"|(estimated )?reading time:.*|\d+ min(ute)?s? read"
    r"|(more|read more|related|see also|also read|watch|listen|in pictures):\s.*"
    r"|\(?(subscribe (to|now|today)|sign up (for|to) (our|the .{0,30}newsletter)|follow us|click here)\b.{0,160}"
    r"|.{0,40}\b(accept|use|uses) (all )?cookies\b.*|.{0,60}\ball rights reserved\.?|©.*|copyright \d{4}.*"
    r"|required fields are marked.*"
    r"|(photo(graph)?|image|picture) ?(credit|by|:).*|credits?(\s*[:…]|\.\.\.).*"
    r"|.{2,60} is (an? |the )?[\w'’ .&-]{0,40}\b(news editor|staff writer|senior editor|correspondent|contributor)"
    r"( (at|for|with|of) .{1,40})?\.)",
    re.IGNORECASE,
)
_CREDIT_TAIL = re.compile(r"\s*\(?(image|photo|picture) credit:.*$", re.IGNORECASE)
_DOMAIN = re.compile(r"[\w-]\.(com|org|net|info|bet|casino|xyz|io)(?=\W|[a-zA-Z]|$)")
_FINAL_NO = re.compile(r"(?<=\bno\.)[\"”’']?\s+(?=[A-Z“\"])")  # sentencex takes every "no." for "number"
_LINE = re.compile(r"[^\n\r\u0085\u2028\u2029]+")
_AROUND_SENTENCES = "\ufeff" + string.whitespace + "\u00a0"
_MAX_LINKS_PER_LINE = 2  # a line with more web addresses than this is a link farm
_MAX_FURNITURE_LENGTH = 300  # characters; a longer line is text or a link farm
_MAX_WORD_LENGTH = 60  # characters; longer "words" are glued link lists


def split(report: Report) -> list[Sentence]:
    r"""The sentences of ``report`` in order, with offsets into ``report.text``.

    Headlines, captions and bullet points are sentences. Menus, link lists, adverts, comment forms,
    credits and author boxes are not; everything before a line that repeats the report's title is a
    menu. A line break ends a sentence unless the next line starts in lower case (hard-wrapped text).

    >>> report = Report("r1", "Menu\nTalks stall\nBelmark said no.\nLeave a Reply", title="Talks stall")
    >>> [sentence.text for sentence in split(report)]
    ['Talks stall', 'Belmark said no.']
    """
    sentences: list[Sentence] = []
    for block_start, block_end in _text_blocks(report):
        for start, end in _sentence_ranges(report.text[block_start:block_end]):
            raw = report.text[block_start + start : block_start + end]
            text = raw.strip(_AROUND_SENTENCES)
            if any(character.isalnum() for character in text):
                first = block_start + start + raw.index(text)
                sentences.append(Sentence(report.report_id, len(sentences) + 1, text, first, first + len(text)))
    return sentences


def _sentence_ranges(block: str) -> Iterator[tuple[int, int]]:
    """Character ranges of the sentences of a paragraph."""
    for boundary in get_sentence_boundaries("en", block):
        start, end = boundary["start_index"], boundary["end_index"]
        for extra in _FINAL_NO.finditer(block, start, end):
            yield start, extra.end()
            start = extra.end()
        yield start, end


def _text_blocks(report: Report) -> Iterator[tuple[int, int]]:
    """Character ranges of the paragraphs, headings and bullet points that are text."""
    lines = [match.span() for match in _LINE.finditer(report.text)]
    lines = _after_title(lines, report)
    in_link_list = False
    block: tuple[int, int] | None = None
    for start, end in lines:
        line = report.text[start:end].strip()
        if not line:
            continue
        if _END_OF_ARTICLE.fullmatch(line.rstrip(". ")):
            break
        in_link_list = bool(_LINK_LIST.fullmatch(line)) or (in_link_list and bool(_BULLET.match(line)))
        if in_link_list or _is_furniture(line):
            continue
        end = _without_credit(report.text, start, end)
        if block and line[0].islower() and report.text[block[1] : start].count("\n") == 1:
            block = (block[0], end)
            continue
        if block:
            yield block
        bullet = _BULLET.match(report.text, start)
        block = (bullet.end() if bullet else start, end)
    if block:
        yield block


def _after_title(lines: list[tuple[int, int]], report: Report) -> list[tuple[int, int]]:
    if not report.title:
        return lines
    texts = [report.text[start:end].strip() for start, end in lines]
    return lines[texts.index(report.title) :] if report.title in texts else lines


def _is_furniture(line: str) -> bool:
    is_link_farm = len(_DOMAIN.findall(line)) > _MAX_LINKS_PER_LINE and max(map(len, line.split())) > _MAX_WORD_LENGTH
    return is_link_farm or (len(line) <= _MAX_FURNITURE_LENGTH and _FURNITURE.fullmatch(line) is not None)


def _without_credit(text: str, start: int, end: int) -> int:
    credit = _CREDIT_TAIL.search(text, max(start, end - _MAX_FURNITURE_LENGTH), end)
    return credit.start() if credit else end

"""The article on a web page: its text, title, date and outlet, without menus, adverts and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from stance.codebook import StanceError
from stance.dates import report_date

MAX_PAGE: Final = 5_000_000  # characters; such a page takes half a minute
_PAGE: Final = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html)[\s>]", re.I | re.S
)
_PUBLISHED: Final = re.compile(r'"datePublished"\s*:\s*"([^"]*)"')
_DATES: Final = {
    "article:published_time", "date", "datepublished", "dc.date", "dc.date.issued", "dcterms.created", "dcterms.issued",
    "og:article:published_time", "parsely-pub-date", "pubdate", "publication_date", "publish-date", "publish_date",
}  # fmt: skip
_DECLARED: Final = re.compile(rb"""<meta[^>]*charset\s*=\s*["']?\s*([\w-]+)""", re.I)


def is_page(text: str) -> bool:
    """Whether ``text`` begins as a web page does.

    >>> is_page("<!DOCTYPE html><html>…"), is_page("Belmark refused.")
    (True, False)
    """
    return bool(_PAGE.match(text[:2000]))


def declared_encoding(head: bytes) -> str:
    """The encoding that a page declares in its first bytes, read as browsers read it, or "".

    >>> declared_encoding(b"<html><head><meta charset='iso-8859-1'>")
    'cp1252'
    """
    match = _DECLARED.search(head)
    name = match[1].decode().lower() if match else ""
    if name.startswith("utf-16"):  # could not be read in it
        return ""
    return "cp1252" if name in ("iso-8859-1", "latin1", "us-ascii", "ascii") else name


def article(page: str) -> Mapping[str, str]:
    """The text, title, date and outlet of the article on a page.

    The date is that of publication as the page declares it for machines; none is guessed from the wording.

    Raises:
        StanceError: if there is none, it is longer than ``MAX_PAGE``, or trafilatura is not installed.
    """
    if len(page) > MAX_PAGE:
        raise StanceError(f"a web page of {len(page):,} characters; {MAX_PAGE:,} are allowed")
    try:
        from trafilatura import bare_extraction, load_html
    except ImportError as error:
        raise StanceError("a web page; to read it: pip install '.[html]' in the project's folder") from error
    tree = load_html(page)
    date = "" if tree is None else _declared_date(tree)
    found: Any = None if tree is None else bare_extraction(tree, with_metadata=True, include_comments=False)
    text = (getattr(found, "text", None) or "").strip()
    if not text:
        raise StanceError("a web page without an article; save its text as .txt")
    return {"text": text, "title": found.title or "", "date": date, "outlet": found.sitename or ""}


def _declared_date(tree: Any) -> str:
    """The first declared date that is understood; else the first, that is then refused by name; "" if none is there."""
    declared = [date for date in _declared_dates(tree) if date.strip()]
    return next(filter(_is_date, declared), "".join(declared[:1]))


def _declared_dates(tree: Any) -> Iterator[str]:
    for element in tree.iter("meta", "time"):
        names = {(element.get(name) or "").lower() for name in ("property", "name", "itemprop")}
        if names & _DATES or element.get("pubdate") is not None:
            yield str(element.get("content") or element.get("datetime") or "")
    for script in tree.xpath("//script[@type='application/ld+json']"):
        yield from map(str, _PUBLISHED.findall(script.text or ""))


def _is_date(text: str) -> bool:
    try:
        return report_date(text) is not None
    except StanceError:
        return False

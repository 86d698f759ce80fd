"""The article on a web page."""

import sys

import pytest

from stance.articles import MAX_PAGE, article, declared_encoding, is_page
from stance.codebook import StanceError

TEXT = (
    "Belmark refused on Monday to withdraw its troops from the delta, the ministry said in a long statement.",
    "Ardania demands a truce and will not open its port before the troops have gone, its minister told reporters.",
)
HEAD = (
    '<meta property="og:title" content="Belmark refuses"><meta property="og:site_name" content="Vessin Post">'
    '<meta property="article:published_time" content="2020-01-09T10:00:00Z">'
)
PAGE = (
    f"<!DOCTYPE html><html><head><title>x</title>{HEAD}</head><body><nav><a href='/'>Sport and weather</a></nav>"
    f"<article><p>{TEXT[0]}</p><p>{TEXT[1]}</p></article><footer>Cookies, 2 March 2019</footer></body></html>"
)


def test_the_article_is_told_from_what_stands_around_it():
    found = article(PAGE)
    assert (found["title"], found["date"], found["outlet"]) == (
        "Belmark refuses",
        "2020-01-09T10:00:00Z",
        "Vessin Post",
    )


@pytest.mark.parametrize(
    "declared",
    [
        '<meta name="DC.date.issued" content="2020-01-09">',
        '<time itemprop="datePublished" datetime="2020-01-09">yesterday</time>',
        '<time datetime="2020-01-09" pubdate>yesterday</time>',
        '<script type="application/ld+json">{"dateModified": "2021-01-01", "datePublished": "2020-01-09"}</script>',
    ],
)
def test_the_day_of_publication_is_as_the_page_declares_it(declared):
    assert article(PAGE.replace(HEAD, f'<meta name="modified" content="2021-01-01">{declared}'))["date"] == "2020-01-09"


EMPTY = '<meta name="date" content=""><time itemprop="datePublished">today</time>'
ODD = '<meta name="date" content="09/01/2020">'


@pytest.mark.parametrize(
    "later",
    [
        '<meta property="article:published_time" content="2020-01-09">',
        '<script type="application/ld+json">{"a": {"datePublished": ""}, "datePublished": "2020-01-09"}</script>',
    ],
)
@pytest.mark.parametrize("first", [EMPTY, ODD, '<meta name="date" content="2999-01-01">'])
def test_a_date_that_is_not_understood_does_not_hide_another(first, later):
    assert article(PAGE.replace(HEAD, first + later))["date"] == "2020-01-09"


@pytest.mark.parametrize(("declared", "date"), [(EMPTY, ""), (EMPTY + ODD, "09/01/2020")])
def test_where_no_date_is_understood_the_first_is_told(declared, date):
    assert article(PAGE.replace(HEAD, declared))["date"] == date


def test_no_date_is_guessed_from_the_wording():
    assert article(PAGE.replace(HEAD, ""))["date"] == ""


@pytest.mark.parametrize(
    "text",
    [
        "<!doctype HTML>\n<p>",
        "  <html lang='en'>",
        "<?xml version='1.0'?><!DOCTYPE html PUBLIC 'x'>",
        "<!-- a --><html>",
    ],
)
def test_a_page_is_known_by_its_beginning(text):
    assert is_page(text)


@pytest.mark.parametrize("text", ["Belmark <html>", "<htmlx>", "<p>Belmark refused.</p>", "", "<!---->" * 1000])
def test_what_begins_otherwise_is_no_page(text):
    assert not is_page(text)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b'<html><meta charset="windows-1251">', "windows-1251"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=ISO-8859-1">', "cp1252"),
        (b"<meta charset=utf-16>", ""),
        (b"<html>charset=latin-1", ""),
    ],
)
def test_a_page_may_declare_its_encoding(head, name):
    assert declared_encoding(head) == name


def test_a_page_without_an_article_or_too_long_a_page_is_refused():
    with pytest.raises(StanceError, match="a web page without an article"):
        article("<html><body></body></html>")
    with pytest.raises(StanceError, match=r"a web page of 5,000,001 characters; 5,000,000 are allowed"):
        article(" " * (MAX_PAGE + 1))


def test_without_trafilatura_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with pytest.raises(StanceError, match=r"pip install '\.\[html\]' in the project's folder"):
        article(PAGE)

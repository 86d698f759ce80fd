import re
from pathlib import Path

from stance.citation import AUTHORS, LICENCE, TITLE, YEAR, citation

CITATION = (Path(__file__).parents[1] / "CITATION.cff").read_text(encoding="utf-8")


def field(name):
    return re.search(rf'^\s*(?:- )?{name}: "?(.*?)"?$', CITATION, re.MULTILINE)[1]


def test_the_page_cites_what_the_citation_file_says():
    assert (field("name"), field("title"), field("license")) == (AUTHORS, TITLE, LICENCE)
    assert str(YEAR) == field("date-released")[:4]
    assert f"(version {field('version')})" in citation()

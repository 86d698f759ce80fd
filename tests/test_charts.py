import datetime as dt
import io
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import matplotlib.image
import pytest

from stance.charts import LABEL_COLOURS, MAX_PIXELS, actor_chart, chart_png, chart_svg
from stance.codebook import LABELS, DatedStance, Issue, Label
from stance.reading import coded_reports
from stance.shifts import analyse


def stance(day, label, actor="Belmark"):
    return DatedStance(f"r{day}", dt.date(2030, 1, day), 1, "Belmark spoke.", actor, label, Issue.TALKS)


STANCES = [stance(1, Label.DEMAND), stance(1, Label.CONCESSION), stance(9, Label.REJECTION, "Ardania & sons")]
ANALYSIS = analyse(coded_reports(STANCES))


def test_a_chart_is_one_well_formed_element_of_fluid_width():
    root = ET.fromstring(re.sub(r"\bxlink:", "", actor_chart(ANALYSIS, "Belmark")))  # noqa: S314 - our own text
    assert root.tag == "svg"
    assert (root.get("width"), root.get("height"), root.get("role")) == ("100%", None, "img")


def test_a_chart_is_titled_for_those_who_cannot_see_it():
    assert "<title>Ardania &amp; sons: stances found by label" in actor_chart(ANALYSIS, "Ardania & sons")


def test_the_charts_of_one_page_share_dates_but_no_ids():
    charts = [actor_chart(ANALYSIS, actor) for actor in ANALYSIS.actors]
    ids = [set(re.findall(r'\bid="([^"]+)"', chart)) for chart in charts]
    assert not ids[0] & ids[1]
    assert all("2030-01-01" in chart and "2030-01-09" in chart for chart in charts)


NAMES = ["Belmark", "Ardania & sons", "$x_{2", "A\x00\x0bB\ufffe", "</title><script>alert(1)</script>", "Ö" * 300]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("actor", NAMES)
def test_a_chart_file_is_well_formed_named_described_and_on_white(actor):
    svg = chart_svg(analyse(coded_reports([stance(1, Label.DEMAND, actor)])), actor)
    root = ET.fromstring(svg)  # noqa: S314 - our own text
    title, desc = root[0], root[1]
    shown = actor.translate(dict.fromkeys((0, 0xB, 0xFFFE), " ")).split()
    assert root.tag == f"{SVG}svg"
    assert root.get("viewBox").split()[2:] == [root.get(side).removesuffix("pt") for side in ("width", "height")]
    assert (title.tag, desc.tag) == (f"{SVG}title", f"{SVG}desc")
    assert title.text.startswith(" ".join(shown))
    assert desc.text == "2030-01-01: demand 1, precondition 0, rejection 0, concession 0; too few for a firmness."
    assert b"fill: #ffffff" in svg
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {"Demand", "Concession", "stances", "firmness"} <= set(texts)
    assert any(text.startswith(" ".join(shown)[:40]) for text in texts)


def test_a_chart_file_fetches_nothing():
    svg = chart_svg(ANALYSIS, "Belmark").decode()
    assert "<!DOCTYPE" not in svg
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', svg))


def test_a_chart_file_tells_firmness_in_words():
    enough = [stance(day, Label.DEMAND) for day in (1, 1, 1)]
    held = [replace(one, position=position) for position, one in enumerate(enough)]
    svg = chart_svg(analyse(coded_reports(held)), "Belmark").decode()
    assert re.search(r"demand 3, .*; firmness 1\.00 \(0\.\d\d to 1\.00\)\.</desc>", svg)


def test_a_chart_as_png_has_two_hundred_dots_an_inch_or_less_where_it_is_too_wide():
    assert matplotlib.image.imread(io.BytesIO(chart_png(ANALYSIS, "Belmark"))).shape[1] == 1000
    days = [replace(stance(1, Label.DEMAND), report_id=f"r{n}", date=dt.date(2030, 1, 1) + dt.timedelta(n))
            for n in range(400)]  # fmt: skip
    wide = matplotlib.image.imread(io.BytesIO(chart_png(analyse(coded_reports(days)), "Belmark")))
    assert wide.shape[1] == MAX_PIXELS


def test_only_the_labels_that_an_actor_used_are_lettered():
    chart = actor_chart(ANALYSIS, "Belmark")
    assert re.findall(r">([DPRC])</text>", chart) == ["D", "C"]


def test_every_label_has_a_colour_of_its_own():
    assert set(LABEL_COLOURS) == set(LABELS)
    assert len(set(LABEL_COLOURS.values())) == len(LABELS)


def test_the_same_analysis_gives_the_same_chart():
    assert actor_chart(ANALYSIS, "Belmark") == actor_chart(analyse(coded_reports(STANCES)), "Belmark")

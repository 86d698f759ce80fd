import datetime as dt
import io
import re
from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree as ET

import matplotlib.image
import numpy as np
import pytest

from stance.charts import DARK_COLOURS, LABEL_COLOURS, LETTER, MAX_PIXELS, PAPER, actor_chart, chart_png, chart_svg
from stance.codebook import LABELS, DatedStance, Issue, Label
from stance.events import Event, placed
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
    chart = actor_chart(ANALYSIS, "Ardania & sons")
    assert ">Ardania &amp; sons: stances found by label" in chart
    [title, words] = re.search(r'aria-labelledby="(\S+) (\S+)"', chart).groups()
    assert f'<title id="{title}">' in chart
    assert f'<desc id="{words}">' in chart


def test_the_text_of_a_chart_tells_its_numbers():
    many = analyse(coded_reports([*STANCES, *[replace(stance(1, Label.DEMAND), position=n) for n in (2, 3)]]))
    text = re.search("<desc[^>]*>(.*?)</desc>", actor_chart(many, "Belmark"))[1]
    assert text == "2030-01-01: 4 stances (3 demand, 1 concession), firmness 75% (28% to 97%)."
    assert "1 stance (1 rejection), too few for firmness." in actor_chart(many, "Ardania & sons")


EVENTS = placed(
    [
        Event(dt.date(2030, 1, 1), "Talks < begin"),
        Event(dt.date(2030, 1, 4), "Talks end"),
        Event(dt.date(2030, 1, 5), "Truce"),
        Event(dt.date(2031, 1, 1), "Much later"),
    ],
    ANALYSIS.spans,
)


def test_events_are_numbered_marks_one_for_each_place():
    chart = actor_chart(ANALYSIS, "Belmark", EVENTS)
    numbers = re.findall(r'fill: var\(--on-label, #ffffff\)"[^>]*>(\d+)</text>', chart)
    assert numbers == ["1", "2"]


def test_the_text_of_a_chart_tells_the_events_that_it_draws():
    chart = actor_chart(ANALYSIS, "Belmark", EVENTS)
    assert "Event 1, on 2030-01-01: 2030-01-01, Talks &lt; begin." in chart
    assert "Event 2, between 2030-01-01 and 2030-01-09: 2030-01-05, Truce." in chart
    assert "Much later" not in chart


def test_a_page_can_set_every_colour_of_a_chart():
    chart = actor_chart(ANALYSIS, "Belmark", EVENTS)
    bare = re.sub(r"var\(--[a-z-]+, #[0-9a-f]{6}\)", "", chart)
    assert re.findall("#[0-9a-f]{6}", bare) == []
    assert "var(--demand, #b2591d)" in chart


def test_a_chart_of_many_periods_is_no_wider_than_a_page():
    days = [
        replace(stance(1, Label.DEMAND), report_id=f"r{n}", date=dt.date(2030, 1, 1) + dt.timedelta(n))
        for n in range(60)
    ]
    chart = actor_chart(analyse(coded_reports(days)), "Belmark")
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', chart)[1])
    assert width < 992  # what a page of 64 rem leaves between its margins, so that it is not made smaller


def luminance(colour):
    """Relative luminance (WCAG 2.2) and linear RGB of ``#rrggbb``."""
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722]), linear


def contrast(one, other):
    low, high = sorted((luminance(one)[0], luminance(other)[0]))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("colours", "letters"), [(LABEL_COLOURS, PAPER), (DARK_COLOURS, "#15181c")])
def test_letters_are_legible_on_their_label(colours, letters):
    for label, colour in colours.items():
        assert contrast(LETTER if label is Label.PRECONDITION else letters, colour) >= 4.5


LAB = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
SEEN = {  # Machado, Oliveira & Fernandes 2009, severity 1
    "all colours": np.eye(3),
    "no green": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "no red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}


def lab(linear):
    """CIE 1976 L*a*b* of linear RGB."""
    x = np.clip(LAB @ np.clip(linear, 0, 1) / LAB.sum(axis=1), 0, 1)
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eyes", SEEN)
@pytest.mark.parametrize("colours", [LABEL_COLOURS, DARK_COLOURS])
def test_labels_stay_apart_for_colour_blind_eyes(colours, eyes):
    seen = [lab(SEEN[eyes] @ luminance(colour)[1]) for colour in colours.values()]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 20


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
    assert desc.text == "2030-01-01: 1 stance (1 demand), too few for firmness."
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
    assert re.search(r"3 stances \(3 demand\), firmness 100% \(\d\d% to 100%\)\.</desc>", svg)


def test_a_chart_as_png_has_two_hundred_dots_an_inch_or_less_where_it_is_too_wide():
    assert matplotlib.image.imread(io.BytesIO(chart_png(ANALYSIS, "Belmark"))).shape[1] == 1000
    days = [replace(stance(1, Label.DEMAND), report_id=f"r{n}", date=dt.date(2030, 1, 1) + dt.timedelta(n))
            for n in range(800)]  # fmt: skip
    wide = matplotlib.image.imread(io.BytesIO(chart_png(analyse(coded_reports(days)), "Belmark")))
    assert wide.shape[1] == MAX_PIXELS


def test_only_the_labels_that_an_actor_used_are_lettered():
    chart = actor_chart(ANALYSIS, "Belmark")
    assert re.findall(r">([DPRC])</text>", chart) == ["D", "C"]


def test_every_label_has_a_colour_of_its_own():
    assert list(LABEL_COLOURS) == list(DARK_COLOURS)
    assert set(LABEL_COLOURS) == set(LABELS)
    assert len(set(LABEL_COLOURS.values())) == len(LABELS)


def test_the_same_analysis_gives_the_same_chart():
    assert actor_chart(ANALYSIS, "Belmark") == actor_chart(analyse(coded_reports(STANCES)), "Belmark")

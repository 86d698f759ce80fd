import datetime as dt
import re
from xml.etree import ElementTree as ET

from stance.charts import LABEL_COLOURS, actor_chart
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


def test_only_the_labels_that_an_actor_used_are_lettered():
    chart = actor_chart(ANALYSIS, "Belmark")
    assert re.findall(r">([DPRC])</text>", chart) == ["D", "C"]


def test_every_label_has_a_colour_of_its_own():
    assert set(LABEL_COLOURS) == set(LABELS)
    assert len(set(LABEL_COLOURS.values())) == len(LABELS)


def test_the_same_analysis_gives_the_same_chart():
    assert actor_chart(ANALYSIS, "Belmark") == actor_chart(analyse(coded_reports(STANCES)), "Belmark")

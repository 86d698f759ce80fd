"""Copies of a report among others."""

import pytest

from stance.codebook import Report
from stance.syndication import syndicated

WIRE = (
    "Belmark will not leave the delta before Ardania opens its port, its foreign minister said on Monday. "
    "The two sides have met four times since the spring without result. Ardania calls the delta its own and wants "
    "observers on both banks. Mediators hope for a fifth meeting in the autumn, in the old customs house."
)
LOCAL = "Rain stopped the harvest for a third day in the delta, where farmers fear for what is left of the barley."


def reports(*texts):
    return [Report(f"r{number}", text) for number, text in enumerate(texts)]


def test_the_same_text_twice_is_a_copy_of_the_first():
    assert syndicated(reports(WIRE, LOCAL, WIRE)) == {"r2": "r0"}


@pytest.mark.parametrize(
    "edited",
    [f"PORT CITY (Wire) - {WIRE}", WIRE.upper(), WIRE.replace(". ", ".\n\n"), WIRE.replace("Monday", "Tuesday")],
)
def test_a_light_edit_leaves_a_copy_a_copy(edited):
    assert syndicated(reports(WIRE, edited)) == {"r1": "r0"}


def test_a_copy_of_a_copy_is_one_of_the_first():
    assert syndicated(reports(WIRE, f"Update: {WIRE}", f"Update: {WIRE} More follows.")) == {"r1": "r0", "r2": "r0"}


def test_reports_on_the_same_event_in_other_words_are_no_copies():
    retold = "On Monday the foreign minister of Belmark ruled out any withdrawal from the delta while the port is shut."
    assert syndicated(reports(WIRE, retold)) == {}


def test_a_long_report_that_quotes_a_short_one_is_no_copy():
    assert syndicated(reports(LOCAL, f"{WIRE} {LOCAL}")) == {}


def test_texts_of_fewer_words_than_a_shingle_are_compared_too():
    assert syndicated(reports("No deal.", "no deal", "Deal!", "")) == {"r1": "r0"}

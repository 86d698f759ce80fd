"""The report's page in a browser, without a network."""

import datetime as dt
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from browser import launched

from stance.codebook import ISSUES, LABELS, DatedStance, Issue, Label
from stance.events import Event
from stance.periods import Calendar, period_of
from stance.reading import coded_reports
from stance.report import write_report

ACTORS = ("Ardania", "Belmark", "Corvia")
WIDTHS = (1280, 768, 375)
EVENTS = [Event(dt.date(2030, 1, 20), "Ceasefire"), Event(dt.date(2030, 2, 1), "Talks begin")]
HOSTILE = {
    "tags": "<script>window.hostile = 1</script><!-- <script>",
    "image": '"><img src=x onerror="window.hostile = 1">',
    "right to left": "\u202eإن الاتفاق مرفوض\u202e",
    "long": "w" * 10_000,
    "separators": "one\u2028two\u2029three</script>",
}
CONTRASTS = """() => {
  const rgba = (value) => { const [r, g, b, a = 1] = value.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
  const over = ([r, g, b, a], under) => [r, g, b].map((one, i) => one * a + under[i] * (1 - a));
  const ground = (element) => element
    ? over(rgba(getComputedStyle(element).backgroundColor), ground(element.parentElement)) : [255, 255, 255];
  const light = (colour) => colour.map((one) => one / 255)
    .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, i) => sum + one * [0.2126, 0.7152, 0.0722][i], 0);
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || element.closest("svg, script, option")) continue;
    if (!element.getClientRects().length) continue;
    const under = ground(element);
    const levels = [light(over(rgba(getComputedStyle(element).color), under)), light(under)].sort((a, b) => b - a);
    found.push([(levels[0] + 0.05) / (levels[1] + 0.05), element.tagName + "." + element.className]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browser():
    with launched() as opened:
        yield opened


@pytest.fixture
def visit(browser):
    """Opens a page of a report, offline; whatever the browser complains of or asks for is an error at the end."""
    contexts, complaints = [], []

    def opened(path, place="", width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith(("file:", "data:")) else complaints.append(request.url),
        )
        page.goto(path.as_uri() + place)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def stances(n):
    """So many stances of three actors, on all issues, with all labels, in reports of eight, on days of a year."""
    return [
        DatedStance(
            f"r{index // 8:05}", dt.date(2030, 1, 1) + dt.timedelta(index // 8 * 8 * 360 // n), index % 8 + 1,
            f"Sentence {index} about the delta.", ACTORS[index % 3], LABELS[index % 4], ISSUES[index % 10],
            (index * 7 % 100) / 100,
        )
        for index in range(n)
    ]  # fmt: skip


def write(folder, made, references=None, title="The delta talks"):
    def period(day):
        return period_of(day, Calendar.MONTH)

    write_report(folder, coded_reports(made, references), title=title, period=period, events=EVENTS)
    return folder / "shifts.html"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return write(tmp_path_factory.mktemp("small"), stances(120))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    long = [replace(one, sentence=f"{one.sentence} {'word ' * 50}") for one in stances(10_000)]
    return write(tmp_path_factory.mktemp("large"), long)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    texts = list(HOSTILE.values())
    made = [
        replace(
            one,
            sentence=texts[index % 5],
            actor=texts[index // 4 % 5],
            report_id=f"r{index % 5}",
            date=dt.date(2030, 1, 1),
        )
        for index, one in enumerate(stances(40))
    ]
    references = {f"r{number}": text for number, text in enumerate(texts)}
    return write(tmp_path_factory.mktemp("hostile"), made, references, title=" ".join(texts))


def cells(page, column):
    return page.locator(f"#evidence-rows td.{column}").all_inner_texts()


def shown(page):
    return page.locator("#evidence-shown").inner_text()


def is_wider_than_the_window(page):
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def test_all_rows_are_there_fifty_at_a_time(visit, small):
    page = visit(small)
    assert shown(page) == "1 to 50 of 120 found, of 120 rows."
    assert len(cells(page, "sentence")) == 50
    page.click("#evidence-next")
    page.click("#evidence-next")
    assert shown(page) == "101 to 120 of 120 found, of 120 rows."
    assert page.is_disabled("#evidence-next")
    assert page.url.endswith("#evidence?page=3")
    page.click("#evidence-previous")
    assert shown(page) == "51 to 100 of 120 found, of 120 rows."


@pytest.mark.parametrize(("field", "value"), [("actor", "Belmark"), ("label", "rejection"), ("issue", "justice")])
def test_a_filter_keeps_its_rows_and_stands_in_the_address(visit, small, field, value):
    page = visit(small)
    page.select_option(f"#evidence-{field}", value)
    expected = sum(getattr(one, field) == value for one in stances(120))
    assert shown(page) == f"1 to {expected} of {expected} found, of 120 rows."
    assert cells(page, field) == [value] * expected
    assert page.url.endswith(f"#evidence?{field}={value}")


def test_a_period_holds_the_rows_of_its_dates(visit, small):
    page = visit(small)
    page.select_option("#evidence-period", "2030-03")
    assert set(cells(page, "date")) == {str(one.date) for one in stances(120) if one.date.month == 3}


def test_every_word_searched_for_must_be_in_the_sentence_its_report_or_its_actor(visit, small):
    page = visit(small)
    page.fill("#evidence-q", "DELTA sentence 7")
    expected = [one for one in stances(120) if "7" in one.sentence + one.report_id]
    assert shown(page) == f"1 to {len(expected)} of {len(expected)} found, of 120 rows."
    page.fill("#evidence-q", "belmark")
    assert set(cells(page, "actor")) == {"Belmark"}
    page.fill("#evidence-q", "nowhere")
    assert shown(page) == "0 found, of 120 rows."
    page.click("#evidence-all")
    assert shown(page) == "1 to 50 of 120 found, of 120 rows."
    assert page.input_value("#evidence-q") == ""


def test_a_column_is_sorted_by_its_button_up_and_down(visit, small):
    page = visit(small)
    button = page.get_by_role("button", name="Probability", exact=True)
    header = page.get_by_role("columnheader", name="Probability")
    probabilities = sorted(f"{one.probability:.2f}" for one in stances(120))
    button.click()
    assert header.get_attribute("aria-sort") == "ascending"
    assert cells(page, "probability") == probabilities[:50]
    button.click()
    assert header.get_attribute("aria-sort") == "descending"
    assert cells(page, "probability") == probabilities[::-1][:50]
    assert page.url.endswith("#evidence?sort=-probability")
    assert page.locator("#evidence th[aria-sort=none]").count() == 5


def test_a_link_shows_again_what_was_chosen(visit, small):
    first = visit(small)
    first.select_option("#evidence-actor", "Corvia")
    first.fill("#evidence-q", "sentence 1")
    first.get_by_role("button", name="Sentence", exact=True).click()
    link = first.locator("#evidence-link").get_attribute("href")
    again = visit(small, place=link)
    assert (shown(again), cells(again, "sentence")) == (shown(first), cells(first, "sentence"))
    assert again.input_value("#evidence-q") == "sentence 1"


def test_a_link_to_what_is_not_there_says_so(visit, small):
    page = visit(small, place="#evidence?actor=Delmora&sort=constructor&page=99")
    assert shown(page) == "The link asks for actor “Delmora”, which is not in this report."
    assert cells(page, "actor") == []


def test_a_cell_of_the_grid_leads_to_its_rows(visit, small):
    page = visit(small)
    cell = page.locator("#positions td details").first
    cell.locator("summary").click()
    sentences = cell.locator("bdi").all_inner_texts()
    cell.get_by_role("link", name="Show in the table").click()
    page.locator("#evidence-heading:focus").wait_for()  # the policy of the page forbids to evaluate a script here
    assert page.input_value("#evidence-actor") == "Ardania"
    assert page.input_value("#evidence-issue") == "territory"
    found = page.locator("#evidence-rows td.sentence span").all_inner_texts()
    assert set(found) == {text for text in sentences if text.startswith("Sentence")}


def test_ten_thousand_stances_are_searched_and_filtered(visit, large):
    page = visit(large)
    assert shown(page) == "1 to 50 of 10000 found, of 10000 rows."
    page.select_option("#evidence-actor", "Belmark")
    page.fill("#evidence-q", "Sentence 9994 ")
    assert cells(page, "sentence")[0].startswith("Sentence 9994 about the delta.")
    page.click("#evidence-all")
    page.get_by_role("button", name="Sentence", exact=True).click()
    assert cells(page, "sentence")[0].startswith("Sentence 0 about")


def test_ten_thousand_long_sentences_make_no_file_that_is_too_large(large):
    assert large.stat().st_size < 8_000_000


def test_hostile_text_stays_text(visit, hostile):
    page = visit(hostile)
    assert page.evaluate("window.hostile") is None
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    for text in HOSTILE.values():
        page.select_option("#evidence-actor", text)
        assert set(page.locator("#evidence-rows td.actor").evaluate_all("cells => cells.map(c => c.textContent)")) == {
            text
        }
        sentences = page.locator("#evidence-rows td.sentence span").evaluate_all(
            "cells => cells.map(c => c.textContent)"
        )
        assert set(sentences) <= set(HOSTILE.values())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("report", ["small", "large", "hostile"])
def test_the_page_never_scrolls_sideways(visit, request, report, width):
    page = visit(request.getfixturevalue(report), width=width)
    assert not is_wider_than_the_window(page)
    page.evaluate("document.querySelectorAll('figure details, .change').forEach(one => one.open = true)")
    assert not is_wider_than_the_window(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_text_is_legible_in_light_and_dark(visit, small, scheme, width):
    page = visit(small, width=width, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 300
    assert min(contrasts) >= [4.5]
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 24, 28)"
    assert dark == (scheme == "dark")


def test_the_charts_follow_the_theme(visit, small):
    pages = [visit(small, color_scheme=scheme) for scheme in ("light", "dark")]
    fills = [page.locator("svg text").first.evaluate("one => getComputedStyle(one).fill") for page in pages]
    assert fills == ["rgb(34, 38, 43)", "rgb(230, 226, 216)"]


def test_print_is_light_and_without_controls(visit, small):
    page = visit(small, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    for hidden in ("nav", ".controls", ".pages", "#evidence-link", ".find", "input", "select", "button", ".skip"):
        assert page.locator(hidden).count() > 0
        assert not any(one.is_visible() for one in page.locator(hidden).all()), hidden
    assert page.locator("section.print").is_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--paper')") == "#ffffff"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(34, 38, 43)"
    assert page.locator("svg text").first.evaluate("one => getComputedStyle(one).fill") == "rgb(34, 38, 43)"


def test_a_large_report_prints_the_rows_that_were_chosen(visit, large):
    page = visit(large, place="#evidence?actor=Belmark")
    page.emulate_media(media="print")
    assert page.locator("#evidence-rows tr").first.is_visible()
    assert not page.locator(".controls").is_visible()


def test_without_scripts_the_page_holds_its_evidence_and_says_where_the_table_is(visit, small):
    page = visit(small, java_script_enabled=False)
    assert "every stance stands in stances.csv too" in page.locator("#evidence").inner_text()
    for hidden in (".controls", ".rows", ".find"):
        assert not page.locator(hidden).first.is_visible()
    cell = page.locator("#positions td details").first
    cell.locator("summary").click()
    assert "about the delta." in cell.inner_text()


def test_a_script_that_is_not_ours_does_not_run(browser, small):
    context = browser.new_context(offline=True)
    page = context.new_page()
    text = small.read_text(encoding="utf-8").replace("</main>", "<script>window.hostile = 1</script></main>")
    with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        page.set_content(text)
    assert page.evaluate("window.hostile") is None
    context.close()


def test_headings_descend_step_by_step_and_parts_are_named(visit, small):
    page = visit(small)
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    for role in ("banner", "navigation", "main", "search"):
        assert page.get_by_role(role).count() == 1
    assert page.evaluate("[...document.querySelectorAll('th')].every(one => one.scope)")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(ids) == len(set(ids))
    assert page.evaluate(
        "[...document.querySelectorAll('[aria-labelledby]')].every(one => one.getAttribute('aria-labelledby')"
        ".split(' ').every(id => document.getElementById(id)))"
    )


def test_the_parts_stand_in_the_order_of_reading(visit, small):
    ids = visit(small).evaluate("[...document.querySelectorAll('main > section[id]')].map(one => one.id)")
    assert ids == ["summary", "firmness", "positions", "gaps", "changes", "evidence", "trust", "cite"]


def test_the_keyboard_reaches_the_report_first_and_shows_where_it_is(visit, small):
    page = visit(small)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_a_chart_is_an_image_with_its_numbers_and_events_in_words(visit, small):
    chart = visit(small).get_by_role("img", name="Ardania: stances found by label")
    assert chart.count() == 1
    words = chart.locator("desc").text_content()
    assert re.search(r"2030-01: \d+ stances \(.*?\), firmness \d+% \(\d+% to \d+%\)\.", words)
    assert "Event 1, in 2030-01: 2030-01-20, Ceasefire." in words


def test_the_number_of_rows_is_announced(visit, small):
    assert visit(small).get_by_role("status").get_attribute("aria-live") == "polite"


def test_the_same_input_makes_the_same_bytes(tmp_path):
    one, two = (write(tmp_path / name, stances(120)) for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_labels_in_cells_are_words_and_not_colour_alone(visit, small):
    page = visit(small)
    texts = page.locator("#positions td[class] summary b").all_inner_texts()
    classes = page.locator("#positions td[class]").evaluate_all("cells => cells.map(cell => cell.className)")
    assert texts == classes
    assert set(texts) <= set(map(str, Label))
    assert {str(issue) for issue in Issue} == set(page.locator("#positions tbody th[scope=row]").all_inner_texts())

"""The page in a browser, without a connection, held against the package."""

import csv
import datetime as dt
import functools
import importlib.util
import re
import shutil
import threading
from collections import defaultdict
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from browser import launched, missing

from stance.classify import load_classifier
from stance.codebook import LABELS, Report, StanceError
from stance.context import IssueContext
from stance.encoding import ExampleEncoder
from stance.paths import MODELS
from stance.predictions import Probabilities
from stance.sentences import split

ROOT = Path(__file__).parents[1]
N_DEVELOPMENT_SENTENCES = 200
MOST_MEGABYTES = 30
OFFLINE = re.compile(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT")
CONTROLS = ["Report", "Date of the report", "Text file"]

specification = importlib.util.spec_from_file_location("web_build", ROOT / "web/build.py")
web_build = importlib.util.module_from_spec(specification)
specification.loader.exec_module(web_build)

OWN_TEXTS = [
    ("MOSCOW REJECTS KYIV'S TRUCE.\nIt called the terms an ultimatum. It offered a prisoner swap.", "2024-01-05"),
    ("“We will not cede territory,” the Kremlin said. “Not now. Not ever.” Kyiv’s Lt. Gen. left at 5 p.m.", ""),
    ('The U.S. said no. "Kyiv must hold elections," it added, citing No. 10 and Art. 5.2.', "2025-03-01"),
    ("Erdoğan’s Türkiye offered to host talks. Zelenskyy naïvely agreed – Łódź, İstanbul, 東京。", "2023-05-01"),
    ("🕊️ Talks 🇺🇦! 👩‍👩‍👧 Kyiv demanded that Moscow return all. 😀 It also ruled out a truce.", "2024-01-05"),
    ("Moscow met Kyiv. The ministry refused to go on.\nHe would agree only if troops left.\nShe waited.", ""),
    ("Kabul refused to release the prisoners.", "2020-05-01"),
    ("Kabul refused to release the prisoners.", "2022-05-01"),
    ("New Mexico is no party, nor is the South China Sea. Mexico rejected the tariffs.", "2025-02-01"),
    ("Menu\nSearch\nTalks stall\n \nBelgium agreed to\nwithdraw. Image credit: Some Agency\r\n\r\n", ""),
    ("• Serbia will never join\n- Kosovo insists\nRelated stories:\n- Truce fails\n* Truce holds\nIran left", ""),
    ("Photo by Agency\nAll rights reserved.\n5 min read\nQatar refused.\nWritten by\nIran demanded an end.", ""),
    ("Iran said:\x0b“We accept.”\u2028Israel\u00a0refused\u0085Egypt waited\ufeff\nx.com y.net z.org " + "w" * 70, ""),
    ("The [SEP] token [MASK]ed Russia’s demand. ﬁne e\u0301lan " + "x" * 120 + " Ukraine refused.", ""),
    ("Russia demanded " + "a very long withdrawal of the troops, " * 60 + "and Ukraine refused.", ""),
    ("Russia, Ukraine, Turkey, France, Germany, Poland, Iran, Israel and Egypt met. Qatar, Oman, Kuwait, Jordan, "
     "Lebanon and Syria came. China, India, Japan, Brazil and Canada did not. They called it unacceptable.", ""),
    ("…\n!!!\nKyiv? No. We said no. “Never.” So it goes. No. 5 is alive.", ""),
    ("<b>Moscow</b> &amp; <i>Kyiv</i> agreed to swap prisoners; {{Minsk}} ${refused}.", ""),
]  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built page."""
    if not shutil.which("npm"):
        missing("npm is missing: the page cannot be built")
    out = tmp_path_factory.mktemp("web") / "site"
    try:
        web_build.build(out)
    except StanceError as error:
        if OFFLINE.search(str(error)):
            missing(f"no network for npm ci: {str(error)[-200:]}")
        raise
    return out


@pytest.fixture(scope="module")
def browser():
    with launched() as started:
        yield started


def served(folder, encoding=None):
    """A server of ``folder`` on localhost, which may declare its gzip files to be encoded."""

    class Handler(SimpleHTTPRequestHandler):
        def end_headers(self):
            if encoding and self.path.endswith(".gz"):
                self.send_header("Content-Encoding", encoding)
            super().end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@dataclass
class Opened:
    """The page when its files are loaded and the network is cut off; ``told`` and ``asked`` must stay empty."""

    page: object
    told: list
    asked: list

    def read(self, text, date=""):
        """Have a report read; returns what the page says of it."""
        self.page.get_by_label("Report", exact=True).fill(text)
        self.page.get_by_label("Date of the report").fill(date)
        self.page.get_by_role("button", name="Find stances").click()
        return self.status(" in [0-9]+ sentence|There is no|holds no|characters")

    def status(self, pattern):
        status = self.page.get_by_role("status").filter(has_text=re.compile(pattern))
        status.wait_for(timeout=120_000)
        return status.inner_text()


@pytest.fixture(scope="module")
def address(site):
    server = served(site)
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def opened(browser, address):
    context = browser.new_context()
    page = context.new_page()
    one = Opened(page, [], [])
    page.on("console", lambda message: one.told.append(message.text))
    page.on("pageerror", lambda error: one.told.append(str(error)))
    page.goto(address)
    one.status("Ready")
    page.on("request", lambda request: one.asked.append(request.url))
    context.set_offline(True)
    yield one
    context.close()


READ = """async (texts) => {
  const { loadClassifier } = await import(new URL("src/classify.js", document.baseURI));
  const classifier = await loadClassifier();
  const { model } = classifier;
  let examples, raw;
  model.predictProba = async (...asked) => {
    [examples] = asked;
    return (raw = await Object.getPrototypeOf(model).predictProba.apply(model, asked));
  };
  const answers = [];
  for (const [text, date] of texts) {
    const sentences = await classifier.sentences(text, date);
    const encoded = examples.map((example) => model.encoder.encode(example));
    answers.push(sentences.map((one, i) => ({ ...one, example: examples[i], encoded: encoded[i], raw: raw[i] })));
  }
  delete model.predictProba;
  return answers;
}"""


def development_texts():
    """The first development reports of the corpus, a sentence a line, with their dates."""
    with (ROOT / "data/splits.csv").open(encoding="utf-8", newline="") as file:
        development = {row["report_id"] for row in csv.DictReader(file) if row["split"] == "development"}
    reports = defaultdict(dict)
    with (ROOT / "data/corpus.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["report_id"] in development:
                reports[row["report_id"], row["date"]][int(row["position"])] = row["sentence"]
    texts, n_sentences = [], 0
    for (_, date), sentences in sorted(reports.items()):
        if n_sentences < N_DEVELOPMENT_SENTENCES:
            texts.append(("\n".join(text for _, text in sorted(sentences.items())), date))
            n_sentences += len(sentences)
    return texts


@dataclass
class Pair:
    """One sentence as the page and as the package read it."""

    page: dict
    sentence: object
    example: object
    found: object


@pytest.fixture(scope="module")
def texts():
    seeds = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "seeds").glob("*.txt"))]
    return [*((text, "") for text in seeds), *OWN_TEXTS, *development_texts()]


@pytest.fixture(scope="module")
def read_by_page(opened, texts):
    return opened.page.evaluate(READ, texts)


@pytest.fixture(scope="module")
def pairs(read_by_page, texts):
    classifier = load_classifier()
    paired = []
    for (text, date), answers in zip(texts, read_by_page, strict=True):
        day = dt.date.fromisoformat(date) if date else None
        sentences = split(Report("", text))
        examples = [example for _, example in classifier.asked(sentences, day)]
        found = classifier.sentences(sentences, day)
        paired += map(Pair, answers, sentences, examples, found)
    return paired


def test_the_page_splits_texts_where_the_package_does(read_by_page, texts):
    for (text, _), answers in zip(texts, read_by_page, strict=True):
        ours = [(one.text, one.start, one.end) for one in split(Report("", text))]
        assert [(one["text"], one["start"], one["end"]) for one in answers] == ours


def test_the_page_asks_about_the_same_parties(pairs):
    for pair in pairs:
        candidates = [(one["actor"], one["spans"], one["contextSpans"]) for one in pair.page["example"]["candidates"]]
        assert candidates == [
            (one.actor, [list(span) for span in one.spans], [list(span) for span in one.context_spans])
            for one in pair.example.candidates
        ]
        assert pair.page["example"]["context"] == pair.example.context


def test_the_page_gives_the_network_the_same_numbers(pairs):
    ours = ExampleEncoder(MODELS / "transformer/tokenizer.json").encode([pair.example for pair in pairs])
    for pair, encoded in zip(pairs, ours, strict=True):
        assert pair.page["encoded"]["inputIds"] == encoded.input_ids.tolist()
        assert pair.page["encoded"]["tokenTypeIds"] == encoded.token_type_ids.tolist()
        np.testing.assert_allclose(pair.page["encoded"]["queryWeights"], encoded.query_weights, rtol=1e-6)


def test_the_page_decides_as_the_package_would_on_its_probabilities(pairs):
    rule = load_classifier().model.rule
    context = IssueContext()
    for pair in pairs:
        raw = Probabilities(*(np.array(pair.page["raw"][part]) for part in ("labels", "issues")))
        calibrated = rule.calibrate(context.add(pair.example, raw))
        assert pair.page["labels"] == rule.labels(calibrated)
        stances = [(s["actor"], s["label"], s["issue"], pytest.approx(s["probability"])) for s in pair.page["stances"]]
        ours = rule.stances(pair.example, calibrated).items()
        assert [(s.actor, s.label, s.issue, probability) for s, probability in ours] == stances
        assert pair.page["probabilities"] == pytest.approx(calibrated.labels[0].tolist())


def test_the_network_answers_in_the_page_as_in_the_package_but_for_rounding(pairs):
    """The last bit of a float moves a number of the integer layers by a step now and then (``web/README.md``)."""
    differences = np.array([
        abs(pair.page["probabilities"][column] - pair.found.probabilities[label])
        for pair in pairs for column, label in enumerate(LABELS)
    ])  # fmt: skip
    assert np.median(differences) < 1e-4
    assert (differences > 0.02).mean() <= 0.01
    assert differences.max() < 0.1


def test_labels_and_stances_are_those_of_the_package_but_for_rounding(pairs):
    """As above: what differs lies at a threshold."""
    of_page = [{(s["actor"], s["label"], s["issue"]) for s in pair.page["stances"]} for pair in pairs]
    of_package = [{(s.actor, s.label, s.issue) for s in pair.found.stances} for pair in pairs]
    labels = [pair for pair in pairs if set(pair.page["labels"]) != set(pair.found.labels)]
    stances = [pair for pair, one, other in zip(pairs, of_page, of_package, strict=True) if one != other]
    assert len(labels) <= 0.02 * len(pairs), [pair.sentence.text for pair in labels]
    assert len(stances) <= 0.03 * len(pairs), [pair.sentence.text for pair in stances]


def test_enough_is_compared(pairs):
    assert len(pairs) > N_DEVELOPMENT_SENTENCES + 150
    assert sum(len(pair.found.stances) for pair in pairs) > N_DEVELOPMENT_SENTENCES


def test_a_report_is_read_without_a_connection(opened):
    said = opened.read("Menu\nKyiv would negotiate with Moscow only if Russia first faced a war-crimes tribunal.")
    assert said == "1 stance of 1 actor in 1 sentence."
    assert "precondition Ukraine: justice" in opened.page.locator("#sentences").inner_text().replace("\n", " ")
    assert opened.page.get_by_role("columnheader").all_inner_texts() == ["actor", "justice"]
    assert opened.page.get_by_role("rowheader").all_inner_texts() == ["Ukraine"]
    actors = opened.page.locator("#actors").inner_text()
    assert re.search(r"precondition justice, probability 0\.\d\d, sentence 1", actors)


@pytest.mark.parametrize(("date", "actor"), [("2020-05-01", "Afghanistan"), ("2022-05-01", "Taliban")])
def test_the_date_tells_who_held_an_office(opened, date, actor):
    opened.read("Kabul refused to release the prisoners.", date)
    assert opened.page.get_by_role("rowheader").all_inner_texts() == [actor]


def test_hostile_text_stays_text(opened):
    title = opened.page.title()
    attack = "Moscow <img src=x onerror=\"document.title='mine'\"> refused <script>document.title=1</script> talks."
    opened.read(attack)
    assert opened.page.locator("#sentences li").first.inner_text().startswith(attack)
    assert attack in opened.page.locator("#actors").inner_text()
    assert opened.page.locator("#result :is(img, script)").count() == 0
    assert opened.page.title() == title


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "There is no text yet"),
        (" \n\u00a0", "There is no text yet"),
        ("…\n!", "holds no sentence"),
        ("Kyiv said no. " * 8000, "this page takes 100000"),
    ],
)
def test_what_cannot_be_read_is_told_in_words(opened, text, message):
    assert message in opened.read(text)
    assert opened.page.locator("#result").is_hidden()


def test_a_report_without_stances_shows_no_table(opened):
    assert opened.read("The sun rose over the harbour.") == "0 stances of 0 actors in 1 sentence."
    assert opened.page.locator("#grid").is_hidden()


def test_a_text_file_is_filled_in(opened):
    file = {"name": "report.txt", "mimeType": "text/plain", "buffer": "Zelenskyy’s Łódź".encode()}
    opened.page.get_by_label("Text file").set_input_files(file)
    opened.status("report.txt is filled in")
    assert opened.page.get_by_label("Report", exact=True).input_value() == "Zelenskyy’s Łódź"
    opened.page.get_by_label("Text file").set_input_files(file | {"name": "old.txt", "buffer": b"\xff\xfe\x00"})
    assert "not a text file in UTF-8" in opened.status("old.txt")


def test_a_dropped_file_is_filled_in(opened):
    opened.page.evaluate("""() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["Minsk agreed."], "dropped.txt"));
      const drop = { dataTransfer, bubbles: true, cancelable: true };
      document.getElementById("text").dispatchEvent(new DragEvent("drop", drop));
    }""")
    opened.status("dropped.txt is filled in")
    assert opened.page.get_by_label("Report", exact=True).input_value() == "Minsk agreed."


def test_the_keyboard_is_enough(opened):
    keyboard = opened.page.keyboard
    opened.page.get_by_label("Report", exact=True).fill("")
    opened.page.get_by_label("Report", exact=True).focus()
    keyboard.type("Moscow refused to leave.")
    button = opened.page.get_by_role("button", name="Find stances")
    for _ in range(10):
        keyboard.press("Tab")
        if button.evaluate("node => node === document.activeElement"):
            break
    keyboard.press("Enter")
    assert opened.status("in 1 sentence")
    assert opened.page.get_by_role("rowheader").all_inner_texts() == ["Russia"]


@pytest.mark.parametrize("name", CONTROLS)
def test_every_field_has_its_label(opened, name):
    assert opened.page.get_by_label(name, exact=True).count() == 1


def test_a_phone_shows_the_page_without_sideways_scrolling(opened, texts):
    opened.page.set_viewport_size({"width": 375, "height": 700})
    for text in (texts[0][0], "Kyiv refused to name " + "x" * 500 + "."):
        opened.read(text)
        assert opened.page.evaluate("document.documentElement.scrollWidth") == 375


def test_nothing_was_asked_of_the_network_nor_told_to_the_console(opened, pairs):
    opened.read("Kyiv refused.")
    assert (opened.asked, opened.told) == ([], [])


def test_a_file_that_does_not_load_is_named(browser, address):
    page = browser.new_page()
    page.route("**/model.onnx.gz", lambda route: route.abort())
    page.goto(address)
    status = page.get_by_role("status").filter(has_text="model.onnx.gz did not load")
    status.wait_for(timeout=60_000)
    page.close()


def test_a_server_may_declare_its_files_compressed(browser, site):
    server = served(site, encoding="gzip")
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    page.get_by_role("status").filter(has_text="Ready").wait_for(timeout=60_000)
    page.close()
    server.shutdown()


def test_the_build_is_small_and_names_no_other_host(site):
    files = [path for path in site.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MOST_MEGABYTES * 1e6
    for path in files:
        if path.suffix in (".html", ".css", ".js") and path.parent.name != "vendor":
            assert not re.search(r"\b(https?:)?//[\w.]+\.\w", path.read_text(encoding="utf-8")), path


def test_no_label_or_issue_is_written_in_the_page_again():
    spelled = re.compile(rf"\b({'|'.join(LABELS)})\b")
    for path in [*sorted((ROOT / "web/src").glob("*.js")), ROOT / "web/style.css"]:
        assert not spelled.search(path.read_text(encoding="utf-8")), path


def test_a_folder_that_holds_something_else_is_not_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("Chapter 1")
    with pytest.raises(StanceError, match="holds something else than the page"):
        web_build.build(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("pattern", "translated"),
    [
        (r"a.\.[.\w-]\d", r"a[^\n]\.[.\p{L}\p{N}_-][\p{Nd}]"),
        (r"[\"”’']?\W", r"""["”’']?[^\p{L}\p{N}_]"""),
        (r"[^\n\u2028]+\s", r"[^\n\u2028]+[\t-\r\x1c-\x1f\x85\p{Z}]"),
    ],
)
def test_a_pattern_becomes_javascripts(pattern, translated):
    assert web_build.javascript(pattern) == translated


@pytest.mark.parametrize("pattern", [r"\Astart", r"[\W]", r"[\b]"])
def test_an_escape_that_is_not_known_is_refused(pattern):
    with pytest.raises(StanceError, match="cannot translate"):
        web_build.javascript(pattern)

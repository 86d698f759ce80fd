"""What holds for any input at all: hypothesis makes the inputs, the same ones in every run.

``HYPOTHESIS_PROFILE=long pytest tests/test_properties.py`` looks further, with other inputs each time.
"""

import csv
import datetime as dt
import io
import json
import os
from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from toys import toy

from stance import classify, classify_report
from stance.actors import ActorTable, Alias, AliasKind, build_examples
from stance.classify import load_classifier
from stance.codebook import ISSUES, LABELS, DatedStance, Report, Source, Stance, StanceError
from stance.labels import LabelledSentence, read_labels, write_labels
from stance.periods import Calendar, period_of
from stance.predictions import HOLDER_FLOOR, DecisionRule, Probabilities
from stance.reading import coded_reports, read_coded
from stance.report_tables import STANCE_COLUMNS, STANCE_DIGITS, csv_text, stance_rows
from stance.review import AskedPair, read_review, review_table
from stance.sentences import split
from stance.tables import as_cell, from_cell, split_rows

_COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
settings.register_profile("ci", derandomize=True, max_examples=100, **_COMMON)
settings.register_profile("long", max_examples=20_000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

PARTIES = ("Ardania", "Belmark", "Côte d'Orlo", "New Belmark")
ALIASES = [Alias(name, name, AliasKind.OTHER if name == "New Belmark" else AliasKind.NAME) for name in PARTIES]
TABLE = ActorTable([*ALIASES, Alias("Ardania", "Ardanian Council", AliasKind.INSTITUTION)])
FRAGMENTS = (
    *PARTIES, "Ardania’s", "Belmarkian", " said no. ", " refuses to meet ", "Mr. O. Vessin", " ", "\n", "\r\n",
    "\u2028", "\u0085", "\u00a0", "\ufeff", "\t", "\x00", "- ", "• ", "no. ", '"', "”", "!", "?!", "…", "’", "\u202e",
    "\u0301", "\u200d", "Advertisement\n", "Leave a Reply\n", "Related stories:\n", " (Photo credit: x", "©", "İ", "ß",
    "ﬀ", "ſ", "𝔄", "🕊", "中文。", "לא", "a.com b.net c.org ", "x" * 70, "1.5", "17:30",
)  # fmt: skip
ANYTHING = st.text(st.characters(), max_size=80)  # lone surrogates too
VALID = st.text(max_size=80)
NEWS = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=5)), max_size=25).map("".join)
LINE = st.text(min_size=1, max_size=40)
DATES = st.dates()
STANCES = st.builds(
    Stance, st.sampled_from(["", *PARTIES, "=Ardania", "-"]), st.sampled_from(LABELS), st.sampled_from(ISSUES)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("properties")


# Sentences


@given(NEWS, st.one_of(st.just(""), NEWS))
def test_a_sentence_is_a_slice_of_its_text_and_comes_after_the_one_before(text, title):
    found = split(Report("r1", text, title=title))
    assert [one.text for one in found] == [text[one.start : one.end] for one in found]
    assert [one.position for one in found] == list(range(1, len(found) + 1))
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(any(map(str.isalnum, one.text)) for one in found)


@given(st.text(st.characters(exclude_characters="©", exclude_categories=["Cs"]), max_size=200).map(
    lambda text: "".join(one for one in text if not (one.isascii() and one.isalpha()))
))  # fmt: skip
@example("١. ٢!٣…\u2028\u0301中文。\x00🕊 ４")
def test_no_letter_or_digit_is_lost_where_nothing_is_page_furniture(text):
    """All page furniture is known by its English words."""
    kept = {place for one in split(Report("r1", text)) for place in range(one.start, one.end)}
    assert [text[place] for place in range(len(text)) if text[place].isalnum() and place not in kept] == []


@given(
    st.lists(st.sampled_from(["Ardania", "met", "Mr. Orlo", "no.", "1.5", "“Yes”", "U.N.", "said:", "so", "?", "."]))
)
def test_no_word_of_plain_prose_is_lost(words):
    text = " ".join(words)
    kept = {place for one in split(Report("r1", text)) for place in range(one.start, one.end)}
    assert all(place in kept for place, character in enumerate(text) if character.isalnum())


# Parties


@given(NEWS, st.one_of(st.none(), DATES))
def test_a_mention_is_a_whole_alias_and_is_found_again(text, date):
    mentions = TABLE.find(text, date)
    aliases = {(alias.actor, alias.alias) for alias in TABLE.aliases}
    words = [text[one.start : one.end].replace("’", "'") for one in mentions]
    assert {(one.actor, " ".join(word.split())) for one, word in zip(mentions, words, strict=True)} <= aliases
    assert all(before.end <= after.start for before, after in pairwise(mentions))
    for one in mentions:
        assert not (one.start and text[one.start - 1].isalnum())
        assert not text[one.end : one.end + 1].isalnum()
    assert TABLE.find(text, date) == mentions


@given(NEWS, st.sampled_from(["Ardania", "Belmark", "Côte d’Orlo", "Ardanian\u00a0Council"]), NEWS)
def test_a_party_that_stands_by_itself_is_found(before, name, after):
    text = f"{before} / {name} / {after}"
    start = len(before) + len(" / ")
    assert (start, start + len(name)) in [(one.start, one.end) for one in TABLE.find(text)]


@given(st.lists(NEWS, max_size=8), NEWS)
def test_candidates_stand_where_their_spans_say_and_no_party_is_asked_about_twice(sentences, outlet):
    for before, one in zip(["", *sentences], build_examples(sentences, TABLE, outlet=outlet), strict=False):
        actors = [candidate.actor for candidate in one.candidates]
        assert len(actors) == len(set(actors))
        for candidate in one.candidates:
            assert bool(candidate.spans) != bool(candidate.context_spans)
            named = [one.context[start:end] for start, end in candidate.context_spans]
            assert all({found.actor for found in TABLE.find(name)} == {candidate.actor} for name in named)
            assert all(0 <= start < end <= len(one.sentence) for start, end in candidate.spans)
        assert one.context.endswith("" if any(candidate.spans for candidate in one.candidates) else before)


# Decisions


@st.composite
def answers(draw):
    n_queries = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    labels = rng.choice([0.0, 1.0, 0.5, rng.random()], (n_queries, len(LABELS)))
    issues = rng.random((n_queries, len(LABELS), len(ISSUES)))
    parties = TABLE.find(" / ".join(["Ardania", "Belmark", "Côte d'Orlo"][: n_queries - 1]))
    asked = build_examples([" / ".join(["Ardania", "Belmark", "Côte d'Orlo"][: n_queries - 1])], TABLE)[0]
    assert len(parties) == n_queries - 1
    return asked, Probabilities(labels, issues / issues.sum(axis=-1, keepdims=True))


SHARES = st.floats(0, 1)
RULES = st.builds(DecisionRule, st.floats(0.05, 20), SHARES, SHARES, SHARES)


@given(RULES, answers())
def test_each_label_of_a_sentence_is_held_by_a_likely_party_or_by_nobody_and_nothing_else_is_held(rule, asked):
    one, answer = asked
    calibrated = rule.calibrate(answer)
    assert ((calibrated.labels >= 0) & (calibrated.labels <= 1)).all()
    labels = rule.labels(calibrated)
    stances = rule.stances(one, calibrated)
    assert {stance.label for stance in stances} == set(labels)
    assert {stance.actor for stance in stances} <= {candidate.actor for candidate in one.candidates} | {""}
    for label in labels:
        column = calibrated.labels[1:, LABELS.index(label)]
        told = len(column) and column.max() >= HOLDER_FLOOR * rule.actor_threshold
        assert ("" in {s.actor for s in stances if s.label is label}) != bool(told)
    strengths = [calibrated.labels[0][LABELS.index(label)] for label in labels]
    assert strengths == sorted(strengths, reverse=True)


@given(RULES, RULES, answers())
def test_a_lower_threshold_finds_no_less(rule, other, asked):
    low, high = sorted((rule.label_threshold, other.label_threshold))
    found = [
        set(DecisionRule(rule.temperature, threshold, rule.actor_threshold).labels(rule.calibrate(asked[1])))
        for threshold in (low, high)
    ]
    assert found[0] >= found[1]


@given(RULES)
def test_a_rule_comes_back_from_json(rule):
    assert DecisionRule(**json.loads(json.dumps(asdict(rule)))) == rule


@given(st.tuples(st.floats(), SHARES, SHARES, st.floats()))
@example((float("nan"), 0.5, 0.5, 0.5))
@example((1.0, 0.5, 0.5, float("nan")))
def test_any_numbers_make_a_rule_or_are_refused(numbers):
    try:
        rule = DecisionRule(*numbers)
    except StanceError:
        return
    assert rule.temperature > 0
    assert 0 <= rule.issue_threshold <= 1


# Classification


@given(st.lists(NEWS, max_size=6), st.randoms(use_true_random=False))
def test_a_text_is_answered_alike_in_any_order_and_number(texts, rng):
    classifier = toy()
    alone = {text: classifier.text(text, None) for text in texts}
    shuffled = rng.sample(texts, len(texts))
    assert list(classifier.texts(shuffled, None)) == [alone[text] for text in shuffled]


@pytest.mark.parametrize("model", ["transformer", "tfidf"])
@settings(max_examples=12)
@given(texts=st.lists(NEWS, max_size=5), rng=st.randoms(use_true_random=False))
def test_the_released_models_answer_alike_in_any_order_and_number(model, texts, rng):
    classifier = load_classifier(model, n_threads=1)
    shuffled = rng.sample(texts, len(texts))
    for text, found in zip(shuffled, classifier.texts(shuffled, None), strict=True):
        alone = classifier.text(text, None)
        assert (found.labels, found.reason) == (alone.labels, alone.reason)
        assert [(s.actor, s.label, s.issue) for s in found.stances] == [
            (s.actor, s.label, s.issue) for s in alone.stances
        ]
        assert list(found.probabilities.values()) == pytest.approx(list(alone.probabilities.values()), abs=1e-5)


JUNK = st.one_of(ANYTHING, st.none(), st.integers(), st.binary(max_size=5), st.floats(), DATES)


@pytest.mark.parametrize("call", [classify, classify_report])
@given(text=st.one_of(JUNK, st.lists(JUNK, max_size=3), NEWS), date=st.one_of(st.none(), JUNK))
@example(text="word" * 2_500, date=None)
@example(text="\u0301" * 10_000, date=None)
@example(text="\u202eלא " + "א" * 10_000, date=None)
@example(text=["\x00" * 10_000 + "a"], date="2022-03-16")
def test_public_functions_answer_or_refuse_by_name(call, text, date):
    try:
        results = call(text, model="tfidf", date=date)
    except (StanceError, TypeError):
        return
    for result in results if isinstance(results, list) else [results]:
        assert bool(result.labels) == (result.label != "none")
        assert set(result.probabilities) == set(LABELS)
        assert all(0 <= value <= 1 for value in result.probabilities.values())
        if isinstance(text, str):
            assert [text[one.start : one.end] for one in result.stances] == [one.sentence for one in result.stances]


# Tables


FORMULA_SIGNS = "'=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


@given(st.one_of(st.text(st.characters(), max_size=10), st.text(st.sampled_from(FORMULA_SIGNS + "1."), max_size=5)))
@example("'=1")
@example("''")
@example("-1")
@example("'-1")
def test_a_cell_comes_back_as_it_was_and_is_never_a_formula(text):
    cell = as_cell(text)
    assert from_cell(cell) == text
    if cell.startswith(tuple(FORMULA_SIGNS[1:])):
        float(cell)


THOUSANDTHS = st.integers(-(10**9), 10**9).map(lambda number: number / 1000)


@given(st.lists(st.tuples(VALID, NEWS, st.integers(), THOUSANDTHS), max_size=5))
def test_a_table_is_read_as_it_was_written(folder, rows):
    path = folder / "table.csv"
    path.write_text(csv_text({"a": str, "b": str, "c": int, "d": float}, rows, 3), encoding="utf-8", newline="")
    (_, header), *read = split_rows(path)
    assert header == ["a", "b", "c", "d"]
    assert [(from_cell(a), from_cell(b), int(c), float(d)) for _, (a, b, c, d) in read] == rows


IDS = st.text(min_size=1, max_size=12).map(str.strip).filter(bool)
STANCES_OF_A_REPORT = st.lists(
    st.tuples(st.integers(0, 500), VALID, STANCES, st.integers(0, 1000).map(lambda share: share / 1000)),
    min_size=1,
    max_size=4,
)


@given(st.dictionaries(IDS, st.tuples(DATES, STANCES_OF_A_REPORT), min_size=1, max_size=3))
def test_stances_are_read_as_they_were_written(folder, reports):
    stances = [
        DatedStance(name, date, position, text, stance.actor, stance.label, stance.issue, probability)
        for name, (date, held) in reports.items()
        for position, text, stance, probability in held
    ]
    path = folder / "stances.csv"
    path.write_text(
        csv_text(STANCE_COLUMNS, stance_rows(coded_reports(stances)), STANCE_DIGITS), encoding="utf-8", newline=""
    )
    read = [stance for report in read_coded(path) for stance in report.stances]
    assert sorted(map(repr, read)) == sorted(map(repr, stances))


PAIRS = st.builds(
    AskedPair,
    IDS,
    DATES,
    st.integers(1, 500),
    st.sampled_from(PARTIES),
    st.frozensets(st.sampled_from(LABELS)),
    VALID,
    VALID,
)


@given(
    st.lists(
        st.tuples(PAIRS, st.frozensets(st.sampled_from(LABELS))),
        min_size=1,
        max_size=4,
        unique_by=lambda pair: pair[0].key,
    )
)
def test_a_review_that_was_filled_in_is_read_as_it_was_drawn(folder, answered):
    (header, *rows) = csv.reader(io.StringIO(review_table(pair for pair, _ in answered), newline=""))
    place = header.index("labels")
    filled = [
        [*row[:place], "; ".join(labels) or "none", *row[place + 1 :]]
        for row, (_, labels) in zip(rows, answered, strict=True)
    ]
    with (folder / "review.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *filled])
    read = read_review(folder / "review.csv", [pair for pair, _ in answered])
    assert read == {pair.key: labels for pair, labels in answered}


@given(st.dictionaries(
    st.tuples(IDS, st.integers(1, 10**9 - 1)),
    st.builds(
        lambda date, conflict, text, source, held: (date, conflict, text, source, held),
        st.one_of(st.none(), DATES), VALID, VALID.filter(str.strip), st.sampled_from(Source),
        st.frozensets(STANCES, max_size=3),
    ),
    max_size=3,
))  # fmt: skip
def test_labels_are_read_as_they_were_written(folder, rows):
    sentences = [
        LabelledSentence(*key, date, conflict, text, source, tuple(sorted(held)),
                         tuple(sorted({"Corvia", "Dunmar"} - {one.actor for one in held})))
        for key, (date, conflict, text, source, held) in sorted(rows.items())
    ]  # fmt: skip
    write_labels(folder / "labels.csv", sentences)
    assert read_labels(folder / "labels.csv") == sentences


# Periods


@given(DATES, DATES, st.one_of(st.sampled_from(Calendar), st.lists(DATES, max_size=4)))
@example(dt.date.max, dt.date.min, Calendar.WEEK)
def test_a_date_lies_in_its_period_and_periods_do_not_overlap(one, other, by):
    first, second = sorted((one, other))
    before, after = period_of(first, by), period_of(second, by)
    assert before.start <= first <= before.end
    assert after.start <= second <= after.end
    assert before == after or (before.end < after.start and before.name != after.name)
    assert {period_of(date, by) for date in (before.start, before.end)} == {before}

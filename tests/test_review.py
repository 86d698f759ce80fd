"""Decisions to check by hand, and what the answers change."""

import csv
import datetime as dt
from collections import Counter

import numpy as np
import pytest

from stance.cells import cells_of
from stance.codebook import (
    LABELS,
    Asked,
    Candidate,
    Checked,
    DatedStance,
    Example,
    Issue,
    Label,
    ReadReport,
    StanceError,
)
from stance.firmness import analyse_firmness
from stance.periods import period_of
from stance.predictions import DecisionRule, Probabilities
from stance.quantification import Confusion
from stance.review import COLUMNS, AskedPair, asked_pairs, draw, read_review, review_table, with_checks

D, C, R = Label.DEMAND, Label.CONCESSION, Label.REJECTION
DAY = dt.date(2030, 1, 1)
SURE = Confusion(((900, 30, 30, 30, 10), (0, 100, 0, 0, 0), (0, 0, 100, 0, 0), (0, 0, 0, 100, 0), (0, 0, 0, 0, 100)))


def pair(position, *found, actor="Belmark", sentence="Belmark spoke."):
    return AskedPair("r1", DAY, position, actor, frozenset(found), sentence)


PAIRS = [*(pair(n) for n in range(1, 41)), *(pair(n, D) for n in range(41, 51)), pair(51, C), pair(52, D, C)]


def filled(tmp_path, pairs, answers):
    """A review of ``pairs`` with ``answers`` in the column labels."""
    rows = list(csv.DictReader(review_table(pairs).splitlines()))
    path = tmp_path / "review.csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | {"labels": answer} for row, answer in zip(rows, answers, strict=True))
    return path


def test_every_party_of_a_sentence_is_a_pair_with_the_sentence_before():
    both = Example(
        "Belmark spoke to Ardania.", "", (Candidate("Belmark", ((0, 7),)), Candidate("Ardania", ((17, 24),)))
    )
    labels = np.full((3, 4), 0.1)
    labels[:2, LABELS.index(R)] = 0.9
    answer = Probabilities(labels, np.full((3, 4, 10), 0.1))
    nobody = Probabilities(np.full((1, 4), 0.1), np.full((1, 4, 10), 0.1))
    answered = [(1, Example("It rained."), nobody), (2, both, answer)]
    found = list(asked_pairs("r1", DAY, "", answered, DecisionRule()))
    assert [(one.position, one.actor, one.found, one.before) for one in found] == [
        (2, "Belmark", {R}, "It rained."),
        (2, "Ardania", set(), "It rained."),
    ]


def test_a_reader_is_told_who_published_it():
    we = Example("We refuse.", "Belmark News", (Candidate("Belmark", (), ((0, 7),)),))
    nobody = Probabilities(np.full((2, 4), 0.1), np.full((2, 4, 10), 0.1))
    found = asked_pairs("r1", DAY, "Belmark News", [(1, we, nobody), (2, we, nobody)], DecisionRule())
    assert [one.before for one in found] == ["Belmark News", "Belmark News: We refuse."]


def test_the_draw_takes_every_decided_class_in_turn():
    counts = Counter(one.found for one in draw(PAIRS, 10, seed=1))
    assert counts == {frozenset(): 4, frozenset({D}): 4, frozenset({C}): 1, frozenset({D, C}): 1}


def test_the_draw_is_the_same_for_a_seed_whatever_the_order_and_no_larger_than_there_is():
    assert draw(PAIRS, 10, seed=1) == draw(PAIRS[::-1], 10, seed=1)
    assert draw(PAIRS, 10, seed=1) != draw(PAIRS, 10, seed=2)
    assert len(draw(PAIRS, 1000, seed=1)) == len(PAIRS)


def test_answers_are_read(tmp_path):
    path = filled(tmp_path, PAIRS[39:41], ["none", "demand; Rejection"])
    assert read_review(path, PAIRS) == {("r1", 40, "Belmark"): frozenset(), ("r1", 41, "Belmark"): {D, R}}


def test_the_table_does_not_tell_what_was_decided():
    told, other = (next(csv.DictReader(review_table([pair(41, label)]).splitlines())) for label in (D, C))
    assert {name for name in COLUMNS if told[name] != other[name]} == {"draw"}
    assert "demand" not in review_table([pair(41, D)])


def test_no_cell_of_a_review_is_a_formula_and_its_answers_are_read_all_the_same(tmp_path):
    one = pair(1, actor="-Ardania", sentence='=HYPERLINK("http://example.org")')
    assert "http" in (row := review_table([one]).splitlines()[1])
    assert [cell for cell in next(csv.reader([row])) if cell.startswith(("=", "-"))] == []
    assert read_review(filled(tmp_path, [one], ["none"]), [one]) == {one.key: frozenset()}


@pytest.mark.parametrize(
    ("pairs", "answers", "message"),
    [
        ([pair(41, D), pair(42, D)], ["none", ""], "1 of 2 rows have no labels; all must be filled in"),
        ([], [], "0 of 0 rows have no labels"),
        ([pair(41, D)], ["yes"], "review.csv:2: labels 'yes' is not one of demand, concession"),
        ([pair(41, D)], ["none; demand"], "none stands alone, or labels divided by ;"),
        ([pair(99, D)], ["none"], "sentence 99 of 'r1' does not ask about 'Belmark' in these words"),
        ([pair(41, D, sentence="Other words.")], ["none"], "the reports must be those of the review"),
        ([pair(41, C)], ["none"], "the model decides otherwise than when the review was drawn"),
    ],
)
def test_a_review_of_other_texts_or_with_faulty_answers_is_refused(tmp_path, pairs, answers, message):
    with pytest.raises(StanceError, match=message):
        read_review(filled(tmp_path, pairs, answers), PAIRS)


def report(n_pairs, *labels):
    """A report in which Belmark may hold a stance in ``n_pairs`` sentences and was found to hold these, one in each."""
    stances = tuple(
        DatedStance("r1", DAY, position, "Belmark spoke.", "Belmark", label, Issue.TALKS, 0.6)
        for position, label in enumerate(labels, start=1)
    )
    asked = {"Belmark": Asked(n_pairs, dict.fromkeys(LABELS, 1.0))}
    return ReadReport("r1", DAY, "", n_pairs, stances, asked)


def test_checked_answers_stand_in_the_place_of_the_decisions():
    pairs = [pair(1, D), pair(2, D), pair(3)]
    checked = {pairs[0].key: frozenset({D}), pairs[1].key: frozenset({R}), pairs[2].key: frozenset({C})}
    [corrected] = with_checks([report(3, D, D)], pairs, checked)
    assert [(one.position, one.label, one.issue, one.probability) for one in corrected.stances] == [
        (1, D, Issue.TALKS, 0.6),
        (2, R, Issue.OTHER, 1.0),
        (3, C, Issue.OTHER, 1.0),
    ]
    answers = ((frozenset({D}), {D}), (frozenset({D}), {R}), (frozenset(), {C}))
    assert corrected.checked == {"Belmark": Checked({frozenset({D}): 2, frozenset(): 1}, answers)}


def test_pairs_that_nobody_checked_are_noted_by_what_was_decided():
    pairs = [pair(1, D), pair(2, D), pair(3), pair(4, actor="Ardania")]
    [corrected] = with_checks([report(3, D, D)], pairs, {pairs[0].key: frozenset({D})})
    assert corrected.checked["Belmark"].n_decided == {frozenset({D}): 2, frozenset(): 1}
    assert corrected.checked["Ardania"] == Checked({frozenset(): 1})


def test_the_more_is_checked_the_nearer_the_truth():
    """Half of what is taken for demands here are concessions; the measured errors know of no such thing."""
    found = report(200, *[D] * 60, *[C] * 20)
    pairs = [pair(n, *([D] if n <= 60 else [C] if n <= 80 else [])) for n in range(1, 201)]
    truth = {one.key: frozenset({C} if one.position % 2 else {D}) if D in one.found else one.found for one in pairs}
    firm = []
    for n in (0, 60, 120, 200):
        reports = with_checks([found], pairs, {one.key: truth[one.key] for one in draw(pairs, n, seed=3)})
        firm.append(analyse_firmness(list(cells_of(reports, ["Belmark"], period_of)), SURE).periods[0].firmness.value)
    assert firm == sorted(firm, reverse=True)
    assert firm[0] > 0.65
    assert firm[-1] == pytest.approx(30 / 80, abs=0.02)


def test_when_all_is_checked_the_answers_are_the_result():
    pairs = [pair(n, *([D] if n <= 30 else [])) for n in range(1, 61)]
    truth = {one.key: frozenset({C}) if one.position > 50 else one.found for one in pairs}
    [checked] = with_checks([report(60, *[D] * 30)], pairs, truth)
    firmness = analyse_firmness(list(cells_of([checked], ["Belmark"], period_of)), SURE).periods[0].firmness
    assert firmness.value == pytest.approx(0.75, abs=0.02)
    assert firmness.high - firmness.low < 0.3


def test_a_table_from_which_a_row_was_taken_out_is_refused(tmp_path):
    path = tmp_path / "review.csv"
    header, _, *rest = review_table(PAIRS).splitlines(keepends=True)
    path.write_text("".join([header, *rest]), encoding="utf-8")
    with pytest.raises(StanceError, match="all that were drawn must be there"):
        read_review(path, PAIRS)


def test_a_second_answer_on_one_decision_is_refused(tmp_path):
    path = filled(tmp_path, [PAIRS[0], PAIRS[0]], ["none", "demand"])
    with pytest.raises(StanceError, match="a second answer for 'Belmark' in sentence 1 of r1"):
        read_review(path, PAIRS)

"""Parties named in a sentence, and those that a later sentence goes on about."""

import datetime as dt

import pytest

from stance.actors import N_CARRIED_SENTENCES, ActorTable, Alias, AliasKind, build_examples
from stance.codebook import Candidate, StanceError
from stance.paths import ACTORS

CHANGE_OF_OFFICE = dt.date(2020, 1, 1)


def alias(actor, word, kind=AliasKind.NAME, since=None, until=None):
    """An alias with its defaults."""
    return Alias(actor, word, kind, since, until)


NAMES = (alias("Ardania", "Ardania"), alias("Belmark", "Belmark"), alias("Belmark", "Vessin", AliasKind.CAPITAL))
TABLE = ActorTable(NAMES)


def found(text, *aliases, date=None):
    """The parties found in a text, each with the words that stand for it."""
    table = ActorTable(aliases) if aliases else TABLE
    return [(mention.actor, text[mention.start : mention.end]) for mention in table.find(text, date)]


@pytest.fixture
def read(tmp_path):
    """Writes alias CSVs, one for each argument, and reads them as one table."""

    def read_files(*files):
        paths = [tmp_path / f"actors{number}.csv" for number in range(len(files))]
        for path, rows in zip(paths, files, strict=True):
            path.write_text("actor,alias,kind,from,until\n" + rows, encoding="utf-8")
        return ActorTable.read(*paths)

    return read_files


def test_a_capital_stands_for_its_party():
    assert found("Vessin answered Ardania.") == [("Belmark", "Vessin"), ("Ardania", "Ardania")]


def test_every_mention_of_a_party_is_found_in_order():
    assert [word for _, word in found("Belmark, said Ardania, is not Belmark.")] == ["Belmark", "Ardania", "Belmark"]


def test_only_whole_words_of_the_same_case_are_found():
    assert found("Belmarkian belmark BELMARK Belmark1 xBelmark") == []


def test_a_possessive_a_hyphen_and_a_quotation_mark_end_a_word():
    assert len(found("Belmark's pro-Belmark “Belmark”, Belmark-led")) == 4


def test_offsets_count_characters_not_bytes():
    assert found("😀 “Größe” — Belmark") == [("Belmark", "Belmark")]


def test_the_longest_name_wins():
    longer = (*NAMES, alias("North Belmark", "North Belmark"))
    assert found("North Belmark and Belmark", *longer) == [("North Belmark", "North Belmark"), ("Belmark", "Belmark")]


def test_a_name_that_only_holds_a_partys_name_is_no_mention():
    assert found("New Belmark voted; Belmark did not.", *NAMES, alias("", "New Belmark", AliasKind.OTHER)) == [
        ("Belmark", "Belmark")
    ]


def test_a_straight_apostrophe_in_an_alias_finds_the_curly_one():
    assert found("The Ar’dan council", alias("Ardania", "Ar'dan")) == [("Ardania", "Ar’dan")]


def test_a_curly_apostrophe_in_an_alias_is_found_too():
    assert found("The Ar’dan council", alias("Ardania", "Ar’dan")) == [("Ardania", "Ar’dan")]


@pytest.mark.parametrize("space", ["\n", "\u00a0"])
def test_a_name_of_two_words_is_found_across_a_line_break_or_a_fixed_space(space):
    text = f"It was the foreign{space}ministry."
    assert found(text, alias("Belmark", "foreign ministry", AliasKind.INSTITUTION))


def test_an_office_holder_speaks_for_the_party_of_the_day():
    orlo = [
        alias("Ardania", "Orlo", AliasKind.OFFICIAL, until=CHANGE_OF_OFFICE),
        alias("Belmark", "Orlo", AliasKind.OFFICIAL, since=CHANGE_OF_OFFICE),
    ]
    assert found("Orlo", *orlo, date=dt.date(2019, 12, 31)) == [("Ardania", "Orlo")]
    assert found("Orlo", *orlo, date=CHANGE_OF_OFFICE) == [("Belmark", "Orlo")]


def test_on_an_unknown_date_the_latest_office_counts():
    orlo = [
        alias("Belmark", "Orlo", AliasKind.OFFICIAL, since=CHANGE_OF_OFFICE),
        alias("Ardania", "Orlo", AliasKind.OFFICIAL, until=CHANGE_OF_OFFICE),
    ]
    assert found("Orlo", *orlo) == found("Orlo", *reversed(orlo)) == [("Belmark", "Orlo")]


def test_outside_a_term_of_office_a_name_is_nobodys():
    orlo = alias("Belmark", "Orlo", AliasKind.OFFICIAL, since=CHANGE_OF_OFFICE, until=dt.date(2021, 1, 1))
    assert found("Orlo", orlo, date=dt.date(2021, 1, 1)) == []


def test_a_longer_name_out_of_its_term_leaves_room_for_the_shorter_one():
    later = alias("North Belmark", "North Belmark", since=CHANGE_OF_OFFICE)
    assert found("North Belmark", *NAMES, later, date=dt.date(2019, 1, 1)) == [("Belmark", "Belmark")]


def test_an_empty_table_and_an_empty_text_hold_no_party():
    assert ActorTable([]).find("Belmark") == []
    assert TABLE.find("") == []


def test_a_later_file_adds_to_the_earlier_ones_and_may_repeat_them(read):
    table = read("Ardania,Ardania,name,,\n", "Ardania,Ardania,name,,\nBelmark,Vessin,capital,,\n")
    assert table.actors == {"Ardania", "Belmark"}
    assert len(table.aliases) == 2


def test_a_name_that_is_no_party_is_not_among_the_actors(read):
    assert read("Belmark,Belmark,name,,\nNew Belmark,New Belmark,other,,\n").actors == {"Belmark"}


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (
            "Belmark,Vessin,capitol,,",
            "kind 'capitol' is not one of name, demonym, capital, official, institution, person, other",
        ),
        (",Vessin,capital,,", "actor is empty; it must be filled"),
        ("Belmark, ,capital,,", "alias is empty; it must be filled"),
        ("Belmark,Orlo,official,1.1.2020,", "date '1.1.2020' is not an ISO date such as 2022-03-16"),
        ("Belmark,Orlo,official,2020-01-01,2020-01-01", "from 2020-01-01 is not before until 2020-01-01; it must be"),
        ("Belmark,Vessin", "2 fields; every row must have 5"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_what_is_allowed(read, row, complaint):
    with pytest.raises(StanceError, match=rf"actors0\.csv:3: {complaint}"):
        read(f"Ardania,Ardania,name,,\n{row}\n")


def test_an_alias_of_two_parties_on_one_day_is_refused_in_one_file_or_two(read):
    orlo = ("Ardania,Orlo,official,,2020-01-02\n", "Belmark,Orlo,official,2020-01-01,\n")
    complaint = (
        r"actors{}\.csv:{}: alias 'Orlo' stands for 'Belmark' and, at .*actors0\.csv:2, for 'Ardania' on the same days"
    )
    with pytest.raises(StanceError, match=complaint.format(0, 3)):
        read("".join(orlo))
    with pytest.raises(StanceError, match=complaint.format(1, 2)):
        read(*orlo)


def test_offices_that_follow_each_other_are_unambiguous(read):
    table = read("Ardania,Orlo,official,,2020-01-01\nBelmark,Orlo,official,2020-01-01,\n")
    assert table.actors == {"Ardania", "Belmark"}


def test_the_candidates_of_a_sentence_are_the_parties_it_names_with_all_their_mentions():
    (example,) = build_examples(["Belmark met Ardania in Vessin."], TABLE)
    assert example.context == ""
    assert example.candidates == (Candidate("Belmark", ((0, 7), (23, 29))), Candidate("Ardania", ((12, 19),)))


def test_he_may_be_any_party_of_the_sentence_before():
    example = build_examples(["Belmark met Ardania.", "He refused to leave."], TABLE)[1]
    assert example.context == "Belmark; Ardania; Belmark met Ardania."
    assert example.candidates == (
        Candidate("Belmark", (), ((0, 7), (18, 25))),
        Candidate("Ardania", (), ((9, 16), (30, 37))),
    )


def test_a_party_named_again_is_found_in_its_own_sentence():
    example = build_examples(["Belmark met Ardania.", "Ardania refused."], TABLE)[1]
    assert example.candidates == (Candidate("Ardania", ((0, 7),)), Candidate("Belmark", (), ((0, 7),)))


def test_a_sentence_that_names_nobody_is_read_with_the_one_before():
    example = build_examples(["Belmark refused.", "It rained.", "He refused."], TABLE)[2]
    assert example.context == "Belmark; It rained."
    assert example.candidates == (Candidate("Belmark", (), ((0, 7),)),)


def test_a_sentence_that_names_a_party_is_read_without_the_one_before():
    example = build_examples(["Belmark refused.", "Ardania agreed."], TABLE)[1]
    assert example.context == "Belmark"


def test_where_nobody_was_named_the_context_is_the_sentence_before():
    example = build_examples(["It rained.", "He refused."], TABLE)[1]
    assert (example.context, example.candidates) == ("It rained.", ())


def test_a_party_stays_a_candidate_however_long_nobody_else_is_named():
    examples = build_examples(["Belmark spoke.", *["It rained."] * 20], TABLE)
    assert [candidate.actor for candidate in examples[-1].candidates] == ["Belmark"]


def test_a_party_is_forgotten_after_three_sentences_that_name_others():
    others = ["Ardania spoke."] * N_CARRIED_SENTENCES
    *_, last_with, without = build_examples(["Belmark spoke.", *others, "He refused."], TABLE)
    assert [candidate.actor for candidate in last_with.candidates] == ["Ardania", "Belmark"]
    assert [candidate.actor for candidate in without.candidates] == ["Ardania"]


def test_the_party_named_last_is_the_first_of_the_carried():
    example = build_examples(["Belmark spoke.", "Ardania spoke.", "He refused."], TABLE)[2]
    assert [candidate.actor for candidate in example.candidates] == ["Ardania", "Belmark"]


def test_the_first_sentence_has_no_context_and_no_one_carried():
    (example,) = build_examples(["He refused."], TABLE)
    assert (example.context, example.candidates) == ("", ())


def test_a_party_that_the_outlet_names_may_be_who_speaks():
    first, _, third = build_examples(["We refuse.", "Ardania agreed.", "We refuse."], TABLE, outlet="Belmark News")
    assert (first.context, first.candidates) == ("Belmark News", (Candidate("Belmark", (), ((0, 7),)),))
    assert third.context == "Ardania; Belmark News; Ardania agreed."
    assert third.candidates == (Candidate("Ardania", (), ((0, 7), (23, 30))), Candidate("Belmark", (), ((9, 16),)))


def test_a_party_named_in_the_sentence_stands_there_and_not_in_the_outlet():
    (example,) = build_examples(["Belmark refused."], TABLE, outlet="Belmark News")
    assert (example.context, example.candidates) == ("Belmark News", (Candidate("Belmark", ((0, 7),)),))


def test_an_outlet_that_names_no_party_is_not_read():
    sentences = ["Belmark refused.", "He would not go."]
    assert build_examples(sentences, TABLE, outlet="The Post") == build_examples(sentences, TABLE)


def test_no_sentences_make_no_examples():
    assert build_examples([], TABLE) == []


def test_examples_know_the_date_of_their_report():
    table = ActorTable([alias("Belmark", "Orlo", AliasKind.OFFICIAL, since=CHANGE_OF_OFFICE)])
    assert build_examples(["Orlo refused."], table, dt.date(2019, 1, 1))[0].candidates == ()
    assert build_examples(["Orlo refused."], table, dt.date(2021, 1, 1))[0].candidates[0].actor == "Belmark"


def test_each_alias_of_the_shipped_table_stands_for_its_party():
    table = ActorTable.read(ACTORS)
    lost = [
        one
        for one in table.aliases
        if one.kind is not AliasKind.OTHER
        and [mention.actor for mention in table.find(one.alias, one.since or dt.date.min)] != [one.actor]
    ]
    assert lost == []


def test_only_the_first_sentence_of_a_report_has_nothing_before_it():
    examples = build_examples(["Belmark spoke.", "It refused.", "Nobody spoke."], TABLE)
    assert [example.is_first for example in examples] == [True, False, False]


def test_a_headline_in_capitals_names_parties_too():
    table = ActorTable([Alias("Belmark", "Belmark", AliasKind.NAME), Alias("Ardania", "ARD", AliasKind.NAME)])
    assert [mention.actor for mention in table.find("BELMARK TO ARD: NO")] == ["Belmark", "Ardania"]
    assert [mention.actor for mention in table.find("BELMARK to ARD: no")] == ["Ardania"]

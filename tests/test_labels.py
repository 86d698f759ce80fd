"""The CSV of labelled sentences, to and from checked records."""

import datetime as dt

import pytest

from stance.codebook import NOBODY, Issue, Label, Source, Stance, StanceError
from stance.labels import COLUMNS, LabelledSentence, read_labels, write_labels

REFUSAL = "r1,1,2022-03-16,Delta,Belmark refused to meet Ardania.,Belmark,rejection,talks,authored"
NAMED = "r1,1,2022-03-16,Delta,Belmark refused to meet Ardania.,Ardania,none,,authored"
RAIN = "r1,2,2022-03-16,Delta,It rained.,,none,,authored"


@pytest.fixture
def labels(tmp_path):
    """Writes rows below the header and reads them."""

    def read(*rows):
        path = tmp_path / "labels.csv"
        path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
        return read_labels(path)

    return read


def test_the_rows_of_a_sentence_become_one_record(labels):
    assert labels(NAMED, REFUSAL) == [
        LabelledSentence(
            report_id="r1",
            position=1,
            date=dt.date(2022, 3, 16),
            conflict="Delta",
            text="Belmark refused to meet Ardania.",
            source=Source.AUTHORED,
            stances=(Stance("Belmark", Label.REJECTION, Issue.TALKS),),
            mentions=("Ardania",),
        )
    ]


def test_a_sentence_without_party_or_stance_has_neither(labels):
    (sentence,) = labels(RAIN)
    assert (sentence.stances, sentence.mentions) == ((), ())


def test_an_actor_may_hold_two_stances_in_a_sentence(labels):
    (sentence,) = labels(REFUSAL, REFUSAL.replace("rejection,talks", "demand,territory"))
    assert [stance.label for stance in sentence.stances] == [Label.DEMAND, Label.REJECTION]


def test_a_stance_may_have_an_unclear_holder_beside_a_party_that_is_named(labels):
    (sentence,) = labels(REFUSAL.replace(",Belmark,", ",,"), NAMED)
    assert sentence.stances == (Stance(NOBODY, Label.REJECTION, Issue.TALKS),)
    assert sentence.mentions == ("Ardania",)


def test_a_date_may_be_unknown(labels):
    assert labels(RAIN.replace("2022-03-16", ""))[0].date is None


def test_outlets_are_those_of_the_reports_told_beside(labels, tmp_path):
    rows = RAIN, RAIN.replace("r1", "r2")
    assert [sentence.outlet for sentence in labels(*rows)] == ["", ""]
    told = "report_id,conflict,date,outlet,url\nr2,Delta,2022-03-16,The Delta Post,\n"
    (tmp_path / "reports.csv").write_text(told, encoding="utf-8")
    assert [sentence.outlet for sentence in labels(*rows)] == ["", "The Delta Post"]
    (tmp_path / "reports.csv").write_text(told + "r2,Delta,2022-03-16,The Other Post,\n", encoding="utf-8")
    with pytest.raises(StanceError, match=r"reports\.csv:3: report 'r2' stands twice; once is allowed"):
        labels(*rows)


def test_a_reports_csv_about_something_else_tells_no_outlets(labels, tmp_path):
    (tmp_path / "reports.csv").write_text("report_id,file,date\nr1,a.txt,2022-03-16\n", encoding="utf-8")
    assert labels(RAIN)[0].outlet == ""


def test_sentences_are_sorted_by_report_and_by_position_as_a_number(labels):
    rows = [RAIN.replace("r1,2", key) for key in ("r2,1", "r1,10", "r1,9")]
    assert [(sentence.report_id, sentence.position) for sentence in labels(*rows)] == [("r1", 9), ("r1", 10), ("r2", 1)]


def test_rows_of_a_sentence_need_not_stand_together(labels):
    assert [len(sentence.mentions) for sentence in labels(REFUSAL, RAIN, NAMED)] == [1, 0]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (
            REFUSAL.replace("rejection", "rejectoin"),
            "label 'rejectoin' is not one of demand, concession, rejection, precondition, none",
        ),
        (REFUSAL.replace("talks", "talk"), "issue 'talk' is not one of territory, .*, talks, other"),
        (REFUSAL.replace(",talks", ","), "issue '' is not one of"),
        (NAMED.replace("none,", "none,talks"), "issue 'talks' with label none; it must be empty"),
        (REFUSAL.replace("authored", "invented"), "source 'invented' is not one of seed, report, authored"),
        (REFUSAL.replace("2022-03-16", "2022-02-30"), "date '2022-02-30' is not an ISO date such as 2022-03-16"),
        (RAIN.replace("It rained.", " "), "sentence is empty; it must be filled"),
        (RAIN.replace("r1,", ","), "report_id is empty; it must be filled"),
    ],
)
def test_a_bad_value_is_refused_with_its_line_and_what_is_allowed(labels, row, complaint):
    with pytest.raises(StanceError, match=rf"labels\.csv:3: {complaint}"):
        labels(RAIN.replace("r1", "r0"), row)


@pytest.mark.parametrize("position", ["0", "-1", "1.0", "", " 1", "²", "one"])
def test_a_position_counts_from_one(labels, position):
    with pytest.raises(StanceError, match=rf"labels\.csv:2: position '{position}' is not a whole number from 1"):
        labels(RAIN.replace("r1,2", f"r1,{position}"))


def test_an_absurdly_long_position_is_refused_like_any_other(labels):
    with pytest.raises(StanceError, match="is not a whole number from 1"):
        labels(RAIN.replace("r1,2", "r1," + "9" * 5000))


def test_the_same_stance_twice_is_refused(labels):
    with pytest.raises(StanceError, match=r":3: 'Belmark', rejection, talks stands twice for this sentence; once"):
        labels(REFUSAL, REFUSAL)


@pytest.mark.parametrize("rows", [(REFUSAL, NAMED), (NAMED, REFUSAL), (NAMED, NAMED)])
def test_none_must_be_the_only_row_of_its_actor(labels, rows):
    one_actor = [row.replace(",Belmark,", ",Ardania,") for row in rows]
    with pytest.raises(StanceError, match=r":3: actor 'Ardania' .* row .*none"):
        labels(*one_actor)


def test_a_row_that_says_nobody_holds_anything_must_be_alone(labels):
    nobody = NAMED.replace(",Ardania,none", ",,none")
    for other in (REFUSAL, NAMED):
        with pytest.raises(StanceError, match="empty actor and label none must be the sentence's only row"):
            labels(nobody, other)


@pytest.mark.parametrize(
    ("told", "otherwise"),
    [("2022-03-16", "2022-03-17"), (",Delta,", ",Port,"), ("meet", "see"), ("authored", "report")],
)
def test_the_rows_of_a_sentence_must_agree(labels, told, otherwise):
    with pytest.raises(
        StanceError, match=r"labels\.csv:3: r1 position 1 has other date, conflict, .* than at .*labels\.csv:2"
    ):
        labels(REFUSAL, NAMED.replace(told, otherwise))


def test_what_is_written_is_read_again(tmp_path):
    sentences = [
        LabelledSentence(
            report_id="r1",
            position=1,
            date=None,
            conflict="",
            text=' "Never, ever",\r\nsaid Belmark — 永不 🚫\t',
            source=Source.REPORT,
            stances=(Stance("Belmark", Label.DEMAND, Issue.OTHER), Stance("Belmark", Label.REJECTION, Issue.TALKS)),
            mentions=("Ardania", "Castrovia"),
        ),
        LabelledSentence("r1", 2, dt.date(2022, 3, 16), "Delta", "It rained.", Source.SEED),
        LabelledSentence("r1", 10, None, "", "Ardania watched.", Source.AUTHORED, mentions=("Ardania",)),
    ]
    write_labels(tmp_path / "labels.csv", sentences)
    assert read_labels(tmp_path / "labels.csv") == sentences


def test_an_unclear_holder_survives_writing(tmp_path):
    unclear = LabelledSentence(
        "r1", 1, None, "", "No.", Source.SEED, (Stance(NOBODY, Label.REJECTION, Issue.OTHER),), ("Ardania",)
    )
    write_labels(tmp_path / "labels.csv", [unclear])
    assert read_labels(tmp_path / "labels.csv") == [unclear]

import datetime as dt

from stance.codebook import DatedStance, Issue, Label
from stance.reading import coded_reports
from stance.shifts import analyse_tally, tally
from stance.story import story


def stances(day, label, n, actor="Belmark", issue=Issue.TALKS):
    place = dt.date(2030, 1, day)
    return [DatedStance(f"{actor}{day}", place, number, "…", actor, label, issue) for number in range(1, n + 1)]


def told(*found):
    counted = tally(coded_reports([one for some in found for one in some]))
    return story(analyse_tally(counted), counted)


def test_the_story_has_five_sentences_with_numbers_and_intervals():
    sentences = told(
        stances(1, Label.REJECTION, 40), stances(9, Label.CONCESSION, 40), stances(1, Label.DEMAND, 3, "Ardania")
    )
    assert sentences == [
        "3 reports from 2030-01-01 to 2030-01-09 hold 83 stances of 2 actors: 80 of Belmark and 3 of Ardania.",
        "Belmark held firm in 100% (94% to 100%) of its stances on 2030-01-01 and in 0% (0% to 6%) on 2030-01-09.",
        "Ardania held firm in 100% (46% to 100%) of its stances on 2030-01-01.",
        "Of 1 change in an actor's firmness from one period to the next 1 is clear, Belmark's from 2030-01-01 to "
        "2030-01-09, -100 percentage points (-100 to -91); of those called clear at most one in twenty is expected "
        "to be chance.",
        "Positions on an issue changed 1 time (1 softening), most often on talks (1), most recently on 2030-01-09, "
        "where Belmark went from rejection to concession on talks.",
    ]


def test_an_unclear_change_is_not_told_as_one():
    sentences = told(stances(1, Label.DEMAND, 3), stances(9, Label.DEMAND, 3))
    assert "none is clear" in sentences[2]
    assert "these reports do not tell" in sentences[2]
    assert sentences[3] == "No actor's position on an issue is another than in the period before."


def test_of_actors_with_few_stances_no_firmness_is_told():
    sentences = told(stances(1, Label.DEMAND, 2), stances(1, Label.DEMAND, 1, "Ardania"))
    assert sentences[1] == "No actor has two periods with 3 stances or more, so no firmness is compared."


def test_one_report_of_one_actor_is_told_in_the_singular():
    assert told(stances(1, Label.DEMAND, 1))[0] == "1 report of 2030-01-01 holds 1 stance of 1 actor."

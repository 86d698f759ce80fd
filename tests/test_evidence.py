import base64
import datetime as dt
import hashlib
import json

from stance.codebook import DatedStance, Issue, Label
from stance.evidence import evidence_table, likeliest, page_script
from stance.periods import period_of
from stance.positions import positions


def stance(day, position=1, probability=1.0, actor="Belmark", issue=Issue.TALKS, sentence="Belmark spoke."):
    place = (f"r{day}", dt.date(2030, 1, day), position, sentence)
    return DatedStance(*place, actor, Label.DEMAND, issue, probability)


def table(*stances, **options):
    references = {one.report_id: f"The Delta Post: {one.report_id}" for one in stances}
    found = positions(stances, sorted({one.actor for one in stances}), period_of)
    return evidence_table(found, references, **options)


def test_every_stance_is_a_row_in_order_of_date_report_and_sentence():
    made = table(stance(9), stance(1, position=2), stance(1, actor="Ardania", probability=0.8765))
    data = json.loads(made.data)
    assert (made.n_rows, made.n_all, made.has_probabilities) == (3, 3, True)
    assert data["rows"] == [
        ["2030-01-01", 0, 0, "demand", "talks", 0, 0, 1, 0.876],
        ["2030-01-01", 0, 1, "demand", "talks", 0, 0, 2, 1.0],
        ["2030-01-09", 1, 1, "demand", "talks", 0, 1, 1, 1.0],
    ]
    assert data["actors"] == ["Ardania", "Belmark"]
    assert data["periods"] == ["2030-01-01", "2030-01-09"]
    assert data["reports"] == ["The Delta Post: r1", "The Delta Post: r9"]


def test_a_sentence_is_held_once_however_many_stances_it_has():
    made = table(stance(1), stance(1, issue=Issue.TERRITORY), stance(1, actor="Ardania"))
    assert made.data.count("Belmark spoke.") == 1


def test_no_text_ends_the_element_or_begins_another():
    hostile = "</script><!--<script>&amp;\u2028\u2029"
    made = table(stance(1, sentence=hostile, actor=hostile))
    assert not set("<>&\u2028\u2029") & set(made.data)
    data = json.loads(made.data)
    assert (data["sentences"], data["actors"]) == ([hostile], [hostile])


def test_other_scripts_are_not_spelled_out_in_escapes():
    assert "Дельта" in table(stance(1, sentence="Дельта")).data


def test_of_too_many_the_likeliest_of_each_actor_issue_and_period_stay():
    ours = [stance(1, position, probability=position / 10) for position in range(1, 6)]
    theirs = [stance(1, 1, probability=0.01, actor="Ardania"), stance(9, 1, probability=0.02)]
    made = table(*ours, *theirs, max_rows=4)
    kept = [(row[0], row[7], row[8]) for row in json.loads(made.data)["rows"]]
    assert (made.n_rows, made.n_all) == (4, 7)
    assert kept == [("2030-01-01", 1, 0.01), ("2030-01-01", 4, 0.4), ("2030-01-01", 5, 0.5), ("2030-01-09", 1, 0.02)]


def test_where_even_one_of_each_is_too_many_the_likeliest_stay():
    made = table(*[stance(day, probability=day / 10) for day in range(1, 6)], max_rows=2)
    assert [row[8] for row in json.loads(made.data)["rows"]] == [0.4, 0.5]


def test_the_likeliest_keep_their_order():
    stances = [stance(1, 1, 0.9), stance(1, 2, 0.1), stance(1, 3, 0.95), stance(1, 4, 0.9)]
    assert [one.position for one in likeliest(stances, 2)] == [1, 3]


def test_the_hash_is_that_of_the_script():
    script = page_script()
    digest = base64.b64encode(hashlib.sha256(str(script.text).encode()).digest()).decode()
    assert script.source == f"'sha256-{digest}'"


def test_the_script_makes_elements_of_text_alone():
    for risky in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval", "Function(", "</"):
        assert risky not in page_script().text

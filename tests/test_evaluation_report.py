"""The evaluation as people and programs read it."""

import copy
import json

import pytest
from jinja2 import UndefinedError

from stance.codebook import LABELS, Label
from stance.evaluation import Attribution, Evaluation, LabelScore, as_json
from stance.evaluation_report import environment, summary_table, write_evaluation
from stance.metrics import METRICS, Estimate

SEEDS, TEST = "seeds", "frozen test"


def evaluation(classifier, test, macro=0.71):
    return as_json(
        Evaluation(
            classifier=classifier,
            test=test,
            n_reports=2,
            n_sentences=10,
            scores=dict.fromkeys(METRICS, Estimate(0.5, 0.4, 0.6)) | {"macro_f1": Estimate(macro, 0.66, 0.75)},
            labels={label: LabelScore(0.8, 0.7, 0.747, 10 + column) for column, label in enumerate(LABELS)},
            attribution=Attribution(0.91, 21, 3, 4, 5),
        )
    )


@pytest.fixture
def record():
    """All that ``train.py`` writes, of two classifiers on two tests."""
    names = ["TF-IDF", "majority"]
    difference = {"value": 0.1, "low": -0.05, "high": 0.2}
    scores = ("macro_f1", "actor_label_f1", "actor_label_issue_f1")
    return {
        "settings": {"leave_one_seed_out": False, "seed": 1},
        "data": {"hash": "0123456789abcdef", "n_train": 40, "n_development": 10, "n_test": 11, "n_seeds": 12},
        "tests": [SEEDS, TEST],
        "evaluations": [evaluation(name, test) for name in names for test in (SEEDS, TEST)],
        "comparisons": [
            {"test": SEEDS, "first": "TF-IDF", "second": "majority", "scores": dict.fromkeys(scores, difference)}
        ],
        "annotators": {"kappa_stance": 0.81, "kappa_labels": 0.72, "scores": dict.fromkeys(scores, 0.777)},
        "contender_names": names,
        "curve": [
            {"classifier": name, "share": share, "n_sentences": 40, "macro_f1": difference}
            for name in names
            for share in (0.125, 1.0)
        ],
        "seconds": {"TF-IDF": {"train": 1.5}, "majority": {"train": 0.0}},
        "total_seconds": 90.0,
    }


def written(folder, record):
    return write_evaluation(folder, record)[1].read_text(encoding="utf-8")


def tables(text):
    """Each Markdown table as its rows of cells."""
    blocks = [block.strip().splitlines() for block in text.split("\n\n")]
    return [[line.strip("|").split("|") for line in block] for block in blocks if block[0].startswith("|")]


def test_the_json_is_the_record(tmp_path, record):
    as_data, as_text = write_evaluation(tmp_path / "new" / "reports", record)
    assert json.loads(as_data.read_text(encoding="utf-8")) == record
    assert (as_data.name, as_text.name) == ("evaluation.json", "evaluation.md")


def test_every_row_of_every_table_has_as_many_cells_as_its_heading(tmp_path, record):
    found = tables(written(tmp_path, record))
    assert len(found) == 3 * 2 + 3
    for table in found:
        assert {len(row) for row in table} == {len(table[0])}
        assert len(table) > 2


def test_each_test_has_a_section_with_every_classifier(tmp_path, record):
    text = written(tmp_path, record)
    for test in ("Seeds", "Frozen test"):
        section = text.partition(f"## {test}\n")[2].partition("\n## ")[0]
        assert "| TF-IDF | 0.710 [0.660, 0.750] |" in section
        assert "| majority | 0.710 [0.660, 0.750] |" in section


def test_labels_and_errors_are_told_but_not_for_the_majority(tmp_path, record):
    text = written(tmp_path, record)
    assert "| TF-IDF | rejection | 0.800 | 0.700 | 0.747 | 12 |" in text
    assert "| TF-IDF | 0.910 | 21 | 3 | 4 | 5 |" in text
    assert f"| majority | {Label.REJECTION} |" not in text


def test_differences_are_written_with_their_signs(tmp_path, record):
    assert "| seeds | TF-IDF less majority | +0.100 [-0.050, +0.200] |" in written(tmp_path, record)


def test_the_learning_curve_gives_shares_in_per_cent(tmp_path, record):
    text = written(tmp_path, record)
    assert "| TF-IDF | 12.5 % | 40 | 0.100 [-0.050, 0.200] |" in text
    assert "| TF-IDF | 100 % | 40 |" in text


def test_what_was_not_measured_has_no_section(tmp_path, record):
    record |= {"annotators": None, "comparisons": [], "curve": record["curve"][1::2]}
    text = written(tmp_path, record)
    assert "second annotator" not in text
    assert "Side by side" not in text
    assert "Learning curve" not in text


def test_the_smallest_setting_is_explained_only_where_it_was_tested(tmp_path, record):
    without = written(tmp_path, record)
    record["settings"]["leave_one_seed_out"] = True
    assert "left one out" not in without
    assert "trained on four seed reports" in written(tmp_path, record)


def test_a_record_with_a_part_missing_is_not_written_as_if_it_were_whole(tmp_path, record):
    del record["seconds"]
    with pytest.raises(UndefinedError, match="'seconds' is undefined"):
        write_evaluation(tmp_path, record)


def test_the_summary_aligns_its_columns_and_groups_the_tests(record):
    lines = summary_table(record["evaluations"]).splitlines()
    assert len(lines) == 2 + 4
    assert [line.split("  ")[0] for line in lines[2:]] == [TEST, TEST, SEEDS, SEEDS]
    start = lines[0].index("macro-F1")
    assert all(line[start - 2 : start] == "  " and line[start] != " " for line in lines)


def test_the_summary_of_nothing_is_its_heading():
    assert len(summary_table([]).splitlines()) == 2


def test_the_record_is_not_changed_by_writing_it(tmp_path, record):
    before = copy.deepcopy(record)
    write_evaluation(tmp_path, record)
    assert record == before


def test_names_are_written_to_markdown_as_they_are():
    assert environment().from_string("{{ name }}").render(name="R&D <2>") == "R&D <2>"

"""The data files are held against their rules and against each other."""

from pathlib import Path

import pytest

from stance.codebook import StanceError
from stance.datacheck import check_data
from stance.labels import COLUMNS

PROJECT = Path(__file__).parents[1]
LABEL_HEADER = ",".join(COLUMNS) + "\n"
SEED_LABELS = (
    LABEL_HEADER + "seed-0,1,2022-03-16,Delta,Belmark refused.,Belmark,rejection,talks,seed\n"
    "seed-0,2,2022-03-16,Delta,It rained.,,none,,seed\n"
)
CORPUS_PASS = LABEL_HEADER + "r1,1,2022-01-01,Delta,Ardania agreed to a truce.,Ardania,concession,ceasefire,report\n"
FILES = {
    "seeds/s.txt": "Belmark refused. It rained.\n",
    "seeds/manifest.csv": "report_id,file,date\nseed-0,s.txt,2022-03-16\n",
    "data/actors.csv": "actor,alias,kind,from,until\nArdania,Ardania,name,,\nBelmark,Belmark,name,,\n",
    "data/labels.csv": SEED_LABELS,
    "data/annotation/seeds_pass_a.csv": SEED_LABELS,
    "data/annotation/seeds_pass_b.csv": SEED_LABELS,
    "data/annotation/corpus_pass_a.csv": CORPUS_PASS,
    "data/annotation/corpus_pass_b.csv": CORPUS_PASS,
    "data/corpus.csv": (
        LABEL_HEADER + "r1,1,2022-01-01,Delta,Ardania agreed to a truce.,Ardania,concession,ceasefire,report\n"
        "r2,1,2022-02-01,Port,Castrovia demands the port.,Castrovia,demand,territory,report\n"
        "a1,1,,invented,Ardania agreed to talk.,Ardania,concession,talks,authored\n"
        "r1,2,2022-01-01,Delta,The offer was refused.,,rejection,talks,report\n"
    ),
    "data/splits.csv": "report_id,split\na1,train\nr1,train\nr2,test\n",
    "data/reports.csv": (
        "report_id,conflict,date,outlet,url\nr1,Delta,2022-01-01,The Delta Post,\nr2,Port,2022-02-01,The Port Times,\n"
    ),
}


@pytest.fixture
def check(tmp_path):
    """Writes the toy files, some of them others, with ``old`` replaced by ``new`` in one, and checks them."""

    def check_with(name="", old="", new="", files=None):
        for file, content in {**FILES, **(files or {})}.items():
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content.replace(old, new) if file == name else content)
        return check_data(tmp_path)

    return check_with


def test_files_that_follow_their_rules_are_counted(check):
    assert check() == [
        "data/actors.csv: 2 parties, 2 aliases",
        "data/labels.csv: 2 sentences of 1 reports, 1 without; 1 stances: "
        "0 demand, 0 concession, 1 rejection, 0 precondition",
        "  1 of 1 holders are among the candidates (1.000)",
        "data/corpus.csv: 4 sentences of 3 reports, 0 without; 4 stances: "
        "1 demand, 2 concession, 1 rejection, 0 precondition",
        "  test: 1 sentences of 1 reports, 0 without; 1 stances: 1 demand, 0 concession, 0 rejection, 0 precondition",
        "  train: 3 sentences of 2 reports, 0 without; 3 stances: 0 demand, 2 concession, 1 rejection, 0 precondition",
        "  1 of 2 holders are among the candidates (0.500)",
        "  holders without an alias: Castrovia",
        "data/annotation: two passes over the seeds, 2 sentences; Cohen's kappa 1.000 on stance or none, 1.000 on the "
        "label set; F1 demand 0.000, concession 0.000, rejection 1.000, precondition 0.000; (actor, label) 1.000, "
        "(actor, label, issue) 1.000",
        *(
            f"{part}1 sentences; Cohen's kappa 1.000 on stance or none, 1.000 on the label set; F1 demand 0.000, "
            "concession 1.000, rejection 0.000, precondition 0.000; (actor, label) 1.000, (actor, label, issue) 1.000"
            for part in ("data/annotation: two passes over a part of the corpus, ", "  r: ")
        ),
        "all data files follow their rules",
    ]


def test_the_projects_own_data_follow_their_rules():
    assert check_data(PROJECT)[-1] == "all data files follow their rules"


def test_where_the_annotators_differ_the_agreement_falls(check):
    lines = check("data/annotation/seeds_pass_b.csv", "rejection", "demand")
    assert "1.000 on stance or none, 0.333 on the label set" in lines[-4]
    assert "(actor, label) 0.000" in lines[-4]


def test_the_agreement_on_the_corpus_is_told_batch_by_batch(check):
    lines = check("data/annotation/corpus_pass_b.csv", "concession", "demand")
    assert ["r: 1 sentences" in line and "(actor, label) 0.000" in line for line in lines[-3:]] == [False, True, False]


@pytest.mark.parametrize(
    ("old", "new", "known"), [("agreed to a", "broke the", "Ardania agreed"), ("r1,1", "r1,9", "no such")]
)
def test_a_pass_over_the_corpus_must_be_over_its_own_sentences(check, old, new, known):
    with pytest.raises(StanceError, match=rf"corpus_pass_a\.csv: r1 position .*; the corpus has .*{known}"):
        check("data/annotation/corpus_pass_a.csv", old, new)


@pytest.mark.parametrize(("date", "distance"), [("2022-03-14", "2 days"), ("2022-03-18", "2 days")])
def test_no_training_report_may_tell_of_a_seeds_days(check, date, distance):
    files = {name: FILES[name].replace("2022-01-01", date) for name in ("data/corpus.csv", "data/reports.csv")}
    passes = {f"data/annotation/corpus_pass_{name}.csv": CORPUS_PASS.replace("2022-01-01", date) for name in "ab"}
    with pytest.raises(StanceError, match=rf"r1 position 1 is on Delta, of {date}; it must be more than {distance} fr"):
        check(files={**files, **passes})


@pytest.mark.parametrize("date", ["2022-03-13", "2022-03-19"])
def test_a_training_report_may_be_of_the_days_beside(check, date):
    files = {name: FILES[name].replace("2022-01-01", date) for name in ("data/corpus.csv", "data/reports.csv")}
    assert check(files=files)[-1] == "all data files follow their rules"


def test_no_training_sentence_may_repeat_a_seeds_words(check):
    long = "Belmark refused to let the envoys of Ardania cross the wide northern river."
    seeds = {
        name: FILES[name].replace("Belmark refused.", long) for name in FILES if "seed" in name or "labels" in name
    }
    corpus = FILES["data/corpus.csv"].replace("Ardania agreed to talk.", f"Then {long.replace('the river', 'a pass')}")
    with pytest.raises(
        StanceError, match=r"a1 position 1 shares 'belmark refused to let the .* with seed-0 position 1"
    ):
        check(files={**seeds, "seeds/s.txt": f"{long} It rained.\n", "data/corpus.csv": corpus})


def test_every_seed_sentence_must_be_labelled(check):
    with pytest.raises(
        StanceError, match=r"labels\.csv: seed-0 position 2 is not labelled; the seed has 'It rained\.' of 2022-03-16"
    ):
        check("data/labels.csv", "seed-0,2,2022-03-16,Delta,It rained.,,none,,seed\n", "")


def test_no_other_sentence_may_be_labelled(check):
    with pytest.raises(
        StanceError, match=r"labels\.csv: seed-0 position 2 is 'It rained\.' of .*; the seed has no such sentence"
    ):
        check("seeds/s.txt", " It rained.", "")


def test_a_labelled_sentence_must_be_the_seeds_own_words(check):
    with pytest.raises(StanceError, match=r"seed-0 position 2 is 'It snowed\.' of .*; the seed has 'It rained\.' of"):
        check("data/labels.csv", "It rained.", "It snowed.")


def test_a_labelled_sentence_must_have_the_manifests_date(check):
    with pytest.raises(StanceError, match=r"seed-0 position 1 is .* of 2022-03-17; the seed has .* of 2022-03-16"):
        check("data/labels.csv", "2022-03-16", "2022-03-17")


def test_a_wrong_date_is_named_beside_the_manifests(check):
    with pytest.raises(StanceError, match=r"2022-03-17.*2022-03-16"):
        check("data/labels.csv", "2022-03-16", "2022-03-17")


def test_the_two_passes_must_be_over_the_same_sentences(check):
    with pytest.raises(StanceError, match=r"pass_b\.csv: seed-0 position 2 is 'It snowed\.'"):
        check("data/annotation/seeds_pass_b.csv", "It rained.", "It snowed.")


def test_the_passes_must_be_over_the_labelled_sentences(check, tmp_path):
    check()
    for name in "ab":
        other = SEED_LABELS.replace("It rained.", "It snowed.")
        (tmp_path / f"data/annotation/seeds_pass_{name}.csv").write_text(other)
    with pytest.raises(StanceError, match="It snowed"):
        check_data(tmp_path)


@pytest.mark.parametrize(
    ("name", "old", "new"), [("corpus", ",report\n", ",seed\n"), ("labels", ",seed\n", ",report\n")]
)
def test_seeds_stand_in_the_labels_and_nothing_else_does(check, name, old, new):
    with pytest.raises(StanceError, match=rf"{name}\.csv.*source"):
        check(f"data/{name}.csv", old, new)


def test_a_dated_report_of_the_corpus_must_be_listed(check):
    with pytest.raises(StanceError, match=r"reports\.csv: r2 is not listed; the corpus has \('Port', .*2022, 2, 1"):
        check("data/reports.csv", "r2,Port,2022-02-01,The Port Times,\n", "")


@pytest.mark.parametrize(("old", "new"), [("r2,Port", "r2,Delta"), ("2022-02-01", "2022-02-02")])
def test_a_report_is_listed_with_its_own_conflict_and_date(check, old, new):
    with pytest.raises(StanceError, match=r"reports\.csv: r2 is \(.*\); the corpus has \('Port', .*2022, 2, 1"):
        check("data/reports.csv", old, new)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [("The Port Times", "", "'r2' has no outlet; each"), ("r2,", "r1,", "report 'r1' stands twice; once is allowed")],
)
def test_each_report_is_listed_once_with_its_outlet(check, old, new, fault):
    with pytest.raises(StanceError, match=rf"reports\.csv:3: {fault}"):
        check("data/reports.csv", old, new)


@pytest.mark.parametrize("rows", ["r1,wire\nr2,wire\n", "r9,wire\n"])
def test_registers_are_told_of_all_reports_that_test_and_of_no_other(check, rows):
    check(files={"data/registers.csv": "report_id,register\nr2,feature\n"})
    with pytest.raises(StanceError, match=r"registers\.csv: r[12].*: each development and test report must have a row"):
        check(files={"data/registers.csv": f"report_id,register\n{rows}"})


def test_each_report_of_the_corpus_has_a_split(check):
    with pytest.raises(StanceError, match=r"splits\.csv: a1: each report of the corpus must have one row"):
        check("data/splits.csv", "a1,train\n", "")


@pytest.mark.parametrize("name", [name for name in FILES if name != "seeds/s.txt"])
def test_no_data_file_may_be_missing(check, tmp_path, name):
    check()
    (tmp_path / name).unlink()
    with pytest.raises(StanceError, match=rf"{name}: no such file"):
        check_data(tmp_path)


def test_data_without_a_single_label_are_refused(tmp_path):
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.split("\n")[0] + "\n")
    with pytest.raises(StanceError, match=r"(labels|manifest)\.csv"):
        check_data(tmp_path)

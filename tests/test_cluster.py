"""Archives on many workers: Ray, and the recipes for other engines as docs/scaling.md gives them."""

import datetime as dt
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
from pages import blocks

from stance.archive import SCHEMA
from stance.batch import Decision, classify_table
from stance.cluster import classify_with_ray
from stance.codebook import LABELS, StanceError

GUIDE = Path(__file__).parents[1] / "docs/scaling.md"
REFUSAL = "Belmark refuses to leave the delta. Ardania, its neighbour, demands a truce."
REPORTS = [
    {"report_id": "r1", "date": "2020-01-01", "text": REFUSAL, "title": "No truce", "outlet": "The Post"},
    {"report_id": "r2", "date": "", "text": "It rained."},
    {"report_id": "r3", "date": None, "text": ""},
    {"report_id": "r4", "date": "2 May", "text": REFUSAL},
    {"report_id": "r5", "text": f"Ardania will talk only if Belmark withdraws. {REFUSAL}"},
    {"report_id": "r6", "date": "2020-03-01", "text": "…", "outlet": ""},
]
DATED = [
    {"report_id": "p1", "date": dt.date(2020, 1, 2), "text": REFUSAL},
    {"report_id": "p2", "date": None, "text": "Ardania agreed to withdraw from the port."},
]
KEYS = ["report_id", "position", "actor", "label", "issue"]


@pytest.fixture(scope="module")
def actors(tmp_path_factory):
    """An alias table with the parties of the toy reports."""
    path = tmp_path_factory.mktemp("actors") / "actors.csv"
    path.write_text("actor,alias,kind,from,until\nArdania,Ardania,name,,\nBelmark,Belmark,name,,\n", encoding="utf-8")
    return path


def recipe(heading, language):
    """The code block in ``language`` below a heading of the guide."""
    [found] = [block.text for block in blocks(GUIDE) if (block.heading, block.language) == (heading, language)]
    return found


def run(heading, **names):
    """What is defined after a block of Python has run with ``names`` defined before."""
    names = {"__name__": "recipe", "model": "tfidf"} | names
    exec(recipe(heading, "python"), names)  # noqa: S102 - our own document
    return names


def in_order(table):
    return table.sort_values(KEYS).reset_index(drop=True)


def assert_same(found, expected):
    """The same rows in any order; the places in the reasons differ."""
    assert list(found) == list(expected) == list(Decision._fields)
    found, expected = in_order(found), in_order(expected)
    assert (found["reason"] != "").tolist() == (expected["reason"] != "").tolist()
    exact = [name for name in expected if name not in (*LABELS, "reason")]
    assert found[exact].to_dict("records") == expected[exact].to_dict("records")
    assert found[list(LABELS)].to_numpy() == pytest.approx(expected[list(LABELS)].to_numpy(), abs=1e-4)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Toy reports in files of all kinds, one of which is none of them, and a broken line."""
    folder = tmp_path_factory.mktemp("archive")
    lines = [*map(json.dumps, REPORTS), "{broken"]
    (folder / "reports.jsonl").write_text("\n".join(lines), encoding="utf-8")
    pd.DataFrame(DATED).to_parquet(folder / "reports.parquet")
    (folder / "reports.csv").write_text('text,report_id\n"It rained.\nIt snowed.",007\n', encoding="utf-8")
    (folder / "reports.docx").write_bytes(b"PK")
    return folder


@pytest.fixture(scope="module")
def from_ray(archive, actors, tmp_path_factory):
    """What two workers make of the archive, a few reports at a time."""
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    out = tmp_path_factory.mktemp("ray") / "stances.parquet"
    files = sorted(archive.iterdir())
    n_rejected = classify_with_ray(files, out, model="tfidf", actors=actors, n_workers=2, block_bytes=200)
    ray.shutdown()
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    return n_rejected, pd.read_parquet(out)


def test_two_workers_find_what_one_process_finds(from_ray, actors):
    _, found = from_ray
    rows = [*REPORTS, *DATED, {"report_id": "007", "text": "It rained.\nIt snowed."}]
    expected = classify_table(pd.DataFrame(rows), model="tfidf", actors=actors)
    assert {"Ardania", "Belmark"} < set(expected["actor"])
    assert_same(found[found["report_id"] != ""], expected)


def test_what_cannot_be_read_on_a_worker_comes_out_with_its_place_and_reason(from_ray):
    n_rejected, found = from_ray
    reasons = sorted(re.sub(r"^.*/(?=reports\.)", "", reason) for reason in found["reason"] if reason)
    assert n_rejected == len(reasons)
    assert [reason.partition("; ")[0] for reason in reasons] == [
        "reports.docx: a .docx",
        "reports.jsonl:3: text is missing or empty",
        "reports.jsonl:4: date '2 May' is not understood",
        "reports.jsonl:7: Expecting property name enclosed in double quotes at character 2",
        "the text holds no sentence",
    ]


def test_dates_are_dates_whatever_they_were(from_ray):
    _, found = from_ray
    dates = found.set_index("report_id")["date"]
    assert {dates["r1"].iloc[0], dates["p1"].iloc[0]} == {dt.date(2020, 1, 1), dt.date(2020, 1, 2)}
    assert dates["r2"] is None


def test_the_columns_on_disk_are_those_of_a_decision():
    assert tuple(SCHEMA.names) == Decision._fields


def test_the_guide_explains_every_column_of_a_decision():
    [table] = re.findall(r"^\| column \|.*?\n\n", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert [name for row in table.strip().splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])] == [
        *Decision._fields
    ]


def refused(folder, message, **options):
    settings = {"model": "tfidf", "actors": None, "n_workers": 2} | options
    with pytest.raises(StanceError, match=message):
        classify_with_ray([folder / "reports.jsonl"], folder / "out", **settings)


def test_a_folder_that_exists_is_refused(tmp_path):
    (tmp_path / "out").mkdir()
    refused(tmp_path, r"out: exists; name another folder")


def test_a_model_that_is_not_there_is_refused_before_anything_starts(tmp_path):
    refused(tmp_path, "no-model", model=str(tmp_path / "no-model"))
    assert list(tmp_path.iterdir()) == []


def test_no_worker_at_all_is_refused(tmp_path):
    refused(tmp_path, "-1 workers; at least one is needed", n_workers=-1)


def test_without_ray_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray.data", None)
    refused(tmp_path, r"--workers needs Ray: pip install '\.\[ray\]' in the project's folder")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def tables(tmp_path, actors):
    """Two Parquet files of reports, one of which is bad and one a copy, and what one process finds in them."""
    folder = tmp_path / "reports"
    folder.mkdir()
    rows = [{"title": "", "copy_of": "", "date": None} | row for row in (REPORTS[0], REPORTS[2], REPORTS[4])]
    copies = [{"copy_of": "r1"} | REPORTS[0] | {"report_id": "r7"}]
    columns = ["report_id", "date", "title", "copy_of", "text"]
    pd.DataFrame(rows, columns=columns).to_parquet(folder / "1.parquet")
    pd.DataFrame(copies, columns=columns).to_parquet(folder / "2.parquet")
    return folder, classify_table(pd.DataFrame([*rows, *copies], columns=columns), model="tfidf", actors=actors)


@pytest.mark.skipif(not (shutil.which("java") or os.environ.get("JAVA_HOME")), reason="Spark needs Java")
def test_the_recipe_for_spark_finds_what_one_process_finds(tables, actors, tmp_path, monkeypatch):
    sql = pytest.importorskip("pyspark.sql")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    folder, expected = tables
    local = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        run("Spark", archive=str(folder), actors=str(actors), out=str(tmp_path / "stances.parquet"))
    finally:
        local.stop()
    assert_same(pd.read_parquet(tmp_path / "stances.parquet"), expected)


def test_the_recipe_for_dask_finds_what_one_process_finds(tables, actors, tmp_path):
    pytest.importorskip("dask.dataframe")
    folder, expected = tables
    run("Dask", archive=str(folder), actors=str(actors), out=str(tmp_path / "stances.parquet"))
    assert_same(pd.read_parquet(tmp_path / "stances.parquet"), expected)


@pytest.fixture
def stances(tmp_path):
    """A folder with the decisions on a report, its copy, and a record that could not be read."""
    january, february = dt.date(2020, 1, 31), dt.date(2020, 2, 1)
    rows = [
        Decision("r1", january, actor="Belmark", label="demand", issue="talks"),
        Decision("r1", january, actor="Belmark", label="rejection", issue="talks"),
        Decision("r1", january, actor="Ardania"),
        Decision("r2", january, actor="Belmark", label="demand", issue="talks", copy_of="r1"),
        Decision("r3", february, actor="Belmark", label="demand", issue="talks"),
        Decision("r4", reason="text is missing or empty"),
    ]
    folder = tmp_path / "stances.parquet"
    folder.mkdir()
    pd.DataFrame(rows).to_parquet(folder / "part.parquet")
    return folder


def test_pandas_reads_the_stances_without_copies(stances):
    found = run("Reading the answer", out=str(stances))["stances"]
    assert list(zip(found["report_id"], found["label"], strict=True)) == [
        ("r1", "demand"), ("r1", "rejection"), ("r3", "demand")
    ]  # fmt: skip


def test_the_query_gives_the_shares_of_each_actor_and_month_without_copies(stances):
    duckdb = pytest.importorskip("duckdb")
    query = recipe("Reading the answer", "sql").replace("stances.parquet/", f"{stances}/")
    rows = duckdb.sql(query).fetchall()
    assert [(actor, month.month, *others) for actor, month, *others in rows] == [
        ("Belmark", 1, "demand", 1, 0.5), ("Belmark", 1, "rejection", 1, 0.5), ("Belmark", 2, "demand", 1, 1.0)
    ]  # fmt: skip

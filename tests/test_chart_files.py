"""The charts of a report as files."""

import datetime as dt
import json

import pytest

from stance.chart_files import file_names, write_charts
from stance.codebook import DatedStance, Issue, Label
from stance.reading import coded_reports
from stance.shifts import analyse

HOSTILE = ["../../x", "a/b", "A\\B", "..", "", "con", "x\0y", "/etc/passwd", "ΟΔΟΣ", "İzmir", "Ü" * 400, "Ü" * 401]


def analysis(*actors):
    return analyse(
        coded_reports(
            DatedStance("r1", dt.date(2030, 1, 1), 1, "…", actor, Label.DEMAND, Issue.TALKS) for actor in actors
        )
    )


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_every_actor_has_a_file_of_its_own_and_the_index_says_which(tmp_path):
    folder = write_charts(tmp_path, analysis("Belmark", "A b", "a/B"), ["Belmark", "A b", "a/B"], with_png=True)
    assert folder == tmp_path / "charts"
    assert files(tmp_path) == sorted(
        [
            "charts/index.json",
            *(f"charts/{name}.{kind}" for name in ("belmark", "a-b", "a-b-2") for kind in ("svg", "png")),
        ]
    )
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    assert index == {
        "Belmark": ["belmark.svg", "belmark.png"],
        "A b": ["a-b.svg", "a-b.png"],
        "a/B": ["a-b-2.svg", "a-b-2.png"],
    }
    assert "Belmark:" in (folder / "belmark.svg").read_text(encoding="utf-8")
    assert (folder / "belmark.png").read_bytes().startswith(b"\x89PNG")


def test_no_name_leads_out_of_the_folder_or_is_that_of_another():
    names = file_names(HOSTILE)
    assert list(names) == HOSTILE
    assert len({name.casefold() for name in names.values()}) == len(HOSTILE)
    assert names["con"] == "con-2"
    for name in names.values():
        assert name.replace("-", "").isalnum() or name == names["İzmir"]
        assert len(f"_{name}.svg.unfinished".encode()) < 255


def test_hostile_names_are_written_inside(tmp_path):
    some = ["../../x", "a/b", "/etc/passwd"]
    write_charts(tmp_path / "out" / "deep", analysis(*some), some, with_png=False)
    assert files(tmp_path) == [
        f"out/deep/charts/{name}" for name in ("a-b.svg", "etc-passwd.svg", "index.json", "x.svg")
    ]


def test_charts_of_an_earlier_run_are_removed_and_nothing_else(tmp_path):
    write_charts(tmp_path, analysis("Belmark", "İzmir"), ["Belmark", "İzmir"], with_png=True)
    (tmp_path / "charts/mine.svg").write_text("mine")
    write_charts(tmp_path, analysis("Ardania"), ["Ardania"], with_png=False)
    assert files(tmp_path) == ["charts/ardania.svg", "charts/index.json", "charts/mine.svg"]


@pytest.mark.parametrize(
    "index", ['{"x": ["../mine.svg", "/mine.svg", "mine.txt", 7]}', "[]", "{", '{"x": 7}', '"mine.svg"']
)
def test_an_index_that_is_not_ours_removes_nothing(tmp_path, index):
    (tmp_path / "charts").mkdir()
    (tmp_path / "mine.svg").write_text("mine")
    (tmp_path / "charts/mine.txt").write_text("mine")
    (tmp_path / "charts/index.json").write_text(index)
    write_charts(tmp_path, analysis("Belmark"), ["Belmark"], with_png=False)
    assert files(tmp_path) == ["charts/belmark.svg", "charts/index.json", "charts/mine.txt", "mine.svg"]

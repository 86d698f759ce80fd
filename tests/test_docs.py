"""The pages hold: their code runs, their commands are those of the program, and their links lead somewhere."""

import os
import re
import runpy
import shlex
import shutil
import subprocess

import pandas as pd
import pytest
from pages import ROOT, anchors, blocks, commands, links

from stance import cli

PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("examples/**/*.md")])
LINKING = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "data/README.md", *sorted(ROOT.glob("models/*/MODEL_CARD.md"))]
BLOCKS = [block for page in PAGES for block in blocks(page)]
TO_RUN = {"python", "console", "sh", "sql"}
NO_CODE = {"", "text"}
PARSED_ONLY = {
    "evaluate": "classifies for a minute; tests/test_cli.py runs it",
    "check-data": "tests/test_datacheck.py runs it",
    "web": "serves until it is stopped",
}
SHELL = {"ls", "head", "cp", "echo"}
YEARS = ("2011", "2018", "2024")  # of the example's reports on the desk: all of them would take a minute


def name(path):
    return path.relative_to(ROOT).as_posix()


def lines(block):
    """The commands of a block of console or shell, without the comments behind them."""
    if block.language == "console":
        return [command for command, _ in commands(block.text)]
    return [line for line in block.text.replace("\\\n", " ").splitlines() if line.split("#")[0].strip()]


def words(command):
    return shlex.split(command, comments=True)


def every_command(first):
    """Page and line, and the arguments, of all commands that begin with these words."""
    return [
        (block.where, words(line)[len(first) :])
        for block in BLOCKS
        if block.language in ("console", "sh")
        for line in lines(block)
        if words(line)[: len(first)] == first
    ]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.where)
def test_a_block_is_run_or_says_why_not(block):
    if block.reason or block.language in TO_RUN or block.language.startswith("{"):
        return
    assert block.language in NO_CODE
    assert not re.search(r"^\$ |^(stance|python|pip|make) |^(import|from) \w", block.text, re.MULTILINE)


@pytest.mark.parametrize(("where", "arguments"), every_command(["stance"]))
def test_a_command_of_the_pages_is_one_of_the_program(where, arguments):
    assert cli._parser().parse_args(arguments).run, where


def test_training_takes_the_options_of_the_pages():
    parse = runpy.run_path(str(ROOT / "train.py"), run_name="train")["parse"]
    for _, arguments in every_command(["python", "train.py"]):
        assert parse(arguments).fast is ("--fast" in arguments)


@pytest.mark.parametrize(("where", "arguments"), every_command(["make"]))
def test_make_knows_the_targets_of_the_pages(where, arguments):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert arguments[0] in targets, where


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder as a reader's: the project's examples and seeds, and the archives that docs/scaling.md speaks of."""
    for folder in ("examples", "seeds"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    kosovo = tmp_path / "examples/kosovo-serbia"
    for path in kosovo.glob("reports/*.txt"):
        if not path.name.startswith(YEARS):
            path.unlink()
    coded = pd.read_csv(kosovo / "coded.csv")
    coded[coded["date"].str.startswith(YEARS)].to_csv(kosovo / "coded.csv", index=False)
    (tmp_path / "reports").mkdir()
    (tmp_path / "news").mkdir()
    texts = sorted(kosovo.glob("reports/*.txt"))[:2]
    for path in texts:
        shutil.copy(path, tmp_path / "news")
    rows = [(path.stem, path.stem[:10], path.read_text(encoding="utf-8")) for path in texts]
    pd.DataFrame(rows, columns=["report_id", "date", "text"]).to_parquet(tmp_path / "reports/1.parquet")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    return tmp_path


@pytest.mark.parametrize("page", [page for page in PAGES if any(b.language in TO_RUN for b in blocks(page))], ids=name)
def test_the_code_of_a_page_runs(page, desk, capfd):
    names = {"__name__": "page"}
    for block in (block for block in blocks(page) if not block.reason):
        if block.language == "python":
            exec(compile("\n" * block.line + block.text, block.page, "exec"), names)  # noqa: S102 - our own document
        elif block.language == "sql":
            import duckdb

            assert duckdb.sql(block.text).fetchall(), block.where
        elif block.language == "console":
            for command, told in commands(block.text):
                assert_printed(told, run(command, block, capfd), f"{block.where}: {command}")
        elif block.language == "sh":
            for command in lines(block):
                run(command, block, capfd)


def run(command, block, capfd):
    """What a command prints; it must end well."""
    first, *arguments = words(command)
    capfd.readouterr()
    if first == "stance" and not (arguments[0] in PARSED_ONLY or "--workers" in arguments):
        assert cli.main(arguments) == 0, f"{block.where}: {command}"
    elif first != "stance":
        assert first in SHELL, f"{block.where}: {first} is none of {sorted(SHELL)}; say <!-- not run: why -->"
        subprocess.run(command, shell=True, check=True, env=os.environ)  # noqa: S602 - our own document
    return capfd.readouterr().out


def assert_printed(told, printed, where):
    """The lines that the page shows are printed in this order; numbers may differ, and an ellipsis stands for the rest.

    Another machine's rounding, or a model trained anew, must not fail the tests.
    """
    rest = iter(map(plain, printed.splitlines()))
    for line in map(plain, told):
        shown = line.removesuffix("…").rstrip()
        found = any(one == shown if shown == line else one.startswith(shown) for one in rest)
        assert found, f"{where}: {line!r} is not printed"


def plain(line):
    return " ".join(re.sub(r"\d+(?:[.,]\d+)*", "0", line).split())


@pytest.mark.parametrize("page", LINKING, ids=name)
def test_every_link_leads_to_a_file_and_heading(page):
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        assert target.resolve().is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_the_readme_names_every_file_of_the_package():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    files = {path.name for path in (ROOT / "src/stance").glob("[!_]*.py")}
    assert files - set(re.findall(r"\w+\.py", readme)) == set()


def test_every_page_is_in_the_site():
    [tree] = [block.text.split() for block in blocks(ROOT / "docs/index.md") if block.language == "{toctree}"]
    assert sorted([*tree[1:], "index"]) == sorted(page.stem for page in ROOT.glob("docs/*.md"))


TOY = """# Port

<!-- not run: the port is closed -->
```sh
stance leave
```

## Delta & sea

```console
$ stance ask \\
    --twice
0.5 no
…
$ stance go
```

[here](#delta--sea), [there](sea.md), [away](https://example.org) and `[not](this.md)`
"""


@pytest.fixture
def toy(tmp_path):
    path = tmp_path / "toy.md"
    path.write_text(TOY, encoding="utf-8")
    return path


def test_a_block_knows_its_place_language_and_reason(toy):
    closed, console = blocks(toy)
    assert (closed.where, closed.heading, closed.language, closed.reason) == (
        "toy.md:4", "Port", "sh", "the port is closed"
    )  # fmt: skip
    assert (console.where, console.heading, console.reason) == ("toy.md:10", "Delta & sea", "")


def test_a_console_block_is_commands_and_what_they_print(toy):
    [first, second] = commands(blocks(toy)[1].text)
    assert (words(first[0]), first[1]) == (["stance", "ask", "--twice"], ["0.5 no", "…"])
    assert second == ("stance go", [])


def test_output_without_a_command_is_refused():
    with pytest.raises(ValueError, match=r"'no': a console block must begin with a command after \$"):
        commands("no\n$ stance ask\n")


def test_a_block_without_an_end_is_refused(tmp_path):
    path = tmp_path / "toy.md"
    path.write_text("```sh\nstance ask\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"toy.md:1: a code block without an end"):
        blocks(path)


def test_links_in_code_and_to_other_sites_are_none(toy):
    assert links(toy) == ["#delta--sea", "sea.md"]
    assert anchors(toy) == {"port", "delta--sea"}


def test_output_that_is_not_printed_is_seen():
    assert_printed(["rejection 0.88 …", "…", "- Belmark: …"], "rejection    0.91  No.\nx\n   - Belmark: talks\n", "toy")
    with pytest.raises(AssertionError, match="toy: '- Ardania: …' is not printed"):
        assert_printed(["- Ardania: …"], "rejection 0.91 No.\n   - Belmark: talks\n", "toy")

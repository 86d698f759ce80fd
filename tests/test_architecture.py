"""The imports of every module, held against the table in ``docs/design.md``."""

import ast
import os
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/stance"
DESIGN = ROOT / "docs/design.md"
HEADER = ("file", "knows", "may import (ours)")
MODULES = sorted(path.stem for path in PACKAGE.rglob("*.py"))
SOURCES = {name: (PACKAGE / f"{name}.py").read_text(encoding="utf-8") for name in MODULES}
PICKLING = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}


def read_table(markdown, modules):
    """For each module of the table the modules that it may import; every row and cell must be understood."""
    rows = [tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in table_lines(markdown)]
    allowed = {}
    for file, _, targets in rows:
        name = file.strip("`").removesuffix(".py")
        if name not in modules or name in allowed:
            raise ValueError(f"row {file!r} stands twice or names no module")
        listed = {target.strip().strip("`") for target in targets.split(",")} - {"–"}
        allowed[name] = set(modules) if listed == {"all"} else listed
        if not allowed[name] <= set(modules):
            raise ValueError(f"row {file!r} allows {sorted(allowed[name] - set(modules))}, which are no modules")
    if missing := set(modules) - allowed.keys():
        raise ValueError(f"no row for {sorted(missing)}")
    return allowed


def table_lines(markdown):
    """The lines of the table below ``HEADER``, without it and its rule."""
    lines = markdown.splitlines()
    heads = [
        index for index, line in enumerate(lines) if tuple(c.strip() for c in line.strip("| ").split("|")) == HEADER
    ]
    if len(heads) != 1:
        raise ValueError(f"{len(heads)} tables have the header {HEADER}; one must")
    body = lines[heads[0] + 2 :]
    end = next((index for index, line in enumerate(body) if not line.startswith("|")), len(body))
    return body[:end]


def imported(source):
    """The dotted names that a module imports anywhere in it; a name from a package counts with the package."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(filter(None, ["stance"] * (node.level > 0) + [node.module or ""]))
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


def ours(source, modules):
    """The modules of the package that a module imports; its front door is ``__init__``."""
    parts = [name.split(".") for name in imported(source) if name.split(".")[0] == "stance"]
    return {name[1] if len(name) > 1 and name[1] in modules else "__init__" for name in parts}


def importers(*libraries):
    """The modules that import any of the libraries."""
    return {name for name, source in SOURCES.items() if {one.split(".")[0] for one in imported(source)} & {*libraries}}


@pytest.fixture(scope="module")
def allowed():
    return read_table(DESIGN.read_text(encoding="utf-8"), MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_what_the_design_allows(name, allowed):
    assert ours(SOURCES[name], MODULES) - allowed[name] == set()


def test_the_arrows_run_one_way():
    arrows = {name: ours(source, MODULES) - {"__init__"} for name, source in SOURCES.items()}
    try:
        list(TopologicalSorter(arrows).static_order())
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


def test_only_training_imports_torch():
    assert importers("torch") == {"network", "ngrams", "transformer"}
    assert importers("transformers") == {"transformer"}


def test_no_module_imports_pickle():
    assert importers(*PICKLING) == set()


@pytest.mark.parametrize("module", ["stance", "stance.cli"])
def test_importing_the_package_or_its_commands_loads_nothing_heavy(module):
    heavy = [
        "torch",
        "transformers",
        "onnxruntime",
        "sklearn",
        "scipy",
        "matplotlib",
        "pandas",
        "pyarrow",
        "duckdb",
        "py3langid",
        "trafilatura",
    ]
    script = f"import sys, {module}; print(*[name for name in {heavy} if name in sys.modules])"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split() == []


TOY = """# Design

| file | knows | may import (ours) |
| --- | --- | --- |
| `river.py` | the delta | – |
| `bridge` | both banks | river |
| `toll` | everything | all |

The rest.
"""
TOY_MODULES = ["bridge", "river", "toll"]


def test_the_table_is_read_as_it_is_written():
    assert read_table(TOY, TOY_MODULES) == {"river": set(), "bridge": {"river"}, "toll": set(TOY_MODULES)}


@pytest.mark.parametrize(
    ("text", "modules", "message"),
    [
        (TOY, [*TOY_MODULES, "ferry"], "no row for ['ferry']"),
        (TOY, ["bridge", "river"], "row '`toll`' stands twice or names no module"),
        (TOY.replace("`bridge`", "`river`"), TOY_MODULES, "row '`river`' stands twice or names no module"),
        (TOY.replace("| river |", "| canal |"), TOY_MODULES, "row '`bridge`' allows ['canal'], which are no modules"),
        (TOY.replace("| river |", "|  |"), TOY_MODULES, "row '`bridge`' allows [''], which are no modules"),
        ("# Design", TOY_MODULES, "0 tables have the header"),
        (TOY + TOY, TOY_MODULES, "2 tables have the header"),
    ],
)
def test_a_table_that_leaves_something_out_is_refused(text, modules, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        read_table(text, modules)


@pytest.mark.parametrize(
    ("source", "arrows"),
    [
        ("import stance.river", {"river"}),
        ("from stance.river import Delta", {"river"}),
        ("from stance import river, toll", {"river", "toll"}),
        ("from .river import Delta", {"river"}),
        ("from . import river", {"river"}),
        ("def late():\n    from stance.river import Delta", {"river"}),
        ("if TYPE_CHECKING:\n    from stance.river import Delta", {"river"}),
        ("import stance", {"__init__"}),
        ("from stance import classify", {"__init__"}),
        ("import numpy, json as stance", set()),
    ],
)
def test_every_way_to_import_is_seen(source, arrows):
    assert ours(source, TOY_MODULES) == arrows

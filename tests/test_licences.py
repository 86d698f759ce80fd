"""Whatever an installed stance brings along has a permissive licence."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[1]
PERMISSIVE = re.compile(
    r"(the )?(mit|mit-cmu|hpnd|isc|zlib|cc0-1\.0|unlicense|psf-2\.0|python software foundation|0bsd|"
    r"(new |modified |3-clause )?bsd([ -][23][ -]clause)?|apache([ -]2\.0| software| license,? version 2\.0)?)"
    r"( licen[cs]e)?( \(mit\)?)?",
    re.IGNORECASE,
)
# Copyleft that asks only for changes to the package's own files, which nobody makes here.
ACCEPTED = {"tqdm": "MPL-2.0 AND MIT"}


def closure(requirements):
    """The installed distributions that ``requirements`` need here, by name."""
    found, open_ones = {}, list(requirements)
    while open_ones:
        requirement = Requirement(open_ones.pop())
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found[name] = distribution(name)
        open_ones += found[name].requires or []
    return found


def licence(one):
    """What a distribution says its licence is: as an SPDX expression, in its classifiers, in a word, or in a file."""
    told = one.metadata
    classifiers = [line.split(" :: ")[-1] for line in told.get_all("Classifier") or [] if line.startswith("License ::")]
    named = " AND ".join(name for name in classifiers if name != "OSI Approved")
    files = [path for path in one.files or [] if re.match(r"(licen[cs]e|copying)", path.name, re.IGNORECASE)]
    first_lines = (text.strip().splitlines()[0] for path in files if (text := path.read_text()))
    return told.get("License-Expression") or named or told.get("License") or next(first_lines, "")


def is_permissive(expression):
    parts = [part.strip(" ()") for part in re.split(r"\bAND\b", expression)]
    return all(any(PERMISSIVE.fullmatch(one.strip(" ()")) for one in re.split(r"\bOR\b", part)) for part in parts)


def test_every_distribution_that_an_installed_stance_needs_is_permissive():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = {name: licence(one) for name, one in closure(project["dependencies"]).items()}
    assert len(found) > len(project["dependencies"]) > 10
    refused = {name: said for name, said in found.items() if not is_permissive(said)}
    assert refused == ACCEPTED


@pytest.mark.parametrize(
    "expression", ["MIT", "Apache-2.0 OR GPL-3.0-only", "BSD 3-Clause License", "3-Clause BSD License", "Apache 2.0",
                   "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", "Python Software Foundation License"],
)  # fmt: skip
def test_permissive_licences_are_known(expression):
    assert is_permissive(expression)


@pytest.mark.parametrize("expression", ["", "GPL-3.0-only", "MIT AND GPL-2.0-only", "MPL-2.0", "MITRE", "UNKNOWN"])
def test_others_are_not_taken_for_permissive(expression):
    assert not is_permissive(expression)


def test_a_dependency_that_is_not_installed_is_noticed():
    with pytest.raises(PackageNotFoundError, match="no-such-package"):
        closure(["no-such-package>=1"])

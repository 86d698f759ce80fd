"""What CI installs by hash, held against the versions and the dependencies that the project names."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / ".ci/requirements.lock").read_text(encoding="utf-8")
UNCONSTRAINED = {
    "colorama",
    "httpx2-jsfetch",
    "lazy-importer",
    "setuptools",
}  # for some systems or versions of Python only
PINNED = re.compile(r"([\w.-]+)==([^\s;]+)( ;.*?)?( +--hash=sha256:[0-9a-f]{64})+")


def locked():
    """The version of each package in the lock; every line must hold one and its hashes."""
    lines = [line for line in LOCK.replace("\\\n", "").splitlines() if not line.lstrip().startswith("#")]
    pins = [PINNED.fullmatch(line) for line in lines]
    assert all(pins)
    return {canonicalize_name(pin[1]): pin[2] for pin in pins}


def test_the_lock_has_the_versions_of_the_constraints():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    constrained = {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}
    odd = {name for name, version in locked().items() if constrained.get(name) != version}
    assert odd == UNCONSTRAINED


def test_the_lock_has_all_that_the_checks_need():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    installed = ("dev", "docs", "fuzz", "html", "ray", "train")
    needed = project["dependencies"] + [one for name in installed for one in extras[name]]
    names = {canonicalize_name(Requirement(one).name) for one in needed} - {"stance"}
    assert names - locked().keys() == set()

"""Builds the page: ``build/web/``, a folder of static files. Needs npm and, the first time, its registry.

python web/build.py            # or: make web

What Python holds (vocabulary, decision rule, patterns, limits, parties) is exported to ``stance.json``, so that the
page's modules hold none of it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from stance import context, encoding, sentences
from stance.actors import N_CARRIED_SENTENCES, ActorTable, AliasKind
from stance.artefacts import load_model
from stance.charts import LABEL_COLOURS
from stance.codebook import ISSUES, LABELS, NONE, StanceError
from stance.paths import ACTORS, MODELS
from stance.predictions import HOLDER_FLOOR

WEB: Final = Path(__file__).resolve().parent
PAGE: Final = ("index.html", "style.css", "icon.svg", "src")
VENDOR: Final = {
    "onnxruntime-web": ("dist/ort.wasm.bundle.min.mjs", "dist/ort-wasm-simd-threaded.wasm"),
    "sentencex-wasm": ("sentencex_wasm.js", "sentencex_wasm_bg.wasm", "LICENSE"),
}
MODEL: Final = "model.onnx.gz"
COMPRESSED: Final = (".wasm", ".onnx", ".json")

SPACE: Final = r"\t-\r\x1c-\x1f\x85\p{Z}"  # what Python calls white space, as members of a JavaScript class
MEMBERS: Final = {r"\w": r"\p{L}\p{N}_", r"\d": r"\p{Nd}", r"\s": SPACE}
NOT_MEMBERS: Final = {r"\W": r"\p{L}\p{N}_", r"\D": r"\p{Nd}", r"\S": SPACE}
BOUNDARY: Final = r"(?:(?<=[\p{L}\p{N}_])(?![\p{L}\p{N}_])|(?<![\p{L}\p{N}_])(?=[\p{L}\p{N}_]))"
SYNTAX: Final = frozenset("^$\\.*+?()[]{}|/-")  # what JavaScript lets a backslash stand before
CONTROLS: Final = frozenset("nrtu")


def main() -> int:
    """Build into the folder given; returns the exit code."""
    parser = argparse.ArgumentParser(description="Build the page in which anyone can try the classifier.")
    parser.add_argument(
        "--out", type=Path, default=WEB.parent / "build/web", help="folder, replaced (default: build/web)"
    )
    out = parser.parse_args().out
    try:
        build(out)
    except StanceError as error:
        print(f"web/build.py: {error}", file=sys.stderr)
        return 1
    n_bytes = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{out}: {n_bytes / 1e6:.1f} MB. Try it: {Path(sys.executable).name} -m http.server --directory {out}")
    return 0


def build(out: Path) -> None:
    """Write the page to ``out``, in the place of what was there.

    Raises:
        StanceError: if ``out`` holds something else, npm is missing or fails, or the model's files are not those that
            were stored.
    """
    if out.exists() and any(out.iterdir()) and not (out / MODEL).exists():
        raise StanceError(f"{out}: holds something else than the page; name an empty or a new folder")
    packages = installed_packages()
    shutil.rmtree(out, ignore_errors=True)
    (out / "vendor").mkdir(parents=True)
    for name in PAGE:
        copy = shutil.copytree if (WEB / name).is_dir() else shutil.copyfile
        copy(WEB / name, out / name)
    for package, files in VENDOR.items():
        for file in files:
            name = Path(file).name if Path(file).suffix else f"{package}.{file}"
            place(packages / package / file, out / "vendor" / name)
    place(MODELS / "transformer/model.onnx", out / "model.onnx")
    place(MODELS / "transformer/tokenizer.json", out / "tokenizer.json")
    large = [path for path in out.rglob("*.gz") if "json" not in path.name]
    tables = exported() | {"n_bytes": sum(path.stat().st_size for path in large)}
    text = json.dumps(tables, ensure_ascii=False, separators=(",", ":"))
    (out / "stance.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def installed_packages() -> Path:
    """``node_modules`` with exactly the packages of ``package-lock.json``."""
    npm = shutil.which("npm")
    if not npm:
        raise StanceError("npm is not installed; the page takes onnxruntime-web and sentencex-wasm from it")
    command = [npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=WEB, capture_output=True, text=True)  # noqa: S603 - our own arguments
    if done.returncode:
        raise StanceError(f"npm ci failed in {WEB}:\n{done.stderr.strip()}")
    return WEB / "node_modules"


def place(source: Path, target: Path) -> None:
    """Copy a file, compressed where it is large."""
    if source.suffix in COMPRESSED:
        target.with_name(f"{target.name}.gz").write_bytes(gzip.compress(source.read_bytes(), 9, mtime=0))
    else:
        shutil.copyfile(source, target)


def exported() -> dict[str, Any]:
    """What the page needs to know of the package and the released model."""
    model = load_model(MODELS / "transformer")
    return {
        "labels": LABELS,
        "issues": ISSUES,
        "none": NONE,
        "colours": LABEL_COLOURS,
        "rule": asdict(model.rule) | {"holder_floor": HOLDER_FLOOR},
        "macro_f1": model.meta["evaluations"]["frozen test"]["scores"]["macro_f1"]["value"],
        "n_carried_sentences": N_CARRIED_SENTENCES,
        "context": {"decay": context.DECAY, "floor": context.FLOOR},
        "encoding": {
            "sentence_tokens": encoding.MAX_SENTENCE_TOKENS,
            "context_tokens": model.meta["settings"]["max_context_tokens"],
            "characters": encoding._MAX_CHARACTERS,
        },
        "sentences": {
            "patterns": {
                name: {"source": javascript(value.pattern), "flags": "iu" if value.flags & re.IGNORECASE else "u"}
                for name, value in vars(sentences).items()
                if isinstance(value, re.Pattern)
            },
            "stripped": sentences._AROUND_SENTENCES,
            "limits": {
                "links_per_line": sentences._MAX_LINKS_PER_LINE,
                "furniture_length": sentences._MAX_FURNITURE_LENGTH,
                "word_length": sentences._MAX_WORD_LENGTH,
            },
        },
        "actors": list(_alias_rows(ActorTable.read(ACTORS))),
    }


def javascript(pattern: str) -> str:
    r"""A regular expression of Python's ``re`` as JavaScript's, for its flag u: the same classes, dot and boundary.

    >>> print(javascript(r"no\.[\"\w]?."))
    no\.["\p{L}\p{N}_]?[^\n]

    Raises:
        StanceError: for an escape that it does not know.
    """
    parts = []
    in_class = False
    for part in re.findall(r"\\.|.", pattern, re.DOTALL):
        in_class = part == "[" or (in_class and part != "]")
        parts.append(_translated(part, in_class))
    return "".join(parts)


def _translated(part: str, in_class: bool) -> str:
    """``part`` is one character of a pattern, or a backslash and what it stands before."""
    if part == ".":
        return part if in_class else r"[^\n]"
    if len(part) == 1:
        return part
    if part in MEMBERS:
        return MEMBERS[part] if in_class else f"[{MEMBERS[part]}]"
    if part in NOT_MEMBERS and not in_class:
        return f"[^{NOT_MEMBERS[part]}]"
    if part == r"\b" and not in_class:
        return BOUNDARY
    if part[1] in SYNTAX | CONTROLS:
        return part
    if not part[1].isalnum():
        return part[1]
    raise StanceError(f"cannot translate {part} of a regular expression; add it to web/build.py")


def _alias_rows(table: ActorTable) -> Iterator[tuple[str, str, bool, str, str]]:
    """Actor, alias, whether it is a party, and the days from and until which it counts, empty where there is none."""
    for alias in table.aliases:
        is_party = alias.kind is not AliasKind.OTHER
        yield alias.actor, alias.alias, is_party, str(alias.since or ""), str(alias.until or "")


if __name__ == "__main__":
    sys.exit(main())

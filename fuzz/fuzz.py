"""Throw mutated inputs at one part of stance, led by the branches that they reach; all but StanceError is a find.

    python fuzz/fuzz.py sentences --runs 100000

``all`` takes one part after the other. A find is written to ``build/fuzz/``;
``python fuzz/fuzz.py sentences --again FILE`` runs it once more.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final

import atheris
import pyarrow as pa
import pyarrow.parquet as pq

with atheris.instrument_imports(include=["stance"]):
    from stance.actors import ActorTable
    from stance.artefacts import CHECKSUM, FORMAT_VERSION, META, checksum, load_model
    from stance.classify import load_classifier
    from stance.codebook import CODEBOOK_VERSION, Report, StanceError
    from stance.labels import read_labels
    from stance.onnx_contents import check_contents
    from stance.paths import MODELS
    from stance.reading import read_coded
    from stance.reports import read_reports
    from stance.sentences import split
    from stance.streams import sources, stream

FINDS: Final = Path("build/fuzz")
MAX_LENGTH: Final = 2048  # bytes of an input
IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a file system without a disk behind it, where there is one
SCRATCH: Final = Path(tempfile.mkdtemp(prefix="stance-fuzz-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None))
TEXT: Final = (
    "Advertisement\nMr. Lavrov said no. “Kyiv’s army must withdraw,” the Kremlin insists.\n- Ukraine refused.\n"
)
TABLES: Final[Mapping[str, bytes]] = {
    "reports.csv": b"report_id,file,date\nr1,a.txt,2022-03-16\n",
    "reports.jsonl": b'{"report_id": "r1", "date": "2022-03-16", "text": "Ukraine refused."}\n',
    "texts.csv": b'report_id,date,text\nr1,2022-03-16,"Ukraine ""refused""\n."\n',
    "2022-03-16_talks.txt": TEXT.encode(),
    "beside labels/reports.csv": b"report_id,conflict,date,outlet,url\nr1,delta,2022-03-16,The Delta Post,\n",
    "coded.csv": b"report_id,date,actor,label,issue,sentence\nr1,2022-03-16,Ukraine,demand,territory,'=1\n",
    "actors.csv": b"actor,alias,kind,from,until\nBelmark,Vessin,capital,2020-01-01,\n",
    "labels.csv": b"report_id,position,date,conflict,sentence,actor,label,issue,source\n"
    b"r1,1,2022-03-16,delta,Belmark refused.,Belmark,rejection,talks,seed\n",
}


def _streamed(path: Path) -> None:
    for _ in stream(sources([path])):
        pass


def _parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"report_id": ["r1"], "date": ["2022-03-16"], "text": ["Ukraine refused."]}), sink)
    return bytes(sink.getvalue())


def _outlets(path: Path) -> None:
    labels = path.with_name("labels.csv")
    labels.write_bytes(TABLES["labels.csv"])
    read_labels(labels)


READERS: Final[Mapping[str, tuple[Callable[[Path], object], ...]]] = {
    "reports.csv": (read_reports, _streamed),
    "reports.jsonl": (read_reports, _streamed),
    "texts.csv": (_streamed,),
    "2022-03-16_talks.txt": (_streamed,),
    "reports.parquet": (read_reports, _streamed),
    "coded.csv": (read_coded,),
    "actors.csv": (ActorTable.read,),
    "labels.csv": (read_labels,),
    "beside labels/reports.csv": (_outlets,),
}


def readers(data: bytes) -> None:
    """A file of a table or of text, whose kind the first byte says."""
    if not data:
        return
    name = list(READERS)[data[0] % len(READERS)]
    path = SCRATCH / name / Path(name).name
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "a.txt").write_text(TEXT, encoding="utf-8")
    path.write_bytes(data[1:])
    for read in READERS[name]:
        _refusable(partial(read, path))


def sentences(data: bytes) -> None:
    """A text, its first line also as its title."""
    text = data.decode("utf-8", "replace")
    found = split(Report("r1", text, title=text.partition("\n")[0].strip()))
    assert all(one.text == text[one.start : one.end] for one in found)
    assert all(before.end <= after.start for before, after in pairwise(found))


def actors(data: bytes) -> None:
    """A text in which parties are named."""
    text = data.decode("utf-8", "replace")
    mentions = _table().find(text)
    assert mentions == _table().find(text)
    assert all(before.end <= after.start for before, after in pairwise(mentions))
    assert all(one.start < one.end <= len(text) for one in mentions)


def classify(data: bytes) -> None:
    """Texts, divided by bytes that no UTF-8 has, classified together and alone."""
    texts = [part.decode("utf-8", "replace") for part in data.split(b"\xff")]
    classifier = load_classifier("tfidf")
    found = list(classifier.texts(texts, None))
    assert [one.text for one in found] == texts
    assert classifier.text(texts[-1], None) == found[-1]


def artefacts(data: bytes) -> None:
    """An ONNX file, or a ``meta.json`` as it is and, where it is a JSON object, with a checksum that fits."""
    folder = SCRATCH / "model"
    folder.mkdir(exist_ok=True)
    if data[:1] != b"{":
        (folder / "model.onnx").write_bytes(data)
        _refusable(lambda: check_contents(folder / "model.onnx"))
        return
    (folder / META).write_bytes(data)
    _refusable(lambda: load_model(folder))
    try:
        meta = json.loads(data)
        text = json.dumps(meta | {CHECKSUM: checksum(meta)})
    except (ValueError, RecursionError):
        return
    (folder / META).write_text(text, encoding="utf-8")
    _refusable(lambda: load_model(folder))


def _refusable(call: Callable[[], object]) -> None:
    with contextlib.suppress(StanceError):
        call()


def _table() -> ActorTable:
    return load_classifier("tfidf").table


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "readers": readers, "sentences": sentences, "actors": actors, "classify": classify, "artefacts": artefacts,
}  # fmt: skip
ALL: Final = "all"


def seeds(target: str) -> list[bytes]:
    """Inputs to begin with."""
    if target == "readers":
        files = {**TABLES, "reports.parquet": _parquet()}
        return [bytes([number]) + files[name] for number, name in enumerate(READERS)]
    if target == "artefacts":
        meta = {"format_version": FORMAT_VERSION, "codebook_version": CODEBOOK_VERSION, "kind": "tfidf", "files": {}}
        with (MODELS / "transformer/model.onnx").open("rb") as file:
            return [file.read(MAX_LENGTH), json.dumps(meta).encode()]
    return [TEXT.encode(), "Москва\u202e 中文。\xa0(Photo credit: x\r\n".encode()]


def main() -> None:
    """Fuzz a target, or all until there is a find; the exit code is not 0 after one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=[*TARGETS, ALL])
    parser.add_argument("--runs", type=int, default=1_000_000, help="how many inputs (%(default)s)")
    parser.add_argument("--seconds", type=int, default=0, help="at most so long; 0 is no limit")
    parser.add_argument("--seed", type=int, default=1, help="of the mutations (%(default)s)")
    parser.add_argument("--again", type=Path, help="run this one input")
    options = parser.parse_args()
    if options.again and options.target == ALL:
        parser.error("--again needs the one target of that input")
    FINDS.mkdir(parents=True, exist_ok=True)
    targets = list(TARGETS) if options.target == ALL else [options.target]
    code = next(filter(None, (_in_a_child(target, options) for target in targets)), 0)
    shutil.rmtree(SCRATCH)
    sys.exit(code)


def _in_a_child(target: str, options: argparse.Namespace) -> int:
    """Fuzz one target in a process of its own, which libFuzzer ends without cleaning up; returns its exit code."""
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)
    given = options.again or SCRATCH / f"{target}-corpus"
    if options.again is None:
        given.mkdir()
        for number, seed in enumerate(seeds(target)):
            (given / str(number)).write_bytes(seed)
    limits = [
        f"-seed={options.seed}",
        f"-runs={options.runs}",
        f"-max_total_time={options.seconds}",
        f"-max_len={MAX_LENGTH}",
    ]
    told = [f"-artifact_prefix={FINDS}/{target}-", "-verbosity=0", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *limits, *told, str(given)], TARGETS[target])
    atheris.Fuzz()
    sys.exit()


if __name__ == "__main__":
    main()

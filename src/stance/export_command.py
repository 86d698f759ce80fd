"""What ``stance export`` does: stances, coded or classified, to a file that another tool opens."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from stance.codebook import StanceError
from stance.interchange import FORMATS
from stance.placing import place
from stance.stanced_sentences import StancedSentence, archive_sentences, read_jsonl, sentences_of
from stance.streams import JOB


def export(options: argparse.Namespace) -> None:
    """Write the stances at ``options.stances`` to ``options.out`` in the format ``options.to``."""
    source, out = options.stances, options.out
    if out.is_dir():
        raise StanceError(f"{out}: a folder; --out must be a file")
    if out.resolve().is_relative_to(source.resolve()):
        raise StanceError(f"{out}: the stances themselves; --out must be another file, elsewhere")
    out.parent.mkdir(parents=True, exist_ok=True)
    place(out, (piece.encode() for piece in FORMATS[options.to](read_sentences(source))))
    print(out)


def read_sentences(path: Path) -> Iterator[StancedSentence]:
    """The sentences of a CSV of stances, of an export ``.jsonl``, or of an archive of decisions."""
    if path.is_dir():
        from stance.archive import check_done

        if not (path / JOB).is_file():
            raise StanceError(f"{path}: no {JOB} there; a folder must be one that stance classify --out wrote")
        check_done(path)
        return archive_sentences(path)
    if path.suffix.lower() == ".jsonl":
        return read_jsonl(path)
    from stance.reading import read_coded

    return sentences_of(read_coded(path))

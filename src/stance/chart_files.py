"""The charts of a report as files beside it, one for each actor, under names that every file system takes."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from stance.charts import chart_png, chart_svg
from stance.events import PlacedEvent
from stance.placing import place
from stance.shifts import ShiftAnalysis

FOLDER: Final = "charts"
INDEX: Final = "index.json"
Drawing = Callable[[ShiftAnalysis, str, Sequence[PlacedEvent]], bytes]
DRAWINGS: Final[Mapping[str, Drawing]] = {".svg": chart_svg, ".png": chart_png}
MAX_NAME: Final = 48  # letters; in UTF-8 they take four times as many bytes at most
RESERVED: Final = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})


def write_charts(
    folder: Path, analysis: ShiftAnalysis, actors: Sequence[str], events: Sequence[PlacedEvent] = (), *, with_png: bool
) -> Path:
    """Write the charts of ``actors`` into ``folder/charts``, and remove those that an earlier run wrote there.

    ``index.json`` tells the files of each actor; nothing that it does not name is removed. Returns the folder.
    """
    charts = folder / FOLDER
    charts.mkdir(parents=True, exist_ok=True)
    suffixes = list(DRAWINGS) if with_png else [".svg"]
    files = {actor: [f"{name}{suffix}" for suffix in suffixes] for actor, name in file_names(actors).items()}
    for stale in _indexed(charts / INDEX) - {name for names in files.values() for name in names}:
        (charts / stale).unlink(missing_ok=True)
    place(charts / INDEX, [(json.dumps(files, ensure_ascii=False, indent=1) + "\n").encode()])
    for actor, names in files.items():
        for name, suffix in zip(names, suffixes, strict=True):
            place(charts / name, [DRAWINGS[suffix](analysis, actor, events)])
    return charts


def file_names(actors: Sequence[str]) -> dict[str, str]:
    """A name for the file of each actor, without suffix: letters, digits and hyphens, no two alike in any case.

    >>> file_names(["European Union", "../../x", "a/b", "A b"])
    {'European Union': 'european-union', '../../x': 'x', 'a/b': 'a-b', 'A b': 'a-b-2'}
    """
    names: dict[str, str] = {}
    taken = set(RESERVED)
    for actor in actors:
        letters = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", actor.casefold())).strip("-")
        stem = letters[:MAX_NAME].rstrip("-") or "actor"
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name)
        names[actor] = name
    return names


def _indexed(index: Path) -> set[str]:
    """The files that an earlier run lists as its own; names that lead elsewhere are none of them."""
    try:
        files = json.loads(index.read_text(encoding="utf-8"))
        names = {name for names in files.values() for name in names}
    except (OSError, ValueError, AttributeError, TypeError):  # no index, or not ours
        return set()
    return {name for name in names if isinstance(name, str) and re.fullmatch(r"[\w-]+\.(svg|png)", name)}

"""Where the data and the released models lie: inside an installed package, or beside ``src/`` in a clone."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent
_BUNDLE: Final = _PACKAGE / "bundle"

HOME: Final = _BUNDLE if _BUNDLE.is_dir() else _PACKAGE.parent.parent
MODELS: Final = HOME / "models"
ACTORS: Final = HOME / "data" / "actors.csv"

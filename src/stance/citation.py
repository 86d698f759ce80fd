"""How to cite the program and a report made with it; ``CITATION.cff`` says the same."""

from __future__ import annotations

from typing import Final

from stance import __version__

AUTHORS: Final = "The stance authors"
TITLE: Final = "stance: who demands, concedes, rejects and sets preconditions in news reports on a negotiation"
YEAR: Final = 2026
LICENCE: Final = "Apache-2.0"


def citation() -> str:
    """The program, in one line.

    >>> citation().startswith("The stance authors (2026). stance: who demands")
    True
    """
    return f"{AUTHORS} ({YEAR}). {TITLE} (version {__version__}). Computer software, licence {LICENCE}."

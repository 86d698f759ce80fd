"""The closed vocabulary of the project and the records that travel between stages.

The labels, issues and rules are defined in ``docs/codebook.md``; no other file of the package spells a
label or an issue.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

CODEBOOK_VERSION: Final = 3


class StanceError(ValueError):
    """Any input that the package refuses. The message says where, what came and what is allowed."""


class Label(StrEnum):
    """What an actor does with a position (``docs/codebook.md``, section Labels)."""

    DEMAND = "demand"
    CONCESSION = "concession"
    REJECTION = "rejection"
    PRECONDITION = "precondition"


class Issue(StrEnum):
    """What a position is about (``docs/codebook.md``, section Issues)."""

    TERRITORY = "territory"
    CEASEFIRE = "ceasefire"
    SECURITY = "security"
    MILITARY = "military"
    HUMANITARIAN = "humanitarian"
    JUSTICE = "justice"
    ECONOMY = "economy"
    GOVERNANCE = "governance"
    TALKS = "talks"
    OTHER = "other"


class Source(StrEnum):
    """Where a labelled sentence comes from."""

    SEED = "seed"
    REPORT = "report"
    AUTHORED = "authored"


NONE: Final = "none"
"""Stands in for a label where a sentence, or a party named in it, holds no stance."""

LABELS: Final = tuple(Label)
ISSUES: Final = tuple(Issue)
FIRM_LABELS: Final = (Label.DEMAND, Label.PRECONDITION, Label.REJECTION)
"""The labels that count as holding firm; a concession is the one that does not."""

NOBODY: Final = ""
"""The empty actor: a stance whose holder is unclear, or the question whether anyone holds one."""


@dataclass(frozen=True, slots=True)
class Report:
    """One dated document. ``date`` is None where it is unknown."""

    report_id: str
    text: str
    date: dt.date | None = None
    title: str = ""
    outlet: str = ""

    @property
    def reference(self) -> str:
        """How to cite the report: outlet, date and title, or its id where it has no title."""
        source = ", ".join(str(part) for part in (self.outlet, self.date) if part)
        return ": ".join(part for part in (source, self.title or self.report_id) if part)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a report: ``report.text[start:end] == text``, ``position`` counts from 1."""

    report_id: str
    position: int
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, order=True)
class Stance:
    """Who holds which kind of position on what: the codebook's unit."""

    actor: str
    label: Label
    issue: Issue


@dataclass(frozen=True, slots=True)
class FoundStance:
    """A stance that a classifier found. Offsets are those of the sentence in the text it was given.

    ``probability`` is the calibrated probability, in [0, 1], that ``actor`` holds ``label`` here; the
    issue is the likeliest one and has no part in it.
    """

    actor: str
    label: Label
    issue: Issue
    probability: float
    sentence: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DatedStance:
    """A stance with its place in a dated series: what the shift analysis counts."""

    report_id: str
    date: dt.date
    position: int
    sentence: str
    actor: str
    label: Label
    issue: Issue
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a classifier was asked about a party in one report: in how many sentences, and what it answered.

    ``expected`` is the sum, over these sentences, of each label's calibrated probability.
    """

    n_sentences: int
    expected: Mapping[Label, float]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was decided of a party's sentences, and what somebody answered who checked a random sample of them.

    ``n_decided`` counts all sentences in which it may hold a stance, checked or not, by the labels decided there;
    ``answers`` are the labels decided and the true ones of each that was checked.
    """

    n_decided: Mapping[frozenset[Label], int] = field(default_factory=dict)
    answers: tuple[tuple[frozenset[Label], frozenset[Label]], ...] = ()


@dataclass(frozen=True, slots=True)
class ReadReport:
    """One dated report after it was read: its stances and, where a classifier read it, what it was asked.

    ``n_sentences`` is 0 where it is unknown, as for stances that people coded; ``asked`` is then empty. ``checked``
    are, by party, the decisions and the answers where somebody has checked a sample; ``stances`` hold the answers too.
    ``copy_of`` is the id of the report that it copies, if any: copies are kept, but not counted.
    """

    report_id: str
    date: dt.date
    reference: str
    n_sentences: int
    stances: tuple[DatedStance, ...]
    asked: Mapping[str, Asked] = field(default_factory=dict)
    checked: Mapping[str, Checked] = field(default_factory=dict)
    copy_of: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A party that may hold a stance in a sentence, and the words that stand for it.

    ``spans`` are half-open character ranges in the sentence (a name, "the Kremlin"); ``context_spans`` are
    ranges in the context and count only where the sentence itself has none.
    """

    actor: str
    spans: tuple[tuple[int, int], ...] = ()
    context_spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """What a classifier is asked: a sentence, what is known of who speaks in it, and the parties in question.

    An example holds ``1 + len(candidates)`` queries: whether anyone holds a stance, then each candidate
    in order. ``is_first`` says that no sentence of the same report stands before it.
    """

    sentence: str
    context: str = ""
    candidates: tuple[Candidate, ...] = ()
    is_first: bool = True

    @property
    def n_queries(self) -> int:
        return 1 + len(self.candidates)

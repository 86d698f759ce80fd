"""Who is named in a sentence, and who "he", "the ministry", "we" or an unnamed speaker may be.

Names come from an alias table (``data/actors.csv``); the sentences before and the outlet do the rest. Nothing here
decides who holds a stance: these are the candidates that a classifier is asked about.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Final, Self

from ahocorasick_rs import AhoCorasick

from stance.codebook import Candidate, Example, StanceError
from stance.tables import choice, filled, parse_date, read_rows

COLUMNS = ("actor", "alias", "kind", "from", "until")
N_CARRIED_SENTENCES: Final = 3  # the parties of so many earlier sentences stay candidates
N_OUTLET_CHARACTERS: Final = 200  # more of an outlet is not read, nor could it reach a classifier
_SEPARATOR: Final = "; "  # between the parts of a context


_SpansByActor = dict[str, tuple[tuple[int, int], ...]]


class AliasKind(StrEnum):
    """What kind of word an alias is."""

    NAME = "name"
    DEMONYM = "demonym"
    CAPITAL = "capital"
    OFFICIAL = "official"
    INSTITUTION = "institution"
    PERSON = "person"
    OTHER = "other"  # a name that holds a party's but is none: New Mexico, South China Sea


@dataclass(frozen=True, slots=True)
class Alias:
    """A surface form that stands for a party from the day ``since`` and before ``until`` (None: no limit)."""

    actor: str
    alias: str
    kind: AliasKind
    since: dt.date | None = None
    until: dt.date | None = None

    def holds_on(self, date: dt.date | None) -> bool:
        """Whether the alias stands for the actor on ``date``; on an unknown date it does."""
        if date is None:
            return True
        return (self.since or dt.date.min) <= date < (self.until or dt.date.max)


@dataclass(frozen=True, slots=True)
class Mention:
    """A party named at ``text[start:end]``."""

    actor: str
    start: int
    end: int


class _Index:
    """Finds patterns in text, each with the aliases that it may stand for."""

    def __init__(self, patterns: Iterable[tuple[str, Alias]]) -> None:
        self._aliases: dict[str, list[Alias]] = {}
        for pattern, alias in patterns:
            self._aliases.setdefault(pattern, []).append(alias)
        self._patterns = list(self._aliases)
        self._automaton = AhoCorasick(self._patterns)

    def matches(self, text: str) -> list[tuple[int, int, list[Alias]]]:
        """Start, end and aliases of each pattern that is a whole word of ``text``, by start, the longest first."""
        found = [
            (start, end, self._aliases[self._patterns[number]])
            for number, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True)
            if _is_whole_word(text, start, end)
        ]
        return sorted(found, key=lambda match: (match[0], -match[1]))


class ActorTable:
    """Finds the parties of an alias table in text: whole words, longest match first.

    Capitals and small letters count, but in text all in capitals, such as some headlines.

    >>> table = ActorTable([Alias("Belmark", "Belmark", AliasKind.NAME), Alias("Belmark", "Vessin", AliasKind.CAPITAL)])
    >>> [mention.actor for mention in table.find("Vessin said no; Belmarkian press cheered.")]
    ['Belmark']
    """

    def __init__(self, aliases: Sequence[Alias]) -> None:
        self.aliases = tuple(aliases)
        self._as_written = _Index((_plain(alias.alias), alias) for alias in aliases)

    @classmethod
    def read(cls, *paths: Path) -> Self:
        """Read alias CSVs; a later file adds to the earlier ones.

        Raises:
            StanceError: for a bad row, or an alias that stands for two actors on one day.
        """
        aliases: dict[Alias, str] = {}
        for path in paths:
            for where, row in read_rows(path, COLUMNS):
                aliases.setdefault(_alias(where, row), where)
        _check_unambiguous(aliases)
        return cls(list(aliases))

    @property
    def actors(self) -> frozenset[str]:
        return frozenset(alias.actor for alias in self.aliases if alias.kind is not AliasKind.OTHER)

    @cached_property
    def _in_capitals(self) -> _Index:
        return _Index((_plain(alias.alias).upper(), alias) for alias in self.aliases)

    def find(self, text: str, date: dt.date | None = None) -> list[Mention]:
        """The parties named in ``text`` on ``date``, in order of appearance, not overlapping."""
        text = _plain(text)
        index = self._in_capitals if text.isupper() else self._as_written
        mentions: list[Mention] = []
        covered = 0  # characters of the text before here belong to a longer or earlier match
        for start, end, aliases in index.matches(text):
            holders = [alias for alias in aliases if alias.holds_on(date)]
            if holders and start >= covered:
                covered = end
                latest = max(holders, key=lambda alias: alias.since or dt.date.min)
                if latest.kind is not AliasKind.OTHER:
                    mentions.append(Mention(latest.actor, start, end))
        return mentions


class ExampleBuilder:
    """Makes of the sentences of one report, added in order, what to ask a classifier.

    A sentence's candidates are the parties it names, then those that the last ``N_CARRIED_SENTENCES`` sentences
    with a name have named, latest first: "he", "the ministry" or an unnamed speaker goes on for one of them; then those
    that the report's ``outlet`` names, for "Foreign Ministry of Belmark" speaks of itself as "we". The context is the
    names of the carried parties, the outlet if it names a party and, where the sentence names nobody, the sentence
    before, which tells who was speaking. Sentences that name somebody were answered no better with it (LOG.md).
    """

    def __init__(self, table: ActorTable, date: dt.date | None = None, outlet: str = "") -> None:
        self._table = table
        self._date = date
        self._outlet = self._part(outlet[:N_OUTLET_CHARACTERS])
        self._earlier: list[list[str]] = []  # parties of the sentences that name any, latest first
        self._before: _Part | None = None  # the sentence before

    def add(self, sentence: str) -> Example:
        """The example of the report's next sentence."""
        part = self._part(sentence)
        carried = dict.fromkeys(actor for actors in self._earlier for actor in actors if actor not in part.named)
        context = [_Part(actor, {actor: ((0, len(actor)),)}) for actor in carried]
        if self._outlet.named:
            context.append(self._outlet)
        if not part.named and self._before and self._before.text:
            context.append(self._before)
        example = _example(part, context, is_first=self._before is None)
        if part.named:
            self._earlier = [list(part.named), *self._earlier][:N_CARRIED_SENTENCES]
        self._before = part
        return example

    def _part(self, text: str) -> _Part:
        return _Part(text, _spans_by_actor(self._table.find(text, self._date)))


def build_examples(
    sentences: Sequence[str], table: ActorTable, date: dt.date | None = None, outlet: str = ""
) -> list[Example]:
    """The examples of the ``sentences`` of one report, in order (``ExampleBuilder``).

    >>> table = ActorTable([Alias("Belmark", "Belmark", AliasKind.NAME)])
    >>> example = build_examples(["Belmark sent an envoy.", "He ruled out a truce."], table)[1]
    >>> example.context, example.candidates
    ('Belmark; Belmark sent an envoy.', (Candidate(actor='Belmark', spans=(), context_spans=((0, 7), (9, 16))),))
    """
    builder = ExampleBuilder(table, date, outlet)
    return [builder.add(sentence) for sentence in sentences]


@dataclass(frozen=True, slots=True)
class _Part:
    """A text and where it names parties."""

    text: str
    named: _SpansByActor


def _example(sentence: _Part, context: Sequence[_Part], *, is_first: bool) -> Example:
    """What is asked about ``sentence``: its own parties, then the others of ``context``, with their places there."""
    spans: _SpansByActor = {}
    start = 0
    for part in context:
        for actor, places in part.named.items():
            if actor not in sentence.named:
                moved = tuple((start + first, start + after) for first, after in places)
                spans[actor] = (*spans.get(actor, ()), *moved)
        start += len(part.text) + len(_SEPARATOR)
    own = (Candidate(actor, places) for actor, places in sentence.named.items())
    others = (Candidate(actor, (), places) for actor, places in spans.items())
    return Example(sentence.text, _SEPARATOR.join(part.text for part in context), (*own, *others), is_first)


def _spans_by_actor(mentions: list[Mention]) -> _SpansByActor:
    spans: _SpansByActor = {}
    for mention in mentions:
        spans[mention.actor] = (*spans.get(mention.actor, ()), (mention.start, mention.end))
    return spans


def _plain(text: str) -> str:
    """``text`` with straight apostrophes and plain spaces, character for character."""
    return re.sub(r"\s", " ", text.replace("’", "'"))


def _is_whole_word(text: str, start: int, end: int) -> bool:
    starts = start == 0 or not (text[start - 1].isalnum() and text[start].isalnum())
    ends = end == len(text) or not (text[end].isalnum() and text[end - 1].isalnum())
    return starts and ends


def _alias(where: str, row: dict[str, str]) -> Alias:
    since, until = parse_date(where, row["from"]), parse_date(where, row["until"])
    if since and until and since >= until:
        raise StanceError(f"{where}: from {since} is not before until {until}; it must be")
    return Alias(
        filled(where, row, "actor"), filled(where, row, "alias"), choice(where, "kind", row["kind"], AliasKind),
        since, until,
    )  # fmt: skip


def _check_unambiguous(aliases: dict[Alias, str]) -> None:
    seen: dict[str, list[Alias]] = {}
    for alias, where in aliases.items():
        for other in seen.setdefault(_plain(alias.alias), []):
            starts = max(alias.since or dt.date.min, other.since or dt.date.min)
            overlap = starts < min(alias.until or dt.date.max, other.until or dt.date.max)
            if overlap and other.actor != alias.actor:
                raise StanceError(
                    f"{where}: alias {alias.alias!r} stands for {alias.actor!r} and, at {aliases[other]}, for "
                    f"{other.actor!r} on the same days; give them dates that do not overlap"
                )
        seen[_plain(alias.alias)].append(alias)

"""What is counted in an archive of decisions: by DuckDB, where the files are, so that its size does not matter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from glob import escape
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from stance.cells import Cell
from stance.codebook import FIRM_LABELS, LABELS, NOBODY, Checked, DatedStance, Issue, Label, Report, StanceError
from stance.periods import Period, period_of
from stance.positions import Position, main_label
from stance.shifts import Tally, ranked
from stance.streams import REJECTED

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY: Final = "1GB"  # beyond which DuckDB writes to disk
N_EVIDENCE: Final = 12  # the likeliest sentences of each position

_TWICE: Final = """
SELECT report_id FROM reports WHERE differs UNION ALL
SELECT report_id FROM classified WHERE position = 1 AND begins = 'party' GROUP BY report_id, actor HAVING count(*) > 1
ORDER BY report_id LIMIT 1
"""
_REPORTS: Final = """
CREATE TEMP TABLE reports AS
SELECT report_id, min(date) AS date, min(copy_of) AS copy_of, max(position) AS n_sentences,
    min(date) <> max(date) OR min(copy_of) <> max(copy_of) OR count(date) NOT IN (0, count(*)) AS differs
FROM classified GROUP BY report_id
"""
# A table of each report and party: what it was asked about, and how often each label was found and expected.
_PAIRS: Final = f"""
CREATE TEMP TABLE pairs AS
SELECT actor, span, report_id, any_value(day) AS day,
    count(*) FILTER (begins = 'party') AS n_asked,
    {", ".join(f"count(*) FILTER (label = '{label}' AND begins <> 'issue') AS {label}" for label in LABELS)},
    {", ".join(f"sum({label}) FILTER (begins = 'party') AS expected_{label}" for label in LABELS)}
FROM counted WHERE actor <> '{NOBODY}' GROUP BY actor, span, report_id
"""
_CELLS: Final = f"""
SELECT actor, span, count(*), sum(n_asked), avg(day),
    {", ".join(f"sum({label})" for label in LABELS)}, {", ".join(f"sum(expected_{label})" for label in LABELS)}
FROM pairs GROUP BY actor, span HAVING sum({" + ".join(LABELS)}) > 0
"""
_BY_REPORT: Final = f"""
SELECT actor, span, {" + ".join(FIRM_LABELS)} AS firm, {" + ".join(LABELS)} AS total
FROM pairs WHERE {" + ".join(LABELS)} > 0 ORDER BY actor, span, day, report_id
"""
_ISSUE_CELLS: Final = f"""
SELECT actor, issue, span, {", ".join(f"count(*) FILTER (label = '{label}')" for label in LABELS)}
FROM counted WHERE label <> 'none' AND actor <> '{NOBODY}' GROUP BY actor, issue, span
"""
_PROBABILITY: Final = f"CASE label {' '.join(f'''WHEN '{label}' THEN {label}''' for label in LABELS)} END"
_QUOTED: Final = "{'report_id': report_id, 'date': date, 'title': title, 'outlet': outlet, 'position': position, " \
    "'sentence': sentence, 'label': label, 'probability': probability}"  # fmt: skip
_POSITIONS: Final = f"""
SELECT actor, issue, span, label, count(*), sum(probability), arg_max({_QUOTED}, probability, {N_EVIDENCE})
FROM (SELECT *, {_PROBABILITY} AS probability FROM counted WHERE label <> 'none' AND actor <> '{NOBODY}')
GROUP BY actor, issue, span, label
"""


def tally_archive(folder: Path, period: Callable[[dt.date], Period] = period_of) -> Tally:
    """Count the decisions that ``stance classify --out`` wrote into ``folder``.

    Copies, and reports without a date, are left out. The evidence of a position are its likeliest sentences.

    Raises:
        StanceError: if a file cannot be read, two reports have one id, or none has a date.
    """
    import duckdb

    with duckdb.connect(config={"memory_limit": MEMORY}) as database:
        try:
            database.read_parquet(f"{escape(str(folder))}/*.parquet").create_view("everything")
            database.execute("CREATE VIEW classified AS SELECT * FROM everything WHERE reason = ''")
            return _tally(database, folder, period)
        except duckdb.Error as error:
            raise StanceError(f"{folder}: {error}; expected the Parquet files of stance classify --out") from error


def _tally(database: DuckDBPyConnection, folder: Path, period: Callable[[dt.date], Period]) -> Tally:
    database.execute(_REPORTS)
    twice = database.execute(_TWICE).fetchone()
    if twice:
        raise StanceError(f"{folder}: report_id {twice[0]!r} stands twice; each report needs its own")
    [(n_undated,)] = database.execute("SELECT count(*) FROM reports WHERE date IS NULL").fetchall()
    spans = _number_periods(database, folder, period)
    database.execute(_PAIRS)
    cells = list(_cells(database, spans))
    issue_cells = list(_issue_cells(database, spans, cells))
    found: dict[str, int] = {}
    for cell in cells:
        found[cell.actor] = found.get(cell.actor, 0) + sum(cell.counts.values())
    rank = {actor: number for number, actor in enumerate(ranked(found))}
    references: dict[str, str] = {}
    positions = list(_positions(database, spans, references))
    issues = list(Issue)
    [(n_reports, n_copies, first, last)] = database.execute(
        "SELECT count(*), count(*) FILTER (copy_of <> ''), min(date), max(date) FROM reports WHERE date IS NOT NULL"
    ).fetchall()
    [(n_unclear,)] = database.execute(
        f"SELECT count(*) FROM counted WHERE actor = '{NOBODY}' AND label <> 'none' AND begins <> 'issue'"
    ).fetchall()
    return Tally(
        cells=tuple(sorted(cells, key=lambda cell: (rank[cell.actor], cell.period))),
        issue_cells=tuple(
            cell
            for issue in issues
            for cell in sorted(issue_cells, key=lambda cell: (rank[cell.actor], cell.period))
            if cell.issue is issue
        ),
        positions=tuple(sorted(positions, key=lambda one: (rank[one.actor], issues.index(one.issue), one.period))),
        n_unclear=n_unclear,
        n_reports=n_reports,
        days=(first, last),
        references=references,
        n_copies=n_copies,
        n_undated=n_undated,
        n_rejected=_n_rejected(database, folder),
        rejected_in="the archive",
        listed_in="the archive",
    )


def _n_rejected(database: DuckDBPyConnection, folder: Path) -> int:
    """Records that could not be read: in files of their own, or of a cluster among the decisions."""
    [(among,)] = database.execute("SELECT count(*) FROM everything WHERE reason <> ''").fetchall()
    beside = sum(sum(1 for _ in path.open("rb")) for path in (folder / REJECTED).glob("*.jsonl"))
    return int(among) + beside


def _number_periods(
    database: DuckDBPyConnection, folder: Path, period: Callable[[dt.date], Period]
) -> list[tuple[Period, int]]:
    """The periods, each with its number of sentences; ``counted`` are the decisions with their period's number."""
    per_day = database.execute(
        "SELECT date, sum(n_sentences) FROM reports WHERE date IS NOT NULL AND copy_of = '' GROUP BY date ORDER BY date"
    ).fetchall()
    if not per_day:
        raise StanceError(f"{folder}: no dated report there; at least one is needed")
    n_sentences: dict[Period, int] = {}
    for date, n in per_day:
        n_sentences[period(date)] = n_sentences.get(period(date), 0) + n
    numbers = {span: number for number, span in enumerate(n_sentences)}
    days = {"date": [date for date, _ in per_day], "span": [numbers[period(date)] for date, _ in per_day]}
    database.register("spans", pa.table({**days, "day": [date.toordinal() for date in days["date"]]}))
    database.execute(
        "CREATE VIEW counted AS SELECT classified.*, span, day FROM classified JOIN spans USING (date) "
        "WHERE copy_of = ''"
    )
    return list(n_sentences.items())


def _cells(database: DuckDBPyConnection, spans: list[tuple[Period, int]]) -> Iterator[Cell]:
    arrays = database.execute(_BY_REPORT).fetchnumpy()
    by_report = np.stack([np.asarray(arrays["firm"]), np.asarray(arrays["total"])], axis=1).astype(np.int64)
    names, numbers = np.asarray(arrays["actor"]), np.asarray(arrays["span"])
    starts = np.flatnonzero((names[1:] != names[:-1]) | (numbers[1:] != numbers[:-1])) + 1
    parts = {
        (names[start], int(numbers[start])): by_report[start:end]
        for start, end in pairwise([0, *starts, len(names)])
        if start < end
    }
    for actor, span, n_reports, n_asked, mean_day, *sums in database.execute(_CELLS).fetchall():
        yield Cell(
            actor=actor,
            period=spans[span][0],
            n_reports=n_reports,
            n_sentences=int(spans[span][1]),
            n_asked=int(n_asked),
            mean_day=float(mean_day),
            counts=dict(zip(LABELS, map(int, sums[: len(LABELS)]), strict=True)),
            expected=dict(zip(LABELS, map(float, sums[len(LABELS) :]), strict=True)),
            checked=Checked(),
            by_report=parts[actor, span],
        )


def _issue_cells(
    database: DuckDBPyConnection, spans: list[tuple[Period, int]], cells: Iterable[Cell]
) -> Iterator[Cell]:
    """The cells of each issue in any order: as that of all issues, but for the stances."""
    whole = {(cell.actor, cell.period): cell for cell in cells}
    for actor, issue, span, *sums in database.execute(_ISSUE_CELLS).fetchall():
        counts = dict(zip(LABELS, map(int, sums), strict=True))
        yield whole[actor, spans[span][0]].on_issue(Issue(issue), counts)


def _positions(
    database: DuckDBPyConnection, spans: list[tuple[Period, int]], references: dict[str, str]
) -> Iterator[Position]:
    """The positions in any order; the reports that their evidence is from come into ``references``."""
    rows = sorted(database.execute(_POSITIONS).fetchall(), key=lambda row: row[:3])
    for (actor, issue, span), group in groupby(rows, key=lambda row: row[:3]):
        weights: dict[Label, tuple[int, float]] = {}
        quoted: list[Mapping[str, Any]] = []
        for *_, label, n_stances, probability, likeliest in group:
            weights[Label(label)] = n_stances, probability
            quoted += likeliest
        label = main_label(weights)
        evidence = tuple(_evidence(quoted, actor, Issue(issue), references))
        n_stances = sum(n for n, _ in weights.values())
        yield Position(actor, Issue(issue), spans[span][0], label, n_stances, weights[label][0], evidence)


def _evidence(
    quoted: Iterable[Mapping[str, Any]], actor: str, issue: Issue, references: dict[str, str]
) -> Iterator[DatedStance]:
    likeliest = sorted(quoted, key=lambda one: (-one["probability"], one["report_id"], one["position"]))[:N_EVIDENCE]
    for one in sorted(likeliest, key=lambda one: (one["date"], one["report_id"], one["position"])):
        source = Report(one["report_id"], "", one["date"], one["title"], one["outlet"])
        references[source.report_id] = source.reference
        place = (source.report_id, one["date"], one["position"], one["sentence"])
        yield DatedStance(*place, actor, Label(one["label"]), issue, one["probability"])

"""Dated reports for a shift report, read into memory by the same reader as archives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stance.codebook import Report, StanceError
from stance.records import DEFAULT, Rejected, Terms
from stance.streams import placed, sources

UNDATED: Final = "no date; it must stand in a field date, or a file's name begin with it as 2022-03-16_some-name.txt"


@dataclass(frozen=True, slots=True)
class Intake:
    """The reports, in order of date and id, and what cannot be read, in the order of the files."""

    reports: tuple[Report, ...]
    rejected: tuple[Rejected, ...]


def take_in(path: Path, terms: Terms = DEFAULT, *, without: Iterable[Path] = ()) -> Intake:
    """All dated reports in a file, a folder or the files of a pattern; of equal ids the first counts.

    Args:
        path: of the reports.
        terms: what the user says of them.
        without: files, and folders with all below them, that are passed over: what we write ourselves.

    Raises:
        StanceError: if there is no file.
    """
    passed_over = {one.resolve() for one in without}
    files = [file for file in sources([path]) if not passed_over & {file.resolve(), *file.resolve().parents}]
    places: dict[str, str] = {}
    reports: list[Report] = []
    rejected: list[Rejected] = []
    for where, item, _ in placed(files, terms=terms):
        if isinstance(item, Rejected):
            rejected.append(item)
        elif item.date is None:
            rejected.append(Rejected.of(where, item.report_id, UNDATED))
        elif item.report_id in places:
            first = places[item.report_id]
            reason = f"report_id {item.report_id!r} stands at {first} already; each report needs its own"
            rejected.append(Rejected.of(where, item.report_id, reason))
        else:
            places[item.report_id] = where
            reports.append(item)
    ordered = sorted(reports, key=lambda report: (str(report.date), report.report_id))
    return Intake(tuple(ordered), tuple(rejected))


def read_reports(path: Path) -> list[Report]:
    """The dated reports at ``path``, all of which must be in order; sorted by date and id.

    Raises:
        StanceError: for the first that cannot be read, naming the place, what came and what is allowed; or if there is
            none.
    """
    intake = take_in(path)
    for one in intake.rejected:
        raise StanceError(f"{one.where}: {one.reason}")
    if not intake.reports:
        raise StanceError(f"{path}: no report there; at least one is needed")
    return list(intake.reports)

"""The story of a report in at most five sentences, with numbers and intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from stance.firmness import MIN_STANCES
from stance.positions import Move
from stance.report_words import count, points, told
from stance.shifts import ShiftAnalysis, Tally

N_LED: Final = 2  # actors that the story is told of


def story(analysis: ShiftAnalysis, counted: Tally) -> list[str]:
    """What was read; how firm the two actors with most stances were; where firmness and positions changed.

    >>> from stance.shifts import analyse_tally, tally
    >>> story(analyse_tally(tally([])), tally([]))
    ['No stance was found in these reports.']
    """
    if not analysis.n_stances:
        return ["No stance was found in these reports."]
    return [_read(analysis, counted), *_led(analysis), _firmness(analysis), _positions(analysis)]


def _read(analysis: ShiftAnalysis, counted: Tally) -> str:
    n_by_actor: Counter[str] = Counter()
    for period in analysis.periods:
        n_by_actor[period.actor] += period.n_stances
    days = ""
    if counted.days:
        first, last = counted.days
        days = f" from {first} to {last}" if first != last else f" of {first}"
    who = " and ".join(f"{n} of {actor}" for actor, n in n_by_actor.most_common(N_LED))
    found = f"{count(analysis.n_stances, 'stance')} of {count(len(analysis.actors), 'actor')}"
    verb = "holds" if counted.n_reports == 1 else "hold"
    most = f", {who} among them" if len(analysis.actors) > N_LED else f": {who}" if len(analysis.actors) > 1 else ""
    return f"{count(counted.n_reports, 'report')}{days} {verb} {found}{most}."


def _led(analysis: ShiftAnalysis) -> Iterator[str]:
    """How firm the actors with most stances were at both ends."""
    for actor in analysis.actors[:N_LED]:
        enough = [period for period in analysis.periods if period.actor == actor and period.is_enough]
        if not enough:
            continue
        first, last = enough[0], enough[-1]
        held = f"{actor} held firm in {told(first.firmness)} of its stances {first.period.when}"
        yield f"{held}." if last is first else f"{held} and in {told(last.firmness)} {last.period.when}."


def _firmness(analysis: ShiftAnalysis) -> str:
    changes = analysis.firmness_changes
    if not changes:
        return f"No actor has two periods with {MIN_STANCES} stances or more, so no firmness is compared."
    clear = [change for change in changes if change.is_clear]
    top = max(clear or changes, key=lambda change: abs(change.difference.value))
    named = f"{top.actor}'s from {top.before.period} to {top.after.period}, {points(top.difference)}"
    compared = f"Of {count(len(changes), 'change')} in an actor's firmness from one period to the next"
    if not clear:
        return f"{compared} none is clear: the largest is {named}, and these reports do not tell whether it was one."
    lead = "1 is clear," if len(clear) == 1 else f"{len(clear)} are clear, most of all"
    return f"{compared} {lead} {named}; of those called clear at most one in twenty is expected to be chance."


def _positions(analysis: ShiftAnalysis) -> str:
    changes = analysis.position_changes
    if not changes:
        return "No actor's position on an issue is another than in the period before."
    moves = Counter(change.move for change in changes)
    kinds = ", ".join(f"{moves[move]} {move}" for move in Move if moves[move])
    latest = max(changes, key=lambda change: change.after.period)
    [(issue, n_of_issue)] = Counter(change.issue for change in changes).most_common(1)
    return (
        f"Positions on an issue changed {count(len(changes), 'time')} ({kinds}), most often on {issue} ({n_of_issue}), "
        f"most recently {latest.after.period.when}, where {latest.actor} went from {latest.before.label} to "
        f"{latest.after.label} on {latest.issue}."
    )

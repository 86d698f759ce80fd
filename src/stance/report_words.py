"""What a shift analysis found, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from stance.change_points import ChangePoint
from stance.changes import FirmnessChange, Trend
from stance.firmness import ActorPeriod
from stance.gaps import Gap, GapChange
from stance.metrics import Estimate
from stance.positions import PositionChange
from stance.quantification import MeasuredErrors
from stance.shifts import ShiftAgreement, ShiftAnalysis, Tally

if TYPE_CHECKING:
    from stance.evaluation import Evaluation

VAGUE_WIDTH: Final = 0.75  # of an interval, in words told without its middle
CORRECTED_LIMITS: Final = (
    "Firmness is corrected for the classifier's errors, as measured on labelled reports. If it errs more or otherwise "
    "on these reports, on other subjects or in another style, the correction is off by as much.",
)
FOUND_LIMITS: Final = (
    "Shares counted from an imperfect classifier are biased: a label that it misses often looks rarer than it is. "
    "Nothing here corrects for that.",
)
COPIES_LIMITS: Final = (
    "Nobody looked for copies: a wire report that several papers print counts as often as it was printed.",
)
LIMITS: Final = (
    "An actor with stances in one report of a period only: the interval covers the chance of which sentences were "
    "reported there, not that of which report was read.",
    "A position of the past that a report retells counts at the date of the report.",
    "A change of position on an issue may rest on one sentence on either side; nothing corrects it. Another outlet's "
    "choice of quotations can look like a change of position.",
    "A label found in a sentence goes to the likeliest party there, also where the party's own probability is no high "
    "one; where it is very low the holder counts as unclear.",
    "A single sentence here is no proof of what a government said. Read the evidence, then the document.",
)


def limits(errors: MeasuredErrors | None, counted: Tally) -> Sequence[str]:
    """What the report cannot tell; of a classifier's errors nothing where people coded the stances."""
    first = CORRECTED_LIMITS if errors else () if counted.is_coded or not counted.n_reports else FOUND_LIMITS
    undated = f"{count(counted.n_undated, 'report')} without a date left out."
    rejected = f"{count(counted.n_rejected, 'record')} left out, for the reasons in {counted.rejected_in}."
    return (
        *first, *([undated] if counted.n_undated else []), *([rejected] if counted.n_rejected else []),
        *(COPIES_LIMITS if counted.copies_unknown else ()), *LIMITS
    )  # fmt: skip


def summary(analysis: ShiftAnalysis, actor: str, periods: Sequence[ActorPeriod]) -> list[str]:
    """An actor's firmness at both ends, its clear changes and its latest changes of position, in words."""
    enough = [period for period in periods if period.is_enough]
    moves = [change for change in analysis.position_changes if change.actor == actor]
    first, last = enough[0], enough[-1]
    ends = f"Held firm in {told(first.firmness)} of its stances {first.period.when} ({first.n_stances} found)"
    if last is first:
        return [f"{ends}, the only period with stances enough to tell.", _position_words(moves)]
    return [
        f"{ends} and in {told(last.firmness)} {last.period.when} ({last.n_stances}).",
        *_firmness_words([change for change in analysis.firmness_changes if change.actor == actor]),
        *(_trend_words(trend) for trend in analysis.trends if trend.actor == actor),
        *(_point_words(point) for point in analysis.change_points if point.actor == actor),
        _position_words(moves),
    ]


def told(estimate: Estimate) -> str:
    """A share with its interval, or the interval alone where it is too wide for the share to mean much."""
    if estimate.high - estimate.low > VAGUE_WIDTH:
        return f"anything from {estimate.low:.0%} to {estimate.high:.0%}"
    return share(estimate)


def _firmness_words(changes: Sequence[FirmnessChange]) -> Iterable[str]:
    clear = [change for change in changes if change.is_clear]
    for change in clear:
        direction = "firmer" if change.difference.value > 0 else "less firm"
        yield f"Clearly {direction}: {points(change.difference)} ({change.before.period} → {change.after.period})."
    n_unclear = len(changes) - len(clear)
    if n_unclear == 1:
        yield f"Its {'other' if clear else 'only'} change in firmness is not clear."
    elif n_unclear:
        subject = f"Its other {n_unclear} changes" if clear else f"None of its {n_unclear} changes"
        yield f"{subject} in firmness from one period to the next {'are not' if clear else 'is'} clear."


def _trend_words(trend: Trend) -> str:
    return f"Over {trend.n_periods} periods: {points(trend.slope)} a year."


def _point_words(point: ChangePoint) -> str:
    direction = "firmer" if point.after.value > point.before.value else "less firm"
    return (
        f"A change point: {direction} from {point.first} on, {share(point.after)} after {share(point.before)} "
        f"(p {point.p_value:.3f}, for the number of actors)."
    )


def gap_words(gaps: Sequence[Gap], changes: Sequence[GapChange]) -> str:
    """How far apart two actors were last, and which changes of that are clear, in words."""
    last = gaps[-1]
    held = f"{last.first} minus {last.second} {last.period.when}: {points(last.firmness)} in firmness"
    clear = [change for change in changes if change.is_clear]
    if not changes:
        return f"{held}, the only period in which both have stances enough."
    if not clear:
        none = "The only change of this gap is not" if len(changes) == 1 else f"None of its {len(changes)} changes is"
        return f"{held}. {none} clear."
    return f"{held}. {' '.join(map(_gap_change_words, clear))}"


def _gap_change_words(change: GapChange) -> str:
    gap = change.after
    verb = "Changed places" if change.is_reversed else "Drew closer" if change.is_closer else "Drew apart"
    return (
        f"{verb} ({change.before.period} → {gap.period}): {gap.first} moved {points(change.first_moved)}, "
        f"{gap.second} {points(change.second_moved)}."
    )


def points(difference: Estimate) -> str:
    """A difference of shares with its interval, in percentage points."""
    value, interval = signed(difference).split(" ", 1)
    return f"{value} percentage points {interval}"


def signed(difference: Estimate) -> str:
    """A difference of shares with its interval, in hundredths, without their unit."""
    value, low, high = (f"{number:+z.0%}".removesuffix("%") for number in difference)
    return f"{value} ({low} to {high})"


def _position_words(moves: Sequence[PositionChange]) -> str:
    if not moves:
        return "No change of position on any issue."
    latest = max(move.after.period for move in moves)
    recent = [f"{m.issue} from {m.before.label} to {m.after.label}" for m in moves if m.after.period == latest]
    return f"{count(len(moves), 'change')} of position, most recently {latest.when}: {', '.join(recent)}."


def agreement_words(agreement: ShiftAgreement) -> list[str]:
    """How far the model's analysis is from the annotators'."""
    return [
        f"The annotators fill {count(agreement.n_gold_cells, 'cell')} (actor, issue and period), the model "
        f"{agreement.n_predicted_cells}; {agreement.cell_agreement:.0%} of the cells that either fills have the same "
        "label in both.",
        f"The annotators' stances make {count(agreement.n_gold_changes, 'change')} of position, the model's "
        f"{agreement.n_predicted_changes}; {agreement.n_shared_changes} of them are the same in both.",
        f"Firmness differs by {agreement.firmness_error:.2f} on average, over the "
        f"{count(agreement.n_firmness_pairs, 'pair')} of actor and period that both have; in {agreement.n_compatible} "
        "of them the two 95% intervals overlap.",
    ]


def trust(quality: Evaluation | None, *, is_coded: bool) -> list[str]:
    """How well the stances were found, in words."""
    if is_coded and quality is None:
        return ["People coded these stances. The intervals know nothing of how well two of them would agree."]
    if quality is None:
        return ["How well these stances were found is unknown: no test on labelled reports was given."]
    errors = quality.attribution
    return [
        f"Classifier {quality.classifier}, tested on {quality.test}: {count(quality.n_sentences, 'sentence')} in "
        f"{count(quality.n_reports, 'report')}. F1 weighs stances missed against stances wrongly found; 1 is "
        "perfect. Brackets hold 95% intervals.",
        f"Of the labels it gave to an actor, {errors.right} were right, {errors.wrong_actor} belonged to another "
        f"actor and {errors.wrong_label} to nobody; it missed {errors.missed}. In {errors.candidate_recall:.0%} of "
        "the annotators' stances the actor was among those considered.",
    ]


def count(n: int, noun: str) -> str:
    """The number with its noun, in the plural unless it is 1."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def share(estimate: Estimate) -> str:
    """A share with its interval, in per cent."""
    return f"{estimate.value:.0%} ({estimate.low:.0%} to {estimate.high:.0%})"


def score(estimate: Estimate) -> str:
    """A score with its interval."""
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"

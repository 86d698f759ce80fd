"""One chart per actor, as inline SVG: its stances by label and its firmness, period by period."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from stance.codebook import Label
from stance.firmness import ActorPeriod
from stance.shifts import ShiftAnalysis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABEL_COLOURS: Final[Mapping[Label, str]] = {
    Label.DEMAND: "#b2591d",
    Label.PRECONDITION: "#c9a227",
    Label.REJECTION: "#8b1e3f",
    Label.CONCESSION: "#2a7f9e",
}
"""In the order of the stack: the firm labels at the bottom, so that their height is the firmness of the bar."""

INK: Final = "#22262b"
RULE: Final = "#c9c5bb"
N_UPRIGHT_NAMES: Final = 5  # so many names of periods fit side by side; more are turned
N_UPRIGHT_LETTERS: Final = 12
STYLE: Final = {
    "svg.fonttype": "none",
    "svg.hashsalt": "stance",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": RULE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}
NO_METADATA: Final = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def actor_chart(analysis: ShiftAnalysis, actor: str) -> str:
    """An ``<svg>`` element: above, stacked counts of the labels; below, firmness with its 95 % interval.

    Periods are evenly spaced, whatever lies between them, and the same in every chart of an analysis. The same
    analysis gives the same text; ids differ between the actors of one analysis, so that all fit on one page.
    """
    from matplotlib import style
    from matplotlib.figure import Figure

    n_spans = len(analysis.spans)
    places = {span: place for place, span in enumerate(analysis.spans)}
    periods = [period for period in analysis.periods if period.actor == actor]
    x = [places[period.period] for period in periods]
    names = [str(span) for span in analysis.spans]
    drawn = io.StringIO()
    with style.context(["default", STYLE]):
        figure = Figure(figsize=(max(5.0, 0.8 + 0.3 * n_spans), 3.7), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 3))
        _draw_counts(upper, x, periods)
        _draw_firmness(lower, x, periods)
        lower.set_xlim(-0.6, n_spans - 0.4)
        turned = {"rotation": 90} if n_spans > N_UPRIGHT_NAMES or max(map(len, names)) > N_UPRIGHT_LETTERS else {}
        lower.set_xticks(range(n_spans), names, **turned)
        figure.align_ylabels()
        figure.savefig(drawn, format="svg", transparent=True, metadata=NO_METADATA)
    title = f"{actor}: stances found by label, and firmness with its 95% interval, in each period"
    return _inline(drawn.getvalue(), title, prefix=f"chart{analysis.actors.index(actor) + 1}-")


def _draw_counts(axes: Axes, x: Sequence[int], periods: Sequence[ActorPeriod]) -> None:
    tallest = max(period.n_stances for period in periods)
    bottoms = [0] * len(periods)
    for label, colour in LABEL_COLOURS.items():
        heights = [period.counts[label] for period in periods]
        axes.bar(x, heights, 0.56, bottom=bottoms, color=colour, edgecolor="white", linewidth=0.8, clip_on=False)
        for place, bottom, height in zip(x, bottoms, heights, strict=True):
            if height >= 0.12 * tallest:  # room for its letter
                letter_colour = INK if label is Label.PRECONDITION else "white"
                axes.text(
                    place, bottom + height / 2, label[0].upper(), color=letter_colour, fontsize=8, ha="center",
                    va="center_baseline",
                )  # fmt: skip
        bottoms = [bottom + height for bottom, height in zip(bottoms, heights, strict=True)]
    for place, n_stances in zip(x, bottoms, strict=True):
        axes.annotate(str(n_stances), (place, n_stances), (0, 3), textcoords="offset points", ha="center")
    axes.set_ylim(0, 1.12 * tallest)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_ylabel("stances")


def _draw_firmness(axes: Axes, x: Sequence[int], periods: Sequence[ActorPeriod]) -> None:
    """Firmness with its interval; small rings are the shares among the stances found. Too few stances: no dot."""
    for height in (0.5, 1.0):
        axes.axhline(height, color=RULE, linewidth=0.6, clip_on=False, zorder=0)
    enough = [(place, period) for place, period in zip(x, periods, strict=True) if period.is_enough]
    places, firmness = [place for place, _ in enough], [period.firmness for _, period in enough]
    axes.plot(places, [share.value for share in firmness], color=INK, linewidth=0.9, clip_on=False)
    axes.vlines(places, [share.low for share in firmness], [share.high for share in firmness], color=INK, linewidth=2.2,
                alpha=0.45, clip_on=False)  # fmt: skip
    axes.scatter(places, [share.value for share in firmness], s=26, color=INK, clip_on=False, zorder=3)
    if any(period.corrected for period in periods):
        found = [period.firmness_found for _, period in enough]
        axes.scatter(places, found, s=16, facecolor="none", edgecolor=INK, linewidth=0.8, clip_on=False, zorder=3)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1])
    axes.set_ylabel("firmness")


def _inline(svg: str, title: str, prefix: str) -> str:
    """Matplotlib's SVG file as an element of a page: fluid width, titled, with ids of its own and no addresses."""
    root, _, body = svg[svg.index("<svg") :].partition(">")
    view_box = root.partition('viewBox="')[2].partition('"')[0]
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r'\bid="', f'id="{prefix}', body.replace('xlink:href="#', f'href="#{prefix}'))
    return f'<svg width="100%" viewBox="{view_box}" role="img">\n<title>{escape(title)}</title>{body}'

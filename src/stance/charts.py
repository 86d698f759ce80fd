"""One chart per actor, for a page or as files of its own: its stances by label and its firmness, period by period."""

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
    from matplotlib.figure import Figure

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
MAX_HEADING: Final = 48  # letters of an actor's name that fit above the narrowest chart
DOTS_PER_INCH: Final = 200
MAX_PIXELS: Final = 20_000  # a chart of more periods gets fewer dots per inch


def actor_chart(analysis: ShiftAnalysis, actor: str) -> str:
    """An ``<svg>`` element: above, stacked counts of the labels; below, firmness with its 95 % interval.

    Periods are evenly spaced, whatever lies between them, and the same in every chart of an analysis. The same
    analysis gives the same text; ids differ between the actors of one analysis, so that all fit on one page.
    """
    from matplotlib import style

    drawn = io.StringIO()
    with style.context(["default", STYLE]):
        _figure(analysis, actor).savefig(drawn, format="svg", transparent=True, metadata=NO_METADATA)
    return _inline(drawn.getvalue(), _title(actor), prefix=f"chart{analysis.actors.index(actor) + 1}-")


def chart_svg(analysis: ShiftAnalysis, actor: str) -> bytes:
    """The same chart as an SVG file that stands alone: on white, with the actor's name, a legend and a description."""
    from matplotlib import style

    drawn = io.StringIO()
    with style.context(["default", STYLE]):
        figure = _figure(analysis, actor)
        _add_heading(figure, actor)
        figure.savefig(drawn, format="svg", facecolor="white", metadata=NO_METADATA)
    root, _, body = drawn.getvalue()[drawn.getvalue().index("<svg") :].partition(">")
    about = f"<title>{escape(_title(actor))}</title>\n <desc>{escape(_description(analysis, actor))}</desc>"
    return f'<?xml version="1.0" encoding="utf-8"?>\n{root} role="img">\n {about}{body}'.encode()


def chart_png(analysis: ShiftAnalysis, actor: str) -> bytes:
    """The same chart as a PNG file, at 200 dots an inch unless it has too many periods for that."""
    from matplotlib import style

    drawn = io.BytesIO()
    with style.context(["default", STYLE]):
        figure = _figure(analysis, actor)
        _add_heading(figure, actor)
        dots = min(DOTS_PER_INCH, MAX_PIXELS / figure.get_figwidth())
        figure.savefig(drawn, format="png", facecolor="white", dpi=dots, metadata={"Software": None})
    return drawn.getvalue()


def _figure(analysis: ShiftAnalysis, actor: str) -> Figure:
    from matplotlib.figure import Figure

    n_spans = len(analysis.spans)
    places = {span: place for place, span in enumerate(analysis.spans)}
    periods = [period for period in analysis.periods if period.actor == actor]
    x = [places[period.period] for period in periods]
    names = [str(span) for span in analysis.spans]
    figure = Figure(figsize=(max(5.0, 0.8 + 0.3 * n_spans), 3.7), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 3))
    _draw_counts(upper, x, periods)
    _draw_firmness(lower, x, periods)
    lower.set_xlim(-0.6, n_spans - 0.4)
    turned = {"rotation": 90} if n_spans > N_UPRIGHT_NAMES or max(map(len, names)) > N_UPRIGHT_LETTERS else {}
    lower.set_xticks(range(n_spans), names, **turned)
    figure.align_ylabels()
    return figure


def _add_heading(figure: Figure, actor: str) -> None:
    """The actor's name above the chart, and below it what the colours mean."""
    from matplotlib.patches import Patch

    name = _printable(actor)
    shown = name if len(name) <= MAX_HEADING else f"{name[: MAX_HEADING - 1]}…"
    figure.set_figheight(figure.get_figheight() + 0.6)
    figure.suptitle(shown, x=0.01, ha="left", fontsize=11, fontweight="bold", parse_math=False)
    patches = [Patch(color=colour, label=label.capitalize()) for label, colour in LABEL_COLOURS.items()]
    figure.legend(handles=patches, loc="outside lower left", ncols=len(patches), frameon=False, handlelength=1,
                  handleheight=1, columnspacing=1.5)  # fmt: skip


def _title(actor: str) -> str:
    return f"{_printable(actor)}: stances found by label, and firmness with its 95% interval, in each period"


def _description(analysis: ShiftAnalysis, actor: str) -> str:
    """The chart in words, for those who cannot see it."""
    return " ".join(
        f"{period.period}: {', '.join(f'{label} {period.counts[label]}' for label in LABEL_COLOURS)}; "
        + (
            f"firmness {period.firmness.value:.2f} ({period.firmness.low:.2f} to {period.firmness.high:.2f})."
            if period.is_enough
            else "too few for a firmness."
        )
        for period in analysis.periods
        if period.actor == actor
    )


def _printable(text: str) -> str:
    """Text on one line, without the control characters that XML forbids."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


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

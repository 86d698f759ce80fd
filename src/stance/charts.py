"""One chart per actor, for a page or as files of its own: its stances by label and its firmness, period by period."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import IO, TYPE_CHECKING, Any, Final

from stance.codebook import Label
from stance.events import PlacedEvent
from stance.firmness import ActorPeriod
from stance.report_words import count, share
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

DARK_COLOURS: Final[Mapping[Label, str]] = {
    Label.DEMAND: "#dd8442",
    Label.PRECONDITION: "#f0da86",
    Label.REJECTION: "#d0608f",
    Label.CONCESSION: "#5fb3d3",
}
"""The same on a dark page, which sets them; both sets stay apart for colour-blind eyes."""

INK: Final = "#22262b"
RULE: Final = "#c9c5bb"
PAPER: Final = "#ffffff"
LETTER: Final = "#000000"  # on the one label whose colour is pale in light and in dark
VARIABLES: Final[Mapping[str, str]] = {
    f"fill: {PAPER}": "on-label",
    f"stroke: {PAPER}": "paper",
    **{
        f"{part}: {colour}": name
        for part in ("fill", "stroke")
        for name, colour in (("ink", INK), ("rule", RULE), *LABEL_COLOURS.items())
    },
}
"""The CSS variable by which a page may colour a part of a chart; without it the chart keeps its own colour."""

N_UPRIGHT_NAMES: Final = 5  # so many names of periods fit side by side; more are turned
N_UPRIGHT_LETTERS: Final = 12
N_WIDE_COLUMNS: Final = 24  # so many periods have wide columns; with more they are narrow, to fit a page
STYLE: Final = {
    "svg.fonttype": "none",
    "svg.hashsalt": "stance",
    "font.size": 10,
    "font.sans-serif": ["DejaVu Sans", "Arial"],
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


def actor_chart(analysis: ShiftAnalysis, actor: str, events: Sequence[PlacedEvent] = ()) -> str:
    """An ``<svg>`` element: above, stacked counts of the labels; below, firmness with its 95 % interval.

    Periods are evenly spaced, whatever lies between them, and the same in every chart of an analysis; ``events`` are
    numbered bands behind them. The same analysis gives the same text; ids differ between the actors of one analysis, so
    that all fit on one page. Its title and description tell the numbers.
    """
    drawn = io.StringIO()
    _save(_figure(analysis, actor, events), drawn, format="svg", transparent=True, metadata=NO_METADATA)
    words = _words(analysis, actor, events)
    return _inline(drawn.getvalue(), _title(actor), words, prefix=f"chart{analysis.actors.index(actor) + 1}-")


def chart_svg(analysis: ShiftAnalysis, actor: str, events: Sequence[PlacedEvent] = ()) -> bytes:
    """The same chart as an SVG file that stands alone: on white, with the actor's name, a legend and a description."""
    drawn = io.StringIO()
    figure = _with_heading(_figure(analysis, actor, events), actor)
    _save(figure, drawn, format="svg", facecolor="white", metadata=NO_METADATA)
    root, _, body = drawn.getvalue()[drawn.getvalue().index("<svg") :].partition(">")
    words = _printable(_words(analysis, actor, events))
    about = f"<title>{escape(_title(actor))}</title>\n <desc>{escape(words)}</desc>"
    return f'<?xml version="1.0" encoding="utf-8"?>\n{root} role="img">\n {about}{body}'.encode()


def chart_png(analysis: ShiftAnalysis, actor: str, events: Sequence[PlacedEvent] = ()) -> bytes:
    """The same chart as a PNG file, at 200 dots an inch unless it has too many periods for that."""
    drawn = io.BytesIO()
    figure = _with_heading(_figure(analysis, actor, events), actor)
    dots = min(DOTS_PER_INCH, MAX_PIXELS / figure.get_figwidth())
    _save(figure, drawn, format="png", facecolor="white", dpi=dots, metadata={"Software": None})
    return drawn.getvalue()


def _figure(analysis: ShiftAnalysis, actor: str, events: Sequence[PlacedEvent]) -> Figure:
    from matplotlib import style
    from matplotlib.figure import Figure

    n_spans = len(analysis.spans)
    places = {span: place for place, span in enumerate(analysis.spans)}
    periods = [period for period in analysis.periods if period.actor == actor]
    x = [places[period.period] for period in periods]
    names = [str(span) for span in analysis.spans]
    with style.context(["default", STYLE]):
        figure = Figure(figsize=(_width(n_spans), 3.7), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 3))
        _draw_counts(upper, x, periods, small=n_spans > N_WIDE_COLUMNS)
        _draw_firmness(lower, x, periods)
        _draw_events(upper, lower, events)
        lower.set_xlim(-0.6, n_spans - 0.4)
        turned = {"rotation": 90} if n_spans > N_UPRIGHT_NAMES or max(map(len, names)) > N_UPRIGHT_LETTERS else {}
        lower.set_xticks(range(n_spans), names, **turned)
        figure.align_ylabels()
    return figure


def _save(figure: Figure, drawn: IO[Any], **options: Any) -> None:
    from matplotlib import style

    with style.context(["default", STYLE]):
        figure.savefig(drawn, **options)


def _with_heading(figure: Figure, actor: str) -> Figure:
    """The actor's name above the chart, and below it what the colours mean."""
    from matplotlib import style
    from matplotlib.patches import Patch

    name = _printable(actor)
    shown = name if len(name) <= MAX_HEADING else f"{name[: MAX_HEADING - 1]}…"
    figure.set_figheight(figure.get_figheight() + 0.6)
    with style.context(["default", STYLE]):
        figure.suptitle(shown, x=0.01, ha="left", fontsize=11, fontweight="bold", parse_math=False)
        patches = [Patch(color=colour, label=label.capitalize()) for label, colour in LABEL_COLOURS.items()]
        figure.legend(handles=patches, loc="outside lower left", ncols=len(patches), frameon=False, handlelength=1,
                      handleheight=1, columnspacing=1.5)  # fmt: skip
    return figure


def _title(actor: str) -> str:
    return f"{_printable(actor)}: stances found by label, and firmness with its 95% interval, in each period"


def _words(analysis: ShiftAnalysis, actor: str, events: Sequence[PlacedEvent]) -> str:
    """The chart in words, for those who cannot see it."""
    periods = [period for period in analysis.periods if period.actor == actor]
    return " ".join([*map(_period_words, periods), *_event_words(events)])


def _printable(text: str) -> str:
    """Text on one line, without the control characters that XML forbids."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _width(n_spans: int) -> float:
    """Of a chart, in inches."""
    return max(5.0, 0.8 + 0.3 * min(n_spans, N_WIDE_COLUMNS)) + 0.16 * max(0, n_spans - N_WIDE_COLUMNS)


def _period_words(period: ActorPeriod) -> str:
    labels = ", ".join(f"{period.counts[label]} {label}" for label in LABEL_COLOURS if period.counts[label])
    firm = f"firmness {share(period.firmness)}" if period.is_enough else "too few for firmness"
    return f"{period.period}: {count(period.n_stances, 'stance')} ({labels}), {firm}."


def _event_words(events: Sequence[PlacedEvent]) -> Iterator[str]:
    for one in events:
        if one.number is not None:
            yield f"Event {one.number}, {one.where}: {one.event.date}, {one.event.label}."


def _draw_counts(axes: Axes, x: Sequence[int], periods: Sequence[ActorPeriod], *, small: bool) -> None:
    tallest = max(period.n_stances for period in periods)
    bottoms = [0] * len(periods)
    for label, colour in LABEL_COLOURS.items():
        heights = [period.counts[label] for period in periods]
        axes.bar(
            x, heights, 0.74 if small else 0.56, bottom=bottoms, color=colour, edgecolor=PAPER,
            linewidth=0.4 if small else 0.8, clip_on=False,
        )  # fmt: skip
        for place, bottom, height in zip(x, bottoms, heights, strict=True):
            if height >= 0.12 * tallest:  # room for its letter
                axes.text(
                    place, bottom + height / 2, label[0].upper(), fontsize=6.5 if small else 8, ha="center",
                    va="center_baseline", color=LETTER if label is Label.PRECONDITION else PAPER,
                )  # fmt: skip
        bottoms = [bottom + height for bottom, height in zip(bottoms, heights, strict=True)]
    for place, n_stances in zip(x, bottoms, strict=True):
        axes.annotate(
            str(n_stances), (place, n_stances), (0, 3), textcoords="offset points", ha="center",
            fontsize=7 if small else 10,
        )  # fmt: skip
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


def _draw_events(upper: Axes, lower: Axes, events: Sequence[PlacedEvent]) -> None:
    """A pale band over the period that holds the events, a line between two periods, and their number above."""
    numbers = {one.place: one.number for one in events if one.place is not None}
    for place, number in numbers.items():
        for axes in (upper, lower):
            if place.is_integer():
                axes.axvspan(place - 0.46, place + 0.46, color=INK, alpha=0.12, linewidth=0, zorder=0)
            else:
                axes.axvline(place, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), zorder=0)
        upper.annotate(
            str(number), (place, 1), (0, 9), xycoords=upper.get_xaxis_transform(), textcoords="offset points",
            color=PAPER, fontsize=7.5, ha="center", va="center",
            bbox={"boxstyle": "circle,pad=0.25", "facecolor": INK, "edgecolor": "none"},
        )  # fmt: skip


def _inline(svg: str, title: str, words: str, prefix: str) -> str:
    """Matplotlib's SVG file as an element of a page: fluid width, titled, with ids of its own and no addresses."""
    root, _, body = svg[svg.index("<svg") :].partition(">")
    view_box = root.partition('viewBox="')[2].partition('"')[0]
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r'\bid="', f'id="{prefix}', body.replace('xlink:href="#', f'href="#{prefix}'))
    body = re.sub(r"\b(?:fill|stroke): (#[0-9a-f]{6})\b", _variable, body)
    return (
        f'<svg width="100%" viewBox="{view_box}" role="img" aria-labelledby="{prefix}title {prefix}words">\n'
        f'<title id="{prefix}title">{escape(title)}</title>\n<desc id="{prefix}words">{escape(words)}</desc>{body}'
    )


def _variable(found: re.Match[str]) -> str:
    name = VARIABLES.get(found[0])
    return f"{found[0].removesuffix(found[1])}var(--{name}, {found[1]})" if name else found[0]

"""What all figures share: style, colours, and a Figure that shows itself.

A figure shows itself in a notebook as SVG on a transparent ground, with dark ink. On a dark page the book turns its
lightness round, not its hues, but for pictures and for what `on_colours` names. Colours are seaborn's colour-blind
palette, in the order of a figure's labels: figures that are given the same labels have the same colours.
"""

import functools
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ParamSpec, TypeVar

import matplotlib
import seaborn
import torch
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from torch import Tensor

from liegg.plots.axes import finish

STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "image.interpolation": "nearest",
    "svg.fonttype": "path",
    "svg.hashsalt": "liegg",
}
_COLOURS = seaborn.color_palette("colorblind")
PALETTE = [_COLOURS[place] for place in (0, 1, 2, 4, 7, 3, 9, 5)]  # neighbours are easily told apart
MARKERS = "os^vPdX*"
GREY = "0.5"


class BookFigure(Figure):
    """A Figure that Jupyter shows as SVG, with no plotting backend involved."""

    def _repr_svg_(self) -> str:
        svg = io.StringIO()
        with matplotlib.rc_context(STYLE):
            self.savefig(svg, format="svg", transparent=True, metadata={"Date": None})
        return svg.getvalue()


P = ParamSpec("P")
F = TypeVar("F", bound=Figure)


def styled(draw: Callable[P, F]) -> Callable[P, F]:
    """A function that draws in this style, with axes made readable at the end."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> F:
        with matplotlib.rc_context(STYLE):
            figure = draw(*args, **kwargs)
            finish(figure)
            return figure

    return drawn


def new_figure(width: float, height: float, rows: int, columns: int) -> tuple[BookFigure, Any]:
    figure = BookFigure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def shaded(kinds: Iterable[str]) -> bool:
    """Whether kinds are shades of one scale: where all are numbers."""
    return all(name.isdigit() for name in kinds)


def on_colours(artist: Artist, *place: int) -> None:
    """Name, by a place that nothing else in its figure has, what lies on a colour map or is coloured by one: it keeps
    its colours on a dark page."""
    artist.set_gid("-".join(map(str, ("on-colours", *place))))


def look(kind: str, labels: dict[str, str]) -> dict:
    """Colour and marker of a kind, by its place among the labels; kinds that are numbers are shades in their order."""
    kinds = list(labels)
    place = kinds.index(kind)
    colours = seaborn.color_palette("viridis", len(kinds) + 1) if shaded(kinds) else PALETTE
    return {"color": colours[place % len(colours)], "marker": MARKERS[place % len(MARKERS)]}


def band(axes, x: Sequence | Tensor, values: Tensor, kind: str, labels: dict[str, str]) -> None:
    """Mean over networks (M, T) as a line, their range as a band; nan is a network that has no value there."""
    values = torch.as_tensor(values).double()
    style = look(kind, labels)
    low, high = (values.nanquantile(end, 0) for end in (0.0, 1.0))
    axes.fill_between(x, low, high, color=style["color"], alpha=0.2, linewidth=0)
    axes.plot(x, values.nanmean(0), ls="-", ms=4, lw=1.2, label=labels[kind], **style)

"""What all figures share: style, colours, and a Figure that shows itself.

A figure shows itself in a notebook as SVG on a transparent ground, with dark ink, and drawn once more for the narrow
column of a phone, which the book shows there. On a dark page the book turns its lightness round, not its hues, but for
pictures and for what `on_colours` names. Colours are seaborn's colour-blind palette, in the order of a figure's labels:
figures that are given the same labels have the same colours.
"""

import functools
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec

import matplotlib
import numpy as np
import seaborn
import torch
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from torch import Tensor

from liegg.plots.axes import finish, in_lines, letters
from liegg.plots.layout import fit

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


SVG = "image/svg+xml"
NARROW_SVG = "application/vnd.liegg.narrow+svg"  # which a notebook ignores and the book knows
DESKTOP, PHONE = 8.0, 3.7  # inches that a figure may be wide: a little more than columns of 688 and 358 CSS pixels
LOW, HIGH = 1.4, 3.2  # inches: panels on a phone
APART = 0.08  # inches between points that say something; nearer ones say it together

_narrow = ContextVar("narrow", default=False)


class BookFigure(Figure):
    """A Figure that Jupyter shows as SVG, with no plotting backend involved.

    words    what it shows in a sentence, for who does not see it
    spots    points that say something: axes, x, y and words
    again    draws it once more
    grid     its panels, as they stand in a wide column
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words = ""
        self.spots: list[tuple[Axes, float, float, str]] = []
        self.again: Callable[[], BookFigure] | None = None
        self.grid: np.ndarray = np.empty((0, 0), dtype=object)
        self.abreast, self.panel = 0, 0.0

    def narrow(self) -> "BookFigure | None":
        """The same figure for the column of a phone; None for one that was not drawn by a function of this package."""
        token = _narrow.set(True)
        try:
            return self.again() if self.again else None
        finally:
            _narrow.reset(token)

    def legend(self, *args: Any, ncols: int = 1, **kwargs: Any) -> Legend:
        """A legend with as many columns, up to `ncols`, as there is room for."""
        for columns in range(max(ncols, 1), 0, -1):
            legend = super().legend(*args, ncols=columns, **kwargs)
            if legend.get_window_extent().width < 0.97 * self.bbox.width:
                break
            if columns > 1:
                legend.remove()
        else:
            for text in legend.get_texts():
                text.set_text(in_lines(text.get_text(), letters(text.get_fontsize(), 0.8 * self.get_figwidth())))
        return legend

    def bar(self, shown: ScalarMappable, panels: np.ndarray, label: str) -> Colorbar:
        """The colours of panels and what they mean, on the right, or below on a phone."""
        where = "bottom" if on_phone() else "right"
        beside = [axes for axes in panels.flat if axes]
        return self.colorbar(shown, ax=beside, label=label, shrink=0.8, location=where)

    def _repr_svg_(self) -> str:
        svg = io.StringIO()
        with matplotlib.rc_context(STYLE), self._laid_out():
            self.savefig(svg, format="svg", transparent=True, metadata={"Date": None})
        return svg.getvalue()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        drawings = {SVG: self} | ({NARROW_SVG: narrow} if (narrow := self.narrow()) else {})
        spots = {width: figure._places() for width, figure in zip(("wide", "narrow"), drawings.values())}
        return {kind: f._repr_svg_() for kind, f in drawings.items()}, {SVG: {"alt": self.words, "spots": spots}}

    @contextmanager
    def _laid_out(self) -> Iterator[None]:
        """Draw a figure that has not changed since it was laid out where it is."""
        engine, changed = self.get_layout_engine(), self.stale
        if not changed:
            self.set_layout_engine("none")
        try:
            yield
        finally:
            self.set_layout_engine(engine)
            self.stale = changed

    def _places(self) -> list[tuple[float, float, str]]:
        """Where the spots are, in percent of the figure from its top left, and their words."""
        if not self.spots:
            return []
        with matplotlib.rc_context(STYLE), self._laid_out():
            self.draw_without_rendering()
        found: dict[tuple[float, float], list[str]] = {}
        size = self.get_size_inches() / 100
        for axes, x, y, words in self.spots:
            left, bottom = 100 * self.transFigure.inverted().transform(axes.transData.transform((x, y)))
            place = (round(float(left), 2), round(100 - float(bottom), 2))
            if min(place) >= 0 and max(place) <= 100:
                near = (other for other in found if np.hypot(*(size * np.subtract(place, other))) < APART)
                found.setdefault(next(near, place), []).append(words)
        return [(left, top, ";\n".join(words)) for (left, top), words in found.items()]


P = ParamSpec("P")


def styled(draw: Callable[P, BookFigure]) -> Callable[P, BookFigure]:
    """A function that draws in this style, with axes made readable at the end."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> BookFigure:
        with matplotlib.rc_context(STYLE):
            figure = draw(*args, **kwargs)
            finish(figure)
            fit(figure, figure.grid, figure.abreast, figure.panel)
        figure.again = functools.partial(drawn, *args, **kwargs)
        return figure

    return drawn


def on_phone() -> bool:
    """Whether a drawing is for a narrow column."""
    return _narrow.get()


def new_figure(
    width: float,
    height: float,
    rows: int,
    columns: int,
    *,
    panels: int | None = None,
    abreast: int = 1,
    kind: Callable[..., BookFigure] = BookFigure,
) -> tuple[BookFigure, Any]:
    """A figure with a grid of axes (rows, columns), the last of which are None where there are less `panels`.

    In a narrow column so many of them stand `abreast`, in the order of reading, or all of a row with 0, and the figure
    is as high as they need.
    """
    panels = panels or rows * columns
    abreast = abreast or columns
    if on_phone():
        lines = -(-panels // abreast)
        figure = kind(figsize=(PHONE, 2 * lines), layout="constrained")
        figure.panel = min(max(height / rows - 1.2, LOW), HIGH)
    else:
        lines, abreast = rows, columns
        figure = kind(figsize=(min(width, DESKTOP), height), layout="constrained")
    axes = figure.subplots(lines, abreast, squeeze=False).flatten()
    for spare in axes[panels:]:
        spare.remove()
    figure.abreast, figure.grid = abreast, np.full((rows, columns), None, dtype=object)
    figure.grid.flat[:panels] = axes[:panels]
    return figure, figure.grid


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

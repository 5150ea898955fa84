"""What all figures share: style, colours, and a Figure that shows itself.

A figure shows itself in a notebook as SVG on a transparent ground, with dark ink; the book's style sheet inverts its
lightness, not its hues, on a dark page. Colours are seaborn's colour-blind palette, one for each kind of network.
"""

import functools
import io
from collections.abc import Callable, Sequence

import matplotlib
import seaborn
import torch
from matplotlib.figure import Figure
from torch import Tensor

STYLE = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "image.interpolation": "nearest",
    "svg.fonttype": "path",
    "svg.hashsalt": "liegg",
}
_BLUE, _ORANGE, _GREEN, _RED, _PURPLE, *_ = seaborn.color_palette("colorblind")
_LOOKS = {
    "o": {"trained": _BLUE, "several": _BLUE, "symmetry": _BLUE, "end to end": _BLUE, "liegg": _BLUE},
    "s": {"upright": _ORANGE, "one": _ORANGE, "pre-trained": _ORANGE},
    "P": {"augerino": _PURPLE},
    "^": {"untrained": _GREEN, "liegan": _GREEN},
    "x": {"chance": "0.5", "other": _ORANGE},
    "v": {"random": _RED, "layer by layer": _RED, "direct": _RED},
    "d": {"exact": "0.2"},
}
COLOURS = {kind: colour for kinds in _LOOKS.values() for kind, colour in kinds.items()}
MARKERS = {kind: marker for marker, kinds in _LOOKS.items() for kind in kinds}


class Page(Figure):
    """A Figure that Jupyter shows as SVG, with no plotting backend involved."""

    def _repr_svg_(self) -> str:
        svg = io.StringIO()
        with matplotlib.rc_context(STYLE):
            self.savefig(svg, format="svg", transparent=True, metadata={"Date": None})
        return svg.getvalue()


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    @functools.wraps(draw)
    def drawn(*args, **kwargs) -> Figure:
        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return drawn


def new_page(width: float, height: float, rows: int, columns: int):
    page = Page(figsize=(width, height), layout="constrained")
    return page, page.subplots(rows, columns, squeeze=False)


def look(kind: str, kinds: Sequence[str]) -> dict:
    """Colour and marker of a kind; kinds without any of their own are shades in their order."""
    if kind in COLOURS:
        return {"color": COLOURS[kind], "marker": MARKERS[kind]}
    place = list(kinds).index(kind)
    return {"color": seaborn.color_palette("viridis", len(kinds) + 1)[place], "marker": "osv^dPX*"[place % 8]}


def band(axes, x: Sequence, values: Tensor, kind: str, label: str, kinds: Sequence[str] = ()) -> None:
    """Mean over networks (M, T) as a line, their range as a band."""
    values = torch.as_tensor(values)
    style = look(kind, kinds)
    axes.fill_between(x, values.amin(0), values.amax(0), color=style["color"], alpha=0.2, linewidth=0)
    axes.plot(x, values.mean(0), ls="-", ms=4, lw=1.2, label=label, **style)

"""Figures of speed: times over others with goals, times and memory over sizes, and where time goes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from liegg.plots.axes import INK, in_lines
from liegg.plots.style import PALETTE, BookFigure, look, new_figure, on_phone, styled
from liegg.plots.words import course, number, plain, sentence, sentences, span

LETTERS = 46  # of a name's line, above what it names
LINE = 0.16  # inches that a line of a name is high
ROW = 0.2  # inches that what it names is high
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----", "++++")


class Panel(NamedTuple):
    """Heights over a size: {kind: (T sizes, T lists of values)}; at `mark` stands a dashed line."""

    xlabel: str
    ylabel: str
    kinds: dict[str, tuple[Sequence[float], Sequence[Sequence[float]]]]
    mark: float | None = None


@styled
def raced(cases: dict[str, tuple[float, float, float, float]], xlabel: str, *, goal: str) -> BookFigure:
    """Ratios with their intervals beside their goals, {case: (value, low, high, goal)}: a row each, under its name.

    `goal` says what the upright dashes are.
    """
    figure, axes, places = _rows(list(cases))
    for place, (value, low, high, wanted) in zip(places, cases.values()):
        bars = np.array([[value - low], [high - value]])
        dots = axes.errorbar([value], [place], xerr=bars, color=PALETTE[0], marker="o", ms=5, lw=1.4, capsize=3, ls="")
        (dashes,) = axes.plot([wanted], [place], color=INK, marker="|", ms=13, mew=2.2, ls="")
    axes.set(xscale="log", xlabel=xlabel)
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, 0.8 if low < 1 else 0.95), high)
    axes.axvline(1, color=INK, lw=0.9, ls=":", zorder=1)
    axes.grid(axis="x", lw=0.4, alpha=0.5)
    figure.legend([dots, dashes], ["measured, with its interval", goal], loc="outside lower center", ncols=2)
    told = (f"{case} {number(v)} ({span((low, high))}), goal {number(w)}" for case, (v, low, high, w) in cases.items())
    figure.words = sentence(f"{plain(xlabel)}, logarithmic:", "; ".join(told))
    return figure


@styled
def sizes(panels: Sequence[Panel], labels: dict[str, str], *, mark: str) -> BookFigure:
    """What kinds need over sizes, on logarithmic axes: medians as lines, ranges as bands, two panels abreast.

    `mark` says what the dashed lines of panels are.
    """
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    figure, grid = new_figure(7.5 if columns > 1 else 5, 2.9 * rows + 0.4, rows, columns, panels=len(panels))
    drawn = {}
    for axes, panel in zip(grid.flat, panels):
        for kind, (x, values) in panel.kinds.items():
            style, columns_of = look(kind, labels), [np.asarray(v, dtype=float) for v in values]
            low, height, high = ([f(v) for v in columns_of] for f in (np.min, np.median, np.max))
            axes.fill_between(x, low, high, color=style["color"], alpha=0.2, linewidth=0)
            (drawn[labels[kind]],) = axes.plot(x, height, ls="-", ms=4, lw=1.2, **style)
        axes.set(xscale="log", yscale="log", xlabel=panel.xlabel, ylabel=panel.ylabel)
        if panel.mark is not None:
            drawn[mark] = axes.axvline(panel.mark, color=INK, lw=1, ls="--")
        axes.grid(lw=0.4, alpha=0.5)
    named = dict(sorted(drawn.items(), key=lambda item: item[0] == mark))
    figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=3)
    figure.words = sentences(_told(panel, labels, mark) for panel in panels)
    return figure


def _told(panel: Panel, labels: dict[str, str], mark: str) -> str:
    told = [
        f"{labels[kind]} {course(x, [np.median(v) for v in values], log=True)}"
        for kind, (x, values) in panel.kinds.items()
    ]
    told += [f"{mark}: {number(panel.mark)}"] if panel.mark is not None else []
    return sentence(f"{plain(panel.ylabel)} against {plain(panel.xlabel)}, both logarithmic:", "; ".join(told))


@styled
def stacked(wholes: dict[str, dict[str, float]], xlabel: str) -> BookFigure:
    """Wholes as bars of their parts, {whole: {part: length}}: a bar each, under its name."""
    figure, axes, places = _rows(list(wholes))
    names = list(dict.fromkeys(part for parts in wholes.values() for part in parts))
    for place, parts in zip(places, wholes.values()):
        ends = np.cumsum([0.0, *parts.values()])
        for left, (part, length) in zip(ends, parts.items()):
            i = names.index(part)
            style = {"color": PALETTE[i % len(PALETTE)], "hatch": HATCHES[i % len(HATCHES)], "label": part}
            axes.barh([place], [length], height=ROW, left=left, edgecolor="white", lw=0.5, **style)
    axes.set(xlabel=xlabel)
    named = {name: bar for bar, name in zip(*axes.get_legend_handles_labels())}
    figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=3)
    told = (f"{whole}: " + ", ".join(f"{p} {number(v)}" for p, v in parts.items()) for whole, parts in wholes.items())
    figure.words = sentence(f"{plain(xlabel)}.", "; ".join(told))
    return figure


def _rows(names: Sequence[str]) -> tuple[BookFigure, Axes, list[float]]:
    """Axes whose height is in inches, with a row for each name: name above, and the place of what it names."""
    broken = [in_lines(name, LETTERS) for name in names]
    heights = [LINE * (name.count("\n") + 1) + 1.6 * ROW for name in broken]
    tops = -np.cumsum([0.0, *heights[:-1]])
    figure, ((axes,),) = new_figure(7, sum(heights) + 1.2, 1, 1)
    if on_phone():
        figure.panel = sum(heights)
    places = [float(top - height + 0.8 * ROW) for top, height in zip(tops, heights)]
    for name, top in zip(broken, tops):
        axes.text(0, top, name, transform=axes.get_yaxis_transform(), fontsize=9, va="top", ha="left")
    axes.set_ylim(-sum(heights), 0.05)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    return figure, axes, places

"""Figures of how often answers are right."""

from collections.abc import Sequence

import numpy as np

from liegg.plots import told
from liegg.plots.axes import Level, name_categories, reference
from liegg.plots.style import BookFigure, look, new_figure, styled

Rates = dict[str, Sequence[float] | None]


@styled
def compared(
    panels: dict[str, dict[str, Rates]],
    labels: dict[str, str],
    *,
    level: dict[str, Level] | None = None,
    expected: dict[str, tuple[float, float]] | None = None,
    xlabel: str = "",
) -> BookFigure:
    """Shares with their intervals, category by category: {ylabel: {kind: {category: (share, low, high)}}}.

    Kinds stand side by side within a category, a panel a measure, three in a line, or two of four; a category without a
    share stays empty. Panels in `level` have a dotted line at that height, all of them grey boxes where shares of a
    category are `expected`; xlabel says what categories are.
    """
    names = list(dict.fromkeys(name for kinds in panels.values() for rates in kinds.values() for name in rates))
    columns = 2 if len(panels) == 4 else min(3, len(panels))
    lines = -(-len(panels) // columns)
    figure, grid = new_figure(3.2 * columns, 0.6 + 2.7 * lines, lines, columns, panels=len(panels))
    drawn = {}
    for axes, (ylabel, kinds) in zip(grid.flat, panels.items()):
        for i, (kind, rates) in enumerate(kinds.items()):
            known = {names.index(name): rate for name, rate in rates.items() if rate is not None}
            if not known:
                continue
            places = np.array(list(known)) + (i - (len(kinds) - 1) / 2) * 0.7 / len(kinds)
            share, low, high = np.array(list(known.values()), dtype=float).T
            ends = np.clip([share - low, high - share], 0, None)
            marks = {"ls": "", "ms": 5, "lw": 1, "capsize": 2} | look(kind, labels)
            drawn[kind] = axes.errorbar(places, share, ends, label=labels[kind], **marks)
        for name, (low, high) in (expected or {}).items():
            axes.bar(names.index(name), high - low, 0.9, low, color="0.5", alpha=0.25, lw=0, zorder=0)
        reference(axes, (level or {}).get(ylabel))
        name_categories(axes, names, (figure.get_figwidth() / figure.abreast - 0.8) / len(names))
        axes.set(xlabel=xlabel, ylabel=ylabel, xlim=(-0.6, len(names) - 0.4), ylim=(-0.03, 1.03))
        axes.grid(axis="y", lw=0.4, alpha=0.5)
    figure.legend(handles=drawn.values(), loc="outside lower center", ncols=min(max(len(drawn), 1), 4))
    figure.words = told.compared(panels, labels, xlabel)
    return figure

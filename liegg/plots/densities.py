"""Figures of densities of networks: a measure within its bands."""

import numpy as np

from liegg.plots import told
from liegg.plots.style import PALETTE, BookFigure, new_figure, styled


@styled
def within_bands(
    panels: dict[str, dict],
    labels: dict[str, str],
    xlabel: str,
    ylabel: str,
    *,
    symlog: dict[str, float] | None = None,
) -> BookFigure:
    """A mean within bands, two panels a row: {title: what}, each with the names below as far as it has them.

    x            (T,) settings, on a logarithmic axis
    mean         (T,) a line through points; open ones where `open`, (T,) booleans, says so
    inner        (T,) half width of an inner band about the mean, filled
    outer        (T,) half width of an outer band about the mean, dashed
    other        (x, y) half widths found elsewhere, drawn as crosses about zero

    `labels` names mean, open, inner, outer and other; panels in `symlog` are linear to that height, then logarithmic.
    """
    rows = -(-len(panels) // 2)
    figure, grid = new_figure(8.2, 2.9 * rows + 0.7, rows, 2, panels=len(panels), abreast=2)
    drawn = {}
    for axes, (title, panel) in zip(grid.flat, panels.items()):
        x, mean = panel["x"], np.asarray(panel["mean"])
        half = np.asarray(panel["inner"])
        drawn["inner"] = axes.fill_between(x, mean - half, mean + half, color=PALETTE[0], alpha=0.25, lw=0)
        for side in (-1, 1):
            (drawn["outer"],) = axes.plot(x, mean + side * np.asarray(panel["outer"]), "--", color=PALETTE[1], lw=1.2)
        (drawn["mean"],) = axes.plot(x, mean, "o-", color="black", ms=4, lw=1.2)
        faint = np.asarray(panel.get("open", [False] * len(x)))
        (drawn["open"],) = axes.plot(
            np.asarray(x)[faint], mean[faint], "o", ms=5, mfc="white", mec="black", ls="", zorder=3
        )
        if "other" in panel:
            at, height = (np.asarray(v) for v in panel["other"])
            (drawn["other"],) = axes.plot([*at, *at], [*height, *-height], "x", color=PALETTE[3], ms=6, ls="")
        axes.set(xscale="log", xlabel=xlabel)
        if symlog and title in symlog:
            axes.set_yscale("symlog", linthresh=symlog[title])
        axes.set_title(title, fontsize=10)
        axes.grid(axis="y", lw=0.4, alpha=0.5)
    for axes in grid[:, 0]:
        axes.set_ylabel(ylabel)
    shown = {name: artist for name, artist in drawn.items() if name in labels}
    figure.legend(shown.values(), [labels[name] for name in shown], loc="outside lower center", ncols=3)
    figure.words = told.within_bands(panels, labels, xlabel, ylabel)
    return figure

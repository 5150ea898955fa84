"""Figures of vector fields: arrows at points of a plane."""

import numpy as np
from torch import Tensor

from liegg.plots import seen
from liegg.plots.style import PALETTE, BookFigure, new_figure, styled


@styled
def arrows(
    panels: dict[str, tuple[Tensor, Tensor]], xlabels: list[str], ylabels: list[str], *, abreast: int = 2
) -> BookFigure:
    """Vector fields on planes, a panel each: {title: (points (P, 2), velocities (P, 2))}.

    Arrows start at their points; in a panel the longest is as long as points are apart, and lengths are in proportion.
    """
    figure, (row,) = new_figure(3.0 * len(panels) + 0.4, 3.2, 1, len(panels), abreast=abreast)
    for axes, (title, (points, velocities)), xlabel, ylabel in zip(row, panels.items(), xlabels, ylabels):
        x, v = points.numpy(), velocities.numpy()
        longest, apart = np.linalg.norm(v, axis=1).max(), np.ptp(x, axis=0) / max(len(x) ** 0.5 - 1, 1)
        scale = apart.min() / longest if longest > 0 else 1.0
        axes.quiver(*x.T, *(scale * v).T, angles="xy", scale_units="xy", scale=1, color=PALETTE[0], width=0.008)
        axes.set(xlabel=xlabel, ylabel=ylabel, aspect="equal")
        axes.set_title(title, fontsize=10)
        axes.margins(0.08)
    figure.words = seen.arrows(panels, xlabels, ylabels)
    return figure

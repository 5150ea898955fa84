"""Figures of orbits: where points of a plane are carried."""

import numpy as np
from torch import Tensor

from liegg.plots import seen
from liegg.plots.style import PALETTE, BookFigure, new_figure, styled


@styled
def paths(panels: dict[str, Tensor], xlabel: str, ylabel: str) -> BookFigure:
    """Orbits {title: (P, T, 2)}, a panel each: P points carried to T places, with a dot at the middle one, where they
    are at rest."""
    columns = min(len(panels), 4)
    figure, (row,) = new_figure(2.4 * columns + 0.4, 2.7, 1, columns, abreast=2)
    for axes, (title, orbits) in zip(row, panels.items()):
        for i, orbit in enumerate(np.asarray(orbits)):
            colour = PALETTE[i % len(PALETTE)]
            axes.plot(*orbit.T, color=colour, lw=1.2)
            axes.plot(*orbit[len(orbit) // 2], color=colour, marker="o", ms=4)
        axes.set(xlabel=xlabel, aspect="equal")
        axes.set_adjustable("datalim")
        axes.set_title(title, fontsize=10)
    row[0].set_ylabel(ylabel)
    figure.words = seen.paths(panels, xlabel, ylabel)
    return figure

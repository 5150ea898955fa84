"""Figures of ensembles: clouds of functions."""

from collections.abc import Sequence

import torch
from torch import Tensor

from liegg.plots import seen
from liegg.plots.style import GREY, PALETTE, BookFigure, new_figure, styled


@styled
def clouds(panels: dict[str, Tensor], labels: Sequence[str], angle: float, *, shown: int = 60) -> BookFigure:
    """Curves in the plane before and after a turn, a panel a cloud: {title: (M, P, 2)}.

    `shown` of the curves are drawn faintly, the first one strongly; a plus marks the origin.

    labels    of both axes, with units
    angle     of the turn, in degrees
    """
    t = torch.tensor(angle).deg2rad()
    turn = torch.tensor([[t.cos(), -t.sin()], [t.sin(), t.cos()]])
    figure, grid = new_figure(7.4, 3.7 * len(panels) + 0.3, len(panels), 2, abreast=2)
    for row, (title, curves) in zip(grid, panels.items()):
        for axes, moved, when in zip(row, (curves, curves @ turn.T), ("as drawn", f"turned by {angle:g}°")):
            for curve in moved[1:shown]:
                axes.plot(*curve.T, color=PALETTE[0], lw=0.6, alpha=0.35)
            axes.plot(*moved[0].T, color=PALETTE[1], lw=2.2, label="one member")
            axes.plot(0, 0, "+", color=GREY, ms=9)
            axes.set(xlabel=labels[0], ylabel=labels[1], aspect="equal")
            axes.set_title(f"{title}, {when}", fontsize=10)
        reach = 1.05 * float(curves.norm(dim=-1)[:shown].max())
        for axes in row:
            axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center")
    figure.words = seen.clouds(panels, labels, angle, turn)
    return figure

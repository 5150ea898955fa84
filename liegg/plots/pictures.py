"""Pictures in rows and columns, and latents as points that carry the colour of a place."""

from collections.abc import Sequence

import numpy as np
import seaborn
from torch import Tensor

from liegg.plots import seen
from liegg.plots.style import GREY, MARKERS, BookFigure, new_figure, on_colours, styled


@styled
def pictures(rows: dict[str, Tensor], columns: Sequence[str] = ()) -> BookFigure:
    """Pictures {title: (n, C, H, W)}, a row each: three channels are colours, one is shades of grey. Values are bytes,
    or lie in [0, 1]."""
    width = max(len(row) for row in rows.values())
    figure, grid = new_figure(1.3 * width + 1.2, 1.3 * len(rows) + 0.4, len(rows), width, abreast=0)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set_visible(False)
    for line, (title, images) in zip(grid, rows.items()):
        for axes, image in zip(line, images):
            shown = image[0] if len(image) == 1 else image.movedim(0, -1)
            axes.imshow(shown, cmap="gray", vmin=0, vmax=1 if image.is_floating_point() else 255)
        line[0].set_ylabel(title, fontsize=9)
    for axes, title in zip(grid[0], columns):
        axes.set_title(title, fontsize=9)
    figure.words = seen.pictures(rows, columns)
    return figure


@styled
def places(panels: dict[str, tuple[Tensor, Tensor]], xlabel: str, ylabel: str) -> BookFigure:
    """Latents {title: (points (n, 2), places (n, 2))}: a colour for each row of the board, a mark for each column."""
    figure, (line,) = new_figure(3 * len(panels) + 0.6, 3.3, 1, len(panels), abreast=2)
    lines = {}
    for axes, (title, (points, place)) in zip(line, panels.items()):
        points, place = np.asarray(points), np.asarray(place)
        colours = seaborn.color_palette("viridis", place[:, 0].max() + 1)
        for row, column in np.unique(place, axis=0):
            here = (place == (row, column)).all(1)
            axes.plot(*points[here].T, ls="", ms=4, alpha=0.7, marker=MARKERS[column], color=colours[row])
            lines[row] = axes.plot([], [], color=colours[row], marker="o", ls="", label=f"row {row + 1}")[0]
        axes.set_title(title, fontsize=10)
        axes.set(xlabel=xlabel, aspect="equal")
        axes.set_adjustable("datalim")
    line[0].set_ylabel(ylabel)
    marks = [
        line[0].plot([], [], color="0.4", marker=m, ls="", label=f"column {i + 1}")[0]
        for i, m in enumerate(MARKERS[:5])
    ]
    figure.legend(
        handles=[*(lines[row] for row in sorted(lines)), *marks], loc="outside lower center", ncols=5, fontsize=8
    )
    figure.words = seen.board(panels, xlabel, ylabel)
    return figure


@styled
def rings(panels: dict[str, tuple[Tensor, Tensor]]) -> BookFigure:
    """Latents of the plane {title: (points (n, 2), angles (n,) in radians)}, with the angle as a colour that goes
    round."""
    figure, (line,) = new_figure(2.9 * len(panels) + 0.8, 3, 1, len(panels), abreast=2)
    for panel, (axes, (title, (points, angle))) in enumerate(zip(line, panels.items())):
        degrees = np.degrees(np.asarray(angle)) % 360
        dots = axes.scatter(*np.asarray(points).T, c=degrees, cmap="twilight", vmin=0, vmax=360, s=9, ec=GREY, lw=0.3)
        on_colours(dots, panel)
        axes.set_title(title, fontsize=10)
        axes.set(xlabel="first number of the latent", aspect="equal")
        axes.set_adjustable("datalim")
    line[0].set_ylabel("second number")
    figure.bar(dots, line, "angle (degrees)").set_ticks([0, 90, 180, 270, 360])
    figure.words = seen.rings(panels)
    return figure

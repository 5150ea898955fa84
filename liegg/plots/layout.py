"""What makes a figure fit its column: letters of panels, labels in lines, and panels as high on a phone as need be."""

import string
from collections import defaultdict

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from liegg.plots.axes import in_lines, letters

NEAR, TRIES = 0.05, 3  # inches of height that may be missing, and how often it is added


def fit(figure: Figure, grid: np.ndarray, abreast: int, height: float) -> None:
    """Letter the panels of a grid and break their labels to fit.

    abreast   how many panels stand side by side in this drawing
    height    of a panel in inches, which the figure is made high enough for; 0 leaves the figure as high as it is
    """
    panels = [axes for axes in grid.flat if axes and axes.axison]
    if len(panels) > 1 and not any(axes.get_title() for axes in panels):
        for axes, letter in zip(panels, string.ascii_lowercase):
            axes.set_title(f"({letter})", loc="left", fontsize=10)
    if height:
        _repeat(panels, grid, abreast)
    _set(figure, panels, height)
    broken = [_break(figure, axes) for axes in figure.axes]
    if any(broken):
        _set(figure, panels, height)
    figure.stale = False  # until it is changed: what is drawn then need not be laid out again


def _set(figure: Figure, panels: list[Axes], height: float) -> None:
    """Lay panels out, in a figure that is made as high as they need."""
    _lay_out(figure)
    for _ in range(TRIES if height else 0):
        missing = _missing(figure, panels, height)
        if abs(missing) < NEAR:
            break
        figure.set_figheight(figure.get_figheight() + missing)
        _lay_out(figure)


def _lay_out(figure: Figure) -> None:
    if engine := figure.get_layout_engine():
        engine.execute(figure)


def _repeat(panels: list[Axes], grid: np.ndarray, abreast: int) -> None:
    """The vertical label of a row's first panel at every panel that now begins a line."""
    labels = [axes.get_ylabel() or row[0].get_ylabel() for row in grid for axes in row if axes]
    for place, (axes, label) in enumerate(zip(panels, labels)):
        begins = place % abreast == 0
        if begins and not axes.get_ylabel():
            axes.tick_params(labelleft=True)
        axes.set_ylabel(label if begins or label != labels[place - place % abreast] else "")


def _break(figure: Figure, axes: Axes) -> bool:
    """Put labels into lines that are no longer than the axes; whether any was too long."""
    cell = axes.get_position(original=True)
    width, height = cell.width * figure.get_figwidth(), cell.height * figure.get_figheight()
    broken = False
    for text, inches in ((axes.title, width), (axes.xaxis.label, width), (axes.yaxis.label, height)):
        lines = in_lines(text.get_text(), letters(text.get_fontsize(), inches))
        broken |= lines != text.get_text()
        text.set_text(lines)
    return broken


def _missing(figure: Figure, panels: list[Axes], height: float) -> float:
    """How much higher a figure has to be, in inches; panels with pictures are as high as their pictures."""
    lines: dict[float, list[float]] = defaultdict(list)
    for axes in panels:
        cell = axes.get_position(original=True)
        wanted = height
        if axes.get_aspect() != "auto":
            ratio = axes.get_data_ratio() if axes.get_adjustable() == "box" else 1
            wanted = cell.width * figure.get_figwidth() * ratio
        lines[round(cell.y1, 3)].append(wanted - cell.height * figure.get_figheight())
    return sum(map(max, lines.values()))

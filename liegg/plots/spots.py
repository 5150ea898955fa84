"""Points of a figure that say something to who points at them."""

from matplotlib.axes import Axes

from liegg.plots.style import BookFigure


def name(axes: Axes, x: float, y: float, words: str) -> None:
    """Let a point of axes say words when it is pointed at, touched or reached by keyboard."""
    figure = axes.get_figure(root=True)
    if isinstance(figure, BookFigure):
        figure.spots.append((axes, float(x), float(y), words))

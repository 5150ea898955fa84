"""Small multiples: one measure, case by case."""

from collections.abc import Sequence

from torch import Tensor

from liegg.plots import spots, told
from liegg.plots.axes import Level, reference
from liegg.plots.style import BookFigure, band, new_figure, styled


@styled
def multiples(
    panels: dict[str, dict[str, tuple[Sequence, Tensor]]],
    labels: dict[str, str],
    xlabel: str,
    ylabel: str,
    *,
    log: bool = False,
    level: Level | None = None,
    point: str = "",
) -> BookFigure:
    """One measure against a setting, a panel a case, four in a line: {title: {kind: (T settings, (M, T) values)}}.

    Lines are means and bands the range over the M networks; all panels have the same axes, vertically logarithmic
    with `log`; `level` is a dotted line at a height, named in the first. Means say what they are to who points at them,
    where it is said what a `point` on the horizontal axis is called.
    """
    columns = min(4, len(panels))
    rows = -(-len(panels) // columns)
    figure, grid = new_figure(2.1 * columns + 0.6, 2.2 * rows + 0.6, rows, columns, panels=len(panels), abreast=2)
    for axes, (title, kinds) in zip(grid.flat, panels.items()):
        if axes is not grid[0, 0]:
            axes.sharex(grid[0, 0]), axes.sharey(grid[0, 0])
        for kind, (x, values) in kinds.items():
            band(axes, x, values, kind, labels)
        if log:
            axes.set_yscale("log")
        first = axes is grid[0, 0]
        reference(axes, level if first or not isinstance(level, tuple) else level[0])
        axes.set_title(title, fontsize=10)
        axes.grid(axis="y", lw=0.4, alpha=0.5)
    figure.supxlabel(xlabel, fontsize=10), figure.supylabel(ylabel, fontsize=10)
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    if point:
        spots.trends(
            ((axes, title, ylabel, kinds) for axes, (title, kinds) in zip(grid.flat, panels.items())), labels, point
        )
    figure.words = told.cases(panels, labels, xlabel, ylabel, log, bool(point))
    return figure

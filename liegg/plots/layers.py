"""Figures of layers: what each one uses, when it was decided, and what its weights became."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import CenteredNorm
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from liegg.plots import seen, told
from liegg.plots.style import BookFigure, look, new_figure, on_phone, styled


@styled
def decided(
    panels: dict[str, tuple[Sequence[int], dict[str, Tensor]]], labels: dict[str, str], ylabel: str
) -> BookFigure:
    """A quantity of every layer's pathways while it is learned: {network: (T epochs, {pathway: (layers, T)})}.

    A row a network, a panel a layer.
    """
    columns = max((len(values) for _, kinds in panels.values() for values in kinds.values()), default=0)
    if not columns:
        figure, ((axes,),) = new_figure(6, 1, 1, 1)
        axes.set_axis_off()
        axes.text(0.5, 0.5, "nothing was updated in this run", ha="center", va="center")
        figure.words = "Nothing was updated in this run."
        return figure
    figure, grid = new_figure(1.2 + 1.6 * columns, 0.9 + 1.9 * len(panels), len(panels), columns, abreast=2)
    drawn = {}
    for row, (title, (epochs, kinds)) in zip(grid, panels.items()):
        for kind, values in kinds.items():
            style = look(kind, labels)
            for axes, line in zip(row, values):
                (drawn[kind],) = axes.plot(epochs, line, ms=3, lw=1.2, label=labels[kind], **style)
        for place, axes in enumerate(row):
            axes.sharey(row[0])
            axes.tick_params(labelleft=place == 0)
            axes.grid(axis="y", lw=0.4, alpha=0.5)
            axes.set_title(f"layer {place + 1}", fontsize=9)
        row[0].set_ylabel(f"{title}\n{ylabel}", fontsize=9)
    for axes in grid[-1]:
        axes.set_xlabel("epoch")
    figure.legend(handles=drawn.values(), loc="outside lower center", ncols=len(drawn))
    figure.words = told.decided(panels, labels, ylabel)
    return figure


@styled
def shares(
    panels: dict[str, dict[str, Sequence[float]]], labels: dict[str, str], ylabel: str, columns: int = 3
) -> BookFigure:
    """Shares of pathways, layer by layer, as stacked bars: {title: {pathway: (layers,)}}, from 0 to 1."""
    columns = min(columns, len(panels))
    lines = -(-len(panels) // columns)
    figure, grid = new_figure(3.2 * columns, 0.8 + 2.1 * lines, lines, columns, panels=len(panels), abreast=2)
    drawn = {}
    for axes, (title, kinds) in zip(grid.flat, panels.items()):
        bottom = np.zeros(max(len(v) for v in kinds.values()))
        for kind, values in kinds.items():
            values = np.asarray(values, dtype=float)
            places = np.arange(1, len(values) + 1)
            colour = look(kind, labels)["color"]
            hatch = ("", "///", "...", "xx")[list(labels).index(kind) % 4]
            drawn[kind] = axes.bar(
                places,
                values,
                0.8,
                bottom,
                color=colour,
                edgecolor="white",
                hatch=hatch,
                linewidth=0.3,
                label=labels[kind],
            )
            bottom = bottom + values
        axes.set(ylim=(0, 1), xlabel="layer", xticks=places)
        axes.set_title(title, fontsize=9)
    for axes in grid[:, 0]:
        axes.set_ylabel(ylabel)
    figure.legend(handles=drawn.values(), loc="outside lower center", ncols=len(drawn))
    figure.words = told.shares(panels, labels, ylabel)
    return figure


@styled
def filters(rows: dict[str, Tensor], pixels: Sequence[tuple[int, int]]) -> BookFigure:
    """What output pixels see, on one scale a row: {title: weights (h, h, H, H)}, a column for each of the output
    pixels."""
    figure, grid = new_figure(1.5 * len(pixels) + 1.6, 1.6 * len(rows) + 0.4, len(rows), len(pixels), abreast=0)
    for line, (title, W) in zip(grid, rows.items()):
        norm = CenteredNorm(0, float(W.abs().max()) or 1.0)
        for axes, (i, j) in zip(line, pixels):
            image = axes.imshow(W[i, j], cmap="RdBu_r", norm=norm)
            axes.set(xticks=[], yticks=[])
        line[0].set_ylabel(title, fontsize=9)
        bar = figure.colorbar(image, ax=list(line), shrink=0.8, ticks=MaxNLocator(2, symmetric=True))
        bar.ax.tick_params(labelsize=8)
        bar.set_label("" if on_phone() else "weight")
    for axes, (i, j) in zip(grid[0], pixels):
        axes.set_title(f"output pixel ({i}, {j})", fontsize=8)
    figure.words = seen.filters(rows, pixels)
    return figure

"""Figures of symmetries: spectra, generators, motions and orbits."""

from collections.abc import Sequence

import matplotlib
import numpy as np
import torch
from matplotlib.colors import TwoSlopeNorm
from matplotlib.lines import Line2D
from torch import Tensor

from liegg.plots import seen, spots, told
from liegg.plots.axes import Level, in_lines, letters, reference
from liegg.plots.style import (
    DESKTOP,
    GREY,
    MARKERS,
    PALETTE,
    PHONE,
    BookFigure,
    band,
    look,
    new_figure,
    on_colours,
    on_phone,
    styled,
)


@styled
def spectra(variance: dict[str, Tensor], bias: dict[str, Tensor], labels: dict[str, str], unit: str) -> BookFigure:
    """Symmetry variance and symmetry bias of every direction, for kinds of networks: {kind: (M, K)}.

    Directions in ascending order of variance; lines are means and bands the range over the M networks.
    """
    figure, ((left, right),) = new_figure(8, 3.4, 1, 2)
    for kind, values in variance.items():
        band(left, range(1, values.shape[1] + 1), values, kind, labels)
    for kind, values in bias.items():
        band(right, range(1, values.shape[1] + 1), values, kind, labels)
    left.set(yscale="log", ylabel=f"symmetry variance $S_i^2/N$\n({unit})")
    right.set(ylim=(-0.03, 1.05), ylabel="symmetry bias\n(distance to the algebra, 0 to 1)")
    for axes in (left, right):
        axes.set_xlabel("direction, in order of variance")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(axis="y", lw=0.4, alpha=0.5)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=len(variance))
    spots.directions({"variance": (left, variance), "bias": (right, bias)}, labels)
    figure.words = told.spectra(variance, bias, labels, unit)
    return figure


@styled
def matrices(values: Tensor, titles: Sequence[str], columns: int = 5) -> BookFigure:
    """Matrices (k, r, c) as heat maps on one scale, symmetric about zero."""
    rows = -(-len(values) // columns)
    figure, grid = new_figure(1.6 * columns + 0.6, 1.75 * rows, rows, columns, panels=len(values), abreast=0)
    bound = float(values.abs().max()) or 1.0
    for axes, value, title in zip(grid.flat, values, titles):
        image = axes.imshow(value, cmap="RdBu_r", norm=TwoSlopeNorm(0, -bound, bound))
        axes.set(xticks=[], yticks=[])
        axes.set_title(title, fontsize=9)
    figure.bar(image, grid, "entry (unit norm)")
    figure.words = seen.matrices(values, titles)
    return figure


@styled
def drifts(
    times: Tensor, change: dict[str, Tensor], labels: dict[str, str], xlabel: str, *, level: Level | None = None
) -> BookFigure:
    """How far the output moves along finite transformations: {kind: (M, T)} against T times; `level` is a dotted line
    at that height."""
    figure, ((axes,),) = new_figure(6, 3.4, 1, 1)
    for kind, values in change.items():
        band(axes, times, values, kind, labels)
    axes.set(yscale="log", xlabel=xlabel, ylabel="change of the output\n(standard deviations of the output)")
    reference(axes, level)
    axes.grid(axis="y", lw=0.4, alpha=0.5)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=len(change))
    figure.words = told.drifts(times, change, labels, xlabel)
    return figure


@styled
def portrait(found) -> BookFigure:
    """A `Symmetry` at a glance: variance of every direction, coherence if there is one, both with their intervals, and
    the first generators, red where an entry is positive and blue where it is negative."""
    K, d, shown = len(found.variance), found.dimension, min(found.dimension, 5)
    several, phone = found.networks > 1, on_phone()
    heights = ([2.6 * (1 + several) + 0.5, 1.2] if phone else [2.9, 1.9])[: 1 + (shown > 0)]
    figure = BookFigure(figsize=(PHONE if phone else DESKTOP, sum(heights)), layout="constrained")
    parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    row = parts[0].subplots(1 + several if phone else 1, 1 if phone else 1 + several, squeeze=False).flatten()
    order = np.arange(1, K + 1)

    def bars(axes, values: Tensor, interval: Tensor) -> None:
        for place, chosen in enumerate((slice(0, d), slice(d, K))):
            ends = (values[chosen] - interval[chosen, 0], interval[chosen, 1] - values[chosen])
            ends = torch.stack(ends).clamp_min(0).numpy()
            axes.errorbar(
                order[chosen],
                values[chosen].numpy(),
                ends,
                fmt=MARKERS[place],
                ms=4,
                lw=1,
                capsize=2,
                color=PALETTE[place],
                label=("counted", "not counted")[place],
            )
        axes.set_xlabel("direction")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(axis="y", lw=0.4, alpha=0.5)

    bars(row[0], found.relative_variance, found.variance_interval / found.scale)
    row[0].plot(order, found.mismatched / found.scale, "x", ms=4, color=GREY, label="by chance (mismatched)")
    row[0].set(yscale="log", ylabel="relative variance")
    parts[0].legend(*row[0].get_legend_handles_labels(), loc="outside lower center", ncols=1 if phone else 3)
    row[0].set_title(f"{d} of {K} directions", fontsize=10)
    if several:
        bars(row[1], found.coherence, found.coherence_interval)
        row[1].set(ylim=(-0.5, 1.1), ylabel="coherence")
        row[1].set_title(f"{found.networks} networks", fontsize=10)
    spots.symmetry(row, found)
    if shown:
        generators = found.generators[:shown]
        bound = float(generators.abs().max())
        for axes, A in zip(parts[1].subplots(1, 5, squeeze=False)[0], generators):
            axes.imshow(A, cmap="RdBu_r", norm=TwoSlopeNorm(0, -bound, bound))
        for k, axes in enumerate(parts[1].axes):
            axes.set(xticks=[], yticks=[]) if k < shown else axes.axis("off")
        match = found.identify()
        said = f"the first {shown} generators; they span {match.name if match else 'no known algebra'}"
        parts[1].suptitle(in_lines(said, letters(10, figure.get_figwidth())), fontsize=10)
    figure.words = told.portrait(found)
    return figure


@styled
def runs(
    variance: Tensor,
    picked: int,
    saved: Sequence[float],
    spread: dict[str, tuple[float, float]],
    labels: dict[str, str],
) -> BookFigure:
    """The lowest variances (M, k) of M networks, one by one, and beside them those of one run and of several elsewhere.

    picked    the network that is picked out
    saved     (k,) of the one run
    spread    of several runs, mean and standard deviation of the "smallest" variance and of the "mean" of the k
    labels    of what is drawn: each, picked, saved and several
    """
    figure, ((left, right),) = new_figure(8, 3.6, 1, 2)
    right.sharey(left)
    order, looks = range(1, variance.shape[1] + 1), {kind: look(kind, labels) for kind in labels}
    of_each = {"smallest": (variance[:, 0], saved[0]), "mean": (variance.mean(1), sum(saved) / len(saved))}
    for place, (name, (values, of_saved)) in enumerate(of_each.items()):
        across = place + torch.linspace(-0.2, 0.2, len(values))
        left.plot(across, values, ls="", ms=4, alpha=0.8, **looks["each"])
        left.plot(across[picked], values[picked], ls="", ms=6, **looks["picked"])
        left.plot(place + 0.3, of_saved, ls="", ms=6, **looks["saved"])
        left.errorbar(place + 0.4, *spread[name], ms=5, capsize=3, **looks["several"])
        spots.each(left, across, values, f"{name} variance")
    for a, values in enumerate(variance):
        if a != picked:
            right.plot(order, values, lw=0.7, alpha=0.5, color=looks["each"]["color"])
    right.plot(order, variance[picked], lw=1.5, ms=5, **looks["picked"])
    right.plot(order, saved, lw=1.2, ls="--", ms=5, **looks["saved"])
    for kind, heights in (("picked", variance[picked]), ("saved", saved)):
        spots.spectrum(right, heights, labels[kind])
    left.set_xticks(range(len(of_each)), ["smallest", f"mean of the {len(order)}"])
    left.set(yscale="log", ylabel="symmetry variance $S_i^2/N$\n(squared units of y)", xlim=(-0.5, 1.6))
    right.set(xlabel="direction, in order of variance", xticks=order)
    for axes in (left, right):
        axes.grid(axis="y", lw=0.4, alpha=0.5)
    shown = [Line2D([], [], ls="", label=label, **looks[kind]) for kind, label in labels.items()]
    figure.legend(handles=shown, loc="outside lower center", ncols=2)
    figure.words = told.runs(variance, picked, saved, spread, labels)
    return figure


@styled
def orbits(
    density: dict[str, np.ndarray],
    carried: dict[str, Tensor],
    labels: dict[str, str],
    angles: Sequence[float],
    extent: float,
) -> BookFigure:
    """A row for each kind: the density of orbits of the unit circle (bins, bins), then an image carried along.

    Densities and images (T, H, W) have values from 0 to 1. The unit circle is dotted; angles in degrees.
    """
    rows, columns = len(density), 1 + len(angles)
    figure, grid = new_figure(1.5 * columns, 1.65 * rows, rows, columns, abreast=0)
    shades = matplotlib.colormaps["magma_r"].with_extremes(bad="white")
    for axes, angle in zip(grid[0], ["orbit density", *(f"{angle:g}°" for angle in angles)]):
        axes.set_title(angle, fontsize=9)
    for i, (row, kind) in enumerate(zip(grid, density)):
        visited = np.ma.masked_equal(density[kind], 0)
        row[0].imshow(visited, cmap=shades, vmin=0, vmax=1, extent=(-extent, extent, extent, -extent))
        circle = matplotlib.patches.Circle((0, 0), 1, fill=False, lw=0.6, ls=":", color="0.3")
        on_colours(row[0].add_artist(circle), i)
        for axes, image in zip(row[1:], carried[kind]):
            axes.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        for axes in row:
            axes.set(xticks=[], yticks=[])
            for spine in axes.spines.values():
                spine.set(visible=True, color=look(kind, labels)["color"], lw=1.5)
    figure.legend(
        handles=[Line2D([], [], color=look(kind, labels)["color"], lw=3, label=labels[kind]) for kind in density],
        loc="outside lower center",
        ncols=len(density),
    )
    figure.words = seen.orbits(density, carried, labels, angles, extent)
    return figure


def orbit_density(generators: Tensor, *, extent: float, bins: int = 81, starts: int = 72) -> np.ndarray:
    """Where the unit circle goes under exp(tA), t from 0 to 2 pi sqrt(2) (a full turn of a unit-norm rotation).

    Generators (M, 3, 3) are pooled; the histogram (bins, bins) covers [-extent, extent]² and has maximum 1.
    """
    t = torch.linspace(0, 2**1.5 * torch.pi, 721, dtype=torch.float64)
    angle = torch.arange(starts) * (2 * torch.pi / starts)
    circle = torch.stack([angle.cos(), angle.sin(), torch.ones(starts)]).double()
    x, y, _ = (torch.linalg.matrix_exp(t[:, None, None] * generators[:, None]) @ circle).movedim(-2, 0).reshape(3, -1)
    edges = np.linspace(-extent, extent, bins + 1)
    density, *_ = np.histogram2d(y.numpy(), x.numpy(), bins=[edges, edges])
    return np.sqrt(density / density.max())

"""The figures of the book: functions from data to a matplotlib Figure.

A figure shows itself in a notebook as SVG on a transparent ground, with dark ink; the book's style sheet inverts its
lightness, not its hues, on a dark page. Colours are seaborn's colour-blind palette, one for each kind of network.
"""

import functools
import io
from collections.abc import Callable, Sequence

import matplotlib
import numpy as np
import seaborn
import torch
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

STYLE = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "image.interpolation": "nearest",
    "svg.fonttype": "path",
    "svg.hashsalt": "liegg",
}
_BLUE, _ORANGE, _GREEN, _RED, _PURPLE, *_ = seaborn.color_palette("colorblind")
_LOOKS = {
    "o": {"trained": _BLUE, "several": _BLUE, "symmetry": _BLUE},
    "s": {"upright": _ORANGE, "one": _ORANGE},
    "^": {"untrained": _GREEN},
    "x": {"chance": "0.5", "other": _ORANGE},
    "v": {"random": _RED},
    "d": {"exact": "0.2"},
}
COLOURS = {kind: colour for kinds in _LOOKS.values() for kind, colour in kinds.items()}
MARKERS = {kind: marker for marker, kinds in _LOOKS.items() for kind in kinds}


class Page(Figure):
    """A Figure that Jupyter shows as SVG, with no plotting backend involved."""

    def _repr_svg_(self) -> str:
        svg = io.StringIO()
        with matplotlib.rc_context(STYLE):
            self.savefig(svg, format="svg", transparent=True, metadata={"Date": None})
        return svg.getvalue()


def _styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    @functools.wraps(draw)
    def styled(*args, **kwargs) -> Figure:
        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return styled


def _page(width: float, height: float, rows: int, columns: int):
    page = Page(figsize=(width, height), layout="constrained")
    return page, page.subplots(rows, columns, squeeze=False)


def _band(axes, x: Sequence, values: Tensor, kind: str, label: str) -> None:
    """Mean over networks (M, T) as a line, their range as a band."""
    values = torch.as_tensor(values)
    low, high = values.amin(0), values.amax(0)
    axes.fill_between(x, low, high, color=COLOURS[kind], alpha=0.2, linewidth=0)
    axes.plot(x, values.mean(0), MARKERS[kind] + "-", ms=4, lw=1.2, color=COLOURS[kind], label=label)


@_styled
def spectra(variance: dict[str, Tensor], bias: dict[str, Tensor], labels: dict[str, str], unit: str) -> Figure:
    """Symmetry variance and symmetry bias of every direction, for kinds of networks: {kind: (M, K)}.

    Directions in ascending order of variance; lines are means and bands the range over the M networks.
    """
    page, ((left, right),) = _page(8, 3.4, 1, 2)
    for kind, values in variance.items():
        _band(left, range(1, values.shape[1] + 1), values, kind, labels[kind])
    for kind, values in bias.items():
        _band(right, range(1, values.shape[1] + 1), values, kind, labels[kind])
    left.set(yscale="log", ylabel=f"symmetry variance $S_i^2/N$\n({unit})")
    right.set(ylim=(-0.03, 1.05), ylabel="symmetry bias\n(distance to the algebra, 0 to 1)")
    for axes in (left, right):
        axes.set_xlabel("direction, in order of variance")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(axis="y", lw=0.4, alpha=0.5)
    page.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=len(variance))
    return page


@_styled
def matrices(values: Tensor, titles: Sequence[str], columns: int = 5) -> Figure:
    """Matrices (k, r, c) as heat maps on one scale, symmetric about zero."""
    rows = -(-len(values) // columns)
    page, grid = _page(1.6 * columns + 0.6, 1.75 * rows, rows, columns)
    bound = float(values.abs().max()) or 1.0
    for axes, value, title in zip(grid.flat, values, titles):
        image = axes.imshow(value, cmap="RdBu_r", norm=TwoSlopeNorm(0, -bound, bound))
        axes.set(xticks=[], yticks=[])
        axes.set_title(title, fontsize=9)
    for axes in grid.flat[len(values) :]:
        axes.axis("off")
    page.colorbar(image, ax=grid, label="entry (unit norm)", shrink=0.8)
    return page


@_styled
def drifts(times: Tensor, change: dict[str, Tensor], labels: dict[str, str], xlabel: str) -> Figure:
    """How far the output moves along finite transformations: {kind: (M, T)} against T times."""
    page, ((axes,),) = _page(6, 3.4, 1, 1)
    for kind, values in change.items():
        _band(axes, times, values, kind, labels[kind])
    axes.set(yscale="log", xlabel=xlabel, ylabel="change of the output\n(standard deviations of the output)")
    axes.grid(axis="y", lw=0.4, alpha=0.5)
    axes.legend()
    return page


@_styled
def scatter(
    panels: Sequence[dict[str, tuple[Tensor, Tensor]]],
    labels: dict[str, str],
    xlabels: Sequence[str],
    ylabel: str,
    *,
    titles: Sequence[str] = ("",),
    log: str = "",
    level: float | None = None,
) -> Figure:
    """Points {kind: (x, y)}, one panel or several side by side; `log` names the logarithmic axes, `level` a height."""
    page, (row,) = _page(2.2 + 3.2 * len(panels), 3.4, 1, len(panels))
    drawn = {}
    for axes, panel, xlabel, title in zip(row, panels, xlabels, titles):
        for kind, (x, y) in panel.items():
            (drawn[kind],) = axes.plot(
                x, y, MARKERS[kind], ms=3, alpha=0.5, mew=0.6, color=COLOURS[kind], label=labels[kind]
            )
        if level is not None:
            axes.axhline(level, color="0.5", lw=0.8, ls=":")
        axes.set(xlabel=xlabel)
        if any(len(x) for x, _ in panel.values()):
            axes.set(**{f"{name}scale": "log" for name in log})
        axes.set_title(title, fontsize=10)
        axes.grid(lw=0.4, alpha=0.5)
    row[0].set_ylabel(ylabel)
    page.legend(handles=drawn.values(), loc="outside lower center", ncols=2, markerscale=2)
    return page


@_styled
def confusion(counts: dict[str, Tensor], dimensions: Sequence[int]) -> Figure:
    """How often a true dimension (row) was answered with a found one (column): {title: (D, D)} counts."""
    page, (row,) = _page(3.6 * len(counts) + 0.6, 3.8, 1, len(counts))
    for axes, (title, table) in zip(row, counts.items()):
        share = table / table.sum(1, keepdim=True).clamp_min(1)
        image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for i, j in table.nonzero().tolist():
            ink = "white" if share[i, j] > 0.5 else "black"
            axes.text(j, i, int(table[i, j]), ha="center", va="center", fontsize=8, color=ink)
        ticks = {"ticks": range(len(dimensions)), "labels": dimensions}
        axes.set_xticks(**ticks), axes.set_yticks(**ticks)
        axes.set(xlabel="dimension found", ylabel="true dimension")
        axes.set_title(title, fontsize=10)
    page.colorbar(image, ax=row, label="share of the row", shrink=0.8)
    return page


@_styled
def rates(edges: Sequence[float], panels: dict[str, dict[str, Tensor]], labels: dict[str, str], xlabel: str) -> Figure:
    """Shares with their intervals over bins of a logarithmic quantity: {title: {kind: (bins, 3) share, low, high}}."""
    page, (row,) = _page(4 * len(panels), 3.4, 1, len(panels))
    centres = np.sqrt(np.array(edges[:-1]) * np.array(edges[1:]))
    for axes, (title, kinds) in zip(row, panels.items()):
        for shift, (kind, values) in zip((0.96, 1.04), kinds.items()):
            share, low, high = np.asarray(values).T
            bars = np.stack([share - low, high - share])
            marker = MARKERS[kind] + "-"
            axes.errorbar(
                centres * shift,
                share,
                bars,
                fmt=marker,
                ms=4,
                lw=1.2,
                capsize=2,
                color=COLOURS[kind],
                label=labels[kind],
            )
        axes.set(xscale="log", xlabel=xlabel, ylabel=title, ylim=(-0.03, 1.03))
        axes.grid(axis="y", lw=0.4, alpha=0.5)
    page.legend(*row[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return page


@_styled
def portrait(found) -> Figure:
    """A `Symmetry` at a glance: variance of every direction, coherence if there is one, and the first generators."""
    K, d, shown = len(found.variance), found.dimension, min(found.dimension, 5)
    page = Page(figsize=(8, 2.9 + 1.9 * (shown > 0)), layout="constrained")
    parts = page.subfigures(2 if shown else 1, 1, height_ratios=[1.5, 1] if shown else None, squeeze=False)[:, 0]
    row = parts[0].subplots(1, 2 if found.functions > 1 else 1, squeeze=False)[0]
    order = np.arange(1, K + 1)

    def bars(axes, values: Tensor, interval: Tensor) -> None:
        for kind, chosen in (("symmetry", slice(0, d)), ("other", slice(d, K))):
            ends = (values[chosen] - interval[chosen, 0], interval[chosen, 1] - values[chosen])
            ends = torch.stack(ends).clamp_min(0).numpy()
            axes.errorbar(
                order[chosen],
                values[chosen].numpy(),
                ends,
                fmt=MARKERS[kind],
                ms=4,
                lw=1,
                capsize=2,
                color=COLOURS[kind],
            )
        axes.set_xlabel("direction")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(axis="y", lw=0.4, alpha=0.5)

    bars(row[0], found.relative_variance, found.variance_interval / found.scale)
    row[0].plot(order, found.mismatched / found.scale, MARKERS["chance"], ms=4, color=COLOURS["chance"])
    row[0].set(yscale="log", ylabel="relative variance\n(crosses in grey: mismatched)")
    row[0].set_title(f"{d} of {K} directions", fontsize=10)
    if found.functions > 1:
        bars(row[1], found.coherence, found.coherence_interval)
        row[1].set(ylim=(-0.5, 1.1), ylabel="coherence")
        row[1].set_title(f"{found.functions} functions", fontsize=10)
    if shown:
        generators = found.generators[:shown]
        bound = float(generators.abs().max())
        for axes, A in zip(parts[1].subplots(1, 5, squeeze=False)[0], generators):
            axes.imshow(A, cmap="RdBu_r", norm=TwoSlopeNorm(0, -bound, bound))
        for k, axes in enumerate(parts[1].axes):
            axes.set(xticks=[], yticks=[]) if k < shown else axes.axis("off")
        match = found.identify()
        parts[1].suptitle(
            f"the first {shown} generators; they span {match.name if match else 'no known algebra'}", fontsize=10
        )
    return page


@_styled
def flows(generators: dict[str, Tensor], labels: dict[str, str]) -> Figure:
    """Generators of the plane (3, 3) as the vector fields u -> L u + b they move points along."""
    page, (row,) = _page(2.7 * len(generators), 3.0, 1, len(generators))
    ticks = np.linspace(-1, 1, 9)
    x, y = np.meshgrid(ticks, ticks)
    for axes, (kind, A) in zip(row, generators.items()):
        v = np.einsum("ij,jyx->iyx", A.numpy(), np.stack([x, y, np.ones_like(x)]))
        axes.quiver(x, y, v[0], v[1], color=COLOURS[kind], angles="xy")
        axes.set(aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1], xlabel="x (half sides)", ylabel="y (half sides)")
        axes.invert_yaxis()
        axes.set_title(labels[kind], fontsize=9)
    return page


@_styled
def orbits(
    density: dict[str, np.ndarray],
    carried: dict[str, Tensor],
    labels: dict[str, str],
    angles: Sequence[float],
    extent: float,
) -> Figure:
    """A row for each kind: the density of orbits of the unit circle (bins, bins), then an image carried along.

    Densities and images (T, H, W) have values from 0 to 1. The unit circle is dotted; angles in degrees.
    """
    page, grid = _page(1.5 * (1 + len(angles)), 1.65 * len(density), len(density), 1 + len(angles))
    for axes, angle in zip(grid[0], ["orbit density", *(f"{angle:g}°" for angle in angles)]):
        axes.set_title(angle, fontsize=9)
    for row, kind in zip(grid, density):
        visited = np.ma.masked_equal(density[kind], 0)
        row[0].imshow(visited, cmap="magma_r", vmin=0, vmax=1, extent=(-extent, extent, extent, -extent))
        row[0].add_artist(matplotlib.patches.Circle((0, 0), 1, fill=False, lw=0.6, ls=":", color="0.3"))
        for axes, image in zip(row[1:], carried[kind]):
            axes.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        for axes in row:
            axes.set(xticks=[], yticks=[])
            for spine in axes.spines.values():
                spine.set(visible=True, color=COLOURS[kind], lw=1.5)
    page.legend(
        handles=[Line2D([], [], color=COLOURS[kind], lw=3, label=labels[kind]) for kind in density],
        loc="outside lower center",
        ncols=len(density),
    )
    return page


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

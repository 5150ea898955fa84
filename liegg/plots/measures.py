"""Figures of many networks: their measures and rates."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.colors import CenteredNorm, LogNorm, Normalize
from torch import Tensor

from liegg.plots import seen, spots, told
from liegg.plots.axes import INK, Level, name_categories, name_lines, reference
from liegg.plots.style import BookFigure, band, look, new_figure, on_colours, shaded, styled
from liegg.plots.words import median

FEW = 10  # points of a kind among many of another
TOLD_APART = 4  # shades; lines of more have their names beside them
LUMINANCE = (0.2126, 0.7152, 0.0722)  # of red, green and blue: dark cells get white numbers


@styled
def scatter(
    panels: Sequence[dict[str, tuple[Tensor, Tensor]]],
    labels: dict[str, str],
    xlabels: Sequence[str],
    ylabel: str,
    *,
    titles: Sequence[str] | None = None,
    log: str = "",
    level: Level | None = None,
    mark: dict[int, float] | None = None,
    few: bool = False,
    turn: bool = False,
) -> BookFigure:
    """Points {kind: (x, y)}, one panel or several side by side; `log` names the logarithmic axes.

    `level` is the height of a dotted line in all panels, named in the first; `mark` has the places of dashed vertical
    lines, by the number of their panel from 0.
    Where points are `few`, they are large, and so are those of a kind that has no more than FEW. Where heights are
    degrees of a `turn`, all of it is shown.
    """
    figure, (row,) = new_figure(2.2 + 3.2 * len(panels), 3.4, 1, len(panels))
    drawn = {}
    for i, (axes, panel, xlabel, title) in enumerate(zip(row, panels, xlabels, titles or [""] * len(panels))):
        for kind, (x, y) in panel.items():
            size = {"ms": 5, "alpha": 0.9} if few or len(x) <= FEW else {"ms": 3, "alpha": 0.5}
            (drawn[kind],) = axes.plot(x, y, ls="", mew=0.6, **size, label=labels[kind], **look(kind, labels))
        if mark and i in mark:
            axes.axvline(mark[i], color=INK, lw=0.9, ls="--", zorder=1)
        axes.set(xlabel=xlabel)
        if any(len(x) for x, _ in panel.values()):
            axes.set(**{f"{name}scale": "log" for name in log})
        reference(axes, level[0] if isinstance(level, tuple) and i else level)
        if turn:
            axes.set(ylim=(-180, 180), yticks=range(-180, 181, 90))
        axes.set_title(title, fontsize=10)
        axes.grid(lw=0.4, alpha=0.5)
    row[0].set_ylabel(ylabel)
    columns = min(max(len(drawn), 1), 3)
    handles = [drawn[kind] for kind in labels if kind in drawn]
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, markerscale=2)
    figure.words = seen.scatter(panels, labels, xlabels, ylabel, titles or [""] * len(panels), log)
    return figure


@styled
def confusion(counts: dict[str, Tensor], dimensions: Sequence[int]) -> BookFigure:
    """How often a true dimension (row) was answered with a found one (column): {title: (D, D)} counts."""
    figure, (row,) = new_figure(3.6 * len(counts) + 0.6, 3.8, 1, len(counts))
    for panel, (axes, (title, table)) in enumerate(zip(row, counts.items())):
        share = table / table.sum(1, keepdim=True).clamp_min(1)
        image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for i, j in table.nonzero().tolist():
            ink = "white" if share[i, j] > 0.5 else "black"
            number = axes.text(j, i, int(table[i, j]), ha="center", va="center", fontsize=8, color=ink)
            on_colours(number, panel, i, j)
        ticks = {"ticks": range(len(dimensions)), "labels": dimensions}
        axes.set_xticks(**ticks), axes.set_yticks(**ticks)
        axes.set(xlabel="dimension found", ylabel="true dimension")
        axes.set_title(title, fontsize=10)
    figure.bar(image, row, "share of the row")
    figure.words = told.confusion(counts, dimensions)
    return figure


@styled
def rates(
    edges: Sequence[float], panels: dict[str, dict[str, Tensor]], labels: dict[str, str], xlabel: str
) -> BookFigure:
    """Shares with their intervals over bins of a logarithmic quantity: {title: {kind: (bins, 3) share, low, high}}."""
    figure, (row,) = new_figure(4 * len(panels), 3.4, 1, len(panels))
    centres = np.sqrt(np.array(edges[:-1]) * np.array(edges[1:]))
    for axes, (title, kinds) in zip(row, panels.items()):
        for shift, (kind, values) in zip(np.geomspace(0.96, 1.04, len(kinds)), kinds.items()):
            share, low, high = np.asarray(values).T
            bars = np.stack([share - low, high - share])
            axes.errorbar(
                centres * shift,
                share,
                bars,
                ms=4,
                lw=1.2,
                capsize=2,
                label=labels[kind],
                **look(kind, labels),
            )
        axes.set(xscale="log", xlabel=xlabel, ylabel=title, ylim=(-0.03, 1.03))
        axes.grid(axis="y", lw=0.4, alpha=0.5)
    figure.legend(*row[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.words = told.rates(centres, panels, labels, xlabel)
    return figure


@styled
def trends(
    panels: dict[str, dict[str, tuple[Sequence, Tensor]]],
    labels: dict[str, str],
    xlabel: str,
    *,
    log: Sequence[str] = (),
    logx: bool = True,
    one_scale: bool = False,
    level: dict[str, Level] | None = None,
    point: str = "",
) -> BookFigure:
    """Measures against a setting, a panel each: {ylabel: {kind: (T settings, (M, T) values)}}.

    Lines are means and bands the range over the M networks; panels in `log` have a logarithmic axis, those in `level` a
    dotted line at that height, and with `one_scale` all vertical axes are the same. More shades than can be told apart
    have their names beside the lines. Means say what they are to who points at them, where it is said what a `point`
    on the horizontal axis is called.
    """
    by_name = shaded(labels) and max(map(len, panels.values())) > TOLD_APART
    figure, (row,) = new_figure(4 * len(panels) if len(panels) > 1 else 6, 3.6, 1, len(panels))
    for axes, (ylabel, kinds) in zip(row, panels.items()):
        if one_scale and axes is not row[0]:
            axes.sharey(row[0])
        for kind, (x, values) in kinds.items():
            band(axes, x, values, kind, labels)
        axes.set(xlabel=xlabel, ylabel=ylabel)
        if logx:
            axes.set_xscale("log")
        else:
            axes.xaxis.get_major_locator().set_params(integer=True)
        if ylabel in log and any((values > 0).any() for _, values in kinds.values()):
            axes.set_yscale("log")
        reference(axes, (level or {}).get(ylabel))
        axes.grid(axis="y", lw=0.4, alpha=0.5)
        if by_name:
            name_lines(axes)
    if point:
        spots.trends(((axes, "", *panel) for axes, panel in zip(row, panels.items())), labels, point)
    if not by_name:
        columns = 4 if len(panels) > 1 else 3
        named = {name: line for axes in row for line, name in zip(*axes.get_legend_handles_labels())}
        figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=columns)
    figure.words = told.lines(panels, labels, xlabel, log, steps=log if point else ())
    return figure


@styled
def heatmaps(
    panels: dict[str, Tensor],
    rows: Sequence,
    columns: Sequence,
    ylabel: str,
    xlabel: str,
    *,
    shared: Sequence[str] = (),
    signed: Sequence[str] = (),
) -> BookFigure:
    """Measures over a grid of settings, {title: (R, C)}, with their numbers; what is nan stays blank.

    Colours are on a logarithmic scale of the panel's own, for positive measures; those of panels in `shared` on one
    linear scale, those of panels in `signed` on a linear scale around zero.
    """
    width = (4 if len(panels) < 3 else 3) * len(panels)
    figure, (row,) = new_figure(width, min(0.55 * len(rows), 5) + 1.6, 1, len(panels))
    together = [values[values.isfinite()] for title, values in panels.items() if title in shared]
    for panel, (axes, (title, values)) in enumerate(zip(row, panels.items())):
        known = values[values.isfinite()] if values.isfinite().any() else torch.ones(1)
        colours, form, scale = "viridis_r", ".2g", LogNorm(float(known.min()), float(known.max() * 1.001))
        if title in shared:
            known, form = torch.cat(together), ".1f"
            scale = Normalize(float(known.min()), float(known.max()))
        elif title in signed:
            colours, form, scale = "RdBu_r", "+.1f", CenteredNorm(0, float(known.abs().max()) or 1.0)
        image = axes.imshow(values.numpy(), cmap=colours, norm=scale, aspect="auto")
        for (i, j), value in np.ndenumerate(values.numpy()):
            if np.isfinite(value):
                ink = "white" if np.dot(image.to_rgba(value)[:3], LUMINANCE) < 0.5 else "black"
                number = axes.text(j, i, f"{value:{form}}", ha="center", va="center", fontsize=8, color=ink)
                on_colours(number, panel, i, j)
        axes.set_xticks(range(len(columns)), columns), axes.set_yticks(range(len(rows)), rows)
        axes.set(xlabel=xlabel)
        axes.set_title(title, fontsize=10)
    row[0].set_ylabel(ylabel)
    figure.words = told.heatmaps(panels, rows, columns, ylabel, xlabel)
    return figure


@styled
def curves(
    panels: dict[str, dict[str, tuple[Sequence, Tensor]]],
    labels: dict[str, str],
    xlabel: str,
    *,
    logx: bool = False,
    marks: dict[str, float] | None = None,
    level: dict[str, Level] | None = None,
) -> BookFigure:
    """Estimates against a setting, a panel each: {ylabel: {kind: (T settings, (T, 3) value, low, high)}}.

    Values are lines and intervals bands; `marks` are vertical lines at settings, by what the legend says of them, and
    `level` dotted ones at a height of the panel.
    """
    figure, (row,) = new_figure((4 if len(panels) < 3 else 3.2) * len(panels), 3.6, 1, len(panels))
    drawn = {}
    for axes, (ylabel, kinds) in zip(row, panels.items()):
        for kind, (x, estimates) in kinds.items():
            style, (value, low, high) = look(kind, labels), np.asarray(estimates).T
            axes.fill_between(x, low, high, color=style["color"], alpha=0.2, linewidth=0)
            (drawn[kind],) = axes.plot(x, value, ls="-", ms=4, lw=1.2, label=labels[kind], **style)
        for name, place in (marks or {}).items():
            drawn[name] = axes.axvline(place, color="0.3", lw=1, ls="--", label=name)
        reference(axes, (level or {}).get(ylabel))
        axes.set(xlabel=xlabel, ylabel=ylabel, xscale="log" if logx else "linear")
        axes.grid(axis="y", lw=0.4, alpha=0.5)
    figure.legend(handles=drawn.values(), loc="outside lower center", ncols=3)
    figure.words = told.curves(panels, labels, xlabel, marks or {})
    return figure


@styled
def strips(
    panels: dict[str, dict[str, dict[str, Tensor]]],
    labels: dict[str, str],
    *,
    log: Sequence[str] = (),
    level: dict[str, Level] | None = None,
    xlabel: str = "",
    point: str = "",
) -> BookFigure:
    """Every network's measure, category by category: {ylabel: {kind: {category: (M,) values}}}.

    Kinds stand side by side within a category; a dash marks their median. Panels in `log` have a logarithmic axis,
    those in `level` a dotted line at that height; xlabel says what categories are. Medians say what they are to who
    points at them, where it is said what a `point` on the horizontal axis is called.
    """
    names = list(dict.fromkeys(c for kinds in panels.values() for values in kinds.values() for c in values))
    width = min(max(7.5, 1.05 * len(names) + 1.5), 11)
    figure, column = new_figure(width, 2.2 * len(panels) + 0.9, len(panels), 1)
    apart = (figure.get_figwidth() - 1) / max(len(names), 1)
    drawn, lines = {}, []
    for axes, (ylabel, kinds) in zip(column[:, 0], panels.items()):
        room = 0.8 / len(kinds)
        for i, (kind, categories) in enumerate(kinds.items()):
            style = look(kind, labels)
            places = [names.index(name) + (i - (len(kinds) - 1) / 2) * room for name in categories]
            middles = [*map(median, categories.values())]
            lines.append((axes, places, middles, spots.said(labels[kind], point, categories, ylabel, middles)))
            for x, middle, values in zip(places, middles, categories.values()):
                values = torch.as_tensor(values, dtype=torch.float64)
                across = x + room * (torch.arange(len(values)) - (len(values) - 1) / 2) / (2 * len(values))
                (drawn[kind],) = axes.plot(across, values, ls="", ms=4, alpha=0.8, label=labels[kind], **style)
                axes.hlines(middle, x - 0.4 * room, x + 0.4 * room, color=style["color"], lw=1.2)
        if ylabel in log:
            axes.set_yscale("log")
        reference(axes, (level or {}).get(ylabel))
        name_categories(axes, names, apart)
        axes.set_ylabel(ylabel)
        axes.grid(axis="y", lw=0.4, alpha=0.5)
    column[-1, 0].set_xlabel(xlabel)
    figure.legend(handles=drawn.values(), loc="outside lower center", ncols=min(len(drawn), 4))
    if point:
        spots.along(lines)
    figure.words = told.strips(panels, labels, log, xlabel)
    return figure

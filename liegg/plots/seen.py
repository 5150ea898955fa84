"""What points, pictures, matrices and orbits show, in words: what stands where, and numbers of what the eye takes.

With the first sentence of its caption it is a figure's description for those who do not see it.
"""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor

from liegg.plots.words import MOST, axis, extremes, letters, listed, median, number, plain, sentence, sentences, span

SMALL = 5  # rows and columns of a matrix whose entries are told by their places
WINDINGS = range(-4, 5)
RELATED = 5  # points from which on a rank correlation is told
MANY = 20  # points from which on the outermost are left out


def scatter(
    panels: Sequence[dict], labels: dict[str, str], xlabels: Sequence[str], ylabel: str, titles: Sequence[str], log: str
) -> str:
    """Points {kind: (x, y)}: where they lie, and whether they rise together; heights once if panels share them."""
    said = [sentence(f"y is {axis(ylabel, 'y' in log)}")]
    heights: dict[str, np.ndarray] = {}
    few = sum(map(len, panels)) <= 2 * MOST
    names = letters(panels) if not any(titles) else [f"{title}:" for title in titles]
    for panel, xlabel, name, before in zip(panels, xlabels, names, ["", *xlabels]):
        points = {kind: _finite(*xy) for kind, xy in panel.items() if len(xy[0])}
        told = {}
        for kind, (x, y) in points.items():
            shared = kind in heights and np.array_equal(y, heights[kind])
            middle = f" (median {number(median(y))})" * (len(y) >= MANY)
            new = f"({len(x)} point{'s' * (len(x) > 1)}) y {mostly(y)}{middle}, "
            where = f"{new * (not shared)}x {mostly(x)}"
            told[labels[kind]] = where + together(x, y) * few
            heights[kind] = y
        of_all = f"all{together(*np.hstack([*points.values()]))}" if len(points) > MOST else ""
        kinds = "; ".join(filter(None, [extremes(told, {}, 2 * MOST - 1, ordered=True) or "no points", of_all]))
        place = "" if xlabel == before else f"x is {axis(xlabel, 'x' in log)}:"
        said.append(sentence(name, place, kinds))
    many = any(len(y) >= MANY for y in heights.values())
    return sentences([*said, sentence("nine tenths of the points lie in these ranges") if many else ""])


def _finite(x, y) -> np.ndarray:
    """(2, n) points of which both numbers are known."""
    points = np.asarray([np.asarray(v, dtype=float) for v in (x, y)])
    return points[:, np.isfinite(points).all(0)]


def mostly(values: np.ndarray) -> str:
    """Where numbers lie; of many, nine tenths of them."""
    return span(np.quantile(values, [0.05, 0.95]) if len(values) >= MANY else values)


def together(x: np.ndarray, y: np.ndarray) -> str:
    varied = len(x) >= RELATED and np.ptp(x) > 0 and np.ptp(y) > 0
    return f", rank correlation {number(round(spearmanr(x, y).statistic, 2))}" if varied else ""


def matrices(values: Tensor, titles: Sequence[str]) -> str:
    """Of small matrices the two largest entries, of large ones how alike entries along the diagonals are."""
    values = torch.as_tensor(values).double()
    told = []
    for title, value in zip(titles, values):
        if max(value.shape) > SMALL:
            told.append(f"{plain(title)} {number(100 * striped(value))} %")
        elif value.any():
            largest = [divmod(int(place), value.shape[1]) for place in value.abs().flatten().topk(2).indices]
            entries = (f"{number(value[i, j])} in row {i + 1}, column {j + 1}" for i, j in sorted(largest))
            told.append(f"{plain(title)} {' and '.join(entries)}")
        else:
            told.append(f"{plain(title)} all zero")
    rows, columns = values.shape[1:]
    large = "share of the squared entries that are the same along each diagonal" if max(rows, columns) > SMALL else ""
    return sentences(
        [
            sentence(f"matrices: {len(values)}, each {rows} × {columns}, entries {span(values.flatten())}"),
            sentence(f"{large or 'largest entries'}:", "; ".join(told)),
        ]
    )


def striped(value: Tensor) -> float:
    """The share of a matrix, squared, that is left when entries of each diagonal are replaced by their mean."""
    rows, columns = value.shape
    diagonals = [value.diagonal(k) for k in range(1 - rows, columns)]
    return float(sum(len(d) * d.mean() ** 2 for d in diagonals) / value.square().sum().clamp_min(1e-300))


def filters(rows: dict[str, Tensor], pixels: Sequence[tuple[int, int]]) -> str:
    """In how few pixels half of what an output pixel sees lies."""
    seen = next(iter(rows.values())).shape[-2:]
    told = []
    for title, W in rows.items():
        held = [half(W[i, j]) for i, j in pixels]
        told.append(f"{plain(title)} {span(held)}")
    return sentences(
        [
            sentence(f"rows: {listed(rows)}; columns: output pixels {listed(pixels)}"),
            sentence(
                f"of {seen[0]} × {seen[1]} input pixels so many hold half of the squared weights:", "; ".join(told)
            ),
        ]
    )


def half(weights: Tensor) -> int:
    """The least number of entries that have half of the sum of squares."""
    squares = torch.as_tensor(weights).double().square().flatten().sort(descending=True).values
    return int((squares.cumsum(0) < squares.sum() / 2).sum()) + 1


def pictures(rows: dict[str, Tensor], columns: Sequence[str]) -> str:
    """What is in rows and columns, and how far pictures are from those of the first row."""
    images = {
        title: torch.as_tensor(row).double() / (1 if row.is_floating_point() else 255) for title, row in rows.items()
    }
    (first, reference), *others = images.items()
    high, wide = reference.shape[-2:]
    told = []
    for title, row in others:
        if row.shape == reference.shape:
            apart = (100 * (row - reference).abs().mean((1, 2, 3))).tolist()
            told.append(f"{plain(title)} {', '.join(map(number, apart))}")
    return sentences(
        [
            sentence(
                f"rows: {listed(rows)};" if columns else f"rows: {listed(rows)}",
                f"columns: {listed(columns)}" if columns else "",
            ),
            sentence(f"pictures of {high} × {wide} pixels"),
            sentence(f"mean difference to the row “{plain(first)}”, in percent:", "; ".join(told)) if told else "",
        ]
    )


def orbits(density: dict, carried: dict, labels: dict[str, str], angles: Sequence[float], extent: float) -> str:
    """How near to the unit circle orbits stay, and how much of the image's ink is left."""
    told = []
    for kind, seen in density.items():
        inks = torch.as_tensor(carried[kind]).double().sum((1, 2))
        ink = span(100 * inks[1:] / inks[0].clamp_min(1e-300)) if len(inks) > 1 else "100"
        near = number(100 * near_circle(seen, extent))
        told.append(
            f"{labels[kind]}: {near} % of the orbits within a tenth of the unit circle, {ink} % of the image's ink"
        )
    turned = ", ".join(f"{angle:g}°" for angle in angles)
    return sentences(
        [sentence(f"in each row the orbits, then an image carried along to {turned}"), *map(sentence, told)]
    )


def near_circle(density: np.ndarray, extent: float, width: float = 0.1) -> float:
    """The share of a density, whose root is drawn, that is so near to the unit circle."""
    bins = len(density)
    ticks = (np.arange(bins) - (bins - 1) / 2) * 2 * extent / bins
    weight = np.asarray(density, dtype=float) ** 2
    return float(weight[np.abs(np.hypot(*np.meshgrid(ticks, ticks)) - 1) <= width].sum() / max(weight.sum(), 1e-300))


def clouds(panels: dict[str, Tensor], labels: Sequence[str], angle: float, turn: Tensor) -> str:
    """How wide clouds are along both axes, before and after the turn."""
    told = []
    for title, curves in panels.items():
        before, after = (points.reshape(-1, 2).double().square().mean(0).sqrt() for points in (curves, curves @ turn.T))
        told.append(f"{title} {' by '.join(map(number, before))} before, {' by '.join(map(number, after))} after")
    return sentences(
        [
            sentence(f"{labels[1]}, against {labels[0]}, as drawn and turned by {number(angle)}°"),
            sentence("root mean squares along both axes:", "; ".join(told)),
        ]
    )


def frames(latents: dict[str, Tensor], shown: Sequence[int]) -> str:
    """How far the arrows of other latents are from those of the first, in degrees."""
    (first, reference), *others = latents.items()
    columns = lambda frames: torch.nn.functional.normalize(torch.as_tensor(frames).double()[list(shown)], dim=1)
    told = []
    for title, of_title in others:
        cosine = (columns(of_title) * columns(reference)).sum(1).clamp(-1, 1)
        told.append(f"{plain(title)} {span(cosine.arccos().rad2deg().mean(1).round(decimals=1))}°")
    return sentences(
        [
            sentence(f"the picture, then as three arrows: {listed(latents)}; {len(shown)} moments"),
            sentence(f"mean angle to the arrows of “{plain(first)}”, over the moments:", "; ".join(told))
            if told
            else "",
        ]
    )


def rings(panels: dict[str, tuple]) -> str:
    """How far points are from the origin, and how often they go round it while the angle does once."""
    told = []
    for title, (points, angle) in panels.items():
        points, angle = (torch.as_tensor(v).double() for v in (points, angle))
        turns, agreement = winding(points, angle)
        told.append(
            f"{title}: {len(points)} points, {span(points.norm(dim=1))} from the origin; they go round {number(turns)} "
            f"time{'s' * (abs(turns) != 1)} while the angle goes round once"
            + f" (agreement {number(agreement)})"
            * (turns != 0)
        )
    return sentences([sentence("the second number of the latent, against the first"), *map(sentence, told)])


def winding(points: Tensor, angle: Tensor) -> tuple[int, float]:
    """How often points go round the origin with an angle, as k of the largest |mean exp(i (phase - k angle))|, and
    that mean."""
    phase = torch.atan2(points[:, 1], points[:, 0])
    agreement = [float(torch.polar(torch.ones_like(phase), phase - k * angle).mean().abs()) for k in WINDINGS]
    best = max(WINDINGS, key=lambda k: agreement[k - WINDINGS[0]])
    return best, agreement[best - WINDINGS[0]]


def board(panels: dict[str, tuple], xlabel: str, ylabel: str) -> str:
    """Of how many points the nearest of the places' middles has their row of the board, and their column."""
    told = []
    for title, (points, place) in panels.items():
        row, column = (number(100 * share) for share in told_apart(torch.as_tensor(points), torch.as_tensor(place)))
        told.append(
            f"{title}: {len(points)} points; the nearest middle of a place has the point's own row in {row} %, its own "
            f"column in {column} %"
        )
    return sentences([sentence(f"{ylabel}, against {xlabel}"), *map(sentence, told)])


def told_apart(points: Tensor, place: Tensor) -> tuple[float, float]:
    """Shares of points whose nearest middle, of those of all places, has their row, and their column."""
    every, which = place.unique(dim=0, return_inverse=True)
    middles = torch.stack([points[which == i].double().mean(0) for i in range(len(every))])
    right = every[torch.cdist(points.double(), middles).argmin(1)] == place
    row, column = right.double().mean(0).tolist()
    return row, column


def arrows(panels: dict, xlabels: Sequence[str], ylabels: Sequence[str]) -> str:
    """Vector fields {title: (points, velocities)}: where they move points right and left, up and down, and how fast."""
    said = []
    for (title, (points, velocities)), xlabel, ylabel in zip(panels.items(), xlabels, ylabels):
        x, v = (np.asarray(values, dtype=float) for values in (points, velocities))
        speed = np.linalg.norm(v, axis=1)
        slowest, fastest = (f"({number(x[i, 0])}, {number(x[i, 1])})" for i in (speed.argmin(), speed.argmax()))
        where = f"x is {plain(xlabel)}, y is {plain(ylabel)}; {len(x)} arrows, lengths {span(speed)},"
        said.append(sentence(f"{plain(title)}:", where, f"shortest at {slowest}, longest at {fastest}"))
    return sentences(said)


def paths(panels: dict[str, Tensor], xlabel: str, ylabel: str) -> str:
    """Of orbits (P, T, 2): how far the points go, and how well each keeps its distance from the origin."""
    said = []
    for title, orbits in panels.items():
        p = torch.as_tensor(orbits).double()
        far, length = p.norm(dim=-1), p.diff(dim=1).norm(dim=-1).sum(1)
        kept = far.amin(1) / far.amax(1).clamp_min(1e-300)
        said.append(
            f"{plain(title)}: {len(p)} orbit{'s' * (len(p) > 1)}, {span(length)} long; the smallest distance from the "
            f"origin is {span(kept)} of the largest"
        )
    return sentences([sentence(f"{ylabel}, against {xlabel}"), *map(sentence, said)])

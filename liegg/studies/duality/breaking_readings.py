"""What classifiers with a broken symmetry say: how accuracy falls with the amount, gains, and where a curve is highest.

All shifted outputs share one mean μ, so that the mean of the output weights is one vector, of length μ√k, and the
rotations that keep it are so(9) for every number k of them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.stats import t
from torch import Tensor

from liegg.studies import statistics
from liegg.studies.duality import published
from liegg.studies.duality.breaking import Cell

SYMMETRIC = Cell(0.0)
COLD_TARGET = 0.9
"""ȳ, the mean of a one-cold target over the outputs"""
AMOUNTS = {
    "μ√k": lambda mean, k: mean * k**0.5,
    "μk": lambda mean, k: mean * k,
    "μ": lambda mean, k: mean,
}
"""what the symmetry may be said to be broken by"""


class Part(NamedTuple):
    """R runs of the same C cells, over T epochs."""

    cells: list[Cell]
    accuracy: Tensor
    """(R, C, T) on test images after every epoch, in percent"""
    loss: Tensor
    """(R, C) before training"""
    hidden: Tensor
    """(R,) mean of relu(W0 x) over units and test images, before training"""

    @property
    def best(self) -> Tensor:
        """(R, C) the largest accuracy over the epochs."""
        return self.accuracy.amax(2)

    def of(self, cell: Cell, epoch: int = 0) -> Tensor:
        """(R,) accuracy of a cell after an epoch, or with 0 the largest over the epochs."""
        values = self.accuracy[:, self.cells.index(cell)]
        return values[:, epoch - 1] if epoch else values.amax(1)

    def gain(self, cell: Cell, epoch: int = 0) -> Tensor:
        """(R,) points of accuracy above the network of the same run and targets whose weights have mean zero."""
        return self.of(cell, epoch) - self.of(Cell(0.0, cold=cell.cold), epoch)


def part(cells: Sequence[Cell], measured: Sequence[dict[str, Tensor]]) -> Part:
    """The runs that `breaking.train` returned for the same cells, one after the other."""
    stacked = {name: torch.stack([run[name] for run in measured]).double() for name in ("accuracy", "loss", "hidden")}
    return Part(list(cells), **stacked)


def laid_out(cells: Sequence[Cell], values: Tensor, rows: Sequence[int], means: Sequence[float]) -> Tensor:
    """(M, K) values (C,) of one-hot cells by mean and number of rows: the symmetric one where either is zero, nan
    where there is no such cell."""
    known = dict(zip(cells, values.tolist()))
    place = lambda mean, k: Cell(mean, k) if mean and k else SYMMETRIC
    return torch.tensor([[known.get(place(mean, k), torch.nan) for k in rows] for mean in means], dtype=torch.float64)


def amounts(cells: Sequence[Cell]) -> dict[str, Tensor]:
    """(C,) by how much the symmetry of each cell is broken, by each of AMOUNTS."""
    return {name: torch.tensor([f(c.mean, c.rows) for c in cells], dtype=torch.float64) for name, f in AMOUNTS.items()}


def ranks(cells: Sequence[Cell], values: Tensor) -> dict[str, dict | None]:
    """How accuracies (R, C), in the mean over the runs, fall with each of AMOUNTS: Spearman's rank correlations.

    All are estimates over runs drawn again, and so is "gain", by how much the one with μ√k lies below that with μk.
    None of fewer than three cells.
    """
    broken = amounts(cells)
    if len(cells) < 3:
        return dict.fromkeys([*broken, "gain"])
    rank = lambda name, drawn: statistics.rank_correlation(broken[name], drawn.mean(0))
    found = {name: statistics.bootstrap(lambda drawn, name=name: rank(name, drawn), values) for name in broken}
    return found | {"gain": statistics.bootstrap(lambda drawn: rank("μk", drawn) - rank("μ√k", drawn), values)}


def published_ranks() -> dict[str, float]:
    """The same correlations of the paper's heat map, over all its cells."""
    cells = [Cell(mean, k) for mean in published.MEANS for k in published.ROWS]
    return {name: statistics.rank_correlation(x, published.ACCURACY.flatten()) for name, x in amounts(cells).items()}


def distances(values: Tensor, low: Tensor, high: Tensor, *, theirs: int | None = None) -> Tensor:
    """(C,) how far the means of values (R, C) lie outside the ranges from low to high (C,), in half-widths of a 95 %
    interval (Student's t): 0 inside, at most 1 where the two agree.

    theirs    how many runs the ranges are means of, where these say nothing of how such means scatter: they are then
              taken to scatter as the values do, and the interval is that of the difference
    """
    n, mean = len(values), values.mean(0)
    half = t.ppf(0.975, n - 1) * values.std(0) * (1 / n + (1 / theirs if theirs else 0)) ** 0.5
    outside = (low - mean).clamp_min(0) + (mean - high).clamp_min(0)
    return torch.where(outside > 0, outside / half.clamp_min(1e-9), 0.0)


def grid_agreement(grid: Part) -> dict:
    """The share of those cells whose distance is at most one, as an estimate over runs drawn again: all cells of a run
    begin with the same draw, so that they are not independent of each other."""
    again = lambda drawn: grid_distances(grid._replace(accuracy=drawn)) <= 1
    return statistics.bootstrap(lambda drawn: float(again(drawn).double().mean()), grid.accuracy)


def grid_distances(grid: Part) -> Tensor:
    """(C,) the distance of every cell that the paper's heat map has too; the symmetric network counts once."""
    low, high = published.ranges()
    place = {SYMMETRIC: (0, 0)}
    place |= {Cell(m, k): (i, j) for i, m in enumerate(published.MEANS) for j, k in enumerate(published.ROWS) if m * k}
    shared = [cell for cell in grid.cells if cell in place]
    ours = grid.best[:, [grid.cells.index(cell) for cell in shared]]
    low, high = (torch.stack([end[place[cell]] for cell in shared]) for end in (low, high))
    return distances(ours, low, high, theirs=published.RUNS)


def curve_distances(curve: Part) -> Tensor:
    """(M,) the distance of every one-cold mean to the band of the paper's curve, where both have one."""
    shared = [i for i, mean in enumerate(published.COLD_MEANS) if Cell(mean, cold=True) in curve.cells]
    values = torch.stack([curve.of(Cell(published.COLD_MEANS[i], cold=True)) for i in shared], 1)
    theirs = published.COLD[shared]
    return distances(values, theirs - published.BAND, theirs + published.BAND)


def spread_factors(grid: Part) -> Tensor | None:
    """(K,) the standard deviation over runs, over the paper's, at its largest mean.

    The paper's numbers are points or percent of the mean: whichever reading of all of them is nearer. k = 0, at the end
    of its colour bar, is left out. None if no cell is shared.
    """
    factors = []
    for j, k in enumerate(published.ROWS):
        if k and (cell := Cell(published.SPREAD_MEAN, k)) in grid.cells:
            points, mean = published.SPREAD[j].item(), published.ACCURACY[-1, j].item()
            ours = grid.of(cell).std().item()
            factors.append([ours / points, ours / (points * mean / 100)])
    if not factors:
        return None
    readings = torch.tensor(factors, dtype=torch.float64).T
    return readings[readings.log().abs().amax(1).argmin()]


def spread_growth(grid: Part) -> dict[str, float] | None:
    """By which factor the standard deviation over runs grows from the smallest to the largest k at the paper's largest
    mean, as an estimate for `record`; None if the grid has not both, or the smaller does not spread at all."""
    shifted = [cell for cell in grid.cells if cell.mean == published.SPREAD_MEAN]
    if len(shifted) < 2:
        return None
    ends = min(shifted, key=lambda cell: cell.rows), max(shifted, key=lambda cell: cell.rows)
    values = torch.stack([grid.of(cell) for cell in ends], 1)

    def growth(drawn: Tensor) -> float:
        low, high = drawn.std(0).tolist()
        return high / low if low else float("nan")

    return statistics.bootstrap(growth, values)


def estimates(values: Tensor) -> Tensor:
    """(C, 3) means of values (R, C) over the runs, with both ends of their 95 % intervals (Student's t)."""
    n, mean = len(values), values.mean(0)
    half = t.ppf(0.975, n - 1) * values.std(0) / n**0.5
    return torch.stack([mean, mean - half, mean + half], 1)


def held_out_gain(values: Tensor, base: Tensor) -> Tensor:
    """(R,) what a run gains over its base (R,) by the one of C columns that is best in the mean of the other runs, so
    that the choice has not seen what it is judged by. values (R, C), two runs or more."""
    gains = values - base[:, None]
    chosen = ((gains.sum(0) - gains) / (len(gains) - 1)).argmax(1)
    return gains.gather(1, chosen[:, None])[:, 0]


def peak(means: Sequence[float], values: Tensor) -> dict | None:
    """The mean at which values (R, M) are highest in the mean over the runs, as an estimate over runs drawn again."""
    return statistics.bootstrap(lambda drawn: means[int(drawn.mean(0).argmax())], values)


def predicted(curve: Part, width: int) -> Tensor:
    """(R,) the mean of the weights at which outputs begin at the mean of one-cold targets: μ* = ȳ / (N E[h])."""
    return COLD_TARGET / (width * curve.hidden)


def least_loss(curve: Part) -> Tensor:
    """(R,) the mean at which the one-cold loss before training is least; nan where there are fewer than three means.

    Outputs are linear in the mean, so the loss is a parabola, which is fitted.
    """
    aligned = ("aligned", "opposed")
    along = [(i, c.shift()[0].item()) for i, c in enumerate(curve.cells) if c.cold and c.direction in aligned]
    places, means = zip(*along)
    if len(set(means)) < 3:
        return torch.full((len(curve.loss),), torch.nan, dtype=torch.float64)
    square, linear, _ = np.polyfit(means, curve.loss[:, list(places)].T.numpy(), 2)
    return torch.from_numpy(-linear / (2 * square))


def share(part: Tensor, whole: Tensor) -> dict | None:
    """The mean of part (R,) over that of whole (R,), as an estimate over runs drawn again."""
    return statistics.bootstrap(
        lambda drawn: (drawn[:, 0].mean() / drawn[:, 1].mean()).item(), torch.stack([part, whole], 1)
    )


def rows(name: str, part: Part, seeds: Sequence[int], early: int) -> list[dict]:
    """One row a network of a part: what it is, its accuracies in percent, and its loss before training."""
    return [
        {
            "part": name,
            "seed": seed,
            "targets": "one-cold" if cell.cold else "one-hot",
            "mean": cell.mean,
            "rows": cell.rows,
            "direction": cell.direction,
            "accuracy_largest": part.best[r, c].item(),
            "accuracy_last": part.accuracy[r, c, -1].item(),
            f"accuracy_epoch_{early}": part.accuracy[r, c, early - 1].item(),
            "loss_untrained": part.loss[r, c].item(),
        }
        for r, seed in enumerate(seeds)
        for c, cell in enumerate(part.cells)
    ]

"""What the figures of Symmetry-via-Duality (arXiv 2106.00694) say of accuracy and broken symmetry, as numbers.

The paper has no tables. The heat maps (figure 2 left, figure 3) were read by matching the colour of every second row to
the colour bar, which is good to 0.3 points of accuracy; the curve (figure 2 right) by the height of its points. All are
of Fashion-MNIST, and of 10 runs (heat maps) or 20 (curve).
"""

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor

ROWS = (0, 2, 4, 6, 8, 10)
"""k, how many outputs have the mean"""
MEANS = (0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.14, 0.16, 0.18, 0.2)
"""μ, the mean of their weights"""
RUNS = 10
ACCURACY = torch.tensor(
    [
        [85.6, 85.6, 85.6, 85.6, 85.6, 85.6],
        [85.6, 85.6, 85.6, 85.6, 85.6, 85.6],
        [85.6, 85.4, 85.3, 85.3, 85.3, 85.1],
        [85.6, 85.4, 85.3, 85.0, 84.7, 84.2],
        [85.6, 85.3, 85.0, 84.0, 82.9, 82.8],
        [85.6, 84.7, 83.7, 82.8, 81.4, 79.2],
        [85.6, 84.7, 83.1, 81.7, 80.7, 75.4],
        [85.6, 83.7, 80.0, 77.4, 76.7, 72.3],
        [85.6, 83.7, 79.0, 76.7, 70.5, 67.6],
        [85.6, 82.3, 77.3, 69.1, 66.3, 59.4],
        [85.6, 80.1, 74.6, 66.5, 56.8, 52.8],
    ],
    dtype=torch.float64,
)
"""(11, 6) mean of the largest test accuracy, in percent, a row for every μ and a column for every k"""
READ = 0.3  # points to either side, within which a colour can be read
TOP = 85.6  # the end of the colour bar
ABOVE = (85.4, 85.9)  # what a cell at that end may have

SPREAD_MEAN = 0.2
SPREAD = torch.tensor([0.4, 4.1, 6.3, 11.8, 14.5, 16.1], dtype=torch.float64)
"""(6,) spread over the runs at μ = 0.2, by k: in points or in percent of the mean accuracy, it is not known which; the
first lies at the lower end of the colour bar"""

COLD_MEANS = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1)
COLD = torch.tensor([85.56, 85.64, 85.83, 85.83, 85.79, 85.71, 85.52, 85.35, 85.05, 84.82, 84.67], dtype=torch.float64)
"""(11,) the same for one-cold targets, where all rows have the mean"""
BAND = 0.14  # points to either side, the widest of the band around the curve (the narrowest: 0.08)


def ranges() -> tuple[Tensor, Tensor]:
    """(11, 6) the least and the largest accuracy that every cell of the heat map may stand for."""
    top = ACCURACY >= TOP
    return torch.where(top, ABOVE[0], ACCURACY - READ), torch.where(top, ABOVE[1], ACCURACY + READ)


def laid_out(rows: Sequence[int], means: Sequence[float]) -> tuple[Tensor, Tensor]:
    """(M, K) the paper's accuracy and spread by mean and number of rows; nan where the figures were not read."""
    accuracy, spread = torch.full((2, len(means), len(rows)), torch.nan, dtype=torch.float64)
    for i, j in product(range(len(means)), range(len(rows))):
        if means[i] in MEANS and rows[j] in ROWS:
            accuracy[i, j] = ACCURACY[MEANS.index(means[i]), ROWS.index(rows[j])]
        if means[i] == SPREAD_MEAN and rows[j] in ROWS:
            spread[i, j] = SPREAD[ROWS.index(rows[j])]
    return accuracy, spread

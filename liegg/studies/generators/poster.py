"""The depth × parameters figure of LieGG's poster (NeurIPS 2022), digitised, and what our networks say beside it.

Values were read off by colour, to ±0.002 for variances and ±0.001 for biases; the accuracy axis, 0.75 to 0.87,
makes the data almost certainly rotated MNIST. What the error bars are, and how many networks stand behind a value, is
not printed.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from liegg import algebra
from liegg.studies import statistics
from liegg.studies.generators import rotation
from liegg.symmetry.factors import Factors

Shapes = tuple[Sequence[int], Sequence[int]]
"""Numbers of parameters and numbers of hidden layers: all of the first with all of the second."""


def _table(*rows: list[float]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


BUDGETS = (40_000, 80_000, 160_000)
LAYERS = (1, 2, 3, 4, 5)
VARIANCE = _table(
    [0.300, 0.256, 0.244, 0.248, 0.276],
    [0.261, 0.195, 0.175, 0.128, 0.142],
    [0.193, 0.151, 0.105, 0.095, 0.064],
)
"""(budgets, layers) symmetry variance"""
VARIANCE_BAR = _table(
    [0.067, 0.043, 0.053, 0.099, 0.067],
    [0.027, 0.046, 0.049, 0.025, 0.069],
    [0.017, 0.034, 0.027, 0.026, 0.020],
)
"""half of its error bar"""
BIAS = _table(
    [0.112, 0.074, 0.065, 0.045, 0.075],
    [0.081, 0.072, 0.060, 0.045, 0.050],
    [0.072, 0.036, 0.034, 0.037, 0.046],
)
"""(budgets, layers) symmetry bias"""
BIAS_BAR = _table(
    [0.086, 0.033, 0.024, 0.015, 0.030],
    [0.033, 0.024, 0.027, 0.012, 0.035],
    [0.030, 0.016, 0.012, 0.011, 0.025],
)
"""half of its error bar"""
ACCURACY = (0.75, 0.80, 0.82, 0.84, 0.85, 0.86, 0.87)
"""ends of the accuracies within which medians were taken"""
MEDIANS = (0.33, 0.22, 0.17, 0.14, 0.11, 0.10)
"""of the variance in each of them"""
PERCENTILES = ((0.19, 0.50), (0.10, 0.40), (0.06, 0.29), (0.04, 0.24), (0.03, 0.22), (0.03, 0.19))
"""the 5th and the 95th"""

LINEAR = torch.tensor([0, 1, 3, 4])  # the columns of `Affine2d` that do not translate
MIXED = 14**-2  # what a variance is where derivatives are taken by pixels, and coordinates by half-sides of 14 of them

READINGS = {
    "sum of scaled logits, half-sides": ("variance", 1.0),
    "sum of scaled logits, pixels and half-sides (released code)": ("variance", MIXED),
    "sum of scaled logits, released code times 784/10": ("variance", 78.4 * MIXED),
    "sum of logits as they are, half-sides": ("variance_raw", 1.0),
    "sum of logits as they are, pixels and half-sides": ("variance_raw", MIXED),
    "a row for each scaled logit, half-sides": ("variance_rows", 1.0),
    "a row for each scaled logit, pixels and half-sides": ("variance_rows", MIXED),
}
"""In which ways the poster's variance may have been taken: a measure of `of_network`, and its factor."""


def lowest_linear(factors: Factors) -> tuple[float, float, float]:
    """The lowest of the four linear directions of the plane, as the authors have it: its symmetry variance, lengths in
    half-sides of the image, that over the mean of the four, and its bias."""
    _, S, V = torch.linalg.svd(factors.matched[0].triangle[:, LINEAR])
    variances = S.square() / factors.samples
    bias = algebra.bias(V[-1].reshape(1, 2, 2), rotation.SO2)[0].item()
    return variances[-1].item(), (variances[-1] / variances.mean()).item(), bias


def of_network(rows: Factors, summed: Factors, raw: Factors, untrained: Factors) -> dict[str, float]:
    """What LieGG's measures say of one network, from what `depth_parameters.of_shape` measured of it.

    variance, bias              as in the released code, of the sum of the scaled logits; lengths in half-sides
    relative_summed             that variance over the mean of the four directions: free of units
    variance_raw                of the sum of the logits as they are
    variance_rows, bias_rows    with a row for each scaled logit
    relative                    variance_rows over the mean of the four directions
    relative_untrained          that of another start, untrained
    """
    variance, relative_summed, bias = lowest_linear(summed)
    variance_rows, relative, bias_rows = lowest_linear(rows)
    return {
        "variance": variance,
        "bias": bias,
        "relative_summed": relative_summed,
        "variance_raw": lowest_linear(raw)[0],
        "variance_rows": variance_rows,
        "bias_rows": bias_rows,
        "relative": relative,
        "relative_untrained": lowest_linear(untrained)[1],
    }


def in_words(budget: int, layers: int) -> list[str]:
    """The poster's variance and bias of one shape with half of their error bars; dashes where it has none."""
    if budget not in BUDGETS or layers not in LAYERS:
        return ["–", "–"]
    place = BUDGETS.index(budget), LAYERS.index(layers)
    return [f"{value[place]:.3f} ± {bar[place]:.3f}" for value, bar in ((VARIANCE, VARIANCE_BAR), (BIAS, BIAS_BAR))]


def within(accuracy: Tensor, values: Tensor) -> list[tuple[int, str]]:
    """How many of M networks have each of the ACCURACY, and the median of their values (M,) with the 5th and the 95th
    percentile, in words."""
    said = []
    for low, high in pairwise(ACCURACY):
        part = values[(accuracy >= low) & (accuracy < high)]
        ends = part.quantile(torch.tensor([0.5, 0.05, 0.95], dtype=part.dtype)).tolist() if len(part) else []
        said.append((len(part), "{:.3f} [{:.3f}, {:.3f}]".format(*ends) if ends else "–"))
    return said


class Sweep:
    """All networks of the page, one row each with budget, layers, seed, accuracy and what `of_network` says.

    Methods give (networks, ...) values by seed, and estimates for `record`.
    """

    def __init__(self, rows: Sequence[dict], budgets: Sequence[int], layers: Sequence[int]):
        self.rows, self.budgets, self.layers = rows, budgets, layers
        self.shared = [(b, d) for b in budgets for d in layers if b in BUDGETS and d in LAYERS]
        """the shapes that the poster has too"""

    def of(self, name: str, budget: int) -> Tensor:
        """(networks, layers) values of a measure at one number of parameters."""
        found = {(row["layers"], row["seed"]): row[name] for row in self.rows if row["budget"] == budget}
        return torch.tensor([[found[d, s] for d in self.layers] for s in self.seeds], dtype=torch.float64)

    @property
    def seeds(self) -> list[int]:
        return sorted({row["seed"] for row in self.rows})

    def published(self) -> Tensor:
        """(shapes,) the poster's variances of the shapes that both have."""
        return torch.stack([VARIANCE[BUDGETS.index(b), LAYERS.index(d)] for b, d in self.shared])

    def ours(self, name: str) -> Tensor:
        """(networks, shapes) our values of a measure there."""
        return torch.stack([self.of(name, b)[:, self.layers.index(d)] for b, d in self.shared], 1)

    def factor(self, reading: str) -> dict[str, float] | None:
        """By which factor our variances exceed the poster's under one of READINGS: the geometric mean over the shapes,
        with Student's t interval of its logarithm over the networks. None where no shape is shared."""
        if not self.shared:
            return None
        name, unit = READINGS[reading]
        ours = unit * _mean(self.ours(name))
        return _interval(statistics.paired(ours, _mean(self.published()).expand(len(ours))))

    def scatter(self, reading: str) -> float:
        """The geometric standard deviation, over the shapes, of what that factor leaves of our means."""
        return (self.ours(READINGS[reading][0]).log().mean(0) - self.published().log()).std().exp().item()

    def agreement(self) -> dict[str, float] | None:
        """Pearson's correlation between the logarithms of our mean variances and the poster's, over shared shapes."""
        if len(self.shared) < 3:
            return None
        theirs = self.published().log()
        return statistics.bootstrap(
            lambda values: torch.corrcoef(torch.stack([values.mean(0).log(), theirs]))[0, 1], self.ours("variance")
        )

    def fall(self, name: str, before: Shapes, after: Shapes) -> dict[str, float]:
        """By which factor the geometric mean of a measure over some shapes falls to that over others, seed by seed."""
        return statistics.paired(self._mean_over(name, before), self._mean_over(name, after))

    def falls(self) -> dict[str, dict[str, float] | None]:
        """What depth and parameters are worth, see the page: by which factor variance or bias is lower. Names that end
        in _fall have a p-value."""
        few, many = self.budgets[:1], self.budgets[-1:]
        shallow, deep = self.layers[:1], self.layers[-1:]
        middle = [d for d in self.layers if d in (3, 4)]
        found = {
            "depth_fall": self.fall("variance", (self.budgets, shallow), (self.budgets, deep)),
            "depth_fall_few": self.fall("variance", (few, shallow), (few, deep)),
            "depth_fall_many": self.fall("variance", (many, shallow), (many, deep)),
            "depth_fall_rows": self.fall("variance_rows", (self.budgets, shallow), (self.budgets, deep)),
            "depth_fall_relative": self.fall("relative", (self.budgets, shallow), (self.budgets, deep)),
            "depth_fall_relative_summed": self.fall("relative_summed", (self.budgets, shallow), (self.budgets, deep)),
            "depth_fall_untrained": self.fall("relative_untrained", (self.budgets, shallow), (self.budgets, deep)),
            "parameters_fall": self.fall("variance", (few, self.layers), (many, self.layers)),
            "parameters_fall_relative": self.fall("relative", (few, self.layers), (many, self.layers)),
            "parameters_fall_relative_summed": self.fall("relative_summed", (few, self.layers), (many, self.layers)),
            "corner_factor": self.fall("variance", (few, shallow), (many, deep)),
            "bias_fall": self.fall("bias", (self.budgets, shallow), (self.budgets, middle)) if middle else None,
        }
        return {name: of if name.endswith("_fall") else _interval(of) for name, of in found.items()}

    def of_accuracy(self) -> dict[str, dict[str, float] | None]:
        """How variance and bias go with accuracy, over the networks whose accuracy the poster's axis has, and over all;
        those of one seed, which have seen the same images, are drawn again together."""
        names = ["accuracy", "variance", "bias", "bias_rows"]
        of_seed = [[[row[name] for name in names] for row in self.rows if row["seed"] == s] for s in self.seeds]
        seeds = torch.tensor(of_seed, dtype=torch.float64)
        return {
            "variance_follows_accuracy": statistics.bootstrap(lambda some: _follows(_on_axis(some)), seeds),
            "variance_follows_accuracy_all": statistics.bootstrap(lambda some: _follows(some.flatten(0, 1)), seeds),
            "bias_of_halves": statistics.bootstrap(lambda some: _bias_of_halves(_on_axis(some)), seeds),
            "bias_of_halves_all": statistics.bootstrap(lambda some: _bias_of_halves(some.flatten(0, 1)), seeds),
            "bias_factor_of_sum": _interval(statistics.paired(_mean(seeds[..., 2]), _mean(seeds[..., 3]))),
        }

    def _mean_over(self, name: str, shapes: Shapes) -> Tensor:
        budgets, layers = shapes
        places = [self.layers.index(d) for d in layers]
        return _mean(torch.cat([self.of(name, b)[:, places] for b in budgets], 1))


def _interval(of: dict[str, float] | None) -> dict[str, float] | None:
    """An estimate without its test."""
    return of and {part: of[part] for part in ("value", "low", "high", "n")}


def _mean(values: Tensor) -> Tensor:
    """The geometric mean over the last axis."""
    return values.log().mean(-1).exp()


def _on_axis(seeds: Tensor) -> Tensor:
    """(n, ...) of the networks (seeds, networks, ...), those whose accuracy, their first number, is on the poster's
    axis."""
    networks = seeds.flatten(0, 1)
    return networks[(networks[:, 0] >= ACCURACY[0]) & (networks[:, 0] < ACCURACY[-1])]


def _follows(networks: Tensor) -> float:
    """Spearman's rank correlation between the accuracy and the variance of networks (n, ...); nan for fewer than
    three."""
    return statistics.rank_correlation(networks[:, 0], networks[:, 1]) if len(networks) > 2 else math.nan


def _bias_of_halves(networks: Tensor) -> float:
    """The median bias of the less accurate half of networks (n, ...) over that of the more accurate half."""
    if len(networks) < 2:
        return math.nan
    low, high = networks[networks[:, 0].argsort(), 2].tensor_split(2)
    return (low.quantile(0.5) / high.quantile(0.5)).item()

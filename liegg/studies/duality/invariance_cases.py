"""The ensembles whose invariance page 21 asks about."""

from collections.abc import Iterator

import torch
from torch import Tensor

from liegg.studies.duality import invariance
from liegg.studies.duality.ensembles import DISTRIBUTIONS, Density

LINE = 0.01 * torch.tensor([[-1.0], [-0.6], [-0.2], [0.2], [0.6], [1.0]])
"""(6, 1) the paper's inputs"""
PLANE = torch.tensor([[0.7, 0.35], [-0.35, 0.7], [0.2, -0.85]])
"""(3, 2) those of the calibrated test"""
OUTPUTS = (3, 5)
"""the paper's D"""
ORDERS = (1, 2, 4)
"""of the calibrated test"""
WEIGHTS = tuple(DISTRIBUTIONS)
"""of the last layer, from which the smallest order that tells is asked"""

KINDS: dict[str, tuple[str, float, bool, int]] = {
    "normal": ("gauss", 0.0, False, 0),
    "mean 0.05": ("gauss", 0.05, False, 1),
    "mean 0.2/√N": ("gauss", 0.2, True, 1),
    "mean 0.2/√N, all outputs": ("gauss", 0.2, True, 5),
    "uniform": ("uniform", 0.0, False, 0),
    "mean 0.1/√N": ("gauss", 0.1, True, 1),
    "mean 0.5/√N": ("gauss", 0.5, True, 1),
}
"""Densities by name: how the last layer is drawn; μ, the mean of its weights; whether over √N; of how many outputs."""
CALIBRATED = tuple(KINDS)[:5]
BROKEN = tuple(KINDS)[5:]
"""those that the paper's measure is tried on beside the symmetric one"""


def relu(kind: str, outputs: int, width: int) -> Density:
    """A ReLU network of two inputs with a density of KINDS."""
    return _of_kind(kind, outputs, width, inputs=2, activation="relu")


def gauss_net(kind: str, outputs: int, width: int) -> Density:
    """The paper's network of one input with a density of KINDS."""
    return _of_kind(kind, outputs, width, inputs=1, activation="gauss-net", output_bias=True)


def _of_kind(kind: str, outputs: int, width: int, **settings) -> Density:
    last, mean, scaled, k = KINDS[kind]
    mean = mean / width**0.5 if scaled else mean
    shifted = tuple(mean if i < k else 0.0 for i in range(outputs))
    return Density(outputs=outputs, width=width, last=last, mean=shifted if mean else None, **settings)


def shifted(mu: float) -> Density:
    """A ReLU network of width 20 with three outputs, the weights of one of which have mean μ."""
    return Density(2, 3, 20, "relu", mean=(mu, 0.0, 0.0) if mu else None)


def drawn_from(last: str) -> Density:
    """A narrow ReLU network of three outputs, last layer drawn from one of DISTRIBUTIONS."""
    return Density(2, 3, 5, "relu", last=last)


def orders(last: str) -> list[int]:
    """Those at which an ensemble of such networks has a correlator."""
    return [n for n in range(1, 7) if n <= DISTRIBUTIONS[last][1]]


def cases(
    networks: int,
    published_networks: int,
    published_widths: list[int],
    widths: list[int],
    restored_widths: list[int],
    sizes: list[int],
    shifts: list[float],
) -> Iterator[dict]:
    """All ensembles of the page: which part of it they belong to, what they are and how many networks they have."""
    for kind, D in [("normal", 3), *((kind, 5) for kind in ("normal", *BROKEN))]:
        for width in published_widths:
            size = published_networks if width < 1000 else published_networks // 4
            yield {"part": "published", "kind": kind, "outputs": D, "width": width, "networks": size}
    narrow = min(published_widths)
    for kind in ("normal", *BROKEN):
        yield {"part": "same", "kind": kind, "outputs": 5, "width": narrow, "networks": published_networks}
    for kind in CALIBRATED:
        for width in widths:
            yield {"part": "test", "kind": kind, "outputs": 5, "width": width, "networks": networks}
    for width in restored_widths:  # with more networks, as it is a size that is asked for
        yield {"part": "restored", "kind": "uniform", "outputs": 3, "width": width, "networks": 4 * networks}
    yield from ({"part": "power", "mean": mu, "networks": size} for size in sizes for mu in shifts)
    yield from ({"part": "order", "last": last, "networks": networks} for last in WEIGHTS)


def measure(case: dict, *, draws: int, repeats: int, power_draws: int, power_repeats: int, seed: int) -> dict:
    """The paper's measures of a case, or T and its null of the calibrated test."""
    part, size = case["part"], case["networks"]
    if part == "published":
        density = gauss_net(case["kind"], case["outputs"], case["width"])
        return invariance.published(density, size, LINE, seed=seed)
    points: Tensor = PLANE
    if part == "same":
        density, asked, points = gauss_net(case["kind"], case["outputs"], case["width"]), ORDERS, LINE[1:2]
    elif part == "power":
        density, asked, points = shifted(case["mean"]), ORDERS, PLANE[:1]
        draws, repeats = power_draws, power_repeats
    elif part == "order":
        density, asked, points = drawn_from(case["last"]), orders(case["last"]), PLANE[:1]
    else:
        density = relu(case["kind"], case["outputs"], case["width"])
        asked = ORDERS if part == "test" else (4,)
    return invariance.tested(density, size, points, asked, draws=draws, repeats=repeats, seed=seed)

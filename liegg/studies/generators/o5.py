"""LieGG's first experiment: networks that learn an O(5)-invariant function."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from liegg import algebra
from liegg.actions import Linear
from liegg.symmetry.finite import drift
from liegg.training.networks import Standardized, mlp, regressor
from liegg.training.networks import width as width_for

ACTION = Linear(5, copies=2)
SO5 = algebra.so(5)
TEN = slice(0, len(SO5))  # the directions of lowest variance, as many as so(5) has


def target(x: Tensor) -> Tensor:
    """y = sin|r1| - |r2|³/2 + r1.r2 / (|r1||r2|) for x = (r1, r2), (N, 10) -> (N, 1).

    O(5)-invariant (EMLP, Finzi et al. 2021; LieGG's first experiment).
    """
    r1, r2 = x.split(5, dim=-1)
    n1, n2 = r1.norm(dim=-1, keepdim=True), r2.norm(dim=-1, keepdim=True)
    return n1.sin() - n2**3 / 2 + (r1 * r2).sum(-1, keepdim=True) / (n1 * n2)


def draw(samples: int, *, seed: int) -> tuple[Tensor, Tensor]:
    """Standard normal points (N, 10) and their targets (N, 1)."""
    x = torch.randn(samples, 10, generator=torch.Generator().manual_seed(seed))
    return x, target(x)


def draws(samples: int, *, seeds: Sequence[int]) -> tuple[Tensor, Tensor]:
    """A `draw` for each seed, (seeds, N, 10) and (seeds, N, 1)."""
    x, y = (torch.stack(parts) for parts in zip(*(draw(samples, seed=s) for s in seeds)))
    return x, y


def networks(
    hidden: Sequence[int], x: Sequence[Tensor], y: Sequence[Tensor], *, seeds: Sequence[int]
) -> list[Standardized]:
    """Untrained networks without biases, one a seed, with the scales of its points x[i] (N_i, 10) and values y[i]."""
    return [regressor(hidden, *data, ACTION.copies, seed=seed) for *data, seed in zip(x, y, seeds)]


def width(layers: int, parameters: int) -> int:
    """The units in each of so many hidden layers that bring a network nearest to a number of parameters."""
    return width_for(lambda units: mlp([10, *[units] * layers, 1], seed=0), parameters)


@torch.no_grad()
def errors(net: nn.Module, x: Tensor, y: Tensor) -> dict[str, float]:
    """Mean square error at x (N, 10), in squared units of y (N, 1), and over the variance of y."""
    error = (net(x) - y).square().mean().item()
    return {"test_error": error, "relative_error": error / y.var().item()}


def mean_drift(net: nn.Module, x: Tensor, directions: Tensor, degrees: Tensor) -> Tensor:
    """How far the output moves along directions (k, 5, 5) of unit norm, (T,): `drift` at the times when a rotation has
    turned by so many degrees, as the mean over the directions."""
    times = 2**0.5 * torch.deg2rad(degrees)  # a rotation of unit norm turns by t / sqrt(2)
    return torch.stack([drift(net, x, ACTION, a, times) for a in directions.flatten(1)]).mean(0)

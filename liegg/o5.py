"""LieGG's first experiment: networks that learn an O(5)-invariant function, and what they have learned of so(5)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from liegg import algebra, ensemble, models
from liegg.actions import Linear
from liegg.result import Symmetry

ACTION = Linear(5, copies=2)
SO5 = algebra.so(5)
TEN = slice(0, len(SO5))  # the directions of lowest variance, as many as so(5) has


def network(hidden: Sequence[int], x: Tensor, y: Tensor, *, seed: int) -> models.Standardized:
    """An untrained network without biases for points like x (N, 10) and values like y (N, 1), with their scales."""
    return models.regressor(hidden, x, y, ACTION.copies, seed=seed)


def teach(
    hidden: Sequence[int],
    x: Sequence[Tensor],
    y: Sequence[Tensor],
    *,
    seeds: Sequence[int],
    epochs: int | Sequence[int],
    batch_size: int,
    lr: float,
    weight_decay: float,
) -> list[models.Standardized]:
    """M trained networks as one ensemble: network i has start and order seeds[i] and learns x[i] (N_i, 10), y[i]."""
    networks = [network(hidden, *data, seed=seed) for *data, seed in zip(x, y, seeds)]
    ensemble.train(
        networks, x, y, nn.functional.mse_loss,
        seeds=seeds, epochs=epochs, batch_size=batch_size, lr=lr, weight_decay=weight_decay,
    )  # fmt: skip
    return networks


@torch.no_grad()
def summary(found: Symmetry, net: nn.Module, x: Tensor, y: Tensor) -> dict[str, float]:
    """What one network knows of so(5), in numbers; `found` is what find_symmetry says of it.

    test_error           mean square error at x (N, 10), in squared units of y; relative_error: over the variance of y
    dimension            how many directions find_symmetry counts
    gap                  symmetry variance of the eleventh direction over that of the tenth
    variance_, bias_     smallest: of the first direction; mean: over the ten lowest
    relative_variance    variance_mean over the mean of all 25
    angle                largest principal angle between the ten lowest directions and so(5), in degrees
    closure              closure defect of the counted generators, 0 to 1
    """
    error = (net(x) - y).square().mean().item()
    bias = found.bias(SO5)[TEN]
    return {
        "test_error": error,
        "relative_error": error / y.var().item(),
        "dimension": found.dimension,
        "gap": (found.variance[10] / found.variance[9]).item(),
        "variance_smallest": found.variance[0].item(),
        "variance_mean": found.variance[TEN].mean().item(),
        "relative_variance": found.relative_variance[TEN].mean().item(),
        "bias_smallest": bias[0].item(),
        "bias_mean": bias.mean().item(),
        "angle": algebra.principal_angles(found.directions[TEN], SO5)[-1].item(),
        "closure": found.closure,
    }

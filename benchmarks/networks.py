"""The networks, data and actions that are timed, and the bare passes over them that nothing can do without."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from liegg.actions import Action, Affine2d, Linear
from liegg.training.networks import mlp


class Case(NamedTuple):
    """A network, what is drawn for it, and the action that it is asked about."""

    what: str
    net: nn.Module
    shape: tuple[int, ...]
    """of a sample"""
    action: Action
    outputs: int

    def draw(self, samples: int, *, seed: int = 1) -> Tensor:
        """(samples, *shape) standard normal numbers: what they are makes no difference to the time."""
        return torch.randn(samples, *self.shape, generator=torch.Generator().manual_seed(seed))


def wide() -> Case:
    """EMLP's network, three hidden layers of 384 units."""
    return Case("384-wide MLP, Linear(5, copies=2)", mlp([10, 384, 384, 384, 1], seed=0), (10,), Linear(5, copies=2), 1)


def narrow() -> Case:
    """LieGG's network of the O(5) function, two hidden layers of 32 units."""
    return Case("32-wide MLP, Linear(5, copies=2)", mlp([10, 32, 32, 1], seed=0), (10,), Linear(5, copies=2), 1)


def digits() -> Case:
    """LieGG's network of rotated digits, five hidden layers of 128 units and ten outputs."""
    return Case("MLP 784-128×5-10, Affine2d()", mlp([784, *[128] * 5, 10], seed=0), (1, 28, 28), Affine2d(), 10)


def linear(n: int) -> Case:
    """The 384-wide network on R^n, and all n² directions."""
    return Case(f"384-wide MLP, Linear({n})", mlp([n, 384, 384, 384, 1], seed=0), (n,), Linear(n), 1)


def passes(case: Case, x: Tensor, batch_size: int) -> None:
    """One forward pass over x and one backward pass for each output, whose gradients are thrown away."""
    for part in x.split(batch_size):
        part = part.detach().requires_grad_()
        outputs = case.net(part).sum(0).unbind()
        for o, output in enumerate(outputs):
            torch.autograd.grad(output, part, retain_graph=o + 1 < len(outputs))

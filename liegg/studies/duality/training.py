"""Ensembles during training: every network of a density trained for itself, all in one product."""

from collections.abc import Callable

import torch
from torch import Tensor

from liegg.studies.duality.ensembles import Networks

Loss = Callable[[Tensor], Tensor]
"""Outputs (M, P, D) at the training points -> (M,) the loss of each network."""


def norm_loss(f: Tensor) -> Tensor:
    """(M,) mean of (sqrt(1 + |f|²) - sqrt 2)²: lowest at |f| = 1, and the same for f and Rf."""
    return ((1 + f.square().sum(-1)).sqrt() - 2**0.5).square().mean(1)


def fixed_targets(y: Tensor) -> Loss:
    """The mean over points of |f - y|², for targets y (P, D): the same for f and Rf only where R leaves all y."""
    return lambda f: (f - y).square().sum(-1).mean(1)


OPTIMIZERS = {"gradient descent": torch.optim.SGD, "Adam": torch.optim.Adam}


def train(networks: Networks, x: Tensor, loss: Loss, *, optimizer: str, steps: int, lr: float) -> Networks:
    """The networks after so many steps on all points x (P, d), W0 and W1 trained, each network by its own loss."""
    W0, W1 = (part.clone().requires_grad_() for part in (networks.W0, networks.W1))
    moving = networks._replace(W0=W0, W1=W1)
    rule = OPTIMIZERS[optimizer]([W0, W1], lr=lr)
    for _ in range(steps):
        rule.zero_grad()
        loss(moving(x)).sum().backward()  # the gradients of different networks have nothing to do with each other
        rule.step()
    return moving._replace(W0=W0.detach(), W1=W1.detach())

"""Points, and networks of two vectors of R³, for the tests of this folder."""

import torch
from torch import nn

from liegg.actions import Linear

ACTION = Linear(3, copies=2)


def draw(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def small_net(outputs=2, dtype=torch.float64, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, outputs)).to(dtype)

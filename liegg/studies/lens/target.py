"""What a function of the zoo is."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from liegg.actions import Action


@dataclass(frozen=True)
class Target:
    """A function (N, ...) -> (N,), the samples it is learned on, and the whole of its symmetry algebra there."""

    function: Callable[[Tensor], Tensor]
    action: Action
    algebra: Tensor
    """(d, n, n) all symmetries of the function within the action, trivial ones left out"""
    draw: Callable[[int, torch.Generator], Tensor]
    trivial: int = 0
    """how many directions the samples say nothing about"""

    def points(self, samples: int, *, seed: int) -> Tensor:
        """(samples, ...) in float64."""
        return self.draw(samples, torch.Generator().manual_seed(seed))

"""Digits carried along each direction of a classifier, and how far its outputs and those of others move meanwhile."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from liegg.studies.generators.rotation import ACTION
from liegg.symmetry.factors import Factors
from liegg.symmetry.spectrum import spectrum
from liegg.training.networks import UnitLogits

STEPS = 18  # each way
FULL_TURN = math.pi * 2**0.5
"""the last time along a direction that is mostly rotation, by when a rotation of unit norm has turned by 180 degrees"""
REACH = 1.0
"""the last time along any other, by when one of unit norm doubles a length or shifts an image by half its width"""


@torch.no_grad()
def carried(nets: Sequence[nn.Module], factors: Factors, x: Tensor, digits: Tensor) -> dict[str, Tensor]:
    """What happens along the K directions of the first of M networks, in ascending order of its variance.

    factors    of the first network, whose directions these are
    x          (N, 1, H, W) images that are carried with the networks' scaled logits compared
    digits     (n, 1, H, W) carried one by one, with the first network alone

    directions (K, 6); times (K, T), both ways in equal steps, 0 in the middle
    change     (M, K, T) how far each network's scaled logits move at x, in their standard deviations: see `drift`
    moved      (n, K, T) the same of the first network at each of the digits, in the same unit
    logits     (n, K, T, m) of the first network at each of them, not scaled
    """
    functions = [UnitLogits(net) for net in nets]
    directions = oriented(spectrum(factors, ACTION).coefficients)
    turn = turning(directions).abs()
    last = torch.full_like(turn, REACH).masked_fill(turn > 2**-0.5, FULL_TURN)
    times = last[:, None] * torch.arange(-STEPS, STEPS + 1).double() / STEPS
    y, at_rest = torch.stack([F(x) for F in functions]), functions[0](digits)
    spread = (y - y.mean(1, keepdim=True)).square().mean((1, 2)).sqrt()  # (M,)
    change, moved, logits = [], [], []
    for direction, t in [(direction, t) for direction, row in zip(directions, times) for t in row]:
        images, few = (ACTION.act(direction, each, t) for each in (x, digits))
        change.append((torch.stack([F(images) for F in functions]) - y).square().mean((1, 2)).sqrt() / spread)
        moved.append((functions[0](few) - at_rest).square().mean(-1).sqrt() / spread[0])
        logits.append(nets[0](few))
    K, T = times.shape
    return {
        "directions": directions,
        "times": times,
        "change": torch.stack(change, 1).unflatten(1, (K, T)).double(),
        "moved": torch.stack(moved, 1).unflatten(1, (K, T)).double(),
        "logits": torch.stack(logits, 1).unflatten(1, (K, T)),
    }


def turning(directions: Tensor) -> Tensor:
    """(K,) the part of each direction (K, 6) that is the rotation, -1 to 1; positive from the x axis to the y axis."""
    A = ACTION.matrix(directions)
    return (A[:, 1, 0] - A[:, 0, 1]) * 2**-0.5


def oriented(directions: Tensor) -> Tensor:
    """Directions (K, 6), those that are mostly rotation with the sign that turns forwards."""
    backwards = turning(directions) < -(2**-0.5)
    return torch.where(backwards[:, None], -directions, directions)

"""Digits as LieGG prepares them, turned every way, blurred and standardised, and the networks that learn them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from liegg import algebra
from liegg.actions import Affine2d
from liegg.data import images
from liegg.training.networks import mlp


def classifiers(hidden: Sequence[int], *, seeds: Sequence[int]) -> list[nn.Sequential]:
    """Untrained networks 784 - hidden - 10 without biases, one a seed."""
    return [mlp([28 * 28, *hidden, 10], seed=seed) for seed in seeds]


def draw(name: str, split: str, samples: int, *, rotated: bool, seed: int) -> tuple[Tensor, Tensor]:
    """Digits as LieGG prepares them, (samples, 1, 28, 28) and (samples,): rotated or upright, blurred, standardised.

    The images are drawn without replacement, over again when there are fewer than asked for; every drawn image is
    turned by its own angle.
    """
    x, y = images(name, split)
    generator = torch.Generator().manual_seed(seed)
    rounds = -(-samples // len(x))
    drawn = torch.cat([torch.randperm(len(x), generator=generator) for _ in range(rounds)])[:samples]
    x = x[drawn]
    return blur_and_standardize(rotate(x, seed=seed) if rotated else x), y[drawn]


def draws(name: str, split: str, samples: int, *, rotated: bool, seeds: Sequence[int]) -> tuple[Tensor, Tensor]:
    """A `draw` for each seed, (seeds, samples, 1, 28, 28) and (seeds, samples)."""
    parts = [draw(name, split, samples, rotated=rotated, seed=seed) for seed in seeds]
    return torch.stack([x for x, _ in parts]), torch.stack([y for _, y in parts])


def rotate(x: Tensor, *, seed: int) -> Tensor:
    """Every image (B, C, H, W) turned by its own angle, uniform over the full circle."""
    angles = 2 * torch.pi * torch.rand(len(x), generator=torch.Generator().manual_seed(seed))
    action = Affine2d()
    turn = action.coefficients(algebra.so(2)[0] * 2**0.5)
    return action.act(turn, x, angles).clamp(0, 1)


def blur_and_standardize(x: Tensor, *, sigma: float = 1.5, mean: float = 0.1303, std: float = 0.3008) -> Tensor:
    """Gaussian blur (sigma in pixels), then (x - mean) / std: LieGG's preparation of rotated MNIST, its constants."""
    radius = int(4 * sigma + 0.5)
    kernel = torch.exp(-torch.arange(-radius, radius + 1, dtype=x.dtype).square() / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).expand(x.shape[1], 1, 1, -1)
    pad = torch.nn.functional.pad(x, (radius,) * 4, mode="replicate")
    rows = torch.nn.functional.conv2d(pad, kernel, groups=x.shape[1])
    return (torch.nn.functional.conv2d(rows, kernel.transpose(2, 3), groups=x.shape[1]) - mean) / std

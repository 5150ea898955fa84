"""Functions of small images whose symmetries are known."""

import torch
from torch import Tensor

from liegg import algebra
from liegg.actions import Affine2d
from liegg.studies.lens.target import Target

PIXELS = 16  # images are square


def image_targets(L: Tensor, b: Tensor) -> dict[str, Target]:
    """Functions of images of three blobs, PIXELS x PIXELS, in coordinates z = L u + b."""
    axis = (torch.arange(PIXELS).double() - (PIXELS - 1) / 2) / (PIXELS / 2)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    z = torch.stack([x, y], -1) @ L.T + b  # (H, W, 2)
    radius2 = z.square().sum(-1)
    inverse = torch.linalg.inv(torch.cat([torch.cat([L, b[:, None]], 1), torch.tensor([[0, 0, 1.0]]).double()]))
    rotation = torch.nn.functional.pad(algebra.so(2), (0, 1, 0, 1))
    moved = lambda basis: algebra.conjugate(basis, inverse)
    metric = torch.linalg.inv(L.T @ L)

    def integral(I: Tensor, weight: Tensor) -> Tensor:
        return (I[:, 0] * weight.to(I)).sum((1, 2)) / (PIXELS / 2) ** 2

    def gradient_energy(I: Tensor) -> Tensor:
        """The integral of |grad I|² as it is in the coordinates z."""
        d = [(I.roll(-1, k) - I.roll(1, k)) * PIXELS / 4 for k in (-1, -2)]
        terms = [metric[i, j].item() * d[i] * d[j] for i in (0, 1) for j in (0, 1)]
        return integral(sum(terms), torch.ones_like(radius2))

    rings = [torch.exp(-((radius2.sqrt() - c) ** 2) / 0.05) for c in (0.2, 0.55)]
    waves = [(3 * z[..., 0]).sin() + z[..., 1], (2 * z[..., 1]).cos() * (z[..., 0] + 0.5), z[..., 0] * z[..., 1]]
    one = torch.ones_like(radius2)
    return {
        "images, so(2)": Target(
            lambda I: (4 * integral(I, rings[0])).sin() + 3 * integral(I, rings[1]),
            Affine2d(), moved(rotation), _blobs,
        ),
        "images, se(2)": Target(
            lambda I: gradient_energy(I) / integral(I, one).square(), Affine2d(),
            moved(torch.cat([rotation, algebra.translations(2)])), _blobs,
        ),
        "images, none": Target(
            lambda I: (8 * integral(I, waves[0])).sin()
            + 8 * integral(I, waves[1]).square() + 8 * integral(I, waves[2]),
            Affine2d(), torch.zeros(0, 3, 3).double(), _blobs,
        ),
        "round images": Target(
            lambda I: (4 * integral(I, rings[0])).sin() + 3 * integral(I, rings[1]),
            Affine2d(), torch.zeros(0, 3, 3).double(), _round, trivial=5,
        ),
    }  # fmt: skip


def _blobs(samples: int, generator: torch.Generator) -> Tensor:
    """Images (N, 1, PIXELS, PIXELS) of three oblong blobs, parallel to each other, that keep away from the border."""
    place, width, height, turn = (
        torch.rand(samples, 3, k, generator=generator, dtype=torch.float64) for k in (2, 2, 1, 1)
    )
    width = torch.tensor([0.28, 0.16]) * (0.85 + 0.3 * width)
    return _gaussians(0.6 * (place - 0.5), width, torch.pi * turn[:, :1].expand_as(turn), 0.5 + height)


def _round(samples: int, generator: torch.Generator) -> Tensor:
    """Images of two concentric round blobs in the centre."""
    width, height = (torch.rand(samples, 2, 1, generator=generator, dtype=torch.float64) for _ in range(2))
    return _gaussians(torch.zeros(samples, 2, 2).double(), 0.2 + 0.12 * width, torch.zeros_like(width), 0.5 + height)


def _gaussians(centre: Tensor, width: Tensor, angle: Tensor, height: Tensor) -> Tensor:
    """Sums over blobs (N, blobs, ...) with their half-axes `width`, turned by `angle`."""
    axis = (torch.arange(PIXELS).double() - (PIXELS - 1) / 2) / (PIXELS / 2)
    x, y = (axis - centre[..., k, None] for k in (0, 1))  # (N, blobs, PIXELS)
    x, y, c, s = x[..., None, :], y[..., :, None], angle.cos()[..., None], angle.sin()[..., None]
    along, across = (c * x + s * y) / width[..., :1, None], (c * y - s * x) / width[..., -1:, None]
    bells = torch.exp(-(along.square() + across.square()) / 2)
    return torch.einsum("nb,nbyx->nyx", height[..., 0], bells)[:, None]

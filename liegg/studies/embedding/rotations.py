"""Rotations of space and of the plane as matrices: random ones, by axis and angle, and from six free numbers."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

AXES = torch.tensor([[0.0, 0, 0, 0, 0, -1, 0, 1, 0], [0, 0, 1, 0, 0, 0, -1, 0, 0], [0, -1, 0, 1, 0, 0, 0, 0, 0]])
AXES = AXES.unflatten(1, (3, 3))
"""(3, 3, 3) generators X_k of so(3), X_k v = e_k × v, with [X_1, X_2] = X_3 and so on around"""


def random_rotations(n: int, *, generator: torch.Generator) -> Tensor:
    """(n, 3, 3) uniform on SO(3), from random unit quaternions, on the generator's device."""
    w, *v = normalize(torch.randn(n, 4, generator=generator, device=generator.device)).unbind(1)
    v = torch.stack(v, 1)
    turned = 2 * w[:, None, None] * cross(v)
    scaled = (2 * w.square() - 1)[:, None, None] * torch.eye(3, device=v.device)
    return scaled + turned + 2 * v[:, :, None] * v[:, None]


def cross(v: Tensor) -> Tensor:
    """(n, 3, 3) matrices of the maps u -> v × u for vectors v (n, 3)."""
    return torch.einsum("nk,kij->nij", v, AXES.to(v))


def axis_angle(axis: Tensor, angle: Tensor) -> Tensor:
    """(n, 3, 3) rotations about `axis`, (n, 3) or (3,) and of any length but zero, by `angle` (n,), radians; counter-
    clockwise for who looks against the axis (Rodrigues)."""
    K = cross(normalize(axis.to(angle).expand(len(angle), 3)))
    sine, rest = angle.sin()[:, None, None], (1 - angle.cos())[:, None, None]
    return torch.eye(3).to(K) + sine * K + rest * (K @ K)


def gram_schmidt(x: Tensor) -> Tensor:
    """(n, 3, 3) rotations with columns u', v', u' × v' from x (n, 6), two vectors u and v (section 4.2): u' is u at
    length 1, v' what is left of v across it, at length 1."""
    u, v = normalize(x[:, :3]), x[:, 3:]
    v = normalize(v - (u * v).sum(1, keepdim=True) * u)
    return torch.stack([u, v, torch.linalg.cross(u, v)], 2)


def planar(angle: Tensor) -> Tensor:
    """(n, 2, 2) rotations of the plane by `angle` (n,), radians, counter-clockwise."""
    c, s = angle.cos(), angle.sin()
    return torch.stack([c, -s, s, c], 1).unflatten(1, (2, 2))

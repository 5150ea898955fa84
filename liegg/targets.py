"""The zoo: functions whose symmetries are known, which networks learn and find_symmetry is held against."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from liegg import algebra
from liegg.actions import Action, Affine, Affine2d, Linear

PIXELS = 16  # images of the zoo are square


def o5(x: Tensor) -> Tensor:
    """y = sin|r1| - |r2|³/2 + r1.r2 / (|r1||r2|) for x = (r1, r2), (N, 10) -> (N, 1).

    O(5)-invariant (EMLP, Finzi et al. 2021; LieGG's first experiment).
    """
    r1, r2 = x.split(5, dim=-1)
    n1, n2 = r1.norm(dim=-1, keepdim=True), r2.norm(dim=-1, keepdim=True)
    return n1.sin() - n2**3 / 2 + (r1 * r2).sum(-1, keepdim=True) / (n1 * n2)


def inertia(x: Tensor) -> Tensor:
    """Tensors of inertia of five masses, sum of m (|r|² 1 - r rᵀ), flattened: (N, 5 + 15) -> (N, 9).

    Rotating the places turns the tensor along (EMLP's task, Finzi et al. 2021); so does scaling them.
    """
    m, r = x[:, :5], x[:, 5:].unflatten(1, (5, 3))
    unit = torch.eye(3, dtype=x.dtype, device=x.device)
    second = torch.einsum("bi,bij,bik->bjk", m, r, r)
    return (second.diagonal(dim1=1, dim2=2).sum(1)[:, None, None] * unit - second).flatten(1)


def masses_and_places(samples: int, *, seed: int) -> Tensor:
    """(N, 20): five masses from 0.5 to 1.5 and five standard normal places."""
    generator = torch.Generator().manual_seed(seed)
    masses = 0.5 + torch.rand(samples, 5, generator=generator)
    return torch.cat([masses, torch.randn(samples, 15, generator=generator)], 1)


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


def zoo(*, seed: int = 0) -> dict[str, Target]:
    """The targets by name, each in coordinates of its own: the seed draws the basis that a target is written in."""
    generator = torch.Generator().manual_seed(seed)

    def basis(n: int) -> Tensor:
        """A random change of coordinates (n, n) that stretches by up to 1.5 each way."""
        U, V = (torch.linalg.qr(torch.randn(n, n, generator=generator, dtype=torch.float64)).Q for _ in "UV")
        return U * torch.exp(0.4 * (2 * torch.rand(n, generator=generator, dtype=torch.float64) - 1)) @ V

    def vectors(n: int, copies: int, function: Callable, symmetries: Tensor) -> Target:
        """A function of `copies` vectors (N, copies, n), seen in another basis: x = h⁻¹ z."""
        h = basis(n)
        return Target(
            lambda x: function(x.reshape(len(x), copies, n) @ h.T.to(x)).reshape(len(x)),
            Linear(n, copies),
            algebra.conjugate(symmetries, torch.linalg.inv(h)) if len(symmetries) else symmetries,
            lambda samples, g: torch.randn(samples, copies * n, generator=g, dtype=torch.float64),
        )

    nothing = {n: torch.zeros(0, n, n, dtype=torch.float64) for n in (3, 4)}
    ignored = torch.eye(9, dtype=torch.float64)[:6].reshape(6, 3, 3)  # no matrix of these moves the last coordinate
    targets = {
        "so(2)": vectors(2, 2, _plane, algebra.so(2)),
        "so(3)": vectors(
            3, 2, lambda z: (_dot(z, 0, 0) / 5).sin() + _dot(z, 1, 1).sqrt() + (_dot(z, 0, 1) / 2).tanh(), algebra.so(3)
        ),
        "so(5)": vectors(5, 2, lambda z: o5(z.flatten(1)), algebra.so(5)),
        "so(3)+so(3)": vectors(6, 1, _two_radii, blocks(algebra.so(3), algebra.so(3))),
        "so(1,3)": vectors(
            4, 1, lambda z: (z[:, 0, 0] ** 2 - z[:, 0, 1:].square().sum(-1)).div(5).sin(), algebra.so(1, 3)
        ),
        "sl(2)": vectors(
            2, 2, lambda z: (z[:, 0, 0] * z[:, 1, 1] - z[:, 0, 1] * z[:, 1, 0]).div(4).sin(), algebra.sl(2)
        ),
        "sp(2)": vectors(4, 2, _symplectic, algebra.sp(2)),
        "scaling": vectors(3, 1, _directions_only, algebra.scaling(3)),
        "linear": vectors(3, 1, lambda z: z[:, 0, 2].sin(), ignored),
        "discrete": vectors(3, 1, lambda z: (2 * z).cos().sum((1, 2)), nothing[3]),
        "none: steep": vectors(
            3, 1, lambda z: z[:, 0].sin().sum(-1) + z[:, 0, 0] ** 3 / 2 + z[:, 0, 1] ** 2, nothing[3]
        ),
        "none: products": vectors(4, 1, _products, nothing[4]),
        "none: broken so(3)": vectors(
            3, 1, lambda z: (_dot(z, 0, 0) / 4).sin() + 0.5 * (z[:, 0, 0] * z[:, 0, 1]).tanh(), nothing[3]
        ),
        "so(2)+translation": _cylinder(basis(3), torch.randn(3, generator=generator, dtype=torch.float64)),
        "so(3) in a subspace": _subspace(basis(3), torch.linalg.qr(torch.randn(5, 3, generator=generator).double()).Q),
    }
    L, b = basis(2), 0.2 * torch.randn(2, generator=generator, dtype=torch.float64)
    return targets | _images(L, b)


def _dot(z: Tensor, i: int, j: int) -> Tensor:
    return (z[:, i] * z[:, j]).sum(-1)


def _plane(z: Tensor) -> Tensor:
    area = z[:, 0, 0] * z[:, 1, 1] - z[:, 0, 1] * z[:, 1, 0]
    return _dot(z, 0, 1).div(2).sin() + (area / 2).tanh() + (_dot(z, 0, 0) - _dot(z, 1, 1)).div(4).cos()


def _two_radii(z: Tensor) -> Tensor:
    u, v = z[:, 0, :3].square().sum(-1), z[:, 0, 3:].square().sum(-1)
    return (u / 4).sin() + (v / 5).cos() + u * v / 9


def _symplectic(z: Tensor) -> Tensor:
    return ((z[:, 0, :2] * z[:, 1, 2:]).sum(-1) - (z[:, 0, 2:] * z[:, 1, :2]).sum(-1)).div(5).sin()


def _directions_only(z: Tensor) -> Tensor:
    unit = torch.nn.functional.normalize(z[:, 0], dim=-1)
    return unit[:, 0] * unit[:, 1] + (2 * unit[:, 2]).sin() + unit[:, 0]


def _products(z: Tensor) -> Tensor:
    a, b, c, d = z[:, 0].unbind(-1)
    return a * b.sin() + (c - a).cos() + d * c / 2


def blocks(*algebras: Tensor) -> Tensor:
    """The direct sum as block-diagonal matrices."""
    sizes = [a.shape[-1] for a in algebras]
    ends = torch.tensor(sizes).cumsum(0).tolist()
    pads = [torch.nn.functional.pad(a, (e - n, ends[-1] - e) * 2) for a, n, e in zip(algebras, sizes, ends)]
    return torch.cat(pads)


def _cylinder(h: Tensor, b: Tensor) -> Target:
    """Two points in space: only distances to an axis, the angle about it and the difference along it matter."""
    about = torch.zeros(2, 4, 4, dtype=torch.float64)
    about[0, 0, 1], about[0, 1, 0], about[1, 2, 3] = -1, 1, 1
    g = torch.eye(4, dtype=torch.float64)
    g[:3, :3], g[:3, 3] = h, b

    def function(x: Tensor) -> Tensor:
        z = x.reshape(len(x), 2, 3) @ h.T.to(x) + b.to(x)
        return _plane(z[..., :2]) + ((z[:, 0, 2] - z[:, 1, 2]) / 2).sin()

    draw = lambda samples, g: torch.randn(samples, 6, generator=g, dtype=torch.float64)
    return Target(function, Affine(3, copies=2), algebra.conjugate(about, torch.linalg.inv(g)), draw)


def _subspace(h: Tensor, U: Tensor) -> Target:
    """so(3) for points that lie in a three-dimensional subspace of R^5."""

    def function(x: Tensor) -> Tensor:
        z = x.reshape(len(x), 2, 5) @ U.to(x) @ h.T.to(x)
        return (_dot(z, 0, 0) / 5).sin() + _dot(z, 1, 1).sqrt() + (_dot(z, 0, 1) / 2).tanh()

    def draw(samples: int, generator: torch.Generator) -> Tensor:
        return (torch.randn(samples, 2, 3, generator=generator, dtype=torch.float64) @ U.T).flatten(1)

    inside = algebra.orthonormal(U @ algebra.conjugate(algebra.so(3), torch.linalg.inv(h)) @ U.T)
    return Target(function, Linear(5, copies=2), inside, draw, trivial=16)


def _images(L: Tensor, b: Tensor) -> dict[str, Target]:
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

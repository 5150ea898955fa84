"""Functions whose symmetries are known, which networks learn and find_symmetry is held against."""

from collections.abc import Callable

import torch
from torch import Tensor

from liegg import algebra
from liegg.actions import Affine, Linear
from liegg.studies.generators import o5
from liegg.studies.lens.images import image_targets
from liegg.studies.lens.target import Target


def known(*, seed: int = 0) -> dict[str, Target]:
    """The functions of the zoo by name, each in coordinates of its own: the seed draws the basis it is written in."""
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
        "so(5)": vectors(5, 2, lambda z: o5.target(z.flatten(1)), algebra.so(5)),
        "so(3)+so(3)": vectors(6, 1, _two_radii, algebra.direct_sum(algebra.so(3), algebra.so(3))),
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
    return targets | image_targets(L, b)


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

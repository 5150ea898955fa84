"""Families of random functions whose symmetries are known: the hold-out on which rules are judged, not chosen.

A function of a family is a random smooth function of the invariants of a group, in a basis of its own, of random
inputs; in half of the families, LOOKED_AT, rules may be developed, in the other half, RUN_ONCE, they are only measured.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from liegg import algebra
from liegg.actions import Action, Affine, Affine2d, Linear
from liegg.studies.lens.invariants import (
    Invariants,
    areas,
    blocks,
    differences,
    distances,
    entries,
    euclid,
    hermitian,
    products,
    rays,
    sheared,
    symplectic,
    weights,
)
from liegg.symmetry.polarization import polarization_matrix

PIXELS = 16  # images are square
FEATURES = 10  # random features of a function
NULL = 1e-9  # of the largest singular value: what the function itself is invariant under
BREAKING = 0.03, 0.3  # the share of the variance that is not invariant, where a symmetry is broken


class Space(NamedTuple):
    """What a family's samples are: `copies` vectors of length n, the last `thin` entries of which hardly vary."""

    n: int
    copies: int
    thin: int = 0


@dataclass(frozen=True)
class Family:
    """Functions that one group leaves alone."""

    invariants: Invariants | None
    """(N, copies, n) -> (N, q); None for images"""
    space: Space | None
    dimension: int
    """how many symmetries a function has"""
    kind: str = "values"
    """what is learned: values, classes, vectors (which move with the inputs), images"""
    broken: bool = False
    """whether a part of the function ignores the group"""
    affine: bool = False
    """whether points may be translated too"""


@dataclass(frozen=True)
class Drawn:
    """A function of a family and its samples."""

    function: Callable[[Tensor], Tensor]
    """float64 samples (N, ...) to (N, m): values, the scores of classes, or vectors"""
    draw: Callable[[int, torch.Generator], Tensor]
    action: Action
    output_action: Action | None = None
    whiten: Tensor | None = None
    """(n, n) what takes a point to coordinates of unit variance; None for images"""
    known: Tensor | None = None
    """(d, n, n) the symmetries of images, whose pixels hide them from differentiation"""

    def points(self, samples: int, *, seed: int) -> Tensor:
        """(samples, ...) in float64."""
        return self.draw(samples, torch.Generator().manual_seed(seed))


LOOKED_AT = {
    "so(3)": Family(euclid(3), Space(3, 2), 3),
    "so(2) + so(2)": Family(blocks((euclid(2), 2), (euclid(2), 2)), Space(4, 1), 2),
    "so(1,2)": Family(products(1, -1, -1), Space(3, 2), 3),
    "sl(2)": Family(areas, Space(2, 3), 3),
    "scaling": Family(rays, Space(4, 1), 1),
    "shear of the plane": Family(sheared, Space(2, 2), 1),
    "translations": Family(differences, Space(2, 3), 2, affine=True),
    "an ignored entry": Family(entries(3), Space(4, 1), 4),
    "so(2) + scaling": Family(blocks((euclid(2), 2), (rays, 2)), Space(4, 2), 2),
    "broken so(3)": Family(euclid(3), Space(3, 2), 0, broken=True),
    "broken so(1,2)": Family(products(1, -1, -1), Space(3, 2), 0, broken=True),
    "none": Family(entries(), Space(4, 1), 0),
    "none, two vectors": Family(entries(), Space(3, 2), 0),
    "thin so(3)": Family(euclid(3), Space(5, 2, thin=2), 13),
    "images, so(2)": Family(None, None, 1, kind="images"),
    "classes, so(3)": Family(euclid(3), Space(3, 2), 3, kind="classes"),
    "vectors, so(3)": Family(euclid(3), Space(3, 2), 3, kind="vectors"),
}
"""Families that rules may be developed on."""

RUN_ONCE = {
    "so(4)": Family(euclid(4), Space(4, 2), 6),
    "u(2)": Family(hermitian, Space(4, 2), 4),
    "so(2,2)": Family(products(1, 1, -1, -1), Space(4, 2), 6),
    "sp(2)": Family(symplectic, Space(4, 3), 10),
    "weights": Family(weights((1, 1, 0), (0, 0, 1)), Space(3, 1), 1),
    "shears of space": Family(sheared, Space(3, 3), 2),
    "se(2)": Family(distances, Space(2, 3), 3, affine=True),
    "two ignored entries": Family(entries(3), Space(5, 1), 10),
    "so(3) + so(1,1)": Family(blocks((euclid(3), 3), (products(1, -1), 2)), Space(5, 2), 4),
    "broken so(4)": Family(euclid(4), Space(4, 2), 0, broken=True),
    "broken so(2,1)": Family(products(1, 1, -1), Space(3, 3), 0, broken=True),
    "broken scaling": Family(rays, Space(3, 1), 0, broken=True),
    "none, eight entries": Family(entries(), Space(8, 1), 0),
    "none, affine": Family(entries(), Space(2, 2), 0, affine=True),
    "thin so(2)": Family(euclid(2), Space(3, 2, thin=1), 4),
    "images, none": Family(None, None, 0, kind="images"),
    "classes, none": Family(entries(), Space(3, 1), 0, kind="classes"),
    "vectors, so(2)": Family(euclid(2), Space(2, 2), 1, kind="vectors"),
}
"""Families that no rule has seen, measured once."""

FAMILIES = LOOKED_AT | RUN_ONCE


def function_of(family: str, *, seed: int, thickness: float = 0.03) -> Drawn:
    """A function of a family, in a basis and with inputs drawn from the seed.

    thickness    of the entries that hardly vary, in standard deviations of the others
    """
    of, g = FAMILIES[family], torch.Generator().manual_seed(seed)
    return _of_images(of, g) if of.kind == "images" else _of_points(of, g, thickness)


def symmetries(drawn: Drawn, *, seed: int, samples: int = 1000) -> Tensor:
    """(d, n, n) all symmetries of a function within its action, orthonormal, from the function's own derivatives.

    Right singular vectors of the polarization matrix of the exact function in float64, in coordinates of unit variance,
    that are null to rounding: nothing of how `decide` decides. Of pairs the inputs' halves; those of images by
    construction.
    """
    if drawn.known is not None:
        return drawn.known
    x, action = drawn.points(samples, seed=seed), drawn.action
    W = torch.eye(action.matrix(torch.zeros(action.size)).shape[-1], dtype=torch.float64)
    W[: action.n, : action.n] = drawn.whiten
    units = torch.linalg.inv(W) @ action.matrix(torch.eye(action.size, dtype=torch.float64)) @ W
    of_units = action.coefficients(units)  # (K, K) unit directions of white points, as directions of the points
    rows = polarization_matrix(drawn.function, x, action, drawn.output_action).flatten(0, 1)
    outputs, moved = rows.split([rows.shape[1] - action.size, action.size], 1)
    _, size, V = torch.linalg.svd(torch.cat([outputs, moved @ of_units.T], 1), full_matrices=False)
    own = V[size <= NULL * size[0], outputs.shape[1] :] @ of_units
    return algebra.orthonormal(action.matrix(own)) if len(own) else action.matrix(own)


def _random_function(invariants: Invariants, sample: Tensor, outputs: int, g: torch.Generator) -> Callable:
    """(N, ...) -> (N, outputs), of unit variance on the sample: random features of standardised invariants."""
    seen = invariants(sample)
    mean, spread = seen.mean(0), seen.std(0)
    normal = lambda *shape: torch.randn(*shape, generator=g, dtype=torch.float64)
    a = normal(seen.shape[1], FEATURES) / math.sqrt(seen.shape[1]) * (0.4 + 0.5 * torch.rand(FEATURES, generator=g))
    c, w = 2 * torch.pi * torch.rand(FEATURES, generator=g).double(), normal(FEATURES, outputs)

    def raw(z: Tensor) -> Tensor:
        u = (invariants(z) - mean) / spread @ a
        waves, steps = (u + c)[:, ::2], (1.5 * u + (c - torch.pi) / 2)[:, 1::2]
        return torch.cat([waves.sin(), steps.tanh()], -1) @ w

    values = raw(sample)
    centre, size = values.mean(0), values.std(0)
    return lambda z: (raw(z) - centre) / size


def _inputs(space: Space, g: torch.Generator, thickness: float) -> tuple[Tensor, Callable]:
    """What takes a point to coordinates of unit variance, (n, n), and how points (N, copies, n) are drawn: normal,
    uniform or heavy-tailed, correlated in two of five functions, thin in a random basis."""
    normal = lambda *shape: torch.randn(*shape, generator=g, dtype=torch.float64)
    spread = 0.4 * (2 * torch.rand(space.n, generator=g, dtype=torch.float64) - 1)
    if torch.rand((), generator=g) < 0.4:
        spread = 2.5 * spread  # standard deviations from 1/e to e
    spread = spread.exp()
    if space.thin:
        spread[-space.thin :] = thickness
    U = torch.linalg.qr(normal(space.n, space.n)).Q
    tails = ("normal", "uniform", "heavy")[int(torch.randint(3, (), generator=g))]

    def draw(samples: int, g: torch.Generator) -> Tensor:
        shape = samples, space.copies, space.n
        if tails == "uniform":
            unit = 12**0.5 * (torch.rand(shape, generator=g, dtype=torch.float64) - 0.5)
        else:
            unit = torch.randn(shape, generator=g, dtype=torch.float64)
        if tails == "heavy":  # Student's t with 6 degrees of freedom, of all entries of a sample together
            squares = torch.randn(samples, 6, 1, generator=g, dtype=torch.float64).square().sum(1, keepdim=True)
            unit = unit * (4 / squares).sqrt()
        return unit * spread @ U.T

    return (U / spread).T, draw


def _of_points(of: Family, g: torch.Generator, thickness: float) -> Drawn:
    space = of.space
    whiten, draw_points = _inputs(space, g, thickness)
    wide = space.n - space.thin
    stretch = torch.eye(wide, dtype=torch.float64)
    stretch += 0.25 * torch.randn(wide, wide, generator=g, dtype=torch.float64)
    h = stretch @ whiten[:wide]  # a point in the coordinates that the group acts in
    shift = 0.3 * torch.randn(wide, generator=g, dtype=torch.float64) if of.affine else torch.zeros(wide).double()
    inside = lambda x: x.reshape(len(x), space.copies, space.n) @ h.T + shift
    sample = inside(draw_points(4000, g))
    outputs = {"values": 1, "classes": 3, "vectors": space.copies}[of.kind]
    invariant = _random_function(of.invariants, sample, outputs, g)
    function = lambda x: invariant(inside(x))
    if of.kind == "vectors":
        function = lambda x: torch.einsum("bc,bci->bi", invariant(inside(x)), inside(x))
    if of.broken:
        breaking = _random_function(entries(), sample, 1, g)
        low, high = (math.log(b) for b in BREAKING)
        share = math.exp(low + (high - low) * torch.rand((), generator=g).item())
        function = lambda x: (1 - share) ** 0.5 * invariant(inside(x)) + share**0.5 * breaking(inside(x))
    return Drawn(
        function,
        lambda samples, g: draw_points(samples, g).flatten(1),
        Affine(space.n, space.copies) if of.affine else Linear(space.n, space.copies),
        Linear(wide) if of.kind == "vectors" else None,
        whiten,
    )


def _of_images(of: Family, g: torch.Generator) -> Drawn:
    """A function of masses under rings about a centre, in coordinates of its own; or under waves, if none is to be
    invariant."""
    L = torch.eye(2, dtype=torch.float64) + 0.2 * torch.randn(2, 2, generator=g, dtype=torch.float64)
    b = 0.15 * torch.randn(2, generator=g, dtype=torch.float64)
    z = _pixels() @ L.T + b  # (PIXELS, PIXELS, 2)
    if of.dimension:
        windows = [torch.exp(-(z.norm(dim=-1) - radius).square() / 0.05) for radius in (0.1, 0.35, 0.6)]
    else:
        windows = [(3 * z @ torch.randn(2, 1, generator=g).double()).squeeze(-1).sin() for _ in range(3)]
    windows = torch.stack(windows)
    masses = lambda images: torch.einsum("nyx,wyx->nw", images[:, 0], windows)
    from_image = torch.eye(3, dtype=torch.float64)
    from_image[:2] = torch.cat([L, b[:, None]], 1)
    turning = torch.nn.functional.pad(algebra.so(2), (0, 1, 0, 1))[: of.dimension]
    known = algebra.conjugate(turning, torch.linalg.inv(from_image)) if of.dimension else turning
    return Drawn(_random_function(masses, _bumps(2000, g), 1, g), _bumps, Affine2d(), known=known)


def _pixels() -> Tensor:
    """(PIXELS, PIXELS, 2) where the pixels of an image stand, x and y, as `Affine2d` has them."""
    axis = (torch.arange(PIXELS, dtype=torch.float64) - (PIXELS - 1) / 2) / (PIXELS / 2)
    return torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1)


def _bumps(samples: int, g: torch.Generator) -> Tensor:
    """Images (N, 1, PIXELS, PIXELS) of three round bumps that keep away from the border."""
    place, width, height = (torch.rand(samples, 3, k, 1, 1, generator=g, dtype=torch.float64) for k in (2, 1, 1))
    away = _pixels().movedim(-1, 0) - (place - 0.5)
    bumps = torch.exp(-away.square().sum(2, keepdim=True) / 2 / (0.12 + 0.16 * width).square())
    return ((0.5 + height) * bumps).sum(1)

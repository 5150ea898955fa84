"""Pathways: affine maps between images with different amounts of symmetry, from which a layer chooses (section 3).

A pathway maps x (B, C, H, H) to y (B, D, H/s, H/s) for a stride s of 1 or 2. c and d are channels, u the S = H² input
pixels, p the P output pixels. F is a factored and S a sparsified pathway:

    FC      y[d,p] = sum_cu W[d,p,c,u] x[c,u] + b[d,p]
    F-FC    y[d,p] = sum_c V[d,c,p] (sum_u U[d,c,u] x[c,u] + b_U[d]) + b_V[p]
    CONV    3 x 3, circular, of stride 1, then one of the s² sub-grids of pixels
    GCONV   one CONV shared by the four copies of an image that is rotated by 0, 90, 180 and 270 degrees
    S-FC    F-FC, S-CONV: CONV, with filters interpolated from their values at a few random anchors

Every parameter tensor has a prior of its own. For its curvature (`liegg.studies.layerwise.curvature`) a pathway tells
at which sites its parameters meet activations.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import Parameter
from torch.nn.functional import conv2d, pad, unfold

COPIES = 4
"""rotations by 90 degrees"""
ANCHORS = {"S-FC": 0.5, "S-CONV": 0.8, "S-CONV beside S-FC": 0.5}
"""how many anchors a sparsified filter has, of its pixels"""
NOISE = 0.01
"""standard deviation at an anchor, of the interpolation"""


class Site(NamedTuple):
    """Where a parameter tensor meets activations: o = W a + b at each of T places, a (B, T, I) and o (B, T, O). Places
    share one W (O, I), or each has its own, W (T, O, I)."""

    weight: Parameter
    bias: Parameter | None
    output: Tensor
    """o, a part of the graph, in the shape that it has there"""
    moments: Callable[[], Tensor]
    """() -> the sum of a aᵀ over the batch, and over the places if they share W: (I, I), else (T, I, I)"""
    gradients: Callable[[Tensor], Tensor]
    """the gradient for `output` -> that for o"""


Sites = list[Site]


class Pathway(nn.Module, ABC):
    """What all pathways are given: channels C and D, side H of the input, stride, and a generator of initial values."""

    def __init__(self, C: int, D: int, H: int, stride: int):
        super().__init__()
        if stride not in (1, 2):
            raise ValueError(f"a pathway has stride 1 or 2, not {stride}")
        if H % stride or H < 1:
            raise ValueError(f"stride {stride} does not divide images of side {H}")
        self.C, self.D, self.H, self.stride = C, D, H, stride
        self.S, self.P = H * H, (H // stride) ** 2

    @abstractmethod
    def forward(self, x: Tensor, sites: Sites | None = None) -> Tensor:
        """y (B, D, H/s, H/s) of images x (B, C, H, H); `sites` gets what its parameters meet."""

    def _images(self, y: Tensor) -> Tensor:
        return y.unflatten(-1, (self.H // self.stride, -1))


class Dense(nn.Module):
    """y = W x + b for vectors x (B, I): the head of a network, and the map within FC."""

    def __init__(self, I: int, O: int, *, generator: torch.Generator):
        super().__init__()
        self.weight = _uniform((O, I), I**-0.5, generator)
        self.bias = _zeros(O)

    def forward(self, x: Tensor, sites: Sites | None = None) -> Tensor:
        y = x @ self.weight.mT + self.bias
        if sites is not None:
            a = x.detach()
            sites.append(Site(self.weight, self.bias, y, lambda: a.mT @ a, lambda g: g[:, None]))
        return y


class FC(Pathway):
    """Any affine map."""

    def __init__(self, C: int, D: int, H: int, stride: int, *, generator: torch.Generator):
        super().__init__(C, D, H, stride)
        self.map = Dense(C * self.S, D * self.P, generator=generator)

    def forward(self, x: Tensor, sites: Sites | None = None) -> Tensor:
        return self._images(self.map(x.flatten(1), sites).unflatten(1, (self.D, self.P)))


class FactoredFC(Pathway):
    """F-FC: of rank one in space for every pair of channels. With `anchors`, the share of pixels that are anchors,
    S-FC, which has no b_V."""

    def __init__(self, C: int, D: int, H: int, stride: int, *, anchors: float = 0, generator: torch.Generator):
        super().__init__(C, D, H, stride)
        U, V = (
            _uniform((D, C, self.S), (3 / self.S) ** 0.5, generator),
            _uniform((D, C, self.P), (3 / C) ** 0.5, generator),
        )
        into, out = (interpolation(side, anchors, generator) if anchors else None for side in (H, H // stride))
        self.register_buffer("into", into)
        self.register_buffer("out", out)
        self.U, self.V = (_at_anchors(w, grid) for w, grid in ((U, into), (V, out)))
        self.bias_U = _zeros(D)
        self.bias_V = None if anchors else _zeros(self.P)

    def forward(self, x: Tensor, sites: Sites | None = None) -> Tensor:
        a = _seen(x.flatten(2), self.into)  # (B, C, S) pixels or anchors
        z = torch.einsum("bcu,dcu->bdc", a, self.U) + self.bias_U[:, None]
        o = torch.einsum("bdc,dcp->bdp", z, self.V)
        y = o if self.out is None else o @ self.out
        y = y if self.bias_V is None else y + self.bias_V
        if sites is not None:
            a_U, a_V = a.detach(), z.detach()
            sites.append(Site(self.U, self.bias_U, z, lambda: _by_place(a_U), lambda g: g.mT))
            sites.append(Site(self.V, self.bias_V, y, lambda: _by_place(a_V), lambda g: _seen(g, self.out)))
        return self._images(y)


class Conv(Pathway):
    """CONV. With `anchors`, the share of the 9 pixels of a filter that are anchors, S-CONV.

    grid    "fixed": stride 2 keeps the first of the four sub-grids. "largest": that with the largest value over all
            channels, for every image, and copy, by itself (the paper's code: for a batch), which makes stride 2
            equivariant to any shift
    copies  how many groups of channels share the filter, for GCONV
    """

    def __init__(
        self,
        C: int,
        D: int,
        H: int,
        stride: int,
        *,
        grid: str,
        anchors: float = 0,
        copies: int = 1,
        generator: torch.Generator,
    ):
        super().__init__(C, D, H, stride)
        if grid not in GRIDS:
            raise ValueError(f'unknown grid "{grid}": there are {", ".join(GRIDS)}')
        if C % copies or D % copies:
            raise ValueError(f"{C} and {D} channels are not {copies} copies of an image")
        self.grid, self.copies = grid, copies
        filters = interpolation(3, anchors, generator) if anchors else None
        self.register_buffer("filters", filters)
        c, d = C // copies, D // copies
        self.weight = _at_anchors(_uniform((d, c, 9), (6 / (9 * c)) ** 0.5, generator), filters)
        self.bias = _zeros(d)

    def forward(self, x: Tensor, sites: Sites | None = None) -> Tensor:
        apart = x.reshape(-1, self.C // self.copies, self.H, self.H)
        padded = pad(apart, (1, 1, 1, 1), mode="circular").contiguous(memory_format=torch.channels_last)
        step = self.stride if self.grid == "fixed" else 1
        W = self.weight if self.filters is None else self.weight @ self.filters
        o = conv2d(padded, W.unflatten(-1, (3, 3)), self.bias, step)
        if sites is not None:
            seen = apart.detach()
            sites.append(Site(self.weight, self.bias, o, lambda: self._moments(seen, step), self._gradients))
        y = largest_grid(o) if self.stride == 2 and self.grid == "largest" else o
        return y.reshape(len(x), self.D, *y.shape[-2:])

    def _moments(self, x: Tensor, step: int) -> Tensor:
        """(I, I) of what the filter sees at each pixel of images x (B · copies, c, H, H), the mean over the copies."""
        mean = x.unflatten(0, (-1, self.copies)).mean(1)
        A = _correlations(mean) if step == 1 else _patches(mean, step)  # (c, 9, c, 9)
        if self.filters is not None:
            A = torch.einsum("zi,cidj,yj->czdy", self.filters, A, self.filters)
        return A.flatten(2).flatten(0, 1)

    def _gradients(self, g: Tensor) -> Tensor:
        """(B, T, O) the sum over the copies."""
        return g.flatten(2).unflatten(0, (-1, self.copies)).sum(1).mT


def _correlations(x: Tensor) -> Tensor:
    """(C, 9, C, 9) sums over batch and pixels of x_c[t + i] x_d[t + j], for the nine places i, j of a 3 x 3 filter on
    periodic images. They depend on j - i alone, and change sides with its sign: 13 products of images in place of
    81."""
    flat = x.transpose(0, 1).flatten(1)
    A = x.new_empty(x.shape[1], 3, 3, x.shape[1], 3, 3)
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            if (dy, dx) < (0, 0):
                continue  # the transpose of (-dy, -dx)
            moved = x.roll((-dy, -dx), (2, 3)).transpose(0, 1).flatten(1)
            R = flat @ moved.mT
            for i in range(max(0, -dy), min(3, 3 - dy)):
                for j in range(max(0, -dx), min(3, 3 - dx)):
                    A[:, i, j, :, i + dy, j + dx] = R
                    A[:, i + dy, j + dx, :, i, j] = R.mT
    return A.flatten(4).flatten(1, 2)


def _patches(x: Tensor, step: int) -> Tensor:
    """The same over every second pixel."""
    a = unfold(pad(x, (1, 1, 1, 1), mode="circular"), 3, stride=step).transpose(1, 2).flatten(0, 1)
    return (a.mT @ a).unflatten(1, (-1, 9)).unflatten(0, (-1, 9))


def _by_place(a: Tensor) -> Tensor:
    """(T, I, I) the sum over the batch of a aᵀ, for a (B, T, I)."""
    apart = a.transpose(0, 1)
    return apart.mT @ apart


GRIDS = ("fixed", "largest")


def largest_grid(y: Tensor) -> Tensor:
    """(B, D, H, W) -> (B, D, H/2, W/2): of the four sub-grids of every second pixel the one with the largest value of
    the image, whose choice moves with the image."""
    grids = y.unflatten(-1, (-1, 2)).unflatten(-3, (-1, 2))  # (B, D, H/2, 2, W/2, 2)
    largest = y.detach().amax(1).unflatten(-1, (-1, 2)).unflatten(-3, (-1, 2)).amax((1, 3))  # (B, 2, 2)
    best = largest.flatten(1).argmax(1)
    return grids[torch.arange(len(y), device=y.device), :, :, best // 2, :, best % 2]


def interpolation(side: int, share: float, generator: torch.Generator) -> Tensor:
    """(Z, side²) weights that take values at Z random anchors to the pixels of a square: K_TZ (K_ZZ + NOISE²)^-1.

    Anchors lie anywhere in the square, Z = share of its pixels; k = exp(-|difference|²/2), in pixels.
    """
    Z = max(1, round(share * side**2))
    anchors = (torch.rand(Z, 2, generator=generator, dtype=torch.float64) - 0.5) * (side - 1)
    line = torch.arange(side, dtype=torch.float64) - (side - 1) / 2
    pixels = torch.cartesian_prod(line, line)
    k = lambda p, q: (-torch.cdist(p, q).square() / 2).exp()
    noisy = k(anchors, anchors) + NOISE**2 * torch.eye(Z, dtype=torch.float64)
    return torch.linalg.solve(noisy, k(anchors, pixels)).float()


def _seen(a: Tensor, weights: Tensor | None) -> Tensor:
    """Values at pixels (..., S), as an interpolated filter sees them: (..., Z)."""
    return a if weights is None else a @ weights.mT


def _at_anchors(w: Tensor, weights: Tensor | None) -> Parameter:
    """The parameter of a filter (..., S): its values at the anchors from which it is interpolated best."""
    if weights is None:
        return Parameter(w.detach())
    return Parameter((w.detach().double() @ torch.linalg.pinv(weights.double())).float())


def _uniform(shape: tuple[int, ...], bound: float, generator: torch.Generator) -> Parameter:
    return Parameter((2 * torch.rand(shape, generator=generator) - 1) * bound)


def _zeros(n: int) -> Parameter:
    return Parameter(torch.zeros(n))


def pathway(
    kind: str, C: int, D: int, H: int, stride: int, *, grid: str, beside: str = "", generator: torch.Generator
) -> Pathway:
    """The pathway of that name, in a layer of the kinds `beside`. Raises ValueError for another name."""
    where, shape = {"generator": generator}, (C, D, H, stride)
    match kind:
        case "FC":
            return FC(*shape, **where)
        case "F-FC":
            return FactoredFC(*shape, **where)
        case "S-FC":
            return FactoredFC(*shape, anchors=ANCHORS["S-FC"], **where)
        case "CONV":
            return Conv(*shape, grid=grid, **where)
        case "GCONV":
            return Conv(*shape, grid=grid, copies=COPIES, **where)
        case "S-CONV":
            sparse = "S-CONV beside S-FC" if "S-FC" in beside else "S-CONV"
            return Conv(*shape, grid=grid, anchors=ANCHORS[sparse], **where)
    raise ValueError(f'unknown pathway "{kind}": there are {", ".join(KINDS)}')


KINDS = ("FC", "F-FC", "S-FC", "CONV", "S-CONV", "GCONV")

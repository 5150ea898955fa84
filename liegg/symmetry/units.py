"""Which directions are of unit length: those that move samples alike in coordinates where these have unit moments.

How much a function varies along a direction depends on how long the direction is, and the entries of its matrix have
the units of the coordinates. In coordinates with second moments of one they have none, and thin or correlated data are
as good as any. The moments are read off the data control: its rows (x - x') ⊗ φ(x) with the features φ that a matrix
acts on have, in expectation, nearly the second moments P ⊗ Q, and alternating between P and Q (the flip-flop algorithm
of matrix-normal distributions, Dutilleul 1999) finds both in a way that goes along with any change of coordinates.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from liegg.actions import Action, Affine, Copies, Linear, Polynomial, Product
from liegg.actions import Tensor as OnTensors
from liegg.symmetry.factors import Factor

STEPS = 20  # of the flip-flop algorithm
EVEN = 1.5  # where lengths differ by a smaller factor they are left as they are
THIN = 1e-6  # of the largest, each coordinate scaled alike: samples that vary less vary by rounding


class Units(NamedTuple):
    """The directions that move samples within the span of the data, (k, K) rows of coefficients in two scales."""

    even: Tensor
    """of unit length: they move samples alike in coordinates where these have unit moments"""
    data: Tensor
    """the same span, scaled so that the data control is nearly the identity"""
    thin: float
    """the largest over the smallest standard deviation of the samples along any axis, each coordinate scaled alike"""


def units(action: Action, data: Factor) -> Units:
    """Unit directions of an action on the samples of a data control (see `Factors`).

    Of actions that are no matrices on points, no polynomial fields or tensors, directions are of unit length as given.
    """
    return _units(action, data.triangle)


def _units(action: Action, rows: Tensor) -> Units:
    if isinstance(action, Copies):
        return _units(action.action, rows)
    if isinstance(action, Product):
        parts = rows.split([part.size for part, _ in action.moving], 1)
        even, scaled, thin = zip(*(_units(part, own) for (part, _), own in zip(action.moving, parts)))
        return Units(torch.block_diag(*even), torch.block_diag(*scaled), max(thin))
    if isinstance(action, Linear | Affine | Polynomial | OnTensors):
        return _of_matrices(rows.unflatten(1, (action.n, -1)))
    norms = rows.norm(dim=0)  # no column is blown up beyond 1e8
    scale = norms.clamp_min(1e-8 * norms.max()) if norms.any() else torch.ones_like(norms)
    return Units(torch.eye(action.size, dtype=torch.float64), torch.diag(1 / scale), 1.0)


def _of_matrices(rows: Tensor) -> Units:
    """Directions A = Pᵀ A' Q⁻ᵀ for matrix units A', from rows (rows, n, F) of the data control and roots P, Q of its
    moments. Of samples that do not vary there are none."""
    n, F = rows.shape[1:]
    if not rows.any():
        return Units(rows.new_zeros(0, n * F), rows.new_zeros(0, n * F), 1.0)
    white = rows
    for _ in range(STEPS):
        P, from_P, thin_P = _root(white.transpose(1, 2).reshape(-1, n))
        white = torch.einsum("rjk,ij->rik", rows, from_P)
        _, from_Q, thin_Q = _root(white.reshape(-1, F))
        white = torch.einsum("rjk,ik->rji", rows, from_Q)
    even = torch.kron(P, from_Q)
    lengths = torch.outer(*map(torch.linalg.svdvals, (P, from_Q))).flatten().sort(descending=True).values
    if len(even) == n * F and lengths[0] < EVEN * lengths[-1]:
        even, lengths = torch.eye(n * F, dtype=torch.float64), lengths.new_ones(1)
    return Units(even / lengths.log().mean().exp(), torch.kron(from_P, from_Q), max(thin_P, thin_Q))


def _root(rows: Tensor) -> tuple[Tensor, Tensor, float]:
    """From rows (rows, n) with mean moments M: (r, n) a root R with RᵀR = M, the transpose of its pseudoinverse,
    and the ratio of extreme standard deviations when every column is scaled alike."""
    scale = rows.norm(dim=0)
    scale = scale.where(scale > 0, 1.0)
    _, S, V = torch.linalg.svd(torch.linalg.qr(rows / scale, mode="r").R)
    varied = THIN * S[0] < S
    S, V, size = S[varied], V[varied], len(rows) ** 0.5
    root, inverse = S[:, None] * V * scale / size, V / S[:, None] / scale * size
    if len(root) < rows.shape[1]:  # of all inverses on the span the one within it
        span = torch.linalg.qr(root.T).Q
        inverse = inverse @ span @ span.T
    return root, inverse, float(S[0] / S[-1])


def whitened(action: Action, x: Tensor) -> Callable[[Tensor], Tensor]:
    """What takes motions of samples, shaped like x (N, ...), to units of the samples' own spread, (N, D): every axis of
    the points to its standard deviation; of samples that are no points all entries to one."""
    while isinstance(action, Copies):
        action = action.action
    if not isinstance(action, Linear | Affine | Polynomial | OnTensors):
        spread = (x.double() - x.double().mean(0)).square().mean().sqrt().clamp_min(1e-300)
        return lambda motion: motion.double().flatten(1) / spread
    points = x.double().reshape(-1, action.n)
    variance, axes = torch.linalg.eigh(torch.cov(points.T).reshape(action.n, action.n))
    white = axes / variance.clamp_min(THIN**2 * variance.max()).sqrt()
    return lambda motion: (motion.double().reshape(-1, action.n) @ white).reshape(len(motion), -1)

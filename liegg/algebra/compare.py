"""How spans of generators compare: brackets and closure, principal angles, symmetry bias."""

import torch
from scipy.linalg import subspace_angles
from torch import Tensor

from liegg.algebra.bases import orthonormal


def bracket(A: Tensor, B: Tensor) -> Tensor:
    """[A, B] = AB - BA, over any leading dimensions."""
    return A @ B - B @ A


def closure(basis: Tensor) -> float:
    """How far an orthonormal basis (dim, n, n) is from closing under the bracket: 0 for a Lie algebra, at most 1.

    The root mean square over pairs of the part of [A_i, A_j] outside the span, relative to that of the brackets
    themselves. An abelian or one-dimensional span closes, so its value is 0.
    """
    return closure_defect(basis.flatten(1), bracket(basis[:, None], basis[None]).flatten(0, 1).flatten(1))


def closure_defect(span: Tensor, brackets: Tensor) -> float:
    """The part of the brackets (d², D) outside the span of d vectors (d, D), relative to the brackets themselves.

    Brackets below a fifth of the vectors' length count as a fifth: generators that nearly commute nearly close.
    """
    if not len(span):
        return 0.0
    Q = torch.linalg.qr(span.T).Q
    outside = brackets - brackets @ Q @ Q.T
    return float(outside.norm() / torch.maximum(brackets.norm(), 0.2 * len(span) ** 0.5 * span.norm()))


def principal_angles(basis: Tensor, other: Tensor) -> Tensor:
    """Principal angles in degrees, ascending, between the spans of two sets of matrices or vectors (dim, ...).

    As many as the smaller of the two dimensions; accurate for small angles, because those come from the sine.
    """
    if min(len(basis), len(other)) == 0:
        return torch.zeros(0, dtype=torch.float64)
    a, b = (s.detach().cpu().double().flatten(1).T.numpy() for s in (basis, other))
    return torch.as_tensor(subspace_angles(a, b)).rad2deg().flip(0)


def bias(directions: Tensor, basis: Tensor) -> Tensor:
    """Symmetry bias of each direction (K, ...): the distance of the unit direction to the span of an orthonormal basis.

    In [0, 1]. For so(n) it is the norm of the symmetric part, the measure of LieGG's released code.
    """
    H = directions.flatten(1)
    H = H / H.norm(dim=1, keepdim=True)
    return (H - _project(H, orthonormal(basis).flatten(1))).norm(dim=1)


def _project(vectors: Tensor, basis: Tensor) -> Tensor:
    return vectors @ basis.T @ basis

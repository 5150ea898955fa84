"""How spans of generators compare: brackets and closure, principal angles, symmetry bias.

All raise ValueError for what are no tensors, or of shapes that do not belong together.
"""

import scipy
import torch
from torch import Tensor

from liegg.algebra.bases import orthonormal


def bracket(A: Tensor, B: Tensor) -> Tensor:
    """[A, B] = AB - BA, over any leading dimensions."""
    if not isinstance(A, Tensor) or not isinstance(B, Tensor) or min(A.ndim, B.ndim) < 2:
        raise ValueError("bracket(A, B) needs tensors of square matrices")
    if not A.shape[-1] == A.shape[-2] == B.shape[-1] == B.shape[-2]:
        raise ValueError(f"bracket(A, B) needs square matrices alike, not {tuple(A.shape)} and {tuple(B.shape)}")
    if A.dtype != B.dtype or any(m != n and 1 not in (m, n) for m, n in zip(A.shape[-3::-1], B.shape[-3::-1])):
        raise ValueError(
            f"bracket(A, B) needs matrices of one type, and leading dimensions alike or 1, not {tuple(A.shape)} "
            f"({A.dtype}) and {tuple(B.shape)} ({B.dtype})"
        )
    return A @ B - B @ A


def closure(basis: Tensor) -> float:
    """How far an orthonormal basis (dim, n, n) is from closing under the bracket: 0 for a Lie algebra, at most 1.

    The root mean square over pairs of the part of [A_i, A_j] outside the span, relative to that of the brackets
    themselves. An abelian or one-dimensional span closes, so its value is 0.
    """
    if not isinstance(basis, Tensor) or not basis.is_floating_point() or basis.ndim != 3:
        raise ValueError("closure(basis) needs a tensor of real matrices (dim, n, n)")
    return closure_defect(basis.flatten(1), bracket(basis[:, None], basis[None]).flatten(0, 1).flatten(1))


def closure_defect(span: Tensor, brackets: Tensor) -> float:
    """The part of the brackets (d², D) outside the span of d vectors (d, D), relative to the brackets themselves.

    Brackets below a fifth of the vectors' length count as a fifth: generators that nearly commute nearly close.
    """
    if not isinstance(span, Tensor) or not isinstance(brackets, Tensor) or span.dtype != brackets.dtype:
        raise ValueError("closure_defect(span, brackets) needs two tensors of one type")
    if span.ndim != 2 or brackets.ndim != 2 or span.shape[1] != brackets.shape[1]:
        raise ValueError(f"a span (d, D) and brackets (d², D) must go together, not {span.shape} and {brackets.shape}")
    if not len(span):
        return 0.0
    Q = torch.linalg.qr(span.T).Q
    outside = brackets - brackets @ Q @ Q.T
    return float(outside.norm() / torch.maximum(brackets.norm(), 0.2 * len(span) ** 0.5 * span.norm()))


def principal_angles(basis: Tensor, other: Tensor) -> Tensor:
    """Principal angles in degrees, ascending, between the spans of two sets of matrices or vectors (dim, ...).

    As many as the smaller of the two dimensions; accurate for small angles, because those come from the sine.
    """
    if not isinstance(basis, Tensor) or not isinstance(other, Tensor) or min(basis.ndim, other.ndim) < 1:
        raise ValueError("principal angles are between two tensors of matrices or vectors (dim, ...)")
    if min(len(basis), len(other)) == 0:
        return torch.zeros(0, dtype=torch.float64)
    if min(basis.ndim, other.ndim) < 2 or basis[0].numel() != other[0].numel():
        raise ValueError(f"{tuple(basis.shape)} and {tuple(other.shape)} do not lie in one space: nothing to compare")
    if basis.is_complex() or other.is_complex() or not basis.isfinite().all() or not other.isfinite().all():
        raise ValueError(
            "principal angles need real, finite numbers: one of the spans holds complex, NaN or infinite ones"
        )
    a, b = (s.detach().cpu().double().flatten(1).T.numpy() for s in (basis, other))
    return torch.as_tensor(scipy.linalg.subspace_angles(a, b)).rad2deg().flip(0)


def bias(directions: Tensor, basis: Tensor) -> Tensor:
    """Symmetry bias of each direction (K, ...): the distance of the unit direction to the span of an orthonormal basis.

    In [0, 1]. For so(n) it is the norm of the symmetric part, the measure of LieGG's released code.
    """
    if not isinstance(directions, Tensor) or not isinstance(basis, Tensor) or min(directions.ndim, basis.ndim) < 2:
        raise ValueError("bias(directions, basis) needs tensors (K, ...) and (dim, ...)")
    if directions.shape[1:].numel() != basis.shape[1:].numel() or directions.dtype != basis.dtype:
        raise ValueError(
            f"directions {tuple(directions.shape)} ({directions.dtype}) and basis {tuple(basis.shape)} ({basis.dtype}) "
            "must be of one size and type"
        )
    if not directions.is_floating_point():
        raise ValueError(f"bias(directions, basis) needs real numbers, not {directions.dtype}")
    H = directions.flatten(1)
    H = H / H.norm(dim=1, keepdim=True)
    return (H - _project(H, orthonormal(basis).flatten(1))).norm(dim=1)


def _project(vectors: Tensor, basis: Tensor) -> Tensor:
    return vectors @ basis.T @ basis

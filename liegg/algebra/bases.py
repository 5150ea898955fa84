"""Bases of the classical matrix Lie algebras, orthonormal in the Frobenius inner product, and how to change them.

All raise ValueError for sizes that are no whole numbers or too small, and for what is no basis.
"""

import torch
from torch import Tensor


def so(p: int, q: int = 0) -> Tensor:
    """so(p, q): Aᵀη + ηA = 0, η diagonal with p ones and q minus ones; so(n) is so(n, 0). Dimension (p+q)(p+q-1)/2."""
    if any(isinstance(n, bool) or not hasattr(n, "__index__") for n in (p, q)) or min(p, q) < 0 or p + q < 1:
        raise ValueError(f"so(p, q) needs whole numbers, none negative and not both 0, not {p!r}, {q!r}")
    n = p + q
    eta = torch.cat([torch.ones(p), -torch.ones(q)]).double()
    i, j = torch.triu_indices(n, n, offset=1)
    return eta[:, None] * _combine(n, [(i, j, 1.0), (j, i, -1.0)])


def sp(n: int) -> Tensor:
    """sp(n) on R^2n: AᵀJ + JA = 0 with J = [[0, 1], [-1, 0]]. Dimension n(2n+1)."""
    if isinstance(n, bool) or not hasattr(n, "__index__") or n < 1:
        raise ValueError(f"sp(n) needs a positive whole number, not {n!r}")
    J = torch.kron(torch.tensor([[0.0, 1.0], [-1.0, 0.0]]), torch.eye(n)).double()
    i, j = torch.triu_indices(2 * n, 2 * n)
    return J @ _combine(2 * n, [(i, j, 1.0), (j, i, 1.0)])


def gl(n: int) -> Tensor:
    """gl(n): every matrix. Dimension n²."""
    if isinstance(n, bool) or not hasattr(n, "__index__") or n < 1:
        raise ValueError(f"gl(n) needs a positive whole number, not {n!r}")
    return torch.eye(n * n, dtype=torch.float64).reshape(n * n, n, n)


def sl(n: int) -> Tensor:
    """sl(n): tr A = 0. Dimension n² - 1."""
    if isinstance(n, bool) or not hasattr(n, "__index__") or n < 1:
        raise ValueError(f"sl(n) needs a positive whole number, not {n!r}")
    unit = torch.eye(n, dtype=torch.float64).flatten()
    return torch.linalg.qr(torch.cat([unit[:, None], torch.eye(n * n).double()], 1)).Q[:, 1:].T.reshape(-1, n, n)


def scaling(n: int) -> Tensor:
    """The multiples of the identity. Dimension 1."""
    if isinstance(n, bool) or not hasattr(n, "__index__") or n < 1:
        raise ValueError(f"scaling(n) needs a positive whole number, not {n!r}")
    return torch.eye(n, dtype=torch.float64)[None] / n**0.5


def translations(n: int) -> Tensor:
    """Translations of R^n as (n+1) x (n+1) matrices acting on (x, 1). Dimension n."""
    if isinstance(n, bool) or not hasattr(n, "__index__") or n < 1:
        raise ValueError(f"translations(n) needs a positive whole number, not {n!r}")
    basis = torch.zeros(n, n + 1, n + 1, dtype=torch.float64)
    basis[range(n), range(n), n] = 1
    return basis


def _combine(n: int, terms: list) -> Tensor:
    """Matrices with the given entries (rows, columns, value), one matrix an index, each of unit norm."""
    basis = torch.zeros(len(terms[0][0]), n, n, dtype=torch.float64)
    for rows, columns, value in terms:
        basis[range(len(basis)), rows, columns] += value
    return basis / torch.linalg.matrix_norm(basis)[:, None, None]


def conjugate(basis: Tensor, g: Tensor) -> Tensor:
    """g A g⁻¹ for every A of the basis, made orthonormal again: the same algebra in other coordinates."""
    if not isinstance(basis, Tensor) or not isinstance(g, Tensor) or basis.ndim < 3 or g.shape != basis.shape[-2:]:
        raise ValueError("conjugate(basis, g) needs matrices (dim, n, n) and one (n, n), as tensors")
    if g.shape[0] != g.shape[1] or g.dtype != basis.dtype or not (g.is_floating_point() or g.is_complex()):
        raise ValueError(f"g must be square and of the basis' type {basis.dtype}, real or complex, not {g.dtype}")
    if torch.linalg.inv_ex(g).info:
        raise ValueError("g must be invertible, and this matrix is singular")
    return orthonormal(g @ basis @ torch.linalg.inv(g))


def orthonormal(basis: Tensor) -> Tensor:
    """An orthonormal basis of the span of linearly independent matrices (dim, n, n)."""
    if not isinstance(basis, Tensor) or basis.ndim < 2 or not (basis.is_floating_point() or basis.is_complex()):
        raise ValueError("orthonormal(basis) needs a tensor of real or complex matrices (dim, n, n)")
    if len(basis) > basis.shape[1:].numel():
        raise ValueError(f"{len(basis)} matrices of shape {tuple(basis.shape[1:])} are not linearly independent")
    return torch.linalg.qr(basis.flatten(1).T).Q.T.reshape(basis.shape)


def direct_sum(*bases: Tensor) -> Tensor:
    """The direct sum of algebras as block-diagonal matrices, (sum of the dimensions, sum of n, sum of n)."""
    if not bases or any(not isinstance(b, Tensor) or b.ndim != 3 or b.shape[1] != b.shape[2] for b in bases):
        raise ValueError("direct_sum(*bases) needs one basis or more, tensors of shape (dim, n, n)")
    sizes = [basis.shape[-1] for basis in bases]
    ends = torch.tensor(sizes).cumsum(0).tolist()
    pads = [torch.nn.functional.pad(b, (end - n, ends[-1] - end) * 2) for b, n, end in zip(bases, sizes, ends)]
    return torch.cat(pads)

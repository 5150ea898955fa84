"""Bases of the classical matrix Lie algebras, orthonormal in the Frobenius inner product, and how to change them."""

import torch
from torch import Tensor


def so(p: int, q: int = 0) -> Tensor:
    """so(p, q): Aᵀη + ηA = 0, η diagonal with p ones and q minus ones; so(n) is so(n, 0). Dimension (p+q)(p+q-1)/2."""
    n = p + q
    eta = torch.cat([torch.ones(p), -torch.ones(q)]).double()
    i, j = torch.triu_indices(n, n, offset=1)
    return eta[:, None] * _combine(n, [(i, j, 1.0), (j, i, -1.0)])


def sp(n: int) -> Tensor:
    """sp(n) on R^2n: AᵀJ + JA = 0 with J = [[0, 1], [-1, 0]]. Dimension n(2n+1)."""
    J = torch.kron(torch.tensor([[0.0, 1.0], [-1.0, 0.0]]), torch.eye(n)).double()
    i, j = torch.triu_indices(2 * n, 2 * n)
    return J @ _combine(2 * n, [(i, j, 1.0), (j, i, 1.0)])


def gl(n: int) -> Tensor:
    """gl(n): every matrix. Dimension n²."""
    return torch.eye(n * n, dtype=torch.float64).reshape(n * n, n, n)


def sl(n: int) -> Tensor:
    """sl(n): tr A = 0. Dimension n² - 1."""
    unit = torch.eye(n, dtype=torch.float64).flatten()
    return torch.linalg.qr(torch.cat([unit[:, None], torch.eye(n * n).double()], 1)).Q[:, 1:].T.reshape(-1, n, n)


def scaling(n: int) -> Tensor:
    """The multiples of the identity. Dimension 1."""
    return torch.eye(n, dtype=torch.float64)[None] / n**0.5


def translations(n: int) -> Tensor:
    """Translations of R^n as (n+1) x (n+1) matrices acting on (x, 1). Dimension n."""
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
    return orthonormal(g @ basis @ torch.linalg.inv(g))


def orthonormal(basis: Tensor) -> Tensor:
    """An orthonormal basis of the span of linearly independent matrices (dim, n, n)."""
    return torch.linalg.qr(basis.flatten(1).T).Q.T.reshape(basis.shape)


def direct_sum(*bases: Tensor) -> Tensor:
    """The direct sum of algebras as block-diagonal matrices, (sum of the dimensions, sum of n, sum of n)."""
    sizes = [basis.shape[-1] for basis in bases]
    ends = torch.tensor(sizes).cumsum(0).tolist()
    pads = [torch.nn.functional.pad(b, (end - n, ends[-1] - end) * 2) for b, n, end in zip(bases, sizes, ends)]
    return torch.cat(pads)

"""Invariants of exceptional groups: of octonions G2's three-form, of the Albert algebra F4's and E6's.

An octonion is eight numbers, its real part first. The Albert algebra consists of hermitian 3 × 3 matrices of octonions,

    X = [[α, z, ȳ], [z̄, β, x], [y, x̄, γ]]    as 27 numbers α, β, γ, x, y, z.

The product is a sum over the Fano plane; the algebra, its determinant and the groups that leave them alone are those of
Baez, The octonions (Bulletin of the AMS 39, 2002), sections 2 to 4. The algebras are built of products alone, without
the invariants.
"""

import torch
from torch import Tensor

from liegg import algebra


def structure() -> Tensor:
    """(8, 8, 8) m with e_i e_j = sum_k m_ijk e_k: the lines of the Fano plane are e_i e_{i+1} = e_{i+3}, modulo 7."""
    m = torch.zeros(8, 8, 8, dtype=torch.float64)
    for i in range(8):
        m[0, i, i] = m[i, 0, i] = 1
    for i in range(1, 8):
        m[i, i, 0] = -1
        line = [i, i % 7 + 1, (i + 2) % 7 + 1]
        for a, b, c in (line, line[1:] + line[:1], line[2:] + line[:2]):
            m[a, b, c], m[b, a, c] = 1, -1
    return m


OCTONIONS = structure()
PLACES = (1, 2), (2, 0), (0, 1)  # of x, y and z


def product(x: Tensor, y: Tensor) -> Tensor:
    """Octonions (..., 8), multiplied."""
    return torch.einsum("...i,...j,ijk->...k", x, y, OCTONIONS.to(x))


def conjugate(x: Tensor) -> Tensor:
    """Octonions (..., 8) with the opposite imaginary part."""
    return torch.cat([x[..., :1], -x[..., 1:]], -1)


def three_form(x: Tensor) -> Tensor:
    """φ(u, v, w) = <u v, w> of three vectors of R⁷, the imaginary octonions: (N, 21) -> (N,).

    The matrices that leave it alone are those of G2, up to a third root of one, which is real: lengths follow.
    """
    u, v, w = x.unflatten(1, (3, 7)).unbind(1)
    return torch.einsum("bi,bj,bk,ijk->b", u, v, w, OCTONIONS[1:, 1:, 1:].to(x))


def trace(X: Tensor) -> Tensor:
    """α + β + γ: (N, 27) -> (N,)."""
    return X[:, :3].sum(1)


def trace_of_square(X: Tensor) -> Tensor:
    """α² + β² + γ² + 2 (|x|² + |y|² + |z|²): (N, 27) -> (N,)."""
    return X[:, :3].square().sum(1) + 2 * X[:, 3:].square().sum(1)


def determinant(X: Tensor) -> Tensor:
    """αβγ - α|x|² - β|y|² - γ|z|² + 2 Re((x y) z): (N, 27) -> (N,). The matrices that leave it alone are those of
    E6(-26)."""
    diagonal, (x, y, z) = X[:, :3], X[:, 3:].unflatten(1, (3, 8)).unbind(1)
    squares = X[:, 3:].unflatten(1, (3, 8)).square().sum(2)
    return diagonal.prod(1) - (diagonal * squares).sum(1) + 2 * product(product(x, y), z)[:, 0]


def albert(X: Tensor) -> Tensor:
    """Trace, trace of the square and determinant, (N, 27) -> (N, 3), which F4 leaves alone."""
    return torch.stack([trace(X), trace_of_square(X), determinant(X)], 1)


def g2() -> Tensor:
    """(14, 7, 7) the derivations of the octonions, spanned by [L_a, L_b] + [L_a, R_b] + [R_a, R_b] (Schafer 1966)."""
    L, R = OCTONIONS.mT, OCTONIONS.permute(1, 2, 0)  # L_a x = a x and R_a x = x a, as matrices
    pairs = lambda A, B: algebra.bracket(A[:, None], B[None])
    return span((pairs(L, L) + pairs(L, R) + pairs(R, R)).flatten(0, 1)[:, 1:, 1:])


def f4() -> Tensor:
    """(52, 27, 27) the derivations of the Albert algebra, spanned by commutators of its multiplications."""
    L = multiplications()
    return span(algebra.bracket(L[:, None], L[None]).flatten(0, 1))


def e6() -> Tensor:
    """(78, 27, 27) e6(-26): the derivations, and multiplications by elements without trace."""
    L = multiplications()
    return span(torch.cat([f4(), L[0:2] - L[1:3], L[3:]]))


def multiplications() -> Tensor:
    """(27, 27, 27) L_a X = (a X + X a) / 2 for the 27 unit vectors, as matrices."""
    unit = matrices(torch.eye(27, dtype=torch.float64))
    times = torch.einsum("aijp,bjkq,pqr->abikr", unit, unit, OCTONIONS)
    return entries((times + times.transpose(0, 1)) / 2).mT


def matrices(X: Tensor) -> Tensor:
    """Hermitian matrices of octonions (..., 3, 3, 8) with these entries (..., 27)."""
    M = X.new_zeros(*X.shape[:-1], 3, 3, 8)
    M[..., range(3), range(3), 0] = X[..., :3]
    for (i, j), x in zip(PLACES, X[..., 3:].split(8, -1)):
        M[..., i, j, :], M[..., j, i, :] = x, conjugate(x)
    return M


def entries(M: Tensor) -> Tensor:
    """(..., 27) of hermitian matrices of octonions (..., 3, 3, 8)."""
    return torch.cat([M[..., range(3), range(3), 0], *(M[..., i, j, :] for i, j in PLACES)], -1)


def span(A: Tensor) -> Tensor:
    """An orthonormal basis of what matrices (k, n, n) span."""
    _, S, V = torch.linalg.svd(A.flatten(1), full_matrices=False)
    return V[: int((S / S[0]).gt(1e-9).sum())].unflatten(1, A.shape[1:])

"""Matrix Lie algebras as orthonormal bases, and how to compare them.

An algebra is a tensor of shape (dim, n, n) in float64 whose matrices are orthonormal in the Frobenius inner product
<A, B> = tr(AᵀB). Angles are in degrees.
"""

import torch
from scipy.linalg import subspace_angles
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


def bracket(A: Tensor, B: Tensor) -> Tensor:
    """[A, B] = AB - BA, over any leading dimensions."""
    return A @ B - B @ A


def closure(basis: Tensor) -> float:
    """How far an orthonormal basis (dim, n, n) is from closing under the bracket: 0 for a Lie algebra, at most 1.

    The root mean square over pairs of the part of [A_i, A_j] outside the span, relative to that of the brackets
    themselves. An abelian or one-dimensional span closes, so its value is 0.
    """
    return defect(basis.flatten(1), bracket(basis[:, None], basis[None]).flatten(0, 1).flatten(1))


def defect(span: Tensor, brackets: Tensor) -> float:
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

"""Names of Lie algebras, by what no change of basis alters.

Matrices are first brought to a balanced basis, where the span is as near to closed under transposition as can be.
Traces of products split off nilpotent motions (translations, shears), the radical of the Killing form what commutes,
and what remains is a sum of simple ideals, each of which `simple` names.
"""

from collections.abc import Callable

import numpy as np
import scipy
import torch
from torch import Tensor

from liegg.actions import Action
from liegg.symmetry.simple import coordinates_moved, simple_ideals

SMALL = 0.1  # singular values below this share of the largest are zero; of forms, which are quadratic, below its square
UNIT = 0.3  # the least that the largest one counts as, so that noise alone does not set the scale


def name(action: Action, basis: Tensor) -> tuple[str, tuple[int, int, int]]:
    """The name of a closed basis (d, K), "" if it has none, and how many eigenvalues of the Killing form are positive,
    negative and zero."""
    A = balanced(action.matrix(basis), action.n) if action.linear else None
    c = (
        constants(action, basis)
        if A is None
        else _constants(A.flatten(1), (A[:, None] @ A - A @ A[:, None]).flatten(2))
    )
    eigenvalues = torch.linalg.eigvalsh(killing(c))
    zero = SMALL**2 * max(float(eigenvalues.abs().max()), UNIT)
    signature = (int((eigenvalues > zero).sum()), int((eigenvalues < -zero).sum()))
    return _name(action, basis, c, A), (*signature, len(c) - sum(signature))


def constants(action: Action, basis: Tensor) -> Tensor:
    """Structure constants c (d, d, d) of a closed basis (d, K): [A_i, A_j] = sum_k c_ijk A_k."""
    return _constants(action.values(basis), action.bracket(basis[:, None], basis[None]))


def _constants(values: Tensor, brackets: Tensor) -> Tensor:
    return brackets @ torch.linalg.pinv(values)


def killing(c: Tensor) -> Tensor:
    """The Killing form tr(ad_i ad_j), (d, d), of structure constants (d, d, d)."""
    return torch.einsum("ikl,jlk->ij", c, c)


def balanced(A: Tensor, n: int, steps: int = 2000) -> Tensor:
    """An orthonormal basis of g A g⁻¹, (d, n, n), for the change of basis g that makes sum [A, Aᵀ] vanish.

    Steepest descent of sum |g A g⁻¹|² over g. A reductive algebra gets there, and is then closed under transposition
    (Mostow 1955); others end where g becomes ill-conditioned. Of affine matrices only the linear part, the first n
    coordinates, is looked at and changed.
    """
    A, size = A.numpy(), A.shape[-1]  # numpy, for matrices so small that torch's calls would take longer than its sums
    g, step, back = np.eye(size), np.eye(size), np.eye(size)
    for _ in range(steps):
        L = A[:, :n, :n]
        up, down = (L @ L.mT).sum(0), (L.mT @ L).sum(0)
        if np.linalg.norm(up - down) < 1e-3 or np.linalg.cond(g) > 1e4:
            break
        rates, axes = np.linalg.eigh((down - up) / (2 * np.linalg.norm(up + down, 2)))
        step[:n, :n], back[:n, :n] = (axes * np.exp(rates)) @ axes.T, (axes * np.exp(-rates)) @ axes.T
        g = step @ g
        A = np.linalg.qr((step @ A @ back).reshape(len(A), -1).T).Q.T.reshape(A.shape)
    return torch.from_numpy(np.ascontiguousarray(A))


def least_squares(function: Callable[[Tensor], Tensor], at: Tensor, target: Tensor) -> Tensor:
    """The shortest step δ that minimises |Dfunction(at) δ - target|, matrix-free."""
    _, backward = torch.func.vjp(function, at)  # type: ignore[misc]
    tensor = lambda v, like: torch.as_tensor(np.asarray(v, float)).reshape(like.shape)
    operator = scipy.sparse.linalg.LinearOperator(
        (target.numel(), at.numel()),
        matvec=lambda v: torch.func.jvp(function, (at,), (tensor(v, at),))[1].flatten().numpy(),
        rmatvec=lambda v: backward(tensor(v, target))[0].flatten().numpy(),
    )
    return tensor(scipy.sparse.linalg.lsmr(operator, target.flatten().numpy(), atol=1e-5, btol=1e-5)[0], at)


def _name(action: Action, basis: Tensor, c: Tensor, A: Tensor | None) -> str:
    d = len(c)
    nilpotent, rest = c.new_zeros(0, d), torch.eye(d).to(c)
    if A is not None:
        nilpotent, rest = _nilpotent(A)
    reductive = torch.einsum("ai,bj,ijk,ck->abc", rest, rest, c, rest)
    centre, _ = _null(reductive.flatten(1).T, SMALL)
    _, derived = _null(reductive.flatten(0, 1), SMALL)
    radical, levi = _null(derived @ killing(reductive), SMALL**2)
    semisimple = torch.einsum("ai,bj,ijk,ck->abc", levi, levi, reductive, levi)
    matrices = None if A is None else torch.einsum("ai,ijk->ajk", levi @ rest, A)
    ideals = simple_ideals(semisimple, killing(semisimple), matrices)
    if any(ideal.dimension < 3 for ideal in ideals):
        return ""  # there is no such simple algebra: the parts contradict each other
    names = [ideal.name for ideal in ideals]
    if (
        len(names) == 2
        and sorted(ideals)[0][1:] == sorted(ideals)[1][1:]
        and ideals[0].moved == 4 == coordinates_moved(A)
    ):
        names = [{"su(2)": "so(4)", "su(1,1)": "so(2,2)"}[names[0]]]
    commuting = torch.einsum("ci,ijk->cjk", centre @ rest, A) if A is not None else centre
    names += _commuting(commuting) if A is not None else ["R"] * len(centre)
    if len(names) == 2 and names[0][:3] == "sl(" and "C" not in names[0] and names[1] == "scaling":
        names = [names[0].replace("sl", "gl")]
    if len(names) == 2 and names[0][:3] == "su(" and names[1] == "so(2)" and ideals[0].moved == coordinates_moved(A):
        names = [names[0][1:]]
    if len(centre) < len(radical):
        whole = " + ".join(ideal.name for ideal in ideals)
        return f"{whole} ⋉ a radical of dimension {d - len(levi)}" if whole else f"solvable of dimension {d}"
    if not len(nilpotent):
        return " + ".join(names)
    return _with_nilpotent(action, basis, c, names, nilpotent)


def _nilpotent(A: Tensor) -> tuple[Tensor, Tensor]:
    """Rows (k, d) that span the ideal of (d, n, n) which acts nilpotently, and the rest.

    Where the trace form is null the algebra is solvable (Cartan), but a spiral is there too. Such an x is nilpotent if
    tr(x hᵖ) = 0 for all powers of a generic element h there: by Lie's theorem that sum over the common eigenvalues
    determines each of them.
    """
    null, rest = _null(torch.einsum("ijk,lkj->il", A, A), SMALL**2)
    if not len(null):
        return null, rest
    N = torch.einsum("ki,ijl->kjl", null, A)
    weights = torch.randn(len(N), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    h = torch.einsum("k,kij->ij", weights, N)
    h = h / torch.linalg.matrix_norm(h, 2)
    powers = torch.stack([torch.linalg.matrix_power(h, p) for p in range(A.shape[-1])])
    nilpotent, growing = _null(torch.einsum("kij,pji->pk", N, powers), SMALL, 1.0)
    return nilpotent @ null, torch.cat([growing @ null, rest])


def _with_nilpotent(action: Action, basis: Tensor, c: Tensor, names: list[str], nilpotent: Tensor) -> str:
    """The name of a reductive part together with nilpotent motions, rows (k, d)."""
    k = len(nilpotent)
    acting = torch.einsum("ai,ijk->ajk", nilpotent, c)
    if acting.abs().max() <= SMALL:  # they commute with everything
        shifts = _translations(action, basis) == k
        return " + ".join([*names, *["translation" if shifts else "nilpotent"] * k])
    abelian = torch.einsum("bj,ajk->abk", nilpotent, acting).abs().max() <= SMALL
    if not names:
        return f"nilpotent of dimension {k}"
    part = f"R^{k}" if abelian else f"nilpotent of dimension {k}"
    whole = " + ".join(names)
    if abelian and whole == f"so({k})":
        return f"se({k})"
    return f"{f'({whole})' if ' + ' in whole else whole} ⋉ {part}"


def _translations(action: Action, basis: Tensor) -> int:
    """How many combinations of affine generators, orthonormal (d, K), have no linear part."""
    A = action.matrix(basis)
    if A.shape[-1] != action.n + 1:
        return 0
    S = torch.linalg.svdvals(A[:, :-1, :-1].flatten(1))
    return len(A) - int((S > SMALL).sum())


def purified(action: Action, basis: Tensor, name: str) -> Tensor:
    """A generator (1, K) with what is not turning, or not scaling, taken out of its eigenvalues."""
    if name not in ("so(2)", "scaling"):
        return basis
    values, vectors = torch.linalg.eig(action.matrix(basis)[0])
    grown = values.abs() > SMALL * values.abs().max()
    pure = 1j * values.imag if name == "so(2)" else values.real[grown].mean() * grown
    matrix = (vectors @ torch.diag(pure.to(vectors.dtype)) @ torch.linalg.inv(vectors)).real
    if matrix.shape[-1] > action.n:
        matrix[-1] = 0  # of rounding
    return action.coefficients(matrix)[None]


def _commuting(A: Tensor) -> list[str]:
    """Names of commuting matrices (z, n, n) by their joint eigenvalues: turning, scaling, or neither."""
    if not len(A):
        return []
    weights = torch.randn(len(A), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    V = torch.linalg.eig(torch.einsum("z,zij->ij", weights, A)).eigenvectors
    joint = (torch.linalg.pinv(V) @ A.to(V.dtype) @ V).diagonal(dim1=-2, dim2=-1)  # (z, n)
    turning, _ = _null(joint.real.T, SMALL, float(joint.abs().max()))
    growing, _ = _null(joint.imag.T, SMALL, float(joint.abs().max()))
    if len(turning) + len(growing) != len(A):
        return ["R"] * len(A)
    rates = growing @ joint.real  # (g, n)
    even = (rates.abs().amax(0) > SMALL * rates.abs().max()).double() if len(rates) else torch.zeros(0)
    fit = rates.T @ torch.linalg.lstsq(rates.T, even[:, None]).solution if len(rates) else even
    scales = bool(len(rates) and (fit[:, 0] - even).norm() <= SMALL * even.norm())
    return ["so(2)"] * len(turning) + ["scaling"] * scales + ["R"] * (len(rates) - scales)


def _null(matrix: Tensor, tolerance: float, unit: float = UNIT) -> tuple[Tensor, Tensor]:
    """Orthonormal rows that span the null space, and the rest; null is relative to the largest singular value."""
    if not matrix.numel():
        return torch.eye(matrix.shape[-1]).to(matrix), matrix.new_zeros(0, matrix.shape[-1])
    R = torch.linalg.qr(matrix, mode="r").R if len(matrix) > matrix.shape[-1] else matrix
    _, S, V = torch.linalg.svd(R, full_matrices=True)
    null = torch.nn.functional.pad(S, (0, len(V) - len(S))) <= tolerance * max(float(S.max()), unit)
    return V[null], V[~null]

"""Which Lie algebra some generators span, whatever the basis they are written in.

Found generators close under the bracket only up to the network's error. `identify` first moves them to the nearest
span that closes exactly, then reads off what no change of basis alters: the trace form splits off nilpotent motions
(translations, shears), the centre and the Killing form's radical split off what commutes, the commutant of the adjoint
representation splits the rest into simple ideals, and each of these is named by its dimension and the signature of its
Killing form (for the classical series see Helgason 1978, chapter X).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, lsmr
from torch import Tensor

from liegg import algebra
from liegg.actions import Action

FAR = 15.0  # degrees: generators farther from any algebra than this get no name
OPEN = 0.3  # closure defect above which they get none either
SMALL = 0.1  # what counts as zero beside the largest of its kind; squared for forms, which are quadratic


UNIT = 0.3  # structure constants and forms of unit-norm generators are at least about this, or zero


class Match(NamedTuple):
    """The algebra that generators span, by name, and how well they do."""

    name: str
    """e.g. "so(5)", "so(3) + so(2)"; names are isomorphism classes, those of `algebra` where it has them"""
    angle: float
    """the largest principal angle to the nearest algebra of that name, in degrees"""
    closure: float
    """how far the generators are from closing under the bracket, in [0, 1]"""
    killing: tuple[int, int, int]
    """how many eigenvalues of the Killing form are positive, negative (compact directions) and zero"""


def identify(action: Action, coefficients: Tensor) -> Match | None:
    """Name the Lie algebra spanned by generators (d, K) of an action; None if they are near none."""
    if not len(coefficients):
        return None
    coefficients = torch.linalg.qr(coefficients.double().T).Q.T
    defect = closure(action, coefficients)
    closed = nearest(action, coefficients) if 1e-12 < defect <= OPEN else coefficients
    if defect > OPEN or closed is None:
        return None
    c = constants(action, closed)
    name = _name(action, closed, c)
    if len(closed) == 1 and name in ("so(2)", "scaling"):
        closed = _pure(action, closed, name)
    angle = float(algebra.principal_angles(coefficients, closed)[-1])
    if angle > FAR:
        return None
    eigenvalues = torch.linalg.eigvalsh(killing(c))
    zero = SMALL**2 * max(float(eigenvalues.abs().max()), UNIT)
    signature = (int((eigenvalues > zero).sum()), int((eigenvalues < -zero).sum()))
    return Match(name, angle, defect, (*signature, len(c) - sum(signature)))


def closure(action: Action, coefficients: Tensor) -> float:
    """How far generators (d, K) are from closing under the bracket, in [0, 1]: see `algebra.closure`."""
    return algebra.defect(
        action.values(coefficients), action.bracket(coefficients[:, None], coefficients[None]).flatten(0, 1)
    )


def constants(action: Action, basis: Tensor) -> Tensor:
    """Structure constants c (d, d, d) of a closed basis (d, K): [A_i, A_j] = sum_k c_ijk A_k."""
    brackets = action.bracket(basis[:, None], basis[None])
    return brackets @ torch.linalg.pinv(action.values(basis))


def killing(c: Tensor) -> Tensor:
    """The Killing form tr(ad_i ad_j), (d, d), of structure constants (d, d, d)."""
    return torch.einsum("ikl,jlk->ij", c, c)


def nearest(action: Action, basis: Tensor, steps: int = 30) -> Tensor | None:
    """The nearest closed span to that of orthonormal coefficients (d, K), by Gauss-Newton; None if it finds none.

    Spans near the given one are basis + W complement, W (d, K - d); each step is the shortest that removes the
    linearised defect.
    """
    d, K = basis.shape
    complement = torch.linalg.qr(basis.T, mode="complete").Q[:, d:].T
    i, j = torch.triu_indices(d, d, offset=1)

    def open_part(W: Tensor) -> Tensor:
        moved = basis + W @ complement
        Q = torch.linalg.qr(action.values(moved).T).Q
        brackets = action.bracket(moved[i], moved[j])
        return brackets - brackets @ Q @ Q.T

    W = torch.zeros(d, K - d, dtype=torch.float64)
    for _ in range(steps):
        r = open_part(W)
        if r.norm() < 1e-10:
            return torch.linalg.qr((basis + W @ complement).T).Q.T
        W = W - _least_squares(open_part, W, r)
    return None


def _least_squares(function: Callable[[Tensor], Tensor], at: Tensor, target: Tensor) -> Tensor:
    """The shortest step δ that minimises |Dfunction(at) δ - target|, matrix-free."""
    _, backward = torch.func.vjp(function, at)
    tensor = lambda v, like: torch.as_tensor(np.asarray(v, float)).reshape(like.shape)
    operator = LinearOperator(
        (target.numel(), at.numel()),
        matvec=lambda v: torch.func.jvp(function, (at,), (tensor(v, at),))[1].flatten().numpy(),
        rmatvec=lambda v: backward(tensor(v, target))[0].flatten().numpy(),
    )
    return tensor(lsmr(operator, target.flatten().numpy(), atol=1e-5, btol=1e-5)[0], at)


def _name(action: Action, basis: Tensor, c: Tensor) -> str:
    """The name of a closed basis (d, K) with structure constants c."""
    d, A = len(c), action.matrix(basis)
    nilpotent, rest = basis.new_zeros(0, d), torch.eye(d).to(basis)
    if action.linear:
        nilpotent, rest = _null(torch.einsum("ijk,lkj->il", A, A), SMALL**2)
    quotient = torch.einsum("ai,bj,ijk,ck->abc", rest, rest, c, rest)
    centre, _ = _null(quotient.flatten(1).T, SMALL)
    _, derived = _null(quotient.flatten(0, 1), SMALL)
    ideals = _simple(torch.einsum("ai,bj,ijk,ck->abc", derived, derived, quotient, derived), derived @ rest, A)
    names = [name for name, _ in ideals]
    names += _commuting(torch.einsum("ci,ijk->cjk", centre @ rest, A)) if action.linear else ["R"] * len(centre)
    if len(centre) + len(derived) < len(rest):
        names.append("a solvable part")
    for parts, joint in _JOINT.items():
        if sorted(ideals) == sorted(parts):
            names[:2] = [joint]
    reductive = " + ".join(names)
    if len(names) == 2 and names[0][:3] == "sl(" and names[1] == "scaling":
        reductive = names[0].replace("sl", "gl")
    if not len(nilpotent):
        return reductive
    moving = torch.einsum("ai,ijk->ajk", nilpotent, A)
    if torch.einsum("ai,ijk->ajk", nilpotent, c).abs().max() <= SMALL:
        translations = moving[..., :-1].norm() <= SMALL * moving.norm()
        return " + ".join([*names, *["translation" if translations else "nilpotent"] * len(nilpotent)])
    if reductive == f"so({len(nilpotent)})":
        return f"se({len(nilpotent)})"
    return f"{f'({reductive})' if ' + ' in reductive else reductive} ⋉ R^{len(nilpotent)}"


def _pure(action: Action, basis: Tensor, name: str) -> Tensor:
    """The generator (1, K) with what is not turning, or not scaling, taken out of its eigenvalues."""
    values, vectors = torch.linalg.eig(action.matrix(basis)[0])
    grown = values.abs() > SMALL * values.abs().max()
    pure = 1j * values.imag if name == "so(2)" else values.real[grown].mean() * grown
    matrix = (vectors @ torch.diag(pure.to(vectors.dtype)) @ torch.linalg.inv(vectors)).real
    if matrix.shape[-1] > action.n:
        matrix[-1] = 0  # of rounding
    return action.coefficients(matrix)[None]


def _simple(c: Tensor, basis: Tensor, A: Tensor) -> list[tuple[str, int]]:
    """The simple ideals of a semisimple algebra, the largest first: names, and how many coordinates each one moves."""
    s = len(c)
    if not s:
        return []
    ad = c.transpose(1, 2)  # ad_i as matrices
    commutator = lambda T: ad @ T - T @ ad
    T = torch.randn(s, s, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for _ in range(8):
        T = T - _least_squares(commutator, torch.zeros_like(T), commutator(T))
    values, vectors = torch.linalg.eig(T)
    ideals, left = [], list(range(s))
    while left:
        first = values[left[0]]
        mine = [i for i in left if min(abs(values[i] - first), abs(values[i] - first.conj())) < 1e-4]
        left = [i for i in left if i not in mine]
        span = torch.view_as_real(vectors[:, mine]).flatten(1)
        ideal = torch.linalg.svd(span)[0][:, : len(mine)].T
        form = torch.linalg.eigvalsh(ideal @ killing(c) @ ideal.T)
        matrices = torch.einsum("ai,ijk->ajk", ideal @ basis, A)
        moved = torch.linalg.matrix_rank(matrices.movedim(0, 1).flatten(1), rtol=SMALL)
        ideals.append(
            (len(mine), _simple_name(len(mine), int((form > 0).sum()), first.imag.abs() > 1e-4, moved), moved)
        )
    return [(name, int(moved)) for _, name, moved in sorted(ideals, key=lambda ideal: (-ideal[0], ideal[1]))]


_JOINT = {(("so(3)", 4), ("so(3)", 4)): "so(4)", (("so(1,2)", 4), ("so(1,2)", 4)): "so(2,2)"}


def _simple_name(dimension: int, noncompact: int, complex_type: bool, moved: int) -> str:
    """The simple real algebra of this dimension with so many positive eigenvalues of the Killing form.

    Where several names mean the same algebra, the one whose standard representation has the size that is moved.
    """
    table = []  # (name, size of the standard representation, dimension, positive eigenvalues, of complex type)
    for n in range(2, 12):
        table.append((f"sl({n})", n, n * n - 1, n * (n + 1) // 2 - 1, False))
        table.append((f"sp({n})", 2 * n, n * (2 * n + 1), n * (n + 1), False))
        for q in range(n // 2 + 1):
            p = n - q
            names = (f"so({q},{p})", f"su({q},{p})") if q else (f"so({n})", f"su({n})")
            if n > 2 and (p, q) not in ((4, 0), (2, 2)):
                table.append((names[0], n, n * (n - 1) // 2, p * q, (p, q) == (3, 1)))
            if n > 2:
                table.append((names[1], 2 * n, n * n - 1, 2 * p * q, False))
    fits = [row for row in table if row[2:] == (dimension, noncompact, complex_type)]
    fits.sort(key=lambda row: abs(row[1] - moved))
    return fits[0][0] if fits else f"simple of dimension {dimension}"


def _commuting(A: Tensor) -> list[str]:
    """Names of commuting matrices (z, n, n) by their joint eigenvalues: turning, scaling, or neither."""
    if not len(A):
        return []
    weights = torch.randn(len(A), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    V = torch.linalg.eig(torch.einsum("z,zij->ij", weights, A)).eigenvectors
    joint = torch.linalg.solve(V, A.to(V.dtype) @ V).diagonal(dim1=-2, dim2=-1)  # (z, n)
    turning, _ = _null(joint.real.T, SMALL, float(joint.abs().max()))
    growing, _ = _null(joint.imag.T, SMALL, float(joint.abs().max()))
    if len(turning) + len(growing) != len(A):
        return ["R"] * len(A)
    names = ["so(2)"] * len(turning)
    for rates in growing @ joint.real:
        grown = rates[rates.abs() > SMALL * rates.abs().max()]
        names.append("scaling" if grown.std(correction=0) <= SMALL * grown.abs().mean() else "R")
    return names


def _null(matrix: Tensor, tolerance: float, unit: float = UNIT) -> tuple[Tensor, Tensor]:
    """Orthonormal rows that span the null space, and the rest; null is relative to the largest singular value."""
    if not matrix.numel():
        return matrix.new_zeros(0, matrix.shape[-1]), torch.eye(matrix.shape[-1]).to(matrix)
    _, S, V = torch.linalg.svd(matrix, full_matrices=True)
    null = torch.nn.functional.pad(S, (0, len(V) - len(S))) <= tolerance * max(float(S.max()), unit)
    return V[null], V[~null]

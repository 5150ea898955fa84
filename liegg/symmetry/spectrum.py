"""The directions of a polarization matrix in ascending order of variance, and those about which the data say nothing.

Rows here are those of triangular factors, (2, M, rows, K): each function's own and, in the same coordinates, those of
the sum of all functions' matrices.
"""

import warnings
from typing import NamedTuple

import torch
from torch import Tensor

from liegg.actions import Action
from liegg.symmetry.coherence import coherence
from liegg.symmetry.factors import EXACT, Factor, Factors
from liegg.symmetry.units import Units, units

TRIVIAL = 1e-8  # of the mean variance: what the data say nothing about
SILENT = 0.5  # several functions: outputs that are less coherent move by errors alone
THIN = 1e3  # a ratio of standard deviations beyond which answers rest on the data's last digits


class Spectrum(NamedTuple):
    """The directions of one or several functions and what is measured along them: see `Symmetry`."""

    coefficients: Tensor
    output_coefficients: Tensor | None
    own: Tensor
    summed: Tensor
    held_own: Tensor
    held_summed: Tensor
    chunks: Tensor
    mismatched: Tensor
    trivial_coefficients: Tensor
    trivial_output_coefficients: Tensor | None
    scale: float
    samples: int
    thin: float


def spectrum(factors: Factors, action: Action, output_action: Action | None = None) -> Spectrum:
    """What polarization factors say of the directions of an action, without deciding which count."""
    sizes = [output_action.size if output_action else 0, action.size]
    E = _rows(factors, sizes)
    moved = E[0, ..., sizes[0] :]  # J A x
    chance = torch.cat([factor.triangle for factor in factors.mismatched])
    to_output = idle = None
    if output_action:
        E, to_output, idle = _take_off(E, sizes[0])
        chance = _take_off(chance.expand(2, 1, -1, -1), sizes[0])[0][0, 0]
    trivial, within, thin = _split(action, factors.data)
    v = _directions(_along(_brief(E), within)) @ within
    held_own, held_summed = _held_out(E, v) / factors.samples
    v = v * v.gather(1, v.abs().argmax(1, keepdim=True)).sign()
    own, summed = _along(E, v)  # each (M, rows, K)
    by_chance = (chance @ v.T).square().sum(0) / factors.mismatched[0].samples / factors.networks
    scale = (moved @ v.T if output_action else own).square().sum(1).mean() / factors.samples
    unit = v / v.norm(dim=1, keepdim=True)
    return Spectrum(
        coefficients=unit,
        output_coefficients=unit @ to_output if output_action else None,
        own=own.square().sum(1) / factors.samples,
        summed=(own * summed).sum(1) / factors.samples,
        held_own=held_own,
        held_summed=held_summed,
        chunks=_by_part(own, factors),
        mismatched=by_chance,
        trivial_coefficients=trivial,
        trivial_output_coefficients=idle,
        scale=float(scale if scale > 0.1 * by_chance.mean() else by_chance.mean()),
        samples=factors.samples,
        thin=thin,
    )


def _rows(factors: Factors, sizes: list[int]) -> Tensor:
    """(2, M, rows, K): triangular rows that stand for each function's polarization matrix, of one function part by
    part, and in the same coordinates those of the sum of all functions' matrices."""
    if factors.networks == 1:
        own = summed = factors.matched[0].triangles.flatten(0, 1)[None]
    else:
        own, summed = torch.stack([factor.triangle for factor in factors.matched]).chunk(2, -1)
    samples = factors.data.triangles.shape[-1]
    made_for = [own.shape[-1] - samples, samples]
    if made_for != sizes:
        raise ValueError(
            f"the factors have {made_for} columns a function for outputs and samples, and these actions have {sizes} "
            "directions: give decide the actions that polarize was given"
        )
    return torch.stack([own, summed])


def _brief(E: Tensor) -> Tensor:
    """Rows (2, M, rows, K) with the same products, of one function as few as there are columns."""
    return E if E.shape[1] > 1 else torch.linalg.qr(E[0], mode="r").R.expand(2, -1, -1, -1)


def _along(E: Tensor, directions: Tensor) -> Tensor:
    """Rows (2, M, rows, K) along directions (k, K); of one function, whose rows are those of the sum, computed once."""
    return E @ directions.T if E.shape[1] > 1 else (E[0] @ directions.T).expand(2, -1, -1, -1)


def _by_part(own: Tensor, factors: Factors) -> Tensor:
    """(parts, K) the variance along each direction in every part of the data that has samples; (0, K) for several."""
    counts = factors.matched[0].counts
    if factors.networks > 1:
        return own.new_zeros(0, own.shape[-1])
    return (own[0].unflatten(0, (len(counts), -1)).square().sum(1) / counts[:, None])[counts > 0]


def _split(action: Action, data: Factor) -> tuple[Tensor, Tensor, float]:
    """Orthonormal rows that span the trivial directions; unit ones that span the rest, (k, K); how thin the data are.

    data    the data control, null where the data cannot tell anything; warns where it has too few samples, and of data
            that are thinner than THIN
    """
    if data.samples < 2 * action.size:
        warnings.warn(
            f"{data.samples + 1} samples are too few for {action.size} directions: what is null for lack of data "
            f"cannot be told from a symmetry; give at least {2 * action.size + 1}",
            stacklevel=6,
        )
        return torch.zeros(0, action.size, dtype=torch.float64), torch.eye(action.size, dtype=torch.float64), 1.0
    of = units(action, data)
    if of.thin > THIN:
        warnings.warn(
            f"along one axis the samples vary {of.thin:.2g} times less than along another: what is said of directions "
            "along it rests on the last digits of data and function; leave such combinations of features out",
            stacklevel=6,
        )
    _, S, V = torch.linalg.svd(data.triangle @ of.data.T, full_matrices=True)
    null = torch.cat([S, S.new_zeros(len(V) - len(S))]).square() <= TRIVIAL * S.square().mean()
    return _outside(of, V[null] @ of.data), _inside(of, V[null]), of.thin


def _inside(of: Units, null: Tensor) -> Tensor:
    """Unit directions (k, K), orthogonal as such to those that are null in the data's scale."""
    if not len(null):
        return of.even
    nulls = torch.linalg.lstsq(of.even.T, (null @ of.data).T, driver="gelsd").solution.T
    return _complement(nulls) @ of.even


def _outside(of: Units, null: Tensor) -> Tensor:
    """Orthonormal rows that span null directions (d, K) and all that leave the span of the data."""
    return torch.linalg.qr(torch.cat([_complement(of.even), null]).T).Q.T


def _directions(E: Tensor) -> Tensor:
    """(k, k) orthonormal rows for polarization rows (2, M, rows, k), in ascending order of (shared) variance.

    One function: right singular vectors. Several: first those that are null to rounding, then the eigenvectors of the
    cross product C = sum over a ≠ b of E_aᵀE_b / (M(M-1)), which is that of the sum less each one's own.
    """
    R = torch.linalg.qr(E[0].flatten(0, 1), mode="r").R  # an SVD of all rows would build their square
    _, S, V = torch.linalg.svd(R)
    V = V.flip(0)
    if E.shape[1] == 1:
        return V
    null = int((S.square() <= EXACT * S.square().mean()).sum())
    own, summed = E @ V[null:].T
    shared = summed[0].T @ summed[0] - _products(own)
    return torch.cat([V[:null], torch.linalg.eigh(shared).eigenvectors.T @ V[null:]])


def _products(rows: Tensor) -> Tensor:
    """(k, k) the sum over functions of the products of their rows (M, rows, k) with themselves."""
    return torch.einsum("ari,arj->ij", rows, rows)


def _held_out(E: Tensor, directions: Tensor) -> Tensor:
    """(2, M, k): what each of M functions says of directions that the others found, in ascending order of what these
    share: the squared length of its rows along them, and their product with those of the sum of all.

    Along directions that were found with a function's help its errors look smaller than they are. Those null to
    rounding are found by all; one function is held against none, (2, 0, k).
    """
    M = E.shape[1]
    if M == 1:
        return E.new_zeros(2, 0, len(directions))
    own, summed = E @ directions.T
    products = _products(own)
    null = int((products.diagonal() <= EXACT * products.diagonal().mean()).sum())
    own, summed, products = own[..., null:], summed[..., null:], products[null:, null:]
    said = torch.zeros(2, M, len(directions), dtype=E.dtype)
    for a in range(M):
        others = summed[a] - own[a]
        v = torch.linalg.eigh(others.T @ others - products + own[a].T @ own[a]).eigenvectors
        mine, all_of_them = own[a] @ v, summed[a] @ v
        said[0, a, null:], said[1, a, null:] = mine.square().sum(0), (mine * all_of_them).sum(0)
    return said


def _take_off(E: Tensor, outputs: int) -> tuple[Tensor, Tensor, Tensor]:
    """From rows (2, M, rows, K_B + K) of B f and J A x, where K_B = `outputs`: the defects J A x - B f with the best B
    for each A; that B, (K, K_B); and orthonormal rows that span the output directions which move no output, and are in
    no B."""
    Bf, JAx = E[..., :outputs], E[..., outputs:]
    idle, busy = _idle(Bf)
    X = torch.linalg.lstsq((Bf[0] @ busy.T).flatten(0, 1), JAx[0].flatten(0, 1), driver="gelsd").solution
    return JAx - Bf @ busy.T @ X, X.T @ busy, idle


def _idle(Bf: Tensor) -> tuple[Tensor, Tensor]:
    """Orthonormal rows that span the output directions which move no output, and the rest, from (2, M, rows, K).

    With several functions an output direction is idle too if what it moves is each one's own error.
    """
    scale = Bf[0].flatten(0, 1).norm(dim=0)
    scale = scale.clamp_min(1e-8 * scale.max())  # units do not decide what is null; nothing is blown up beyond 1e8
    V = _directions(Bf / scale)
    rows, summed = Bf / scale @ V.T
    own = rows.square().sum(1)  # (M, K)
    idle = own.sum(0) <= TRIVIAL * own.sum(0).mean()
    if len(own) > 1:
        idle |= coherence(own, (rows * summed).sum(1), float(own.mean())) <= SILENT
    idle_rows = torch.linalg.qr((V[idle] / scale).T).Q.T
    return idle_rows, _complement(idle_rows)


def _complement(rows: Tensor) -> Tensor:
    """Orthonormal rows that span the complement of independent rows (k, K)."""
    return torch.linalg.qr(rows.T, mode="complete").Q.T[len(rows) :]

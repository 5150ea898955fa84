"""What generators of a latent space say: whether they close, of which spin they are, and what they are called."""

import torch
from torch import Tensor

from liegg.actions import Linear
from liegg.studies.embedding.generators import ACTION
from liegg.symmetry.factors import Factors
from liegg.symmetry.find import decide
from liegg.symmetry.identify import Match, identify
from liegg.symmetry.result import Symmetry


def closure_errors(L: Tensor) -> Tensor:
    """(3,) |[L_i, L_j] - L_k|/|L_k| for generators (3, d, d) and (i, j, k) = (1, 2, 3) and around: 0 for so(3)."""
    left, right = L.roll(-1, 0), L.roll(-2, 0)
    return torch.linalg.matrix_norm(left @ right - right @ left - L) / torch.linalg.matrix_norm(L)


def casimir(L: Tensor) -> Tensor:
    """(d,) real parts of the eigenvalues of -Σ L_k² for generators (3, d, d), ascending: l (l + 1) for spin l."""
    return torch.linalg.eigvals(-(L @ L).sum(0)).real.sort().values


def spin(L: Tensor) -> float:
    """l, from the mean eigenvalue l (l + 1) of the Casimir operator of generators (3, d, d); below 0 it counts as 0."""
    return (((1 + 4 * casimir(L).mean().clamp_min(0)).sqrt() - 1) / 2).item()


def named(L: Tensor) -> Match | None:
    """The Lie algebra that generators (K, d, d) span, by `Symmetry.identify`'s rules; None where none is near."""
    return identify(Linear(L.shape[-1]), L.double().cpu().flatten(1))


def gap(values: Tensor) -> float:
    """The second of singular values, least first, over the least."""
    return (values[1] / values[0]).item()


def decided(factors: Factors) -> Symmetry | None:
    """What part I's rules make of a transition's polarization; has `identify()`. None where no latent moves, as after a
    collapse, of which they say nothing."""
    return decide(factors, *ACTION) if factors.data.triangles.any() else None


def weight(L: Tensor) -> float:
    """How often latents go round in one turn: the largest imaginary part of the eigenvalues of L (2, 2)."""
    return torch.linalg.eigvals(L).imag.max().item()

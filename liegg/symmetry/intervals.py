"""How sure a measure is: coherence between functions, and intervals of it and of variances.

Several functions are compared along a direction v by the mean product of *different* functions' polarization rows at
the same points with that of each with itself,

    coherence(v) = vᵀC v / vᵀO v,   C = sum over a ≠ b of E_aᵀE_b / (M(M-1)),   O = sum over a of E_aᵀE_a / M.

Signal that all share gives 1, errors of their own give 0.
"""

import torch
from scipy.stats import t as student
from torch import Tensor

from liegg.symmetry.factors import EXACT


def cross(own: Tensor, summed: Tensor) -> Tensor:
    """(K,) vᵀCv, the mean product of different functions' rows, from (M, K) of each: the mean products of function a's
    rows along v with themselves, vᵀE_aᵀE_a v, and with the sum of all functions' rows."""
    M = len(own)
    return (summed.sum(0) - own.sum(0)) / (M * (M - 1))


def coherence(own: Tensor, summed: Tensor, scale: float) -> Tensor:
    """(K,) vᵀCv / vᵀOv from products (M, K) as `cross` takes them; 0 where the variance is null to rounding beside the
    scale."""
    return torch.where(own.mean(0) > EXACT * scale, cross(own, summed) / own.mean(0), 0.0)


def coherence_interval(own: Tensor, summed: Tensor, scale: float) -> Tensor:
    """(K, 2) 95 % intervals of coherence by the jackknife over functions, Student's t with M - 1 degrees of freedom,
    within the range that a coherence can have."""
    M = len(own)
    left_out = torch.stack([_without(a, own, summed, scale) for a in range(M)])
    error = ((M - 1) / M * (left_out - left_out.mean(0)).square().sum(0)).sqrt()
    return student_interval(coherence(own, summed, scale), error, M - 1).clamp(-1 / (M - 1), 1)


def _without(a: int, own: Tensor, summed: Tensor, scale: float) -> Tensor:
    """(K,) the coherence of all functions but a."""
    M = len(own)
    rest = own.sum(0) - own[a]
    products = summed.sum(0) - 2 * summed[a] + own[a]  # of the sum of the others with itself
    mean = rest / (M - 1)
    return torch.where(mean > EXACT * scale, (products - rest) / ((M - 1) * (M - 2)) / mean, 0.0)


def student_interval(value: Tensor, error: Tensor, freedom: int) -> Tensor:
    """(K,) values and their standard errors -> (K, 2) 95 % intervals."""
    half = float(student.ppf(0.975, freedom)) * error
    return torch.stack([value - half, value + half], -1)


def bootstrap_interval(parts: Tensor, *, seed: int, draws: int = 1000) -> Tensor:
    """(parts, K) -> (K, 2): 95 % percentile intervals of the mean over parts drawn with replacement."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(len(parts), (draws, len(parts)), generator=generator)
    return parts[drawn].mean(1).quantile(torch.tensor([0.025, 0.975], dtype=parts.dtype), dim=0).T

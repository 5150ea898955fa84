"""Coherence: how much of what functions say along a direction they share.

Several functions are compared along a direction v by the mean product of *different* functions' polarization rows at
the same points with that of each with itself,

    coherence(v) = vᵀC v / vᵀO v,   C = sum over a ≠ b of E_aᵀE_b / (M(M-1)),   O = sum over a of E_aᵀE_a / M.

Signal that all share gives 1, errors of their own give 0.
"""

import torch
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

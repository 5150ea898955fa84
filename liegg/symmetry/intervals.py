"""How sure measures are: intervals of variances, of what functions share, and of their coherence.

Functions trained independently are the units, their rows E_a v = μ + ε_a along a direction v what they share and an
error of each one's own. With w_a the mean product of function a's rows with themselves and g_a that with the others',
the mean g of the g_a estimates |μ|²/N. The jackknife's pseudo-values j_a = 2(M - 1)/(M - 2) g_a scatter by products of
errors with the signal and of errors with each other, and it takes too many of the latter: with T the variance of one
such product, and ρ the ratio of signal to error,

    variance of j_a = T (4ρ + 4/(M - 2)),   M times that of g = T (4ρ + 2/(M - 1)),

if errors are spread as signals are. The second over the first corrects the jackknife, by 1/4 for M = 3 and ρ = 0.
"""

import scipy
import torch
from torch import Tensor

from liegg.symmetry.coherence import coherence, cross
from liegg.symmetry.factors import EXACT

CONFIDENCE = 0.95  # of two-sided intervals


def shared_interval(own: Tensor, summed: Tensor, quantile: float) -> Tensor:
    """(K, 2) intervals of the variance that functions share, from products (M, K) as `cross` takes them.

    quantile    of Student's t with M - 1 degrees of freedom, which says how wide they are

    The values at which the estimate would lie so many standard errors away, as in Wilson's interval of a share, since
    the error grows with the value.
    """
    M = len(own)
    g = cross(own, summed)
    noise, positive = (own.mean(0) - g).clamp_min(0), g.clamp_min(0)
    spread = (2 / (M - 2) * (summed - own)).var(0)
    ratio = spread / (4 * positive + 4 / (M - 2) * noise).clamp_min(1e-300)  # T over the error's variance
    half = 2 * quantile**2 * ratio / M
    root = (half.square() + 2 * half * g + half * noise / (M - 1)).clamp_min(0).sqrt()
    return torch.stack([g + half - root, g + half + root], -1).clamp_min(0)


def coherence_interval(own: Tensor, summed: Tensor, scale: float) -> Tensor:
    """(K, 2) intervals of coherence by the corrected jackknife, Student's t with M - 1 degrees of freedom, within the
    range that a coherence can have."""
    M, k = len(own), coherence(own, summed, scale)
    inside = k.clamp(0, 1)
    pseudo = 2 / (M - 2) * (summed - own) - inside * own
    signal, errors = 4 * inside * (1 - inside), 2 * inside.square()
    corrected = (signal + 2 / (M - 1) + errors) / (signal + 4 / (M - 2) + errors) * pseudo.var(0) / M
    half = _student(CONFIDENCE, M) * corrected.sqrt() / own.mean(0).clamp_min(EXACT * scale)
    half = torch.where(own.mean(0) > EXACT * scale, half, 0.0)
    return torch.stack([k - half, k + half], -1).clamp(-1 / (M - 1), 1)


def nothing_shared(own: Tensor, summed: Tensor, scale: float) -> Tensor:
    """(K,) for every i the p of a test that functions share nothing along the first i directions together.

    Along each the products are taken over the variance there and added up, so that it does not matter which directions
    span the same space. Student's t with M - 1 degrees of freedom: where nothing is shared the g_a of different
    functions have their products in common, and their variance is (M - 2) T in place of (M - 1) T.
    """
    M, size = len(own), own.mean(0)
    product = torch.where(size > EXACT * scale, (summed - own) / size.clamp_min(1e-300), 0.0).cumsum(1)
    t = product.mean(0) * (M * (M - 2) / 2 / (M - 1) / product.var(0).clamp_min(1e-300)).sqrt()
    return torch.from_numpy(scipy.special.stdtr(M - 1, -t.numpy()))


def mean_interval(values: Tensor, confidence: float = CONFIDENCE) -> Tensor:
    """(n, K) independent positive values -> (K, 2): intervals of their mean, Student's t on a logarithmic scale."""
    mean = values.mean(0)
    half = _student(confidence, len(values)) * values.std(0) / len(values) ** 0.5 / mean.clamp_min(1e-300)
    return mean[:, None] * torch.stack([-half, half], -1).exp()


def _student(confidence: float, n: int) -> float:
    return float(scipy.special.stdtrit(n - 1, (1 + confidence) / 2))

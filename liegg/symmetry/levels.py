"""What can be said of directions at a stated level: is anything shared along them, and how much signal may there be?

Signal along a direction is what independently trained functions share there, or what held-out labels pay for, as a part
of an ordinary direction's variance. Functions are the units: halves of the samples are not independent, since a
network's errors are smooth. So what a function says of a direction is taken where the others found it.

Of several directions that look alike the lowest is lower than it is: noise of equal size in all products of n
directions makes a random symmetric matrix (the Gaussian orthogonal ensemble), and the bounds of n directions which may
all be as small hold for its largest eigenvalue in place of a single normal value.
"""

import functools
from typing import NamedTuple

import scipy
import torch
from torch import Tensor

from liegg.symmetry.factors import EXACT
from liegg.symmetry.intervals import mean_interval, nothing_shared, shared_interval

DRAWS, LARGE = 4000, 40  # matrices that tell how large the largest eigenvalue is, and the size from which it follows


class Signal(NamedTuple):
    """What is known of the signal along K directions, as parts of an ordinary direction's variance, (K,) each."""

    p: Tensor
    """of a test that there is none along this direction and all lower ones; nan for one function without labels"""
    least: Tensor
    """a bound from below"""
    most: Tensor
    """a bound from above"""


def of_several(
    own: Tensor, summed: Tensor, held_own: Tensor, held_summed: Tensor, scale: float, *, tolerance: float, alpha: float
) -> Signal:
    """What M functions share, from products (M, K) along the directions that all of them found, and along those that
    the others found without each.

    The bounds are of the latter, and wrong for any of the directions in at most a share alpha of cases, for as many as
    may have no more than the tolerance. The test is of the former: it is of the space that lower directions span, and
    there errors look smaller than they are, so that it says too rarely that something is shared.
    """
    quantile = float(scipy.special.stdtrit(len(own) - 1, 1 - alpha))
    null = own.mean(0) <= EXACT * scale
    surer = float(scipy.special.stdtrit(len(own) - 1, 1 - alpha / 2))  # to be left out of the count
    single = shared_interval(held_own, held_summed, surer)[:, 0] / scale
    alike = int((single <= tolerance)[~null].sum())
    least, most = shared_interval(held_own, held_summed, quantile * _widening(alike, alpha)).T / scale
    return Signal(nothing_shared(own, summed, scale), least.masked_fill(null, 0), most.masked_fill(null, 0))


def of_labels(variance: Tensor, share: Tensor, error: Tensor, *, tolerance: float, alpha: float) -> Signal:
    """What labels pay for, from relative variances, shares of signal and their standard errors.

    Labels had no part in finding the directions. Of those that may have no more than the tolerance each takes its part
    of alpha, and so do lower directions in the test. Where labels tell nothing there may be any signal.
    """
    told = share.isfinite() & error.isfinite() & (error > 0)
    share, error = share.where(told, 0.0) * variance, error.where(told, 1.0) * variance
    z = (share / error.clamp_min(1e-300)).where(told, 0.0)
    p = (torch.from_numpy(scipy.special.ndtr(-z.numpy())).cummin(0).values * torch.arange(1, len(z) + 1)).clamp_max(1)
    alike = int((share - scipy.special.ndtri(1 - alpha) * error <= tolerance).sum())
    half = float(scipy.special.ndtri(1 - alpha / max(alike, 1))) * error
    null = variance <= EXACT
    least = (share - half).clamp_min(0).where(told & ~null, 0.0)
    return Signal(p, least, (share + half).clamp_min(0).where(told, torch.inf).where(~null, 0.0))


def of_one(chunks: Tensor, scale: float, *, alpha: float) -> Signal:
    """What one function says by itself, from its variance in parts of the data (parts, K): all of it may be signal,
    and none."""
    if len(chunks) < 2:
        most = torch.full(chunks.shape[1:], torch.inf, dtype=torch.float64)
    else:
        most = mean_interval(chunks, 1 - 2 * alpha)[:, 1] / scale
    return Signal(torch.full_like(most, torch.nan), torch.zeros_like(most), most)


def both(shared: Signal, paid: Signal) -> Signal:
    """Of several functions with labels: no more signal than either allows. What functions share and no label pays for
    is a bias, so that labels alone say that there is signal, where they say anything."""
    told = paid.most.isfinite()
    return Signal(
        torch.where(told, paid.p, shared.p),
        torch.where(told, paid.least, shared.least),
        torch.minimum(paid.most, shared.most),
    )


def _widening(n: int, alpha: float) -> float:
    """How much wider a bound must be for the least of n directions than for a single one."""
    return largest(n, alpha) / largest(1, alpha) if n > 1 else 1.0


@functools.cache
def largest(n: int, alpha: float) -> float:
    """What the largest eigenvalue of a random symmetric matrix (n, n) exceeds with probability alpha, in standard
    deviations of its diagonal: drawn, and above LARGE scaled as the edge of the spectrum is (Tracy and Widom)."""
    if n == 1:
        return float(scipy.special.ndtri(1 - alpha))
    if n > LARGE:
        beyond = largest(LARGE, alpha) - (2 * LARGE) ** 0.5
        return float((2 * n) ** 0.5 + beyond * (LARGE / n) ** (1 / 6))
    draws = torch.randn(DRAWS, n, n, generator=torch.Generator().manual_seed(n), dtype=torch.float64)
    return float(torch.linalg.eigvalsh((draws + draws.mT) / 2)[:, -1].quantile(1 - alpha))

"""How many directions count as symmetries: one rule for a single function, a stronger one for several.

Along a symmetry a network's derivative is its own error; along any other direction it is signal. One network cannot
tell small signal from error. Several, trained independently on one task, can: compare, along a direction v, the mean
product of *different* networks' polarization rows at the same points with that of each with itself,

    coherence(v) = vᵀC v / vᵀO v,   C = sum over a ≠ b of E_aᵀE_b / (M(M-1)),   O = sum over a of E_aᵀE_a / M.

Signal that all share gives 1, errors of their own give 0. The numbers in the rules were chosen on networks trained on
the targets of `liegg.targets` with seeds from 100 on; page 08 of the book measures their error rates on others.
"""

import torch
from scipy.stats import t as student
from torch import Tensor

EXACT = 1e-12  # relative variance that is null to rounding
APART = 1e-20  # one function: exact nulls so far below all else leave nothing to be learned
LOW, CHANCE, BOTH = 0.1, 0.5, 7.0  # one function: the most variance and chance ratio of a symmetry, and the step
COHERENT = 0.5  # several: what is at least so coherent is signal
ALIGNED, STEEP = 6.0, 30.0  # several: steps that set symmetries apart
BIASED, DOUBT = (0.95, 0.9), 1.5  # the coherence that a shared bias may reach with either step, and what it costs
SURE = 3.0  # steps so many times larger than needed are all alike
SILENT = 0.25  # several: coherence below which nothing is shared


def count_symmetries(relative_variance: Tensor, chance_ratio: Tensor, coherence: Tensor | None = None) -> int:
    """How many of K directions are symmetries, from (K + 1,) of each, in ascending order of (shared) variance.

    The last entry is no direction but what an ordinary one would have: all K are symmetries only if they are below it.
    coherence    for several functions: (K + 1, 3), with both ends of its interval

    Directions that are null to rounding (EXACT = 1e-12 of the mean) are. Of the rest, the first d can be if each of
    them is a step below all others; its step is the smallest value of the others over its own. The rest of *one
    function* are none of them where it is exact: where some of the null directions need each gradient at its own point
    (chance ratio at most EXACT), and all lie APART = 1e-20 below the rest.

    *One function* (coherence is None): variance and chance ratio step by BOTH = 7 or more, in geometric mean, and are
    at most LOW = 0.1 of the mean and CHANCE = 0.5.

    *Several functions:* the others are more coherent than each of the d, and at least COHERENT = 0.5, and the step is

    aligned   of ALIGNED = 6 in the chance ratio: it takes each gradient at its own point to make v small; or
    steep     of STEEP = 30 in shared variance, where each of the d counts as at least 0.3 coherent.

    Where the direction has a coherence above 0.5, because the functions share a fitting bias, the step must be DOUBT =
    1.5 times larger; above 0.95 (aligned) or 0.9 (steep) it is refused.

    Of several such d the one with the largest step is taken, in units of what is required, and the last of those above
    SURE = 3. If there is none, several functions may still be silent along some directions, which is all that can be
    asked where their errors are as large as the signal: those d whose intervals of coherence end below SILENT = 0.25
    and below where all others' begin. Else the answer is 0.
    """
    exact = int((relative_variance <= EXACT).long().cumprod(0).sum())
    v, ratio = relative_variance[exact:], chance_ratio[exact:]
    last = len(v) - 1  # the ordinary one
    several = coherence is not None
    if not several and exact and chance_ratio[:exact].min() <= EXACT and relative_variance[exact - 1] <= APART * v[0]:
        return exact
    k, low, high = coherence[exact:].T if several else torch.zeros(3, len(v))
    shared = v * k.clamp_min(0.3)
    best, dimension = 1.0, 0
    for d in range(1, len(v)):
        others = slice(d, last) if d < last else slice(last, None)
        aligned, steep = (u[others].min() / u[:d] for u in (ratio, shared))
        if several:
            steps = torch.maximum(aligned / ALIGNED * (k[:d] <= BIASED[0]), steep / STEEP * (k[:d] <= BIASED[1]))
            steps = torch.where(k[:d] > COHERENT, steps / DOUBT, steps) * (
                k[others].min() >= max(COHERENT, k[:d].max())
            )
        else:
            steps = (aligned * steep).sqrt() / BOTH * (v[:d] <= LOW) * (ratio[:d] <= CHANCE)
        step = min(float(steps.min()), SURE)
        if step >= best:
            best, dimension = step, d
    if several and not dimension:
        silent = [d for d in range(1, last) if high[:d].max() <= min(SILENT, float(low[d:last].min()))]
        dimension = silent[-1] if silent else 0
    return exact + dimension


def cross(products: Tensor) -> Tensor:
    """(M, M, K) -> (K,): the mean over pairs a ≠ b, vᵀCv."""
    M = len(products)
    return (products.sum((0, 1)) - products.diagonal().sum(-1)) / (M * (M - 1))


def coherence(products: Tensor, scale: float) -> Tensor:
    """(M, M, K) -> (K,): vᵀCv / vᵀOv, and 0 where the variance is null to rounding beside the scale."""
    own = products.diagonal().mean(-1)
    return torch.where(own > EXACT * scale, cross(products) / own, 0.0)


def coherence_interval(products: Tensor, scale: float) -> Tensor:
    """(M, M, K) -> (K, 2): 95 % intervals by the jackknife over functions, Student's t with M - 1 degrees of freedom,
    within the range that a coherence can have."""
    M = len(products)
    rest = [[b for b in range(M) if b != a] for a in range(M)]
    left_out = torch.stack([coherence(products[r][:, r], scale) for r in rest])
    error = ((M - 1) / M * (left_out - left_out.mean(0)).square().sum(0)).sqrt()
    return student_interval(coherence(products, scale), error, M - 1).clamp(-1 / (M - 1), 1)


def student_interval(value: Tensor, error: Tensor, freedom: int) -> Tensor:
    """(K,) values and their standard errors -> (K, 2) 95 % intervals."""
    half = float(student.ppf(0.975, freedom)) * error
    return torch.stack([value - half, value + half], -1)


def bootstrap_interval(parts: Tensor, *, seed: int, draws: int = 1000) -> Tensor:
    """(parts, K) -> (K, 2): 95 % percentile intervals of the mean over parts drawn with replacement."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(len(parts), (draws, len(parts)), generator=generator)
    return parts[drawn].mean(1).quantile(torch.tensor([0.025, 0.975], dtype=parts.dtype), dim=0).T

"""What verdicts rest on: paired tests, ranks, shares with their intervals, and where an improvement ends."""

from collections.abc import Iterable, Sequence

import torch
from scipy.stats import binomtest, spearmanr, wilcoxon
from torch import Tensor

FLAT = 1.25  # a factor by which nothing falls any more


def smaller_p(values: Tensor, others: Tensor) -> float:
    """p-value for values (n,) being smaller than their partners: Wilcoxon's signed-rank test, one-sided.

    With n pairs none is below 2^-n; near 1 the opposite holds.
    """
    return float(wilcoxon(values, others, alternative="less").pvalue)


def rank_correlation(x: Sequence, y: Sequence) -> float:
    """Spearman's rank correlation, in [-1, 1]."""
    return float(spearmanr(x, y).statistic)


def share(hits: Iterable[bool]) -> tuple[float, float, float]:
    """A share with both ends of its 95 % interval (Wilson); nan, 0, 1 where there is nothing to count."""
    hits = list(hits)
    if not hits:
        return float("nan"), 0.0, 1.0
    interval = binomtest(sum(hits), len(hits)).proportion_ci(method="wilson")
    return sum(hits) / len(hits), float(interval.low), float(interval.high)


def percent(hits: Iterable[bool]) -> str:
    """A share in words: percent, of how many, and its interval."""
    hits = list(hits)
    rate, low, high = share(hits)
    return f"{100 * rate:.1f} % of {len(hits)} ({100 * low:.1f} to {100 * high:.1f})" if hits else "–"


def fall(before: Tensor, after: Tensor) -> float:
    """The factor by which positive values fall, pair by pair: the geometric mean of before / after."""
    return (before.log() - after.log()).mean().exp().item()


def saturated(settings: Sequence[int], falls: Sequence[float]) -> int:
    """The first setting after which values fall by a factor below FLAT, or the last; falls[i] is that from settings[i]
    to the next."""
    return next((setting for setting, factor in zip(settings, falls) if factor < FLAT), settings[-1])


def overlap(lower: Tensor, upper: Tensor) -> float:
    """The largest of the values that should be small over the smallest of those that should be large; below 1 the two
    groups are apart."""
    return (torch.as_tensor(lower).max() / torch.as_tensor(upper).min()).item()

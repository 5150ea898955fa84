"""What verdicts rest on: paired ratios, rates, both with 95 % intervals; ranks, and where an improvement ends."""

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import NormalDist

import torch
from scipy.stats import spearmanr, t
from torch import Tensor

FLAT = 1.25  # a factor by which nothing falls any more


def paired(values: Sequence[float] | Tensor, others: Sequence[float] | Tensor) -> dict[str, float]:
    """By which factor positive values (n,) exceed their partners (n,), as an estimate for `record`.

    value, low, high    geometric mean of the n ratios values / others, and Student's t interval of its logarithm
    p                   of the two-sided t test that the mean logarithm is zero
    wins                how many ratios are below one
    Raises ValueError for fewer than two pairs, partners that are missing, and values that have no logarithm.
    """
    values, others = (torch.as_tensor(v, dtype=torch.float64) for v in (values, others))
    if values.shape != others.shape or values.ndim != 1 or len(values) < 2:
        raise ValueError(f"two or more pairs are needed, not values {tuple(values.shape)} and {tuple(others.shape)}")
    logs = values.log() - others.log()
    if not logs.isfinite().all():
        raise ValueError("values must be positive and finite")
    n, mean = len(logs), logs.mean().item()
    error = (logs.std() / n**0.5).item()
    half = t.ppf(0.975, n - 1) * error
    return {
        "value": math.exp(mean),
        "low": math.exp(mean - half),
        "high": math.exp(mean + half),
        "n": n,
        "p": float(2 * t.sf(abs(mean) / error, n - 1)) if error else float(mean == 0),
        "wins": int((logs < 0).sum()),
    }


def rate(hits: Iterable[bool], clusters: Iterable | None = None, *, seed: int = 0) -> dict[str, float] | None:
    """A share of hits as an estimate for `record`; None where there is nothing to count.

    Without clusters each hit is a draw of its own, and the interval Wilson's. With clusters (one label a hit: its
    function, basis or seed) hits of one cluster may depend on each other, and what is drawn again, 10 000 times, is
    clusters. Where these agree nothing tells how much others would differ, so the interval holds both the middle 95 %
    of the shares so found and Wilson's for as many hits as there are clusters, as if those of one said all the same. n
    is how many draws there are, hits or clusters.
    """
    hits = torch.tensor([bool(hit) for hit in hits], dtype=torch.float64)
    if not len(hits):
        return None
    value = hits.mean().item()
    if clusters is None:
        low, high = _wilson(value, len(hits))
        return {"value": value, "low": low, "high": high, "n": len(hits)}
    labels = list(clusters)
    place = {label: i for i, label in enumerate(dict.fromkeys(labels))}
    index = torch.tensor([place[label] for label in labels])
    size, right = index.bincount(), index.bincount(hits)
    drawn = torch.randint(len(place), (10_000, len(place)), generator=torch.Generator().manual_seed(seed))
    shares = right[drawn].sum(1) / size[drawn].sum(1)
    low, high = _wilson(value, len(place))
    low, high = min(low, shares.quantile(0.025).item()), max(high, shares.quantile(0.975).item())
    return {"value": value, "low": low, "high": high, "n": len(place)}


def _wilson(share: float, n: int) -> tuple[float, float]:
    """Both ends of Wilson's 95 % interval of a share of n."""
    z = NormalDist().inv_cdf(0.975)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))


def bootstrap(
    statistic: Callable[[Tensor], float], values: Tensor, *, draws: int = 2000, seed: int = 0
) -> dict[str, float] | None:
    """statistic(values) as an estimate for `record`, where values (n, ...) are n independent draws.

    The interval holds the middle 95 % of what the statistic says of n of them drawn again with repetition, and the
    value itself. None where the statistic is nan.
    """
    value, n = float(statistic(values)), len(values)
    if math.isnan(value):
        return None
    drawn = torch.randint(n, (draws, n), generator=torch.Generator().manual_seed(seed))
    again = torch.tensor([statistic(values[index]) for index in drawn], dtype=torch.float64)
    low, high = (again.nanquantile(q).item() for q in (0.025, 0.975))
    return {"value": value, "low": min(low, value), "high": max(high, value), "n": n}


def rank_correlation(x: Sequence, y: Sequence) -> float:
    """Spearman's rank correlation, in [-1, 1]."""
    return float(spearmanr(x, y).statistic)


def share(hits: Iterable[bool]) -> tuple[float, float, float]:
    """A share with both ends of its 95 % interval (Wilson); nan, 0, 1 where there is nothing to count."""
    counted = rate(hits)
    return (counted["value"], counted["low"], counted["high"]) if counted else (float("nan"), 0.0, 1.0)


def percent(hits: Iterable[bool]) -> str:
    """A share in words: percent, of how many, and its interval."""
    counted = rate(hits)
    if counted is None:
        return "–"
    value, low, high = (100 * counted[end] for end in ("value", "low", "high"))
    return f"{value:.1f} % of {counted['n']} ({low:.1f} to {high:.1f})"


def fall(before: Tensor, after: Tensor) -> float:
    """The factor by which positive values fall, pair by pair: the geometric mean of before / after."""
    return (before.log() - after.log()).mean().exp().item()


def saturated(settings: Sequence[int], falls: Sequence[float]) -> int:
    """The first setting after which values fall by a factor below FLAT, or the last; falls[i] is that from settings[i]
    to the next."""
    return next((setting for setting, factor in zip(settings, falls) if factor < FLAT), settings[-1])

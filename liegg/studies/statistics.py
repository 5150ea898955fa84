"""What verdicts rest on: paired ratios, rates, ranks within groups, all with 95 % intervals; and where an improvement
ends."""

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import NormalDist

import torch
from scipy.stats import rankdata, spearmanr, t
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


def apart(values: Sequence[float] | Tensor, mean: float, sd: float, n: int) -> float:
    """By how many standard errors of the difference the mean of values exceeds the mean of n others, of which only it
    and the standard deviation are known (Welch)."""
    values = torch.as_tensor(values, dtype=torch.float64)
    return (values.mean().item() - mean) / (values.var().item() / len(values) + sd**2 / n) ** 0.5


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


def within_groups(x: Tensor, y: Tensor, *, draws: int = 9999, seed: int = 0) -> dict[str, float]:
    """Spearman's rank correlation of x and y (n units, G groups) within a group, the mean over groups, as an estimate
    for `record`: what is left of a relation when the groups' own levels are taken out of it.

    p            of the two-sided permutation test: the units of y are drawn in another order, the same in all groups,
                 since what one unit has in different groups may depend on each other
    low, high    see `bootstrap`, over units
    draws        of another order, and of units again

    A group in which all of x or of y agree counts as zero. Raises ValueError where the shapes do not agree.
    """
    if x.shape != y.shape or x.ndim != 2:
        raise ValueError(f"x and y must be (units, groups), not {tuple(x.shape)} and {tuple(y.shape)}")
    ranks, others = _ranks(x), _ranks(y)
    generator = torch.Generator().manual_seed(seed)
    orders = torch.stack([torch.randperm(len(x), generator=generator) for _ in range(draws)])
    by_chance = torch.stack([(ranks * others[order]).sum(0).mean() for order in orders])
    value = (ranks * others).sum(0).mean()
    as_far = int((by_chance.abs() >= value.abs() - 1e-12).sum())
    of_pairs = lambda v: float((_ranks(v[..., 0]) * _ranks(v[..., 1])).sum(0).mean())
    estimate = bootstrap(of_pairs, torch.stack([x, y], 2), draws=draws)
    assert estimate is not None
    return estimate | {"p": (1 + as_far) / (1 + draws)}


def _ranks(values: Tensor) -> Tensor:
    """(n, G) ranks within each group, less their mean, of unit length."""
    ranks = torch.from_numpy(rankdata(values.numpy(), axis=0))
    return torch.nn.functional.normalize(ranks - ranks.mean(0), dim=0)


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

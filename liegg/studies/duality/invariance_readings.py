"""What page 21 reads off its ensembles: which pass, how small a breaking shows, and what was derived."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from liegg.studies import statistics
from liegg.studies.duality.invariance import p_values, z_scores
from liegg.studies.duality.invariance_cases import ORDERS

LEVEL = 0.05
TELLS = 0.75  # share of ensembles that an order must reject to tell a density from an invariant one
UNIFORM = -1.2  # excess kurtosis of uniform weights
FIGURE = {
    (3, 2): {5: 0.0098, 10: 0.0063, 50: 0.0056, 100: 0.006, 1000: 0.0048},
    (5, 2): {5: 0.055, 10: 0.047, 50: 0.035, 100: 0.032, 1000: 0.031},
    (3, 4): {5: 10.0, 1000: 0.02},
    (5, 4): {5: 10.0, 1000: 0.2},
}
"""The half width of the paper's band by (D, n) and width, digitised from its figure 1, of n = 4 to about a factor of
two; how many networks are behind it is not known."""


class Found:
    """Cases of the page with what was measured of each; `of` picks by what a case says."""

    def __init__(self, cases: Sequence[dict], measured: Sequence[dict]):
        self.pairs = list(zip(cases, measured))

    def of(self, part: str, **where) -> Iterator[tuple[dict, dict]]:
        """(case, measured) of a part of the page whose case says all of this. Raises KeyError where there is none."""
        chosen = [(c, m) for c, m in self.pairs if c["part"] == part and where.items() <= c.items()]
        if not chosen:
            raise KeyError(f"no case of part {part} has {where}")
        yield from chosen

    def p(self, part: str, **where) -> Tensor:
        """(ensembles, orders) p-values of the calibrated test, all cases that `of` picks together."""
        return torch.cat([p_values(m["T"], m["null"]) for _, m in self.of(part, **where)])

    def panel(self, kind: str, D: int, order: int) -> dict[str, list]:
        """The paper's measures of a kind of density, name by name, a value each width."""
        rows = [{"width": c["width"]} | m[str(order)] for c, m in self.of("published", kind=kind, outputs=D)]
        return {name: [row[name] for row in rows] for name in rows[0]}

    def filled(self, kind: str, D: int, order: int) -> list[float]:
        """max(|μ_M|, σ_M) over the half width of the paper's band, one value a width: at most 1 where it passes."""
        panel = self.panel(kind, D, order)
        return [max(abs(mu), sigma) / band for mu, sigma, band in zip(panel["mu"], panel["sigma"], panel["band"])]

    def rows(self) -> Iterator[dict]:
        """One for each case and order: the paper's measures, or means over the ensembles of T, its z and p."""
        for case, found in self.pairs:
            if case["part"] == "published":
                yield from ({**case, "order": int(n), **measures} for n, measures in found.items())
                continue
            T, null = found["T"], found["null"]
            orders = {"restored": [4], "order": range(1, T.shape[1] + 1)}.get(case["part"], ORDERS)
            means = (part.double().mean(0).tolist() for part in (T, z_scores(T, null), p_values(T, null)))
            for order, t, z, p in zip(orders, *means):
                yield {**case, "order": order, "T": t, "z": z, "p": p}

    def symmetric_p(self) -> Tensor:
        """(ensembles,) p-values of every symmetric ensemble on the page, mean over its orders."""
        groups = [("test", {"kind": "normal"}), ("same", {"kind": "normal"}), ("order", {"last": "gauss"})]
        if any(case.get("mean") == 0 for case, _ in self.pairs):
            groups.append(("power", {"mean": 0.0}))
        return torch.cat([self.p(part, **where).mean(1) for part, where in groups])

    def rejected(self, networks: int, place: int) -> tuple[list[float], Tensor]:
        """Means μ > 0, ascending, and which ensembles of so many networks the order of this place rejects (repeats,
        means)."""
        found = sorted(self.of("power", networks=networks), key=lambda pair: pair[0]["mean"])
        found = [(c["mean"], m) for c, m in found if c["mean"] > 0]
        hits = [p_values(m["T"], m["null"])[:, place] <= LEVEL for _, m in found]
        return [mu for mu, _ in found], torch.stack(hits, 1)


def half_power(mu: Sequence[float], hits: Tensor) -> float | None:
    """The mean at which half of the ensembles are rejected beyond chance, from hits (repeats, means); None where the
    means do not reach from few to nearly all.

    Spearman and Kärber: the logarithm of the last mean less the integral of the power, itself counted from LEVEL.
    """
    power = ((hits.double().mean(0) - LEVEL) / (1 - LEVEL)).clamp(0, 1)
    if power[0] > 0.25 or power[-1] < 0.9:
        return None
    logs = torch.tensor(mu, dtype=torch.float64).log()
    return (logs[-1] - torch.trapezoid(power, logs)).exp().item()


def exponent(sizes: Sequence[int], of_size: Sequence[tuple[list[float], Tensor]], *, seed: int = 0) -> dict | None:
    """The slope of log μ½ against log M with its 95 % interval, ensembles of each size and mean drawn again 1000 times.

    None where some size has no μ½, and for fewer than 5 ensembles, whose intervals would be too short.
    """
    generator = torch.Generator().manual_seed(seed)

    def slope(drawn: list[tuple[list[float], Tensor]]) -> float | None:
        smallest = [half_power(mu, hits) for mu, hits in drawn]
        return None if None in smallest else _slope(sizes, smallest)

    def again(hits: Tensor) -> Tensor:
        return hits.gather(0, torch.randint(len(hits), hits.shape, generator=generator))

    value = slope(list(of_size))
    redrawn = [slope([(mu, again(hits)) for mu, hits in of_size]) for _ in range(1000)]
    redrawn = torch.tensor([s for s in redrawn if s is not None], dtype=torch.float64)
    if value is None or len(redrawn) < 900 or len(of_size[0][1]) < 5:
        return None
    low, high = redrawn.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return {"value": value, "low": min(low, value), "high": max(high, value), "n": len(of_size[0][1])}


def _slope(sizes: Sequence[int], values: Sequence[float]) -> float:
    x, y = (torch.tensor(v, dtype=torch.float64).log() for v in (sizes, values))
    x = x - x.mean()
    return ((x * y).sum() / x.square().sum()).item()


def power(hits: Tensor) -> Tensor:
    """(means, 3) share of rejected ensembles (repeats, means), with both ends of its interval."""
    return torch.tensor([statistics.share(column.tolist()) for column in hits.T])


def smallest_order(p: Tensor) -> int | None:
    """The first of the orders at which most ensembles are rejected, from p-values (ensembles, orders); None if none."""
    told = ((p <= LEVEL).double().mean(0) >= TELLS).tolist()
    return next((order for order, hit in enumerate(told, 1) if hit), None)


def derived_breaking(width: int, D: int, kurtosis: float = UNIFORM) -> float:
    """T₄ of infinitely many ReLU networks with normal W0 and b0 whose last weights have this excess kurtosis κ.

    G = A S + B Δ with S the sum of three δδ and Δ = sum over a of e_a⁴, where r = B / A = κ E h⁴ / (N E(h · h / N)²) =
    6κ / (N + 5), as E h⁴ = 6 (E h²)² for a rectified normal variable. Of Δ, S / (D + 2) is invariant.
    """
    r = 6 * kurtosis / (width + 5)
    rest = r**2 * D * (D - 1) / (D + 2)
    return rest / (3 * D * (D + 2) * (1 + r / (D + 2)) ** 2 + rest)


def excess(measured: dict) -> Tensor:
    """(ensembles, orders) T less the mean of its null: what is broken, free of what the ensemble's size adds."""
    return measured["T"].double() - measured["null"].double().mean(1)


def restored(found: Found) -> tuple[list[int], Tensor, Tensor]:
    """Widths (W,), excess of T₄ of uniform weights (ensembles, W), and what was derived (W,)."""
    cases = list(found.of("restored"))
    widths = [c["width"] for c, _ in cases]
    derived = torch.tensor([derived_breaking(c["width"], c["outputs"]) for c, _ in cases], dtype=torch.float64)
    return widths, torch.stack([excess(m)[:, 0] for _, m in cases], 1), derived


def unsure(found: Found, limit: float) -> dict[tuple[int, int], list[int]]:
    """By (D, n) the widths at which the error of the paper's error bar exceeds a limit."""
    panels = {key: found.panel("normal", *key) for key in FIGURE}
    return {
        key: [width for width, error in zip(panel["width"], panel["unsure"]) if error > limit]
        for key, panel in panels.items()
    }

"""Functions made up so that it is known what they share: how often what is stated of them is wrong."""

import torch
from scipy.stats import norm
from scipy.stats import t as student
from torch import Tensor

from liegg import algebra
from liegg.actions import Linear
from liegg.symmetry.intervals import CONFIDENCE, coherence_interval, mean_interval, shared_interval
from liegg.symmetry.labels import paid
from liegg.symmetry.levels import Signal, of_several
from liegg.symmetry.spectrum import _directions, _held_out

ERRORS = 0.02, 0.2  # from, to: standard deviation of a function's errors, where an ordinary direction has variance one
POINTS = 20, 200  # from, to: in how many independent points errors are spread


def rows(networks: int, signal: Tensor, *, errors: float, points: int, generator: torch.Generator) -> Tensor:
    """(M, points, K) polarization rows of M functions: what all share, uncorrelated along K directions in random
    coordinates with mean squares `signal`, and errors of each one's own, correlated at random between directions."""
    K = len(signal)
    normal = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
    shared = torch.linalg.qr(normal(points, K)).Q * (points * signal).sqrt()
    basis = torch.linalg.qr(normal(K, K)).Q
    mixed = torch.eye(K, dtype=torch.float64) + normal(K, K) / K**0.5
    return (shared + errors * normal(networks, points, K) @ mixed) @ basis


def said(E: Tensor, *, tolerance: float, alpha: float) -> Signal:
    """What is said of rows (M, N, K) at a level, in their units."""
    N = E.shape[1]
    both = torch.stack([E, E.sum(0).expand_as(E)])
    v = _directions(both)
    own, summed = both @ v.T
    products = own.square().sum(1) / N, (own * summed).sum(1) / N, *(_held_out(both, v) / N)
    return of_several(*products, 1.0, tolerance=tolerance, alpha=alpha)


def wrong(networks: int, *, draws: int, tolerance: float, alpha: float, seed: int, size: int = 9) -> dict[str, int]:
    """Of so many tasks of K = `size` directions, how often a statement at level alpha is false.

    shared       "something is shared along the first d directions", of tasks with nothing shared along one to K - 1
    symmetry     "along some direction there is less signal than is tolerated", of tasks with just that along one to
                 three, and more along all others
    """
    g = torch.Generator().manual_seed(seed)
    counted = {"shared": 0, "symmetry": 0}
    for _ in range(draws):
        errors, points = (_between(*ends, g) for ends in (ERRORS, POINTS))
        few = int(torch.randint(1, 4, (), generator=g))
        large = torch.exp(2 * torch.rand(size, generator=g, dtype=torch.float64) - 1)  # from 1/e to e
        for kind, least in (("shared", 0.0), ("symmetry", tolerance)):
            signal = torch.cat([torch.full((few,), least, dtype=torch.float64), large[few:]])
            E = rows(networks, signal, errors=errors, points=round(points), generator=g)
            p, _, most = said(E, tolerance=tolerance, alpha=alpha)
            counted[kind] += bool(p[few - 1] <= alpha if kind == "shared" else (most < tolerance).any())
    return counted


def covered(networks: int, coherence: float, *, draws: int, seed: int) -> dict[str, int]:
    """Of so many directions of this coherence how often a 95 % interval holds the truth: of "coherence", of the
    variance "shared", and of the "variance"."""
    g, points = torch.Generator().manual_seed(seed), round(sum(POINTS) / 2)
    normal = lambda *shape: torch.randn(*shape, generator=g, dtype=torch.float64)
    signal, noise = coherence, 1 - coherence
    along = normal(draws, 1, points)
    along = along / along.norm(dim=2, keepdim=True) * signal**0.5
    E = along + (noise / points) ** 0.5 * normal(draws, networks, points)
    own, summed = E.square().sum(2).T, (E * E.sum(1, keepdim=True)).sum(2).T
    quantile = float(student.ppf((1 + CONFIDENCE) / 2, networks - 1))
    intervals = {
        "coherence": (coherence_interval(own, summed, 1.0), coherence),
        "shared": (shared_interval(own, summed, quantile), signal),
        "variance": (mean_interval(own), 1.0),
    }
    return {name: int(_holds(interval, truth).sum()) for name, (interval, truth) in intervals.items()}


def labels_covered(samples: int, *, draws: int, seed: int) -> int:
    """Of so many draws of labelled samples how often q and its standard error hold the share of signal that a hundred
    thousand samples show: of a function of the plane that turns with an error of its own."""
    g = torch.Generator().manual_seed(seed)
    k, phase = torch.randn(2, 8, generator=g, dtype=torch.float64), torch.randn(8, generator=g, dtype=torch.float64)
    truth = lambda z: z.norm(dim=1).sin() + 0.1 * z[:, 0]
    function = lambda z: truth(z) + 0.05 * (3 * z @ k + phase).sin().sum(1)
    turn = Linear(2).coefficients(algebra.so(2))

    def share(n: int) -> tuple[float, float]:
        x = torch.randn(n, 2, generator=g, dtype=torch.float64)
        y = truth(x) + 0.1 * torch.randn(n, generator=g, dtype=torch.float64)
        found = paid([function], x, y, Linear(2), turn)
        return float(found.share), float(found.error)

    q, half = share(100_000)[0], float(norm.ppf((1 + CONFIDENCE) / 2))
    said_of = [share(samples) for _ in range(draws)]
    return sum(abs(value - q) <= half * error for value, error in said_of)


def _holds(interval: Tensor, truth: float) -> Tensor:
    return (interval[:, 0] <= truth) & (truth <= interval[:, 1])


def _between(low: float, high: float, g: torch.Generator) -> float:
    """A number that is drawn evenly on a logarithmic scale."""
    return low * (high / low) ** torch.rand((), generator=g).item()

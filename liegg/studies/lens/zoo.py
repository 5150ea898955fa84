"""The zoo study: networks trained on targets with known symmetries, and what find_symmetry says of them."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor, nn

from liegg import algebra
from liegg.actions import Affine2d
from liegg.studies.fit import fit
from liegg.studies.lens.target import Target
from liegg.studies.lens.targets import known
from liegg.symmetry.find import find_symmetry
from liegg.symmetry.result import Symmetry
from liegg.training.networks import Standardized, mlp

NAMES = {
    "so(3)+so(3)": "so(3) + so(3)",
    "linear": "gl(2) ⋉ R^2",
    "so(2)+translation": "so(2) + translation",
    "so(3) in a subspace": "so(3)",
    "images, so(2)": "so(2)",
    "images, se(2)": "se(2)",
}
"""What `identify` should say of a target's algebra, where that is not the target's own name."""


def pupils(
    targets: Sequence[Target],
    noises: Sequence[float],
    *,
    networks: int,
    samples: int,
    width: int,
    layers: int,
    steps: int,
    batch_size: int,
    lr: float,
    seed: int,
    device: torch.device | str | None = None,
) -> list[list[nn.Module]]:
    """Groups of networks, one a target, trained as one ensemble; every network has its own start and its own sample.

    targets    of one shape of samples; group i learns targets[i] from `samples` points, with noise of standard
               deviation noises[i], in units of the target's own
    width      units in each of the `layers` hidden layers
    steps      of Adam, batch_size points each; the learning rate falls from lr to zero
    """
    nets, xs, ys, seeds = [], [], [], []
    for i, (target, noise) in enumerate(zip(targets, noises)):
        for a in range(networks):
            own = seed + 1000 * i + a
            x = target.points(samples, seed=own)
            y = target.function(x)
            y = y + noise * y.std() * torch.randn(samples, generator=torch.Generator().manual_seed(own)).double()
            x, y = x.float(), y.float()[:, None]
            net = mlp([x[0].numel(), *[width] * layers, 1], seed=own, bias=True)
            nets.append(Standardized(net, torch.zeros(1), x.std(), y.mean(), y.std()))
            xs.append(x), ys.append((y - y.mean()) / y.std()), seeds.append(own)
    inner = [net.net for net in nets]
    scales = torch.stack([net.scale_in for net in nets]).reshape(-1, *[1] * xs[0].ndim)
    fit(
        inner, torch.stack(xs) / scales, torch.stack(ys),
        seeds=seeds, steps=steps, batch_size=batch_size, lr=lr, anneal=True, device=device,
    )  # fmt: skip
    return [nets[i : i + networks] for i in range(0, len(nets), networks)]


def examine(target: Target, networks: Sequence[nn.Module], points: Tensor) -> tuple[list[dict], Symmetry]:
    """One row for the group of networks together and one for each alone, and the group's whole result.

    error           mean square error over the target's variance at the points, without noise; the group's is the worst
    true, found     dimensions
    angle           largest principal angle, in degrees, between the true algebra and as many lowest directions
    trivial         how many directions are called trivial, beyond those that are
    """
    y = target.function(points)
    x, true = points.float(), len(target.algebra)
    with torch.no_grad():
        errors = [float((net(x)[:, 0].double() - y).square().mean() / y.var()) for net in networks]
    together = find_symmetry(list(networks), x, target.action)
    rows = []
    for kind, error, found in [
        ("several", max(errors), together),
        *(("one", error, find_symmetry(net, x, target.action)) for error, net in zip(errors, networks)),
    ]:
        angles = algebra.principal_angles(found.directions[:true], target.algebra)
        rows.append(
            {
                "kind": kind,
                "error": error,
                "true": true,
                "found": found.dimension,
                "angle": float(angles[-1]) if true else None,
                "trivial": len(found.trivial) - target.trivial,
            }
        )
    match = together.identify() if together.dimension == true else None
    rows[0]["name"] = match.name if match else None
    return rows, together


class Task(NamedTuple):
    """One target in one basis, learned by a group of networks, and what was found."""

    case: dict
    """target, basis, noise, width and samples"""
    target: Target
    networks: list[nn.Module]
    rows: list[dict]
    """what `examine` says: one row for the networks together, one for each alone"""
    found: Symmetry
    """of the networks together"""

    def directions(self) -> list[dict]:
        """One row a direction of the networks together: the group's error, whether the direction is nearer than 30
        degrees to the true algebra, and its measures."""
        found, true = self.found, self.target.algebra
        near = found.bias(true) < 0.5 if len(true) else torch.zeros(len(found.variance), dtype=torch.bool)
        return [
            {"error": self.rows[0]["error"], "symmetry": s, "variance": v, "chance": c, "coherence": k}
            for s, v, c, k in zip(
                near.tolist(), found.relative_variance.tolist(), found.chance_ratio.tolist(), found.coherence.tolist()
            )
        ]


def survey(
    *,
    seed: int,
    bases: int,
    noises: Sequence[float],
    widths: Sequence[int],
    samples: Sequence[int],
    points: int,
    **training,
) -> Iterator[Task]:
    """Every target of the zoo in every basis, with every noise, width and number of samples.

    points      fresh ones, at which symmetries are looked for
    training    networks, layers, steps, batch_size, lr and device of `pupils`
    """
    zoos = [known(seed=seed + b) for b in range(bases)]
    settings = list(product(range(bases), noises))
    for name, width, size in product(zoos[0], widths, samples):
        group = [zoos[b][name] for b, _ in settings]
        amounts = [noise for _, noise in settings]
        taught = pupils(group, amounts, samples=size, width=width, seed=1_000_000 * seed, **training)
        for (b, noise), target, nets in zip(settings, group, taught):
            case = {"target": name, "basis": b, "noise": noise, "width": width, "samples": size}
            rows, found = examine(target, nets, target.points(points, seed=seed + 500 + b))
            yield Task(case, target, nets, [case | row for row in rows], found)


def untrained(*, seed: int, networks: int, width: int, layers: int, points: int) -> dict[str, list[int]]:
    """Dimensions found in networks that have learned nothing, on the points of every target: of each group together
    ("several") and of each network alone ("one")."""
    dimensions: dict[str, list[int]] = {"several": [], "one": []}
    for target in known(seed=seed).values():
        x = target.points(points, seed=seed + 700).float()
        blank = [mlp([x[0].numel(), *[width] * layers, 1], seed=seed + 2000 + a, bias=True) for a in range(networks)]
        dimensions["several"].append(find_symmetry(blank, x, target.action).dimension)
        dimensions["one"] += [find_symmetry(net, x, target.action).dimension for net in blank]
    return dimensions


def slopes(net: nn.Module, x: Tensor, target: Target, coefficients: Tensor) -> Tensor:
    """(N,) how fast a network's output changes at each point along one direction (K,)."""
    velocity = torch.einsum("k,bk...->b...", coefficients.float(), target.action.velocity(x))
    return torch.func.jvp(net, (x,), (velocity,))[1][:, 0].detach()


def exact(*, seed: int, points: int = 2000) -> dict[str, dict[str, float]]:
    """What find_symmetry says of the targets themselves, those of vectors that have a symmetry, in float64: dimension
    and found one, the largest relative variance of a symmetry, and the largest angle to the algebra in degrees."""
    rows = {}
    for name, target in known(seed=seed).items():
        true = len(target.algebra)
        if not true or isinstance(target.action, Affine2d):
            continue
        found = find_symmetry(target.function, target.points(points, seed=seed), target.action)
        rows[name] = {
            "dimension": true,
            "found": found.dimension,
            "relative variance": found.relative_variance[true - 1].item(),
            "angle (degrees)": found.angles(target.algebra)[-1].item() if found.dimension else None,
        }
    return rows

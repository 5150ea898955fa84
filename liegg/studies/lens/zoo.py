"""The zoo study: networks trained on targets with known symmetries, and their polarization factors."""

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor, nn

from liegg.studies.fit import fit
from liegg.studies.lens.holdout import noisy
from liegg.studies.lens.labelled import polarized
from liegg.studies.lens.target import Target
from liegg.studies.lens.targets import known
from liegg.symmetry.factors import Factors
from liegg.symmetry.polarization import polarization_matrix
from liegg.symmetry.stream import polarize
from liegg.training.networks import Standardized, mlp

SHOWN = 400  # points at which the derivatives of two networks are shown


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


def survey(
    case: dict, *, seed: int, bases: int, noises: Sequence[float], points: int, labels: int, example: str, **training
) -> list[dict]:
    """Groups of networks that learned one target in every basis and with every noise, and what is measured of each.

    case       target, width and samples
    points     fresh ones, at which symmetries are looked for
    labels     how many of these come with labels, as noisy as those of the training
    example    of this target, the first group comes with rows to show (see `rows_to_show`)
    training   networks, layers, steps, batch_size, lr and device of `pupils`

    basis, noise    of the group
    errors          of each network: mean square error over the target's variance at the points, without noise
    together, paid  see `labelled.polarized`
    """
    bases_of = [known(seed=seed + b)[case["target"]] for b in range(bases)]
    groups = list(product(range(bases), noises))
    taught = pupils(
        [bases_of[b] for b, _ in groups], [noise for _, noise in groups],
        samples=case["samples"], width=case["width"], seed=1_000_000 * seed, **training,
    )  # fmt: skip
    measured = []
    for (b, noise), nets in zip(groups, taught):
        target = bases_of[b]
        at = target.points(points, seed=seed + 500 + b)
        group = {"basis": b, "noise": noise, "errors": errors(target, nets, at)}
        said = noisy(target.function(at[:labels])[:, None], noise, classes=False, seed=seed + 600 + b)
        measured.append(group | polarized(nets, at.float(), said, target.action))
    if case["target"] == example:
        measured[0]["rows"] = rows_to_show(bases_of[0], taught[0], seed=seed + 900)
    return measured


@torch.no_grad()
def errors(target: Target, nets: Sequence[nn.Module], points: Tensor) -> list[float]:
    """Mean square errors at float64 points (N, ...) over the target's variance there, one a network."""
    y = target.function(points)
    return [float((net(points.float())[:, 0].double() - y).square().mean() / y.var()) for net in nets]


def rows_to_show(target: Target, nets: Sequence[nn.Module], *, seed: int) -> Tensor:
    """(2, SHOWN, K) polarization rows of the first two networks: times a direction (K,), how fast each one's output
    changes along it at each point."""
    x = target.points(SHOWN, seed=seed).float()
    return torch.stack([polarization_matrix(net, x, target.action)[:, 0] for net in nets[:2]]).float()


def untrained(*, seed: int, networks: int, width: int, layers: int, points: int) -> dict[str, Factors]:
    """Factors of networks that have learned nothing, on the points of every target."""
    factors = {}
    for name, target in known(seed=seed).items():
        x = target.points(points, seed=seed + 700).float()
        sizes = [x[0].numel(), *[width] * layers, 1]
        blank = [mlp(sizes, seed=seed + 2000 + a, bias=True) for a in range(networks)]
        factors[name] = polarize(blank, x, target.action)
    return factors

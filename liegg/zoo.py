"""The zoo study: networks trained on targets with known symmetries, and what find_symmetry says of them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from liegg import algebra, ensemble, models
from liegg.result import Symmetry
from liegg.symmetry import find_symmetry
from liegg.targets import Target


def teach(
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
            net = models.mlp([x[0].numel(), *[width] * layers, 1], seed=own, bias=True)
            nets.append(models.Standardized(net, torch.zeros(1), x.std(), y.mean(), y.std()))
            xs.append(x), ys.append((y - y.mean()) / y.std()), seeds.append(own)
    ensemble.train(
        [net.net for net in nets],
        torch.stack(xs) / torch.stack([net.scale_in for net in nets]).reshape(-1, *[1] * xs[0].ndim),
        torch.stack(ys),
        nn.functional.mse_loss,
        seeds=seeds,
        epochs=-(-steps * batch_size // samples),
        batch_size=batch_size,
        lr=lr,
        anneal=True,
    )
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

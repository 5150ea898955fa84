"""Networks trained on the O(5) task, and what is measured of them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from liegg.studies.fit import fit
from liegg.studies.generators import o5
from liegg.symmetry.stream import polarize

HELD_OUT = 500  # points that are not trained on, as in LieGG; the last half of them are its test points
FOLLOWED = 1000  # fresh points that are carried along


def trained(samples: int, hidden: Sequence[int], *, seeds: Sequence[int], degrees: Tensor, **settings) -> list[dict]:
    """One network a seed, each with its own `samples` points, all but HELD_OUT of which it is trained on.

    degrees     (T,) by which a plane rotation of the same norm as a direction turns
    settings    epochs, batch_size, lr, weight_decay and device of `fit`

    trained, untrained      factors at all its points, after training and of another start
    fresh                   factors at as many points that it has never seen
    errors, errors_fresh    see `o5.errors`: at the test points, and at the fresh ones
    drift                   (T,) see `o5.mean_drift`, at fresh points: along the ten lowest directions ("trained"), the
                            rotations ("exact") and five random directions ("random")
    weights                 its state_dict: see `liegg.pretrained`
    """
    learned, test = slice(0, samples - HELD_OUT), slice(samples - HELD_OUT // 2, samples)
    x, y = o5.draws(samples, seeds=seeds)
    x_fresh, y_fresh = o5.draws(samples, seeds=[s + 10_000 for s in seeds])
    nets, start = (o5.networks(hidden, x[:, learned], y[:, learned], seeds=[s + o for s in seeds]) for o in (0, 1000))
    fit(nets, x[:, learned], y[:, learned], seeds=seeds, **settings)
    random = torch.randn(5, 25, generator=torch.Generator().manual_seed(seeds[0]), dtype=torch.float64)
    random = torch.nn.functional.normalize(random, dim=1).reshape(-1, 5, 5)
    measured = []
    for a, net in enumerate(nets):
        factors = polarize(net, x[a], o5.ACTION)
        _, lowest = factors.matched[0].variances()
        directions = {"trained": o5.ACTION.matrix(lowest[o5.TEN]), "exact": o5.SO5, "random": random}
        measured.append(
            {
                "trained": factors,
                "untrained": polarize(start[a], x[a], o5.ACTION),
                "fresh": polarize(net, x_fresh[a], o5.ACTION),
                "errors": o5.errors(net, x[a][test], y[a][test]),
                "errors_fresh": o5.errors(net, x_fresh[a], y_fresh[a]),
                "drift": {k: o5.mean_drift(net, x_fresh[a][:FOLLOWED], A, degrees) for k, A in directions.items()},
                "weights": net.state_dict(),
            }
        )
    return measured


def at_sizes(
    sizes: Sequence[int],
    hidden: Sequence[int],
    *,
    shuffled: int,
    seeds: Sequence[int],
    visits: int,
    points: int,
    **settings,
) -> dict:
    """One network a size and seed, all trained as one; the networks of a size are then looked at together, at `points`
    fresh points, the same for all.

    sizes       numbers of points drawn, in ascending order; all but HELD_OUT are trained on
    shuffled    how many are drawn for the networks that learn shuffled targets: all the same points, with the same
                targets in an order of chance, so that they share something that is no symmetry
    visits      size times epochs, the same for all
    settings    batch_size, lr, weight_decay and device of `fit`

    sizes       for each: factors "together", and "errors" of each network (`o5.errors`, with its training_error and
                relative_training_error, which is over the variance of its targets)
    shuffled    the same of the networks with shuffled targets
    untrained   factors of other starts
    """
    count = len(seeds)
    cases = [(size, s) for size in sizes for s in seeds]
    data = [o5.draw(size - HELD_OUT, seed=s) for size, s in cases] + [_shuffled(shuffled, seed=seeds[0])] * count
    x, y = zip(*data)
    order = [s for _, s in cases] + list(seeds)
    nets = o5.networks(hidden, x, y, seeds=order)
    epochs = [visits // size for size in [size for size, _ in cases] + [shuffled] * count]
    fit(nets, x, y, seeds=order, epochs=epochs, **settings)
    x_fresh, y_fresh = o5.draw(points, seed=seeds[0] + 10_000)
    groups = []
    for i in range(0, len(nets), count):
        group = nets[i : i + count]
        errors = []
        for net, *own in zip(group, x[i:], y[i:]):
            training = o5.errors(net, *own)
            learned = {"training_error": training["test_error"], "relative_training_error": training["relative_error"]}
            errors.append(learned | o5.errors(net, x_fresh, y_fresh))
        groups.append({"errors": errors, "together": polarize(group, x_fresh, o5.ACTION)})
    largest = slice(len(cases) - 1, len(cases))
    start = o5.networks(hidden, x[largest] * count, y[largest] * count, seeds=[s + 1000 for s in seeds])
    return {"sizes": groups[:-1], "shuffled": groups[-1], "untrained": polarize(start, x_fresh, o5.ACTION)}


def _shuffled(samples: int, *, seed: int) -> tuple[Tensor, Tensor]:
    """All but HELD_OUT of so many points, with their targets in an order of chance."""
    x, y = o5.draw(samples - HELD_OUT, seed=seed)
    return x, y[torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))]

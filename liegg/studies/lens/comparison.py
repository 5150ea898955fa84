"""LieGG and its rivals asked the same question: along which matrices does this function not change?"""

from collections.abc import Callable, Sequence
from functools import partial

from torch import Tensor

from liegg import algebra
from liegg.actions import Linear
from liegg.studies.lens import cost
from liegg.studies.lens.rivals import Discovery, augerino, by_step, learned, liegan, neighbours
from liegg.studies.lens.target import Target

METHODS: dict[str, Callable[..., Discovery]] = {
    "liegg": learned,
    "one": partial(learned, networks=1),
    "augerino": augerino,
    "liegan": liegan,
    "direct": neighbours,
}


def answers(
    method: str, data: Sequence[tuple[Tensor, Tensor]], action: Linear, *, dimension: int, steps: int
) -> list[Discovery]:
    """What a method says of each data set (x, y), with their places in the list as seeds.

    dimension    the true one, of which only LieGAN is told; it is told 1 where there is none, as it cannot be told 0
    steps        of the optimiser, for the methods that train
    """
    told = {"channels": max(1, dimension)} if method == "liegan" else {}
    seeds = [{} if method == "direct" else {"seed": seed, "steps": steps} for seed in range(len(data))]
    return [METHODS[method](x, y, action, **told, **seed) for (x, y), seed in zip(data, seeds)]


def compare(
    method: str, target: Target, samples: int, *, seeds: Sequence[int], steps: int
) -> list[dict[str, float | None]]:
    """What a method says of a target from `samples` points, one row a data set: true and found dimension, that by the
    largest step in its spectrum, the largest and mean angle to the true algebra (degrees), seconds of one answer and
    megabytes of all."""
    data = []
    for seed in seeds:
        points = target.points(samples, seed=seed).flatten(1)
        data.append((points, target.function(points)[:, None]))
    true = len(target.algebra)
    found, seconds, megabytes = cost.measured(answers, method, data, target.action, dimension=true, steps=steps)
    rows = []
    for seed, answer in zip(seeds, found):
        angles = algebra.principal_angles(answer.directions[:true], target.algebra) if true else None
        rows.append(
            {
                "seed": seed,
                "true": true,
                "dimension": answer.dimension,
                "dimension_by_step": by_step(answer.strength),
                "angle": angles[-1].item() if true else None,
                "angle_mean": angles.mean().item() if true else None,
                "seconds": seconds / len(seeds),
                "megabytes": megabytes,
            }
        )
    return rows

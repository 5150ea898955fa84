"""LieGG and its rivals asked the same question: along which matrices does this function not change?"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial

from torch import Tensor

from liegg.actions import Linear
from liegg.studies.lens import cost
from liegg.studies.lens.rivals import Discovery, augerino, liegan, neighbours, polarized
from liegg.studies.lens.target import Target
from liegg.symmetry.factors import Factors

METHODS: dict[str, Callable[..., Discovery | Factors]] = {
    "liegg": polarized,
    "one": partial(polarized, networks=1),
    "augerino": augerino,
    "liegan": liegan,
    "direct": neighbours,
}


def answers(
    method: str, data: Sequence[tuple[Tensor, Tensor]], action: Linear, *, dimension: int, steps: int
) -> list[Discovery | Factors]:
    """What a method says of each data set (x, y), with their places in the list as seeds; of LieGG the factors that
    its answer is read from.

    dimension    the true one, of which only LieGAN is told; it is told 1 where there is none, as it cannot be told 0
    steps        of the optimiser, for the methods that train
    """
    told = {"channels": max(1, dimension)} if method == "liegan" else {}
    seeds = [{} if method == "direct" else {"seed": seed, "steps": steps} for seed in range(len(data))]
    return [METHODS[method](x, y, action, **told, **seed) for (x, y), seed in zip(data, seeds)]


def compare(method: str, target: Target, samples: int, *, seeds: Sequence[int], steps: int) -> dict:
    """What a method says of a target from `samples` points, data set by data set, with the seconds of one answer (for
    LieGG without the decision, milliseconds) and the megabytes of all."""
    data = []
    for seed in seeds:
        points = target.points(samples, seed=seed).flatten(1)
        data.append((points, target.function(points)[:, None]))
    dimension = len(target.algebra)
    found, seconds, megabytes = cost.measured(answers, method, data, target.action, dimension=dimension, steps=steps)
    kept = [answer if isinstance(answer, Factors) else asdict(answer) for answer in found]
    return {"answers": kept, "seconds": seconds / len(seeds), "megabytes": megabytes}

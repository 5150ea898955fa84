"""LieGG and its rivals asked the same question: along which matrices does this function not change?"""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from torch import Tensor

from liegg.actions import Linear
from liegg.studies.lens import cost
from liegg.studies.lens.rivals import Discovery, augerino, liegan, neighbours, polarized
from liegg.studies.lens.target import Target
from liegg.symmetry.factors import Factors

TIMES = 3  # how often the time of an answer is measured, at least, in one case

METHODS: dict[str, Callable[..., Discovery | Factors]] = {
    "liegg": polarized,
    "one": partial(polarized, networks=1),
    "augerino": augerino,
    "liegan": liegan,
    "direct": neighbours,
}


def answers(
    method: str, data: Sequence[tuple[Tensor, Tensor]], action: Linear, *, dimension: int, steps: int
) -> tuple[list[Discovery | Factors], list[float]]:
    """What a method says of each data set (x, y), with their places in the list as seeds, and the seconds of each
    answer; of LieGG the factors that its answer is read from.

    dimension    the true one, of which only LieGAN is told; it is told 1 where there is none, as it cannot be told 0
    steps        of the optimiser, for the methods that train

    Fewer than TIMES data sets are gone through again until there are as many times; then each has the median of its
    own.
    """
    told = {"channels": max(1, dimension)} if method == "liegan" else {}
    seeds = [{} if method == "direct" else {"seed": seed, "steps": steps} for seed in range(len(data))]
    found, seconds = [], []
    for _ in range(math.ceil(TIMES / len(data))):
        calls = [_timed(METHODS[method], x, y, action, **told, **seed) for (x, y), seed in zip(data, seeds)]
        found = [answer for answer, _ in calls]
        seconds.append([took for _, took in calls])
    return found, [statistics.median(of_one) for of_one in zip(*seconds)]


def _timed(
    method: Callable[..., Discovery | Factors], *args: Any, **settings: Any
) -> tuple[Discovery | Factors, float]:
    start = time.perf_counter()
    answer = method(*args, **settings)
    return answer, time.perf_counter() - start


def compare(method: str, target: Target, samples: int, *, seeds: Sequence[int], steps: int) -> dict:
    """What a method says of a target from `samples` points, data set by data set, with the seconds of each answer (for
    LieGG without the decision) and the megabytes of all."""
    data = []
    for seed in seeds:
        points = target.points(samples, seed=seed).flatten(1)
        data.append((points, target.function(points)[:, None]))
    dimension = len(target.algebra)
    (found, seconds), _, megabytes = cost.measured(
        answers, method, data, target.action, dimension=dimension, steps=steps
    )
    kept = [answer if isinstance(answer, Factors) else asdict(answer) for answer in found]
    return {"answers": kept, "seconds": seconds, "megabytes": megabytes}

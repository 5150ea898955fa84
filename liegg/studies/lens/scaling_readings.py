"""A model of what extraction in many parts costs, fitted to timed runs, and what follows from it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.optimize import nnls

from liegg.studies.lens.scaling import ACTION, BATCH, BATCHES, NETWORKS

FASTEST = 1e-5  # seconds in which no scheduler hands out a part


class Model(NamedTuple):
    """Seconds that N samples in P parts take on W workers: T = start + P hand_out + (N sample + P part) / W."""

    start: float
    """of any run"""
    hand_out: float
    """of a part, by the client and the scheduler, one after the other"""
    sample: float
    """of a sample, by a worker"""
    part: float
    """of a part, by a worker, whatever its size: calling, folding, sending and merging factors"""

    def seconds(self, samples: float, parts: float, workers: float) -> float:
        return self.start + parts * self.hand_out + (samples * self.sample + parts * self.part) / workers

    def most(self, samples: float, each: float) -> float:
        """The number of workers with `each` parts a worker beyond which more of them take longer: where the derivative
        of `seconds` by W is zero with P = each W."""
        return max(1.0, math.sqrt(samples * self.sample / (each * max(self.hand_out, FASTEST))))

    def efficiency(self, samples: float, each: float, workers: float) -> float:
        """How much of all workers' time goes into samples."""
        return samples * self.sample / (workers * self.seconds(samples, each * workers, workers))


def fitted(runs: Sequence[dict], cores: int) -> Model:
    """The model that suits runs (workers, parts, samples of each, seconds) best, in relative error, with nothing
    negative; workers beyond the machine's cores do not count."""
    rows = []
    for run in runs:
        at_work = min(run["workers"], cores)
        rows.append([1, run["parts"], run["parts"] * run["samples"] / at_work, run["parts"] / at_work])
    seconds = np.array([run["seconds"] for run in runs])
    weights, _ = nnls(np.array(rows) / seconds[:, None], np.ones(len(seconds)))
    return Model(*map(float, weights))


def predicted(model: Model, run: dict, cores: int) -> float:
    """Seconds of a run by the model."""
    return model.seconds(run["parts"] * run["samples"], run["parts"], min(run["workers"], cores))


class Networks(NamedTuple):
    """Seconds that a sample takes with M networks: M each + M² pair."""

    each: float
    """a network's gradients and its own rows"""
    pair: float
    """the inner products of the rows of two networks"""

    def seconds(self, count: float) -> float:
        return count * self.each + count**2 * self.pair


def per_sample(costs: Sequence[dict]) -> list[float]:
    """Seconds a sample, without what a call costs whatever its size."""
    return [(cost["seconds"] - cost["few"]) / ((BATCHES - 1) * BATCH) for cost in costs]


def fitted_networks(costs: Sequence[dict]) -> Networks:
    """What suits the costs best, in relative error, with nothing negative."""
    counts, seconds = np.array([cost["networks"] for cost in costs]), np.array(per_sample(costs))
    weights, _ = nnls(np.stack([counts, counts**2], 1) / seconds[:, None], np.ones(len(seconds)))
    return Networks(*map(float, weights))


def with_networks(model: Model, costs: Sequence[dict], count: int) -> Model:
    """The model of NETWORKS networks for another number of them, whose costs were measured in the same repeat: what a
    sample takes, and factors that are larger."""
    if count == NETWORKS:
        return model
    of, fewer = (next(cost for cost in costs if cost["networks"] == M) for M in (count, NETWORKS))
    return model._replace(sample=per_sample([of])[0], part=model.part + of["merge"] - fewer["merge"])


def megabytes(count: int) -> float:
    """A rule of thumb for the memory of M networks, B samples at a time, m outputs and K directions:
    50 M K (1000 + B m) bytes, and 50 MB. Rows wait until there are a thousand, whatever B is."""
    return 50 + 50e-6 * count * ACTION.size * (1000 + BATCH)


def makespan(seconds: Sequence[float], workers: int) -> float:
    """How long tasks take on workers, the longest given out first."""
    free = torch.zeros(workers)
    for task in sorted(seconds, reverse=True):
        free[free.argmin()] += task
    return free.max().item()


def mean_and_range(values: Sequence[float] | torch.Tensor) -> str:
    """In words."""
    values = torch.as_tensor(values)
    number = lambda value: f"{value:,.0f}" if value >= 100 else f"{value:.2g}"
    return f"{number(values.mean())} ({number(values.min())} to {number(values.max())})"

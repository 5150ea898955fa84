"""What it costs to polarize data in many parts: runs on clusters of processes of this machine, timed."""

import hashlib
import os
import signal
import threading
import time
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from liegg.studies.generators.o5 import ACTION
from liegg.symmetry.factors import Factors
from liegg.symmetry.map_reduce import polarize_parts
from liegg.symmetry.stream import polarize
from liegg.training.networks import mlp

HIDDEN = (32, 32)
BATCH = 500
"""samples at a time: of a thousand networks their rows take 0.2 GB"""
TOGETHER = 3
"""networks of a run on a cluster, the fewest that tell an error from signal"""


def networks(count: int, *, seed: int) -> list[nn.Sequential]:
    """Networks of the O(5) page as they begin: training would not change what they cost."""
    return [mlp([2 * 5, *HIDDEN, 1], seed=seed + a) for a in range(count)]


def draw(samples: int, *, seed: int) -> Tensor:
    """A part of the data, (samples, 10), made where it is asked for as it would be read from a file there."""
    return torch.randn(samples, 10, generator=torch.Generator().manual_seed(seed))


def on_cluster(
    workers: int, sizes: Sequence[tuple[int, int]], *, repeats: int, killed: tuple[int, int], seed: int
) -> dict:
    """Runs on a cluster of so many worker processes with one thread each, which is started for them.

    sizes     (parts, samples of each) of the data of a run
    killed    the size of a further run, during which a worker is killed, if there are two workers at least

    start     seconds until all workers had loaded PyTorch
    runs      for each repeat and size: parts, samples, seconds, and digest of the factors, the same for the same bits
    killed    the same of the further run, with the number of workers that died; None where there is one worker
    """
    from distributed import Client, LocalCluster

    began = time.perf_counter()
    where = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**where) as cluster, Client(cluster, set_as_default=False) as client:
        client.run(networks, TOGETHER, seed=seed)
        start = time.perf_counter() - began
        _run(client, *sizes[0], seed=seed)
        runs = [_run(client, *size, seed=seed) for _ in range(repeats) for size in sizes]
        return {"start": start, "runs": runs, "killed": _killed(client, killed, seed=seed) if workers > 1 else None}


def _run(client, parts: int, samples: int, *, seed: int) -> dict:
    data = [partial(draw, samples, seed=seed + i) for i in range(parts)]
    began = time.perf_counter()
    factors = polarize_parts(networks(TOGETHER, seed=seed), data, ACTION, client=client, batch_size=BATCH)
    seconds = time.perf_counter() - began
    return {"parts": parts, "samples": samples, "seconds": seconds, "digest": digest(factors)}


def _killed(client, size: tuple[int, int], *, seed: int) -> dict:
    """A run of which one worker is killed when about a third of it is over, as the same run took without."""
    undisturbed = _run(client, *size, seed=seed)
    pids = client.run(os.getpid)
    late = threading.Timer(undisturbed["seconds"] / 3, os.kill, [min(pids.values()), signal.SIGKILL])
    late.start()
    run = _run(client, *size, seed=seed)
    late.join()
    return run | {"died": len(set(pids) - set(client.scheduler_info()["workers"])), "undisturbed": undisturbed}


def digest(factors: Factors) -> str:
    """Of all bits of the factors."""
    found = hashlib.sha256(factors.alike.numpy().tobytes())
    for factor in (*factors.matched, *factors.mismatched, factors.data):
        found.update(factor.triangles.numpy().tobytes() + factor.counts.numpy().tobytes())
    return found.hexdigest()[:16]


def costs(counts: Sequence[int], *, samples: int, repeats: int, seed: int) -> list[dict]:
    """What M networks cost in one process with one thread, for each of `counts` and each repeat.

    networks; seconds of `polarize` on so many samples, `few` of it on one batch; merge, seconds to merge two such
    factors; megabytes, of the factors as they travel
    """
    from distributed import Client, LocalCluster

    where = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None, "memory_limit": 0}
    with LocalCluster(**where) as cluster, Client(cluster, set_as_default=False) as client:
        cases = [(M, r) for M in counts for r in range(-1, repeats)]
        asked = [client.submit(_cost, M, samples, seed=seed, pure=False) for M, _ in cases]
        return [future.result() for future, (_, r) in zip(asked, cases) if r >= 0]


def _cost(count: int, samples: int, *, seed: int) -> dict:
    nets, x = networks(count, seed=seed), draw(samples, seed=seed)
    moments = [time.perf_counter()]
    few = polarize(nets, x[:BATCH], ACTION, batch_size=BATCH)
    moments.append(time.perf_counter())
    polarize(nets, x, ACTION, batch_size=BATCH)
    moments.append(time.perf_counter())
    few.merge(few)
    moments.append(time.perf_counter())
    short, long, merge = (after - before for before, after in zip(moments, moments[1:]))
    tensors = [factor.triangles for factor in (*few.matched, *few.mismatched, few.data)] + [few.alike]
    size = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    return {"networks": count, "few": short, "seconds": long, "merge": merge, "megabytes": size / 1e6}

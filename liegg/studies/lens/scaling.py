"""What it costs to polarize data in many parts: runs on clusters of processes of this machine, timed."""

import contextlib
import hashlib
import logging
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from liegg.studies.generators.o5 import ACTION
from liegg.studies.lens import cost
from liegg.symmetry.factors import Factors
from liegg.symmetry.map_reduce import polarize_parts, settled
from liegg.symmetry.stream import polarize
from liegg.training.networks import mlp

if TYPE_CHECKING:
    from distributed import Client

HIDDEN = (32, 32)
BATCH = 1000
"""samples at a time, for any data and any number of networks, as what a sample costs depends on it"""
BATCHES = 5
"""at which a cost is measured; and at one, so that what a call costs by itself can be taken off"""
NETWORKS = 3
"""networks of a run on a cluster, the fewest that tell an error from signal"""


def networks(count: int, *, seed: int) -> list[nn.Sequential]:
    """Networks of the O(5) page as they begin: training would not change what they cost."""
    return [mlp([2 * 5, *HIDDEN, 1], seed=seed + a) for a in range(count)]


def draw(samples: int, *, seed: int) -> Tensor:
    """A part of the data, (samples, 10), made where it is asked for as it would be read from a file there."""
    return torch.randn(samples, 10, generator=torch.Generator().manual_seed(seed))


def on_clusters(workers: Sequence[int], sizes: Sequence[tuple[int, int]], *, repeats: int, seed: int) -> dict:
    """Runs on clusters of worker processes with one thread each, which are started for them, and wait for their turns:
    each repeat has all sizes on all clusters, so that what is compared is measured within a minute.

    workers   numbers of processes, a cluster for each
    sizes     (parts, samples of each) of the data of a run

    cores     that the processes share
    start     for each cluster: seconds until all workers had loaded PyTorch
    runs      for each repeat, cluster and size: workers, repeat, parts, samples, seconds, and digest of the factors,
              equal for equal bits
    killed    for each cluster of several workers: a run of the last size during which a worker is killed, with the
              number of workers that died before it ended
    """
    with contextlib.ExitStack() as stack:
        clients, start = {}, []
        for count in workers:
            began = time.perf_counter()
            clients[count] = stack.enter_context(_started(count))
            clients[count].run(networks, NETWORKS, seed=seed)
            start.append(time.perf_counter() - began)
            _run(clients[count], *sizes[0], seed=seed)
        runs = [
            {"workers": count, "repeat": repeat} | _run(client, *size, seed=seed)
            for repeat in range(repeats)
            for count, client in clients.items()
            for size in sizes
        ]
        usual = {run["workers"]: run["seconds"] for run in runs}  # of the last
        killed = [
            {"workers": count} | _killed(client, *sizes[-1], after=usual[count] / 3, seed=seed)
            for count, client in clients.items()
            if count > 1
        ]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"cores": cores, "start": start, "runs": runs, "killed": killed}


@contextlib.contextmanager
def _started(workers: int) -> Iterator["Client"]:
    """A client of a cluster of its own."""
    from distributed import Client, LocalCluster

    where = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": logging.CRITICAL}
    with LocalCluster(**where) as cluster, Client(cluster, set_as_default=False) as client:
        yield client


def _run(client, parts: int, samples: int, *, seed: int) -> dict:
    data = [partial(draw, samples, seed=seed + i) for i in range(parts)]
    nets = networks(NETWORKS, seed=seed)
    factors, seconds = _timed(polarize_parts, nets, data, ACTION, client=client, batch_size=BATCH)
    return {"parts": parts, "samples": samples, "seconds": seconds, "digest": digest(factors)}


def _killed(client, parts: int, samples: int, *, after: float, seed: int) -> dict:
    """A run of which a worker is killed after so many seconds."""
    pids = client.run(os.getpid)
    late = threading.Timer(after, os.kill, [min(pids.values()), signal.SIGKILL])
    late.start()
    run = _run(client, parts, samples, seed=seed)
    late.join()
    died = set(pids) - set(client.nthreads())
    return run | {"died": len(died) if run["seconds"] > after else 0}


def digest(factors: Factors) -> str:
    """Of all bits of the factors."""
    found = hashlib.sha256(factors.alike.numpy().tobytes())
    for factor in (*factors.matched, *factors.mismatched, factors.data):
        found.update(factor.triangles.numpy().tobytes() + factor.counts.numpy().tobytes())
    return found.hexdigest()[:16]


def alone(count: int, *, repeats: int, seed: int) -> dict:
    """What so many networks cost in a process of its own with one thread.

    times    for each repeat: seconds of `polarize` on BATCHES batches, `few` of it on one; merge, seconds to fold and
             merge two such factors; megabytes that such factors have when they are sent
    peak     megabytes of memory in all, above what PyTorch takes
    """
    times, _, peak = cost.measured(_alone, count, repeats=repeats, seed=seed)
    return {"times": times, "peak": peak}


def _alone(count: int, *, repeats: int, seed: int) -> list[dict]:
    torch.set_num_threads(1)
    nets, x, found = networks(count, seed=seed), draw(BATCHES * BATCH, seed=seed), []
    polarize(nets, x[:BATCH], ACTION, batch_size=BATCH)  # the first call is slower
    for _ in range(repeats):
        few, short = _timed(polarize, nets, x[:BATCH], ACTION, batch_size=BATCH)
        merge = _timed(few.merge, few)[1]
        sent = len(pickle.dumps(settled(few))) / 1e6
        del few  # or its memory would count
        long = _timed(polarize, nets, x, ACTION, batch_size=BATCH)[1]
        found.append({"few": short, "seconds": long, "merge": merge, "megabytes": sent})
    return found


def _timed(function: Callable, *args: Any, **kwargs: Any) -> tuple[Any, float]:
    began = time.perf_counter()
    return function(*args, **kwargs), time.perf_counter() - began

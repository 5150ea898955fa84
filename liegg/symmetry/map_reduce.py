"""Data in many places: every part is polarized where a worker of a Dask cluster is, and small factors are merged."""

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from liegg import cluster
from liegg.actions import Action
from liegg.symmetry.factors import Factor, Factors
from liegg.symmetry.polarization import Function, require_action
from liegg.symmetry.stream import as_list, polarize

if TYPE_CHECKING:
    from distributed import Client, Future

TOGETHER = 8  # factors that are merged at a time
_one_at_a_time = threading.Lock()  # modules and the random state, which polarize gives back, are a process's own


def polarize_parts(
    models: Function | Sequence[Function],
    parts: Sequence["Tensor | Callable[[], Tensor | Iterable] | Future"],
    action: Action,
    output_action: Action | None = None,
    *,
    client: "Client",
    batch_size: int | None = None,
    device: torch.device | str | None = None,
) -> Factors:
    """The polarization factors of data in many places: `polarize` on each part by the workers of a Dask cluster, which
    then merge the factors; the data stay where they are, and one set of factors comes back, for `decide`.

    models        as for `polarize`; they are sent to the workers, which need liegg and what the functions import
    parts         of the data: each a function without arguments, called on the worker, that returns what `polarize`
                  takes, a tensor (N_i, ...) or an iterable of batches, read from a file for one (a DataLoader without
                  processes of its own); or a future of the client that has a tensor; or a tensor, which is sent. Two
                  samples each at least
    client        a `distributed.Client`
    output_action, batch_size, device    as for `polarize`; the device is the worker's

    A worker process takes one part at a time, with one thread of PyTorch: start as many processes as there are cores.
    Memory is kept from batch to batch and given back after each part, where Dask by default gives all back at once.
    Factors are merged in the order of the parts, at most TOGETHER = 8 at a time, so that the result does not depend on
    which worker did what: the work of one that dies is done again by others, and the result is the same to the last
    bit, on processors of one kind. It is that of `Factors.merge` part by part to rounding; its controls take their
    partners within each part. While the cluster has no workers, it waits. Raises what reading a part and `polarize`
    raise, with a note of the part's number, and what a future raises, without; ValueError for no parts, for what cannot
    be sent, and for what is no client that runs; `liegg.cluster.OtherSoftware` where a worker has other versions of
    Python, liegg, PyTorch, NumPy, SciPy, scikit-learn or Dask; RuntimeError for a part that ended one worker after
    another, or would have (SystemExit), and where the cluster is lost.
    """
    if not hasattr(client, "submit") or not hasattr(client, "scheduler_info") or client.asynchronous:
        raise ValueError(f"client must be a distributed.Client that is not asynchronous, not {client!r}")
    if client.status != "running":
        raise ValueError(f"client must be one that runs: this one is {client.status}")
    if isinstance(parts, Tensor) or not isinstance(parts, Sequence) or not parts:
        raise ValueError("parts must be a list with one entry for each part of the data, and not empty")
    require_action("action", action)
    require_action("output_action", output_action, optional=True)
    as_list(models)
    from distributed import Future

    cluster.require_same(client)
    _require_sendable("the models or the actions", (models, action, output_action))
    for i, part in enumerate(parts):
        if callable(part) or not isinstance(part, Tensor | Future):
            _require_sendable(f"part {i} of the data", part)
    run = uuid.uuid4().hex
    given = client.submit(_given, (models, action, output_action, batch_size, device), key=f"models-{run}")
    keys = [f"part-{i}-{run}" for i in range(len(parts))]
    every = factors = client.map(_polarized, parts, range(len(parts)), asked=given, wanted=cluster.software(), key=keys)
    while len(factors) > 1:
        factors = client.map(_merged, [factors[i : i + TOGETHER] for i in range(0, len(factors), TOGETHER)], pure=False)
        every = [*every, *factors]
    return _result(client, every)


def _require_sendable(what: str, thing: object) -> None:
    from distributed.protocol.pickle import dumps

    try:
        dumps(thing)
    except Exception as error:
        raise ValueError(f"{what} cannot be sent to a worker: {type(error).__name__}: {error}") from error


def _given(asked: tuple) -> tuple:
    """What all parts need, as a task, which is done again where its result is lost; scattered data are not."""
    return asked


def _polarized(part: object, number: int, *, asked: tuple, wanted: dict[str, str]) -> Factors:
    """The factors of one part."""
    cluster.require(wanted)
    models, action, output_action, batch_size, device = asked
    try:
        with _one_at_a_time, _one_thread(), cluster.kept_memory():
            inputs = part() if callable(part) else part
            factors = polarize(models, inputs, action, output_action, batch_size=batch_size, device=device)  # type: ignore[arg-type]
        if factors.samples < 2:
            raise ValueError("one sample has no other for a control: make parts larger")
    except Exception as error:
        error.add_note(f"in part {number} of the data")
        raise
    except (SystemExit, KeyboardInterrupt) as error:  # Dask would end the worker
        raise RuntimeError(f"part {number} of the data raised {type(error).__name__}({error})") from None
    return settled(factors)


@contextmanager
def _one_thread() -> Iterator[None]:
    """PyTorch computes with one thread, as sums of several are rounded otherwise."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def settled(factors: Factors) -> Factors:
    """The same with all rows in the triangles: what travels is small."""
    matched, mismatched = (
        tuple(Factor._of(factor.triangles, factor.counts) for factor in each)
        for each in (factors.matched, factors.mismatched)
    )
    return Factors(matched, mismatched, Factor._of(factors.data.triangles, factors.data.counts), factors.alike.cpu())


def _merged(group: list[Factors]) -> Factors:
    first, *others = group
    for factors in others:
        first = first.merge(factors)
    return first


def _result(client: "Client", futures: "list[Future]") -> Factors:
    """What the last of them has; all are cancelled where that cannot be had, or nobody waits for it any more."""
    from distributed import CancelledError, KilledWorker

    try:
        return futures[-1].result()
    except KilledWorker as error:
        raise RuntimeError(
            f"{error.task} ended one worker after another, the last {error.last_worker.address}: out of memory? Make "
            "parts smaller, or have them read in batches"
        ) from error
    except CancelledError as error:
        raise RuntimeError(f"the cluster was lost, or something cancelled, before all was done: {error}") from error
    except BaseException:
        client.cancel(futures)
        raise

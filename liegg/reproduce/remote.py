"""Notebooks measured by the workers of a Dask cluster, as the main process sees them; they are drawn here.

A worker gets the cells that measure and sends back what they measured, which counts by its content key as if it had
been measured here (`liegg.reproduce.keys`).
"""

import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

import nbformat
import yaml

from liegg import cluster
from liegg.reproduce import kept, whole
from liegg.reproduce.errors import UserError
from liegg.reproduce.keys import changes, in_words, key, measuring_part
from liegg.reproduce.project import TABLE, say
from liegg.reproduce.remote_worker import Answer, Order, measure
from liegg.reproduce.results import commit
from liegg.reproduce.words import brief, elapsed
from liegg.reproduce.worker import Job, abandon, what

if TYPE_CHECKING:
    from distributed import Client

    from liegg.reproduce.runner import Limits

WAITS = "waits for a worker"
PATIENCE = 20  # seconds that a scheduler has to answer


@contextlib.contextmanager
def connected(address: str) -> Iterator["Client"]:
    """A client of the scheduler, once there is a worker, and all workers have the software that is here.

    Raises UserError where nobody answers, and for workers that have other software.
    """
    try:
        from distributed import Client
        from distributed.comm import resolve_address
    except ModuleNotFoundError:
        raise UserError("CLUSTER (--cluster) needs the package distributed: pip install 'liegg[cluster]'") from None
    try:
        resolve_address(address)  # or a client that cannot be made complains when it is forgotten
        client = _within(PATIENCE + 5, lambda: Client(address, timeout=PATIENCE, set_as_default=False))
    except (OSError, ValueError, TypeError) as error:
        what = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise UserError(
            f"CLUSTER (--cluster) is {brief(address)}, and no scheduler answers there ({what[:120]}): start one with "
            "`dask scheduler`, and give the address that it says"
        ) from None
    for logger in ("distributed", "distributed.client"):  # what matters is said here
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    with client:
        if not client.nthreads():
            say(f"{address} has no workers: waiting for the first (dask worker {address})")
            client.wait_for_workers(1)
        try:
            cluster.require_same(client)
        except cluster.OtherSoftware as error:
            raise UserError(str(error)) from None
        yield client


def _within(seconds: float, function: Callable[[], "Client"]) -> "Client":
    """What the function returns or raises. Raises TimeoutError if it does not in time: what answers may be no
    scheduler, and Dask waits for it."""
    found: list = []

    def attempt() -> None:
        try:
            found.append(function())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        raise TimeoutError("something else answers")
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]


def for_cluster(job: Job) -> bool:
    """Whether a worker elsewhere may do it: what measures, but for what measures times."""
    return job.source is None and not job.alone


def slots(jobs: list[Job], limits: "Limits", stack: contextlib.ExitStack) -> list["Remote"]:
    """One slot for each job that the cluster may do, as Dask hands them out; none where there is no such job."""
    measuring = [job for job in jobs if for_cluster(job)]
    if not measuring:
        return []
    client = stack.enter_context(connected(limits.cluster))
    workers, threads = len(client.nthreads()), sum(client.nthreads().values())
    for_each = f" of {threads} threads" if threads != workers else ""
    say(f"{limits.cluster} has {workers} worker{'s' * (workers > 1)}{for_each} to measure {len(measuring)} of them")
    refused: set[str] = set()
    return [Remote(client, limits, refused) for _ in measuring]


class Remote:
    """One notebook on the cluster, with what `runner.Worker` has for one in a process here."""

    def __init__(self, client: "Client", limits: "Limits", refused: set[str]):
        self.client, self.limits = client, limits
        self.refused = refused
        """addresses of workers with other software, that came when the others had been asked; of all slots"""
        self.topic = f"liegg-{uuid.uuid4().hex}"
        self.job: Job | None = None
        self.asked: set[str] = set()
        """the workers of which one may do it; any, if empty"""
        self.at, self.began = WAITS, 0.0
        client.subscribe_topic(self.topic, self._hear)

    def takes(self, job: Job) -> bool:
        return for_cluster(job)

    def give(self, job: Job) -> None:
        """Send it, with the key and the cells of today."""
        self.job, self.at, self.began, self.unsent = job, WAITS, time.monotonic(), ""
        try:
            self.job = job._replace(key=key(job.experiment, job.key["measure"]["parameters"], job.run.root))
            order = Order(
                job.run.profile, job.name, _files(job), self.job.key["measure"], commit(), cluster.software(),
                self.limits.threads or 1, self.limits.minutes, self.topic,
            )  # fmt: skip
        except UserError as error:
            self.unsent = str(error)
            return
        self.asked = {*self.client.nthreads()} - self.refused if self.refused else set()
        self.future = self.client.submit(
            measure,
            order,
            key=f"{job.name}-{uuid.uuid4().hex}",
            priority=job.experiment.seconds[job.run.profile],
            workers=[*self.asked] or None,
        )

    @property
    def took(self) -> float:
        return time.monotonic() - self.began

    def outcome(self) -> str | None:
        """As of `runner.Worker`; what was measured is in its place when it returns ""."""
        job = self.job
        if self.unsent:
            self.job = None
            return abandon(job, self.unsent)
        if not self.future.done():
            if self.asked and self._gone():
                self.future.cancel(reason="the workers that were asked have gone")
                self.give(job)
            return None
        try:
            answer: Answer = self.future.result()
        except CancelledError:
            answer = Answer(why="the scheduler was lost: start one again, and run this again")
        except Exception as error:  # whatever becomes of a cluster
            answer = Answer(why=f"{type(error).__name__}: {' '.join(str(error).split())}")
        self.future.release()
        if answer.refused and {*self.client.nthreads()} - {answer.refused, *self.refused}:
            self.refused.add(answer.refused)
            say(f"{job.name}: sent anew, as {answer.why}, at {answer.refused}")
            self.give(job)
            return None
        self.job = None
        try:
            return self._failed(job, answer) if answer.why else self._put(job, answer.measured)
        except OSError as error:
            return abandon(job, what(error))

    def _gone(self) -> bool:
        """Whether no worker is left of those that were asked."""
        with contextlib.suppress(OSError, CancelledError):  # the scheduler is lost, as the future will say
            return self.asked.isdisjoint(self.client.nthreads())
        return False

    def _failed(self, job: Job, answer: Answer) -> str:
        if answer.executed:
            job.run.failed(job.name).parent.mkdir(parents=True, exist_ok=True)
            job.parts[0].write_text(answer.executed, encoding="utf-8")
        return abandon(job, answer.why)

    def _put(self, job: Job, measured: bytes) -> str:
        """Put what was measured in its place, if it is what was asked for, by the code that is here."""
        part, place = job.running / f"{job.name}.npz", job.run.measured(job.name)
        part.write_bytes(measured)
        found = changes((kept.header(part) or {}).get("key"), job.key["measure"])
        if not found and cluster.digest() != cluster.CODE:
            found = ["liegg was changed while this ran: run it again"]
        if found:
            part.unlink()
            return abandon(job, f"what came back does not count: {in_words(found)}")
        place.parent.mkdir(parents=True, exist_ok=True)
        whole.put(part, place)
        return ""

    def drawing(self, job: Job) -> Job:
        """What is left to do here when it has been measured."""
        return job._replace(source=job.run.measured(job.name))

    def standing(self, expected: float) -> str:
        """In words: where the notebook is."""
        with contextlib.suppress(OSError, CancelledError):  # the scheduler is lost, as `outcome` will see
            self.at = self.at if self.client.nthreads() else WAITS
        return f"{self.job.name}: {self.at}, {elapsed(self.took)} since it was sent"

    def end(self) -> None:
        if self.job and not self.unsent:
            self.future.cancel(reason="the run was stopped")
        self.client.unsubscribe_topic(self.topic)

    def _hear(self, event: tuple) -> None:
        _, self.at = event


def _files(job: Job) -> dict[str, str]:
    """What a worker needs of the project: the notebook's measuring part, and its row of the table."""
    table = yaml.safe_load((job.run.root / TABLE).read_text(encoding="utf-8"))
    notebook = TABLE.with_name(f"{job.name}.ipynb")
    return {
        TABLE.as_posix(): yaml.safe_dump({job.name: table[job.name]}, sort_keys=False, allow_unicode=True),
        notebook.as_posix(): nbformat.writes(measuring_part(job.experiment.notebook())),
    }

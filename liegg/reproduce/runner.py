"""Run experiments: as many worker processes as there are cores, and a line of progress every few seconds."""

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from typing import NamedTuple

import psutil

from liegg.reproduce import remote
from liegg.reproduce.errors import UserError
from liegg.reproduce.executed import write_again
from liegg.reproduce.keys import Plan, key, plan
from liegg.reproduce.lock import Share
from liegg.reproduce.project import Run, say
from liegg.reproduce.remote import Remote
from liegg.reproduce.results import read_json
from liegg.reproduce.table import Experiment
from liegg.reproduce.words import elapsed
from liegg.reproduce.worker import Job, abandon, work

HEARTBEAT = 10.0
POLL = 0.5  # seconds
PATIENCE = 5.0  # seconds that a worker may take to end
DRAWING = 15  # seconds, before it is known
WORDS = {"measure": "runs", "draw": "is drawn again", "write": "is written again"}


class Limits(NamedTuple):
    """What a run may use."""

    threads: int = 0
    """of each notebook; 0 for its share of all cores but one: threads that must wait for a core make all others wait"""
    minutes: float = float("inf")
    """that a notebook may take"""
    cluster: str = ""
    """address of a Dask scheduler, whose workers measure what does not measure times; "" for this machine alone"""


NONE = Limits()


@contextlib.contextmanager
def _no_interrupt() -> Iterator[None]:
    """A process that is started here is not interrupted by Ctrl-C before it can answer."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # unblocks the signal when it starts
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


class Worker:
    """A worker process, as the main process sees it."""

    def __init__(self, run: Run, limits: Limits):
        self.run, self.limits = run, limits
        self.job: Job | None = None
        self.at, self.began = "", 0.0
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        setup = theirs, self.run.root, self.run.folder, self.limits.threads, Share()
        self.process = context.Process(target=work, args=setup, daemon=True)
        with _no_interrupt():
            self.process.start()
        theirs.close()

    def give(self, job: Job) -> None:
        """Hand it a job, in a new process if the old one has ended."""
        if not self.process.is_alive():
            self._start()
        self.job, self.at, self.began = job, "", time.monotonic()
        with contextlib.suppress(OSError):  # it has died, as `outcome` will see
            self.pipe.send(job)

    @property
    def took(self) -> float:
        return time.monotonic() - self.began

    def takes(self, job: Job) -> bool:
        """Whether it may be given this: with a cluster only what is not for `Remote`."""
        return not self.limits.cluster or not remote.for_cluster(job)

    def outcome(self) -> str | None:
        """What went wrong with the job, "" if nothing did, None while it is at work; then the worker is free."""
        try:
            while self.job and self.pipe.poll():
                kind, text = self.pipe.recv()
                if kind == "done":
                    self.job = None
                    return text
                self.at = text
        except (EOFError, OSError):
            self.end()
            how = f"signal {-self.process.exitcode}" if self.process.exitcode < 0 else f"exit {self.process.exitcode}"
            return self._abandoned(f"the worker process died ({how}); out of memory?")
        if self.took > 60 * self.limits.minutes:
            self.end()
            return self._abandoned(
                f"it was stopped at its time limit of {self.limits.minutes:g} minutes; what it has measured is kept"
            )
        return None

    def standing(self, expected: float) -> str:
        """In words: where the notebook is, and how long it may take."""
        left = expected - self.took
        hint = f"about {elapsed(left)} left" if left > 1 else "longer than expected"
        text = self.at or "starting"
        with contextlib.suppress(OSError, UnicodeDecodeError):  # nothing to say, or not any more
            text += f" ({self.job.progress.read_text(encoding='utf-8')})"
        return f"{self.job.name}: {text}, {elapsed(self.took)} so far, {hint}"

    def end(self) -> None:
        """End the process and its kernel."""
        self.process.terminate()
        self.process.join(PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    def _abandoned(self, what: str) -> str:
        job, self.job = self.job, None
        return abandon(job, what)


def run_experiments(
    run: Run, experiments: list[Experiment], overrides: dict[str, object], limits: Limits = NONE
) -> list[str]:
    """Do what is not up to date; returns the names that failed. All parameters are checked before anything starts; a
    notebook that cannot be read, or reaches code that cannot, fails alone."""
    jobs, failed = [], []
    for e in experiments:
        try:
            now = key(e, e.values(run.profile, overrides), run.root)
        except UserError as error:
            if len(experiments) == 1:
                raise
            say(f"{e.name}: failed: {error}")
            failed.append(e.name)
            continue
        step, why = plan(run, e, now)
        if step == "write" and not write_again(run, e, now):
            step, why = Plan("draw", "what it showed does not fit the notebook of today")
        say(f"{e.name}: {f'{WORDS[step]}, because {why}' if step else 'up to date'}")
        if step in ("measure", "draw"):
            jobs.append(Job(run, e, now, run.measured(e.name) if step == "draw" else None))
    if jobs:
        say(f"running {len(jobs)} of {len(experiments)} notebooks at profile {run.name}")
        failed += execute(jobs, limits)
    return failed


def execute(jobs: list[Job], limits: Limits = NONE) -> list[str]:
    """Execute notebooks of one run, the longest first, then one by one those that are measured alone; returns the names
    that failed."""
    run = jobs[0].run
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    at_once = min(cores, len(jobs))
    threads = limits.threads or max(1, (cores - 1) // at_once)
    say(f"{at_once} at a time{' here' * bool(limits.cluster)}, {threads} thread{'s' * (threads > 1)} each")
    here = limits._replace(threads=min(threads, cores))
    for job in jobs:
        if job.alone and len(jobs) > 1:
            say(f"{job.name}: comes last, with nothing beside it, because it measures times")
    for path in (run.folder, jobs[0].running):
        path.mkdir(parents=True, exist_ok=True)
    (run.folder / "kernels.log").open("a").close()
    expected = {job.name: _expected_seconds(job) for job in jobs}
    waiting = sorted(jobs, key=lambda job: (job.alone, -expected[job.name]))
    with contextlib.ExitStack() as stack:
        elsewhere = remote.slots(waiting, limits, stack) if limits.cluster else []
        workers: list[Worker | Remote] = [*elsewhere, *(Worker(run, here) for _ in range(at_once))]
        stack.callback(_end, workers)
        return _follow(workers, waiting, expected)


def _end(workers: list[Worker | Remote]) -> None:
    for worker in workers:
        if isinstance(worker, Worker):
            worker.process.terminate()
    for worker in workers:
        worker.end()


def _follow(workers: list[Worker | Remote], waiting: list[Job], expected: dict[str, float]) -> list[str]:
    """Hand out jobs and print what happens until all is done; returns the names that failed."""
    failed, restarted, memory, last = [], set(), 0.0, time.monotonic()
    while waiting or any(worker.job for worker in workers):
        for worker in workers:
            job = next(filter(worker.takes, waiting), None)
            if job and not worker.job and _may_start(job, [other.job for other in workers if other.job]):
                waiting.remove(job)
                worker.give(job)
        busy = [worker for worker in workers if worker.job]
        wait([worker.pipe for worker in busy if isinstance(worker, Worker)], timeout=POLL)
        memory = max(memory, _memory())
        for worker in busy:
            job, new = worker.job, not worker.at
            error = worker.outcome()
            if new and worker.at:
                say(f"{job.name}: started, takes about {elapsed(expected[job.name])}")
            if error and not worker.at and job.name not in restarted:  # the worker died before the notebook began
                restarted.add(job.name)
                waiting.insert(0, job)
            elif error == "" and isinstance(worker, Remote):
                say(f"{job.name}: measured after {elapsed(worker.took)}")
                waiting.insert(0, worker.drawing(job))
                expected[job.name] = _expected_seconds(waiting[0])
            elif error is not None:
                say(f"{job.name}: {'failed' if error else 'done'} after {elapsed(worker.took)}{error}")
                failed += [job.name] if error else []
        if time.monotonic() - last >= HEARTBEAT:
            last = time.monotonic()
            for worker in filter(lambda worker: worker.job, workers):
                say(worker.standing(expected[worker.job.name]))
    say(f"at most {memory:.1f} GB of memory in all{' here' * any(isinstance(w, Remote) for w in workers)}")
    return failed


def _may_start(job: Job, at_work: list[Job]) -> bool:
    """Whether it may start beside these."""
    return not (at_work and (job.alone or at_work[0].alone))


def _memory() -> float:
    """In GB, of this process and all below it; what they share is counted for each."""
    total = 0
    here = psutil.Process()
    for process in [here, *here.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    return total / 1e9


def _expected_seconds(job: Job) -> float:
    """As long as last time here; before that, the table's figure for two cores."""
    result = read_json(job.run.result(job.name))
    if job.source:
        return result["provenance"]["drawn"]["seconds"] if result else DRAWING
    return result["provenance"]["seconds"] if result else job.experiment.seconds[job.run.profile]

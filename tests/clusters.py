"""A real scheduler and worker processes on this machine's loopback, for tests of what runs on them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

LONG = 120  # seconds in which what is waited for has come about


class Processes:
    """A scheduler and its workers, each a process; `place` is a folder for their files."""

    def __init__(self, place: Path):
        self.place, self.workers = place, []
        self.file = place / "scheduler.json"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", self.file)
        until(self._said)
        self.address = self._said()

    def _said(self) -> str:
        """The scheduler's address; "" as long as it has not written all of it."""
        with contextlib.suppress(OSError, ValueError):
            return json.loads(self.file.read_text())["address"]
        return ""

    def add(self, count: int = 1, **env) -> list[subprocess.Popen]:
        """Start workers with one thread each, and with variables of their own."""
        words = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", "--local-directory", self.place)
        new = [self._start("worker", self.address, *words, **env) for _ in range(count)]
        self.workers += new
        return new

    def _start(self, what: str, *words, **env) -> subprocess.Popen:
        log = (self.place / "cluster.log").open("a")
        known = {name: value for name, value in os.environ.items() if not name.startswith("LIEGG_")}
        return subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + what, *map(str, words), "--no-dashboard"],
            cwd=self.place,
            env=known | {"OMP_NUM_THREADS": "1", "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1", **env},
            stdout=log,
            stderr=log,
        )

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            with contextlib.suppress(psutil.NoSuchProcess):
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
            process.kill()
            process.wait()


def kill(worker: subprocess.Popen) -> None:
    """As the system does where memory runs out: without a word, and nothing else is killed."""
    worker.send_signal(signal.SIGKILL)
    worker.wait()


def until(condition, seconds=LONG):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)

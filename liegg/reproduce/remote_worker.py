"""What a worker of a Dask cluster does for a run elsewhere: it measures one notebook, in a process of its own.

That process ends, with its kernel and its files, when the worker does, or when nobody waits for the result any more.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

import psutil

import liegg
from liegg import cluster
from liegg.reproduce import table
from liegg.reproduce.project import Run
from liegg.reproduce.worker import Job, kill_children, measure_alone, surround, what

POLL = 0.5  # seconds
EVERY = 5.0  # seconds between two words on how far it is
PATIENCE = 10.0  # seconds in which the process ends
EXECUTED, FAILED, AT, SAID = "executed.ipynb", "failed.txt", "at.txt", "stderr.txt"
SITE = Path(liegg.__file__).parents[1]


class Order(NamedTuple):
    """One notebook to measure."""

    profile: str
    name: str
    files: dict[str, str]
    """of the project, by their paths in it"""
    key: dict
    """of measuring: see `liegg.reproduce.keys`"""
    commit: str
    software: dict[str, str]
    threads: int
    minutes: float
    topic: str
    """of the events that say how far it is"""


class Answer(NamedTuple):
    """What became of an order. No exception, as Dask cuts those short."""

    measured: bytes = b""
    """the file of what was measured"""
    why: str = ""
    """what went wrong; "" if nothing did"""
    executed: str = ""
    """where something went wrong the executed notebook, as far as it came"""
    refused: str = ""
    """address of the worker, if it has other software"""


class Stopped(Exception):
    """Measuring need not or may not go on."""


def measure(order: Order) -> Answer:
    """What the notebook measured: called by Dask on a worker."""
    from distributed import get_worker

    if other := cluster.differing(cluster.software(), order.software):
        return Answer(why=f"a worker has {other}", refused=get_worker().address)
    with tempfile.TemporaryDirectory(prefix="liegg-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        process = _started(order, folder)
        try:
            _wait(process, order, folder)
        except Stopped as error:
            return Answer(why=str(error))
        finally:
            process.stdin.close()  # then it ends, if it has not
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
            process.kill()
            process.wait()
        measured = Run(order.profile, root=folder).measured(order.name)
        if process.returncode or not measured.is_file():
            died = f"its process died (exit {process.returncode}; out of memory?) {_read(folder / SAID)[-300:]}"
            why = " ".join((_read(folder / FAILED) or died).split())
            return Answer(why=why, executed=_read(folder / EXECUTED))
        return Answer(measured.read_bytes())


def _started(order: Order, folder: Path) -> subprocess.Popen:
    """The process that measures, in a folder with what it needs of the project."""
    for path, text in order.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    paths = os.pathsep.join([str(SITE), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = dict(os.environ.items() - {cluster.TRIM}) | {"PYTHONPATH": paths}
    if data := os.environ.get("LIEGG_DATA"):
        env["LIEGG_DATA"] = str(Path(data).expanduser().absolute())
    with (folder / SAID).open("w", encoding="utf-8") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "liegg.reproduce.remote_worker"],
            cwd=folder,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
    with contextlib.suppress(BrokenPipeError):  # it has died, as will be seen
        process.stdin.write(json.dumps(order._asdict()).encode() + b"\n")
        process.stdin.flush()
    return process


def _wait(process: subprocess.Popen, order: Order, folder: Path) -> None:
    """Until the process has ended, saying how far it is. Raises Stopped."""
    from distributed import Status, get_worker

    ended = Status.closing, Status.closed, Status.failed
    worker, said, began = get_worker(), "", time.monotonic()
    key, last = worker.get_current_task(), began
    while process.poll() is None:
        time.sleep(POLL)
        now, task = time.monotonic(), worker.state.tasks.get(key)
        if task is None or task.state == "cancelled" or worker.status in ended:
            raise Stopped("nobody waits for it any more")
        if now - began > 60 * order.minutes:
            raise Stopped(f"it was stopped at its time limit of {order.minutes:g} minutes")
        if now - last > EVERY and (text := _standing(order, folder)) != said:
            last, said = now, text
            worker.log_event(order.topic, said)


def _standing(order: Order, folder: Path) -> str:
    """In words: where the notebook is."""
    progress = _read(Run(order.profile, root=folder).folder / "running" / f"{order.name}.progress")
    return f"{_read(folder / AT)}{f' ({progress})' * bool(progress)}"


def main() -> int:
    """The process: it reads an order from its standard input, and ends when that does."""
    order = Order(**json.loads(sys.stdin.buffer.readline()))
    threading.Thread(target=_end_with_worker, daemon=True).start()
    os.environ["LIEGG_KEYED"] = str(psutil.Process().create_time())
    root = Path.cwd()
    try:
        cluster.require(order.software)
        job = Job(Run(order.profile, root=root), table.load(root)[order.name], {"measure": order.key}, None)
        surround(root, SITE, job.run.folder, order.threads)
        measure_alone(job, order.commit, lambda text: _say(job, text))
    except Exception as error:
        (root / FAILED).write_text(what(error), encoding="utf-8")
        return 1
    finally:
        with contextlib.suppress(NameError, FileNotFoundError):
            job.parts[0].replace(root / EXECUTED)
    return 0


def _end_with_worker() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    kill_children()
    shutil.rmtree(Path.cwd(), ignore_errors=True)
    os._exit(1)


def _say(job: Job, text: str) -> None:
    (job.run.root / AT).write_text(text, encoding="utf-8")


def _read(path: Path) -> str:
    """What is in a file; nothing if there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


if __name__ == "__main__":
    sys.exit(main())

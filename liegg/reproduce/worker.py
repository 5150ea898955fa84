"""A process that executes notebooks, one after the other, and ends with its kernel when the main process does."""

import contextlib
import hashlib
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import papermill
import psutil
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from liegg.reproduce import kept, whole
from liegg.reproduce.errors import UserError, in_words
from liegg.reproduce.keys import key
from liegg.reproduce.lock import Share
from liegg.reproduce.project import Run
from liegg.reproduce.results import provenance, read_json, write_json
from liegg.reproduce.table import Experiment

LONGEST = 500  # characters of an error on the terminal; the page of the failed notebook has all


class Job(NamedTuple):
    """One notebook to execute: its page goes to the run's folders."""

    run: Run
    experiment: Experiment
    key: dict
    source: Path | None
    """where what was measured is kept; None to measure it"""

    @property
    def name(self) -> str:
        return self.experiment.name

    @property
    def alone(self) -> bool:
        """Whether it measures times, so that nothing may run beside it."""
        return self.experiment.alone and self.source is None

    @property
    def running(self) -> Path:
        return self.run.folder / "running"

    @property
    def cases(self) -> Path:
        """Where it keeps each case that it has measured."""
        return self.running / f"{self.name}.cases"

    @property
    def progress(self) -> Path:
        """Where it says how far it is."""
        return self.running / f"{self.name}.progress"

    @property
    def parts(self) -> tuple[Path, Path, Path]:
        """The executed notebook, the result and its table while they are not whole."""
        files = self.run.executed(self.name), self.run.result(self.name), self.run.table(self.name)
        executed, result, table = (self.running / path.name for path in files)
        return executed, result, table


def work(pipe: Connection, root: Path, folder: Path, threads: int, lock: Share) -> None:
    """Execute the jobs that come through the pipe; send ("at", where one stands), at the end ("done", what went wrong).

    threads   how many each kernel may compute with
    lock      kept until this process has ended, whatever becomes of the main one
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process decides
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # as its kernel must be
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _end)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    surround(root, root, folder, threads)
    while True:
        try:
            job = pipe.recv()
        except EOFError:
            return
        pipe.send(("done", _execute(job, lambda text: pipe.send(("at", text)))))


def surround(root: Path, code: Path, folder: Path, threads: int) -> None:
    """Work in the project `root` with the liegg in the folder `code`; kernels do too, each with so many threads."""
    os.chdir(root)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(code), *filter(None, [os.environ.get("PYTHONPATH")])])
    os.environ["PYTHONUTF8"] = "1"
    os.environ["IPYTHONDIR"] = str(folder / "ipython")  # not the user's, whose startup files are code too
    folder.mkdir(parents=True, exist_ok=True)
    os.dup2(os.open(folder / "kernels.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    _end()


def _end(*_) -> None:
    """End at once, and the kernel first: it would go on and write."""
    kill_children()
    os._exit(1)


def kill_children() -> None:
    """Kill every process below this one, and wait until they have gone."""
    children = psutil.Process().children(recursive=True)
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    psutil.wait_procs(children, timeout=3)


def _execute(job: Job, report: Callable[[str], None]) -> str:
    """Run one notebook; returns "" or what went wrong. Files appear whole or not at all."""
    try:
        os.environ["LIEGG_KEYED"] = str(time.time())
        job = job._replace(key=key(job.experiment, job.key["measure"]["parameters"], job.run.root))  # of today's code
        for folder in (job.run.executed("").parent, job.run.result("").parent, job.cases):
            folder.mkdir(parents=True, exist_ok=True)
        for path in job.parts:
            path.unlink(missing_ok=True)
        _finish(job, report)
    except Exception as error:
        return abandon(job, what(error))
    with contextlib.suppress(OSError):
        for path in (job.run.failed(job.name), job.progress):
            path.unlink(missing_ok=True)
    shutil.rmtree(job.cases, ignore_errors=True)
    return ""


def _finish(job: Job, report: Callable[[str], None]) -> None:
    """Execute, and put what came of it in its places, the result last."""
    run, name = job.run, job.name
    executed, result, table = job.parts
    _tell(job)
    before, began, known = provenance(job.experiment.packages), time.monotonic(), set(job.cases.glob("*.npz"))
    _papermill(job.experiment.notebook(), executed, job.key["measure"]["parameters"], report)
    content = read_json(result)
    if content is None:
        raise UserError("it ended without writing its result (its last cell should call `record`)")
    header = kept.header(job.source) if job.source else _keep(job, before)
    drawing = (
        time.monotonic() - began - sum(kept.header(path)["seconds"] for path in {*job.cases.glob("*.npz")} - known)
    )
    drawn = {part: content["provenance"][part] for part in ("commit", "versions", "machine", "memory")}
    drawn |= {"finished": provenance()["finished"], "seconds": round(drawing, 1)}
    content["provenance"] = {
        **header,
        "profile": run.profile,
        "command": run.command(name),
        "drawn": drawn | {"key": job.key},
    }
    write_json(result, content)
    whole.put(executed, run.executed(name))
    run.table(name).unlink(missing_ok=True)
    if table.is_file():
        whole.put(table, run.table(name))
    whole.put(result, run.result(name))


def measure_alone(job: Job, asked_by: str, report: Callable[[str], None]) -> None:
    """Execute a notebook that measures and does no more, and put what it measured in its place.

    asked_by   the commit of those who asked for it
    """
    job.cases.mkdir(parents=True, exist_ok=True)
    _tell(job)
    before = provenance(job.experiment.packages) | {"commit": asked_by}
    _papermill(job.experiment.notebook(), job.parts[0], job.key["measure"]["parameters"], report)
    _keep(job, before)


def _tell(job: Job) -> None:
    """Tell the kernel, by its environment, where what it measures and records goes."""
    os.environ |= {
        "LIEGG_RESULT": str(job.parts[1]),
        "LIEGG_PROGRESS": str(job.progress),
        "LIEGG_KEPT": str(job.source or ""),
        "LIEGG_CASES": str(job.cases),
        "LIEGG_KEY": hashlib.sha256(repr(job.key["measure"]).encode()).hexdigest(),
    }


def abandon(job: Job, what: str) -> str:
    """Clear up after a notebook that failed, and say so: what it has measured stays for the next run."""
    executed, *others = job.parts
    shown = ""
    with contextlib.suppress(OSError):
        for path in (*others, job.progress):
            path.unlink(missing_ok=True)
        if executed.is_file():
            executed.replace(job.run.failed(job.name))
            shown = f"\n  how far it came, and the traceback, are in {job.run.failed(job.name)}"
        job.cases.rmdir()  # if there is nothing in it
    return f": {what}{shown}"


def what(error: Exception) -> str:
    """What went wrong in one line; of an error with a stack of another language below it the first."""
    if isinstance(error, OSError):
        return in_words(error)
    text = str(getattr(error, "evalue", error)).split("Exception raised from")[0]
    if not isinstance(error, UserError):
        text = f"{getattr(error, 'ename', type(error).__name__)}: {text}"
    line = "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
    return f"{line[:LONGEST]}…" if len(line) > LONGEST else line


def _keep(job: Job, before: dict) -> dict:
    """Put the cases that a notebook has measured into one file, and return what it says of itself.

    Raises UserError if there is none.
    """
    headers = {path: kept.header(path) or {} for path in sorted(job.cases.glob("*.npz"))}
    parts = [path for path, found in headers.items() if found.get("key") == os.environ["LIEGG_KEY"]]
    if not parts:
        raise UserError("it ended without keeping what it measured (`sweep` or `once` of liegg.reproduce.measured)")
    header = before | {
        "finished": provenance()["finished"],
        "seconds": round(sum(headers[path]["seconds"] for path in parts), 1),
        "memory": max(headers[path].get("memory", 0) for path in parts),
        "threads": int(os.environ["OMP_NUM_THREADS"]),
        "key": job.key["measure"],
    }
    kept.write(job.run.measured(job.name), header, [case for path in parts for case in kept.read(path)])
    return header


def _papermill(notebook: NotebookNode, output: Path, parameters: dict, report: Callable[[str], None]) -> None:
    """Execute and report; a kernel that did not start is tried once more (ports can clash), one that died is not.

    Raises UserError for a kernel that died.
    """
    cells = len(notebook.cells) + 1
    begun: list[int] = []

    async def on_cell_start(cell, cell_index):
        begun.append(cell_index + 1)
        report(f"cell {begun[-1]} of {cells}")

    report("starting")
    for attempt in (1, 2):
        try:
            papermill.execute_notebook(
                notebook,
                str(output),
                parameters=parameters,
                kernel_name="python3",
                progress_bar=False,
                on_cell_start=on_cell_start,
            )
            return
        except RuntimeError as error:
            if begun and isinstance(error, DeadKernelError):
                raise UserError(f"its kernel died in cell {begun[-1]} of {cells}; out of memory?") from None
            if begun or attempt == 2:
                raise

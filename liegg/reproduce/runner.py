"""Run experiments: papermill in a pool of processes, whole files only, and a line of progress every few seconds."""

import contextlib
import hashlib
import multiprocessing
import os
import queue
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import nbformat
import papermill

from liegg.reproduce import kept
from liegg.reproduce.keys import key, plan
from liegg.reproduce.project import Run, UserError
from liegg.reproduce.results import provenance, read_json, write_json
from liegg.reproduce.table import Experiment

HEARTBEAT = 10.0
DRAWING = 15  # seconds, before it is known
WORDS = {"measure": "runs", "draw": "is drawn again", "write": "is written again"}


report: Callable[[tuple[str, str]], None]
"""by which a worker process says where its notebook stands"""


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


def run_experiments(run: Run, experiments: list[Experiment], overrides: dict[str, object]) -> list[str]:
    """Do what is not up to date; returns the names that failed. All parameters are checked before anything starts."""
    keys = {e.name: key(e, e.values(run.profile, overrides), run.root) for e in experiments}
    jobs = []
    for e in experiments:
        step, why = plan(run, e, keys[e.name])
        print(f"{e.name}: {f'{WORDS[step]}, because {why}' if step else 'up to date'}")
        if step == "write":
            _write_again(run, e, keys[e.name])
        elif step:
            jobs.append(Job(run, e, keys[e.name], run.measured(e.name) if step == "draw" else None))
    if not jobs:
        return []
    print(f"running {len(jobs)} of {len(experiments)} notebooks at profile {run.name}")
    return execute(jobs)


def execute(jobs: list[Job]) -> list[str]:
    """Execute notebooks of one run, as many at a time as there are cores; returns the names that failed."""
    run = jobs[0].run
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(cores, len(jobs))
    expected = {job.name: _expected_seconds(job) for job in jobs}
    context = multiprocessing.get_context("spawn")
    messages = context.Queue()
    threads = max(1, (cores - 1) // workers)  # one core free: threads that must wait for a core make all others wait
    setup = (messages, threads, str(run.root), str(run.folder))
    with ProcessPoolExecutor(workers, context, initializer=_prepare_worker, initargs=setup) as pool:
        jobs = sorted(jobs, key=lambda job: -expected[job.name])
        futures = {pool.submit(_execute, job): job.name for job in jobs}
        try:
            return _follow(run, futures, messages, expected)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _follow(run: Run, futures: dict[Future, str], messages, expected: dict[str, float]) -> list[str]:
    """Print what happens until all is done: each start and end, and where every running notebook stands."""
    started: dict[str, float] = {}
    cells: dict[str, str] = {}
    failed, open_futures, last = [], dict(futures), time.monotonic()
    while open_futures:
        try:
            name, text = messages.get(timeout=0.5)
            cells[name] = text
            if name not in started:
                started[name] = time.monotonic()
                print(f"{name}: started, takes about {_clock(expected[name])}", flush=True)
        except queue.Empty:
            pass
        for future in [f for f in open_futures if f.done()]:
            name = open_futures.pop(future)
            took = _clock(time.monotonic() - started.get(name, time.monotonic()))
            error = _outcome(future)
            print(f"{name}: {'failed' if error else 'done'} after {took}{error}", flush=True)
            failed += [name] if error else []
            cells.pop(name, None)
        if cells and time.monotonic() - last >= HEARTBEAT:
            last = time.monotonic()
            for name, text in cells.items():
                left = expected[name] - (last - started[name])
                hint = f"about {_clock(left)} left" if left > 1 else "longer than expected"
                with contextlib.suppress(FileNotFoundError):  # nothing to say, or not any more
                    text += f" ({_progress(run, name).read_text(encoding='utf-8')})"
                print(f"{name}: {text}, {_clock(last - started[name])} so far, {hint}", flush=True)
    return failed


def _outcome(future: Future) -> str:
    try:
        return future.result()
    except Exception as error:
        return f": the worker process died ({type(error).__name__}: {error}); out of memory?"


def _prepare_worker(messages, threads: int, root: str, folder: str) -> None:
    """Give a worker its share of the cores, the project's folder and liegg, and a log for what its kernels print."""
    global report
    report = messages.put
    os.chdir(root)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    log = Path(folder, "kernels.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)


def _execute(job: Job) -> str:
    """Run one notebook in this process; returns "" or what went wrong. Files appear whole or not at all."""
    run, name = job.run, job.name
    job = job._replace(key=key(job.experiment, job.key["measure"]["parameters"], run.root))  # of the code that runs
    executed, result, failed = (f(name) for f in (run.executed, run.result, run.failed))
    running = run.folder / "running"
    cases = running / f"{name}.cases"
    for folder in (executed.parent, result.parent, cases):
        folder.mkdir(parents=True, exist_ok=True)
    part, result_part, table_part = (running / path.name for path in (executed, result, run.table(name)))
    for path in (part, result_part, table_part):
        path.unlink(missing_ok=True)
    os.environ |= {
        "LIEGG_RESULT": str(result_part),
        "LIEGG_PROGRESS": str(_progress(run, name)),
        "LIEGG_KEPT": str(job.source or ""),
        "LIEGG_CASES": str(cases),
        "LIEGG_KEY": hashlib.sha256(repr(job.key["measure"]).encode()).hexdigest(),
    }
    before, began, known = provenance(), time.monotonic(), set(cases.glob("*.npz"))
    try:
        _papermill(job.experiment.notebook(), part, job.key["measure"]["parameters"], name)
        content = read_json(result_part)
        if content is None:
            raise UserError("it ended without writing its result (its last cell should call `record`)")
        header = kept.header(job.source) if job.source else _keep(job, cases, before)
    except Exception as error:
        for path in (result_part, table_part, _progress(run, name)):
            path.unlink(missing_ok=True)
        if part.is_file():
            part.replace(failed)
        with contextlib.suppress(OSError):  # what has been measured stays for the next run
            cases.rmdir()
        what = " ".join(str(getattr(error, "evalue", error)).split())
        kind = getattr(error, "ename", type(error).__name__)
        return f": {kind}: {what}\n  the traceback is in {failed}"
    drawing = time.monotonic() - began - sum(kept.header(path)["seconds"] for path in {*cases.glob("*.npz")} - known)
    drawn = content["provenance"] | {"finished": provenance()["finished"], "seconds": round(drawing, 1)}
    content["provenance"] = {
        **header,
        "profile": run.profile,
        "command": run.command(name),
        "drawn": drawn | {"key": {step: job.key[step] for step in ("draw", "write")}},
    }
    write_json(result_part, content)
    part.replace(executed)
    run.table(name).unlink(missing_ok=True)
    if table_part.is_file():
        table_part.replace(run.table(name))
    result_part.replace(result)
    for path in (failed, _progress(run, name)):
        path.unlink(missing_ok=True)
    shutil.rmtree(cases)
    return ""


def _keep(job: Job, cases: Path, before: dict) -> dict:
    """Put the cases that a notebook has measured into one file, and return what it says of itself.

    Raises UserError if there is none.
    """
    key_now = os.environ["LIEGG_KEY"]
    parts = [path for path in sorted(cases.glob("*.npz")) if (kept.header(path) or {}).get("key") == key_now]
    if not parts:
        raise UserError("it ended without keeping what it measured (`sweep` or `once` of liegg.reproduce.measured)")
    seconds = sum(kept.header(path)["seconds"] for path in parts)
    after = {"finished": provenance()["finished"], "seconds": round(seconds, 1), "key": job.key["measure"]}
    header = before | after
    kept.write(job.run.measured(job.name), header, [case for path in parts for case in kept.read(path)])
    return header


def _write_again(run: Run, experiment: Experiment, key_now: dict) -> None:
    """Put the text and captions of today around what an executed notebook shows, and run nothing."""
    executed, today = nbformat.read(run.executed(experiment.name), as_version=4), experiment.notebook()
    old = iter([cell for cell in executed.cells if cell.cell_type == "code"])
    cells = []
    for cell in today.cells:
        cells.append(cell)
        if cell.cell_type == "code":
            shown = next(old)
            cell.outputs, cell.execution_count = shown.outputs, shown.execution_count
            if "parameters" in cell.metadata.get("tags", []):
                cells.append(next(old))  # where papermill put the parameters
    today.cells = cells
    part = run.folder / "running" / f"{experiment.name}.ipynb"
    nbformat.write(today, part)
    result = read_json(run.result(experiment.name))
    result["provenance"]["drawn"]["key"]["write"] = key_now["write"]
    write_json(run.result(experiment.name), result)
    part.replace(run.executed(experiment.name))


def _progress(run: Run, name: str) -> Path:
    """Where a running notebook says how far it is."""
    return run.folder / "running" / f"{name}.progress"


def _papermill(notebook: nbformat.NotebookNode, output: Path, parameters: dict, name: str) -> None:
    """Execute with progress messages; a kernel that did not start is tried once more (ports can clash)."""
    cells = len(notebook.cells) + 1

    async def on_cell_start(cell, cell_index):
        report((name, f"cell {cell_index + 1} of {cells}"))

    report((name, "starting"))
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
        except RuntimeError:
            if attempt == 2:
                raise


def _expected_seconds(job: Job) -> float:
    """As long as last time here; before that, the table's figure for two cores."""
    result = read_json(job.run.result(job.name))
    if job.source:
        return result["provenance"]["drawn"]["seconds"] if result else DRAWING
    return result["provenance"]["seconds"] if result else job.experiment.seconds[job.run.profile]


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"

"""Run experiments: papermill in a pool of processes, whole files only, and a line of progress every few seconds."""

import contextlib
import hashlib
import multiprocessing
import os
import queue
import time
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import nbformat
import papermill

from liegg.reproduce.keys import key, stale
from liegg.reproduce.project import Run, UserError
from liegg.reproduce.results import read_json, write_json
from liegg.reproduce.table import Experiment

HEARTBEAT = 10.0


def run_experiments(run: Run, experiments: list[Experiment], overrides: dict[str, object]) -> list[str]:
    """Run what is not up to date; returns the names that failed. All parameters are checked before anything starts."""
    keys = {e.name: key(e, e.values(run.profile, overrides), run.root) for e in experiments}
    why = {e.name: stale(run, e, keys[e.name]) for e in experiments}
    todo = [e for e in experiments if why[e.name]]
    for e in experiments:
        print(f"{e.name}: {'runs, because ' + why[e.name] if why[e.name] else 'up to date'}")
    if not todo:
        return []
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(cores, len(todo))
    expected = {e.name: _expected_seconds(run, e) for e in todo}
    print(f"running {len(todo)} of {len(experiments)} notebooks at profile {run.name}, {workers} at a time")
    context = multiprocessing.get_context("spawn")
    messages = context.Queue()
    threads = max(1, (cores - 1) // workers)  # one core free: threads that must wait for a core make all others wait
    setup = (messages, threads, str(run.root), str(run.folder))
    with ProcessPoolExecutor(workers, context, initializer=_prepare_worker, initargs=setup) as pool:
        todo.sort(key=lambda e: -expected[e.name])
        futures = {pool.submit(_execute, run, e, keys[e.name]): e.name for e in todo}
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


def _execute(run: Run, experiment: Experiment, content_key: dict) -> str:
    """Run one notebook in this process; returns "" or what went wrong. Files appear whole or not at all."""
    executed, result, failed = (f(experiment.name) for f in (run.executed, run.result, run.failed))
    running = run.folder / "running"
    for folder in (executed.parent, result.parent, running):
        folder.mkdir(parents=True, exist_ok=True)
    part, result_part, table_part = (running / path.name for path in (executed, result, run.table(experiment.name)))
    for path in (part, result_part, table_part):
        path.unlink(missing_ok=True)
    os.environ["LIEGG_RESULT"] = str(result_part)
    os.environ["LIEGG_PROGRESS"] = str(_progress(run, experiment.name))
    os.environ["LIEGG_KEY"] = hashlib.sha256(repr(content_key).encode()).hexdigest()
    notebook = experiment.notebook()
    began = time.monotonic()
    try:
        _papermill(notebook, part, content_key["parameters"], experiment.name)
        content = read_json(result_part)
        if content is None:
            raise UserError("it ended without writing its result (its last cell should call `record`)")
    except Exception as error:
        for path in (result_part, table_part, _progress(run, experiment.name)):
            path.unlink(missing_ok=True)
        if part.is_file():
            part.replace(failed)
        what = " ".join(str(getattr(error, "evalue", error)).split())
        kind = getattr(error, "ename", type(error).__name__)
        return f": {kind}: {what}\n  the traceback is in {failed}"
    content["provenance"] |= {
        "profile": run.name,
        "command": run.command(experiment.name),
        "seconds": round(time.monotonic() - began, 1),
        "key": content_key,
    }
    write_json(result_part, content)
    part.replace(executed)
    run.table(experiment.name).unlink(missing_ok=True)
    if table_part.is_file():
        table_part.replace(run.table(experiment.name))
    result_part.replace(result)
    for path in (failed, result_part.with_suffix(".rows"), _progress(run, experiment.name)):
        path.unlink(missing_ok=True)
    return ""


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


def _expected_seconds(run: Run, experiment: Experiment) -> float:
    """As long as last time here; before that, the table's figure for two cores."""
    result = read_json(run.result(experiment.name))
    return result["provenance"]["seconds"] if result else experiment.seconds[run.profile]


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"

"""Notebooks measured on a Dask cluster: a scheduler and workers as processes, some of which are killed or others'."""

import shutil
import signal
import time

import clusters
import mini
import nbformat
import numpy as np
import psutil
import pytest

from liegg.reproduce import kept, remote
from liegg.reproduce.errors import UserError
from liegg.reproduce.keys import measuring_part
from liegg.reproduce.project import Run
from liegg.reproduce.results import read_json


def measured(project, name):
    """What was measured, as plain values."""
    return [
        (case, {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in found.items()})
        for case, found in kept.read(Run("smoke", root=project).measured(name))
    ]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return mini.make(tmp_path_factory.mktemp("mini"), pause=0.2)


@pytest.fixture(scope="module")
def alone(project):
    """What the same notebooks measure on this machine alone, in a project of its own with the same code."""
    copy = project.parent / f"{project.name}-alone"
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns("_build", "__pycache__"))
    done = mini.reproduce(copy, "run", "--profile", "smoke", "--notebook", " ".join(mini.NAMES[:2]))
    assert done.returncode == 0, done.stderr
    return copy


@pytest.fixture
def processes(project, tmp_path):
    """A scheduler, and workers that have the project's liegg; nothing has been run in the project."""
    shutil.rmtree(project / "book" / "_build", ignore_errors=True)
    made = clusters.Processes(tmp_path)
    yield made
    made.close()


def reproduce(project, processes, *words):
    return mini.reproduce(project, "run", "--profile", "smoke", "--cluster", processes.address, *words)


def below(worker):
    """The processes that a worker has started, as long as they live."""
    return psutil.Process(worker.pid).children(recursive=True)


def test_the_same_notebooks_come_out_the_same_and_one_that_fails_shows_how_far_it_came(project, alone, processes):
    processes.add(2, PYTHONPATH=str(project))
    *good, bad = mini.NAMES
    path = project / "notebooks" / f"{bad}.ipynb"
    whole = path.read_text()
    try:
        nbformat.write(mini.notebook(bad, measuring=mini.MEASURING + "\nraise ValueError('no such symmetry')"), path)
        done = reproduce(project, processes)
    finally:
        path.write_text(whole)
    assert done.returncode == 1 and f"3 are measured by 2 workers of {processes.address}" in done.stdout
    for name in good:
        assert f"{name}: measured after" in done.stdout and f"{name}: done after" in done.stdout
        assert measured(project, name) == measured(alone, name)
        here, there = (read_json(Run("smoke", root=root).result(name)) for root in (project, alone))
        assert here["metrics"] == there["metrics"]
        here, there = (result["provenance"] for result in (here, there))
        assert all(here[part] == there[part] for part in ("key", "commit", "threads", "machine"))
    assert f"{bad}: failed after" in done.stdout and "ValueError: no such symmetry" in done.stdout
    failed = nbformat.read(Run("smoke", root=project).failed(bad), as_version=4)
    assert "no such symmetry" in str(failed.cells[-1].outputs)
    listed = mini.reproduce(project, "list", "--profile", "smoke").stdout
    assert listed.count("at profile smoke: up to date") == 2


def test_what_was_measured_elsewhere_counts_if_its_key_is_that_of_today(project, alone):
    shutil.rmtree(project / "book" / "_build", ignore_errors=True)
    for name, changed in ((mini.NAMES[0], {}), (mini.NAMES[1], {"parameters": {"seed": 5}})):
        target = Run("smoke", root=project).measured(name)
        header = kept.header(Run("smoke", root=alone).measured(name))
        header["key"] |= changed
        kept.write(target, header, kept.read(Run("smoke", root=alone).measured(name)))
    done = mini.reproduce(project, "list", "--profile", "smoke")
    said = [line.strip() for line in done.stdout.splitlines() if "at profile smoke" in line]
    assert said[0].endswith("it has been measured and not drawn") and "parameter seed: 5 → 0" in said[1]


def test_the_work_of_a_worker_that_is_killed_is_done_again(project, alone, processes):
    processes.add(2, PYTHONPATH=str(project))
    words = ("run", "--profile", "smoke", "--cluster", processes.address, "--notebook", mini.NAMES[0])
    running = mini.start(project, *words, "--params", "pause=1.5")
    busy = lambda: next(
        (w for w in processes.workers if any("ipykernel" in " ".join(p.cmdline()) for p in below(w))), 0
    )
    clusters.until(busy)
    time.sleep(2)  # it is at its first or second case
    doomed, orphans = busy(), below(busy())
    clusters.kill(doomed)
    out, err = mini.ended(running)
    assert running.returncode == 0, out + err
    assert f"{mini.NAMES[0]}: measured after" in out and "failed" not in out
    clusters.until(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in orphans))
    place = next((project / "book" / "_build").glob("smoke+*/measured/*.npz"))
    assert [v["drawn"].tolist() for _, v in kept.read(place)] == [v["drawn"] for _, v in measured(alone, mini.NAMES[0])]


def test_a_run_that_is_stopped_stops_the_workers(project, processes):
    (worker,) = processes.add(PYTHONPATH=str(project))
    running = mini.start(project, "run", "--profile", "smoke", "--cluster", processes.address, "--params", "pause=60",
                         "--notebook", mini.NAMES[0])  # fmt: skip
    clusters.until(lambda: any("ipykernel" in " ".join(p.cmdline()) for p in below(worker)))
    running.send_signal(signal.SIGINT)
    mini.ended(running)
    assert running.returncode == 130
    clusters.until(lambda: not below(worker))


def test_a_worker_with_another_liegg_is_refused_before_anything_runs(project, processes, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(project / "liegg", other / "liegg", ignore=shutil.ignore_patterns("__pycache__"))
    text = (other / "liegg" / "__init__.py").read_text()
    (other / "liegg" / "__init__.py").write_text(text.replace('__version__ = "0', '__version__ = "9'))
    processes.add(PYTHONPATH=str(other))
    done = reproduce(project, processes)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and not list((project / "book" / "_build").rglob("*.npz"))
    assert line.startswith("liegg: workers have other software: tcp://127.0.0.1:") and "liegg 9" in line
    assert ", here 0." in line and line.endswith("Install the same there, and start them again")


def test_a_notebook_that_takes_too_long_is_stopped_there(project, processes):
    (worker,) = processes.add(PYTHONPATH=str(project))
    words = ("--notebook", mini.NAMES[0], "--params", "pause=60", "--minutes", "0.05")
    done = reproduce(project, processes, *words)
    assert done.returncode == 1 and "stopped at its time limit of 0.05 minutes" in done.stdout
    clusters.until(lambda: not below(worker))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://here", "127.0.0.1:0:0", "nowhere"])
def test_an_address_where_no_scheduler_is(address, monkeypatch):
    monkeypatch.setattr(remote, "PATIENCE", 1)
    with pytest.raises(UserError, match=r"CLUSTER \(--cluster\) is .*no scheduler answers .*dask scheduler"):
        remote.connected(address).__enter__()


def test_the_measuring_part_ends_with_the_last_cell_that_measures():
    whole = mini.notebook("11_first")
    part = measuring_part(whole)
    assert part.cells == whole.cells[:3] and len(whole.cells) == 5

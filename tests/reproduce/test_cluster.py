"""Notebooks measured on a Dask cluster: a scheduler and workers as processes, some of which are killed or others'."""

import re
import shlex
import shutil
import signal
import subprocess
import time
from unittest.mock import Mock

import click
import clusters
import mini
import nbformat
import psutil
import pytest
import torch
import yaml
from distributed import Client
from distributed.cli import dask_scheduler, dask_worker

from liegg import cluster
from liegg.reproduce import kept, remote
from liegg.reproduce.errors import UserError
from liegg.reproduce.keys import measuring_part
from liegg.reproduce.project import Run, find_root
from liegg.reproduce.results import read_json


def drawn(place):
    """What a file says was drawn, case by case."""
    return sorted((case["i"], found["drawn"].tolist()) for case, found in kept.read(place))


def by_hand(cases=3):
    """What the notebooks of `mini` draw."""
    return [(i, torch.rand(3, generator=torch.Generator().manual_seed(i)).tolist()) for i in range(cases)]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    made = mini.make(tmp_path_factory.mktemp("mini"), pause=0.2)
    for words in (["init"], ["-c", "user.name=x", "-c", "user.email=x", "commit", "--allow-empty", "--message=x"]):
        subprocess.run(["git", "-C", made, *words], check=True, capture_output=True)
    return made


@pytest.fixture
def processes(project, tmp_path):
    """A scheduler; nothing has been run in the project."""
    shutil.rmtree(project / "book" / "_build", ignore_errors=True)
    made = clusters.Processes(tmp_path)
    yield made
    made.close()


FAILING = """
import os
print("memory is given back by", os.environ.get("MALLOC_TRIM_THRESHOLD_"))
for line in range(300):
    print(line, "of many that it says")
raise ValueError('no such symmetry')
"""


def reproduce(project, processes, *words):
    return mini.reproduce(project, "run", "--profile", "smoke", "--cluster", processes.address, *words)


def below(worker):
    """The processes that a worker has started, as long as they live."""
    return psutil.Process(worker.pid).children(recursive=True)


def test_what_workers_measure_counts_by_its_key_and_what_fails_there_shows_how_far_it_came(project, processes):
    processes.add(2, PYTHONPATH=str(project), **dict([cluster.TRIM]))
    with Client(processes.address) as client:
        client.wait_for_workers(2, timeout=mini.LONG)
    *good, bad = mini.NAMES
    path = project / "notebooks" / f"{bad}.ipynb"
    whole = path.read_text()
    try:
        nbformat.write(mini.notebook(bad, measuring=mini.MEASURING + FAILING), path)
        done = reproduce(project, processes)
    finally:
        path.write_text(whole)
    run = Run("smoke", root=project)
    head = subprocess.run(
        ["git", "-C", project, "rev-parse", "--short=10", "HEAD"], capture_output=True, text=True
    ).stdout
    assert done.returncode == 1 and f"{processes.address} has 2 workers to measure 3 of them" in done.stdout
    for name in good:
        assert f"{name}: measured after" in done.stdout and f"{name}: done after" in done.stdout
        assert drawn(run.measured(name)) == by_hand()
        result = read_json(run.result(name))
        assert result["metrics"]["drawn"]["values"] == [pytest.approx(sum(draw)) for _, draw in by_hand()]
        assert result["provenance"]["threads"] == 1 and result["provenance"]["commit"].startswith(head.strip())
    assert f"{bad}: failed after" in done.stdout and "ValueError: no such symmetry" in done.stdout
    failed = nbformat.read(run.failed(bad), as_version=4)
    assert "no such symmetry" in str(failed.cells[-1].outputs)
    assert "memory is given back by None" in str(failed.cells[-1].outputs)

    listed = lambda: mini.reproduce(project, "list", "--profile", "smoke").stdout
    assert listed().count("at profile smoke: up to date") == 2
    one, other = map(run.measured, good)
    header = kept.header(one)
    for path in (run.result(good[0]), run.result(good[1])):
        path.unlink()
    header["key"]["parameters"]["seed"] = 5
    kept.write(other, header, kept.read(one))
    said = [line for line in listed().splitlines() if "at profile smoke" in line]
    assert said[0].endswith("it has been measured and not drawn") and "parameter seed: 5 → 0" in said[1]


def test_the_work_of_a_worker_that_is_killed_is_done_again(project, processes):
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
    assert drawn(place) == by_hand()


def test_a_run_that_is_stopped_stops_the_workers(project, processes):
    (worker,) = processes.add(PYTHONPATH=str(project))
    running = mini.start(project, "run", "--profile", "smoke", "--cluster", processes.address, "--params", "pause=60",
                         "--notebook", mini.NAMES[0])  # fmt: skip
    clusters.until(lambda: any("ipykernel" in " ".join(p.cmdline()) for p in below(worker)))
    running.send_signal(signal.SIGINT)
    mini.ended(running)
    assert running.returncode == 130
    clusters.until(lambda: not below(worker))


def test_a_scheduler_that_is_lost_is_named_and_its_workers_end(project, processes):
    (worker,) = processes.add(PYTHONPATH=str(project))
    words = ("run", "--profile", "smoke", "--cluster", processes.address, "--notebook", mini.NAMES[0])
    running = mini.start(project, *words, "--params", "pause=60")
    clusters.until(lambda: any("ipykernel" in " ".join(p.cmdline()) for p in below(worker)))
    orphans = below(worker)
    clusters.kill(processes.scheduler)
    out, err = mini.ended(running)
    assert running.returncode == 1 and "the scheduler was lost: start one again, and run this again" in out
    assert err.splitlines() == [f"liegg: {mini.NAMES[0]} failed; the book shows what succeeded"]
    clusters.until(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in orphans))


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


@pytest.fixture
def slot(tmp_path):
    """A notebook at a cluster, of which workers a and b were asked, as c has other software."""
    client = Mock()
    client.nthreads.return_value = dict.fromkeys("abc", 1)
    made = remote.Remote(client, None, {"c"})
    made.job = Mock(running=tmp_path / "gone", cases=tmp_path / "cases", progress=tmp_path / "progress")
    made.job.name, made.job.parts = "11_first", [tmp_path / "executed"]
    made.unsent, made.asked, made.future = "", {"a", "b"}, Mock()
    return made


def test_what_was_asked_of_workers_that_have_gone_is_asked_of_others(slot, monkeypatch):
    sent = []
    monkeypatch.setattr(slot, "give", sent.append)
    slot.future.done.return_value = False
    assert slot.outcome() is None and not sent and not slot.future.cancel.called
    slot.client.nthreads.return_value = dict.fromkeys("cd", 1)
    assert slot.outcome() is None and sent == [slot.job] and slot.future.cancel.called


def test_what_cannot_be_written_is_the_failure_of_one_notebook(slot):
    slot.future.done.return_value = True
    slot.future.result.return_value = remote.Answer(b"measured")
    assert "gone" in slot.outcome() and slot.job is None


def test_the_measuring_part_ends_with_the_last_cell_that_measures():
    whole = mini.notebook("11_first")
    part = measuring_part(whole)
    assert part.cells == whole.cells[:3] and len(whole.cells) == 5


PAGE = nbformat.read(find_root() / "notebooks" / "55_beyond_one_machine.ipynb", as_version=4)
STARTING = PAGE.cells[-2].source


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", STARTING, flags=re.S)


def understood(command, *words):
    """Whether Dask takes all of these words."""
    main = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}[command]
    try:
        main.make_context(command, list(words))
    except click.UsageError:
        return False
    return True


def test_dask_understands_what_the_page_says_to_type():
    assert not understood("worker", "tcp://10.0.0.1:8786", "--nthread", "1")
    (manual, *_), (kubernetes,) = blocks("bash"), blocks("yaml")
    typed = [shlex.split(line, comments=True)[1:] for line in manual.splitlines()]
    service, *deployments = yaml.safe_load_all(kubernetes)
    for deployment in deployments:
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"] == labels
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        dask, *words = container["command"]
        assert dask == "/liegg/.venv/bin/dask" and "WORKDIR /liegg\n" in (find_root() / "Dockerfile").read_text()
        typed.append(words)
    assert service["spec"]["selector"] == deployments[0]["spec"]["template"]["metadata"]["labels"]
    address = f"tcp://{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
    assert (
        address in deployments[1]["spec"]["template"]["spec"]["containers"][0]["command"] and f"={address}" in STARTING
    )
    assert len(typed) == 4 and all(understood(command, *words) for command, *words in typed)

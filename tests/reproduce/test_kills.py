"""Runs that are killed: nothing is left at work, nothing finished is lost, and what comes after is the same."""

import json
import os
import random
import re
import signal
import time

import mini
import pytest

from liegg.reproduce import kept

KILLS = 10
BY_HAND = 40


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What three pages measure and say where nothing goes wrong."""
    project = mini.make(tmp_path_factory.mktemp("undisturbed") / "p")
    done = mini.reproduce(project, "run", "--profile", "smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    return outcome(project)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return mini.make(tmp_path_factory.mktemp("killed") / "p")


def outcome(project):
    """All numbers of a finished run: measured, decided, and in tables."""
    build = project / "book" / "_build" / "smoke"
    found = {}
    for name in mini.NAMES:
        cases = [(case, {k: v.tolist() if k == "drawn" else v for k, v in value.items()})
                 for case, value in kept.read(build / "measured" / f"{name}.npz")]  # fmt: skip
        result = json.loads((build / "results" / f"{name}.json").read_text())
        found[name] = cases, result["metrics"], (build / "results" / f"{name}.csv").read_text()
    return found


def whole(project):
    """Whether every file with a final name can be read."""
    build = project / "book" / "_build" / "smoke"
    return all(
        [kept.header(path) is not None for path in (build / "measured").glob("*.npz")]
        + [
            json.loads(path.read_text()) is not None
            for path in (*build.glob("executed/*"), *build.glob("results/*.json"))
        ]
    )


def free(project):
    """Whether nothing of a project is at work; Sphinx ends with its book, and holds the lock till then."""
    return mini.until(lambda: not mini.at_work(project), 60)


def killed_at(project, moment, number):
    """Start a run, send its main process a signal after a while, and see that all of it ends."""
    process = mini.start(project, "run", "--profile", "smoke")
    time.sleep(moment)
    os.kill(process.pid, number)
    mini.ended(process)
    assert free(project), [p.cmdline() for p in mini.at_work(project)]
    assert whole(project)
    return process.returncode


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_a_killed_run_leaves_nothing_at_work(project, number):
    """While a kernel is in the middle of a case."""
    process = mini.start(project, "run", "--profile", "smoke", "--params", "pause=50", "--notebook", mini.NAMES[0])
    running = project / "book" / "_build" / "smoke+pause=50" / "running"
    assert mini.until(lambda: list(running.glob("*.ipynb")) and kernels(project), 60)
    time.sleep(2)
    os.kill(process.pid, number)
    _, err = mini.ended(process)
    assert free(project), [p.cmdline() for p in mini.at_work(project)]
    assert "Traceback" not in err
    if number != signal.SIGKILL:
        assert process.returncode == 130 and err.strip() == "liegg: stopped; what had finished is kept"


def test_runs_killed_at_any_moment_end_as_if_undisturbed(project, undisturbed):
    draw = random.Random(16)
    for _ in range(KILLS):
        killed_at(project, draw.uniform(1, 16), signal.SIGKILL)
    done = mini.reproduce(project, "run", "--profile", "smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    assert outcome(project) == undisturbed
    assert list((project / "book" / "_build" / "smoke" / "running").iterdir()) == []


@pytest.mark.slow
def test_runs_killed_at_many_moments_end_as_if_undisturbed(tmp_path, undisturbed):
    draw = random.Random(61)
    for round in range(BY_HAND // 4):
        project = mini.make(tmp_path / f"p{round}")
        for number in (signal.SIGKILL, signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
            killed_at(project, draw.uniform(0.1, 20), number)
        assert mini.reproduce(project, "run", "--profile", "smoke").returncode == 0
        assert outcome(project) == undisturbed


@pytest.mark.parametrize("moment", [0.1, 0.3, 0.7, 1.5, 2.5, 3.5, 4.5])
def test_an_interrupt_at_the_start_has_no_traceback(project, moment):
    """As a terminal sends it, to all processes of the run."""
    process = mini.start(project, "run", "--profile", "smoke", "--params", "pause=50", "--notebook", mini.NAMES[0])
    time.sleep(moment)
    os.killpg(process.pid, signal.SIGINT)
    _, err = mini.ended(process)
    assert process.returncode in (130, -signal.SIGINT)
    before_us = 'File "<frozen runpy>"' in err and 'File "/' not in err  # Python itself starts, and says so
    assert before_us or "Traceback" not in err, err
    assert free(project)


def kernels(project):
    return [p for p in mini.at_work(project) if any("ipykernel" in word for word in p.cmdline())]


def workers(project):
    return [p for p in mini.at_work(project) if any("spawn_main" in word for word in p.cmdline())]


def test_a_dead_worker_and_a_dead_kernel_fail_alone(tmp_path):
    """The worker of the first page and the kernel of the second; the third, not begun by then, is done."""
    project = mini.make(tmp_path / "p", pause=3)
    process = mini.start(project, "run", "--profile", "smoke")
    running = project / "book" / "_build" / "smoke" / "running"
    assert mini.until(lambda: all([*(running / f"{name}.cases").glob("*.npz")] for name in mini.NAMES[:2]), 60)
    by_page = {}
    for worker in workers(project):
        for name in mini.NAMES[:2]:
            kernel = [k for k in worker.children(recursive=True) if k in kernels(project)]
            if any(f"{name}." in str(k.environ().get("LIEGG_CASES")) for k in kernel):
                by_page[name] = worker, kernel[0]
    by_page["11_first"][0].kill()
    by_page["12_second"][1].kill()
    out, err = mini.ended(process)
    assert process.returncode == 1 and re.search("11_first, 12_second failed|12_second, 11_first failed", err)
    assert "11_first: failed" in out and "the worker process died (signal 9); out of memory?" in out
    assert "its kernel died in cell" in out and out.count("12_second: started") == 1
    assert "13_third: done" in out and free(project)
    assert mini.reproduce(project, "run", "--profile", "smoke").returncode == 0


def test_a_notebook_that_takes_too_long_is_stopped_and_keeps_its_cases(tmp_path):
    project = mini.make(tmp_path / "p")
    words = ("run", "--profile", "smoke", "--notebook", mini.NAMES[0], "--params", "cases=60 pause=1")
    done = mini.reproduce(project, *words, "--minutes", "0.15")
    assert (
        done.returncode == 1
        and "stopped at its time limit of 0.15 minutes; what it has measured is kept" in done.stdout
    )
    (cases,) = (project / "book" / "_build").glob("smoke+*/running/11_first.cases")
    assert len(list(cases.glob("*.npz"))) >= 1 and free(project)


def test_a_reader_that_has_gone_stops_nothing(project):
    """As after `| head`."""
    process = mini.start(project, "run", "--profile", "smoke")
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait() == 0 and err == ""
    assert (project / "book" / "_build" / "html" / "index.html").is_file()


def test_workers_hold_the_lock(project):
    """A main process that is killed while its workers are stopped does not let a second run begin."""
    process = mini.start(
        project, "run", "--profile", "smoke", "--params", "pause=50 seed=9", "--notebook", mini.NAMES[0]
    )
    assert mini.until(lambda: kernels(project), 40)
    held = workers(project)
    for worker in held:
        worker.suspend()
    process.kill()
    process.wait()
    try:
        refused = mini.reproduce(project, "run", "--profile", "smoke")
        assert refused.returncode == 2 and "another run is at work" in refused.stderr
    finally:
        for worker in held:
            worker.resume()
    assert free(project)

"""Map and reduce over a Dask cluster: a scheduler and workers as processes, one of which is killed."""

import os
import platform
import shutil
import signal
import subprocess
import sys
import threading
import time
from functools import reduce

import clusters
import dask
import pytest
import torch
from distributed import Client, LocalCluster

from liegg import actions, algebra, cluster, decide, polarize, polarize_parts
from liegg.reproduce.project import find_root
from liegg.symmetry.factors import Factors
from liegg.training.networks import mlp

ACTION = actions.Linear(3, copies=2)
ROOT = find_root()


def same(a, b):
    """Whether two sets of factors agree to the last bit."""
    pairs = [*zip(a.matched, b.matched), *zip(a.mismatched, b.mismatched), (a.data, b.data)]
    return torch.equal(a.alike, b.alike) and all(
        torch.equal(x.triangles, y.triangles) and torch.equal(x.counts, y.counts) for x, y in pairs
    )


@pytest.fixture(scope="module")
def models():
    error = lambda x, k: 0.01 * (k * x[:, 0]).sin()
    return [lambda x, k=k: (x[:, :3] * x[:, 3:]).sum(-1).tanh() + error(x, k) for k in (1, 2, 3)]


@pytest.fixture(scope="module")
def parts():
    """Of different sizes, and one more than are merged at a time."""
    sizes = (300, 2, 64, 65, 500, 17, 33, 400, 128)
    return [torch.randn(n, 6, generator=torch.Generator().manual_seed(n)) for n in sizes]


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    made = clusters.Processes(tmp_path_factory.mktemp("cluster"))
    made.add(2)
    yield made
    made.close()


@pytest.fixture
def client(processes):
    with Client(processes.address, timeout=30) as client:
        client.wait_for_workers(2, timeout=clusters.LONG)
        yield client


def test_it_is_polarize_on_each_part_and_merge(client, models, parts):
    found = polarize_parts(models, parts, ACTION, client=client)
    alone = [polarize(models, part, ACTION) for part in parts]
    first, last = (reduce(Factors.merge, group) for group in (alone[:8], alone[8:]))
    assert same(found, first.merge(last))
    whole = polarize(models, torch.cat(parts), ACTION)
    for mine, other in zip(found.matched, whole.matched):
        gram, wanted = (f.triangle.T @ f.triangle for f in (mine, other))
        torch.testing.assert_close(gram, wanted, rtol=1e-12, atol=1e-9)
    answer = decide(found, ACTION)
    assert answer.dimension == 3 and answer.angles(algebra.so(3)).max() < 5
    assert answer.samples == sum(map(len, parts))


def test_parts_are_read_where_the_worker_is(client, models, tmp_path):
    """Functions without arguments, iterables of batches and futures, of one function and with an output action."""
    torch.save(torch.randn(100, 3), tmp_path / "points.pt")
    read = lambda: torch.load(tmp_path / "points.pt")
    batches = lambda: read().split(30)
    future = client.submit(torch.load, tmp_path / "points.pt")
    linear = torch.nn.Linear(3, 2)
    moved = actions.Linear(3), actions.Linear(2)
    found = polarize_parts(linear, [read, batches, future, read()], *moved, client=client)
    here = [polarize(linear, inputs, *moved) for inputs in (read(), batches(), read(), read())]
    assert same(found, reduce(Factors.merge, here))
    assert found.samples == 400


def test_the_work_of_a_worker_that_dies_is_done_again_and_nothing_differs(processes, client, models, parts, tmp_path):
    begun = tmp_path
    (doomed,) = processes.add()
    clusters.until(lambda: len(client.scheduler_info()["workers"]) == 3)

    def slow(part):
        def read():
            (begun / str(os.getpid())).touch()
            time.sleep(0.3)
            return part

        return read

    def kill():
        clusters.until((begun / str(doomed.pid)).exists)
        clusters.kill(doomed)

    killer = threading.Thread(target=kill)
    killer.start()
    found = polarize_parts(models, [slow(part) for part in parts * 2], ACTION, client=client)
    killer.join()
    assert doomed.returncode == -signal.SIGKILL, "it was killed while there was work"
    assert same(found, polarize_parts(models, parts * 2, ACTION, client=client))


def test_a_part_that_ends_every_worker_is_named(tmp_path, models, parts):
    made = clusters.Processes(tmp_path)
    try:
        made.add(2)
        with Client(made.address, timeout=30) as client:
            client.wait_for_workers(2, timeout=clusters.LONG)

            def fatal():
                import os

                os._exit(1)

            with pytest.raises(RuntimeError, match=r"part-1-\w+ ended one worker after another, .*out of memory"):
                polarize_parts(models, [parts[0], fatal], ACTION, client=client)
    finally:
        made.close()


@pytest.fixture
def none(tmp_path):
    """A folder with a liegg that cannot be loaded."""
    (tmp_path / "liegg").mkdir()
    (tmp_path / "liegg" / "__init__.py").write_text("raise ModuleNotFoundError('No module named liegg')")
    return tmp_path


def test_a_worker_without_liegg_is_refused(processes, client, models, parts, none):
    (odd,) = processes.add(PYTHONPATH=str(none))
    clusters.until(lambda: len(client.scheduler_info()["workers"]) == 3)
    try:
        with pytest.raises(cluster.OtherSoftware, match=r"tcp://127.0.0.1:\d+ has no liegg that it can load"):
            polarize_parts(models, parts, ACTION, client=client)
    finally:
        clusters.kill(odd)
        clusters.until(lambda: len(client.scheduler_info()["workers"]) == 2)


@pytest.fixture
def other(tmp_path):
    """A folder with another liegg, one line longer."""
    shutil.copytree(ROOT / "liegg", tmp_path / "liegg", ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "liegg" / "symmetry" / "rules.py").open("a") as file:
        file.write("\n# another rule\n")
    return tmp_path


def test_a_worker_with_other_software_is_refused(processes, client, models, parts, other):
    (odd,) = processes.add(PYTHONPATH=str(other))
    clusters.until(lambda: len(client.scheduler_info()["workers"]) == 3)
    ours = cluster.software()["liegg"]
    try:
        with pytest.raises(cluster.OtherSoftware) as refused:
            polarize_parts(models, parts, ACTION, client=client)
        (line,) = str(refused.value).splitlines()
        assert "tcp://127.0.0.1:" in line and f"here {ours}" in line and "Install the same there" in line
    finally:
        clusters.kill(odd)
        clusters.until(lambda: len(client.scheduler_info()["workers"]) == 2)
    assert polarize_parts(models, parts, ACTION, client=client).samples


def test_a_worker_that_comes_later_is_refused_by_its_first_part():
    wanted = cluster.software() | {"torch": "1.0"}
    with pytest.raises(cluster.OtherSoftware, match=r"a worker has torch [\d.]+, here 1.0: install the same"):
        cluster.require(wanted)
    cluster.require(cluster.software())


@pytest.mark.parametrize(
    ("part", "kind", "message"),
    [
        (torch.randn(10, 5), RuntimeError, "must match the size"),
        (torch.randn(1, 6), ValueError, "one sample has no other"),
        (torch.full((10, 6), torch.nan), ValueError, "inputs holds NaN"),
        (lambda: torch.load("nowhere.pt", weights_only=True), FileNotFoundError, "nowhere.pt"),
    ],
)
def test_what_is_wrong_with_a_part_is_said_with_its_number(client, models, parts, part, kind, message):
    with pytest.raises(kind, match=message) as refused:
        polarize_parts(models, [parts[0], part], ACTION, client=client)
    assert refused.value.__notes__ == ["in part 1 of the data"]


BATCHES = """
import resource, threading, psutil, torch
from liegg import cluster

faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
resident = lambda: psutil.Process().memory_info().rss

def task():  # as Dask runs one
    before = resident()
    with cluster.kept_memory():
        for i in range(60):
            torch.ones(10**6)
            if i == 9:  # as large as it gets
                began = faults()
        taken = faults() - began
        del [torch.ones(5 * 10**6) for _ in range(20)][:]
    print(taken, (resident() - before) / 1e6)

thread = threading.Thread(target=task)
thread.start()
thread.join()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep memory as they like")
@pytest.mark.parametrize(("threshold", "kept"), [("65536", True), ("65537", False)])
def test_memory_is_kept_from_batch_to_batch_and_given_back_unless_somebody_wants_otherwise(threshold, kept):
    """Page faults while 4 MB are asked for fifty times (huge pages take one each), by Dask's default and by a wish; and
    megabytes that are left after 400 were freed."""
    env = {**os.environ, "MALLOC_TRIM_THRESHOLD_": threshold}
    done = subprocess.run([sys.executable, "-c", BATCHES], env=env, capture_output=True, text=True, check=True)
    taken, left = map(float, done.stdout.split())
    assert taken < 25 if kept else taken >= 50
    assert left < 50


def test_dasks_default_is_the_one_that_is_undone():
    wanted = dask.config.get("distributed.nanny.pre-spawn-environ")
    assert {name: str(value) for name, value in wanted.items()}.items() >= {cluster.TRIM}


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_a_part_that_would_end_its_worker_does_not(client, models, parts, error):
    def leave():
        raise error

    with pytest.raises(RuntimeError, match=rf"part 1 of the data raised {type(error).__name__}"):
        polarize_parts(models, [parts[0], leave], ACTION, client=client)
    assert len(client.nthreads()) == 2


def test_threads_of_a_worker_leave_each_other_alone(models, parts):
    """One process of four threads, with modules that a part puts in eval mode and back while others use them."""
    nets = [torch.nn.Sequential(mlp([6, 16, 1], seed=k), torch.nn.Dropout(0.5)) for k in range(3)]
    where = {"n_workers": 1, "threads_per_worker": 4, "processes": False, "dashboard_address": ":0"}
    with LocalCluster(**where) as made, Client(made, set_as_default=False) as client:
        every = [polarize_parts(nets, parts * 2, ACTION, client=client, batch_size=20) for _ in range(2)]
    alone = [polarize(nets, part, ACTION, batch_size=20) for part in parts * 2]
    whole = reduce(Factors.merge, [reduce(Factors.merge, alone[i : i + 8]) for i in range(0, len(alone), 8)])
    assert same(every[0], whole) and same(every[1], whole)
    assert all(net.training for net in nets)


@pytest.mark.parametrize(("bad", "what"), [("model", "the models or the actions"), ("part", "part 1 of the data")])
def test_what_cannot_be_sent_is_named(client, models, parts, bad, what):
    lock = threading.Lock()
    model = lambda x: x.sum(-1) * lock.locked()
    given = ([model], parts) if bad == "model" else (models, [parts[0], iter([lock])])
    with pytest.raises(ValueError, match=f"{what} cannot be sent to a worker: TypeError"):
        polarize_parts(*given, ACTION, client=client)


@pytest.mark.parametrize("parts", [[], torch.randn(5, 6), iter([])])
def test_parts_that_are_none(client, models, parts):
    with pytest.raises(ValueError, match="parts must be a list"):
        polarize_parts(models, parts, ACTION, client=client)


def test_a_client_that_is_none(models, parts):
    with pytest.raises(ValueError, match=r"client must be a distributed.Client .*tcp://here"):
        polarize_parts(models, parts, ACTION, client="tcp://here:8786")


def test_a_client_that_is_closed(processes, models, parts):
    with Client(processes.address, timeout=30, set_as_default=False) as client:
        pass
    with pytest.raises(ValueError, match="this one is closed"):
        polarize_parts(models, parts, ACTION, client=client)

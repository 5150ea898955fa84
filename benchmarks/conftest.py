"""What the benchmarks share: times taken in turn, so that what is compared was measured within the same minutes."""

import os
import time
from collections.abc import Callable

import pytest
import torch

ROUNDS = 5


def pytest_benchmark_update_machine_info(machine_info: dict) -> None:
    """What the times depend on beside the processor."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    machine_info |= {"torch": torch.__version__, "cores": os.cpu_count(), "gpu": gpu}


@pytest.fixture
def race(benchmark) -> Callable[..., None]:
    """Time a function against others, round after round, each once a round.

    A machine's speed drifts by more within minutes than what is looked for here: so ratios are taken round by round.
    The benchmark has the function's own times; its `extra_info` has `seconds`, those of the others by name, round by
    round, and whatever else is told: `case` what is done, `goal` and `against`, how many times as long as which other
    it may take at most, or `faster`, how many times as fast as it it should be; `limit`, how many seconds the function
    itself may take; and `count`, of how many things.
    """

    def run(function: Callable[[], object], others: dict[str, Callable[[], object]], *, rounds: int = ROUNDS, **told):
        seconds: dict[str, list[float]] = {name: [] for name in others}

        def the_others() -> None:
            for name, other in others.items():
                began = time.perf_counter()
                other()
                seconds[name].append(time.perf_counter() - began)

        benchmark.pedantic(function, setup=the_others, rounds=rounds, warmup_rounds=1)
        without_first = {name: times[1:] for name, times in seconds.items()}
        benchmark.extra_info.update(told, seconds=without_first, threads=torch.get_num_threads())

    return run


@pytest.fixture
def measure(benchmark) -> Callable[..., None]:
    """Keep what a function returns, a list of rows (dict each), with the time that all of it took: for sweeps.

    Rows over sizes are {method, samples, directions, seconds, megabytes}, with the method that is to be faster first;
    those that say where time goes {part, seconds}, and of what if it is of several. Repeated rows are a spread.
    """

    def run(function: Callable[[], list[dict]], **told):
        rows = benchmark.pedantic(function, rounds=1)
        benchmark.extra_info.update(told, rows=rows, threads=torch.get_num_threads())

    return run

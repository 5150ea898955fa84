"""Time and peak memory over the number of samples and of directions, ours and those of one SVD of the whole matrix.

Each is measured in a process of its own, which draws its data batch by batch or as a whole, as each of them needs it.
"""

import direct
import networks
import pytest

from liegg import find_symmetry
from liegg.studies.lens.cost import measured

BATCH = 5000
OURS, DIRECT = "find_symmetry", "one SVD of the whole matrix"
SAMPLES, N = (1000, 10_000, 100_000, 1_000_000), 5
SIZES, ROWS = (4, 8, 12, 16, 24), 10_000
REPEATS = 3


def streamed(n: int, samples: int) -> None:
    """find_symmetry on batches that are drawn as they are needed."""
    case = networks.linear(n)
    batches = (case.draw(min(BATCH, samples), seed=i) for i in range(-(-samples // BATCH)))
    find_symmetry(case.net, batches, case.action)


def whole(n: int, samples: int) -> None:
    """The singular values and vectors of the whole matrix."""
    case = networks.linear(n)
    direct.singular(case.net, case.draw(samples))


def row(method: str, n: int, samples: int) -> dict:
    _, seconds, megabytes = measured(streamed if method == OURS else whole, n, samples)
    return {"method": method, "samples": samples, "directions": n * n, "seconds": seconds, "megabytes": megabytes}


@pytest.mark.benchmark(group="direct")
def test_against_one_decomposition(measure):
    sizes = [(N, samples) for samples in SAMPLES] + [(n, ROWS) for n in SIZES]
    sizes = [(method, *size) for size in sizes for method in (OURS, DIRECT)]
    measure(lambda: [row(*size) for _ in range(REPEATS) for size in sizes], case="a 384-wide MLP, Linear(n)")


@pytest.mark.benchmark(group="memory")
def test_memory_does_not_grow(measure):
    measure(
        lambda: [row(OURS, N, samples) for _ in range(REPEATS) for samples in SAMPLES[1:]],
        case="a 384-wide MLP, Linear(5), samples drawn batch by batch",
    )

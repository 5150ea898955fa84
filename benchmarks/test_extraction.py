"""find_symmetry against the bare cost of the passes that it cannot do without."""

import time
from functools import partial

import networks
import pytest

from liegg import find_symmetry

BATCHES = 1024, 4096, 16384
"""samples that the bare passes may take at a time: the best of these is the floor"""
CASES = [
    (networks.wide, 10**6, 1.15, 3),
    (networks.narrow, 10**6, 3.0, 7),
    (networks.digits, 60_000, 1.3, 5),
    (partial(networks.linear, 32), 30_000, 1.5, 3),
]

pytestmark = pytest.mark.benchmark(group="extraction")


@pytest.mark.parametrize(("case", "samples", "goal", "rounds"), CASES, ids=["wide", "narrow", "digits", "linear"])
def test_extraction(race, case, samples, goal, rounds):
    case = case()
    x = case.draw(samples)
    best = min(BATCHES, key=lambda size: _seconds(partial(networks.passes, case, x[: samples // 10], size)))
    floor = f"one forward and {case.outputs} backward passes, {best} samples at a time"
    others = {floor: partial(networks.passes, case, x, best)}
    ask = partial(find_symmetry, case.net, x, case.action)
    race(ask, others, rounds=rounds, case=f"{case.what}, N = {samples}", goal=goal, against=floor, count=samples)


def _seconds(function) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began

"""Medians of times, what they say of a goal, and where one method begins to need less than another."""

import math
from itertools import product

import pytest

from liegg.reproduce import timed
from liegg.reproduce.timed import Middle


@pytest.mark.parametrize("n", [1, 2, 5, 6, 7, 12, 25])
def test_the_interval_of_a_median_has_the_level_that_it_says(n):
    """For few values counted over all ways in which they may lie below and above the median."""
    found = timed.middle([float(i) for i in range(n)])
    k = int(found.low) + 1
    assert found.high == n - k and found.value == (n - 1) / 2
    if n <= 12:
        within = sum(k <= sum(below) <= n - k for below in product((0, 1), repeat=n))
        assert found.level == pytest.approx(within / 2**n)
    narrower = 1 - 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2**n
    assert narrower < timed.LEVEL and (found.level >= timed.LEVEL or k == 1)


def test_no_values_have_no_median():
    with pytest.raises(ValueError, match="no values"):
        timed.middle([])


@pytest.mark.parametrize(
    ("low", "high", "goal", "said"),
    [
        (1.0, 1.2, {"most": 1.25}, "met"),
        (1.0, 1.3, {"most": 1.25}, "undecided"),
        (1.3, 1.4, {"most": 1.25}, "not met"),
        (10, 12, {"least": 8}, "met"),
        (7, 12, {"least": 8}, "undecided"),
        (5, 7, {"least": 8}, "not met"),
    ],
)
def test_a_goal_within_the_interval_is_undecided(low, high, goal, said):
    assert timed.verdict(Middle((low + high) / 2, low, high, 0.9), **goal) == said


def benchmark(**told):
    stats = {"data": [2.0, 4.0, 6.0, 8.0, 10.0]}
    return {"fullname": "benchmarks/test_a.py::test_a", "name": "test_a", "group": None, "stats": stats} | {
        "extra_info": told
    }


def test_ratios_are_taken_round_by_round():
    drifting = {"floor": [1.0, 2.0, 3.0, 4.0, 5.0], "slow": [8.0, 16.0, 24.0, 32.0, 50.0]}
    found = timed.row(benchmark(case="it", seconds=drifting, goal=2.1, against="floor"), {"date": "today"})
    floor, slow = found["compared"]
    assert (floor["ratio"], floor["low"], floor["high"], floor["verdict"]) == (2, 2, 2, "met")
    assert (slow["ratio"], slow["faster"]) == (4, True) and "verdict" not in slow  # the other takes longer
    assert (found["seconds"], found["rounds"], found["name"], found["date"]) == (6, 5, "test_a.py::test_a", "today")
    (faster,) = timed.row(benchmark(seconds={"slow": drifting["slow"]}, faster=4.5), {})["compared"]
    assert (faster["ratio"], faster["high"], faster["verdict"]) == (4, 5, "undecided")
    limited = timed.row(benchmark(limit=5), {})
    assert limited["verdict"] == "undecided" and limited["case"] == "test_a"


def test_what_does_not_belong_together_is_refused():
    with pytest.raises(ValueError, match="not all were timed in each of the 5 rounds"):
        timed.row(benchmark(seconds={"floor": [1.0]}), {})
    with pytest.raises(ValueError, match="not timed against 'flor'"):
        timed.row(benchmark(seconds={"floor": [1.0] * 5}, goal=2, against="flor"), {})


def swept(first, second):
    """Rows of two methods that take C N^p seconds, over N at one K and over K at one N."""
    points = [(n, 10) for n in (100, 1000, 10000)] + [(100, k) for k in (10, 20)]
    return [
        {"method": name, "samples": n, "directions": k, "seconds": factor * n**power}
        for n, k in points
        for name, (factor, power) in {"ours": first, "theirs": second}.items()
    ]


def test_the_crossing_of_two_powers_is_where_they_are_alike():
    over_samples, over_directions = timed.sweeps(swept((5.0, 1), (0.01, 2)))
    assert (over_samples.over, over_samples.fixed, over_samples.measure) == ("samples", 10, "seconds")
    assert over_samples.crossing() == (pytest.approx(500), True)
    assert over_directions.fixed == 100 and over_directions.crossing() == (None, False)
    below, _ = timed.sweeps(swept((0.01, 2), (5.0, 1)))
    assert below.crossing() == (pytest.approx(500), False)
    always, _ = timed.sweeps(swept((0.5, 1), (1.0, 1)))
    assert always.crossing() == (None, True)


def test_repeated_rows_are_a_spread_and_one_method_crosses_nothing():
    rows = [row for row in swept((1.0, 1), (1.0, 2)) if row["method"] == "ours"]
    sweep, _ = timed.sweeps(rows + rows)
    assert sweep.methods == {"ours": {n: [float(n)] * (4 if n == 100 else 2) for n in (100, 1000, 10000)}}
    assert sweep.crossing() is None and not [*timed.sweeps([{"part": "forward", "seconds": 1}])]


def test_parts_are_gathered_by_what_they_are_of():
    rows = [{"networks": 8, "part": part, "seconds": s} for part, s in (("forward", 1), ("forward", 3), ("rest", 5))]
    assert timed.parts(rows, "training") == {"8 networks": {"forward": 2, "rest": 5}}
    assert timed.parts([{"part": "forward", "seconds": 1}], "training") == {"training": {"forward": 1}}
    assert [*timed.parts([{"networks": 1, "part": "forward", "seconds": 1}], "")] == ["1 network"]

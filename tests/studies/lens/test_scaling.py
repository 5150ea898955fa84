"""What extraction in many parts costs: the model of it, and runs on small clusters."""

import math

import pytest
import torch

from liegg.studies.lens import scaling
from liegg.studies.lens import scaling_readings as readings
from liegg.symmetry.stream import polarize

MODEL = readings.Model(start=0.2, hand_out=1e-3, sample=1e-5, part=4e-3)


def runs(model, cores):
    sizes = [(P, n, W) for P in (16, 64) for n in (2, 500, 4000) for W in (1, 2, 4)]
    return [
        {"parts": P, "samples": n, "workers": W, "seconds": model.seconds(P * n, P, min(W, cores))} for P, n, W in sizes
    ]


@pytest.mark.parametrize("cores", [2, 4])
def test_a_model_is_read_off_the_times_that_it_makes(cores):
    made = runs(MODEL, cores)
    found = readings.fitted(made, cores)
    assert found == pytest.approx(MODEL, rel=1e-6)
    run = {"parts": 100, "samples": 10**5, "workers": 8}
    by_hand = 0.2 + 100e-3 + (1e7 * 1e-5 + 100 * 4e-3) / cores
    assert readings.predicted(found, run, cores) == pytest.approx(by_hand, rel=1e-6)


def test_beyond_the_most_workers_another_takes_longer():
    """The closed form against trying all."""
    N, each = 1e6, 4
    tried = {W: MODEL.seconds(N, each * W, W) for W in range(1, 400)}
    assert abs(min(tried, key=tried.get) - MODEL.most(N, each)) <= 1
    assert MODEL.most(10, each) == 1 and math.isfinite(MODEL._replace(hand_out=0).most(N, each))
    assert MODEL.efficiency(N, each, 1) > MODEL.efficiency(N, each, 50) > MODEL.efficiency(N, each, 400)
    assert 0.9 < MODEL._replace(start=0, hand_out=0).efficiency(N, each, 1) < 1


def costs(each, pair):
    cost = lambda M: {
        "networks": M,
        "few": 0.1,
        "seconds": 0.1 + (M * each + M**2 * pair) * 4000,
        "merge": 1e-3 * M,
    }
    return [cost(M) for M in (1, 3, 10, 100)]


def test_networks_cost_by_themselves_and_in_pairs():
    made = costs(3e-6, 2e-9)
    assert readings.fitted_networks(made) == pytest.approx((3e-6, 2e-9), rel=1e-6)
    more = readings.with_networks(MODEL, made, 100)
    assert more.sample == pytest.approx(3e-4 + 2e-5, rel=1e-6)
    assert more.part == pytest.approx(MODEL.part + 0.1 - 0.003) and more.start == MODEL.start


@pytest.mark.parametrize(("workers", "wanted"), [(1, 17), (2, 9), (3, 7), (9, 7)])
def test_notebooks_are_given_out_the_longest_first(workers, wanted):
    assert readings.makespan([7, 4, 3, 2, 1], workers) == wanted


def test_runs_on_processes_take_turns_give_the_factors_of_the_parts_and_survive_a_worker():
    sizes = [(3, 4), (9, 300)]
    found = scaling.on_clusters([1, 2], sizes, repeats=2, seed=0)
    order = [(run["repeat"], run["workers"], run["parts"], run["samples"]) for run in found["runs"]]
    assert order == [(repeat, W, *size) for repeat in (0, 1) for W in (1, 2) for size in sizes]
    nets = scaling.networks(scaling.NETWORKS, seed=0)
    made = [polarize(nets, scaling.draw(4, seed=i), scaling.ACTION) for i in range(3)]
    wanted = scaling.digest(made[0].merge(made[1]).merge(made[2]))
    assert {run["digest"] for run in found["runs"][::2]} == {wanted}
    (larger,) = {run["digest"] for run in found["runs"][1::2]}
    (killed,) = found["killed"]
    assert killed["workers"] == 2 and killed["died"] == 1 and killed["digest"] == larger != wanted
    assert len(found["start"]) == 2 and min(found["start"]) > 0 and found["cores"] >= 1


def test_costs_are_measured_in_a_process_of_its_own():
    found = scaling.alone(3, repeats=2, seed=0)
    assert len(found["times"]) == 2 and all(t["few"] > 0 and t["merge"] > 0 for t in found["times"])
    assert 0.2 * readings.megabytes(3) < found["peak"] < readings.megabytes(3)
    sent = found["times"][0]["megabytes"]
    few = polarize(scaling.networks(3, seed=0), torch.randn(10, 10), scaling.ACTION)
    tensors = [f.triangles for f in (*few.matched, *few.mismatched, few.data)]
    assert sent == pytest.approx(sum(t.numel() * 8 for t in tensors) / 1e6, rel=0.05)

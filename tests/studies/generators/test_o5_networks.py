"""What pages 11 and 13 measure, on networks that are not trained, so that they can be built again by hand."""

import pytest
import torch

from liegg import decide, find_symmetry
from liegg.studies.generators import o5, o5_networks

SETTINGS = {"batch_size": 50, "lr": 1e-3, "weight_decay": 0.0}
SEEDS = [3, 4, 5]


def same(factors, functions, x):
    found, expected = decide(factors, o5.ACTION), find_symmetry(functions, x, o5.ACTION)
    return torch.allclose(found.variance, expected.variance, rtol=1e-9) and found.samples == len(x)


def test_every_network_is_measured_at_its_own_points():
    degrees = torch.tensor([30.0, 90.0])
    measured = o5_networks.trained(600, [4], seeds=SEEDS, degrees=degrees, epochs=0, **SETTINGS)
    for seed, of_net in zip(SEEDS, measured, strict=True):
        (x, y), (x_fresh, y_fresh) = o5.draw(600, seed=seed), o5.draw(600, seed=seed + 10_000)
        net, start = (o5.networks([4], [x[:100]], [y[:100]], seeds=[s])[0] for s in (seed, seed + 1000))
        assert same(of_net["trained"], net, x) and same(of_net["untrained"], start, x)
        assert same(of_net["fresh"], net, x_fresh)
        assert of_net["errors"] == pytest.approx(o5.errors(net, x[350:], y[350:]))
        assert of_net["errors_fresh"] == pytest.approx(o5.errors(net, x_fresh, y_fresh))
        lowest = of_net["trained"].matched[0].variances()[1][:10].reshape(-1, 5, 5)
        for name, directions in (("exact", o5.SO5), ("trained", lowest)):
            assert torch.allclose(of_net["drift"][name], o5.mean_drift(net, x_fresh, directions, degrees), rtol=1e-5)
        assert not torch.allclose(of_net["drift"]["random"], of_net["drift"]["exact"], rtol=0.1)


def test_training_is_on_all_but_the_points_held_out():
    (before,), (after,) = (
        o5_networks.trained(1500, [8], seeds=[0], degrees=torch.tensor([90.0]), epochs=e, **SETTINGS) for e in (0, 5)
    )
    assert after["errors"]["test_error"] < before["errors"]["test_error"]
    assert same(after["untrained"], *untrained(1500, 0))


def untrained(samples, seed):
    x, y = o5.draw(samples, seed=seed)
    return o5.networks([8], [x[:-500]], [y[:-500]], seeds=[seed + 1000])[0], x


def test_networks_of_a_size_are_asked_together_at_the_same_fresh_points():
    sizes = [600, 650]
    measured = o5_networks.at_sizes(sizes, [4], shuffled=620, seeds=SEEDS, visits=0, points=80, **SETTINGS)
    x_fresh, y_fresh = o5.draw(80, seed=SEEDS[0] + 10_000)
    for size, group in zip(sizes, measured["sizes"], strict=True):
        data = [o5.draw(size - 500, seed=s) for s in SEEDS]
        nets = o5.networks([4], *zip(*data), seeds=SEEDS)
        assert same(group["together"], nets, x_fresh)
        for net, own, error in zip(nets, data, group["errors"], strict=True):
            assert error == pytest.approx(o5.errors(net, x_fresh, y_fresh) | learned(net, *own))
    x, y = o5.draw(150, seed=SEEDS[-1])
    start = o5.networks([4], [x] * 3, [y] * 3, seeds=[s + 1000 for s in SEEDS])
    assert same(measured["untrained"], start, x_fresh)
    x, y = o5.draw(120, seed=SEEDS[0])
    y = y[torch.randperm(120, generator=torch.Generator().manual_seed(SEEDS[0]))]
    nets = o5.networks([4], [x] * 3, [y] * 3, seeds=SEEDS)
    assert same(measured["shuffled"]["together"], nets, x_fresh)
    for net, error in zip(nets, measured["shuffled"]["errors"], strict=True):
        assert error == pytest.approx(o5.errors(net, x_fresh, y_fresh) | learned(net, x, y))


def learned(net, x, y):
    errors = o5.errors(net, x, y)
    return {"training_error": errors["test_error"], "relative_training_error": errors["relative_error"]}


def test_shuffled_targets_are_learned_by_heart_and_have_no_symmetry():
    settings = SETTINGS | {"lr": 1e-2}
    measured = o5_networks.at_sizes([600], [32, 32], shuffled=560, seeds=SEEDS, visits=400_000, points=1000, **settings)
    assert max(error["relative_training_error"] for error in measured["shuffled"]["errors"]) < 0.05
    together = decide(measured["shuffled"]["together"], o5.ACTION)
    assert together.coherence_interval[:, 0].max() > 0.25 and together.dimension == 0

"""The finite check: how far a function moves along what was found, at times that are not small."""

import pytest
import torch
from torch import nn

from liegg import algebra, find_symmetry
from liegg.actions import Linear
from liegg.studies.lens import targets
from liegg.symmetry.finite import drift

TARGET = targets.known(seed=0)["so(3)"]


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def one():
    return find_symmetry(TARGET.function, TARGET.points(300, seed=0), TARGET.action)


def test_drift_evaluates_a_module_and_leaves_it_as_it_was():
    net = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout(0.5)).double().train()
    stats = net[1].running_mean.clone()
    assert drift(net, draw(50, 2), Linear(2), algebra.so(2)[0].flatten(), [0.0])[0] < 1e-12
    assert net.training and torch.equal(net[1].running_mean, stats)


def test_drift_is_in_standard_deviations_of_the_output():
    x = draw(20000, 2)
    rotation = algebra.so(2)[0].flatten()
    assert drift(lambda p: p.norm(dim=1), x, Linear(2), rotation, [1.0, 3.0]).max() < 1e-12
    half_turn = 2**0.5 * torch.pi
    assert drift(lambda p: 5 + 3 * p[:, 0], x, Linear(2), rotation, [half_turn])[0].item() == pytest.approx(2, rel=1e-3)


def test_the_finite_check_follows_generators_and_random_directions():
    check = one().check(TARGET.function, TARGET.points(200, seed=1), steps=6, directions=4, seed=2)
    assert check.angles.tolist() == [60, 120, 180, 240, 300, 360]
    assert check.learned.shape == (3, 6) and check.random.shape == (4, 6)
    assert check.learned.max() < 1e-9 and check.random.min() > 0.01 and check.ratio < 1e-9
    assert "up to 360 degrees" in str(check) and "<svg" in check._repr_svg_()


@pytest.mark.parametrize("turn", [60, 360])
@pytest.mark.parametrize("function", [lambda x: x[:, 0], lambda x: x[:, 0].tanh(), lambda x: x[:, 0].sin() + x[:, 4]])
def test_the_finite_check_is_about_one_where_nothing_is_special(function, turn):
    check = one().check(function, TARGET.points(300, seed=1), turn=turn, directions=20)
    assert 0.4 < check.ratio < 3


def test_the_finite_check_speaks_of_the_worst_generator():
    f = lambda x: x[:, :3].norm(dim=1).sin() + x[:, 3:].norm(dim=1)
    found = find_symmetry(f, draw(500, 5), Linear(5))
    assert found.identify().name == "so(3) + so(2)"
    assert found.check(lambda x: x[:, :3].norm(dim=1).sin() + x[:, 3], draw(200, 5, seed=1)).ratio > 0.3
    assert found.check(f, draw(200, 5, seed=1)).ratio < 1e-9


def test_the_finite_check_leaves_the_inputs_alone_and_takes_any_precision():
    found, x = one(), TARGET.points(50, seed=1)
    kept = x.clone()
    assert found.check(lambda p: TARGET.function(p.mul_(2)), x).ratio < 1e-6
    assert torch.equal(x, kept)
    found.check(torch.nn.Linear(6, 1), x)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"turn": 0}, "must be positive"),
        ({"turn": float("inf")}, "turn must be positive and finite, not inf"),
        ({"turn": "3"}, "turn must be positive and finite, not '3'"),
        ({"steps": 0}, "positive"),
        ({"steps": 1.5}, "steps and directions must be positive whole numbers, not 1.5, 5"),
        ({"steps": True}, "positive whole numbers"),
        ({"directions": 0}, "positive"),
        ({"directions": 1.5}, "positive whole numbers, not 24, 1.5"),
        ({"seed": "a"}, "seed must be a whole number"),
        ({"seed": 2**70}, "seed must be a whole number"),
    ],
)
def test_settings_of_the_check_are_checked(settings, words):
    with pytest.raises(ValueError, match=words):
        one().check(TARGET.function, TARGET.points(50, seed=1), **settings)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_inputs_that_are_not_finite_are_counted(value):
    x = TARGET.points(50, seed=1)
    x[3], x[7, 0] = value, value
    for function in (TARGET.function, lambda x: TARGET.function(x).tanh()):
        with pytest.raises(ValueError, match="inputs holds NaN or infinite values in 2 of 50 samples: clean the data"):
            one().check(function, x)
    with pytest.raises(ValueError, match="in 2 of 50 samples"):
        drift(TARGET.function, x, TARGET.action, torch.ones(9).double(), [1.0])


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.long(),
        lambda x: x.to(torch.complex128),
        lambda x: x.to("meta"),
        lambda x: x.to_sparse(),
        lambda x: x.to_sparse_csr(),
        lambda x: x.sum(),
    ],
)
def test_inputs_of_the_check_are_dense_real_samples(change):
    with pytest.raises(ValueError, match="inputs must be a dense floating-point tensor"):
        one().check(TARGET.function, change(TARGET.points(50, seed=1)))


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: 3.0, "must return real numbers"),
        (lambda x: x[:3, 0], "must return real numbers"),
        (lambda x: x[:, 0].long(), "must return real numbers"),
        (lambda x: (x[:, 0] - x[0, 0]) ** -1.0, "the function's output is NaN or infinite"),
        (nn.Linear(6, 1, device="meta"), "weights on the meta device"),
    ],
)
def test_functions_that_cannot_be_checked_are_named(function, words):
    with pytest.raises(ValueError, match=words):
        one().check(function, TARGET.points(50, seed=1))


def test_a_check_against_nothing_is_refused():
    with pytest.raises(ValueError, match="constant on these inputs"):
        one().check(lambda x: 0 * x[:, 0], TARGET.points(50, seed=1))
    with pytest.raises(ValueError, match="one function and a tensor"):
        one().check([lambda x: x[:, 0]], TARGET.points(50, seed=1))

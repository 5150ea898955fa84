"""The zoo study: networks that are trained in groups, what is measured of them, and the functions they learn."""

import copy
from itertools import product

import numpy as np
import pytest
import torch

from liegg import algebra, decide, find_symmetry
from liegg.actions import Linear
from liegg.studies.lens import targets, zoo
from liegg.studies.lens.target import Target
from liegg.training.networks import mlp

SMALL = {"networks": 3, "layers": 1, "steps": 20, "batch_size": 50, "lr": 1e-2}
NOISES = [0.0, 0.1]
CASE = {"target": "so(3)", "width": 8, "samples": 100}


def coordinate(i):
    """A function that is one coordinate of three."""
    draw = lambda samples, g: torch.randn(samples, 3, generator=g, dtype=torch.float64)
    return Target(lambda x: 5 + 2 * x[:, i], Linear(3), algebra.so(3)[:0], draw)


@pytest.fixture(scope="module")
def surveyed():
    return zoo.survey(CASE, seed=3, bases=2, noises=NOISES, points=200, labels=100, example="so(3)", **SMALL)


def test_each_group_of_pupils_learns_its_own_target_with_its_own_noise():
    """Linear networks learn a coordinate exactly; noise of a standard deviation misleads them about as much as least
    squares."""
    learners = {"networks": 3, "layers": 0, "steps": 150, "batch_size": 100, "lr": 0.1}
    groups = zoo.pupils([coordinate(0), coordinate(2)], [0.0, 1.0], samples=200, width=1, seed=11, **learners)
    fresh = torch.randn(500, 3, generator=torch.Generator().manual_seed(0)).double()
    assert [len(nets) for nets in groups] == [3, 3]
    assert max(zoo.errors(coordinate(0), groups[0], fresh)) < 1e-5
    assert all(1e-4 < error < 0.1 for error in zoo.errors(coordinate(2), groups[1], fresh))  # 4 / 200 in the mean
    assert min(zoo.errors(coordinate(2), groups[0], fresh)) > 1.5
    biases = [net(torch.zeros(1, 3)).item() for net in groups[1]]
    assert len(set(biases)) == 3 and biases == pytest.approx([5] * 3, abs=1)


def test_errors_are_over_the_targets_variance():
    target, x = coordinate(1), torch.randn(300, 3, generator=torch.Generator().manual_seed(0)).double()
    exact = lambda x: target.function(x)[:, None]
    off, nothing = lambda x: exact(x) + 0.5, lambda x: 5 + 0 * exact(x)
    y = 2 * x[:, 1].numpy()
    expected = [0, 0.25 / np.var(y, ddof=1), np.mean(y**2) / np.var(y, ddof=1)]
    assert zoo.errors(target, [exact, off, nothing], x) == pytest.approx(expected, abs=1e-6)


def test_a_survey_goes_through_all_bases_and_noises(surveyed):
    """Group by group what the same networks say by themselves, of the target in the basis they learned it in."""
    groups = list(product((0, 1), NOISES))
    assert [(group["basis"], group["noise"]) for group in surveyed] == groups
    bases = [targets.known(seed=3 + b)["so(3)"] for b in (0, 1)]
    taught = zoo.pupils(
        [bases[b] for b, _ in groups], [noise for _, noise in groups], samples=100, width=8, seed=3_000_000, **SMALL
    )
    for (b, _), group, nets in zip(groups, surveyed, taught):
        x = bases[b].points(200, seed=503 + b)
        assert group["errors"] == pytest.approx(zoo.errors(bases[b], nets, x), rel=1e-4) and len(nets) == 3
        found, alike = (decide(group["together"], Linear(3, 2)), find_symmetry(nets, x.float(), Linear(3, 2)))
        assert (found.networks, found.samples) == (3, 200)
        for name in ("own", "summed", "mismatched"):
            assert torch.allclose(getattr(found, name), getattr(alike, name), rtol=1e-3, atol=1e-6), name
    assert len({error for group in surveyed for error in group["errors"]}) == 12


def test_only_the_example_comes_with_rows_to_show(surveyed):
    assert ["rows" in group for group in surveyed] == [True, False, False, False]
    assert surveyed[0]["rows"].shape == (2, zoo.SHOWN, 9) and surveyed[0]["rows"].dtype == torch.float32
    other = zoo.survey(CASE, seed=3, bases=1, noises=[0.0], points=50, labels=50, example="sl(2)", **SMALL)
    assert not any("rows" in group for group in other)


def test_rows_to_show_tell_how_fast_outputs_change_along_a_direction():
    target = targets.known(seed=0)["so(3)"]
    (nets,) = zoo.pupils([target], [0.0], samples=100, width=8, seed=0, **SMALL)
    rows, x = zoo.rows_to_show(target, nets, seed=1), target.points(zoo.SHOWN, seed=1)
    a = torch.randn(9, generator=torch.Generator().manual_seed(0)).double()
    for of_net, net in zip(rows, nets[:2], strict=True):
        precise = copy.deepcopy(net).double()
        with torch.no_grad():
            ahead, back = (precise(target.action.act(a, x, h)) for h in (1e-5, -1e-5))
        assert torch.allclose(of_net.double() @ a, (ahead - back)[:, 0] / 2e-5, atol=1e-4)


def test_untrained_networks_are_polarized_on_the_points_of_every_target():
    factors, known = zoo.untrained(seed=1, networks=3, width=8, layers=1, points=100), targets.known(seed=1)
    assert list(factors) == list(known)
    assert {(of.networks, of.samples) for of in factors.values()} == {(3, 100)}
    for name, inputs in (("sl(2)", 4), ("images, so(2)", 256)):
        blank = [mlp([inputs, 8, 1], seed=2001 + a, bias=True) for a in range(3)]
        found = find_symmetry(blank, known[name].points(100, seed=701).float(), known[name].action)
        assert torch.allclose(decide(factors[name], known[name].action).own, found.own, rtol=1e-4)


@pytest.mark.parametrize("name", targets.known())
def test_targets_come_from_the_seed_and_their_algebra_is_theirs(name):
    one, again, other = (targets.known(seed=seed)[name] for seed in (0, 0, 1))
    x = one.points(20, seed=5)
    assert torch.equal(x, again.points(20, seed=5)) and x.dtype == torch.float64
    assert torch.equal(one.function(x), again.function(x)) and one.function(x).shape == (20,)
    if name != "so(3) in a subspace":  # there the points are others too
        assert not torch.allclose(one.function(x), other.function(x))
    if len(one.algebra) and "images" not in name:
        grad = torch.func.grad(lambda p: one.function(p).sum())(x)
        slopes = one.action.pair(x, grad) @ one.action.coefficients(one.algebra).T
        assert slopes.abs().max() < 1e-9 * one.action.pair(x, grad).abs().max()

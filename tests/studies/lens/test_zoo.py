"""The zoo study on networks that were really trained."""

import copy

import pytest
import torch

from liegg.studies.lens import targets, zoo

SMALL = {"networks": 3, "layers": 1, "steps": 20, "batch_size": 50, "lr": 1e-2}


def test_trained_networks_are_told_apart():
    """A symmetry that was learned, and a function that has none: a small zoo of two."""
    zoo_ = targets.known(seed=50)
    for name, true in (("so(3)", 3), ("discrete", 0)):
        nets = zoo.pupils(
            [zoo_[name]],
            [0.0],
            networks=4,
            samples=2000,
            width=32,
            layers=2,
            steps=500,
            batch_size=200,
            lr=1e-2,
            seed=7,
        )
        (row, *single), found = zoo.examine(zoo_[name], nets[0], zoo_[name].points(1000, seed=3))
        assert (row["found"], row["true"], row["trivial"], len(single)) == (true, true, 0, 4)
        assert found.coherence[true:].min() > 0.8
        if true:
            assert row["angle"] < 5 and row["name"] == "so(3)"


def test_a_survey_goes_through_all_targets_bases_noises_widths_and_samples(monkeypatch):
    few = ("so(3)", "scaling", "discrete")
    known = targets.known
    monkeypatch.setattr(zoo, "known", lambda *, seed: {name: t for name, t in known(seed=seed).items() if name in few})
    tasks = list(zoo.survey(seed=3, bases=2, noises=[0.0, 0.1], widths=[8], samples=[100, 150], points=200, **SMALL))
    assert len(tasks) == 3 * 2 * 2 * 2
    assert len({tuple(task.case.values()) for task in tasks}) == len(tasks)
    for task in tasks:
        assert len(task.networks) == 3 and [row["kind"] for row in task.rows] == ["several", "one", "one", "one"]
        assert all(row["true"] == len(task.target.algebra) and task.case.items() <= row.items() for row in task.rows)
        assert task.rows[0]["error"] == max(row["error"] for row in task.rows[1:])
        assert task.found.networks == 3 and task.found.samples == 200
        directions = task.directions()
        assert len(directions) == 9 and sum(d["symmetry"] for d in directions) <= 9
        assert [d["coherence"] for d in directions] == task.found.coherence.tolist()
    assert not any(d["symmetry"] for task in tasks if task.case["target"] == "discrete" for d in task.directions())


def test_untrained_networks_are_asked_about_every_target():
    dimensions = zoo.untrained(seed=0, networks=3, width=8, layers=1, points=100)
    assert len(dimensions["several"]) == len(targets.known()) and len(dimensions["one"]) == 3 * len(targets.known())


def test_slopes_are_those_of_differences_along_a_direction():
    target = targets.known(seed=0)["so(3)"]
    (nets,) = zoo.pupils([target], [0.0], samples=100, width=8, seed=0, **SMALL)
    net, x = nets[0], target.points(30, seed=1)
    a = torch.randn(9, generator=torch.Generator().manual_seed(0)).double()
    precise = copy.deepcopy(net).double()
    with torch.no_grad():
        ahead, back = (precise(target.action.act(a, x, h)) for h in (1e-5, -1e-5))
    assert torch.allclose(zoo.slopes(net, x.float(), target, a).double(), (ahead - back)[:, 0] / 2e-5, atol=1e-4)


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


def test_exact_targets_have_exact_answers():
    rows = zoo.exact(seed=0, points=500)
    assert set(rows) == {name for name, t in targets.known().items() if len(t.algebra) and "images" not in name}
    for row in rows.values():
        assert row["found"] == row["dimension"] and row["relative variance"] < 1e-20 and row["angle (degrees)"] < 1e-6

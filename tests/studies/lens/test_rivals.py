"""Other discovery methods on problems with known answers, and what their common call promises."""

import math

import pytest
import torch

from liegg import algebra
from liegg.actions import Affine, Linear
from liegg.studies.lens import comparison, readings, rivals
from liegg.studies.lens.targets import known
from liegg.symmetry.factors import Factors

PLANE = Linear(2)


def rings(samples, *, seed=0):
    """Points in the plane, and a function of their distance from the centre."""
    x = torch.randn(samples, 2, generator=torch.Generator().manual_seed(seed))
    return x, x.square().sum(1, keepdim=True).div(2).sin()


def pairs(samples, *, seed=0):
    """Two points in the plane, and a function of their inner product and their area."""
    x = torch.randn(samples, 4, generator=torch.Generator().manual_seed(seed))
    a, b, c, d = x.T[..., None]
    return x, ((a * c + b * d) / 2).sin() + ((a * d - b * c) / 2).tanh() + ((a * a + b * b) / 4).cos()


METHODS = {
    "augerino": lambda x, y, action: rivals.augerino(x, y, action, seed=0, steps=150),
    "liegan": lambda x, y, action: rivals.liegan(x, y, action, channels=1, seed=0, steps=300, lr=0.03),
    "neighbours": rivals.neighbours,
    "polarized": lambda x, y, action: readings.discovery(
        rivals.polarized(x, y, action, seed=0, networks=1, steps=600), action
    ),
}


def angle(found, true):
    return algebra.principal_angles(found.directions[: len(true)], true)[-1]


@pytest.fixture(scope="module")
def found():
    x, y = pairs(2000)
    state = torch.get_rng_state()
    results = {name: method(x, y, Linear(2, copies=2)) for name, method in METHODS.items()}
    assert torch.equal(torch.get_rng_state(), state)
    return results


@pytest.mark.parametrize("name, degrees", [("augerino", 10), ("liegan", 10), ("neighbours", 2), ("polarized", 3)])
def test_the_rotations_of_two_points(found, name, degrees):
    """A random direction is 66 degrees away, in the median, and nearer than 10 in 0.2 % of the cases."""
    result = found[name]
    assert angle(result, algebra.so(2)) < degrees
    assert result.dimension == (None if name == "liegan" else 1)  # which is told how many there are
    if name == "augerino":
        assert 0.1 < result.strength[0] < 1  # it has grown, but not without bound


@pytest.mark.parametrize("name", METHODS)
def test_directions_are_orthonormal_and_in_order(found, name):
    directions, strength = found[name].directions, found[name].strength
    number = 1 if name == "liegan" else 4
    assert directions.shape == (number, 2, 2) and strength.shape == (number,)
    assert directions.dtype == strength.dtype == torch.float64
    flat = directions.flatten(1)
    assert torch.allclose(flat @ flat.T, torch.eye(number).double(), atol=1e-9)
    assert (strength.diff() * (-1 if name == "augerino" else 1) >= 0).all()


def test_neighbours_are_exact_for_polynomials_of_second_order():
    x = torch.randn(300, 3, generator=torch.Generator().manual_seed(0))
    result = rivals.neighbours(x, (x.square() @ torch.tensor([[1.0], [1.0], [-1.0]])), Linear(3), ridge=0)
    assert result.dimension == 3 and angle(result, algebra.so(2, 1)) < 0.01


def test_where_there_is_no_symmetry_neighbours_see_none():
    x = torch.randn(2000, 2, generator=torch.Generator().manual_seed(0))
    assert rivals.neighbours(x, (2 * x).cos().sum(1, keepdim=True), PLANE).dimension == 0


@pytest.mark.parametrize("method", [rivals.augerino, rivals.liegan])
def test_the_seed_decides(method):
    channels = {"channels": 2} if method is rivals.liegan else {}
    first, again, other = (method(*rings(200), PLANE, seed=s, steps=5, **channels).directions for s in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize("networks", [1, 3])
def test_as_many_networks_as_asked_for_are_polarized_on_the_same_points(networks):
    factors, again, other = (
        rivals.polarized(*rings(121), PLANE, seed=s, networks=networks, steps=5) for s in (1, 1, 2)
    )
    assert isinstance(factors, Factors) and (factors.networks, factors.samples) == (networks, 121)
    sizes = torch.cat([of.alike.diagonal() for of in (factors, other)])
    assert torch.equal(factors.alike, again.alike) and len(sizes.unique()) == 2 * networks  # each has its own start


def test_every_network_learns_from_a_sample_of_its_own(monkeypatch):
    """And all of them together from no more points than the other methods."""
    taught = []
    monkeypatch.setattr(rivals, "fit", lambda nets, x, y, **_: taught.append((x, y)))
    x, y = rings(121)
    rivals.polarized(x, y, PLANE, seed=0)
    rivals.polarized(x, y, PLANE, seed=0, networks=1)
    (dealt, values), (whole, _) = taught
    assert dealt.shape == (3, 40, 2) and torch.equal(dealt.flatten(0, 1), x[:120])
    assert torch.equal(values.flatten(0, 1), y[:120]) and torch.equal(whole[0], x)


def test_the_transformation_is_the_exponential():
    action = Linear(3, copies=2)
    g = torch.Generator().manual_seed(0)
    A, x = torch.randn(5, 9, generator=g).double() / 3, torch.randn(5, 6, generator=g).double()
    exact = torch.stack([action.act(a, p[None])[0] for a, p in zip(A, x)])
    norm = torch.linalg.matrix_norm(action.matrix(A), 2)
    error = (rivals._moved(A, x, action) - exact).norm(dim=1)
    assert (error <= norm**9 / 362880 * norm.exp() * x.norm(dim=1)).all()


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(
    "change, message",
    [
        (lambda x, y: (x, y, Affine(2)), "action must be"),
        (lambda x, y: (x[:, :1], y, PLANE), r"x must be \(N, 2\)"),
        (lambda x, y: (x, y[:, 0], PLANE), r"y must be a floating-point tensor \(N, 1\)"),
        (lambda x, y: (x, y[:-1], PLANE), r"y must be \(N, 1\)"),
        (lambda x, y: (x.long(), y, PLANE), "x must be a floating-point"),
        (lambda x, y: (x / 0, y, PLANE), "finite"),
        (lambda x, y: (x, 0 * y, PLANE), "y is the same at all points"),
        (lambda x, y: (0 * x, y, PLANE), "a vector of x always 0"),
    ],
)
def test_bad_data_are_refused(name, change, message):
    with pytest.raises(ValueError, match=message):
        METHODS[name](*change(*rings(50)))


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda x, y: rivals.augerino(x, y, PLANE, seed=0, steps=0),
            "steps must be positive, a whole number, not 0",
        ),
        (lambda x, y: rivals.liegan(x, y, PLANE, channels=1, seed=0, sigma=-1), "sigma must be positive"),
        (lambda x, y: rivals.liegan(x, y, PLANE, channels=0, seed=0), "channels must be"),
        (lambda x, y: rivals.liegan(x, y, PLANE, channels=5, seed=0), "from 1 to 4, not 5"),
        (lambda x, y: rivals.neighbours(x, y, PLANE, k=51), "k must be .* from 6 to the 50 points"),
        (lambda x, y: rivals.neighbours(x, y, PLANE, k=5), "k must be"),
        (lambda x, y: rivals.neighbours(x[:5], y[:5], PLANE), "from 6 to the 5 points there are"),
        (lambda x, y: rivals.neighbours(x, y, PLANE, ridge=-1), "ridge must be zero or more, not -1"),
        (lambda x, y: rivals.polarized(x, y, PLANE, seed=0, steps=1.5), "steps must be positive, a whole number"),
        (lambda x, y: rivals.polarized(x, y, PLANE, seed=0, networks=2), "networks must be 1 or at least 3"),
        (lambda x, y: rivals.polarized(x[:5], y[:5], PLANE, seed=0), "y is the same at all points"),
    ],
)
def test_bad_settings_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(*rings(50))


@pytest.mark.parametrize("sets, rounds", [(1, 3), (2, 2), (3, 1), (4, 1)])
def test_answers_asks_every_method_alike_and_takes_three_times_at_least(monkeypatch, sets, rounds):
    asked = []
    for name in comparison.METHODS:
        monkeypatch.setitem(comparison.METHODS, name, lambda *args, name=name, **told: asked.append((name, told)))
    for name in comparison.METHODS:
        said, seconds = comparison.answers(name, [rings(9)] * sets, PLANE, dimension=0, steps=7)
        assert len(said) == len(seconds) == sets and min(seconds) > 0
    told = {"liegg": {"steps": 7}, "one": {"steps": 7}, "augerino": {"steps": 7}, "liegan": {"channels": 1, "steps": 7}}
    wanted = [
        (name, told[name] | {"seed": s}) if name in told else (name, {})
        for name in comparison.METHODS
        for _ in range(rounds)
        for s in range(sets)
    ]
    assert asked == wanted


def test_a_time_is_the_median_of_its_own(monkeypatch):
    clock = iter([0, 9, 10, 11, 20, 24, 30, 33, 40, 41, 50, 56.0])  # 9, 1; 4, 3; then 1, 6
    monkeypatch.setattr(comparison.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(comparison, "TIMES", 5)
    monkeypatch.setitem(comparison.METHODS, "direct", lambda *_: None)
    assert comparison.answers("direct", [rings(9)] * 2, PLANE, dimension=0, steps=7)[1] == [4, 3]


def test_a_comparison_keeps_the_answer_to_each_data_set(monkeypatch):
    monkeypatch.setattr(
        comparison.cost, "measured", lambda function, *args, **more: (function(*args, **more), 6.0, 30.0)
    )
    target = known(seed=0)["so(2)"]
    kept = comparison.compare("direct", target, 400, seeds=[0, 3], steps=1)
    assert kept["megabytes"] == 30 and len(kept["seconds"]) == len(kept["answers"]) == 2
    for seed, answer in zip([0, 3], kept["answers"]):
        x = target.points(400, seed=seed)
        direct = rivals.neighbours(x, target.function(x)[:, None], target.action)
        assert answer.keys() == {"directions", "strength", "dimension"} and answer["dimension"] == direct.dimension
        assert torch.equal(answer["directions"], direct.directions) and torch.equal(answer["strength"], direct.strength)
    rows = readings.of_method(kept, target, [0, 3])
    assert [row["seconds"] for row in rows] == kept["seconds"]
    assert all(row["dimension"] == row["dimension_by_step"] for row in rows)


def test_what_is_told_is_not_counted():
    target = known(seed=0)["so(2)"]
    kept = comparison.compare("liegan", target, 70, seeds=[0], steps=1)
    (row,) = readings.of_method(kept, target, [0])
    assert row["true"] == 1 and row["dimension"] is None and row["dimension_by_step"] is None and row["angle"] > 0


@pytest.mark.parametrize("name, dimension", [("so(2)", 1), ("none: steep", 0)])
def test_a_comparison_tells_the_true_dimension(monkeypatch, name, dimension):
    told = []
    monkeypatch.setattr(comparison.cost, "measured", lambda *args, **more: told.append(more) or (([], []), 0.0, 0.0))
    comparison.compare("liegan", known(seed=0)[name], 10, seeds=[0], steps=7)
    assert told == [{"dimension": dimension, "steps": 7}]


def test_a_comparison_keeps_the_factors_of_liegg():
    target = known(seed=0)["so(2)"]
    kept = comparison.compare("one", target, 100, seeds=[5], steps=2)
    x = target.points(100, seed=5)
    factors = rivals.polarized(x, target.function(x)[:, None], target.action, seed=0, networks=1, steps=2)
    (answer,) = kept["answers"]
    assert kept["seconds"][0] > 0 and kept["megabytes"] >= 0
    for name, tensor in factors.state_dict().items():
        assert torch.allclose(answer.state_dict()[name], tensor, rtol=1e-4), name


def test_the_largest_step_is_counted_if_it_is_large():
    assert rivals.by_step(torch.tensor([1.0, 2, 30, 40])) == 2
    assert rivals.by_step(torch.tensor([1.0, 4, 16, 64])) == 0
    assert rivals.by_step(torch.tensor([9.0, 8, 1, 0.9])) == 2
    assert rivals.by_step(torch.tensor([3.0])) == 0


@pytest.mark.parametrize(
    "values, words",
    [
        ([], "–"),
        ([math.nan, math.nan], "–"),
        ([3], "3"),
        ([3, 3], "3"),
        ([3, 0], "3, 0"),
        ([3, 0, math.nan], "3, 0"),
        ([3, 3, 3], "3"),
        ([1.5, 0.5, 4], "1.5 (0.5 to 4)"),
        ([1.501, 1.502, 1.503], "1.5"),
    ],
)
def test_a_few_values_in_words(values, words):
    assert readings.ranged(torch.tensor(values, dtype=torch.float64), digits=2) == words

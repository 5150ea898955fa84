"""Statements at a level: how often they are wrong, over 2000 tasks whose answer is known."""

import numpy as np
import pytest
import torch
from scipy.stats import norm

from liegg import decide, find_symmetry, polarize
from liegg.actions import Linear
from liegg.studies.lens import stated
from liegg.symmetry.decision import VERDICTS
from liegg.symmetry.levels import LARGE, Signal, both, largest, of_labels, of_one


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def imperfect(seed, breaking=0.0, error=0.2):
    """sin(|x|²/4) with a breaking that all share and an error of its own."""
    k, phase = draw(3, 30, seed=seed + 1), draw(30, seed=seed + 100)
    return lambda x: (
        (x.square().sum(1) / 4).sin()
        + breaking * (x[:, 0] * x[:, 1]).tanh()
        + error * (x @ k.to(x) + phase.to(x)).sin().mean(1) * 8
    )


@pytest.mark.parametrize("networks", [3, 4, 8])
def test_a_statement_is_wrong_as_often_as_it_says(networks):
    """Of 2000 tasks at the tolerance; that nothing is shared is denied more rarely, since directions fit the errors."""
    wrong = stated.wrong(networks, draws=2000, tolerance=0.01, alpha=0.05, seed=1)
    assert abs(wrong["symmetry"] / 2000 - 0.05) < 3.5 * (0.05 * 0.95 / 2000) ** 0.5
    assert wrong["shared"] / 2000 < 0.05


def test_at_another_level_too():
    wrong = stated.wrong(5, draws=2000, tolerance=0.02, alpha=0.2, seed=2)
    assert abs(wrong["symmetry"] / 2000 - 0.2) < 3.5 * (0.2 * 0.8 / 2000) ** 0.5


@pytest.mark.parametrize(("n", "alpha"), [(1, 0.05), (2, 0.05), (6, 0.01), (30, 0.05), (60, 0.05)])
def test_the_largest_eigenvalue_of_a_random_symmetric_matrix(n, alpha):
    """Against numpy's draws; above LARGE it is extrapolated."""
    drawn = np.random.default_rng(n).normal(size=(3000, n, n))
    eigenvalues = np.linalg.eigvalsh((drawn + drawn.transpose(0, 2, 1)) / 2)[:, -1]
    assert largest(n, alpha) == pytest.approx(np.quantile(eigenvalues, 1 - alpha), rel=0.03)
    assert n <= LARGE or n == 60


def test_labels_state_what_their_errors_allow():
    z = norm.ppf(0.95)
    said = of_labels(
        torch.tensor([0.1, 0.2, 1.0]).double(), torch.tensor([0.0, 0.5, 1.0]).double(),
        torch.tensor([0.02, 0.05, 0.01]).double(), tolerance=0.01, alpha=0.05,
    )  # fmt: skip
    assert said.most.tolist() == pytest.approx([0.1 * z * 0.02, 0.2 * (0.5 + z * 0.05), 1 + z * 0.01])
    assert said.least.tolist() == pytest.approx([0, 0.2 * (0.5 - z * 0.05), 1 - z * 0.01])
    assert said.p[0] == pytest.approx(0.5) and said.p[1] == pytest.approx(2 * norm.sf(10)) and said.p[2] < said.p[1]


def test_labels_that_tell_nothing_bound_nothing():
    nothing = torch.full((2,), torch.inf).double()
    said = of_labels(torch.ones(2).double(), torch.zeros(2).double(), nothing, tolerance=0.01, alpha=0.05)
    assert said.most.isinf().all() and not said.least.any() and (said.p >= 0.5).all()
    shared = Signal(*torch.tensor([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]).double())
    assert all(torch.equal(one, other) for one, other in zip(both(shared, said), shared))


def test_labels_tell_a_bias_from_signal():
    """What functions share is a bias where no label pays for it."""
    shared = Signal(torch.tensor([1e-9]), torch.tensor([0.3]), torch.tensor([0.5]))
    paid = Signal(torch.tensor([0.4]), torch.tensor([0.0]), torch.tensor([0.005]))
    assert [float(value) for value in both(shared, paid)] == pytest.approx([0.4, 0.0, 0.005])


def test_one_function_may_be_all_signal_or_none():
    chunks = 0.5 + draw(20, 3).square()
    said = of_one(chunks, 2.0, alpha=0.05)
    assert (said.most > chunks.mean(0) / 2).all() and not said.least.any() and said.p.isnan().all()
    assert of_one(chunks[:1], 2.0, alpha=0.05).most.isinf().all()


@pytest.mark.parametrize("breaking", [0.0, 0.3])
def test_a_tolerance_decides_between_a_symmetry_and_a_breaking(breaking):
    x = draw(1000, 3, seed=5)
    functions = [imperfect(10 * seed, breaking, error=0.02) for seed in range(4)]
    found = find_symmetry(functions, x, Linear(3), tolerance=0.01)
    verdicts = found.decision.verdicts
    assert found.dimension == (0 if breaking else 3) and verdicts[3:] == ["not"] * 6
    assert verdicts[:3] == (["not"] * 3 if breaking else ["symmetry"] * 3)
    assert (found.decision.p[3:] < 0.05).all() and found.decision.rule == "tolerance"
    assert (found.decision.bound[:3] < 0.01).all() != bool(breaking)
    assert "tolerated is 0.01" in str(found.decision)


def test_more_networks_never_turn_a_breaking_that_is_seen_into_a_symmetry():
    """The bound of a breaking above the tolerance does not fall below it, however many networks there are."""
    x = draw(1000, 3, seed=5)
    for networks in (3, 6, 12):
        found = find_symmetry([imperfect(7 * seed, 0.5) for seed in range(networks)], x, Linear(3), tolerance=0.002)
        assert found.dimension == 0


def test_few_networks_with_large_errors_cannot_tell():
    x = draw(1000, 3, seed=5)
    found = find_symmetry([imperfect(7 * seed) for seed in range(3)], x, Linear(3), tolerance=0.001)
    assert "cannot be told" in found.decision.verdicts and set(found.decision.verdicts) <= set(VERDICTS)
    certain, possible = found.dimension_interval
    assert certain < possible


def test_one_network_by_itself_can_be_sure_of_a_symmetry_and_of_nothing_else():
    found = find_symmetry(imperfect(3, error=0.02), draw(1000, 3, seed=5), Linear(3), tolerance=0.05)
    assert found.decision.verdicts == ["symmetry"] * 3 + ["cannot be told"] * 6


def test_odds_and_verdicts_agree_without_a_tolerance():
    found = find_symmetry([imperfect(7 * seed) for seed in range(4)], draw(1000, 3, seed=5), Linear(3), alpha=0.1)
    decision, (low, high) = found.decision, found.dimension_interval
    assert decision.odds[low : high + 1].sum() >= 0.9 and decision.alpha == 0.1
    assert decision.verdicts == ["symmetry"] * low + ["cannot be told"] * (high - low) + ["not"] * (9 - high)
    assert torch.allclose(decision.probability, 1 - decision.odds.cumsum(0)[:-1])


@pytest.mark.parametrize("wrong", [-0.1, float("nan"), float("inf"), "0.1", True])
def test_what_is_no_tolerance(wrong):
    factors = polarize([imperfect(s) for s in range(3)], draw(100, 3), Linear(3))
    with pytest.raises(
        ValueError, match=r"tolerance is a part of an ordinary direction's variance, such as 0\.01, not"
    ):
        decide(factors, Linear(3), tolerance=wrong)


@pytest.mark.parametrize("wrong", [0, 0.7, -1, float("nan"), None, False])
def test_what_is_no_level(wrong):
    with pytest.raises(ValueError, match=r"alpha is how often a sure statement may be wrong, above 0 and at most 0\.5"):
        find_symmetry(imperfect(0), draw(100, 3), Linear(3), alpha=wrong)

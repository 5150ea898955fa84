"""How many directions count: the odds on measures made up for them, and on functions whose answer is known."""

import pytest
import torch

from liegg import decide, find_symmetry, polarize
from liegg.actions import Linear
from liegg.symmetry.decision import RULES
from liegg.symmetry.odds import WEIGHTS
from liegg.symmetry.rules import Measures, by_odds, by_tolerance, of_estimates, terms
from liegg.training.networks import mlp


def measures(variance, chance, coherence=None, paid=None, error=None):
    of = (variance, chance, coherence, paid, error)
    return Measures(*(None if values is None else torch.tensor(values, dtype=torch.float64) for values in of))


def decided(measures, alpha=0.05, agreed=True):
    return by_odds(measures, alpha=alpha, agreed=agreed)


@pytest.mark.parametrize(
    ("relative", "chance", "expected"),
    [
        ([1e-3, 2e-3, 1.0, 2.0], [0.01, 0.02, 1, 1], 2),
        ([0.02, 0.05, 0.1, 0.2, 0.4, 1.0], [0.1, 0.2, 0.3, 0.5, 1, 1], 0),  # no step
        ([0.0, 1e-33, 1.0], [0, 0, 1], 2),  # rounding errors are equal
        ([1e-31, 1e-3, 0.9, 1.0], [1, 0.01, 1, 1], 2),  # an exact symmetry and a learned one
        ([1e-31, 1e-3, 0.9, 1.0], [1e-30, 0.01, 1, 1], 1),  # the function is exact, so a small direction is signal
        ([1e-14, 1e-3, 0.9, 1.0], [1e-13, 0.01, 1, 1], 2),  # exact in float32: learned ones are as far away
        ([1.0], [1.0], 0),
    ],
)
def test_one_function(relative, chance, expected):
    assert decided(measures(relative, chance)).dimension == expected


@pytest.mark.parametrize(
    ("variance", "chance", "coherence", "expected"),
    [
        ([0.01, 0.02, 1, 1.5], [0.01, 0.02, 1, 1], [0.1, 0.2, 0.98, 0.99], 2),
        ([0.01, 0.02, 0.1, 1], [0.5, 0.5, 0.8, 1], [0.9, 0.96, 0.98, 0.99], 0),  # small, and shared
        ([0.001, 0.002, 1, 1], [1, 1, 1, 1], [0.1, 0.1, 0.99, 0.99], 2),  # say a translation
        ([0.1, 0.3, 0.3, 0.4], [0.9, 0.9, 1, 1], [0.3, 0.45, 0.5, 0.6], 0),
        ([1e-31, 0.01, 1, 1], [1, 0.01, 1, 1], [0, 0.1, 0.97, 0.98], 2),
        ([1.0], [1.0], [0.9], 0),
        ([1.0, 1.0], [1.0, 1.0], [0.3, 0.5], 0),  # untrained: nothing to see a step in
    ],
)
def test_several_functions(variance, chance, coherence, expected):
    assert decided(measures(variance, chance, coherence)).dimension == expected


def test_functions_that_share_nothing_have_learned_nothing():
    several = measures([0.01, 0.02, 1, 1.5], [0.01, 0.02, 1, 1], [0.1, 0.2, 0.98, 0.99])
    untold = decided(several, agreed=False)
    assert (untold.rule, untold.dimension, untold.interval) == ("untold", 0, (0, 4))


@pytest.mark.parametrize(
    ("least", "most", "exact", "expected"),
    [
        ([0, 0, 0.2, 0.5], [0.005, 0.009, 0.4, 1], 0, (2, 2)),
        ([0, 0, 0.002, 0.5], [0.005, 0.03, 0.4, 1], 0, (1, 3)),  # two cannot be told
        ([0.02, 0.1, 0.2, 0.5], [0.05, 0.2, 0.4, 1], 0, (0, 0)),
        ([0, 0.2, 0, 0.5], [0.005, 0.4, 0.009, 1], 0, (1, 1)),  # the third may be one, and no lower one bars it
        ([0, 0, 0.2, 0.5], [0, 0.2, 0.4, 1], 1, (1, 2)),
    ],
)
def test_a_tolerance_counts_what_is_surely_less(least, most, exact, expected):
    answer = by_tolerance(torch.tensor(least), torch.tensor(most), exact, 0.01)
    assert answer.interval == expected and answer.dimension == expected[0] and answer.rule == "tolerance"


def test_directions_are_silent_by_labels_where_the_odds_are_for_none():
    alike = [0.5, 0.6, 0.8, 1.0], [1.0, 1.0, 1.0, 1.0]
    one = measures(*alike, paid=[0.05, 0.3, 0.3, 0.35], error=[0.05, 0.05, 0.05, 0.05])
    decision = decided(one)
    assert (decision.dimension, decision.rule) == (1, "silent") and decision.odds.argmax() == 0
    assert decision.interval[0] == 0 and decision.interval[1] >= 1
    signal = decided(one._replace(paid=torch.tensor([0.2, 0.3, 0.3, 0.35]).double()))
    assert (signal.dimension, signal.rule) == (0, "odds")


def test_all_directions_may_be_symmetries_where_all_lie_far_below_chance():
    low = [0.01, 0.01, 0.016, 0.017, 0.025], [0.03, 0.03, 0.05, 0.05, 0.07]
    coherence = [0.0, 0.01, 0.29, 0.35, 0.8]
    assert decided(measures(*low, coherence)).dimension == 5
    assert decided(measures([1.0] * 5, [1.0] * 5, coherence)).dimension < 5


SMALL = [0.02, 0.04, 0.9, 1.1], [0.1, 0.2, 1, 1]  # two low directions of one function


@pytest.mark.parametrize(
    ("paid", "error", "rule", "dimension"),
    [
        ([0.1, -0.1, 1.0, 1.0], [0.2, 0.2, 0.01, 0.01], "odds", 2),  # the motion costs nothing: an error
        ([1.0, 1.0, 1.0, 1.0], [0.01, 0.01, 0.01, 0.01], "odds", 0),  # paid for in full: signal, if small
        ([0.0, 3.0, -9.0, 1.0], [50.0, 50.0, 40.0, 30.0], "untold", 0),
        (
            [-2.0, -1.5, -1.0, 9.0],
            [0.1, 0.1, 0.1, 0.5],
            "untold",
            0,
        ),  # neither signal nor an error of a fitted function
    ],
)
def test_labels_decide_what_a_small_direction_is(paid, error, rule, dimension):
    decision = decided(measures(*SMALL, paid=paid, error=error))
    assert (decision.rule, decision.dimension) == (rule, dimension)
    assert decision.interval == (0, 4) or rule == "odds"


def test_a_direction_is_silent_by_labels_though_all_variances_are_alike():
    """A spectrum without a gap, as of networks that learned turned digits."""
    alike = measures(
        [0.3, 0.6, 0.8, 1.0], [0.5, 0.8, 1, 1], paid=[-0.03, 0.35, 0.4, 0.5], error=[0.05, 0.03, 0.03, 0.03]
    )
    decision = decided(alike)
    assert (decision.rule, decision.dimension) == ("odds", 1) and decision.interval[0] == 0
    signal = decided(alike._replace(paid=torch.tensor([0.4, 0.35, 0.4, 0.5]).double()))
    assert (signal.rule, signal.dimension) == ("odds", 0)


def test_labels_that_tell_nothing_leave_several_functions_as_they_are():
    several = measures(*SMALL, coherence=[0.1, 0.1, 0.98, 0.99])
    untold = several._replace(paid=torch.zeros(4).double(), paid_error=torch.full((4,), 9.0).double())
    assert decided(untold).odds.tolist() == decided(several).odds.tolist()


@pytest.mark.parametrize("exact", [0, 2])
def test_odds_are_probabilities_and_the_interval_holds_what_is_likely(exact):
    decision = decided(measures([1e-20] * exact + [0.03, 0.1, 0.3, 1.0], [0.5] * exact + [0.2, 0.4, 0.5, 1]))
    low, high = decision.interval
    assert decision.odds.shape == (exact + 5,) and decision.odds.sum() == pytest.approx(1)
    assert not decision.odds[:exact].any()
    assert low <= decision.dimension <= high and decision.odds[low : high + 1].sum() >= 0.95
    assert decision.dimension == decision.odds.argmax() and decision.exact == exact


def test_terms_hold_the_first_directions_against_the_others():
    seen = terms(measures([0.01, 0.1, 1.0], [0.5, 0.1, 1.0], [0.0, 0.5, 0.9]))
    assert seen["any"].tolist() == [0, 1, 1, 1] and seen["count"].tolist() == [0, 1, 2, 3]
    logs = torch.tensor([0.01, 0.1, 1.0]).double().log()
    torch.testing.assert_close(seen["variance sum"], torch.cat([torch.zeros(1).double(), logs.cumsum(0)]))
    torch.testing.assert_close(seen["variance beyond"], torch.cat([logs, torch.zeros(1).double()]))
    half, tenth = torch.tensor([0.5, 0.1]).double().log().tolist()
    assert seen["chance beyond"].tolist() == pytest.approx([tenth, tenth, 0, 0])
    assert seen["chance step"].tolist() == pytest.approx([0, max(tenth - half, -1), -half, 0])
    ends = torch.tensor([0.02 / 0.98, 1, 9]).double().log()  # odds of signal against error
    assert seen["coherence sum"].tolist() == pytest.approx([0, *ends.cumsum(0).tolist()])
    assert seen["coherence step"].tolist() == pytest.approx([0, 3, float(ends[2]), 0])
    assert seen["coherence beyond"].tolist() == pytest.approx([*ends.tolist(), float(ends[2])])


@pytest.mark.parametrize("kind", WEIGHTS)
def test_every_weight_has_a_term(kind):
    K = torch.linspace(0.01, 1, 5).double()
    several = {"coherence": K} if kind.startswith("several") else {}
    labels = {"paid": K, "paid_error": K} if kind.endswith("labels") else {}
    made = Measures(K, K, **several, **labels)
    assert made.kind == kind and set(WEIGHTS[kind]) <= set(terms(made))


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def radial(error, seed):
    """A function of the radius with an error of its own."""
    net = mlp([3, 16, 1], seed=seed, bias=True).double()
    return lambda x: x.norm(dim=1).sin() + error * net(x)[:, 0]


@pytest.mark.parametrize(
    ("functions", "rule", "dimension"),
    [
        (radial(0, 0), "exact", 3),
        (radial(0.1, 0), "odds", 3),
        ([radial(0.1, seed) for seed in range(4)], "odds", 3),
        (lambda x: (2 * x).cos().sum(1), "odds", 0),
        ([mlp([3, 16, 1], seed=seed, bias=True).double() for seed in range(4)], "untold", 0),
    ],
)
def test_functions_of_known_answer(functions, rule, dimension):
    found = find_symmetry(functions, draw(1000, 3), Linear(3))
    decision, (low, high) = found.decision, found.dimension_interval
    assert (decision.rule, decision.dimension, found.dimension) == (rule, dimension, dimension)
    assert decision.exact == (3 if rule == "exact" else 0) and low <= dimension <= high
    assert str(decision).startswith(f"{dimension} directions count: {RULES[rule]}")
    assert f"certain are {low}, possible {high}" in str(decision)


def test_exact_symmetries_and_a_learned_one_are_told_apart():
    learned = lambda x: (x[:, 0] ** 2 + x[:, 1] ** 2).sin() + 0.02 * x[:, 0] * x[:, 1].cos()
    found = find_symmetry(learned, draw(1000, 3), Linear(3))
    assert (found.decision.dimension, found.decision.exact) == (4, 3)
    assert "3 of them are null to rounding" in str(found.decision)


def test_a_step_beside_exact_symmetries_is_not_counted():
    """so(2) exactly, and nearly another: in float64 the step is the function's own shape."""
    f = lambda z: z[:, :2].square().sum(1).sin() + z[:, 2:].square().sum(1).sin() + 0.02 * z[:, 2] * z[:, 3].cos()
    decision = find_symmetry(f, draw(2000, 4), Linear(4)).decision
    assert (decision.dimension, decision.rule, decision.interval) == (1, "exact", (1, 1))


@pytest.mark.parametrize(
    ("coherence", "relative", "rule", "dimension", "possible"),
    [
        ([-0.02, 0.01, 0.9, 1.0], None, "silent", 2, 2),
        ([0.4, 0.5, 0.9, 1.0], [1e-5, 1e-5, 1.0, 1.0], "shared", 0, 0),  # a step of 1e5 in small but shared signal
        ([0.03, 0.04, 0.24, 1.0], None, "silent", 2, 2),  # the third may be more than a quarter
        ([0.03, 0.1, 0.4, 1.0], None, "shared", 0, 1),  # the second is not null, and the first not apart from it
        ([-0.05, 0.1, 0.4, 1.0], None, "silent", 1, 1),
        ([0.0, 0.01, 0.02, 0.03], None, "shared", 0, 4),  # all, and no smaller than chance
        ([0.0, 0.01, 0.02, 0.03], [0.1, 0.1, 0.1, 0.1], "silent", 4, 4),
        ([0.0, 0.0, 0.9, 1.0], [0.0, 0.0, 1.0, 1.0], "exact", 2, 2),
        ([0.0, 0.02, 0.9, 1.0], [0.0, 0.1, 1.0, 1.0], "silent", 2, 2),
    ],
)
def test_estimates_of_one_function_count_where_they_are_silent(coherence, relative, rule, dimension, possible):
    """Coherence is known to 0.05 either way."""
    interval = torch.tensor([[k - 0.05, k + 0.05] for k in coherence]).double()
    relative = torch.tensor(relative or [0.01] * (len(coherence) - 1) + [1.0], dtype=torch.float64)
    decision = of_estimates(relative, relative, interval)
    assert (decision.rule, decision.dimension, decision.interval) == (rule, dimension, (dimension, possible))


def test_unbiased_estimates_of_one_function_share_small_signal():
    """The same functions, as networks and as estimates: so(2) leaves only the large part of what they share."""
    draws = torch.Generator().manual_seed(0)

    def estimate():
        error = 0.03 * torch.randn(3, generator=draws).double()
        return lambda x: x[:, :2].square().sum(1).sin() + x[:, 2].sin() + 0.05 * x[:, 0] + (x @ error.to(x)).sin()

    factors = polarize([estimate() for _ in range(5)], draw(1000, 3), Linear(3))
    assert decide(factors, Linear(3)).dimension > 0
    found = decide(factors, Linear(3), unbiased=True)
    assert found.unbiased and (found.dimension, found.decision.rule) == (0, "shared")
    with pytest.raises(ValueError, match="unbiased=True takes at least three"):
        decide(factors.alone(0), Linear(3), unbiased=True)

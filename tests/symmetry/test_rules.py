"""How many directions count: the rules on measures made up for them, and on functions whose answer is known."""

import pytest
import torch

from liegg import decide, find_symmetry, polarize
from liegg.actions import Linear
from liegg.symmetry.rules import RULES, decide_dimension
from liegg.training.networks import mlp


def decided(variance, chance, coherence=None):
    of_several = () if coherence is None else (coherence[:, 0], coherence[:, 1:])
    return decide_dimension(*torch.tensor([variance, chance], dtype=torch.float64), *of_several)


@pytest.mark.parametrize(
    ("relative", "chance", "expected"),
    [
        ([1e-3, 2e-3, 1.0, 2.0], [0.01, 0.02, 1, 1], 2),
        ([0.02, 0.05, 0.1, 0.2, 0.4, 1.0], [0.1, 0.2, 0.3, 0.5, 1, 1], 0),  # no step
        ([1e-3, 2e-3, 1.0, 2.0], [0.9, 0.9, 1, 1], 0),  # no lower than chance gives
        ([1e-3, 2e-3, 1.0, 2.0], [0.6, 0.6, 9, 9], 0),
        ([0.01, 0.3, 0.4], [0.1, 0.4, 1], 1),  # steps of 30 and 4: more than 7 in the geometric mean
        ([0.15, 2.0, 3.0], [0.01, 1, 1], 0),  # a step, but not low
        ([0.0, 1e-33, 1.0], [0, 0, 1], 2),  # rounding errors are equal
        ([1e-31, 1e-3, 0.9, 1.0], [1, 0.01, 1, 1], 2),  # an exact symmetry and a learned one
        ([1e-31, 1e-5, 1.0], [0.9, 0.9, 1], 1),  # chance does not matter where it is exact
        ([1e-31, 1e-3, 0.9, 1.0], [1e-30, 0.01, 1, 1], 1),  # the function is exact, so a small direction is signal
        ([1e-14, 1e-3, 0.9, 1.0], [1e-13, 0.01, 1, 1], 2),  # exact in float32: learned ones are as far away
        ([1e-3, 1e-3], [1e-3, 1e-3], 2),  # all that was asked about
        ([1.0], [1.0], 0),
    ],
)
def test_the_rule_for_one(relative, chance, expected):
    assert decided(relative, chance).dimension == expected


def sure(*coherence):
    return torch.tensor([[k, k - 0.05, k + 0.05] for k in coherence])


@pytest.mark.parametrize(
    ("variance", "chance", "coherence", "expected"),
    [
        ([0.01, 0.02, 1, 1.5], [0.01, 0.02, 1, 1], sure(0.1, 0.2, 0.98, 0.99), 2),
        ([0.01, 0.02, 0.05, 1], [0.01, 0.02, 0.05, 1], sure(0.1, 0.2, 0.6, 0.99), 3),  # a shared bias, but a clear step
        ([0.01, 0.02, 0.1, 1], [0.5, 0.5, 0.8, 1], sure(0.9, 0.96, 0.98, 0.99), 0),  # small, and all share it
        ([0.001, 0.002, 1, 1], [1, 1, 1, 1], sure(0.1, 0.1, 0.99, 0.99), 2),  # a constant field, say a translation
        ([0.001, 0.002, 1, 1], [1, 1, 1, 1], sure(0.1, 0.92, 0.99, 0.99), 1),
        ([0.1, 0.3, 0.3, 0.4], [0.4, 0.5, 0.5, 0.5], sure(0.02, 0.3, 0.4, 0.4), 1),  # much error, one direction silent
        ([0.1, 0.3, 0.3, 0.4], [0.4, 0.5, 0.5, 0.5], sure(0.02, 0.06, 0.1, 0.1), 0),  # nothing shared at all
        ([0.1, 0.3, 0.3, 0.4], [0.4, 0.5, 0.5, 0.5], sure(0.3, 0.45, 0.5, 0.6), 0),
        ([1e-31, 0.01, 1, 1], [1, 0.01, 1, 1], sure(0, 0.2, 0.9, 0.9), 2),  # an exact symmetry and a learned one
        ([1.0], [1.0], sure(0.9), 0),
    ],
)
def test_the_rule_for_several(variance, chance, coherence, expected):
    assert decided(variance, chance, coherence).dimension == expected


MEASURES = {
    "exact": ([0, 1e-33, 1], [0, 0, 1]),
    "one steps": ([0.01, 0.3, 0.4], [0.1, 0.4, 1]),
    "one does not": ([0.02, 0.05, 0.1, 0.2], [0.1, 0.2, 0.3, 0.5]),
    "several step": ([0.01, 0.02, 1, 1.5], [0.01, 0.02, 1, 1], sure(0.1, 0.2, 0.98, 0.99)),
    "several are silent": ([0.1, 0.3, 0.3, 0.4], [0.4, 0.5, 0.5, 0.5], sure(0.02, 0.3, 0.4, 0.4)),
    "exact, then a step": ([1e-31, 0.01, 1, 1], [1, 0.01, 1, 1], sure(0, 0.2, 0.9, 0.9)),
}


@pytest.mark.parametrize(
    ("name", "rule", "dimension", "exact", "margin"),
    [
        ("exact", "exact", 2, 2, torch.inf),
        ("one steps", "step", 1, 0, (30 * 4) ** 0.5 / 7),
        ("one does not", "none", 0, 0, (2.5 * 2) ** 0.5 / 7),
        ("several step", "step", 2, 0, 50 / 6),  # the second direction's chance ratio is a fiftieth of the next
        ("several are silent", "silent", 1, 0, 1 + (0.25 - 0.07) / 0.25),
        ("exact, then a step", "step", 2, 1, 100 / 6),
    ],
)
def test_a_decision_names_its_rule_and_margin(name, rule, dimension, exact, margin):
    decision = decided(*MEASURES[name])
    assert (decision.rule, decision.dimension, decision.exact) == (rule, dimension, exact)
    assert decision.margin == pytest.approx(margin, rel=1e-5)
    assert len(decision.margins) == len(MEASURES[name][0])
    assert (decision.margins[:exact] == torch.inf).all()
    assert (decision.margin >= 1) == (rule != "none")
    text = str(decision)
    assert text.startswith(f"{dimension} of {len(decision.margins)} directions count: ") and RULES[rule] in text
    assert text.count("exact") == exact
    assert all(f"{m:.2g}" in text.splitlines()[-1].split() for m in decision.margins[exact:].tolist())


@pytest.mark.parametrize("name", ["exact", "one steps", "several step", "several are silent", "exact, then a step"])
def test_no_direction_counts_below_its_margin(name):
    decision = decided(*MEASURES[name])
    assert decision.margins[: decision.dimension].min() == pytest.approx(decision.margin)


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
        (radial(0.1, 0), "step", 3),
        ([radial(0.1, seed) for seed in range(4)], "step", 3),
        (lambda x: (2 * x).cos().sum(1), "none", 0),
        ([mlp([3, 16, 1], seed=seed, bias=True).double() for seed in range(4)], "none", 0),
    ],
)
def test_functions_of_known_answer_are_decided_by_the_rule_they_should(functions, rule, dimension):
    found = find_symmetry(functions, draw(1000, 3), Linear(3))
    decision = found.decision
    assert (decision.rule, decision.dimension, found.dimension) == (rule, dimension, dimension)
    assert decision.exact == (3 if rule == "exact" else 0) and decision.margins.shape == found.variance.shape
    assert decision.margin == torch.inf if rule == "exact" else (decision.margin >= 1) == (rule == "step")
    assert str(decision).startswith(f"{dimension} of 9 directions count: ")


def test_exact_symmetries_and_a_learned_one_are_told_apart():
    learned = lambda x: (x[:, 0] ** 2 + x[:, 1] ** 2).sin() + 0.02 * x[:, 0] * x[:, 1].cos()
    found = find_symmetry(learned, draw(1000, 3), Linear(3))
    assert (found.decision.rule, found.decision.dimension, found.decision.exact) == ("step", 4, 3)
    assert (found.decision.margins == torch.inf).tolist() == [True] * 3 + [False] * 6
    assert "4 of 9 directions count: 3 null to rounding and 1 of what" in str(found.decision)


def test_the_margins_of_silent_directions_are_never_below_one():
    """Also where all intervals end below zero."""
    interval = torch.tensor([[-0.3, -0.2], [-0.05, 0.3], [0.4, 0.5]]).double()
    decision = decide_dimension(
        *torch.tensor([[0.3, 0.4, 0.5], [0.5, 0.6, 0.7], [-0.25, 0.1, 0.45]]).double(), interval
    )
    assert (decision.rule, decision.dimension) == ("silent", 1) and decision.margin >= 1


def test_a_step_beside_exact_symmetries_is_told_and_not_counted():
    """so(2) exactly, and nearly another: in float64 the step is the function's own shape."""
    f = lambda z: z[:, :2].square().sum(1).sin() + z[:, 2:].square().sum(1).sin() + 0.02 * z[:, 2] * z[:, 3].cos()
    decision = find_symmetry(f, draw(2000, 4), Linear(4)).decision
    assert (decision.dimension, decision.rule) == (1, "exact") and decision.margins[1] > 1
    assert "others stand a step apart" in str(decision)


def of_estimates(coherence, relative=None):
    """The decision of unbiased estimates whose coherence is known to 0.05 either way."""
    interval = sure(*coherence).double()
    relative = torch.tensor(relative or [0.01] * (len(coherence) - 1) + [1.0], dtype=torch.float64)
    return decide_dimension(relative, relative, interval[:, 0], interval[:, 1:], unbiased=True)


@pytest.mark.parametrize(
    ("coherence", "relative", "rule", "dimension"),
    [
        ([-0.02, 0.01, 0.9, 1.0], None, "silent", 2),
        ([0.4, 0.5, 0.9, 1.0], [1e-5, 1e-5, 1.0, 1.0], "shared", 0),  # a step of 1e5 in small but shared signal
        ([0.03, 0.04, 0.24, 1.0], None, "silent", 2),  # the third may be more than a quarter
        ([0.03, 0.1, 0.4, 1.0], None, "shared", 0),  # the second is not null, and the first not apart from it
        ([-0.05, 0.1, 0.4, 1.0], None, "silent", 1),
        ([0.0, 0.01, 0.02, 0.03], None, "shared", 0),  # all, and no smaller than chance
        ([0.0, 0.01, 0.02, 0.03], [0.1, 0.1, 0.1, 0.1], "silent", 4),
        ([0.0, 0.0, 0.9, 1.0], [0.0, 0.0, 1.0, 1.0], "exact", 2),
        ([0.0, 0.02, 0.9, 1.0], [0.0, 0.1, 1.0, 1.0], "silent", 2),
    ],
)
def test_the_rule_for_unbiased_estimates_counts_what_is_silent(coherence, relative, rule, dimension):
    decision = of_estimates(coherence, relative)
    assert (decision.rule, decision.dimension) == (rule, dimension)
    assert (decision.margin >= 1) == (rule != "shared") and decision.margins.shape == (4,)
    assert str(decision).startswith(f"{dimension} of 4 directions count: ")


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

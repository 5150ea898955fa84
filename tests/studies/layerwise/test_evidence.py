"""The Laplace evidence: a Gaussian integral where it is exact, its derivatives, and its optimum."""

import math

import pytest
import torch
from scipy.optimize import minimize_scalar

from liegg.studies.layerwise.curvature import Curvature
from liegg.studies.layerwise.evidence import LIMITS, Evidence, Priors


def curvature(seed=0):
    generator = torch.Generator().manual_seed(seed)
    λ = {
        name: 10 ** (4 * torch.rand(n, generator=generator, dtype=torch.float64) - 2)
        for name, n in [("a", 7), ("b", 3)]
    }
    return Curvature(-50.0, 20, λ, {"a": 2.0, "b": 0.5})


def test_one_tensor_with_a_quadratic_likelihood_is_a_gaussian_integral():
    """log of the integral of exp(-50 - λ(t-θ)²/2) N(t; 0, 1/δ) about the MAP estimate θ, done by SciPy."""
    from scipy.integrate import quad

    λ, δ, θ = 3.0, 0.7, 0.4
    # a likelihood whose maximum makes θ the MAP estimate: its mean is θ (λ + δ)/λ
    peak = θ * (λ + δ) / λ
    likelihood = lambda t: -λ * (t - peak) ** 2 / 2
    integral, _ = quad(lambda t: math.exp(likelihood(t) - δ * t * t / 2) * (δ / (2 * math.pi)) ** 0.5, -20, 20)
    one = Curvature(likelihood(θ), 1, {"t": torch.tensor([λ], dtype=torch.float64)}, {"t": θ**2})
    assert Evidence.of(one, {"t": δ}).log_evidence == pytest.approx(math.log(integral), rel=1e-8)


def test_effective_parameters_go_from_all_to_none():
    free, off = (Evidence.of(curvature(), {"a": δ, "b": δ}).effective for δ in (1e-8, 1e12))
    assert free["a"] == pytest.approx(7, abs=1e-4) and free["b"] == pytest.approx(3, abs=1e-4)
    assert off["a"] < 1e-8


def test_the_derivative_is_what_adam_is_given():
    k = curvature()
    value = lambda log_δ: Evidence.of(k, {"a": math.exp(log_δ), "b": 1.0}).log_evidence
    slope = (value(0.3 + 1e-5) - value(0.3 - 1e-5)) / 2e-5
    δ = math.exp(0.3)
    γ = Evidence.of(k, {"a": δ, "b": 1.0}).effective["a"]
    assert (γ - δ * k.squares["a"]) / 2 / k.images == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize(("rule", "steps", "rounds"), [("adam", 400, 3), ("mackay", 20, 30)])
def test_both_rules_reach_the_largest_evidence(rule, steps, rounds):
    k = curvature()
    priors = Priors(["a", "b"], rule=rule, steps=steps)
    for _ in range(rounds):
        priors.update(k)
    for name in ("a", "b"):
        best = minimize_scalar(
            lambda log_δ, name=name: -Evidence.of(k, priors.precisions | {name: math.exp(log_δ)}).log_evidence,
            bracket=(-3, 3),
        )
        assert math.log(priors.precisions[name]) == pytest.approx(best.x, abs=0.02)


@pytest.mark.parametrize(("rule", "least"), [("adam", 1e3), ("mackay", LIMITS[1] * (1 - 1e-9))])
def test_a_tensor_that_the_data_do_not_need_is_switched_off(rule, least):
    k = Curvature(-50.0, 20, {"a": torch.full((5,), 1e-6, dtype=torch.float64)}, {"a": 0.0})
    priors = Priors(["a"], rule=rule, steps=20)
    for _ in range(200):
        priors.update(k)
    assert least < priors.precisions["a"] <= LIMITS[1] * (1 + 1e-9)


@pytest.mark.parametrize("wrong", [{"a": 1.0}, {"a": 1.0, "b": -1.0}, {"a": 1.0, "b": float("inf")}])
def test_precisions_that_do_not_fit(wrong):
    with pytest.raises(ValueError, match="precision"):
        Evidence.of(curvature(), wrong)

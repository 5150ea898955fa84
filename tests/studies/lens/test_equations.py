"""LieNLSD's equations: known symmetries by finite flows, distances, simulated jets, and boosts of a solution."""

import math

import pytest
import torch

from liegg.actions import Jets
from liegg.studies.lens import boosts, equation_readings, equations, simulated
from liegg.studies.lens import learned_equations as learning
from liegg.studies.lens.equation_readings import PUBLISHED, boost_rows, exact_rows, known_rows, learned_rows
from liegg.studies.lens.equations import BOOSTS, EQUATIONS, distance, linear_part, normal


@pytest.mark.parametrize("name", EQUATIONS)
def test_known_symmetries_keep_solutions_solutions(name):
    """Along the flow to a finite parameter, and they are independent; a field that is none leaves the solutions."""
    equation = EQUATIONS[name]
    z = 0.3 * normal(equation, 3, seed=1)
    z = equation.solved(z)
    for field in equation.known:
        moved = equation.action.act(field, z, 0.2)
        assert not torch.allclose(moved, z)
        assert equation(moved).abs().max() < 1e-7
    none = equation.coefficients({"u": {"u²": 1.0}})
    assert equation(equation.action.act(none, z, 0.2)).abs().max() > 1e-3
    assert torch.linalg.matrix_rank(equation.known) == len(equation.known)


def test_exact_equations_have_the_symmetries_of_the_textbooks_and_the_boosts():
    cases = equations.cases(["heat", "NLS"], samples=400, draws=1, seed=3)
    rows = exact_rows(cases, [equations.measure(case) for case in cases])
    assert [(row["found, least"], row["found, most"], row["true"]) for row in rows] == [(8, 8, 8)] * 2
    assert [row["LieNLSD found"] for row in rows] == [8, 6] and [row["candidates"] for row in rows] == [30, 105]
    for row in rows:
        assert row["null"] < 1e-28 < 1e-6 < row["next"] and row["distance"] < 1e-10 and row["linear distance"] < 1e-10


def test_the_published_candidates_and_numbers_are_those_of_the_equations():
    sizes = {name: equation.action.size for name, equation in EQUATIONS.items()}
    assert sizes == {"heat": 30, "Burgers": 30, "KdV": 30, "wave": 60, "NLS": 105, "reaction-diffusion": 105}
    missed = {name: len(equation.known) - PUBLISHED[name]["found"] for name, equation in EQUATIONS.items()}
    assert missed == {name: len(BOOSTS) if name == "NLS" else 0 for name in EQUATIONS}


def test_distances_are_angles_of_the_spans_and_of_their_linear_fields():
    heat = EQUATIONS["heat"]
    a = torch.eye(30, dtype=torch.float64)[:3]
    turned = a.clone()
    turned[0, :4] = torch.tensor([math.cos(0.3), 0, 0, math.sin(0.3)])
    turned[1, [1, 4]] = torch.tensor([math.cos(0.4), math.sin(0.4)], dtype=torch.float64)
    assert distance(a, turned) == pytest.approx(0.5) and distance(a, a) == pytest.approx(0, abs=1e-12)
    among = heat.known[(heat.known * ~heat.linear == 0).all(1)]
    assert len(among) == 3 and heat.linear.sum() == 9
    mixed = torch.linalg.qr(torch.randn(8, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)).Q
    assert distance(linear_part(mixed @ heat.known, heat.linear, 3), among) < 1e-10


@pytest.mark.parametrize("name", ["heat", "KdV", "wave"])
def test_simulated_jets_obey_their_equation_and_are_derivatives(name):
    z = simulated.simulated(name, samples=600, seed=2, side=40, steps=30, moments=5)
    equation = EQUATIONS[name]
    assert z.shape == (600, len(equation.jets)) and z.isfinite().all()
    assert equation(z).norm() < 1e-3 * equation.slopes(z).norm()
    assert z[:, 1].abs().max() <= simulated.PERIOD / 2 and 0 < z[:, 0].min() < z[:, 0].max() <= 30 * simulated.STEP
    with pytest.raises(ValueError, match="more than the points"):
        simulated.simulated(name, samples=10**6, seed=2, side=10, steps=10, moments=2)


def test_jets_of_a_known_function_are_its_derivatives():
    """Of exp(-t) sin(kx) the coordinate u_tt..xx.. is a power of -1 times one of k times sine or cosine."""
    jets, side, k, chosen = Jets("t x", "u", order=3), 400, 2 * math.pi / simulated.PERIOD, torch.tensor([0, 7, 150])
    t = 1.5 + simulated.STEP * torch.arange(-2, 3, dtype=torch.float64)
    x = simulated.PERIOD * (torch.arange(side, dtype=torch.float64) / side - 0.5)
    frames = (torch.exp(-t)[:, None] * torch.sin(k * x))[:, None, None]  # (times, q, count, side)
    z = simulated._jets(jets, frames, 1.5, simulated.PERIOD / side, chosen)
    for name in jets.names[2:]:
        m, n = name.count("t"), name.count("x")
        expected = (-1) ** m * k**n * math.exp(-1.5) * torch.sin(k * x[chosen] + n * math.pi / 2)
        assert torch.allclose(z[:, jets[name]], expected, atol=1e-5), name
    assert torch.allclose(z[:, 1], x[chosen]) and (z[:, 0] == 1.5).all()


@pytest.mark.parametrize("order", [1, 2, 3])
def test_differences_are_derivatives(order):
    x = torch.arange(400, dtype=torch.float64) / 400 * 2 * math.pi
    derivative = [x.cos(), -x.sin(), -x.cos()][order - 1]
    assert torch.allclose(simulated.difference(x.sin(), order, 0, 2 * math.pi / 400), derivative, atol=3e-4)


def test_boosts_carry_a_solution_to_a_solution_and_their_halves_do_not():
    (case,) = boosts.cases([1, 4], side=64, steps=40, seed=1)
    for row in boost_rows(case, boosts.measure(case)):
        assert row["solution"] < 1e-7 and row["boost"] < 1e-5
        assert row["boost without its phase"] > 1e-2 and row["phase of the boost alone"] > 1e-2
    with pytest.raises(ValueError, match="whole"):
        boosts.cases([0.5], side=64, steps=40, seed=1)


def test_the_boost_of_the_equation_is_the_derivative_of_the_boosted_solution():
    """ψ' = exp(i(cx - c²t/2)) ψ(t, x - ct): its rate at c = 0 is the characteristic x i ψ - t ψ_x."""
    psi, h = boosts.solution(32, 5, seed=4), boosts.UNIT * 1e-4
    t = torch.full((5,), 0.7, dtype=torch.float64)
    rate = (boosts.boosted(psi, t, h) - boosts.boosted(psi, t, -h)) / (2 * h)
    x = (boosts.PERIOD / 32 * torch.arange(32, dtype=torch.float64))[:, None]
    k = boosts.wave_numbers(32)[:, None]
    along = torch.fft.ifft(1j * k * torch.fft.fft(psi, dim=1), dim=1)
    assert torch.allclose(rate, 1j * x * psi - 0.7 * along, atol=1e-5)


def test_arrows_of_the_boost_shear_and_turn():
    panels = boosts.arrows(x=0.5)
    (shear, along), (turn, around) = panels.values()
    assert torch.allclose(along, torch.stack([0 * shear[:, 0], shear[:, 0]], 1))
    assert torch.allclose(around, 0.5 * torch.stack([-turn[:, 1], turn[:, 0]], 1))


def test_networks_learn_an_equation_of_which_rows_are_read():
    cases = learning.cases(["heat"], samples=[100], draws=2, networks=3, width=16, training=1000, steps=60, seed=5)
    said = [learning.measure(case) for case in cases]
    rows = learned_rows(cases, said)
    assert [row["asked"] for row in rows] == ["exact", "one", "together"] and rows[0]["true"] == 8
    assert rows[0]["distance"] < 1e-8 < 1e-3 < rows[2]["distance"] and rows[0]["found"] == [8, 8]
    assert len(said[0]["errors"]) == 3 and max(said[0]["errors"]) < 0.5
    known = known_rows(cases, said)
    assert len(known) == 8 and all(row["published"] and row["relative variance"] > 0 for row in known)
    assert said == [learning.measure(case) for case in cases]


def test_the_equation_leaves_free_what_it_is_not_solved_for():
    names = lambda name: [EQUATIONS[name].jets.names[i] for i in learning.free(EQUATIONS[name])]
    assert names("KdV") == ["t", "x", "u", "u_x", "u_xx", "u_xxx"]
    assert names("wave") == ["t", "x", "y", "u", "u_t", "u_x", "u_y", "u_tx", "u_ty", "u_xx", "u_xy", "u_yy"]


@pytest.mark.parametrize("cases", [equations.cases, learning.cases])
def test_unknown_equations_are_refused(cases):
    settings = {"samples": 10, "draws": 1, "seed": 0}
    if cases is learning.cases:
        settings |= {"samples": [10], "networks": 3, "width": 4, "training": 10, "steps": 1}
    with pytest.raises(ValueError, match="equations are heat"):
        cases(["Laplace"], **settings)


def test_found_fields_are_told_as_textbooks_have_them():
    said = equation_readings.fields("NLS", samples=400, seed=1)
    boosts_of = {"t ∂x − x v ∂u + x u ∂v", "t ∂y − y v ∂u + y u ∂v"}
    assert {"∂t", "∂x", "∂y", "y ∂x − x ∂y", "v ∂u − u ∂v"} | boosts_of < set(said) and len(said) == 8


def test_a_reduced_basis_spans_the_same_and_has_its_own_columns():
    span = torch.randn(4, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    basis = equation_readings.reduced(span)
    assert torch.allclose(basis[:, :4], torch.eye(4).double(), atol=1e-9)
    assert equations.distance(basis, span) < 1e-9

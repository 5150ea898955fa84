"""SymCert's benchmark: its defects against sums over many points, fits against their definition, and known answers."""

import math

import pytest
import torch

from liegg.studies.lens import invariance_benchmark as benchmark
from liegg.studies.lens import invariance_readings as readings
from liegg.studies.lens.invariance_benchmark import (
    ACTION,
    DELTA,
    FUNCTIONS,
    KNOWN,
    REHEARSED,
    ROTATION,
    Fit,
    basis,
    defects,
    draw,
    fits,
    quadrature,
    rho,
)
from liegg.symmetry.find import find_symmetry


def gen(seed):
    return torch.Generator().manual_seed(seed)


def points(samples, inputs="box", *, seed=0):
    return draw(samples, inputs, generator=gen(seed))


def by_hand(name, A, inputs):
    """ρ as a mean over a fine grid, with central differences in place of the gradient."""
    f, h = KNOWN[name], 1e-5
    side = (torch.arange(800, dtype=torch.float64) + 0.5) / 400 - 1
    x = torch.cartesian_prod(side, side)
    if inputs == "sector":
        x = x[torch.atan2(x[:, 1], x[:, 0]).abs() < math.pi / 3]
    steps = h * torch.eye(2, dtype=torch.float64)
    gradient = torch.stack([(f(x + step) - f(x - step)) / (2 * h) for step in steps], 1)
    moved = x @ A.T
    along = (gradient * moved).sum(1)
    return (along.square().mean() / (gradient.square().sum(1) * moved.square().sum(1)).mean()).sqrt().item()


@pytest.mark.parametrize("inputs", benchmark.INPUTS)
@pytest.mark.parametrize("name", ["near, .2", "none", "ellipse"])
def test_defects_are_means_over_the_inputs(name, inputs):
    A = torch.tensor([[0.3, -1.0], [0.8, 0.1]], dtype=torch.float64)
    assert rho(defects(KNOWN[name], inputs), A[None]) == pytest.approx(by_hand(name, A, inputs), rel=2e-3)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_rotation_has_the_defects_that_were_published(name):
    assert rho(defects(FUNCTIONS[name]), ROTATION[None]) == pytest.approx(readings.PUBLISHED_DEFECTS[name], abs=5e-4)


def test_what_is_invariant_has_no_defect_but_in_other_directions():
    for name, A in (("invariant", ROTATION), ("quartic", ROTATION), ("ellipse", [[-0.15, -0.7], [1.0, 0.15]])):
        forms, A = defects(KNOWN[name]), torch.as_tensor(A, dtype=torch.float64)
        assert rho(forms, A[None]) < 1e-7
        assert rho(forms, torch.eye(2, dtype=torch.float64)[None]) > 0.5


def test_the_worst_generator_of_a_span_is_that_of_a_scan():
    forms = defects(KNOWN["none"])
    C = torch.randn(2, 2, 2, generator=gen(3), dtype=torch.float64)
    turns = torch.linspace(0, math.pi, 2001, dtype=torch.float64)
    scan = [rho(forms, (t.cos() * C[0] + t.sin() * C[1])[None]) for t in turns]
    assert rho(forms, C) == pytest.approx(max(scan), abs=1e-5) and min(scan) < 0.9 * max(scan)
    mixed = torch.einsum("ij,jkl->ikl", torch.tensor([[2.0, 1.0], [0.5, -1.0]], dtype=torch.float64), C)
    assert rho(forms, mixed) == pytest.approx(rho(forms, C))  # of the span, in whatever basis
    assert rho(forms, C[:0]) == 0


@pytest.mark.parametrize("inputs", benchmark.INPUTS)
@pytest.mark.parametrize("name", ["near, .05", "ellipse", "no circle"])
def test_tolerance_is_delta_in_other_units(name, inputs):
    """Of a function that is known: the lowest direction has ρ = δ where its relative variance is the tolerance."""
    x = points(20_000, inputs)
    (exact,) = fits(x, KNOWN[name](x) + 0.02 * x[:, 0], parts=1)  # no exact symmetry
    found = find_symmetry(exact, x, ACTION)
    square = rho(defects(exact, inputs), found.directions[:1]) ** 2
    told = benchmark.tolerance([exact], x, found)
    assert found.relative_variance[0].item() / told == pytest.approx(square / DELTA**2, rel=0.05)
    if (name, inputs) == ("near, .05", "box"):
        assert told == pytest.approx(2 * DELTA**2, rel=0.05)


def test_polynomials_are_orthonormal_on_the_box():
    x, weights = quadrature()
    assert basis(x).shape == (256, 28)
    assert torch.allclose(basis(x).T @ (weights[:, None] * basis(x)), torch.eye(28, dtype=torch.float64), atol=1e-12)


def test_fits_are_those_of_least_squares_on_parts():
    x = points(403, "sector")
    y = FUNCTIONS["none"](x) + 0.1 * torch.randn(403, generator=gen(1), dtype=torch.float64)
    for a, fit in enumerate(fits(x, y, parts=4)):
        mine = slice(a, 400, 4)
        solved = torch.linalg.lstsq(basis(x[mine]), y[mine, None], driver="gelsd").solution[:, 0]
        assert torch.allclose(fit.coefficients, solved, rtol=1e-5, atol=1e-5 * solved.abs().max().item())
    (exact,) = fits(x, REHEARSED["quartic"](x), parts=1)
    assert torch.allclose(exact(x), REHEARSED["quartic"](x), atol=1e-8)
    with pytest.raises(ValueError, match="fewer than 28 coefficients: take fewer parts"):
        fits(x, y, parts=20)


def test_gradients_of_fits_are_exact():
    fit = Fit(torch.randn(28, generator=gen(2), dtype=torch.float64))
    assert torch.autograd.gradcheck(fit, points(8).requires_grad_())


@pytest.mark.parametrize("inputs", benchmark.INPUTS)
def test_points_are_uniform(inputs):
    x, (nodes, weights) = points(100_000, inputs, seed=4), quadrature(inputs)
    assert x.abs().max() <= 1 and torch.equal(x, points(100_000, inputs, seed=4))
    assert inputs == "box" or torch.atan2(x[:, 1], x[:, 0]).abs().max() < math.pi / 3 + 1e-9
    grid = torch.cartesian_prod(*2 * [(torch.arange(1000, dtype=torch.float64) + 0.5) / 500 - 1])
    grid = grid if inputs == "box" else grid[torch.atan2(grid[:, 1], grid[:, 0]).abs() < math.pi / 3]
    for f in (lambda z: z[:, 0], lambda z: z[:, 1] ** 2, lambda z: z[:, 0] ** 3 * z[:, 1] ** 2):
        assert f(x).mean() == pytest.approx(f(grid).mean().item(), abs=0.01)
        assert weights @ f(nodes) == pytest.approx(f(grid).mean().item(), abs=2e-3)


def test_the_standard_error_is_that_of_many_fits():
    """Where ρ = 0, products of independent fits' errors with each other have half the variance of squares."""
    sigma, N, draws = 0.1, 1000, 400
    f, g, (x, weights) = FUNCTIONS["invariant"], gen(5), quadrature()
    x = x.clone().requires_grad_()
    gradients = [torch.autograd.grad(column.sum(), x, retain_graph=True)[0] for column in basis(x).T]
    along = torch.stack([(gradient * (x.detach() @ ROTATION.T)).sum(1) for gradient in gradients])  # (28, P)
    seen = []
    for _ in range(draws):
        data = draw(2 * N, "box", generator=g)
        y = f(data)
        y = y + sigma * y.square().mean().sqrt() * torch.randn(2 * N, generator=g, dtype=torch.float64)
        one, other = (fit.coefficients @ along for fit in fits(data, y, parts=2))
        seen.append((weights * one * other).sum())
    seen = torch.stack(seen) / (ROTATION.flatten() @ defects(f)[1] @ ROTATION.flatten())
    assert seen.mean().abs() < 4 * seen.std() / draws**0.5
    assert seen.std().item() * 2**0.5 == pytest.approx(benchmark.standard_error("invariant", sigma, N), rel=0.2)


def test_more_is_known_of_more_samples_and_nothing_beyond_a_sector():
    box = [benchmark.standard_error("near, .05", 0.2, N) for N in (4000, 16000)]
    assert box[0] > 2 * box[1] > 0
    assert benchmark.standard_error("invariant", 0.01, 64000, "sector") > 100 * DELTA**2
    assert benchmark.standard_error("invariant", 0.2, 4000) == pytest.approx(
        4 * benchmark.standard_error("invariant", 0.1, 4000)
    )


def test_a_cell_where_the_answer_is_known():
    cases = benchmark.cases([0.01], [4000], repeats=2, seed=9, functions=["invariant", "near, .2"])
    assert [(case["function"], case["inputs"]) for case in cases] == [
        (name, inputs) for name in ("invariant", "near, .2") for inputs in ("box", "sector")
    ]
    assert len({case["seed"] for case in cases}) == 4
    measured = [benchmark.measure(case) for case in cases]
    assert measured[0] == benchmark.measure(cases[0])
    assert set(measured[0]) == {"box"} and set(measured[1]) == {"box", "data"}
    assert measured[0]["box"]["guarded"]["dimension"] == [1, 1]
    assert max(measured[0]["box"]["guarded"]["defect"]) < 0.01
    assert measured[2]["box"]["guarded"]["dimension"] == [0, 0]
    (row,) = [
        row
        for row in readings.rows(cases, measured)
        if (row["function"], row["asked"], row["way"], row["inputs"]) == ("invariant", "box", "guarded", "box")
    ]
    assert row["dimension"] == row["declared"] == 1 and row["false"] == 0 < row["false to"] and row["SymCert"] == 1


def test_a_false_certification_is_a_defect_above_delta():
    case = benchmark.cases([0.2], [4000], ["box"], repeats=4, seed=0, functions=["invariant"])
    said = {"dimension": [1, 0, 1, 2], "defect": [0.01, 0.0, 0.051, 0.9], "defect there": [0.01, 0.0, 0.04, 0.9]}
    row = readings.rows(case, [{"box": dict.fromkeys(benchmark.WAYS, said)}])[0]
    assert (row["dimension"], row["declared"], row["false"], row["false there"]) == (1.0, 0.75, 0.5, 0.25)
    assert row["SymCert"] == 0 and row["repeats"] == 4
    (box,) = readings.overall([row, row | {"false": 0.0, "false there": 0.5}])
    assert (box["false"], box["worst false"], box["worst false there"], box["cells"]) == (0.25, 0.5, 0.5, 2)


def test_bad_input():
    with pytest.raises(ValueError, match="box or the sector, not from 'disc'"):
        points(10, "disc")
    with pytest.raises(ValueError, match=r"functions are invariant, .* not 'square'"):
        benchmark.measure({"function": "square"})

"""Fields of Shaw et al.'s tasks: true ones by SymPy, similarities by numerical integration, and what is found."""

import math

import pytest
import sympy
import torch
from scipy.integrate import dblquad

from liegg.studies.lens import regression_fields as study
from liegg.studies.lens.regression_fields import AFFINE, QUADRATIC, TASKS, angle, box, monomials, regressed, shortfall


def gen(seed):
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed):
    return torch.randn(*shape, generator=gen(seed), dtype=torch.float64)


@pytest.mark.parametrize("name", TASKS)
def test_functions_stay_along_their_fields(name):
    x1, x2 = sympy.symbols("x1 x2")
    f, V = {
        "ellipses": ((x1 - 1) ** 2 + 4 * (x2 - 1) ** 2, (4 * (1 - x2), x1 - 1)),
        "cubic": (x1**3 - x2**2, (2 * x2, 3 * x1**2)),
        "circles": (x1**2 + x2**2, (x2, -x1)),
    }[name]
    assert sympy.expand(V[0] * f.diff(x1) + V[1] * f.diff(x2)) == 0
    task, x = TASKS[name], normal(20, 2, seed=1)
    at = sympy.lambdify((x1, x2), [f, *V])
    expected = torch.tensor([[float(v) for v in at(*point.tolist())] for point in x], dtype=torch.float64)
    assert torch.allclose(task.function(x), expected[:, 0])
    field = torch.einsum("k,pkc->pc", task.field, task.action.velocity(x))
    signs = {"ellipses": -1.0}.get(name, 1.0)  # as good with the other sign
    assert torch.allclose(field, signs * expected[:, 1:]) or torch.allclose(field, expected[:, 1:])


@pytest.mark.parametrize(
    ("name", "mean", "variance"), [("ellipses", 1, (4, 1)), ("cubic", 0, (4, 4)), ("circles", 0, (1, 1))]
)
def test_points_are_drawn_as_stated(name, mean, variance):
    x = TASKS[name].draw(50_000, gen(0))
    assert torch.allclose(x.mean(0), torch.full((2,), float(mean)).double(), atol=0.05)
    assert torch.allclose(x.var(0), torch.tensor(variance).double(), rtol=0.05)
    assert name != "circles" or (x.norm(dim=1) <= 2).all()


@pytest.mark.parametrize("action", [AFFINE, QUADRATIC])
def test_similarity_is_an_integral_over_the_box(action):
    V, W = normal(2, action.size, seed=2)
    low, high = torch.tensor([-1.0, 0.5]).double(), torch.tensor([2.0, 1.5]).double()

    def product(A, B):
        at = lambda y, x: action.velocity(torch.tensor([[x, y]], dtype=torch.float64))[0]
        return dblquad(lambda y, x: float((A @ at(y, x)) @ (B @ at(y, x))), -1, 2, 0.5, 1.5, epsabs=1e-6)[0]

    similarity = abs(product(V, W)) / math.sqrt(product(V, V) * product(W, W))
    assert 1 - shortfall(V, W, action, *box(low, high)) == pytest.approx(similarity, abs=1e-6)


def test_similarity_of_like_fields_is_told_below_rounding():
    points = box(torch.zeros(2).double(), torch.ones(2).double())
    W = TASKS["circles"].field
    turned = torch.tensor([0.0, 1.0, 0.0, -1.0, 0.0, 1e-9]).double()
    # 1e-9 ∂₂ on the unit square: |W|² = 2/3, ⟨W, ∂₂⟩ = -1/2, |∂₂|² = 1, and half the square of the angle between
    assert shortfall(W, turned, AFFINE, *points) == pytest.approx(
        1e-18 * (1 - (1 / 4) / (2 / 3)) / (2 / 3) / 2, rel=1e-5
    )
    assert shortfall(W, -3 * W, AFFINE, *points) < 1e-30
    assert shortfall(W, torch.tensor([1.0, 0, 0, 0, 1.0, 0]).double(), AFFINE, *points) > 0.5
    with pytest.raises(ValueError, match="zero everywhere"):
        shortfall(W, 0 * W, AFFINE, *points)


def test_regressions_hold_what_they_are_given():
    x = normal(60, 2, seed=3)
    assert monomials(x, 3).shape == (60, 10)
    y = TASKS["cubic"].function(x)
    fit = regressed(x, y, 3)
    assert torch.allclose(fit(x), y, atol=1e-12)
    assert torch.autograd.gradcheck(fit, x[:10].clone().requires_grad_())
    rest = y - regressed(x, y, 2)(x)
    assert rest.abs().max() > 0.1 and (monomials(x, 2).T @ rest).abs().max() < 1e-9  # orthogonal to what it can hold


def test_their_evaluation_depends_on_the_first_two_points():
    W = TASKS["circles"].field
    V = W + 0.1 * normal(6, seed=4)
    x = normal(100, 2, seed=5)
    scores = torch.tensor([study.as_published(V, W, x[x.new_tensor([i, i + 1]).long()]) for i in range(50)])
    assert scores.max() > 3 * scores.min() > 0
    assert study.as_published(2 * W, W, x) < 1e-30
    # by hand: V = (v0 + v1 x₁ + ...) as three rows of two is (x₁, x₂, 1) @ [[v0, v1], [v2, v3], [v4, v5]]
    points, weights = box(x[:2].amin(1), x[:2].amax(1))
    v, w = ((torch.cat([points, torch.ones(len(points), 1)], 1) @ c.reshape(3, 2)) for c in (V, W))
    inner = lambda a, b: (weights[:, None] * a * b).sum()
    similarity = inner(v, w).abs() / (inner(v, v) * inner(w, w)).sqrt()
    assert 1 - study.as_published(V, W, x) == pytest.approx(similarity.item())


def test_angles():
    assert angle((0, 2, 0), (0, 1, 1)) == pytest.approx(45)
    assert angle((1, 0), (-1, 1e-9)) == pytest.approx(math.degrees(1e-9))


def test_one_field_is_found_where_polynomials_learn():
    cases = study.cases({"ellipses": [200], "cubic": [300]}, runs=2, seed=7)
    measured = [study.measure(case) for case in cases]
    for said in measured:
        assert set(said) == {"exact", "regression"}
        for numbers in said.values():
            assert numbers["dimension"] == [1, 1] and max(numbers["by box"] + numbers["by data"]) < 1e-12
    assert measured[1]["exact"]["as published"] == [None, None]
    again = study.measure(cases[0])["regression"]["field"]
    assert torch.allclose(torch.tensor(again), torch.tensor(measured[0]["regression"]["field"]), atol=1e-6)
    table = study.rows(cases, measured)
    assert len(table) == 4 and all(row["one field"] == row["runs"] == 2 and row["angle"] < 1e-5 for row in table)
    assert table[0]["theirs"] == pytest.approx(6.4e-7) and table[0]["their seconds"] == 2.2
    assert table[3]["theirs"] is None and "as published" not in table[3]  # 300 points are not theirs


@pytest.mark.filterwarnings("ignore:the outputs are no nearer to the targets")  # of the untaught
def test_networks_learn_circles():
    (case,) = study.cases({"circles": [300]}, runs=3, seed=1)
    untaught, taught = (study.measure(case, steps=steps) for steps in (1, 600))
    assert set(taught) == {"exact", "network", "with labels", "together"}
    assert taught["exact"]["dimension"] == [1, 1, 1] and len(taught["together"]["dimension"]) == 1
    assert max(taught["network"]["by data"]) < 0.02 < max(untaught["network"]["by data"])
    row = {row["asked"]: row for row in study.rows([case], [taught])}["together"]
    assert row["by box"] == taught["together"]["by box"][0] and row["by box ±"] == 0
    assert row["angle"] == pytest.approx(angle(taught["together"]["field"][0], TASKS["circles"].field.tolist()))


def test_networks_are_torchs_with_relu():
    x, y = normal(2, 40, 2, seed=6), normal(2, 40, seed=7)
    nets = study.networks(x, y, seeds=[0, 1], steps=1)
    assert [type(layer).__name__ for layer in nets[0]] == ["Flatten", "Linear", "ReLU", "Linear", "ReLU", "Linear"]
    assert sum(p.numel() for p in nets[0].parameters()) == 2 * 64 + 64 + 64 * 64 + 64 + 64 + 1


def test_other_tasks_are_refused():
    with pytest.raises(ValueError, match="tasks are ellipses, cubic, circles, not squares"):
        study.cases({"squares": [10]}, runs=1, seed=0)

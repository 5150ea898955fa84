"""Exact functions: invariants by the identities of their algebras, and the groups that are read off them."""

import pytest
import torch

from liegg import algebra
from liegg.studies.lens import exceptional, oracles


def draw(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_octonions_are_normed_and_alternative_but_not_associative():
    x, y, z = draw(3, 50, 8, seed=0)
    times = exceptional.product
    assert torch.allclose(times(x, y).norm(dim=-1), x.norm(dim=-1) * y.norm(dim=-1))
    assert torch.allclose(times(x, times(x, y)), times(times(x, x), y))
    assert (times(x, times(y, z)) - times(times(x, y), z)).abs().max() > 1
    assert torch.allclose(times(x, exceptional.conjugate(x))[:, 0], x.square().sum(-1))


def test_the_three_form_is_antisymmetric_and_calibrates():
    """|φ| <= 1 on orthonormal triples, reached where the third vector is the product of the others (Bryant 1987)."""
    u, v, w = draw(3, 50, 7, seed=1)
    phi = lambda *vectors: exceptional.three_form(torch.cat(vectors, 1))
    assert torch.allclose(phi(u, v, w), -phi(v, u, w)) and torch.allclose(phi(u, v, w), -phi(u, w, v))
    frames = torch.linalg.qr(torch.stack([u, v, w], -1)).Q.unbind(-1)
    assert phi(*frames).abs().max() < 1
    pad = lambda a: torch.nn.functional.pad(a, (1, 0))
    third = exceptional.product(pad(frames[0]), pad(frames[1]))
    assert third[:, 0].abs().max() < 1e-12 and torch.allclose(phi(*frames[:2], third[:, 1:]), torch.ones(50).double())


def test_elements_of_the_albert_algebra_are_zeros_of_their_characteristic_polynomial():
    """X³ - tr(X) X² + σ(X) X - det(X) = 0 with σ = (tr(X)² - tr(X²)) / 2, and the Jordan identity."""
    L, X = exceptional.multiplications(), draw(20, 27, seed=2)
    circle = lambda a, b: torch.einsum("na,aij,nj->ni", a, L, b)
    one = torch.cat([torch.ones(20, 3), torch.zeros(20, 24)], 1).double()
    trace, square, det = exceptional.albert(X)[:, :, None].unbind(1)
    XX = circle(X, X)
    assert torch.allclose(exceptional.trace(XX)[:, None], square)
    left = circle(X, XX) - trace * XX + (trace.square() - square) / 2 * X - det * one
    assert left.abs().max() < 1e-10
    Y = draw(20, 27, seed=3)
    assert torch.allclose(circle(circle(X, Y), XX), circle(X, circle(Y, XX)))


def test_the_determinant_of_real_matrices_is_the_usual_one():
    a = draw(10, 6, seed=4)
    X = torch.zeros(10, 27).double()
    X[:, [0, 1, 2, 3, 11, 19]] = a  # real parts of x, y, z
    real = exceptional.matrices(X)[..., 0]
    assert torch.allclose(exceptional.determinant(X), torch.linalg.det(real))
    assert torch.equal(exceptional.entries(exceptional.matrices(X)), X)


@pytest.mark.parametrize(
    ("group", "dimension"),
    {"SO(3)": 3, "SO(1,3)": 6, "U(2)": 4, "U(4)": 16, "U(3) of two": 9, "G2": 14, "F4": 52, "E6": 78}.items(),
)
def test_functions_stay_the_same_along_their_algebra_and_not_elsewhere(group, dimension):
    of = oracles.oracle(group)
    assert len(of.algebra) == dimension and algebra.closure(of.algebra) < 1e-9
    x = oracles.points(of, 6, seed=5)
    change = lambda a: torch.func.jvp(of.function, (x,), (torch.einsum("k,bkd->bd", a, of.action.velocity(x)),))[1]
    along = of.action.coefficients(of.algebra)
    assert max(change(a).abs().max() for a in along[::7]) < 1e-10
    assert change(draw(of.action.size, seed=6)).abs().max() > 0.1


def test_unitary_matrices_are_the_complex_ones_that_are_antisymmetric():
    u = oracles.unitary(3)
    i = torch.kron(torch.tensor([[0.0, -1.0], [1.0, 0.0]]), torch.eye(3)).double()
    assert u.shape == (9, 6, 6) and torch.allclose(u, -u.mT) and algebra.bracket(u, i).abs().max() < 1e-12


@pytest.mark.parametrize(
    ("group", "name"),
    {"SO(3)": "so(3)", "SO(4)": "so(4)", "SO(1,3)": "so(1,3)", "U(2)": "u(2)", "U(3)": "u(3)", "G2": "g2"}.items(),
)
def test_groups_are_read_off_exact_functions(group, name):
    case = oracles.cases([group], seed=1)[0]
    got = oracles.measure(case)
    assert (got["dimension"], got["name"]) == (got["true"], name) and got["angle"] < 1e-4
    told = oracles.rows([case], [got])[0]["published, told"]
    assert told == (None if group == "G2" else got["true"])


def test_a_wrong_algebra_is_not_what_is_found():
    """The angle can be large: of the norm's algebra and that of the Minkowski norm."""
    of = oracles.oracle("SO(4)")
    other = of._replace(algebra=algebra.so(1, 3))
    x = oracles.points(of, 300, seed=2)
    got = oracles.seen(oracles.find_symmetry(of.function, x, of.action), other)
    assert got["angle"] > 30


@pytest.mark.filterwarnings("ignore:the outputs are no nearer")
def test_networks_that_learned_little_are_measured_as_they_are():
    case = oracles.learning_cases(["U(2) of two"], seed=3)[0]
    settings = {"samples": 2000, "hidden": [32], "batch_size": 200, "lr": 1e-2, "fresh": 600}
    early, late = (oracles.measure_learned(case, steps=steps, **settings) for steps in (10, 600))
    assert max(late["errors"]) < 0.1 < min(early["errors"])
    assert late["together"]["nearest"] < early["together"]["nearest"]
    lines = oracles.learned_rows([case], [late])
    assert [line["asked"] for line in lines] == ["together", "alone"] and lines[0]["true"] == 4
    assert lines[0]["error"] == max(late["errors"]) and lines[1]["error"] == late["errors"][0]


@pytest.mark.parametrize("group", ["SO", "SO(1)", "U()", "SO(3) of two", "G3", "F4 of two"])
def test_what_is_no_oracle_is_refused(group):
    with pytest.raises(ValueError, match="there is no oracle"):
        oracles.oracle(group)

"""Vector fields carried over to derivatives, against nested derivatives, finite flows and known curvatures."""

from itertools import product

import pytest
import torch

import liegg
from liegg.actions import Jets, Prolonged, VectorFields

JETS = Jets("t x", "u", order=3)
FIELDS = Prolonged(2, JETS)
SYSTEM = Prolonged(1, Jets("x y", "u v", order=2))


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def total(f, variable):
    """The total derivative of a function of (t, x, u, u_t, ...) along t or x, for one unknown function."""

    def derivative(z):
        step = torch.zeros_like(z)
        step[:, JETS[variable]] = 1
        for name in JETS.names[2:]:
            letters = name.partition("_")[2] + variable
            if len(letters) <= JETS.order:
                step[:, JETS[name]] = z[:, JETS[f"u_{letters}"]]
        return torch.func.jvp(f, (z,), (step,))[1]

    return derivative


def prolonged(component, function, z):
    """The textbook's formula: D_J of the characteristic φ - ξ u_x - τ u_t, and τ u_Jt + ξ u_Jx (Olver 1993, theorem
    2.36), which needs derivatives of one order more: here up to the second order."""
    tau, xi, phi = (function(z) if component == other else 0 * z[:, 0] for other in ("t", "x", "u"))
    characteristic = lambda z: function(z) * {"t": -z[:, JETS["u_t"]], "x": -z[:, JETS["u_x"]], "u": 1.0}[component]
    velocity = {"t": tau, "x": xi, "u": phi}
    for letters in ("t", "x", "tt", "tx", "xx"):
        f = characteristic
        for letter in letters:
            f = total(f, letter)
        velocity[f"u_{letters}"] = f(z) + tau * z[:, JETS[f"u_{letters}t"]] + xi * z[:, JETS[f"u_{letters}x"]]
    return velocity


def test_fields_are_prolonged_as_the_textbook_has_it():
    z, velocity = draw(6, len(JETS)), FIELDS.velocity(draw(6, len(JETS)))
    for i, (component, m) in enumerate(product("txu", FIELDS.monomials)):
        expected = prolonged(component, lambda z, m=m: z[:, list(m)].prod(1), z)
        for name, rate in expected.items():
            assert torch.allclose(velocity[:, i, JETS[name]], rate, atol=1e-10), (component, m, name)


def test_rows_are_gradients_along_velocities_and_those_of_the_flow():
    z, grad, h = draw(5, len(SYSTEM.jets)), draw(5, len(SYSTEM.jets), seed=1), 1e-4
    rows, velocity = SYSTEM.pair(z, grad), SYSTEM.velocity(z)
    assert torch.allclose(rows, torch.einsum("bc,bkc->bk", grad, velocity))
    for i in (0, 3, 6, 11, 14, 19):
        one = torch.eye(SYSTEM.size).double()[i]
        ahead, back = SYSTEM.act(one, z, h), SYSTEM.act(one, z, -h)
        assert torch.allclose((ahead - back) / (2 * h), velocity[:, i], atol=1e-5 * float(velocity.abs().max()))


def test_a_turn_of_the_plane_turns_slopes_and_keeps_curvatures():
    """The contact condition: the jet of a graph goes to the jet of the turned graph."""
    jets = Jets("x", "u", order=2)
    action, z = Prolonged(1, jets), 0.3 * draw(9, 4)
    turn = torch.zeros(2, 3).double()
    turn[0, action.functions.index("u")], turn[1, action.functions.index("x")] = -1, 1
    moved = action.act(action.coefficients(turn), z, 0.4)
    assert torch.allclose(moved[:, 2].atan(), z[:, 2].atan() + 0.4, atol=1e-8)
    curvature = lambda z: z[:, 3] / (1 + z[:, 2] ** 2) ** 1.5
    assert torch.allclose(curvature(moved), curvature(z), atol=1e-8)


def test_brackets_are_those_of_the_fields_and_go_over_to_the_jets():
    action = Prolonged(1, Jets("t x", "u", order=2))
    a, b = draw(2, action.size)
    base = VectorFields([lambda x, c=c: action.evaluated(x) @ action.matrix(c).T for c in (a, b)], action.points)
    e = torch.eye(2).double()
    ratio = action.bracket(a, b).norm() / action.values(a).norm()
    assert torch.allclose(ratio, base.bracket(e[0], e[1]).norm() / base.values(e[0]).norm())
    closed = torch.linalg.lstsq(action.values(torch.eye(action.size).double()).T, action.bracket(a, b)[:, None])
    c, z = closed.solution[:, 0], draw(5, len(action.jets))
    assert torch.allclose(action.values(c), action.bracket(a, b), atol=1e-10)  # affine fields are closed
    along = lambda of: lambda z: torch.einsum("k,bkc->bc", of, action.velocity(z))
    V, W = along(a), along(b)
    on_jets = torch.func.jvp(V, (z,), (W(z),))[1] - torch.func.jvp(W, (z,), (V(z),))[1]
    assert torch.allclose(along(c)(z), on_jets, atol=1e-9)


def test_a_list_of_functions_is_a_library_as_good_as_monomials():
    jets = Jets("t x", "u", order=2)
    functions = [lambda p: torch.ones_like(p[:, 0]), *(lambda p, i=i: p[:, i] for i in range(3))]
    z, grad = draw(7, len(jets)), draw(7, len(jets), seed=1)
    assert torch.allclose(Prolonged(functions, jets).pair(z, grad), Prolonged(1, jets).pair(z, grad))
    waves = Prolonged([lambda p: p[:, 1].sin()], jets).velocity(z)[0, 2]  # sin(x) along u
    x = z[0, 1]
    assert torch.allclose(waves, torch.stack([0 * x, 0 * x, x.sin(), 0 * x, x.cos(), 0 * x, 0 * x, -x.sin()]))


def test_names_of_coordinates_and_fields():
    jets = Jets("t x", "u", order=2)
    assert jets.names == ["t", "x", "u", "u_t", "u_x", "u_tt", "u_tx", "u_xx"] and len(jets) == 8
    assert jets["u_xt"] == jets["u_tx"] == 6 and jets["t"] == 0
    action = Prolonged(2, jets)
    field = torch.zeros(3, 10).double()
    field[0, action.functions.index("t²")], field[2, action.functions.index("x u")] = 2, -1
    field[1, action.functions.index("")] = 1e-5
    assert action.described(action.coefficients(field)) == "t² ∂t − 0.5 x u ∂u"
    assert repr(action) == 'Prolonged(2, Jets("t x", "u", order=2))'
    for name in ("u_ttx", "u_y", "w", "", "u_"):
        with pytest.raises(KeyError, match="its coordinates are t, x, u"):
            jets[name]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: Jets("t time", "u", 1), "single letters"),
        (lambda: Jets("", "u", 1), "single letters"),
        (lambda: Jets("t x", "x", 1), "differ"),
        (lambda: Jets("t", "u", 0), "positive whole"),
        (lambda: Prolonged(-1, JETS), "a degree, or a list"),
        (lambda: Prolonged([], JETS), "a degree, or a list"),
        (lambda: Prolonged(2, "t x u"), "needs jets"),
        (lambda: FIELDS.pair(draw(5, 4), draw(5, 4)), r"moves jets \(B, 12\)"),
        (lambda: FIELDS.pair(draw(5, 12), draw(5, 4)), "do not fit samples"),
        (lambda: FIELDS.matrix(draw(4)), "30 directions"),
        (lambda: FIELDS.coefficients(draw(4, 4)), "3 x 10"),
        (lambda: Prolonged([lambda p: p], JETS).velocity(draw(5, 12)), "one does not"),
    ],
)
def test_what_does_not_fit_is_refused(ask, said):
    with pytest.raises(ValueError, match=said):
        ask()


def test_symmetries_whose_brackets_leave_the_library_have_no_name_and_cost_no_search():
    """Of the heat equation's fields up to degree two, as those of degree three are missing."""
    jets = Jets("t x", "u", order=2)
    z = draw(300, len(jets))
    z[:, jets["u_t"]] = z[:, jets["u_xx"]]
    found = liegg.find_symmetry(lambda z: z[:, jets["u_t"]] - z[:, jets["u_xx"]], z, Prolonged(2, jets))
    assert found.dimension == 8 and found.closure > 0.1 and found.identify() is None


def test_a_library_may_be_undefined_at_some_points_and_not_at_most():
    """log(x) has no value for negative x: brackets are compared at the others."""
    jets = Jets("t x", "u", order=1)
    functions = [lambda p: torch.ones_like(p[:, 0]), lambda p: p[:, 1], lambda p: p[:, 1].log()]
    action = Prolonged(functions, jets)
    a, b = torch.zeros(2, action.size).double().unbind()
    a[action.matrix(a).shape[1] + 1], b[2 * action.matrix(a).shape[1] + 2] = 1, 1  # x ∂x and log(x) ∂u
    constant = torch.zeros(action.size).double()
    constant[2 * action.matrix(a).shape[1]] = 1  # their bracket is ∂u
    found = action.bracket(a, b)
    assert found.isfinite().all() and torch.allclose(found.abs(), action.values(constant).abs())
    with pytest.raises(ValueError, match="at most of 6 normal points"):
        Prolonged([lambda p: (p[:, 0] - 9).log()], jets).bracket(torch.ones(3).double(), torch.ones(3).double())


def test_the_translations_and_scaling_of_a_nonlinear_heat_equation_are_an_algebra():
    jets = Jets("t x", "u", order=2)
    z = draw(300, len(jets))
    slope = lambda z: (z[:, jets["u"]] ** 2 + 2) * z[:, jets["u_xx"]]
    z[:, jets["u_t"]] = slope(z)
    found = liegg.find_symmetry(lambda z: z[:, jets["u_t"]] - slope(z), z, Prolonged(1, jets))
    assert found.dimension == 3 and found.closure < 1e-10  # along t, along x, and 2t ∂t + x ∂x
    assert found.identify().name == "solvable of dimension 3"

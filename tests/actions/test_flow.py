"""Vector fields and maps whose outputs move as their inputs do."""

import math

import pytest
import torch
from torch import nn

import liegg
from liegg import algebra
from liegg.actions import Flow, Linear, Restricted
from liegg.actions.flow import OUTPUTS


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def curved(x):
    """A field of R³ without a symmetry."""
    return torch.stack([x[:, 1] * x[:, 2], x[:, 0].sin(), x[:, 0] * x[:, 1] + x[:, 2] ** 2], 1)


@pytest.mark.parametrize("outputs", OUTPUTS)
def test_rows_are_the_defect_of_equivariance(outputs):
    action, x = Flow(3, outputs), draw(20, 3)
    rows = liegg.polarization_matrix(action.framed(curved), action.frames(x), action)
    J, y = torch.func.vmap(torch.func.jacrev(lambda v: curved(v[None])[0]))(x), curved(x)
    for i, direction in enumerate(torch.eye(action.size).double()):
        A = action.matrix(direction)
        L, b = A[:3, :3], A[:3, 3]
        moved = y @ L.T + (b if outputs == "points" else 0)
        assert torch.allclose(rows[:, :, i] * x.std(0), torch.einsum("boi,bi->bo", J, x @ L.T + b) - moved)


@pytest.mark.parametrize("outputs", OUTPUTS)
def test_at_finite_times_it_is_the_function_in_the_moved_frame(outputs):
    action, x, a = Flow(3, outputs), draw(5, 3), 0.3 * draw(12, seed=1)
    g = torch.linalg.matrix_exp(0.7 * action.matrix(a))
    moved = action.framed(curved)(action.act(a, action.frames(x), 0.7))
    y = curved(x @ g[:3, :3].T + g[:3, 3]) - (g[:3, 3] if outputs == "points" else 0)
    assert torch.allclose(moved * x.std(0), torch.linalg.solve(g[:3, :3], y.T).T)


def top(moments):
    a, b, c = moments
    return lambda x: torch.stack(
        [(b - c) / a * x[:, 1] * x[:, 2], (c - a) / b * x[:, 2] * x[:, 0], (a - b) / c * x[:, 0] * x[:, 1]], 1
    )


FIELDS = {
    "so(3)": lambda x: x * (1 - x.square().sum(1, keepdim=True)),
    "so(2) + scaling": top((1.0, 1.0, 2.0)),
    None: top((1.0, 2.0, 3.0)),
}
"""Fields of R³ by the name of what leaves them as they are."""


@pytest.mark.parametrize("name", FIELDS)
def test_symmetries_of_known_fields(name):
    function, x = FIELDS[name], draw(300, 3)
    found = liegg.find_symmetry(function, x, Flow(3))
    match = found.identify()
    assert (match.name if match else None) == name and len(found.trivial) == 0
    if found.dimension:
        assert found.check(function, x[:20], turn=90, steps=3).learned.max() < 1e-9


def test_translations_move_points_and_no_velocities():
    """A constant field is left alone by translations; as a map it sends all points to one, which they move."""
    function, x = lambda x: torch.stack([torch.ones(len(x)).double(), 0 * x[:, 0]], 1), draw(200, 2)
    shift = torch.zeros(2, 3, 3, dtype=torch.float64)
    shift[[0, 1], [0, 1], 2] = 1
    slope = lambda outputs, x: liegg.polarization_matrix(
        Flow(2, outputs).framed(function), Flow(2, outputs).frames(x), Flow(2, outputs)
    )
    a = Flow(2).coefficients(shift)
    assert not (slope("velocities", x) @ a.T).any() and (slope("points", x) @ a.T).abs().sum(1).min() > 0.9


def test_a_map_that_commutes_with_turns_about_its_fixed_point():
    centre, turn = torch.tensor([1.0, -2.0]).double(), algebra.so(2)[0] * 2**0.5
    g = torch.linalg.matrix_exp(0.4 * turn)
    function = lambda x: centre + (x - centre) @ g.T * (1 + 0.3 * (x - centre).square().sum(1, keepdim=True))
    found = liegg.find_symmetry(function, draw(300, 2), Flow(2, "points"))
    assert found.dimension == 1 and found.identify().name == "so(2)"
    generator = found.generators[0]
    assert torch.allclose(generator[:2, :2] @ centre + generator[:2, 2], torch.zeros(2).double(), atol=1e-10)
    assert found.check(function, draw(20, 2), turn=180, steps=3).learned.max() < 1e-9


def test_networks_are_each_asked_on_their_own_graph():
    """Of three fields that turn alike and differ in size, which have no outputs in common."""
    turned = lambda a: lambda x: a * x * (1 + x.square().sum(1, keepdim=True) ** a)
    found = liegg.find_symmetry([turned(a) for a in (0.9, 1.0, 1.1)], draw(300, 3), Flow(3))
    assert found.dimension == 3 and found.angles(algebra.so(3)).max() < 1e-5


def test_modules_loaders_and_restricted_directions():
    net = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.Tanh(), nn.Linear(8, 2))
    x = draw(60, 2).float()
    whole = liegg.find_symmetry(net, x, Flow(2))
    loaded = liegg.find_symmetry(net, [(part, None) for part in x.split(20)], Flow(2))
    assert torch.allclose(whole.variance, loaded.variance, rtol=0.3) and net.training  # the first batch's frame
    only = Restricted(Flow(3), torch.nn.functional.pad(algebra.so(3), (0, 1, 0, 1)))
    assert liegg.find_symmetry(FIELDS["so(3)"], draw(50, 3), only).dimension == 3


@pytest.mark.parametrize("outputs", OUTPUTS)
def test_results_are_kept(tmp_path, outputs):
    found = liegg.find_symmetry(curved, draw(60, 3), Flow(3, outputs))
    found.save(tmp_path / "found.npz")
    loaded = liegg.Symmetry.load(tmp_path / "found.npz")
    assert loaded == found and loaded.action.outputs == outputs and repr(loaded.action) == repr(Flow(3, outputs))


@pytest.mark.parametrize(("field", "dimension"), [(FIELDS["so(2) + scaling"], 2), (curved, 0)])
def test_units_do_not_matter(field, dimension):
    """A field in other units has the same spectrum, as outputs are measured by the spread of points."""
    scales, x = torch.tensor([1.0, 50.0, 0.02]).double(), draw(300, 3)
    plain = liegg.find_symmetry(field, x, Flow(3))
    scaled = liegg.find_symmetry(lambda z: field(z / scales) * scales, x * scales, Flow(3))
    assert plain.dimension == scaled.dimension == dimension
    beyond = plain.relative_variance[dimension:]
    assert torch.allclose(scaled.relative_variance[dimension:], beyond, rtol=0.5)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: Flow(0), "positive whole"),
        (lambda: Flow(2, "vectors"), 'outputs "velocities" or "points"'),
        (lambda: liegg.find_symmetry(curved, draw(9, 4), Flow(3)), r"moves points, a dense tensor \(B, 3\)"),
        (lambda: liegg.find_symmetry(curved, draw(9, 3).to_sparse(), Flow(3)), "a dense tensor"),
        (lambda: liegg.find_symmetry(lambda x: x[:, :2], draw(9, 3), Flow(3)), r"from \(B, 3\) to \(B, 3\)"),
        (lambda: liegg.find_symmetry(curved, draw(9, 3), Flow(3), output_action=Linear(3)), "no output_action"),
        (lambda: liegg.find_symmetry(curved, draw(9, 3), Flow(3), targets=draw(9, 3)), "or targets"),
        (lambda: liegg.polarize(curved, draw(9, 3), Flow(3)), "let find_symmetry do so"),
        (lambda: liegg.find_symmetry(3, draw(9, 3), Flow(3)), "callable"),
    ],
)
def test_what_does_not_fit_is_refused(ask, said):
    with pytest.raises(ValueError, match=said):
        ask()


def test_the_flow_of_a_field_is_carried_to_itself():
    """exp(tA) of a solution is a solution: Euler's top, by a step of its own flow before or after."""
    field, x = FIELDS["so(2) + scaling"], draw(30, 3)
    found = liegg.find_symmetry(field, draw(300, 3, seed=2), Flow(3))

    def stepped(x, h=1e-3):
        for _ in range(200):
            k = field(x + h / 2 * field(x))
            x = x + h * k
        return x

    A = torch.linalg.matrix_exp(0.5 * found.generators[0][:3, :3])
    assert math.isclose(float((stepped(x @ A.T) - stepped(x) @ A.T).abs().max()), 0, abs_tol=1e-9)

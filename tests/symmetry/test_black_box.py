"""Functions without gradients: differences against autograd, their error, and what is refused."""

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestRegressor
from sklearn.kernel_ridge import KernelRidge
from torch import nn

import liegg
from liegg import algebra
from liegg.actions import Affine2d, Flow, Linear
from liegg.symmetry.black_box import LADDER, _with_kinks

ACTION = Linear(3, copies=2)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def turned(a):
    """A function of arrays that no rotation changes."""
    return np.sin((a[:, :3] * a[:, 3:]).sum(1)) + (a[:, :3] ** 2).sum(1)


def network(outputs=1, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, outputs)).double()


def twin(net):
    """The same network as a function of arrays."""
    (W, b), (V, c) = ((layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in (net[0], net[2]))
    return lambda a: np.tanh(a @ W.T + b) @ V.T + c


@pytest.mark.parametrize("outputs", [1, 3, 20])  # the last are more than twice the directions
def test_rows_are_those_of_gradients(outputs):
    net, x = network(outputs), draw(50, 6)
    box = liegg.black_box(twin(net), x)
    exact = liegg.polarization_matrix(net, x, ACTION)
    rows = liegg.polarization_matrix(box, x, ACTION)
    assert (rows - exact).abs().max() < 20 * box.error * exact.square().mean().sqrt() and box.error < 1e-8


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_error_is_that_of_derivatives(dtype):
    """Against autograd along fresh directions, within a factor of ten either way below and three above."""
    net, x = network(), draw(100, 6)
    box = liegg.black_box(lambda a: twin(net)(a).astype(dtype), x, dtype=dtype)
    v = draw(100, 6, seed=1)
    true = torch.func.jvp(net, (x,), (v,))[1].detach()
    error = float((box.slope(x, v) - true).square().mean().sqrt() / true.square().mean().sqrt())
    assert box.error / 30 < error < 3 * box.error
    assert (1e-13 < box.error < 1e-8) if dtype is np.float64 else (1e-7 < box.error < 1e-2)


@pytest.mark.parametrize("step", [None, 1e-4])
def test_kinks_count_though_short_steps_seldom_cross_them(step):
    """Of a ReLU network: 256 points do not show what happens at one in thousands. Few crossings are seen at all, so
    that the error is told within a factor of ten; of the least step, which crosses next to none, from above."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)).double()
    x, v = draw(40000, 6), draw(40000, 6, seed=1)
    box = liegg.black_box(lambda a: net(torch.from_numpy(a)).detach().numpy(), x, step=step)
    true = torch.func.jvp(net, (x,), (v,))[1].detach()
    error = float((box.slope(x, v) - true).square().mean().sqrt() / true.square().mean().sqrt())
    assert error < 10 * box.error < 0.1
    assert box.error < 10 * error if step else error < 1e-4


def test_errors_of_smooth_functions_stay_and_those_that_fall_too_fast_do_not():
    """Smooth functions err by the square of the step and by rounding."""
    smooth = [1e-8, 1e-9, 1e-10, 1e-9, 1e-7, 1e-5, 1e-3]
    assert _with_kinks(LADDER, smooth) == smooth
    kinked = _with_kinks(LADDER, [1e-8, 1e-9, 1e-10, 1e-11, 1e-3, 1e-2, 5e-2])
    assert kinked == pytest.approx([5e-2 * 10 ** (-k / 2) for k in range(6, -1, -1)])  # as the root of the step


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_directions_are_random_whatever_seed_the_samples_have(seed):
    """Along the samples themselves no difference of this function crosses a kink."""
    x, v = draw(40000, 6, seed=seed), draw(40000, 6, seed=9)
    box = liegg.black_box(lambda a: np.abs(a).sum(1), x, step=0.03)
    true = torch.func.jvp(lambda z: z.abs().sum(1), (x,), (v,))[1]
    error = float((box.slope(x, v) - true).square().mean().sqrt() / true.square().mean().sqrt())
    assert box.error / 3 < error < 3 * box.error


def test_functions_that_are_flat_in_places_have_differences():
    """An output that is constant, and units that are shut, are no steps."""
    x = draw(300, 6)
    box = liegg.black_box(lambda a: np.stack([turned(a), 0 * a[:, 0]], 1), x)
    assert box.error < 1e-8 and liegg.find_symmetry(box, x, ACTION).dimension == 3
    assert liegg.black_box(lambda a: np.maximum(turned(a) - 4, 0) ** 2, x).error < 0.01


def test_the_symmetry_is_found_along_the_action_and_along_coordinates():
    x = draw(300, 6)
    found = liegg.find_symmetry(liegg.black_box(turned, x), x, ACTION)
    assert found.dimension == 3 and found.angles(algebra.so(3)).max() < 1e-4
    assert 0 < found.difference_error < 1e-8 and "by differences" not in str(found) and "differences" in str(found)
    check = found.check(liegg.black_box(turned, x), x[:30], turn=90, steps=3)
    assert check.learned.max() < 1e-8 < 0.1 < check.random.max()


def test_of_images_few_evaluations_are_needed_and_the_answer_is_that_of_gradients():
    images, seen = torch.rand(40, 1, 16, 16, generator=torch.Generator().manual_seed(0)).double(), [0]
    weights = draw(16, 16).numpy()

    def function(a):
        seen[0] += len(a)
        return np.tanh((a[:, 0] * weights).sum((1, 2)) / 8)

    box = liegg.black_box(function, images)
    seen[0] = 0
    found = liegg.find_symmetry(box, images, Affine2d())
    assert seen[0] / len(images) < 6 * Affine2d().size + 20 < 16 * 16
    exact = liegg.find_symmetry(
        lambda z: torch.tanh((z[:, 0] * torch.as_tensor(weights)).sum((1, 2)) / 8), images, Affine2d()
    )
    assert torch.allclose(found.variance, exact.variance, rtol=1e-5)


def test_several_with_labels_outputs_that_move_and_flows():
    x = draw(300, 6)
    boxes = [
        liegg.black_box(lambda a, e=e, w=w: turned(a) + e * np.sin(a @ w), x)
        for e, w in zip((0.01, 0.02, 0.03), np.eye(6) * 3)
    ]
    y = torch.from_numpy(turned(x.numpy()))
    assert liegg.find_symmetry(boxes, x, ACTION, targets=y).dimension == 3
    vector = liegg.black_box(lambda a: a[:, :3] * turned(a)[:, None], x)
    assert liegg.find_symmetry(vector, x, ACTION, output_action=Linear(3)).dimension == 3
    points = draw(200, 3)
    field = liegg.black_box(lambda a: a * (1 - (a**2).sum(1, keepdims=True)), points)
    found = liegg.find_symmetry(field, points, Flow(3))
    assert found.dimension == 3 and found.difference_error == field.error


def test_a_regressor_of_scikit_learn():
    x, fresh = draw(2000, 6), draw(300, 6, seed=1)
    model = KernelRidge(kernel="rbf", gamma=0.1, alpha=1e-3).fit(x.numpy(), turned(x.numpy()))
    found = liegg.find_symmetry(liegg.black_box(model.predict, fresh), fresh, ACTION)
    assert found.dimension == 3 and found.angles(algebra.so(3)).max() < 10


def test_what_differences_hide_is_possible():
    """Of a function with a fine ripple, which a coarse step passes over."""
    x = draw(300, 6)
    rippled = lambda a: turned(a) + 2e-3 * np.sin(40 * a).sum(1)
    with pytest.warns(UserWarning, match="differences of this function err by"):
        coarse = liegg.black_box(rippled, x, step=0.3)
    found = liegg.find_symmetry(coarse, x, ACTION)
    hidden = int((found.relative_variance <= 4 * coarse.error**2).sum())
    assert hidden >= 3 and found.dimension_interval[1] >= hidden


def test_functions_with_steps_are_refused():
    x = draw(200, 6)
    forest = RandomForestRegressor(20, random_state=0).fit(x.numpy(), turned(x.numpy()))
    with pytest.raises(ValueError, match="Trees are not"):
        liegg.black_box(forest.predict, x)
    with pytest.raises(ValueError, match="is it smooth"):
        liegg.black_box(lambda a: np.floor(3 * a[:, 0]), x)


def test_nothing_else_is_changed(tmp_path):
    x = draw(100, 6)

    def greedy(a):
        y = turned(a)
        a *= 0
        return y

    before, state = x.clone(), torch.random.get_rng_state()
    found = liegg.find_symmetry(liegg.black_box(greedy, x), x, ACTION)
    assert torch.equal(x, before) and torch.equal(torch.random.get_rng_state(), state) and found.dimension == 3
    found.save(tmp_path / "found.npz")
    assert liegg.Symmetry.load(tmp_path / "found.npz") == found


X = draw(50, 6)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: liegg.black_box(network(), X), "as it is"),
        (lambda: liegg.black_box(3, X), "function of arrays"),
        (lambda: liegg.black_box(turned, X[:1]), "two or more"),
        (lambda: liegg.black_box(turned, X.numpy()), "a finite tensor"),
        (lambda: liegg.black_box(turned, torch.arange(12).reshape(2, 6)), "a finite tensor"),
        (lambda: liegg.black_box(turned, torch.ones(5, 6)), "alike"),
        (lambda: liegg.black_box(turned, X, step="0.1"), "step is a part"),
        (lambda: liegg.black_box(turned, X, step=0), "step is a part"),
        (lambda: liegg.black_box(lambda a: a.sum(), X), "one result a sample"),
        (lambda: liegg.black_box(lambda a: "text", X), "must return real numbers"),
        (lambda: liegg.black_box(lambda a: np.exp(1j * a[:, 0]), X), "must return real numbers"),
        (lambda: liegg.black_box(lambda a: torch.ones(len(a), requires_grad=True), X), "must return real numbers"),
        (lambda: liegg.black_box(turned, X.to_sparse()), "a finite tensor"),
        (lambda: liegg.black_box(turned, X, step=True), "step is a part"),
        (lambda: liegg.black_box(turned, X, dtype=torch.float32), "np.float64 or np.float32"),
        (lambda: liegg.black_box(turned, X, dtype=int), "np.float64 or np.float32"),
        (lambda: liegg.find_symmetry(liegg.black_box(turned, X), draw(50, 4), Linear(4)), "points like the samples"),
        (lambda: liegg.black_box(turned, X)(X.numpy()), "points like the samples"),
        (lambda: liegg.black_box(lambda a: 0 * a[:, 0], X), "is it smooth"),
        (lambda: liegg.black_box(lambda a: a[:, 0] * np.nan, X), "err by"),
        (lambda: liegg.find_symmetry(lambda a: np.sin(a).sum(1), X, ACTION), r"ask black_box\(function, points\)"),
    ],
)
def test_what_does_not_fit_is_refused(ask, said):
    with pytest.raises(ValueError, match=said):
        ask()

"""What labels say of directions: known shares of signal, and bad input."""

import warnings

import pytest
import torch
from torch import nn

from liegg import Symmetry, find_symmetry
from liegg.actions import Affine, Affine2d, Linear
from liegg.symmetry.labels import AT_ONCE, FEWEST, paid
from liegg.training.networks import mlp

TURN = torch.tensor([[0.0, -1.0, 1.0, 0.0]]).double()  # so(2)
STRETCH = torch.tensor([[1.0, 0.0, 0.0, -1.0]]).double()


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def radius(x):
    return x.square().sum(1).div(2).sin()


def waves(seed):
    """An error without symmetry: waves of a random direction and phase."""
    k, phase = draw(2, 8, seed=seed), draw(8, seed=seed + 1)
    return lambda x: (3 * x @ k.to(x) + phase.to(x)).sin().mean(1)


def test_an_error_is_not_paid_for_and_signal_is():
    x = draw(20000, 2)
    error = waves(3)
    found = paid([lambda z: radius(z) + 0.1 * error(z)], x, radius(x), Linear(2), torch.cat([TURN, STRETCH]))
    assert abs(found.share[0]) < 3 * found.error[0] < 0.3
    assert found.share[1] == pytest.approx(1, abs=0.05) and found.error[1] < 0.02


def test_the_share_is_that_of_signal_in_the_motion():
    """A truth that is waves too, of a known size beside the error's: along a turn the share is 1 / (1 + 0.5²)."""
    x = draw(40000, 2, seed=1)
    signal, error = waves(5), waves(11)
    f = lambda z: signal(z) + 0.5 * error(z)
    moved = lambda of: (of(Linear(2).act(TURN[0], x, 0.2)) - of(x)).square().mean()
    expected = moved(signal) / (moved(signal) + 0.25 * moved(error))
    found = paid([f], x, signal(x), Linear(2), TURN)
    assert float(found.share) == pytest.approx(float(expected), abs=3 * float(found.error) + 0.05)


def test_noise_in_labels_cancels_and_shows_in_the_error():
    x = draw(20000, 2)
    f, y = (lambda z: radius(z) + 0.1 * waves(3)(z)), radius(x)
    exact = paid([f], x, y, Linear(2), TURN)
    noisy = paid([f], x, y + draw(20000, seed=9), Linear(2), TURN)
    assert noisy.error > 3 * exact.error
    assert abs(noisy.share - exact.share) < 3 * noisy.error


def test_several_functions_are_asked_as_their_mean():
    x = draw(500, 2)
    f, g, h = (lambda z, s=s: radius(z) + waves(s)(z) for s in (1, 3, 5))
    mean = lambda z: (f(z) + g(z) + h(z)) / 3
    together, one = (paid(fs, x, radius(x), Linear(2), TURN) for fs in ([f, g, h], [mean]))
    torch.testing.assert_close(together.share, one.share)


def test_classes_are_held_against_probabilities():
    """Logits of the radius: turning is not paid for beyond the network's own error, stretching is."""
    x = draw(8000, 2, seed=2)
    logits = lambda z: torch.stack([4 * radius(z) + waves(3)(z), torch.zeros_like(z[:, 0])], -1)
    truth = torch.stack([4 * radius(x), torch.zeros_like(x[:, 0])], -1).softmax(-1)[:, 0]
    y = (torch.rand(8000, generator=torch.Generator().manual_seed(0)).double() > truth).long()
    found = paid([logits], x, y, Linear(2), torch.cat([TURN, STRETCH]))
    assert abs(found.share[0]) < 3 * found.error[0] and found.share[1] > 0.8


def test_outputs_that_move_along_are_moved_back():
    """The identity is equivariant: no motion at all is left."""
    x = draw(200, 2)
    moving = {"output_action": Linear(2), "output_coefficients": TURN}
    found = paid([lambda z: 1.0 * z], x, x, Linear(2), TURN, **moving)
    still = paid([lambda z: 1.0 * z], x, x, Linear(2), TURN)
    assert found.error < 1e-6 or found.share == 0
    assert still.share == pytest.approx(1)


def test_one_network_with_labels_knows_small_signal_from_error(tmp_path):
    x = draw(3000, 2)
    weak = lambda z: radius(z) + 0.1 * (z[:, 0] * z[:, 1]).sin()  # broken, and learned exactly
    net = lambda z: radius(z) + 0.05 * waves(3)(z)
    broken = find_symmetry(weak, x, Linear(2), targets=weak(x) + 0.02 * draw(3000, seed=4))
    kept = find_symmetry(net, x, Linear(2), targets=radius(x)[:2000])
    assert (broken.dimension, kept.dimension) == (0, 1)
    assert broken.paid_share[0] > 0.9 and kept.paid_share[0] < 0.5
    kept.save(tmp_path / "kept.npz")
    assert Symmetry.load(tmp_path / "kept.npz") == kept and "share of signal" in str(kept)


def test_an_untrained_network_cannot_be_told():
    x = draw(500, 3)
    net = mlp([3, 16, 1], seed=0, bias=True).double()
    with pytest.warns(UserWarning, match="left aside"):
        found = find_symmetry(net, x, Linear(3), targets=100 * draw(500, seed=1))
    assert found.decision.rule == "untold" and found.dimension == 0 and found.dimension_interval == (0, 9)
    assert "explains nothing of the labels given; this cannot tell signal from error" in str(found)


@pytest.mark.parametrize("seed", range(5))
def test_labels_tell_nothing_of_a_function_that_is_no_nearer_to_them_than_their_mean(seed):
    x, y = draw(2000, 2, seed=seed), waves(20 + seed)(draw(2000, 2, seed=seed))
    f = lambda z: 3 * waves(7)(z) + radius(2 * z)
    found = paid([f], x, y, Linear(2), torch.cat([TURN, STRETCH]))
    assert found.explained < 0 and found.share.isfinite().all() and found.error.isinf().all()
    several = [lambda z, s=s: f(z) + 0.1 * waves(s)(z) for s in (1, 3, 5)]
    with pytest.warns(UserWarning, match="no nearer to the targets"):
        decided = find_symmetry(several, x, Linear(2), targets=y)
    assert decided.dimension == find_symmetry(several, x, Linear(2)).dimension
    assert "3 functions, which explain nothing of the labels" in str(decided)


def test_heavy_tails_and_rare_classes_do_not_hide_what_is_explained():
    x = draw(2000, 3)
    steep = lambda z: 1 / z.square().sum(1)
    f = lambda z: steep(z) * (1 + 0.02 * (3 * z @ draw(3, 8, seed=3).to(z)).sin().mean(1))
    assert find_symmetry(f, x, Linear(3), targets=steep(x[:300])).dimension == 3
    logits = lambda z: torch.stack([8 * (z[:, 0] - 2.2), torch.zeros_like(z[:, 0])], -1)
    y = (logits(x).argmax(1)).long()
    assert (y == 0).double().mean() < 0.02 and paid([logits], x, y, Linear(3), torch.eye(9).double()).explained > 0.8


def test_what_is_explained_is_a_mean_over_outputs_that_vary():
    """One output is learned up to a tenth of its variance, one is not, and one is a number."""
    x = draw(5000, 2)
    truth = torch.stack([x[:, 0], 100 * x[:, 1], 0 * x[:, 0] + 7], -1)
    f = lambda z: torch.stack([z[:, 0] + 0.1**0.5, 0 * z[:, 0], 0 * z[:, 0] + 6], -1)
    found = paid([f], x, truth, Linear(2), TURN)
    assert found.explained == pytest.approx(0.45, abs=0.01) and found.error.isfinite().all()


def test_the_functions_of_a_list_may_shape_one_output_as_they_like():
    x = draw(500, 2)
    flat, column = (lambda z: radius(z) + 0.1 * waves(3)(z)), (lambda z: (radius(z) + 0.1 * waves(5)(z))[:, None])
    alike = paid([flat, lambda z: column(z)[:, 0]], x, radius(x), Linear(2), TURN)
    for functions in ([flat, column], [column, flat]):
        torch.testing.assert_close(paid(functions, x, radius(x), Linear(2), TURN), alike)


def test_labels_of_a_function_that_falls_short_are_warned_of():
    x = draw(500, 2)
    with pytest.warns(UserWarning, match="fall short"):
        find_symmetry(lambda z: 0.3 * waves(5)(z), x, Linear(2), targets=waves(5)(x))


def test_a_function_may_take_gradients_itself():
    """Forces of an energy: they turn along with the points, and are found with labels too."""

    def force(z):
        return torch.autograd.grad(radius(z).sum(), z, create_graph=True)[0]

    x = draw(1000, 2)
    y = force(x.clone().requires_grad_()).detach() + 0.01 * draw(1000, 2, seed=1)
    found = paid([force], x, y, Linear(2), TURN)
    assert found.share == pytest.approx(1, abs=0.1) and not found.share.requires_grad


def test_many_labels_are_taken_part_by_part():
    x = draw(10000, 2)
    sizes = []

    def f(z):
        sizes.append(len(z))
        return radius(z) + 0.1 * waves(3)(z)

    paid([f], x, radius(x), Linear(2), TURN)
    assert max(sizes) <= AT_ONCE and sum(sizes) == 3 * len(x)


def test_motion_that_leaves_the_domain_is_not_told(tmp_path):
    """Logarithms of what becomes negative: no sign of a symmetry either."""
    x = draw(2000, 2).abs() + 0.02
    f = lambda z: z[:, 0].log() + 0.5 * z[:, 1].sin()
    found = find_symmetry(f, x, Affine(2), targets=f(x) + 0.2 * draw(2000, seed=1))
    assert found.dimension == find_symmetry(f, x, Affine(2)).dimension == 0 or found.dimension_interval[0] == 0
    assert found.paid_share.isnan().any()
    found.save(tmp_path / "found.npz")
    assert Symmetry.load(tmp_path / "found.npz") == found


def test_classes_do_not_move_along():
    with pytest.raises(ValueError, match="classes do not move along"):
        find_symmetry(lambda z: 1.0 * z, GOOD, Linear(2), output_action=Linear(2), targets=torch.arange(100) % 2)


def test_labels_of_the_training_are_warned_of():
    """A function that has gone through its labels' noise moves away from it along every direction."""
    x, noise = draw(300, 2), draw(300, seed=1)
    near = lambda z: torch.exp(-torch.cdist(z, x.to(z)).square() / 2e-4) @ noise.to(z)
    with pytest.warns(UserWarning, match="look like labels of the training"):
        find_symmetry(lambda z: radius(z) + 0.8 * near(z), x, Linear(2), targets=radius(x) + noise)
    with pytest.warns(UserWarning, match="equal the outputs"):
        find_symmetry(lambda z: radius(z) + waves(3)(z), x, Linear(2), targets=radius(x) + waves(3)(x))


def test_the_caller_s_model_is_left_as_it_was():
    net = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.Linear(8, 1)).train()
    state = torch.random.get_rng_state()
    paid([net], draw(100, 2).float(), draw(100, 1), Linear(2), TURN)
    assert net.training and net[1].training and torch.equal(state, torch.random.get_rng_state())
    assert all(p.grad is None for p in net.parameters())


GOOD = draw(100, 2)


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        (GOOD, draw(FEWEST - 1), "at least 50"),
        (GOOD, draw(101), "101 targets for 100 inputs"),
        (GOOD, draw(100, 3), "one value an output"),
        (GOOD, torch.full((100,), 3.0), "all targets are alike"),
        (GOOD, torch.ones(100).long(), "all targets are alike"),
        (GOOD, torch.arange(100), "classes"),
        (GOOD, torch.full((100,), torch.nan), "NaN"),
        (GOOD, [1.0] * 100, "tensor of values"),
        (GOOD, torch.ones(100) > 0, "tensor of values"),
        ([GOOD], draw(100), "one tensor"),
    ],
)
def test_labels_that_do_not_fit_are_refused(inputs, targets, message):
    with pytest.raises(ValueError, match=message):
        find_symmetry(radius, inputs, Linear(2), targets=targets)


def test_images_are_carried_in_units_of_their_spread():
    x = draw(60, 1, 6, 6).abs()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = find_symmetry(lambda z: z.mean((1, 2, 3)).sin(), x, Affine2d(), targets=x.mean((1, 2, 3)).sin())
    assert found.paid_share.shape == found.variance.shape and found.paid_error.isfinite().all()

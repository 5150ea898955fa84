"""The O(5) task: its target is invariant, its networks keep one scale a vector, and its errors are what they say."""

import numpy as np
import pytest
import torch

from liegg.studies.generators import o5
from liegg.symmetry.finite import drift


def test_o5_target_is_invariant_under_rotations_and_reflections():
    x, y = o5.draw(500, seed=0)
    R = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(1)).double()).Q
    turned = (x.double().reshape(-1, 2, 5) @ R.T).reshape(-1, 10)
    assert torch.allclose(o5.target(turned), o5.target(x.double()), atol=1e-10)
    assert (
        y.shape == (500, 1) and torch.equal(o5.draw(500, seed=0)[0], x) and not torch.equal(o5.draw(500, seed=1)[0], x)
    )
    r1, r2 = x[0].double().split(5)
    by_hand = (
        np.sin(np.linalg.norm(r1)) - np.linalg.norm(r2) ** 3 / 2 + r1 @ r2 / (np.linalg.norm(r1) * np.linalg.norm(r2))
    )
    assert y[0].item() == pytest.approx(float(by_hand), rel=1e-5)


def test_errors_are_those_of_known_mistakes():
    x, y = o5.draw(400, seed=0)
    assert o5.errors(o5.target, x, y) == {"test_error": 0, "relative_error": 0}
    shifted = o5.errors(lambda x: o5.target(x) + 0.5, x, y)
    assert shifted["test_error"] == pytest.approx(0.25, rel=1e-4)
    assert shifted["relative_error"] == pytest.approx(0.25 / np.var(y.numpy(), ddof=1), rel=1e-4)
    mean = o5.errors(lambda x: y.mean().expand(len(x), 1), x, y)
    assert mean["relative_error"] == pytest.approx(399 / 400, rel=1e-4)  # of a network that knows no more


def test_networks_of_the_o5_task_keep_one_scale_a_vector():
    x, y = o5.draw(500, seed=0)
    x = x * torch.tensor([1.0] * 5 + [10.0] * 5)
    scale = o5.networks([4], [x], [y], seeds=[0])[0].scale_in
    assert len(scale.unique()) == 2 and scale[5:] / scale[:5] == pytest.approx(torch.full((5,), 10.0), rel=0.1)


def test_draws_are_a_draw_for_each_seed():
    x, y = o5.draws(40, seeds=[3, 5])
    for place, seed in enumerate((3, 5)):
        assert all(map(torch.equal, (x[place], y[place]), o5.draw(40, seed=seed)))


def test_the_mean_drift_is_that_of_each_direction():
    x, y = o5.draw(200, seed=0)
    (net,) = o5.networks([8], [x], [y], seeds=[0])
    degrees = torch.tensor([0.0, 45.0])
    mean = o5.mean_drift(net, x, o5.SO5[:3].float(), degrees)
    each = [drift(net, x, o5.ACTION, A.flatten(), [0.0, 2**0.5 * torch.pi / 4]) for A in o5.SO5[:3].float()]
    assert torch.allclose(mean, torch.stack(each).mean(0)) and mean[0] < 1e-6 < mean[1]
    exact = o5.mean_drift(o5.target, x.double(), o5.SO5, degrees)
    assert exact.max() < 1e-10


@pytest.mark.parametrize(("layers", "parameters"), [(1, 1408), (2, 1408), (3, 5000)])
def test_the_width_brings_a_network_nearest_to_its_parameters(layers, parameters):
    size = lambda w: 10 * w + (layers - 1) * w**2 + w
    assert o5.width(layers, parameters) == min(range(1, 200), key=lambda w: abs(size(w) - parameters))

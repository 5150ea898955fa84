"""Tasks whose outputs move along: the tensor of inertia by its definition, and the networks that learn it."""

import numpy as np
import pytest
import torch

from liegg.studies.lens import equivariance
from liegg.studies.lens.equivariance import inertia, masses_and_places, three_vectors
from liegg.training.networks import mlp

POINTS = masses_and_places(300, seed=0).double()


def test_the_tensor_of_inertia_is_the_sum_over_masses():
    m, r = POINTS[7, :5].numpy(), POINTS[7, 5:].reshape(5, 3).numpy()
    expected = sum(mass * (place @ place * np.eye(3) - np.outer(place, place)) for mass, place in zip(m, r))
    assert np.allclose(inertia(POINTS)[7].reshape(3, 3), expected)


def test_points_come_from_the_seed():
    assert torch.equal(masses_and_places(50, seed=1), masses_and_places(50, seed=1))
    assert not torch.equal(masses_and_places(50, seed=1), masses_and_places(50, seed=2))
    assert POINTS[:, :5].min() >= 0.5 and POINTS[:, :5].max() <= 1.5
    vectors = three_vectors(2000, seed=0)
    assert vectors.shape == (2000, 9) and torch.allclose(vectors.T.cov(), torch.eye(9), atol=0.15)


def test_pupils_learn_what_they_are_given():
    x = torch.stack([masses_and_places(2000, seed=s) for s in (0, 1)])
    fresh = masses_and_places(200, seed=9)
    settings = {"seeds": [0, 1], "batch_size": 100, "lr": 1e-2}
    early_on, taught = (equivariance.pupils(inertia, x, [64], steps=steps, **settings) for steps in (4, 400))
    before, after = (equivariance.errors(inertia, nets, fresh) for nets in (early_on, taught))
    assert all(late < 0.3 < early for early, late in zip(before, after))
    y, spread = equivariance.values(inertia, x)
    assert torch.equal(y[1], inertia(x[1])) and spread[1] == inertia(x[1]).std()
    by_hand = (taught[0](fresh) - inertia(fresh)).square().mean() / inertia(fresh).var(0).mean()
    assert after[0] == pytest.approx(by_hand.item(), rel=1e-5)


def test_the_untaught_have_no_scales_yet():
    net, x = equivariance.untaught([20, 8, 9], seed=4), masses_and_places(30, seed=0)
    assert torch.equal(net(x), mlp([20, 8, 9], seed=4, bias=True)(x))
    assert not torch.equal(net(x), equivariance.untaught([20, 8, 9], seed=5)(x))


def test_pupils_are_the_untaught_but_for_their_state():
    """Of a pupil only numbers are kept."""
    x = torch.stack([masses_and_places(100, seed=s) for s in (0, 1)])
    settings = {"seeds": [2, 3], "batch_size": 50, "lr": 1e-3}
    pupils = equivariance.pupils(inertia, x, [8], steps=2, **settings)
    for pupil, values in zip(pupils, map(inertia, x)):
        again = equivariance.untaught([20, 8, 9], seed=0)
        assert not torch.equal(again(x[0]), pupil(x[0]))
        again.load_state_dict(pupil.state_dict())
        assert torch.equal(again(x[0]), pupil(x[0]))
        assert pupil.scale_out == values.std() and not pupil.mean_in.any() and not pupil.mean_out.any()
        assert pupil.scale_in == 1

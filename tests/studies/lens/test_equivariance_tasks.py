"""Tasks whose outputs move along: the tensor of inertia by its definition, pupils and what is measured of them."""

import numpy as np
import pytest
import torch

from liegg import find_symmetry
from liegg.actions import Linear, Tensor
from liegg.studies.lens import equivariance
from liegg.studies.lens.equivariance import PLACES, inertia, masses_and_places, three_vectors
from liegg.training.networks import EquivariantVectors

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
    untaught, taught = (equivariance.pupils(inertia, x, [64], steps=steps, **settings) for steps in (4, 400))
    before, after = (equivariance.errors(inertia, nets, fresh) for nets in (untaught, taught))
    assert all(late < 0.3 < early for early, late in zip(before, after))
    y, spread = equivariance.values(inertia, x)
    assert torch.equal(y[1], inertia(x[1])) and spread[1] == inertia(x[1]).std()
    by_hand = (taught[0](fresh) - inertia(fresh)).square().mean() / inertia(fresh).var(0).mean()
    assert after[0] == pytest.approx(by_hand.item(), rel=1e-5)


def test_measures_of_a_function_that_is_known():
    exact = find_symmetry(inertia, POINTS, PLACES, output_action=Tensor(3, 2))
    row = equivariance.measures(exact)
    assert (row["dimension"], row["algebra"], row["silent"]) == (4, "so(3) + scaling", 0)
    assert row["angle"] < 1e-6 and row["difference"] < 1e-9
    net = EquivariantVectors(3, 2, seed=0).double()
    vectors = torch.randn(300, 6, generator=torch.Generator().manual_seed(0)).double()
    row = equivariance.measures(find_symmetry(net, vectors, Linear(3, copies=2), output_action=Linear(3)))
    assert (row["dimension"], row["algebra"]) == (3, "so(3)") and row["difference"] < 1e-6


def test_measures_where_nothing_is_found():
    crooked = lambda x: torch.stack([(2 * x).cos().sum(1), (x[:, 0] * x[:, 1]).tanh(), (x**3).sum(1)], 1)
    x = torch.randn(500, 3, generator=torch.Generator().manual_seed(0)).double()
    row = equivariance.measures(find_symmetry(crooked, x, Linear(3), output_action=Linear(3)))
    assert row == {"dimension": 0, "algebra": "none", "angle": None, "difference": None, "silent": 0}

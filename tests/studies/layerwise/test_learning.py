"""The step that the pages share, and the appendix's networks: what they say of a training of seconds."""

import math

import torch

from liegg.studies.layerwise import images, separable
from liegg.studies.layerwise.learning import Plan, learn
from liegg.studies.layerwise.schedule import Schedule

FEW = Schedule(epochs=2, batch_size=50, learning_rate=0.02, burn_in=1, every=1, samples=1)


def test_a_network_is_learned_and_looked_at():
    data = images.in_quadrants("digits", "digit and quadrant", images=100, held_out=30, side=16, seed=0)
    net, found = learn(Plan("FC+CONV", "Laplace", 40, 1, "digits", 0), data, FEW)
    assert len(found["errors"]) == len(found["shares"]) == len(net.layers) == 4
    assert found["history"].shape == (2, 1 + len(found["precision"]))
    assert 0 <= found["accuracy"] <= 100 and math.isfinite(found["log_evidence"]) and 0 <= found["kept"] <= 1
    again, same = learn(Plan("FC+CONV", "Laplace", 40, 1, "digits", 0), data, FEW)
    assert same["precision"] == found["precision"]
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters()))


def test_small_digits_keep_the_first_grid_and_larger_images_the_largest():
    small = images.in_quadrants("digits", "digit", images=20, held_out=20, side=16, seed=0)
    large = images.moved("digits", "plain", images=20, held_out=20, side=32)
    grids = [
        Plan("CONV", "MAP", 10, 1, shape, 0).network(data).layers[1].paths["CONV"].grid
        for shape, data in (("digits", small), ("paper", large))
    ]
    assert grids == ["fixed", "largest"]


def test_group_convolutions_are_learned_and_looked_at():
    data = images.moved("digits", "rotated", images=100, held_out=30, side=32)
    pointwise = separable.learn("pointwise", data, FEW, width=1, shape="paper", seed=0)
    plain = separable.learn("CONV", data, FEW, width=1, shape="paper", seed=0)
    assert pointwise["turned"] < 1e-3 and pointwise["shifted"] < 1e-3
    assert plain["turned"] > 1e-2 and plain["shifted"] < 1e-3

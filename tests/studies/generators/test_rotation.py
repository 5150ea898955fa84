"""What classifiers know of rotations: measures against what they are made of, and on functions of known answer."""

import pytest
import torch
from torch import nn

from liegg import find_symmetry
from liegg.studies.generators import rotation
from liegg.studies.generators.digits import classifiers, draw
from liegg.studies.generators.regimes import features
from liegg.training.networks import UnitLogits, count

X, Y = draw("digits", "train", 120, rotated=True, seed=0)
NETS = classifiers([8, 6], seeds=[0, 1, 2])


def rings():
    """A function of images that no turn changes: means over three rings."""
    u = (torch.arange(28).double() - 13.5) / 14
    radius = (u[:, None] ** 2 + u**2).sqrt()
    filters = torch.stack([torch.exp(-((radius - c) ** 2) / 0.02) for c in (0.2, 0.4, 0.6)])
    return lambda x: torch.tanh((x * filters[:, None, None].to(x)).sum((2, 3, 4)).T / 50)


def test_a_rotation_of_unit_norm_takes_root_two_times_the_angle():
    u = torch.tensor([[1.0, 0, 0]]).double()
    (t,) = rotation.times(torch.tensor([30.0])).double()
    turned = torch.linalg.matrix_exp(t * rotation.ACTION.matrix(rotation.TURN)) @ u.T
    assert torch.rad2deg(torch.atan2(turned[1, 0].abs(), turned[0, 0])).item() == pytest.approx(30, abs=1e-4)
    assert rotation.TURN.norm().item() == pytest.approx(1)


def test_accuracy_is_the_share_of_labels_hit():
    logits = torch.tensor([[1.0, 2, 0], [5, 1, 1], [0, 0, 3], [0, 1, 0]])
    assert rotation.accuracy(logits, torch.tensor([1, 0, 1, 1])).item() == 0.75
    net = NETS[0]
    assert rotation.accuracy_of(net, X, net(X).argmax(1)) == 1


def test_the_lowest_direction_of_a_round_function_is_the_rotation_and_turns_as_it_does():
    found = find_symmetry(rings(), X.double(), rotation.ACTION)
    assert rotation.angle(found) < 0.5
    rotating = rotation.ACTION.matrix(rotation.TURN)
    rotating = rotating if rotating[1, 0] > 0 else -rotating
    assert torch.allclose(rotation.oriented(found), rotating.double(), atol=1e-2)


def test_measures_of_one_classifier():
    net, held = NETS[0], draw("digits", "test", 60, rotated=True, seed=1)
    found = find_symmetry(UnitLogits(net), X, rotation.ACTION)
    row = rotation.of_classifier(found, net, (X, Y), held)
    assert row["accuracy_validation"] == (net(X).argmax(1) == Y).float().mean().item()
    assert row["accuracy_test"] == (net(held[0]).argmax(1) == held[1]).float().mean().item()
    assert row["dimension_alone"] == found.dimension and row["gap"] == found.variance[1] / found.variance[0]
    assert row["bias_test"] == find_symmetry(UnitLogits(net), held[0], rotation.ACTION).bias(rotation.SO2)[0]
    assert 0 <= row["bias"] <= 1 and row["bias"] == found.bias(rotation.SO2)[0]


def test_measures_of_networks_of_one_kind():
    x, y, degrees = X.expand(3, *X.shape), Y.expand(3, *Y.shape), torch.tensor([0.0, 90.0])
    rows = rotation.of_kind(NETS, x, y, x, seeds=[0, 1, 2], degrees=degrees)
    together = find_symmetry([UnitLogits(net) for net in NETS], X, rotation.ACTION)
    assert [row["seed"] for row in rows] == [0, 1, 2] and {row["parameters"] for row in rows} == {count(NETS[0])}
    assert {row["coherence"] for row in rows} == {together.coherence[0].item()}
    assert {row["dimension"] for row in rows} == {together.dimension}
    for row, net in zip(rows, NETS):
        alone = find_symmetry(UnitLogits(net), X, rotation.ACTION)
        assert [row[f"variance_{k}"] for k in range(1, 7)] == alone.relative_variance.tolist()
        assert row["angle"] == rotation.angle(alone)
        assert row["drift_0.0"] < 1e-5 < 0.05 < row["drift_90.0"]


def test_measures_of_layers_are_those_of_their_features():
    rows = rotation.of_layers(NETS[0], X, Y, [1, 3])
    assert [row["layer"] for row in rows] == [1, 3] and len({row["accuracy"] for row in rows}) == 1
    for row in rows:
        found = find_symmetry(features(NETS[0], row["layer"]), X[:60], rotation.ACTION)
        assert row["ratio"] == found.variance[0] / found.variance[1] and row["chance_ratio"] == found.chance_ratio[0]
    linear = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    assert rotation.accuracy_of(linear, X, linear(X).argmax(1)) == 1

"""What is measured of classifiers of rotated digits: factors, accuracies and drifts, each at its own images."""

import pytest
import torch
from torch import nn

from liegg import decide, find_symmetry
from liegg.studies.generators import rotation
from liegg.studies.generators.digits import classifiers, draws
from liegg.studies.generators.regimes import features
from liegg.symmetry.finite import drift
from liegg.training.networks import UnitLogits

SEEDS = [0, 1, 2]
TRAINING, VALIDATION, TEST = (
    draws("digits", split, 60, rotated=True, seeds=[s + offset for s in SEEDS])
    for split, offset in (("train", 0), ("validation", 1000), ("test", 2000))
)
TURNED = draws("digits", "test", 20, rotated=True, seeds=[s + 3000 for s in SEEDS])[0]
NETS = classifiers([8, 6], seeds=SEEDS)
DEGREES = torch.tensor([45.0, 90, 180])


def hits(data):
    """The share of labels that each network hits at images of its own."""
    return [sum((net(x).argmax(1) == y).tolist()) / len(y) for net, x, y in zip(NETS, *data)]


def says(factors, function, x):
    """Whether factors say what find_symmetry says of a function at x."""
    return decide(factors, rotation.ACTION) == find_symmetry(function, x, rotation.ACTION)


@torch.no_grad()
def moved(function, x, quarters):
    """How far outputs move at quarter turns, which only exchange pixels, in their standard deviations."""
    y = function(x)
    change = function(torch.rot90(x, quarters, (2, 3))) - y
    return (change.square().mean() / (y - y.mean(0)).square().mean()).sqrt().item()


def test_a_rotation_of_unit_norm_takes_root_two_times_the_angle():
    u = torch.tensor([[1.0, 0, 0]]).double()
    (t,) = rotation.times(torch.tensor([30.0])).double()
    turned = torch.linalg.matrix_exp(t * rotation.ACTION.matrix(rotation.TURN)) @ u.T
    assert torch.rad2deg(torch.atan2(turned[1, 0].abs(), turned[0, 0])).item() == pytest.approx(30, abs=1e-4)
    assert rotation.TURN.norm().item() == pytest.approx(1)


def test_accuracy_is_the_share_of_labels_hit():
    logits = torch.tensor([[1.0, 2, 0], [5, 1, 1], [0, 0, 3], [0, 1, 0]])
    assert rotation.accuracy(logits, torch.tensor([1, 0, 1, 1])).item() == 0.75
    x = TEST[0][0]
    for net in (NETS[0], nn.Sequential(nn.Flatten(), nn.Linear(784, 10))):
        assert rotation.accuracy_of(net, x, net(x).argmax(1)) == 1


def test_drifts_are_those_of_each_function_at_its_own_images():
    functions = [UnitLogits(net) for net in NETS]
    found = rotation.drifts(functions, TURNED, torch.tensor([0.0, 90, 180, 360]))
    assert found.shape == (3, 4)
    for row, function, x in zip(found.tolist(), functions, TURNED):
        assert row[:2] == pytest.approx([0, moved(function, x, 1)], abs=1e-4)
        assert row[2:] == pytest.approx([moved(function, x, 2), 0], abs=1e-4)
        assert min(row[1:3]) > 0.05


def test_measures_of_classifiers_are_each_at_its_own_images():
    measured = rotation.of_classifiers(NETS, TRAINING, VALIDATION, TEST, TURNED, DEGREES)
    functions = [UnitLogits(net) for net in NETS]
    for a, function in enumerate(functions):
        assert says(measured["alone"][a], function, TRAINING[0][a])
        assert says(measured["alone_test"][a], function, TEST[0][a])
        along = drift(function, TURNED[a], rotation.ACTION, rotation.TURN, rotation.times(DEGREES))
        assert torch.equal(measured["drift"][a], along)
    assert says(measured["together"], functions, TEST[0][0])
    assert measured["accuracy_validation"] == pytest.approx(hits(VALIDATION))
    assert measured["accuracy_test"] == pytest.approx(hits(TEST))
    assert len(set(map(len, (measured["alone"], measured["alone_test"], measured["drift"], NETS)))) == 1


def test_measures_of_networks_of_one_kind():
    measured = rotation.of_architecture(NETS, TEST, TURNED, DEGREES)
    same = rotation.of_classifiers(NETS, TRAINING, VALIDATION, TEST, TURNED, DEGREES)
    assert measured["parameters"] == 784 * 8 + 8 * 6 + 6 * 10
    assert measured["accuracy"] == same["accuracy_test"] and torch.equal(measured["drift"], same["drift"])
    functions = [UnitLogits(net) for net in NETS]
    assert all(map(says, measured["alone"], functions, TEST[0])) and len(measured["alone"]) == 3
    assert says(measured["together"], functions, TEST[0][0])


def test_measures_of_layers_are_those_of_their_features():
    x, y = TEST[0][1], TEST[1][1]
    measured = rotation.of_layers(NETS[1], x, y, [1, 3])
    assert measured["accuracy"] == pytest.approx(hits(TEST)[1])
    assert [layer["layer"] for layer in measured["layers"]] == [1, 3]
    for layer in measured["layers"]:
        F = features(NETS[1], layer["layer"])
        assert says(layer["alone"], F, x[:30])
        assert layer["drift_90"] == pytest.approx(moved(F, x[:30], 1), abs=1e-4)

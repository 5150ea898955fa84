"""What page 12 measures of each kind of network: which images it is shown, trained on and turned with."""

import pytest
import torch

from liegg import decide, find_symmetry
from liegg.studies.generators import digits, rotation
from liegg.studies.generators.digit_networks import KINDS, of_kind
from liegg.training.networks import UnitLogits

SEEDS, DEGREES = [0, 1, 2], torch.tensor([45.0, 90.0])
SIZES = {"images": 60, "held_out": 60, "seeds": SEEDS, "degrees": DEGREES}
SETTINGS = {"batch_size": 30, "lr": 1e-3, "carrying": torch.rand(1, 1, 28, 28)}


def draws(split, number, offset, rotated):
    return digits.draws("digits", split, number, rotated=rotated, seeds=[s + offset for s in SEEDS])


def same(factors, functions, x):
    found, expected = decide(factors, rotation.ACTION), find_symmetry(functions, x, rotation.ACTION)
    return torch.allclose(found.variance, expected.variance, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_measured_with_digits_of_its_own(kind):
    """After no epoch: networks that can be built by hand."""
    measured = of_kind(kind, "digits", [6], epochs=0, **SIZES, **SETTINGS)
    rotated = kind != "upright"
    nets = digits.classifiers([6], seeds=[s + 1000 * (kind == "untrained") for s in SEEDS])
    F = [UnitLogits(net) for net in nets]
    (x, y), (x_test, y_test) = draws("train", 60, 0, rotated), draws("test", 60, 2000, rotated)
    if kind == "shuffled":  # what the first network would have learned from, for all
        order = torch.randperm(60, generator=torch.Generator().manual_seed(0))
        x, y = x[:1].expand_as(x), y[:1, order].expand_as(y)
    x_held, y_held = draws("validation", 60, 1000, rotated)
    for a, net in enumerate(nets):
        assert same(measured["alone"][a], F[a], x[a]) and same(measured["alone_test"][a], F[a], x_test[a])
        assert measured["accuracy_training"][a] == rotation.accuracy_of(net, x[a], y[a])
        assert measured["accuracy_test"][a] == rotation.accuracy_of(net, x_test[a], y_test[a])
        assert measured["accuracy_validation"][a] == rotation.accuracy_of(net, x_held[a], y_held[a])
    assert same(measured["together"], F, x_test[0])
    turned = draws("test", 60, 2000, True)[0]
    assert torch.allclose(measured["drift"], rotation.drifts(F, turned, DEGREES))


def test_only_one_kind_is_not_trained():
    for kind in KINDS:
        before, after = (of_kind(kind, "digits", [6], epochs=e, **SIZES, **SETTINGS)["alone"][0] for e in (0, 3))
        moved = not torch.allclose(before.matched[0].triangle, after.matched[0].triangle)
        assert moved == (kind != "untrained")


def test_shuffled_labels_are_learned_by_heart_and_tell_nothing():
    settings = SIZES | SETTINGS | {"images": 30, "held_out": 400, "lr": 3e-3}
    measured = of_kind("shuffled", "digits", [64, 64], epochs=150, **settings)
    assert min(measured["accuracy_training"]) > 0.95 and max(measured["accuracy_test"]) < 0.3
    together = decide(measured["together"], rotation.ACTION)
    assert together.coherence_interval[:, 0].max() > 0.25 and together.dimension == 0

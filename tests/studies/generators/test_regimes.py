"""Ways to train a classifier, each against its stages one by one, and a look at its layers."""

import pytest
import torch
from torch import nn

from liegg import train
from liegg.studies.fit import fit
from liegg.studies.generators import matched, regimes, rotation
from liegg.studies.generators.digits import classifiers, draws
from liegg.training.networks import mlp

IMAGES = torch.randn(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
SETTINGS = {"seeds": [3, 4], "batch_size": 20, "lr": 1e-3}


def digits(rotated):
    return draws("digits", "train", 40, rotated=rotated, seeds=(0, 1))


def weights(nets):
    return [torch.cat([p.detach().flatten() for p in net.parameters()]) for net in nets]


def same(ones, others):
    return all(torch.allclose(a, b, atol=1e-6) for a, b in zip(weights(ones), weights(others)))


def test_features_are_unit_activities_of_a_layer():
    (net,) = classifiers([8, 6], seeds=[0])
    hidden = nn.functional.silu(IMAGES.flatten(1) @ net[1].weight.T)
    layers = [hidden, nn.functional.silu(hidden @ net[3].weight.T), net(IMAGES)]
    for layer, values in enumerate(layers, 1):
        assert torch.allclose(regimes.features(net, layer)(IMAGES), nn.functional.normalize(values), atol=1e-6)


def test_pretraining_is_one_training_after_the_other():
    rotated, upright = digits(True), digits(False)
    ours, theirs, neither = (classifiers([8, 6], seeds=[0, 1]) for _ in range(3))
    regimes.pretrained(ours, rotated, upright, 5, **SETTINGS)
    for part, epochs in ((upright, 2), (rotated, 3)):
        train(theirs, *part, nn.functional.cross_entropy, epochs=epochs, anneal=True, **SETTINGS)
    regimes.end_to_end(neither, rotated, upright, 5, **SETTINGS)
    assert same(ours, theirs) and not same(ours, neither)


def test_layer_by_layer_trains_one_layer_at_a_time():
    rotated = digits(True)
    nets, first, start = (classifiers([8, 6], seeds=[0, 1]) for _ in range(3))
    regimes.layer_by_layer(nets, rotated, digits(False), 4, **SETTINGS)
    stages = [nn.Sequential(*net[:3], mlp([8, 10], seed=s)[-1]) for net, s in zip(first, SETTINGS["seeds"])]
    train(stages, *rotated, nn.functional.cross_entropy, epochs=2, anneal=True, **SETTINGS)
    for net, once, untrained in zip(nets, first, start):
        assert torch.allclose(net[1].weight, once[1].weight, atol=1e-6)  # as the first stage left it
        for layer in (1, 3, 5):
            assert (net[layer].weight - untrained[layer].weight).abs().max() > 1e-4
        assert all(p.requires_grad for p in net.parameters())


def test_layer_by_layer_needs_an_epoch_a_layer():
    with pytest.raises(ValueError, match="2 hidden layers, one by one, need at least 2 epochs, not 1"):
        regimes.layer_by_layer(classifiers([8, 6], seeds=[0]), digits(True), digits(False), 1, **SETTINGS)


def test_a_training_ends_where_networks_are_as_accurate_as_others():
    """Each as it was after the epoch, the first of several, whose accuracy is nearest to its partner's."""
    rotated, test = digits(True), draws("digits", "test", 60, rotated=True, seeds=(7, 8))
    learned = lambda epochs, **more: fit(
        classifiers([30], seeds=[0, 1]), *rotated, epochs=epochs, **SETTINGS | {"lr": 1e-2}, **more
    )
    partners = learned(5)
    stopped = learned(12, **matched.nearest_accuracy(partners, test))
    passed = [learned(epochs) for epochs in range(1, 13)]
    for a, (x, y) in enumerate(zip(*test)):
        accuracies = [rotation.accuracy_of(nets[a], x, y) for nets in passed]
        apart = [abs(accuracy - accuracies[4]) for accuracy in accuracies]
        assert len({*accuracies}) > 3 and same([stopped[a]], [passed[apart.index(0)][a]])

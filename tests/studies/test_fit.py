"""Training as the studies do it: the loss that suits the targets, epochs or steps."""

import pytest
import torch
from torch import nn

from liegg import train
from liegg.studies.fit import fit
from liegg.training.networks import mlp

SETTINGS = {"seeds": [0, 1], "batch_size": 10, "lr": 1e-2}
X = torch.randn(2, 25, 3, generator=torch.Generator().manual_seed(0))


def nets(outputs):
    return [mlp([3, 8, outputs], seed=seed) for seed in range(2)]


def same(ones, others):
    return all(
        torch.equal(a, b) for one, other in zip(ones, others) for a, b in zip(one.parameters(), other.parameters())
    )


@pytest.mark.parametrize(
    ("y", "outputs", "loss"),
    [
        (X.sum(2, keepdim=True), 1, nn.functional.mse_loss),
        ((X.sum(2) > 0).long(), 2, nn.functional.cross_entropy),
    ],
    ids=["numbers", "labels"],
)
def test_targets_choose_the_loss(y, outputs, loss):
    ours, theirs = nets(outputs), nets(outputs)
    returned = fit(ours, X, y, epochs=3, **SETTINGS)
    train(theirs, X, y, loss, epochs=3, **SETTINGS)
    assert (
        all(a is b for a, b in zip(returned, ours, strict=True))
        and same(ours, theirs)
        and not same(ours, nets(outputs))
    )


@pytest.mark.parametrize(("steps", "epochs"), [(1, 1), (3, 1), (4, 2), (12, 4), (13, 5)])
def test_steps_are_completed_to_whole_passes(steps, epochs):
    """Twenty-five points in batches of ten: three steps a pass."""
    y = X.sum(2, keepdim=True)
    by_steps, by_epochs = fit(nets(1), X, y, steps=steps, **SETTINGS), fit(nets(1), X, y, epochs=epochs, **SETTINGS)
    assert same(by_steps, by_epochs)


@pytest.mark.parametrize("length", [{}, {"epochs": 1, "steps": 3}])
def test_epochs_or_steps_but_not_both(length):
    with pytest.raises(ValueError, match="give epochs or steps, one of the two"):
        fit(nets(1), X, X.sum(2, keepdim=True), **length, **SETTINGS)


def test_settings_reach_the_training():
    y = X.sum(2, keepdim=True)
    ours, theirs = nets(1), nets(1)
    fit(ours, X, y, epochs=4, anneal=True, weight_decay=0.1, **SETTINGS)
    train(theirs, X, y, nn.functional.mse_loss, epochs=4, anneal=True, weight_decay=0.1, **SETTINGS)
    assert same(ours, theirs) and not same(ours, fit(nets(1), X, y, epochs=4, **SETTINGS))

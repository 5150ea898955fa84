"""Digits carried along a network's directions: known motions, and the finite check as an oracle."""

import math

import pytest
import torch
from torch import nn

from liegg.studies.generators import digits, rotation
from liegg.studies.generators.carried import FULL_TURN, REACH, STEPS, carried, oriented
from liegg.symmetry.finite import drift
from liegg.symmetry.stream import polarize
from liegg.training.networks import UnitLogits

ACTION = rotation.ACTION
DIGITS = digits.blur_and_standardize(torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(1)))
BLOBS = digits.blur_and_standardize(torch.rand(80, 1, 28, 28, generator=torch.Generator().manual_seed(0)), sigma=3)
MIDDLE = STEPS
FORWARDS = ACTION.coefficients(torch.tensor([[0.0, -1.0], [1.0, 0.0]])).double() / math.sqrt(2)


class Moments(nn.Module):
    """Mass and its moment of inertia, by a window that is round and ends within the image: turning leaves them."""

    def forward(self, x):
        u = torch.linspace(-1, 1, 28)
        squared = (u**2 + u[:, None] ** 2).clamp(max=1)
        window = (1 - squared) ** 2
        return torch.stack([(x * window * squared**k).mean((1, 2, 3)) + 0.05 for k in range(3)], -1)


@pytest.fixture(scope="module")
def of_moments():
    return carried([Moments()], polarize(UnitLogits(Moments()), BLOBS, ACTION), BLOBS, DIGITS)


def test_what_cannot_see_a_rotation_stands_still_along_it(of_moments):
    lowest, times = of_moments["directions"][0], of_moments["times"]
    assert lowest @ FORWARDS > 0.99 and times[0, -1] == -times[0, 0] == FULL_TURN
    assert (times[1:, -1] == REACH).all()
    assert of_moments["change"][0, 0].max() < 0.1 < 0.3 < of_moments["change"][0, 1:, [0, -1]].min()


def test_nothing_moves_at_time_zero(of_moments):
    assert (of_moments["times"][:, MIDDLE] == 0).all()
    for name in ("change", "moved"):
        assert of_moments[name][..., MIDDLE].max() < 1e-4
    assert torch.allclose(of_moments["logits"][:, :, MIDDLE], Moments()(DIGITS)[:, None], atol=1e-5)
    for direction in of_moments["directions"]:
        assert torch.allclose(ACTION.act(direction, DIGITS, 0.0), DIGITS, atol=1e-4)


def test_changes_are_those_of_the_finite_check():
    nets = digits.classifiers([6], seeds=[0, 1, 2])
    functions = [UnitLogits(net) for net in nets]
    of = carried(nets, polarize(functions[0], BLOBS, ACTION), BLOBS, DIGITS)
    assert of["change"].shape == (3, 6, 2 * STEPS + 1) and of["logits"].shape == (2, 6, 2 * STEPS + 1, 10)
    for k in (0, 5):
        for F, change in zip(functions, of["change"]):
            assert torch.allclose(change[k], drift(F, BLOBS, ACTION, of["directions"][k], of["times"][k]), atol=1e-5)
    y, t = functions[0](BLOBS), of["times"][2, 4]
    moved = functions[0](ACTION.act(of["directions"][2], DIGITS, t)) - functions[0](DIGITS)
    scale = (y - y.mean(0)).square().mean().sqrt()
    assert torch.allclose(of["moved"][:, 2, 4], (moved.square().mean(-1).sqrt() / scale).double(), rtol=1e-4)


def test_rotations_turn_the_same_way():
    turn, scaling = FORWARDS, torch.tensor([1.0, 0, 0, 0, 1, 0]).double() / math.sqrt(2)
    leaning = (0.6 * turn + 0.8 * scaling, -0.6 * turn + 0.8 * scaling)
    assert torch.equal(oriented(torch.stack([turn, -turn, *leaning])), torch.stack([turn, turn, *leaning]))

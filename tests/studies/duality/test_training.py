"""Ensembles in training: every network as it would train alone, and what commutes with the action of SO(D)."""

import pytest
import torch
from scipy.stats import special_ortho_group

from liegg.studies.duality.ensembles import Density
from liegg.studies.duality.training import fixed_targets, norm_loss, train

X = torch.tensor([[1.0, 0.5], [-0.5, 1.0], [0.3, -1.2]])
Y = torch.tensor([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 0.5]])


@pytest.fixture
def networks():
    return Density(2, 3, 6).draw(5, torch.Generator().manual_seed(0))


def turned(networks):
    R = torch.tensor(special_ortho_group.rvs(3, random_state=1), dtype=torch.float32)
    return networks._replace(W1=R @ networks.W1), R


@pytest.mark.parametrize(("optimizer", "kind"), [("gradient descent", torch.optim.SGD), ("Adam", torch.optim.Adam)])
def test_each_network_trains_as_it_would_alone(networks, optimizer, kind):
    trained = train(networks, X, fixed_targets(Y), optimizer=optimizer, steps=7, lr=0.05)
    for i in range(5):
        W0, W1 = (part[i].clone().requires_grad_() for part in (networks.W0, networks.W1))
        rule = kind([W0, W1], lr=0.05)
        for _ in range(7):
            rule.zero_grad()
            f = torch.tanh(X @ W0.T + networks.b0[i]) @ W1.T
            (f - Y).square().sum(1).mean().backward()
            rule.step()
        assert torch.allclose(trained.W1[i], W1, atol=1e-5) and torch.allclose(trained.W0[i], W0, atol=1e-5)


@pytest.mark.parametrize(
    ("loss", "optimizer", "kept"),
    [
        (norm_loss, "gradient descent", True),
        (norm_loss, "Adam", False),
        (fixed_targets(Y), "gradient descent", False),
    ],
)
def test_what_a_rotation_of_the_outputs_does_to_training(networks, loss, optimizer, kept):
    moved, R = turned(networks)
    one, other = (train(n, X, loss, optimizer=optimizer, steps=20, lr=0.05)(X) for n in (networks, moved))
    assert torch.allclose(one @ R.T, other, atol=1e-4) == kept


def test_losses():
    f = torch.tensor([[[3.0, 4.0, 0.0]]])
    assert norm_loss(f).item() == pytest.approx((26**0.5 - 2**0.5) ** 2)
    assert fixed_targets(torch.tensor([[1.0, 0, 0]]))(f).item() == pytest.approx(4 + 16)

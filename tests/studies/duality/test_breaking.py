"""Networks trained side by side are those that a plain loop trains; cells, targets and data are what they say."""

import pytest
import torch
from torch import nn

from liegg.data import files
from liegg.studies.duality import breaking
from liegg.studies.duality.breaking import Cell

SETTINGS = {"width": 20, "epochs": 3, "batch_size": 50, "lr": 3e-3, "decay": 0.7}
CELLS = [Cell(0.0), Cell(0.1, 4), Cell(0.05, cold=True), Cell(0.05, direction="orthogonal", cold=True)]


@pytest.fixture(scope="module")
def few():
    x, y, x_test, y_test = breaking.data("digits")
    return x[:400], y[:400], x_test, y_test


@pytest.fixture(scope="module")
def trained(few):
    return breaking.train(few, CELLS, seed=5, **SETTINGS)


def alone(few, cell, *, seed):
    """Accuracy after every epoch of one network trained with torch's own parts, and its first test loss."""
    x, y, x_test, y_test = few
    generator = torch.Generator().manual_seed(seed)
    W0 = torch.randn(64, 20, generator=generator) / 8
    W1 = torch.randn(20, 10, generator=generator) / 20**0.5 + cell.shift()
    orders = [torch.randperm(len(x), generator=generator) for _ in range(3)]
    net = nn.Sequential(nn.Linear(64, 20, bias=False), nn.ReLU(), nn.Linear(20, 10, bias=False))
    net[0].weight.data, net[2].weight.data = W0.T.clone(), W1.T.clone()
    target = lambda labels: (labels[:, None] == torch.arange(10)).float().sub(float(cell.cold)).abs()
    answer = lambda outputs: outputs.argmin(1) if cell.cold else outputs.argmax(1)
    optimizer, loss = torch.optim.Adam(net.parameters(), lr=3e-3), nn.MSELoss()
    first, accuracies = loss(net(x_test), target(y_test)).item(), []
    for epoch, order in enumerate(orders):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * 0.7**epoch
        for batch in order.split(50):
            optimizer.zero_grad()
            loss(net(x[batch]), target(y[batch])).backward()
            optimizer.step()
        accuracies.append(100 * (answer(net(x_test)) == y_test).double().mean().item())
    return accuracies, first


@pytest.mark.parametrize("i", range(len(CELLS)))
def test_each_network_trains_as_it_would_alone(few, trained, i):
    accuracies, first = alone(few, CELLS[i], seed=5)
    assert trained["accuracy"][i].tolist() == pytest.approx(accuracies, abs=0.6)  # two of 360 images, by rounding
    assert trained["loss"][i].item() == pytest.approx(first, rel=1e-5)


def test_groups_do_not_matter(few, trained, monkeypatch):
    monkeypatch.setattr(breaking, "GROUP", 3)
    again = breaking.train(few, CELLS, seed=5, **SETTINGS)
    assert torch.allclose(again["accuracy"], trained["accuracy"], atol=0.6)
    assert torch.allclose(again["loss"], trained["loss"])


def test_the_grid_holds_the_symmetric_network_once():
    cells = breaking.grid([0, 2, 10], [0.0, 0.1, 0.2])
    assert cells == [Cell(0.0), Cell(0.1, 2), Cell(0.2, 2), Cell(0.1, 10), Cell(0.2, 10)]
    assert cells[1].shift().tolist() == pytest.approx([0.1, 0.1] + 8 * [0.0])


def test_means_of_every_direction_are_equally_long():
    cells = breaking.curve([0.0, 0.03], 0.03)
    controls = [cell for cell in cells if cell.mean]
    assert len(cells) == len(set(cells)) == 2 + 8 and sum(cell.cold for cell in cells) == 5
    assert all(cell.shift().norm().item() == pytest.approx(0.03 * 10**0.5) for cell in controls)
    ones = torch.ones(10) / 10**0.5
    cosines = {name: (d @ ones / d.norm()).item() for name, d in breaking.DIRECTIONS.items()}
    assert cosines == pytest.approx({"aligned": 1, "half": 0.5**0.5, "orthogonal": 0, "opposed": -1}, abs=1e-6)


def test_digits_are_split_by_class_and_standardised():
    x, y, x_test, y_test = breaking.data("digits")
    assert x.shape == (1437, 64) and x_test.shape == (360, 64)
    assert (y.bincount() / len(y) - y_test.bincount() / len(y_test)).abs().max() < 0.005
    assert torch.cat([x, x_test]).min().item() == pytest.approx(-breaking.MEAN / breaking.STD)


def test_fashion_mnist_is_whole():
    if not (files.folder() / "fashion-mnist").is_dir():
        pytest.skip("Fashion-MNIST is not at hand: set LIEGG_DATA to a folder that holds it")
    x, y, x_test, y_test = breaking.data("fashion-mnist")
    assert x.shape == (60000, 784) and x_test.shape == (10000, 784)
    pixels = x * breaking.STD + breaking.MEAN
    assert pixels.mean().item() == pytest.approx(0.28604, abs=1e-5)
    assert pixels.std().item() == pytest.approx(0.35302, abs=1e-5)
    assert y.bincount().tolist() == [6000] * 10 and y_test.bincount().tolist() == [1000] * 10


def test_unknown_data():
    with pytest.raises(ValueError, match='unknown dataset "cifar"'):
        breaking.data("cifar")

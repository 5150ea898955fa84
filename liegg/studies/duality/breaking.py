"""Classifiers whose output weights begin with a mean: how accuracy depends on the broken symmetry (E2 to E4).

A network 784 - N - 10 without biases, f(x) = W1 relu(W0 x), begins with W0 ~ N(0, 1/d) and W1 ~ N(0, 1/N). Then the
density of networks is symmetric under SO(10) of the outputs. A mean added to the rows of W1 breaks it.
"""

import functools
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor
from torch.nn.functional import one_hot, relu

from liegg import progress
from liegg.data import images
from liegg.devices import resolve

CLASSES = 10
MEAN, STD = 0.1307, 0.3081  # what images are standardised with: the constants of MNIST, as in the authors' code
GROUP = 34  # networks in one product: as many as stay in a processor's cache

DIRECTIONS = {
    "aligned": torch.ones(CLASSES),
    "half": 2**0.5 * (torch.arange(CLASSES) < CLASSES // 2).float(),
    "orthogonal": 1 - 2 * (torch.arange(CLASSES) % 2).float(),
    "opposed": -torch.ones(CLASSES),
}
"""Means of equal length over the outputs, by how they lie to (1, ..., 1), the direction of the mean one-cold target."""

Data = tuple[Tensor, Tensor, Tensor, Tensor]


class Cell(NamedTuple):
    """One network of a run: the mean of its output weights, and the targets that it is trained on."""

    mean: float
    rows: int = CLASSES
    """k: how many outputs have it, the first ones, where the direction is aligned"""
    direction: str = "aligned"
    cold: bool = False
    """one-cold targets, 1 - one-hot, where the least output is the answer"""

    def shift(self) -> Tensor:
        """(10,) the mean of every output's weights."""
        return self.mean * DIRECTIONS[self.direction] * (torch.arange(CLASSES) < self.rows)


def grid(rows: Sequence[int], means: Sequence[float]) -> list[Cell]:
    """The cells of E2 and E3 that differ: where k or the mean is zero there is one network, the symmetric one."""
    return [Cell(0.0), *(Cell(mean, k) for k, mean in product(rows, means) if k and mean)]


def curve(means: Sequence[float], control: float) -> list[Cell]:
    """The cells of E4, one-cold, and those of the control: both kinds of targets with means of one length along every
    direction, and without."""
    controls = [Cell(control, direction=name, cold=cold) for cold, name in product((True, False), DIRECTIONS)]
    return list(dict.fromkeys([*(Cell(mean, cold=True) for mean in means), *controls, Cell(0.0), Cell(0.0, cold=True)]))


@functools.cache
def data(name: str) -> Data:
    """Standardised images (N, d) and labels (N,) for training, then for testing.

    "fashion-mnist": all 60000 and 10000. "digits": scikit-learn's at their own 8 x 8 pixels, 1437 and 360, split by
    class. Raises ValueError for another name.
    """
    if name == "fashion-mnist":
        (x, y), (x_test, y_test) = images(name, "train"), images(name, "test")
    elif name == "digits":
        x, y = (torch.tensor(part) for part in load_digits(return_X_y=True))
        parts = train_test_split(x.float() / 16, y, test_size=360, stratify=y, random_state=0)
        x, x_test, y, y_test = parts
    else:
        raise ValueError(f'unknown dataset "{name}": there are fashion-mnist, digits')
    x, x_test = ((part.flatten(1) - MEAN) / STD for part in (x, x_test))
    return x, y, x_test, y_test


def train(
    data: Data,
    cells: Sequence[Cell],
    *,
    seed: int,
    width: int,
    epochs: int,
    batch_size: int,
    lr: float,
    decay: float,
    device: str | None = None,
) -> dict[str, Tensor]:
    """One run: E networks that begin with the same draw but for their means, and see the data in the same order.

    cells     E cells, a network each
    seed      of the initial weights and of the order
    decay     of the learning rate of Adam, after every epoch

    The loss is the mean square over outputs and batch. Returns accuracy (E, epochs) on the test images after every
    epoch, in percent; loss (E,) on them before the first, and hidden (), the mean of relu(W0 x) on them.
    """
    generator = torch.Generator().manual_seed(seed)
    d = data[0].shape[1]
    weights = torch.randn(d, width, generator=generator) / d**0.5, torch.randn(width, CLASSES, generator=generator)
    orders = [torch.randperm(len(data[0]), generator=generator) for _ in range(epochs)]
    where = resolve(device or "cpu")
    x, y, x_test, y_test = (part.to(where) for part in data)
    first, last = weights[0].to(where), weights[1].to(where) / width**0.5
    shifts = torch.stack([cell.shift() for cell in cells]).to(where)
    signs = torch.tensor([-1.0 if cell.cold else 1.0 for cell in cells], device=where)
    groups = list(zip(shifts.split(GROUP), signs.split(GROUP)))
    losses, accuracies = [], []
    for place, (means, sign) in enumerate(groups):
        W0 = first.repeat(1, len(means)).requires_grad_()  # (d, E·N): one product for all networks
        W1 = (last + means[:, None]).requires_grad_()  # (E, N, 10)
        optimizer = torch.optim.Adam([W0, W1], lr=lr, fused=True)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, decay)
        losses.append(_losses(_outputs(x_test, W0, W1), y_test, sign).detach())
        seen = []
        for epoch, order in enumerate(orders, 1):
            for batch in order.to(where).split(batch_size):
                optimizer.zero_grad()
                _losses(_outputs(x[batch], W0, W1), y[batch], sign).sum().backward()
                optimizer.step()
            schedule.step()
            seen.append(_accuracy(_outputs(x_test, W0, W1).detach(), y_test, sign))
            progress.show(f"networks {GROUP * place + 1} to {GROUP * place + len(means)}, epoch {epoch} of {epochs}")
        accuracies.append(torch.stack(seen, 1))
    hidden = relu(x_test @ first).mean()
    return {"accuracy": torch.cat(accuracies).cpu(), "loss": torch.cat(losses).cpu(), "hidden": hidden.cpu()}


def _outputs(x: Tensor, W0: Tensor, W1: Tensor) -> Tensor:
    """(E, B, 10) the outputs of E networks on the same samples (B, d)."""
    hidden = relu(x @ W0).unflatten(1, (len(W1), -1)).transpose(0, 1)
    return hidden @ W1


def _losses(outputs: Tensor, labels: Tensor, sign: Tensor) -> Tensor:
    """(E,) mean square errors; a one-cold target is one less the one-hot target."""
    target = one_hot(labels, CLASSES).to(outputs.dtype)
    s = sign[:, None, None]
    return (outputs - (s * target + (1 - s) / 2)).square().mean((1, 2))


def _accuracy(outputs: Tensor, labels: Tensor, sign: Tensor) -> Tensor:
    """(E,) percent of the labels that the largest output names, or the least where targets are one-cold."""
    return 100 * ((sign[:, None, None] * outputs).argmax(-1) == labels).double().mean(1)

"""Training one network after the other, and the arithmetic of training many at once without anything else."""

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import grad, vmap
from torch.nn.functional import linear, mse_loss, silu
from torch.utils.data import DataLoader, TensorDataset

aten = torch.ops.aten


def with_loader(
    net: nn.Module, x: Tensor, y: Tensor, *, epochs: int, batch_size: int, lr: float, weight_decay: float, device: str
) -> None:
    """The usual loop: a DataLoader that shuffles points x (N, d) and values y (N, 1), and Adam."""
    net = net.to(device)
    optimizer = torch.optim.Adam(net.parameters(), lr=lr, weight_decay=weight_decay)
    loader = DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=True)
    for _ in range(epochs):
        for points, values in loader:
            _step(net, optimizer, points.to(device), values.to(device))
    _wait(device)


def with_tensors(
    net: nn.Module, x: Tensor, y: Tensor, *, epochs: int, batch_size: int, lr: float, weight_decay: float, device: str
) -> None:
    """The same without the DataLoader: rows of tensors, in an order that is drawn for each epoch."""
    net, x, y = net.to(device), x.to(device), y.to(device)
    optimizer = torch.optim.Adam(net.parameters(), lr=lr, weight_decay=weight_decay)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).to(device).split(batch_size):
            _step(net, optimizer, x[rows], y[rows])
    _wait(device)


def _step(net: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> None:
    optimizer.zero_grad()
    mse_loss(net(x), y).backward()
    optimizer.step()


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


class _Arrays:
    """Weights of M networks 10-32-32-1, a batch of B points of each, and room for what is computed of them."""

    def __init__(self, M: int, B: int, device: str):
        new = lambda *shape: torch.randn(M, *shape, device=device) / 10
        self.x, self.y = new(B, 10), new(B, 1)
        self.w1, self.w2, self.w3 = new(32, 10), new(32, 32), new(1, 32)
        self.g1, self.g2, self.g3 = new(32, 10), new(32, 32), new(1, 32)
        self.z1, self.h1, self.d1, self.z2, self.h2, self.d2 = (new(B, 32) for _ in range(6))
        self.out = new(B, 1)


def by_hand(networks: int, steps: int, batch_size: int, device: str) -> Callable[[], None]:
    """Forward and backward passes written out, into arrays that are there already; no optimiser, always one batch."""
    a = _Arrays(networks, batch_size, device)

    def step() -> None:
        torch.bmm(a.x, a.w1.mT, out=a.z1)
        aten.silu.out(a.z1, out=a.h1)
        torch.bmm(a.h1, a.w2.mT, out=a.z2)
        aten.silu.out(a.z2, out=a.h2)
        torch.bmm(a.h2, a.w3.mT, out=a.out)
        error = (a.out - a.y) * (2 / batch_size)
        torch.bmm(error.mT, a.h2, out=a.g3)
        torch.mul(error, a.w3, out=a.d2)
        aten.silu_backward.grad_input(a.d2, a.z2, grad_input=a.d2)
        torch.bmm(a.d2.mT, a.h1, out=a.g2)
        torch.bmm(a.d2, a.w2, out=a.d1)
        aten.silu_backward.grad_input(a.d1, a.z1, grad_input=a.d1)
        torch.bmm(a.d1.mT, a.x, out=a.g1)

    return lambda: (_repeat(step, steps), _wait(device))


def arithmetic(networks: int, steps: int, batch_size: int, device: str) -> Callable[[], None]:
    """The floor: the eight matrix products of a step, and one exponential for each hidden unit and sample."""
    a = _Arrays(networks, batch_size, device)

    def step() -> None:
        torch.bmm(a.x, a.w1.mT, out=a.z1)
        torch.bmm(a.h1, a.w2.mT, out=a.z2)
        torch.bmm(a.h2, a.w3.mT, out=a.out)
        torch.exp(a.z1, out=a.h1)
        torch.exp(a.z2, out=a.h2)
        torch.bmm(a.out.mT, a.h2, out=a.g3)
        torch.bmm(a.out, a.w3, out=a.d2)
        torch.bmm(a.d2.mT, a.h1, out=a.g2)
        torch.bmm(a.d2, a.w2, out=a.d1)
        torch.bmm(a.d1.mT, a.x, out=a.g1)

    return lambda: (_repeat(step, steps), _wait(device))


def compiled(networks: int, steps: int, batch_size: int, device: str) -> tuple[Callable[[], None], float]:
    """The same gradients by torch.compile, and how many seconds compiling them took; needs a C++ compiler."""
    a = _Arrays(networks, batch_size, device)

    def loss(w1: Tensor, w2: Tensor, w3: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return mse_loss(linear(silu(linear(silu(linear(x, w1)), w2)), w3), y)

    gradients = torch.compile(vmap(grad(loss, argnums=(0, 1, 2))))
    step = lambda: gradients(a.w1, a.w2, a.w3, a.x, a.y)
    began = time.perf_counter()
    step()
    _wait(device)
    return lambda: (_repeat(step, steps), _wait(device)), time.perf_counter() - began


def _repeat(step: Callable[[], None], steps: int) -> None:
    for _ in range(steps):
        step()

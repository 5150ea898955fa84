"""The networks of the experiments."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


def mlp(sizes: Sequence[int], *, seed: int, bias: bool = False) -> nn.Sequential:
    """A multilayer perceptron, Swish between its layers (torch calls it SiLU); LieGG's experiments have no biases.

    `sizes` counts input, hidden and output units; inputs of any shape (B, ...) are flattened. Weights and biases have
    torch's default distribution, drawn from `seed`.
    """
    layers: list[nn.Module] = [nn.Flatten()]
    generator = torch.Generator().manual_seed(seed)
    for i, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        linear = nn.utils.skip_init(nn.Linear, fan_in, fan_out, bias=bias)
        for parameter in linear.parameters():
            nn.init.uniform_(parameter, -(fan_in**-0.5), fan_in**-0.5, generator=generator)
        layers += [nn.SiLU()] * (i > 0) + [linear]
    return nn.Sequential(*layers)


def vector_scale(x: Tensor, copies: int) -> Tensor:
    """(copies * n,) the root mean square entry of each of the vectors in x (N, copies * n).

    One scale a vector leaves the Lie algebra that acts on it what it is.
    """
    n = x.shape[1] // copies
    return x.unflatten(1, (copies, n)).square().mean((0, 2)).sqrt().repeat_interleave(n)


def regressor(hidden: Sequence[int], x: Tensor, y: Tensor, copies: int, *, seed: int) -> "Standardized":
    """An untrained network without biases for points like x (N, copies * n) and values like y (N, 1)."""
    net = mlp([x.shape[1], *hidden, 1], seed=seed)
    return Standardized(net, torch.zeros(x.shape[1]), vector_scale(x, copies), y.mean(), y.std())


class Standardized(nn.Module):
    """A network between fixed scales: y = mean_out + scale_out * net((x - mean_in) / scale_in)."""

    def __init__(self, net: nn.Module, mean_in: Tensor, scale_in: Tensor, mean_out: Tensor, scale_out: Tensor):
        super().__init__()
        self.net = net
        self.register_buffer("mean_in", torch.as_tensor(mean_in))
        self.register_buffer("scale_in", torch.as_tensor(scale_in))
        self.register_buffer("mean_out", torch.as_tensor(mean_out))
        self.register_buffer("scale_out", torch.as_tensor(scale_out))

    def forward(self, x: Tensor) -> Tensor:
        return self.mean_out + self.scale_out * self.net((x - self.mean_in) / self.scale_in)  # type: ignore[operator]


class EquivariantVectors(nn.Module):
    """A network that is O(n)-equivariant by construction: vectors (B, copies * n) to one vector (B, n).

    The output is a combination of the input vectors, with weights that an MLP computes from their inner products.
    """

    def __init__(self, n: int, copies: int, *, width: int = 32, seed: int):
        super().__init__()
        self.n, self.copies = n, copies
        self.net = mlp([copies * copies, width, width, copies], seed=seed, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        vectors = x.unflatten(-1, (self.copies, self.n))
        return torch.einsum("bc,bcj->bj", self.net(vectors @ vectors.mT), vectors)


class UnitLogits(nn.Module):
    """A classifier's discriminator F = f / |f|: its logits (B, m) scaled to unit length (LieGG's released code)."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.normalize(self.net(x), dim=-1)


def count(net: nn.Module) -> int:
    """How many parameters a network has."""
    return sum(p.numel() for p in net.parameters())


def width(build: Callable[[int], nn.Module], parameters: int) -> int:
    """The width w at which build(w) has the number of parameters nearest to `parameters`; more width, more of them.

    Raises ValueError where width makes no difference.
    """
    wide = 1
    while count(build(wide)) < parameters:
        wide *= 2
        if count(build(wide)) == count(build(wide // 2)):
            raise ValueError(f"no width gives {parameters} parameters: there are {count(build(wide))} at any")
    first = bisect_left(range(wide), parameters, lo=1, key=lambda w: count(build(w)))
    return min((w for w in (first - 1, first) if w), key=lambda w: abs(count(build(w)) - parameters))

"""Densities of networks, and networks drawn from them by the thousand.

f(x) = W1 σ(W0 x + b0) with d inputs, N hidden units and D outputs; a *density* says how its weights are drawn. M
networks stand side by side, with a leading axis in every tensor.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Generator, Tensor

MEMORY = 2**22  # numbers that the weights or the hidden units of a block of networks may take


def _laplace(shape: tuple[int, ...], generator: Generator) -> Tensor:
    size = torch.empty(shape).exponential_(generator=generator)
    return size * (torch.randint(2, shape, generator=generator) * 2 - 1) / 2**0.5


def _student(shape: tuple[int, ...], generator: Generator) -> Tensor:
    chi_square = torch.randn(5, *shape, generator=generator).square().sum(0)
    return torch.randn(shape, generator=generator) * (3 / chi_square).sqrt()


def _uniform(shape: tuple[int, ...], generator: Generator) -> Tensor:
    return (torch.rand(shape, generator=generator) * 2 - 1) * 3**0.5


DISTRIBUTIONS: dict[str, tuple[Callable[[tuple[int, ...], Generator], Tensor], float]] = {
    "gauss": (lambda shape, generator: torch.randn(shape, generator=generator), torch.inf),
    "uniform": (_uniform, torch.inf),
    "laplace": (_laplace, torch.inf),
    "signs": (lambda shape, generator: torch.randint(2, shape, generator=generator) * 2.0 - 1, torch.inf),
    "skewed": (lambda shape, generator: torch.empty(shape).exponential_(generator=generator) - 1, torch.inf),
    "student": (_student, 4),
}
"""Of single weights, each with mean 0 and variance 1, and the highest order of which it has moments. "skewed" is an
exponential less its mean, "student" Student's t with five degrees of freedom."""

ACTIVATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "tanh": lambda z, x: torch.tanh(z),
    "relu": lambda z, x: torch.relu(z),
    "erf": lambda z, x: torch.erf(z),
    "cos": lambda z, x: torch.cos(z),
    "gauss-net": lambda z, x: torch.exp(z - 1 - x.square().mean(-1)[:, None]),
    "triangle": lambda z, x: 4 * (z - z.round()).abs() - 1,
    "phase": lambda z, x: torch.cat([z.cos(), z.sin()], -1),
}
"""σ of the pre-activations (M, P, N) at inputs (P, d). "gauss-net" is the paper's exp(z) / sqrt(E exp(2z)) for
W0 ~ N(0, 1/d) and b0 ~ N(0, 1); "triangle" is a wave of period 1; "phase" is exp(iz), real parts first."""

BIASES: dict[str, Callable[[tuple[int, ...], Generator], Tensor]] = {
    "gauss": DISTRIBUTIONS["gauss"][0],
    "narrow": lambda shape, generator: 0.1 * torch.randn(shape, generator=generator),
    "period": lambda shape, generator: torch.rand(shape, generator=generator),
    "angle": lambda shape, generator: 2 * torch.pi * torch.rand(shape, generator=generator),
    "none": lambda shape, generator: torch.zeros(shape),
}
"""Of b0: normal, with standard deviation 0.1, uniform over [0, 1) or over [0, 2π), or zero."""


class Networks(NamedTuple):
    """M networks side by side: maps points (P, d) to (M, P, D)."""

    W0: Tensor
    """(M, N, d)"""
    b0: Tensor
    """(M, N)"""
    W1: Tensor
    """(M, D, N), of complex networks (M, 2D, 2N)"""
    b1: Tensor
    """(M, D)"""
    activation: str
    """a key of ACTIVATIONS"""

    def hidden(self, x: Tensor) -> Tensor:
        """(M, P, N) what the hidden units say."""
        return ACTIVATIONS[self.activation](x @ self.W0.transpose(1, 2) + self.b0[:, None], x)

    def split(self, points: int) -> Iterator["Networks"]:
        """The same in parts whose hidden units and outputs take little memory at so many points."""
        most = max(1, MEMORY // (max(self.W0.shape[1], *self.W1.shape[1:]) * points))
        for first in range(0, len(self.W0), most):
            yield self.part(slice(first, first + most))

    def part(self, which: slice) -> "Networks":
        """Some of the networks."""
        return Networks(*(weights[which] for weights in self[:-1]), self.activation)

    def __call__(self, x: Tensor) -> Tensor:
        return self.hidden(x) @ self.W1.transpose(1, 2) + self.b1[:, None]


@dataclass(frozen=True)
class Density:
    """How the weights of a network are drawn.

    W0 ~ `first`, turned by `stretch` and moved by `drift`; b0 ~ `bias`; W1 ~ `last` / sqrt(N) + mean, each weight by
    itself. Raises ValueError for names that it does not know and for tensors of another size.
    """

    inputs: int
    """d"""
    outputs: int
    """D, of complex networks the number of complex outputs"""
    width: int
    """N"""
    activation: str = "tanh"
    first: str = "gauss"
    last: str = "gauss"
    bias: str = "gauss"
    stretch: tuple[tuple[float, ...], ...] | None = None
    """(d, d) S, with W0 = zS: the density of W0 depends on S⁻¹ then; the unit matrix where there is none"""
    drift: tuple[float, ...] | None = None
    """(d,) the mean of every row of W0"""
    mean: tuple[float, ...] | None = None
    """(D,) the mean of the weights of each output: the paper's μ times a vector"""
    output_bias: bool = False
    """b1 ~ `last` rather than 0"""
    complex: bool = False
    """W1 complex, E|W1|² = 1/N, on "phase" units; outputs are real parts, then imaginary parts"""

    def __post_init__(self):
        for name, value, known in [
            ("activation", self.activation, ACTIVATIONS),
            ("first", self.first, DISTRIBUTIONS),
            ("last", self.last, DISTRIBUTIONS),
            ("bias", self.bias, BIASES),
        ]:
            if value not in known:
                raise ValueError(f'unknown {name} "{value}": there are {", ".join(known)}')
        if min(self.inputs, self.outputs, self.width) < 1:
            raise ValueError("a network has at least one input, one hidden unit and one output")
        if self.complex != (self.activation == "phase"):
            raise ValueError('complex networks have the activation "phase", and others have not')
        if self.complex and self.mean is not None:
            raise ValueError("complex weights with a mean are not here: leave mean out")
        for name, value, shape in [
            ("stretch", self.stretch, (self.inputs, self.inputs)),
            ("drift", self.drift, (self.inputs,)),
            ("mean", self.mean, (self.outputs,)),
        ]:
            if value is not None and tuple(torch.as_tensor(value).shape) != shape:
                raise ValueError(f"{name} must have shape {shape}, not {tuple(torch.as_tensor(value).shape)}")

    @property
    def dimension(self) -> int:
        """How many real outputs a network has."""
        return self.outputs * (2 if self.complex else 1)

    def draw(self, networks: int, generator: Generator) -> Networks:
        """M networks. Their weights take M·N·(d + D + 1) numbers: see `blocks` for many."""
        M, N, D = networks, self.width, self.outputs
        W0 = DISTRIBUTIONS[self.first][0]((M, N, self.inputs), generator)
        if self.stretch is not None:
            W0 = W0 @ torch.tensor(self.stretch, dtype=torch.float32)
        if self.drift is not None:
            W0 = W0 + torch.tensor(self.drift, dtype=torch.float32)
        b0 = BIASES[self.bias]((M, N), generator)
        W1 = DISTRIBUTIONS[self.last][0]((M, 2 * D if self.complex else D, N), generator) / N**0.5
        if self.complex:
            real, imaginary = (W1 / 2**0.5).chunk(2, 1)
            W1 = torch.cat([torch.cat([real, -imaginary], 2), torch.cat([imaginary, real], 2)], 1)
        if self.mean is not None:
            W1 = W1 + torch.tensor(self.mean, dtype=torch.float32)[:, None]
        shape = (M, self.dimension)
        b1 = DISTRIBUTIONS[self.last][0](shape, generator) if self.output_bias else torch.zeros(shape)
        return Networks(W0, b0, W1, b1, self.activation)

    def blocks(self, networks: int, *, seed: int) -> Iterator[Networks]:
        """M networks in blocks whose weights take little memory; the same for the same seed."""
        generator = torch.Generator().manual_seed(seed)
        each = self.width * (self.inputs + self.dimension + 1)
        for size in _sizes(networks, max(1, MEMORY // each)):
            yield self.draw(size, generator)

    def require_moments(self, order: int) -> None:
        """Raise ValueError where the outputs have no moments of this order. Its error bar takes twice as many."""
        last, first = DISTRIBUTIONS[self.last][1], DISTRIBUTIONS[self.first][1]
        of_hidden = {"relu": first, "gauss-net": torch.inf if first == torch.inf else 0}.get(self.activation, torch.inf)
        highest, kind = min((last, f'last="{self.last}"'), (of_hidden, f'first="{self.first}"'))
        if order > highest:
            raise ValueError(
                f"the {order}-point function does not exist: with {kind} a {self.activation} network has moments up to "
                f"order {highest} only"
            )


def outputs(density: Density, networks: int, x: Tensor, *, seed: int) -> Tensor:
    """(M, P, D) what M networks drawn from a density say at points (P, d)."""
    blocks = density.blocks(networks, seed=seed)
    return torch.cat([part(x) for block in blocks for part in block.split(len(x))])


def _sizes(total: int, most: int) -> list[int]:
    return [min(most, total - done) for done in range(0, total, most)]

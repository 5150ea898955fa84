"""The generators of a density of networks, found as those of any function.

What stands for the density is one function of covectors u (n, D) and points x (n, d),

    F(u, x) = E[prod over s of u_s · f(x_s)],

the n-point function of the outputs with its indices taken up by u. A map of the inputs is a symmetry of the n-point
function where F is invariant as the points move, one of the outputs where it is as the covectors do, and both are
LieGG's question. F is known by its mean over networks drawn. Chunks of the ensemble take the place of networks trained
independently: what their means share is signal, and the rest is the error of the mean (`decide(..., unbiased=True)`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from liegg.actions import Action, Affine, Linear, Product
from liegg.studies.duality.ensembles import Density, Networks
from liegg.symmetry.factors import Factors
from liegg.symmetry.stream import polarize

CHUNKS = 20
SIGNAL = 0.25  # of what the chunks' means vary, the least that they must share


class Unsupported(ValueError):
    """An ensemble whose correlator of the order asked for is lost in its own error."""


Chunk = Callable[[], Iterable[Networks]]
"""The networks of one chunk, block by block, the same at every call."""


@dataclass(frozen=True)
class Question:
    """Which correlator is looked at, and what moves. Raises ValueError for unknown words and counts below one."""

    inputs: int
    """d"""
    outputs: int
    """D, real ones"""
    order: int = 2
    """n"""
    moving: str = "inputs"
    """what moves: "inputs" by gl(d), "affine" inputs, "outputs" by gl(D), or "both" inputs and outputs"""
    terms: str = "product"
    """a key of TERMS"""

    def __post_init__(self):
        for name, value, known in (("motion", self.moving, MOVING), ("terms", self.terms, TERMS)):
            if value not in known:
                raise ValueError(f'unknown {name} "{value}": there are {", ".join(known)}')
        for name, count in (("inputs", self.inputs), ("outputs", self.outputs), ("order", self.order)):
            if not isinstance(count, int) or count < 1:
                raise ValueError(f"{name} must be a whole number from 1 on, not {count}")
        if self.terms == "tangent kernel" and self.order != 2:
            raise ValueError(f"the tangent kernel has two points, not {self.order}")

    @property
    def action(self) -> Action:
        """How candidates move samples (u, x)."""
        of_u, of_x = MOVING[self.moving]
        n, d, D = self.order, self.inputs, self.outputs
        return Product([(of_u and of_u(D, n), n * D), (of_x and of_x(d, n), n * d)])

    def samples(self, count: int, *, spread: float = 1.0, seed: int) -> Tensor:
        """(count, n(D + d)) standard normal covectors, then points with standard deviation `spread`."""
        drawn = torch.randn(
            count, self.order * (self.outputs + self.inputs), generator=torch.Generator().manual_seed(seed)
        )
        drawn[:, self.order * self.outputs :] *= spread
        return drawn

    def split(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Samples (B, n(D + d)) -> covectors (B, n, D) and points (B, n, d)."""
        n = self.order
        u, x = samples.tensor_split([n * self.outputs], 1)
        return u.unflatten(1, (n, self.outputs)), x.unflatten(1, (n, self.inputs))


MOVING = {
    "inputs": (None, Linear),
    "affine": (None, Affine),
    "outputs": (Linear, None),
    "both": (Linear, Linear),
}
"""How covectors and points move. A map A of the covectors is the transpose of one of the outputs: u · Af = Aᵀu · f."""


def paired(networks: Networks, u: Tensor, x: Tensor) -> Tensor:
    """(M, B, n) u_s · f(x_s) of every network."""
    return (networks(x.flatten(0, 1)).unflatten(1, x.shape[:2]) * u).sum(-1)


def tangent_kernel(networks: Networks, u: Tensor, x: Tensor) -> Tensor:
    """(M, B) u_1 · Θ(x_1, x_2) u_2 for the neural tangent kernel Θ = sum over weights of ∂f ∂fᵀ of tanh networks."""
    if networks.activation != "tanh" or networks.b1.any():
        raise ValueError("the tangent kernel here is that of tanh networks without biases of the outputs")
    h = networks.hidden(x.flatten(0, 1)).unflatten(1, x.shape[:2])  # (M, B, 2, N)
    slopes = (u @ networks.W1[:, None]) * (1 - h.square())  # of u · f with respect to the pre-activations
    first = slopes.prod(2).sum(-1) * (1 + x.prod(1).sum(-1))  # W0 and b0
    return first + h.prod(2).sum(-1) * u.prod(1).sum(-1)


TERMS: dict[str, Callable[[Networks, Tensor, Tensor], Tensor]] = {
    "product": lambda networks, u, x: paired(networks, u, x).prod(-1),
    "up to": lambda networks, u, x: (1 + paired(networks, u, x)).prod(-1),
    "tangent kernel": tangent_kernel,
}
"""(networks, u (B, n, D), x (B, n, d)) -> (M, B), what is averaged: the n-point function; that with all of lower order,
which differ in their degree in u, so that a symmetry must leave each; the tangent kernel."""


class Mean:
    """F(u, x) of one chunk of an ensemble, as a function of samples (B, n(D + d))."""

    def __init__(self, chunk: Chunk, question: Question):
        self.chunk, self.question = chunk, question

    def __call__(self, samples: Tensor) -> Tensor:
        return _Mean.apply(samples, self)

    def blocks(self, samples: Tensor) -> Iterable[Networks]:
        for block in self.chunk():
            sizes, asked = (block.W0.shape[2], block.W1.shape[1]), (self.question.inputs, self.question.outputs)
            if sizes != asked:
                raise ValueError(f"the networks have {sizes} inputs and outputs, and the question is about {asked}")
            yield from block.split(len(samples) * self.question.order)


class _Mean(torch.autograd.Function):
    """The mean and its gradient in one pass over the networks, so that no graph of all of them is kept."""

    @staticmethod
    def forward(ctx, samples: Tensor, mean: Mean) -> Tensor:
        value, gradient, count = samples.new_zeros(len(samples)), torch.zeros_like(samples), 0
        for networks in mean.blocks(samples):
            with torch.enable_grad():
                moving = samples.detach().requires_grad_()
                terms = TERMS[mean.question.terms](networks, *mean.question.split(moving))
                gradient += torch.autograd.grad(terms.sum(), moving)[0]
            value += terms.detach().sum(0)
            count += len(terms)
        ctx.save_for_backward(gradient / count)
        return value / count

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None]:
        return grad[:, None] * ctx.saved_tensors[0], None


def chunks(density: Density, networks: int, *, order: int, seed: int, count: int = CHUNKS) -> list[Chunk]:
    """An ensemble of so many networks in chunks that are drawn anew at every call, so that none is kept.

    Raises ValueError for fewer networks than chunks, and where outputs have no moments of the order to be asked for.
    """
    density.require_moments(order)
    if networks < count:
        raise ValueError(f"{networks} networks do not make {count} chunks: draw more")
    seeds = torch.randint(2**62, (count,), generator=torch.Generator().manual_seed(seed)).tolist()
    return [lambda own=own: density.blocks(networks // count, seed=own) for own in seeds]


def polarized(
    question: Question, ensemble: Sequence[Chunk], *, points: int = 120, spread: float = 1.0, seed: int
) -> Factors:
    """The factors of a density's correlator at so many samples (u, x), one function a chunk, for `decide` with
    `question.action` and `unbiased=True`.

    Raises ValueError for fewer than three chunks, and Unsupported where the chunks' means share less than SIGNAL of
    what they vary: where the ensemble is too small for this order, or the correlator is zero.
    """
    if len(ensemble) < 3:
        raise ValueError(f"{len(ensemble)} chunks cannot outvote each other: split the ensemble into at least three")
    samples = question.samples(points, spread=spread, seed=seed)
    factors = polarize([Mean(chunk, question) for chunk in ensemble], samples, question.action)
    own = factors.alike.diagonal().mean()
    shared = (factors.alike.sum() - factors.alike.trace()) / (len(ensemble) * (len(ensemble) - 1))
    if shared < SIGNAL * own:
        raise Unsupported(
            f"this ensemble does not support {question.order} points: its chunks share "
            f"{max(0.0, float(shared / own)):.0%} of what their means vary. Draw more networks, or ask for "
            "another order: odd ones are zero where f and -f are alike"
        )
    return factors

"""Tasks whose outputs move along with the inputs: EMLP's tensor of inertia, and a vector made of three."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from liegg import algebra
from liegg.actions import Linear, Product
from liegg.studies.fit import fit
from liegg.training.networks import Standardized, mlp

PLACES = Product([(None, 5), (Linear(3, copies=5), 15)])  # five masses stay, five places move
SO3 = algebra.so(3)


def inertia(x: Tensor) -> Tensor:
    """Tensors of inertia of five masses, sum of m (|r|² 1 - r rᵀ), flattened: (N, 5 + 15) -> (N, 9).

    Rotating the places turns the tensor along (EMLP's task, Finzi et al. 2021); so does scaling them.
    """
    m, r = x[:, :5], x[:, 5:].unflatten(1, (5, 3))
    unit = torch.eye(3, dtype=x.dtype, device=x.device)
    second = torch.einsum("bi,bij,bik->bjk", m, r, r)
    return (second.diagonal(dim1=1, dim2=2).sum(1)[:, None, None] * unit - second).flatten(1)


def masses_and_places(samples: int, *, seed: int) -> Tensor:
    """(N, 20): five masses from 0.5 to 1.5 and five standard normal places."""
    generator = torch.Generator().manual_seed(seed)
    masses = 0.5 + torch.rand(samples, 5, generator=generator)
    return torch.cat([masses, torch.randn(samples, 15, generator=generator)], 1)


def three_vectors(samples: int, *, seed: int) -> Tensor:
    """(N, 9): three standard normal vectors."""
    return torch.randn(samples, 9, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def values(function: Callable[[Tensor], Tensor], x: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """What is learned from points x (M, N, d): values (M, N, m), and the standard deviation of each M, (M,)."""
    y = torch.stack([function(part) for part in x])
    return y, y.std((1, 2))


def pupils(
    function: Callable[[Tensor], Tensor], x: Tensor, hidden: Sequence[int], *, seeds: Sequence[int], **settings
) -> list[Standardized]:
    """Networks trained on the function's values at points x (M, N, d), one a seed; settings as in `fit`."""
    y, spread = values(function, x)
    nets = [untaught([x.shape[-1], *hidden, y.shape[-1]], seed=s) for s in seeds]
    fit([net.net for net in nets], x, y / spread[:, None, None], seeds=seeds, anneal=True, **settings)
    for net, scale in zip(nets, spread):
        net.scale_out.copy_(scale)
    return nets


def untaught(sizes: Sequence[int], *, seed: int) -> Standardized:
    """A network with biases that has learned nothing, and no scales yet."""
    return Standardized(mlp(sizes, seed=seed, bias=True), *(torch.full((1,), v) for v in (0.0, 1.0, 0.0, 1.0)))


@torch.no_grad()
def errors(function: Callable[[Tensor], Tensor], nets: Sequence[nn.Module], x: Tensor) -> list[float]:
    """Mean square errors at x over the function's variance there, one a network."""
    truth = function(x)
    return [((net(x) - truth).square().mean() / truth.var(0).mean()).item() for net in nets]

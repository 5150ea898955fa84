"""Networks for poses: pictures to rotations or points of a circle, and what an action does to these (section 4.2).

Only the encoder sees pixels, and nothing of it is equivariant. The transitions differ in what they know of the group:

    matrix product   T(z, a) = a z, the action itself
    equivariant      T(z, a) = z f(zᵀ a z), which is every equivariant map of rotations
    free             T(z, a) = z + f(z, a)
    free linear      T(z, a) = M(a) z

where f and M are dense networks. The last two know nothing of it.
"""

import math
from itertools import chain, pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from liegg.studies.embedding.rotations import gram_schmidt, planar


def _matrices(x: Tensor) -> Tensor:
    return x.unflatten(1, (3, 3))


def _vectors(x: Tensor) -> Tensor:
    return x


HEADS = {
    "SO3": (6, (256, 256), nn.BatchNorm1d, gram_schmidt),
    "free": (9, (256, 256), nn.BatchNorm1d, _matrices),
    "circle": (2, (64,), nn.Identity, normalize),
    "plane": (2, (64,), nn.Identity, _vectors),
}
"""how many numbers an encoder ends in, widths of the dense layers before, what normalises these, and what makes latents
of the numbers"""


class PoseEncoder(nn.Module):
    """`convolutions` convolutions 3 x 3 of stride 2 with `width` channels, twice as many in each as in the one before,
    with batch normalisation and ReLU, and dense layers. (The paper has four convolutions and three dense layers.)

    Latents are rotations (n, 3, 3) for head "SO3", any matrices (n, 3, 3) for "free", unit vectors (n, 2) for "circle",
    any vectors (n, 2) for "plane". Raises ValueError for another head.
    """

    def __init__(self, size: int, width: int, convolutions: int, *, head: str, seed: int):
        super().__init__()
        if head not in HEADS:
            raise ValueError(f'unknown head "{head}": there are {", ".join(HEADS)}')
        numbers, hidden, normal, self.finish = HEADS[head]
        channels = [1, *(width * 2**k for k in range(convolutions))]
        widths = [channels[-1] * math.ceil(size / 2**convolutions) ** 2, *hidden]
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            convolved = [
                (nn.Conv2d(C, D, 3, stride=2, padding=1), nn.BatchNorm2d(D), nn.ReLU()) for C, D in pairwise(channels)
            ]
            dense = [(nn.Linear(C, D), normal(D), nn.ReLU()) for C, D in pairwise(widths)]
            layers = [*chain(*convolved), nn.Flatten(), *chain(*dense), nn.Linear(widths[-1], numbers)]
        self.network = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (n, 1, size, size) to latents."""
        return self.finish(self.network(x))


class MatrixProduct(nn.Module):
    """T(z, a) = a z: rotations a (n, 3, 3) of latents (n, 3, 3), or by angles a (n,) of latents (n, 2)."""

    def forward(self, z: Tensor, a: Tensor) -> Tensor:
        return a @ z if a.ndim == 3 else (planar(a) @ z[:, :, None])[:, :, 0]


class Equivariant(nn.Module):
    """T(z, a) = z f(zᵀ a z) of rotations (n, 3, 3) for an unconstrained f with values in SO(3).

    zᵀ a z stays where z and a become g z and g a g⁻¹, so that T(g z, g a g⁻¹) = g T(z, a); and any T of which that
    holds has this form, with f(a) = T(1, a). It plays the role of the paper's Tensor Field Network.
    """

    def __init__(self, *, seed: int):
        super().__init__()
        self.network = _normalised(9, 256, 6, seed=seed)

    def forward(self, z: Tensor, a: Tensor) -> Tensor:
        return z @ gram_schmidt(self.network((z.mT @ a @ z).flatten(1)))


class Free(nn.Module):
    """T(z, a) = z + f(z, a), with actions as they are, (n, 3, 3), or as cosine and sine of angles (n,)."""

    def __init__(self, latents: int, actions: int, width: int, *, seed: int):
        super().__init__()
        self.network = _normalised(latents + actions, width, latents, seed=seed)

    def forward(self, z: Tensor, a: Tensor) -> Tensor:
        return z + self.network(torch.cat([z.flatten(1), coordinates(a)], 1)).view_as(z)


class FreeLinear(nn.Module):
    """T(z, a) = M(a) z of latents (n, 2) for angles a (n,); M (n, 2, 2) is a network of cosine and sine of a."""

    def __init__(self, *, seed: int):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            layers = [nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4)]
        self.network = nn.Sequential(*layers)

    def matrix(self, a: Tensor) -> Tensor:
        """M(a), (n, 2, 2)."""
        return self.network(coordinates(a)).unflatten(1, (2, 2))

    def forward(self, z: Tensor, a: Tensor) -> Tensor:
        return (self.matrix(a) @ z[:, :, None])[:, :, 0]


def coordinates(a: Tensor) -> Tensor:
    """Actions as vectors: matrices (n, 3, 3) to their entries (n, 9), angles (n,) to cosine and sine (n, 2)."""
    return a.flatten(1) if a.ndim == 3 else torch.stack([a.cos(), a.sin()], 1)


class PoseModel(nn.Module):
    """An encoder S and a transition T: forward(x) = S(x), predict(z, a) = T(z, a)."""

    def __init__(self, encoder: nn.Module, transition: nn.Module):
        super().__init__()
        self.encoder, self.transition = encoder, transition

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(x)

    def predict(self, z: Tensor, a: Tensor) -> Tensor:
        return self.transition(z, a)


KINDS = {
    "SO(3)": {
        "matrix product": ("SO3", lambda seed: MatrixProduct()),
        "equivariant": ("SO3", lambda seed: Equivariant(seed=seed)),
        "free": ("SO3", lambda seed: Free(9, 9, 256, seed=seed)),
    },
    "SO(2)": {
        "matrix product": ("circle", lambda seed: MatrixProduct()),
        "free": ("circle", lambda seed: Free(2, 2, 128, seed=seed)),
        "free linear": ("plane", lambda seed: FreeLinear(seed=seed)),
    },
}
"""of each group the kinds of models: head of the encoder, and transition"""


def pose_model(kind: str, *, group: str, size: int, width: int, convolutions: int, seed: int) -> PoseModel:
    """An untrained model of one of KINDS for pictures of `size` pixels a side; `width` and `convolutions` of its
    encoder. Raises ValueError for a kind or group that there is not."""
    if group not in KINDS:
        raise ValueError(f'unknown group "{group}": there are {", ".join(KINDS)}')
    if kind not in KINDS[group]:
        raise ValueError(f'unknown kind "{kind}": for {group} there are {", ".join(KINDS[group])}')
    head, transition = KINDS[group][kind]
    return PoseModel(PoseEncoder(size, width, convolutions, head=head, seed=seed), transition(seed + 1))


def _normalised(inputs: int, width: int, outputs: int, *, seed: int) -> nn.Sequential:
    """Two hidden layers, the second with layer normalisation, as the transitions of the released code."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Linear(inputs, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.LayerNorm(width),
            nn.ReLU(),
            nn.Linear(width, outputs),
        )

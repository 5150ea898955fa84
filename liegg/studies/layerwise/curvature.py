"""Kronecker-factored curvature of networks made of pathways: the GGN of the cross entropy, tensor by tensor.

For a tensor W that meets activations a (B, T, I) and whose outputs have gradients g (B, T, O), section 4 approximates
its block of the GGN, sum_n J_nᵀ H_n J_n with H the Hessian of the loss in the logits, by a Kronecker product B ⊗ A:

    A = 1/N sum_n sum_t a aᵀ        (one for all places t if W is shared, else one for each)
    B = 1/T sum_n sum_k sum_t g gᵀ  with g the gradient of the logits along √p_k (e_k - p), for every class k

as sum_k p_k (e_k - p)(e_k - p)ᵀ = diag p - p pᵀ = H: the sum over classes is exact, the Kronecker form is not. With
`samples` classes drawn from p it is an estimate that costs less. The block of a bias is kept whole.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from liegg.studies.layerwise.networks import Network
from liegg.studies.layerwise.pathways import Site

SHIFT = 1e-12
"""added to the diagonal before eigenvalues are computed, in float64"""


class Curvature(NamedTuple):
    """What the evidence needs of a network on its training data."""

    log_likelihood: float
    """log p(D|θ) = -(sum of cross entropies), in nats"""
    images: int
    eigenvalues: dict[str, Tensor]
    """(P,) of the GGN's block of each tensor, in float64, by the tensor's name"""
    squares: dict[str, float]
    """|θ|² of each tensor"""


def fit(
    net: Network,
    x: Tensor,
    y: Tensor,
    *,
    samples: int = 0,
    batch_size: int = 64,
    generator: torch.Generator | None = None,
) -> Curvature:
    """The curvature of a network on images x (N, ...) with labels y (N,).

    samples    0 for the exact GGN, otherwise how many classes an image draws, by `generator`

    Raises ValueError for fewer images than classes or labels that the network does not have, Diverged where the
    activations or gradients of a tensor are not finite.
    """
    names = {id(p): name for name, p in net.named_parameters()}
    classes = net.out.bias.numel()
    if len(x) < classes or len(x) != len(y):
        raise ValueError(f"{len(x)} images with {len(y)} labels are too few for a curvature of {classes} classes")
    if not 0 <= int(y.min()) <= int(y.max()) < classes:
        raise ValueError(f"labels must be from 0 to {classes - 1}, not {int(y.min())} to {int(y.max())}")
    sums: dict[str, Tensor] = {}  # by "A" or "B" and name
    shares: dict[str, str] = {}  # a bias whose block is that of its weights
    likelihood = 0.0
    for some, labels in zip(x.split(batch_size), y.split(batch_size)):
        sites: list[Site] = []
        logits = net(some, sites)
        likelihood -= cross_entropy(logits, labels, reduction="sum").item()
        for site in sites:
            _add(sums, f"A {names[id(site.weight)]}", site.moments())
        directions = _directions(logits.detach().softmax(1), samples, generator)
        for i, v in enumerate(directions):
            found = torch.autograd.grad(logits, [s.output for s in sites], v, retain_graph=i + 1 < len(directions))
            for site, gradient in zip(sites, found):
                weight, g = names[id(site.weight)], site.gradients(gradient)
                _add(sums, f"B {weight}", _outer(g) / g.shape[1])
                if site.bias is None:
                    continue
                if g.shape[1] == 1:
                    shares[names[id(site.bias)]] = weight
                else:
                    _add(sums, f"B {names[id(site.bias)]}", _outer(g.sum(1, keepdim=True)))
    spectra = {key: _eigenvalues(key, block) for key, block in sums.items()}
    eigenvalues = {}
    for name, _ in net.named_parameters():
        b = spectra[f"B {shares.get(name, name)}"]
        a = spectra[f"A {name}"].flatten() / len(x) if f"A {name}" in spectra else b.new_ones(1)
        eigenvalues[name] = torch.outer(a, b).flatten()
    squares = {name: p.detach().double().square().sum().item() for name, p in net.named_parameters()}
    return Curvature(likelihood, len(x), eigenvalues, squares)


class Diverged(ArithmeticError):
    """Training or curvature left the finite numbers."""


def _directions(p: Tensor, samples: int, generator: torch.Generator | None) -> list[Tensor]:
    """Vectors v (B, K) in the space of the logits whose squares sum to diag p - p pᵀ, or do so on average."""
    K = p.shape[1]
    if not samples:
        return [p[:, k : k + 1].sqrt() * (one_hot(torch.tensor(k, device=p.device), K) - p) for k in range(K)]
    drawn = torch.multinomial(p, samples, replacement=True, generator=generator)
    return [(one_hot(drawn[:, j], K) - p) / samples**0.5 for j in range(samples)]


def _outer(g: Tensor) -> Tensor:
    """(O, O) the sum of g gᵀ over batch and places, for g (B, T, O)."""
    flat = g.reshape(-1, g.shape[-1])
    return flat.mT @ flat


def _add(sums: dict[str, Tensor], key: str, term: Tensor) -> None:
    sums[key] = sums[key] + term if key in sums else term


def _eigenvalues(key: str, block: Tensor) -> Tensor:
    """Of symmetric matrices (..., I, I), at least 0: (..., I)."""
    if not block.isfinite().all():
        raise Diverged(f"the curvature of {key[2:]} is not finite: its activations or gradients overflow")
    shift = SHIFT * torch.eye(block.shape[-1], dtype=torch.float64, device=block.device)
    return torch.linalg.eigvalsh(block.double() + shift).clamp_min(0)

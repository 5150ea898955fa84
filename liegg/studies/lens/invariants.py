"""What groups leave alone of vectors (N, copies, n): invariants (N, q), of which functions of a family are made."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Invariants = Callable[[Tensor], Tensor]


def products(*signs: float) -> Invariants:
    """Inner products of all pairs of vectors, with a metric of these signs: invariant under so(p, q)."""
    metric = torch.tensor(signs, dtype=torch.float64)
    return lambda z: _upper(torch.einsum("bci,i,bdi->bcd", z, metric, z))


euclid = lambda n: products(*[1] * n)


def areas(z: Tensor) -> Tensor:
    """Determinants of every n of the vectors: invariant under sl(n)."""
    n = z.shape[-1]
    return torch.stack([torch.linalg.det(z[:, list(c)]) for c in torch.combinations(torch.arange(z.shape[1]), n)], -1)


def symplectic(z: Tensor) -> Tensor:
    """Products q·p' - p·q' of all pairs: invariant under sp(n)."""
    q, p = z.chunk(2, -1)
    return _upper(q @ p.mT - p @ q.mT, 1)


def hermitian(z: Tensor) -> Tensor:
    """Real and imaginary parts of complex inner products: invariant under u(n), as matrices of real numbers."""
    c = torch.complex(*z.chunk(2, -1))
    inner = c @ c.mH
    return torch.cat([_upper(inner.real), _upper(inner.imag, 1)], -1)


def rays(z: Tensor) -> Tensor:
    """The directions of vectors that are scaled by one factor."""
    flat = z.flatten(1)
    return flat / flat.norm(dim=1, keepdim=True)


def weights(*powers: Sequence[int]) -> Invariants:
    """Monomials of one vector's entries: invariant under the scalings of single entries that leave these alone."""
    return lambda z: torch.stack([z[:, 0].pow(torch.tensor(p)).prod(-1) for p in powers], -1)


def sheared(z: Tensor) -> Tensor:
    """All entries but the vectors' last, and determinants of n vectors: invariant under adding others to the last."""
    return torch.cat([z[..., :-1].flatten(1), areas(z)], -1)


def differences(z: Tensor) -> Tensor:
    """Vectors less the first: invariant under translations."""
    return (z[:, 1:] - z[:, :1]).flatten(1)


def distances(z: Tensor) -> Tensor:
    """Squared distances of all pairs: invariant under se(n)."""
    return _upper((z[:, None] - z[:, :, None]).square().sum(-1), 1)


def entries(count: int | None = None) -> Invariants:
    """The first entries of every vector, or all: invariant under whatever moves the others alone."""
    return lambda z: z[..., :count].flatten(1)


def blocks(*parts: tuple[Invariants, int]) -> Invariants:
    """Invariants of groups that act on stretches of every vector: (invariants, how many entries), one after another."""

    def invariants(z: Tensor) -> Tensor:
        pieces = z.split([width for _, width in parts], -1)
        return torch.cat([of(piece) for (of, _), piece in zip(parts, pieces)], -1)

    return invariants


def _upper(matrices: Tensor, diagonal: int = 0) -> Tensor:
    n = matrices.shape[-1]
    i, j = torch.triu_indices(n, n, diagonal)
    return matrices[:, i, j]

"""Is a density of networks invariant under rotations of the outputs? Two answers, from correlators of its ensemble.

*The paper's* (Symmetry-via-Duality): the mean and the root mean square of (R ... R) G - G over rotations R, against a
band from the spread of G over chunks. *A calibrated test*: how much of G is not invariant,

    T_n = sum over x of |G(x) - P G(x)|² / sum over x of |G(x)|²,   P the projection on invariant tensors,

against its own law under the hypothesis. If the density is invariant, f and R f are equal in law for rotations R
drawn for each network by themselves, so T of the ensemble and T of such rotated ones can be exchanged, and the share
of those as large is a p-value that is exact at any size and for any tails. Invariant tensors of odd order are zero:
there |G|² below is replaced by (E|f(x)|²)ⁿ, which rotations leave alone too.
"""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from liegg.algebra import so
from liegg.studies.duality import correlators
from liegg.studies.duality.ensembles import Density, outputs

ELEMENTS = 1000  # rotations of the paper's measure


def positive_rotations(D: int, *, count: int = ELEMENTS, seed: int) -> Tensor:
    """(count, D, D) the paper's rotations exp(sum of c_g L_g), c_g ~ U[0, 1) for every generator of so(D).

    They are not uniform over the group: no coefficient is negative.
    """
    L = 2**0.5 * so(D)  # entries ±1
    c = torch.rand(count, len(L), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return torch.linalg.matrix_exp(torch.einsum("rg,gij->rij", c, L))


def transform(G: Tensor, R: Tensor, order: int) -> Tensor:
    """(r, ..., D, ..., D) G with each of its last n axes turned by each of the matrices R (r, D, D).

    Raises ValueError for matrices of another size than these axes.
    """
    if R.ndim != 3 or {*R.shape[1:], *G.shape[-order:]} != {G.shape[-1]}:
        sizes = tuple(R.shape), tuple(G.shape[-order:])
        raise ValueError(f"transformations {sizes[0]} do not act on a {order}-point function of size {sizes[1]}")
    G = G.expand(len(R), *G.shape)
    for _ in range(order):
        G = torch.einsum("r...i,rai->r...a", G, R).movedim(-1, -order)
    return G


def published_measures(means: Tensor, R: Tensor, order: int) -> dict[str, float]:
    """The paper's measures of an n-point function known by its means over chunks (C, ..., D, ..., D).

    mu      mean of (R ... R) G - G over elements, points and rotations, with its sign
    sigma   root mean square of the same
    band    √2 times the standard deviation of G over chunks (that of C numbers, not of a sample), mean over elements

    The band is dM = √(dG² + dG² B) with B_ab = sum over i, j of (R_ai R_bj)², and B = 1, as rows of R have length one.
    """
    G = means.mean(0)
    change = transform(G, R, order) - G
    band = 2**0.5 * means.std(0, unbiased=False).mean()
    return {"mu": change.mean().item(), "sigma": change.square().mean().sqrt().item(), "band": band.item()}


def published(density: Density, networks: int, x: Tensor, *, chunks: int = 10, seed: int) -> dict[str, dict]:
    """The paper's measures {order: ...} of the 2-point function at all pairs of points (P, d) and of the 4-point
    function at the second point, each with `unsure`, the relative error of its error bar."""
    f = outputs(density, networks, x, seed=seed)
    R = positive_rotations(density.dimension, seed=seed + 1)
    return {
        str(order): published_measures(correlators.chunk_means(part, order, chunks=chunks), R, order)
        | {"unsure": correlators.error_of_error(part, order)}
        for order, part in {2: f, 4: f[:, 1:2]}.items()
    }


def rotate(f: Tensor, generator: Generator) -> Tensor:
    """(M, P, D) R_m f_m(x) for a rotation R_m of each network, uniform (Haar) over SO(D).

    By subgroups: R = H · (1 ⊕ R'), with a reflection H that takes the first axis to a uniform direction and R' of one
    dimension less; the last sign makes det R = 1. Reflections act on outputs, and no matrix is made.
    """
    M, _, D = f.shape
    turned = f.permute(2, 1, 0).clone(memory_format=torch.contiguous_format)  # (D, P, M)
    turned[-1] *= (-1) ** (D - 1)
    for k in range(2, D + 1):
        v = torch.randn(k, M, generator=generator, dtype=f.dtype)
        v /= v.square().sum(0).sqrt()
        v[0] -= 1
        scale = 2 / v.square().sum(0).clamp_min(torch.finfo(f.dtype).tiny)
        tail = turned[-k:]
        tail -= v[:, None] * ((tail * v[:, None]).sum(0) * scale)
    return turned.permute(2, 1, 0)


def statistic(f: Tensor, order: int) -> float:
    """T_n of outputs (M, P, D): how much of the n-point functions at each of the points is not invariant."""
    G = correlators.one_input(f, order).flatten(1)
    if order % 2:
        size = f.double().square().sum(2).mean(0) ** order
        return (G.square().sum() / size.sum()).item()
    invariant = correlators.invariant(order, f.shape[2]).flatten()
    rest = G - torch.outer(G @ invariant, invariant) / invariant.square().sum()
    return (rest.square().sum() / G.square().sum()).item()


def randomised(f: Tensor, orders: Sequence[int], draws: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """T_n of outputs (M, P, D), (orders,), and of as many rotated ensembles, (draws, orders)."""
    if draws < 1:
        raise ValueError("a test needs at least one draw of the null")
    if f.shape[2] < 2:
        raise ValueError("a single output cannot be rotated")
    f = f.permute(2, 1, 0).contiguous().permute(2, 1, 0)  # networks side by side in memory, for speed
    null = [[statistic(turned, n) for n in orders] for turned in (rotate(f, generator) for _ in range(draws))]
    return torch.tensor([statistic(f, n) for n in orders]), torch.tensor(null)


def p_values(T: Tensor, null: Tensor) -> Tensor:
    """(..., orders) (1 + how many of the null (..., draws, orders) are as large as T (..., orders)) / (draws + 1)."""
    return (1 + (null >= T[..., None, :]).sum(-2)).double() / (1 + null.shape[-2])


def z_scores(T: Tensor, null: Tensor) -> Tensor:
    """(..., orders) how many standard deviations of the null T lies above its mean."""
    return (T - null.mean(-2)) / null.std(-2)


def tested(
    density: Density, networks: int, x: Tensor, orders: Sequence[int], *, draws: int, repeats: int, seed: int
) -> dict[str, Tensor]:
    """The calibrated test on so many ensembles: T (repeats, orders) and null (repeats, draws, orders).

    Raises ValueError for orders of which the density has no moments.
    """
    density.require_moments(max(orders))
    generator = torch.Generator().manual_seed(seed)
    seeds = torch.randint(2**62, (repeats,), generator=generator).tolist()
    found = [randomised(outputs(density, networks, x, seed=own), orders, draws, generator) for own in seeds]
    T, null = (torch.stack(part) for part in zip(*found))
    return {"T": T, "null": null}

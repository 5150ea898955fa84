"""Correlators of an ensemble: the means of products of outputs of networks.

The n-point function of outputs f (M, P, D), of M networks at P points, is

    G_{i1..in}(x1..xn) = mean over networks of f_i1(x1) ... f_in(xn).

With all points the same it is a symmetric tensor, the product of two Kronecker powers of f summed over the networks.
"""

import functools
from collections.abc import Iterator

import torch
from torch import Tensor

HIGHEST = 6  # order
BLOCK = 2**19  # numbers of a Kronecker power that are held at a time
UNSURE = 0.1  # the largest relative error of an error bar that is worth its name


def two_point(f: Tensor) -> Tensor:
    """(P, P, D, D) G_ij(x, x') of outputs (M, P, D) for all pairs of points."""
    _require_outputs(f)
    (M, P, D), total = f.shape, 0
    for part in f.split(max(1, BLOCK // (P * D))):
        flat = part.flatten(1)
        total = total + (flat.T @ flat).double()
    return (total / M).unflatten(1, (P, D)).unflatten(0, (P, D)).movedim(2, 1)


def one_input(f: Tensor, order: int) -> Tensor:
    """(P, D, ..., D) G_{i1..in}(x, ..., x) of outputs (M, P, D) at each point x, for order n in 1..6."""
    _require_outputs(f)
    require_order(order)
    (M, P, D), total = f.shape, 0
    for left, right in _halves(f, order):
        total = total + (left @ right.mT).double()
    return (total / M).reshape(P, *[D] * order)


def chunk_means(f: Tensor, order: int, *, chunks: int = 10) -> Tensor:
    """The n-point function of each of so many parts of an ensemble, as a first axis.

    Order 2 is taken at all pairs of points, (chunks, P, P, D, D), others at each point, (chunks, P, D, ..., D). Raises
    ValueError for fewer than three chunks, whose spread would say nothing, and for fewer networks than chunks.
    """
    if chunks < 3:
        raise ValueError(f"{chunks} chunks have no spread to speak of: split the ensemble into at least three")
    if len(f) < chunks:
        raise ValueError(f"{len(f)} networks do not make {chunks} chunks")
    parts = f.tensor_split(chunks)
    return torch.stack([two_point(part) if order == 2 else one_input(part, order) for part in parts])


@functools.cache
def invariant(order: int, D: int) -> Tensor:
    """(D, ..., D) the symmetric tensor that rotations leave as it is: the sum over all pairings of the indices of
    products of δ. There is one up to a factor for even orders, and none, hence zero, for odd ones."""
    require_order(order)
    if order % 2:
        return torch.zeros([D] * order, dtype=torch.float64)
    delta = torch.eye(D, dtype=torch.float64)
    tensor = delta
    for n in range(4, order + 1, 2):
        paired = torch.tensordot(delta, tensor, 0)
        tensor = sum(paired.movedim(1, place) for place in range(1, n))
    return tensor


def kurtosis(f: Tensor, order: int) -> Tensor:
    """(P, D) kurtosis E[(q - E q)⁴] / Var(q)² over the networks of the products q = f_i(x)ⁿ."""
    _require_outputs(f)
    require_order(order)
    q = f.double() ** order
    q = q - q.mean(0)
    return q.pow(4).mean(0) / q.square().mean(0).square()


def error_of_error(f: Tensor, order: int) -> float:
    """The relative error of the error bar of an n-point function, ½ √((kurtosis - 1) / M), worst over points, outputs.

    An error bar is a standard deviation over √M; its square is known to √((kurtosis - 1) / M). Above UNSURE a few of
    the networks decide how large the bar is. The kurtosis itself is cut off at M by the size of the ensemble, so
    the error is underestimated, never overstated, where tails are heavy.
    """
    return 0.5 * ((kurtosis(f, order).max().item() - 1) / len(f)) ** 0.5


def require_order(order: int) -> None:
    """Raise ValueError for an order that is not in 1..6."""
    if order not in range(1, HIGHEST + 1):
        raise ValueError(f"the order of a correlator is a whole number from 1 to {HIGHEST}, not {order}")


def _require_outputs(f: Tensor) -> None:
    if f.ndim != 3 or not len(f):
        raise ValueError(f"outputs have the shape (networks, points, D), not {tuple(f.shape)}")


def _halves(f: Tensor, order: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Kronecker powers (P, Dᵃ, m) and (P, Dᵇ, m) of the outputs, a + b = order, m networks at a time."""
    (_, P, D), low = f.shape, order // 2
    for part in f.split(max(1, BLOCK // (P * D ** (order - low)))):
        v = part.permute(1, 2, 0)  # (P, D, m)
        left = v.new_ones(P, 1, v.shape[2])
        for _ in range(low):
            left = _kronecker(left, v)
        yield left, _kronecker(left, v) if order % 2 else left


def _kronecker(left: Tensor, v: Tensor) -> Tensor:
    """(P, a, m), (P, D, m) -> (P, aD, m)"""
    return (left[:, :, None] * v[:, None]).flatten(1, 2)

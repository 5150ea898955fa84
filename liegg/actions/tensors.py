"""Tensors that move with the basis they are written in."""

import math

import torch
from torch import Tensor as Values

from liegg.actions.base import Action, exponential, require_matrices


class Tensor(Action):
    """gl(n) acting on tensors of a rank: every index of T moves by exp(tA), so that a matrix moves by AT + TAᵀ.

    A sample holds n^rank numbers in row-major order: x has shape (B, n^rank) or (B, n, ..., n). The K = n² directions
    are the matrix units in row-major order; Tensor(n, 1) moves vectors, as Linear(n) does.
    Raises ValueError for numbers that are not positive and whole, and for samples and matrices that do not fit.
    """

    def __init__(self, n: int, rank: int):
        if any(isinstance(number, bool) or not hasattr(number, "__index__") or number < 1 for number in (n, rank)):
            raise ValueError(f"Tensor(n, rank) needs positive whole numbers, not n={n!r}, rank={rank!r}")
        self.n, self.rank, self.size = n, rank, n * n

    def __repr__(self) -> str:
        return f"Tensor({self.n}, rank={self.rank})"

    def _indexed(self, x: Values) -> Values:
        """(B, n, ..., n)."""
        if x.ndim < 2 or math.prod(x.shape[1:]) != self.n**self.rank:
            raise ValueError(
                f"{self} acts on {self.n**self.rank} numbers a sample, but these have shape {tuple(x.shape)}"
            )
        return x.reshape(len(x), *[self.n] * self.rank)

    def velocity(self, x: Values) -> Values:
        T, unit = self._indexed(x), torch.eye(self.n, dtype=x.dtype, device=x.device)
        moved = 0
        for index in range(1, self.rank + 1):  # E_jk T: what stands at k along this index goes to j
            along = torch.einsum("ij,bk...->bjki...", unit, T.movedim(index, 1))
            moved = moved + along.movedim(3, 2 + index)
        return moved.reshape(len(x), self.size, *x.shape[1:])  # type: ignore[union-attr]

    def matrix(self, coefficients: Values) -> Values:
        if not isinstance(coefficients, Values) or coefficients.shape[-1:] != (self.size,):
            raise ValueError(
                f"{self} has {self.size} directions, as many coefficients a generator, in a tensor (..., K)"
            )
        return coefficients.unflatten(-1, (self.n, self.n))

    def coefficients(self, matrices: Values) -> Values:
        require_matrices(self, matrices, [(self.n, self.n)])
        return matrices.flatten(-2)

    def act(self, coefficients: Values, x: Values, t: float | Values = 1.0) -> Values:
        if isinstance(t, Values) and t.numel() not in (1, len(x)):
            raise ValueError(f"t must be one number, or one a sample, ({len(x)},), not {tuple(t.shape)}")
        T = self._indexed(x)
        g = exponential(self.matrix(coefficients), t).to(x).expand(len(x), -1, -1)
        for index in range(1, self.rank + 1):
            T = torch.einsum("bjk,bk...->bj...", g, T.movedim(index, 1)).movedim(1, index)
        return T.reshape(x.shape)

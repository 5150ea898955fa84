"""What every action offers, and what follows from an action's velocity and matrices alone."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

Places = slice | Tensor
Pairing = Callable[..., Tensor]


class Action(ABC):
    """K directions that move samples (B, *shape); coefficients (..., K) stand for generators A = sum_i a_i A_i.

    size     K
    n        the dimension of the space that the matrices act on
    linear   whether brackets are those of the matrices
    """

    size: int
    n: int
    linear = True

    @abstractmethod
    def velocity(self, x: Tensor) -> Tensor:
        """(B, K, *shape): how each direction moves each sample, d/dt exp(tA_i) x at t = 0."""

    @abstractmethod
    def matrix(self, coefficients: Tensor) -> Tensor:
        """(..., K) -> (..., r, c): generators as matrices, of the same inner product."""

    @abstractmethod
    def coefficients(self, matrices: Tensor) -> Tensor:
        """(..., r, c) -> (..., K): the way back. Raises ValueError for matrices that are no generators."""

    @abstractmethod
    def act(self, coefficients: Tensor, x: Tensor, t: float | Tensor = 1.0) -> Tensor:
        """exp(tA) x for one generator (K,), of x's shape; t is a number or one number a sample, (B,)."""

    def pairing(self, x: Tensor) -> Pairing:
        """What turns gradients at x, (B, *shape), into derivatives along the directions: work that is done once for all
        gradients. `paired(grad, places)` takes (..., P, *shape) at the samples x[places], by default all."""
        velocity = self.velocity(x).flatten(2)

        def paired(grad: Tensor, places: Places = slice(None)) -> Tensor:
            return torch.einsum("...bp,bkp->...bk", grad.flatten(grad.ndim - x.ndim + 1), velocity[places])

        return paired

    def pair(self, x: Tensor, grad: Tensor) -> Tensor:
        """(..., B, K): the derivatives of f(exp(tA_i) x) at t = 0, for gradients df/dx (..., B, *shape)."""
        return self.pairing(x)(grad)

    def values(self, coefficients: Tensor) -> Tensor:
        """(..., K) -> (..., D): generators as vectors in which they and their brackets can be compared."""
        return self.matrix(coefficients).flatten(-2)

    def bracket(self, a: Tensor, b: Tensor) -> Tensor:
        """(..., K), (..., K) -> (..., D): the bracket of two generators, as `values` has them."""
        A, B = self.matrix(a), self.matrix(b)
        return (A @ B - B @ A).flatten(-2)


def exponential(A: Tensor, t: float | Tensor) -> Tensor:
    """exp(tA) in float64, (B, n, n) with B = 1 for a single t."""
    t = torch.as_tensor(t, dtype=torch.float64, device=A.device).reshape(-1, 1, 1)
    return torch.linalg.matrix_exp(t * A.double())


def require_matrices(action: Action, matrices: Tensor, shapes: list[tuple[int, int]]) -> None:
    if not isinstance(matrices, Tensor):
        raise ValueError(f"{action} has matrices for generators, tensors, not {type(matrices).__name__}")
    if matrices.ndim < 2 or tuple(matrices.shape[-2:]) not in shapes:
        wanted = " or ".join(f"{r} x {c}" for r, c in shapes)
        raise ValueError(f"{action} has {wanted} generators, but these matrices have shape {tuple(matrices.shape)}")

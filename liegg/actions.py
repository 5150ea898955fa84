"""How a Lie algebra moves data: the action of a generator on one sample, and its pairing with a gradient.

An action names K directions, a basis of the matrices under study. A coefficient vector a of length K stands for the
generator A = sum_i a_i A_i, and exp(tA) acts on a sample x. Every action offers

    size                      K, the number of directions
    n                         the dimension of the space that the linear part of a generator acts on
    pair(x, grad)             (..., B, K): the derivative of f(exp(tA_i) x) at t = 0, for x (B, *shape) and gradients
                              df/dx (..., B, *shape), of several outputs or of one
    matrix(coefficients)      (..., K) -> (..., n, n), the generator as a matrix
    coefficients(matrices)    (..., n, n) -> (..., K), the way back
    act(coefficients, x, t)   the finite transformation exp(tA) x

The Frobenius inner product of the matrices is the Euclidean one of the coefficients.
"""

from typing import Protocol

import torch
from torch import Tensor


class Action(Protocol):
    """What `find_symmetry` needs to know of an action; see the module's first lines."""

    size: int
    n: int

    def pair(self, x: Tensor, grad: Tensor) -> Tensor: ...
    def matrix(self, coefficients: Tensor) -> Tensor: ...
    def coefficients(self, matrices: Tensor) -> Tensor: ...
    def act(self, coefficients: Tensor, x: Tensor, t: float | Tensor = 1.0) -> Tensor: ...


class Linear:
    """gl(n) acting on vectors: x -> exp(tA) x, on every one of `copies` vectors alike.

    A sample holds copies * n numbers, the vectors one after the other: x has shape (B, copies * n) or (B, copies, n).
    The K = n² directions are the matrix units in row-major order, so a row of the polarization matrix is
    vec(sum_c grad_c x_cᵀ) (LieGG, section 3; tuples of vectors as in the authors' O(5) notebook).
    """

    def __init__(self, n: int, copies: int = 1):
        if n < 1 or copies < 1:
            raise ValueError(f"Linear(n, copies) needs positive numbers, not n={n}, copies={copies}")
        self.n, self.copies, self.size = n, copies, n * n

    def __repr__(self) -> str:
        return f"Linear({self.n}, copies={self.copies})"

    def _vectors(self, x: Tensor) -> Tensor:
        if x.ndim < 2 or x.shape[1:].numel() != self.copies * self.n:
            raise ValueError(
                f"{self} acts on {self.copies * self.n} numbers a sample ({self.copies} vectors of length {self.n}), "
                f"but the input has shape {tuple(x.shape)}: give x as (B, {self.copies * self.n}) or change n, copies"
            )
        return x.reshape(len(x), self.copies, self.n)

    def pair(self, x: Tensor, grad: Tensor) -> Tensor:
        """(..., B, n²) rows: sum over the copies of grad_j x_k."""
        x_vectors = self._vectors(x)
        grad_vectors = grad.reshape(*grad.shape[: grad.ndim - x.ndim], *x_vectors.shape)
        return torch.einsum("...bcj,bck->...bjk", grad_vectors, x_vectors).flatten(-2)

    def matrix(self, coefficients: Tensor) -> Tensor:
        return coefficients.reshape(*coefficients.shape[:-1], self.n, self.n)

    def coefficients(self, matrices: Tensor) -> Tensor:
        _require_matrices(self, matrices, (self.n,))
        return matrices.flatten(-2)

    def act(self, coefficients: Tensor, x: Tensor, t: float | Tensor = 1.0) -> Tensor:
        """exp(tA) x, of x's shape; t is a number or one number a sample, (B,)."""
        g = _exp(self.matrix(coefficients), t).to(x)  # (B or 1, n, n)
        return torch.einsum("bjk,bck->bcj", g.expand(len(x), -1, -1), self._vectors(x)).reshape(x.shape)


class Affine2d:
    """The six affine directions of the plane acting on images (B, C, H, W): (exp(tA) I)(u) = I(exp(-tA) u).

    A point u = (x, y) has its origin in the image's true centre, x to the right and y down, both in units of half the
    longer side, so that a rotation is one on any aspect. The directions are the entries of the 2 x 3 matrix [L | b] in
    row-major order, u -> L u + b; as matrices they are 3 x 3 with a last row of zeros. The derivative of the action is

        d/dt (exp(tA) I)(u) = -grad I(u) . (L u + b)        (LieGG, images; the released code's `polarization_matrix_2`)

    `act` resamples by cubic convolution (Keys 1981, a = -1/2) with the border repeated. The derivative of that
    interpolant at a pixel is the central difference, so `pair` is the exact derivative of `act` at t = 0.
    """

    size, n = 6, 2

    def __repr__(self) -> str:
        return "Affine2d()"

    def _coordinates(self, x: Tensor) -> tuple[Tensor, float]:
        """Homogeneous pixel coordinates (3, H, W) and the number of pixels in one unit."""
        if x.ndim != 4 or min(x.shape[-2:]) < 2:
            raise ValueError(f"{self} acts on images (B, C, H, W), but the input has shape {tuple(x.shape)}")
        H, W = x.shape[-2:]
        unit = max(H, W) / 2
        y, x_ = ((torch.arange(n, dtype=x.dtype, device=x.device) - (n - 1) / 2) / unit for n in (H, W))
        return torch.stack([x_.expand(H, W), y[:, None].expand(H, W), torch.ones_like(x[0, 0])]), unit

    def pair(self, x: Tensor, grad: Tensor) -> Tensor:
        """(..., B, 6) rows: -sum over channels and pixels of grad * dI/du_a * (x, y, 1)_k."""
        u, unit = self._coordinates(x)
        padded = torch.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
        dx = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2
        dy = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2
        moved = -unit * torch.stack([d * u_k for d in (dx, dy) for u_k in u], 1)  # (B, 6, C, H, W)
        return torch.einsum("...bp,bkp->...bk", grad.flatten(-3), moved.flatten(2))

    def matrix(self, coefficients: Tensor) -> Tensor:
        top = coefficients.reshape(*coefficients.shape[:-1], 2, 3)
        return torch.cat([top, torch.zeros_like(top[..., :1, :])], -2)

    def coefficients(self, matrices: Tensor) -> Tensor:
        """From 3 x 3 matrices with a last row of zeros, or from 2 x 2 ones, which do not translate."""
        _require_matrices(self, matrices, (2, 3))
        if matrices.shape[-1] == 2:
            matrices = torch.nn.functional.pad(matrices, (0, 1, 0, 1))
        if matrices[..., 2, :].any():
            raise ValueError(f"{self} has generators whose last row is zero, and this matrix's is not")
        return matrices[..., :2, :].flatten(-2)

    def act(self, coefficients: Tensor, x: Tensor, t: float | Tensor = 1.0) -> Tensor:
        """The moved images, of x's shape; t is a number or one number a sample, (B,)."""
        u, unit = self._coordinates(x)
        H, W = x.shape[-2:]
        g = _exp(-self.matrix(coefficients), t).to(x)  # (B or 1, 3, 3)
        source = (g @ u.flatten(1))[:, :2] * unit  # (B or 1, 2, HW): where each pixel comes from
        centre = torch.tensor([[(W - 1) / 2], [(H - 1) / 2]], dtype=x.dtype, device=x.device)
        corner = (source + centre).floor()
        taps = _keys(source + centre - corner)  # (B or 1, 2, HW, 4)
        pixels, moved = x.flatten(2), torch.zeros_like(x).flatten(2)
        for j in range(4):
            row = (corner[:, 1] + j - 1).clamp(0, H - 1)
            for i in range(4):
                index = (row * W + (corner[:, 0] + i - 1).clamp(0, W - 1)).long()  # (B or 1, HW)
                weight = taps[:, 1, :, j] * taps[:, 0, :, i]
                moved += weight[:, None] * pixels.gather(2, index[:, None].expand_as(pixels))
        return moved.reshape(x.shape)


def _exp(A: Tensor, t: float | Tensor) -> Tensor:
    """exp(tA) in float64, (B, n, n) with B = 1 for a single t."""
    t = torch.as_tensor(t, dtype=torch.float64, device=A.device).reshape(-1, 1, 1)
    return torch.linalg.matrix_exp(t * A.double())


def _keys(s: Tensor) -> Tensor:
    """Weights (..., 4) of the pixels at -1, 0, 1, 2 for a point at s in [0, 1): Keys' cubic convolution, a = -1/2."""
    return torch.stack(
        [
            ((-s + 2) * s - 1) * s / 2,
            (3 * s - 5) * s * s / 2 + 1,
            ((-3 * s + 4) * s + 1) * s / 2,
            (s - 1) * s * s / 2,
        ],
        -1,
    )


def _require_matrices(action: Action, matrices: Tensor, sizes: tuple[int, ...]) -> None:
    if matrices.ndim < 2 or matrices.shape[-1] != matrices.shape[-2] or matrices.shape[-1] not in sizes:
        wanted = " or ".join(f"{n} x {n}" for n in sizes)
        raise ValueError(f"{action} has {wanted} generators, but these matrices have shape {tuple(matrices.shape)}")

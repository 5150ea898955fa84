"""Linear and affine maps of points."""

import torch
from torch import Tensor

from liegg.actions.base import Action, Pairing, Places, exponential, require_matrices


class _OnPoints(Action):
    """Matrices acting on every one of `copies` points alike, each with `constants` ones behind it.

    The directions are the entries of the n x (n + constants) matrix in row-major order. Raises ValueError for numbers
    that are not positive and whole, and for samples and matrices that do not fit.
    """

    constants: int

    def __init__(self, n: int, copies: int = 1):
        if any(isinstance(number, bool) or not hasattr(number, "__index__") or number < 1 for number in (n, copies)):
            raise ValueError(
                f"{type(self).__name__}(n, copies) needs positive whole numbers, not n={n!r}, copies={copies!r}"
            )
        self.n, self.copies, self.size = n, copies, n * (n + self.constants)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n}{f', copies={self.copies}' if self.copies > 1 else ''})"

    def _points(self, x: Tensor) -> Tensor:
        """(B, copies, n + constants)."""
        if x.ndim < 2 or x.shape[1:].numel() != self.copies * self.n:
            raise ValueError(
                f"{self} acts on {self.copies * self.n} numbers a sample ({self.copies} vectors of length {self.n}), "
                f"but these have shape {tuple(x.shape)}: give (B, {self.copies * self.n}) or change n, copies"
            )
        points = x.reshape(len(x), self.copies, self.n)
        return torch.cat([points, torch.ones_like(points[..., : self.constants])], -1)

    def velocity(self, x: Tensor) -> Tensor:
        if not isinstance(x, Tensor):
            raise ValueError(f"{self} acts on tensors of samples, not {type(x).__name__}")
        unit = torch.eye(self.n, dtype=x.dtype, device=x.device)
        return torch.einsum("ij,bck->bjkci", unit, self._points(x)).reshape(len(x), self.size, *x.shape[1:])

    def pairing(self, x: Tensor) -> Pairing:
        """Sums over the copies of grad_j (x, 1)_k, with no velocity in between; computed with the samples last, where
        they are many numbers in a row."""
        points = self._points(x).permute(1, 2, 0).contiguous()  # (copies, n + constants, B)

        def paired(grad: Tensor, places: Places = slice(None)) -> Tensor:
            if grad.shape[grad.ndim - x.ndim + 1 :] != x.shape[1:]:
                raise ValueError(f"gradients of shape {tuple(grad.shape)} do not fit samples {tuple(x.shape)}")
            grad = grad.reshape(*grad.shape[: grad.ndim - x.ndim + 1], self.copies, self.n)
            slopes = grad.movedim(-3, -1).contiguous()  # (..., copies, n, P)
            rows = slopes[..., 0, :, None, :] * points[0][:, places]
            for copy in range(1, self.copies):
                rows.addcmul_(slopes[..., copy, :, None, :], points[copy][:, places])
            return rows.flatten(-3, -2).mT

        return paired

    def matrix(self, coefficients: Tensor) -> Tensor:
        if not isinstance(coefficients, Tensor) or coefficients.shape[-1:] != (self.size,):
            raise ValueError(
                f"{self} has {self.size} directions, as many coefficients a generator, in a tensor (..., K)"
            )
        top = coefficients.reshape(*coefficients.shape[:-1], self.n, self.n + self.constants)
        return torch.cat([top, torch.zeros_like(top[..., : self.constants, :])], -2)

    def coefficients(self, matrices: Tensor) -> Tensor:
        n, full = self.n, self.n + self.constants
        require_matrices(self, matrices, sorted({(n, n), (full, full)}))
        matrices = torch.nn.functional.pad(matrices, (0, full - matrices.shape[-1]))[..., :full]
        if matrices[..., n:, :].any():
            raise ValueError(f"{self} has generators whose last row is zero, and this matrix's is not")
        return matrices[..., :n, :].flatten(-2)

    def act(self, coefficients: Tensor, x: Tensor, t: float | Tensor = 1.0) -> Tensor:
        if isinstance(t, Tensor) and t.numel() not in (1, len(x)):
            raise ValueError(f"t must be one number, or one a sample, ({len(x)},), not {tuple(t.shape)}")
        g = exponential(self.matrix(coefficients), t).to(x)  # (B or 1, n + constants, n + constants)
        moved = torch.einsum("bjk,bck->bcj", g.expand(len(x), -1, -1), self._points(x))
        return moved[..., : self.n].reshape(x.shape)


class Linear(_OnPoints):
    """gl(n) acting on vectors: x -> exp(tA) x, on every one of `copies` vectors alike.

    A sample holds copies * n numbers, the vectors one after the other: x has shape (B, copies * n) or (B, copies, n).
    The K = n² directions are the matrix units in row-major order, so a row of the polarization matrix is
    vec(sum_c grad_c x_cᵀ) (LieGG, section 3; tuples of vectors as in the authors' O(5) notebook). Raises
    ValueError for numbers that are not positive and whole, and for samples and matrices that do not fit.
    """

    constants = 0


class Affine(_OnPoints):
    """Affine maps of R^n, x -> L x + b, on every one of `copies` points alike.

    A sample holds copies * n numbers, the points one after the other: x has shape (B, copies * n) or (B, copies, n).
    The K = n(n+1) directions are the entries of the n x (n+1) matrix [L | b] in row-major order; as matrices
    generators are (n+1) x (n+1) with a last row of zeros, acting on (x, 1). `coefficients` takes n x n matrices too,
    which do not translate. Raises ValueError as Linear does.
    """

    constants = 1

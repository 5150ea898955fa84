"""Vector fields of the reader's own, and polynomial ones ready-made."""

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import combinations_with_replacement

import numpy as np
import scipy
import torch
from torch import Tensor

from liegg.actions.base import Action, require_matrices


class VectorFields(Action):
    """Directions given as functions: field i maps samples (B, *shape) to their velocities (B, *shape).

    fields     K functions, differentiable by torch
    points     samples (P, *shape) at which brackets are compared; a few more than K of them, such as x[:200]

    The bracket of two fields is DV·W - DW·V, so that linear fields have the brackets of their matrices. A generator
    has no matrix of its own: `matrix` gives its coefficients as a single row (1, K).
    Raises ValueError for fields that are no functions, and for points that are not finite real samples.
    """

    linear = False

    def __init__(self, fields: Sequence[Callable[[Tensor], Tensor]], points: Tensor):
        if not hasattr(fields, "__len__") or not all(callable(field) for field in fields):
            raise ValueError("VectorFields(fields, points) needs a list of functions that map samples to velocities")
        if not isinstance(points, Tensor) or points.is_complex() or points.is_meta or points.layout != torch.strided:
            raise ValueError("VectorFields(fields, points) needs points in a dense, real tensor, such as x[:200]")
        if not points.numel() or not points.isfinite().all():
            raise ValueError("VectorFields(fields, points) needs points, none of them NaN or infinite")
        self.fields, self.points, self.size = list(fields), points.detach().double(), len(fields)
        self.n = self.size
        if not self.fields or points.ndim < 2:
            raise ValueError(f"{self} needs at least one field, and points of shape (P, ...)")

    def __repr__(self) -> str:
        return f"VectorFields({self.size} fields)"

    def velocity(self, x: Tensor) -> Tensor:
        velocities = [field(x) for field in self.fields]
        if not all(isinstance(v, Tensor) for v in velocities):
            raise ValueError(f"the fields must return tensors, not {[type(v).__name__ for v in velocities]}")
        wrong = [i for i, v in enumerate(velocities) if v.shape != x.shape]
        if wrong:
            raise ValueError(
                f"field {wrong[0]} maps samples {tuple(x.shape)} to {tuple(velocities[wrong[0]].shape)}: "
                "a velocity must have its sample's shape"
            )
        return torch.stack(velocities, 1)

    def matrix(self, coefficients: Tensor) -> Tensor:
        return coefficients[..., None, :]

    def coefficients(self, matrices: Tensor) -> Tensor:
        require_matrices(self, matrices, [(1, self.size)])
        return matrices[..., 0, :]

    def act(self, coefficients: Tensor, x: Tensor, t: float | Tensor = 1.0) -> Tensor:
        """The flow of the field by an adaptive Runge-Kutta method (SciPy's DOP853, relative tolerance 1e-10)."""
        x64 = x.detach().cpu().double()
        t = torch.as_tensor(t, dtype=torch.float64).cpu().reshape(-1, *[1] * (x.ndim - 1))
        a = coefficients.detach().cpu().double()

        def slope(_, flat: np.ndarray) -> np.ndarray:
            velocity = self.velocity(torch.as_tensor(flat).reshape(x64.shape))
            return (t * torch.einsum("k,bk...->b...", a, velocity)).flatten().numpy()

        flow = scipy.integrate.solve_ivp(
            slope, (0, 1), x64.flatten().numpy(), method="DOP853", t_eval=(1,), rtol=1e-10, atol=1e-12
        )
        if not flow.success:
            raise ValueError(
                f"the flow of this field could not be followed to t = {t.flatten().tolist()[:3]}: it blows up"
            )
        return torch.as_tensor(flow.y[:, -1]).reshape(x.shape).to(x)

    @cached_property
    def _tables(self) -> tuple[Tensor, Tensor]:
        """The K fields (K, D) and the brackets of any two of them (K, K, D), as root mean squares over the points."""
        velocity = self.velocity(self.points)  # (P, K, *shape)
        along = [torch.func.jvp(self.velocity, (self.points,), (v,))[1] for v in velocity.unbind(1)]
        slopes = torch.stack(along, 1).transpose(1, 2).movedim(0, 2).flatten(2)  # (i, j): D V_i · V_j
        fields, brackets = velocity.transpose(0, 1).flatten(1), slopes - slopes.transpose(0, 1)
        _, S, V = torch.linalg.svd(torch.cat([fields, brackets.flatten(0, 1)]), full_matrices=False)
        V = V[S.div(S[0]) > 1e-10] / len(self.points) ** 0.5  # as few numbers as tell them apart
        return fields @ V.T, brackets @ V.T

    def values(self, coefficients: Tensor) -> Tensor:
        return coefficients @ self._tables[0]

    def bracket(self, a: Tensor, b: Tensor) -> Tensor:
        return torch.einsum("...i,...j,ijd->...d", a, b, self._tables[1])


class Polynomial(VectorFields):
    """Polynomial vector fields on R^n up to a degree, on every one of `copies` points alike.

    A sample has shape (B, copies * n) or (B, copies, n). The K = n * P directions are x^p e_j with P monomials x^p in
    order of their degree; as matrices they are n x P, component by monomial. Degree 0 translates, degree 1 is affine.
    Raises ValueError for numbers that are not whole or too small.
    """

    def __init__(self, n: int, degree: int, copies: int = 1):
        if any(isinstance(number, bool) or not hasattr(number, "__index__") for number in (n, degree, copies)):
            raise ValueError(f"Polynomial needs whole numbers, not {n!r}, {degree!r}, {copies!r}")
        if n < 1 or degree < 0 or copies < 1:
            raise ValueError(
                f"Polynomial needs n >= 1, degree >= 0, copies >= 1, whole numbers, not {n!r}, {degree!r}, {copies!r}"
            )
        self.n, self.degree, self.copies = n, degree, copies
        self.monomials = [m for d in range(degree + 1) for m in combinations_with_replacement(range(n), d)]
        self.size = n * len(self.monomials)
        generator = torch.Generator().manual_seed(0)
        self.points = torch.randn(4 * self.size, copies, n, generator=generator, dtype=torch.float64)

    def __repr__(self) -> str:
        return f"Polynomial({self.n}, degree={self.degree}{f', copies={self.copies}' if self.copies > 1 else ''})"

    def velocity(self, x: Tensor) -> Tensor:
        if x.ndim < 2 or x.shape[1:].numel() != self.copies * self.n:
            raise ValueError(
                f"{self} acts on {self.copies * self.n} numbers a sample, and x has shape {tuple(x.shape)}"
            )
        points = x.reshape(len(x), self.copies, self.n)
        powers = torch.stack([points[..., list(m)].prod(-1) for m in self.monomials], -1)  # (B, copies, P)
        unit = torch.eye(self.n, dtype=x.dtype, device=x.device)
        return torch.einsum("ij,bcp->bjpci", unit, powers).reshape(len(x), self.size, *x.shape[1:])

    def matrix(self, coefficients: Tensor) -> Tensor:
        if not isinstance(coefficients, Tensor) or coefficients.shape[-1:] != (self.size,):
            raise ValueError(
                f"{self} has {self.size} directions, as many coefficients a generator, in a tensor (..., K)"
            )
        return coefficients.reshape(*coefficients.shape[:-1], self.n, len(self.monomials))

    def coefficients(self, matrices: Tensor) -> Tensor:
        """From n x P matrices, or from n x n ones: linear fields."""
        require_matrices(self, matrices, [(self.n, len(self.monomials))] + [(self.n, self.n)] * (self.degree > 0))
        if matrices.shape[-1] != len(self.monomials):
            linear = torch.zeros(*matrices.shape[:-1], len(self.monomials), dtype=matrices.dtype)
            linear[..., 1 : self.n + 1] = matrices
            matrices = linear
        return matrices.flatten(-2)

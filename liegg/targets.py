"""Functions whose symmetries are known: what the networks learn, and what find_symmetry is held against."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from liegg import algebra
from liegg.actions import Linear


def o5(x: Tensor) -> Tensor:
    """y = sin|r1| - |r2|³/2 + r1.r2 / (|r1||r2|) for x = (r1, r2), (N, 10) -> (N, 1).

    O(5)-invariant (EMLP, Finzi et al. 2021; LieGG's first experiment).
    """
    r1, r2 = x.split(5, dim=-1)
    n1, n2 = r1.norm(dim=-1, keepdim=True), r2.norm(dim=-1, keepdim=True)
    return n1.sin() - n2**3 / 2 + (r1 * r2).sum(-1, keepdim=True) / (n1 * n2)


@dataclass(frozen=True)
class Known:
    """A function of standard normal points (N, copies * n) and the whole of its symmetry algebra (d, n, n)."""

    function: Callable[[Tensor], Tensor]
    action: Linear
    algebra: Tensor

    def points(self, samples: int, *, seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(samples, self.action.copies * self.action.n, generator=generator, dtype=torch.float64)


def known(*, seed: int = 0) -> dict[str, Known]:
    """Analytic functions in float64, by the name of their algebra; the seed draws the constants in them."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    eta = torch.tensor([1.0, -1.0, -1.0, -1.0], dtype=torch.float64)
    J = torch.kron(torch.tensor([[0.0, 1.0], [-1.0, 0.0]]), torch.eye(2)).double()
    M, S, w, W = draw(3, 3), draw(3, 3), draw(3), draw(3, 3)
    return {
        "so(5), two vectors": Known(o5, Linear(5, copies=2), algebra.so(5)),
        "so(1,3)": Known(lambda x: (eta * x * x).sum(-1).sin(), Linear(4), algebra.so(1, 3)),
        "sl(2), two vectors": Known(
            lambda x: x[:, 0] * x[:, 3] - x[:, 1] * x[:, 2], Linear(2, copies=2), algebra.sl(2)
        ),
        "sp(4,R), two vectors": Known(
            lambda x: ((x[:, :4] @ J) * x[:, 4:]).sum(-1).sin(), Linear(4, copies=2), algebra.sp(2)
        ),
        "so(3) in a skew basis": Known(
            lambda x: (x @ M.T).norm(dim=-1).sin(), Linear(3), algebra.conjugate(algebra.so(3), torch.linalg.inv(M))
        ),
        "scaling": Known(
            lambda x: ((x @ S * x).sum(-1) / x.square().sum(-1)) + ((x @ w) / x.norm(dim=-1)).sin(),
            Linear(3),
            algebra.scaling(3),
        ),
        "no symmetry": Known(
            lambda x: (x @ W).sin().sum(-1) + (x @ w) ** 2 + x[:, 0] ** 3, Linear(3), torch.zeros(0, 3, 3).double()
        ),
    }

"""The procedure as LieGG states it: one matrix with a row for every sample and output, and one SVD of it."""

import torch
from torch import Tensor, nn


def singular(net: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """Singular values ascending, (n²,), and right singular vectors as rows, of E with rows vec(dF ⊗ x) for one vector
    in x (N, n) a sample and one output (LieGG, section 3). All of E, (N, n²), is in memory, as are its left singular
    vectors."""
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(net(x).sum(), x)
    E = torch.einsum("bj,bk->bjk", gradient, x.detach()).flatten(1)
    _, S, V = torch.linalg.svd(E, full_matrices=False)
    return S.flip(0), V.flip(0)

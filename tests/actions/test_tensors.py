"""Tensors that move with their basis, against matrix products and einsum written out."""

import pytest
import torch

from liegg import algebra
from liegg.actions import Linear, Tensor


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def along(action, a, x):
    """(B, *shape): the velocity along one direction (K,)."""
    return torch.einsum("k,bk...->b...", a, action.velocity(x))


def test_a_tensor_of_rank_one_is_a_vector():
    tensor, linear, x, grad, a = Tensor(4, 1), Linear(4), draw(5, 4), draw(5, 4, seed=1), draw(16, seed=2)
    assert torch.equal(tensor.velocity(x), linear.velocity(x))
    assert torch.allclose(tensor.pair(x, grad), linear.pair(x, grad))
    assert torch.allclose(tensor.act(a, x, 0.7), linear.act(a, x, 0.7))
    assert torch.equal(tensor.matrix(a), linear.matrix(a)) and (tensor.size, tensor.n) == (linear.size, linear.n)
    assert torch.equal(tensor.bracket(a, a.flip(0)), linear.bracket(a, a.flip(0)))


@pytest.mark.parametrize("shape", [(5, 9), (5, 3, 3)])
def test_a_matrix_moves_by_products_from_both_sides(shape):
    action, Y, A = Tensor(3, 2), draw(5, 3, 3), draw(3, 3, seed=1)
    a = action.coefficients(A)
    assert torch.allclose(along(action, a, Y.reshape(shape)), (A @ Y + Y @ A.T).reshape(shape))
    g = torch.linalg.matrix_exp(0.7 * A)
    assert torch.allclose(action.act(a, Y.reshape(shape), 0.7), (g @ Y @ g.T).reshape(shape))


def test_a_tensor_of_rank_three_moves_along_each_index():
    action, T, A = Tensor(2, 3), draw(5, 2, 2, 2), draw(2, 2, seed=1)
    a = action.coefficients(A)
    moved = (
        torch.einsum("ip,bpjk->bijk", A, T) + torch.einsum("jp,bipk->bijk", A, T) + torch.einsum("kp,bijp->bijk", A, T)
    )
    assert torch.allclose(along(action, a, T), moved)
    g = torch.linalg.matrix_exp(A)
    assert torch.allclose(action.act(a, T), torch.einsum("ip,jq,kr,bpqr->bijk", g, g, g, T))
    flat = action.velocity(T.flatten(1))
    assert flat.shape == (5, 4, 8) and torch.equal(flat, action.velocity(T).flatten(2))


def test_an_invariant_tensor_stays():
    """The metric under rotations, the area under maps of determinant one."""
    unit, area = torch.eye(3).double()[None], algebra.so(2)
    for A in algebra.so(3):
        assert along(Tensor(3, 2), A.flatten(), unit).abs().max() < 1e-14
    for A in algebra.sl(2):
        assert along(Tensor(2, 2), A.flatten(), area).abs().max() < 1e-14
    assert along(Tensor(2, 2), algebra.scaling(2).flatten(), area).abs().max() > 0.1

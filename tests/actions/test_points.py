"""Linear and affine maps of points against explicit matrices, and polynomial fields against both."""

import pytest
import torch

from liegg import algebra
from liegg.actions import Affine, Affine2d, Linear, Polynomial

LINEAR = Linear(3, copies=2)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_linear_row_is_vec_of_gradient_times_point():
    x, grad = draw(5, 6), draw(5, 6, seed=1)
    outer = sum(torch.einsum("bj,bk->bjk", grad[:, c : c + 3], x[:, c : c + 3]) for c in (0, 3))
    assert torch.allclose(LINEAR.pair(x, grad), outer.reshape(5, 9))


def test_linear_act_is_the_matrix_exponential_on_every_copy():
    A, x, t = draw(9), draw(4, 6), torch.tensor([0.3, -0.5, 1.0, 0.0])
    moved = LINEAR.act(A, x, t)
    for s in range(4):
        g = torch.linalg.matrix_exp(t[s] * A.reshape(3, 3))
        assert torch.allclose(moved[s].reshape(2, 3), x[s].reshape(2, 3) @ g.T)


def test_unit_norm_rotation_turns_by_t_over_root_two():
    """The released demo says 45 degrees and turns by 31.8: a unit-norm generator turns by t / sqrt(2)."""
    turned = Linear(2).act(
        algebra.so(2)[0].flatten(), torch.tensor([[1.0, 0.0]]).double(), torch.deg2rad(torch.tensor(45))
    )
    assert torch.rad2deg(torch.acos(turned[0, 0])).item() == pytest.approx(31.82, abs=0.01)


def test_affine_matrices_act_on_points_with_a_one_behind():
    a, x = 0.3 * draw(12), draw(5, 3, seed=1)
    g = torch.linalg.matrix_exp(0.7 * Affine(3).matrix(a))
    assert torch.allclose(Affine(3).act(a, x, 0.7), (torch.cat([x, torch.ones(5, 1).double()], 1) @ g.T)[:, :3])
    assert torch.equal(
        Affine(3).coefficients(algebra.so(3)),
        Affine(3).coefficients(torch.nn.functional.pad(algebra.so(3), (0, 1, 0, 1))),
    )


def test_linear_maps_of_points_and_affine_maps_of_images_are_no_affine_maps_of_points():
    assert not isinstance(Linear(3), Affine) and not isinstance(Affine2d(), Affine)
    assert isinstance(Affine(3), Affine) and not isinstance(Affine(3), Linear)


def test_linear_fields_have_the_brackets_of_their_matrices():
    linear, polynomial = Linear(3), Polynomial(3, 2)
    a, b = draw(9), draw(9, seed=1)
    bracket = linear.bracket(a, b)
    lifted = [polynomial.coefficients(linear.matrix(v)) for v in (a, b, bracket)]
    assert torch.allclose(polynomial.bracket(*lifted[:2]), polynomial.values(lifted[2]), atol=1e-12)


def test_polynomials_of_degree_one_are_affine():
    affine, polynomial, x, grad = Affine(2), Polynomial(2, 1), draw(6, 2), draw(6, 2, seed=1)
    assert torch.allclose(polynomial.pair(x, grad).reshape(6, 2, 3).roll(-1, 2), affine.pair(x, grad).reshape(6, 2, 3))

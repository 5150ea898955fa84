"""Algebras by their defining identities; angles and biases by known answers."""

import pytest
import torch

from liegg import algebra


def form(p, q):
    return torch.diag(torch.tensor([1.0] * p + [-1.0] * q)).double()


def symplectic(n):
    return torch.kron(torch.tensor([[0.0, 1.0], [-1.0, 0.0]]), torch.eye(n)).double()


PRESERVED = {
    "so(5)": form(5, 0),
    "so(1,3)": form(1, 3),
    "so(2,2)": form(2, 2),
    "sp(1)": symplectic(1),
    "sp(2)": symplectic(2),
}
ALGEBRAS = {
    "so(2)": (algebra.so(2), 1),
    "so(5)": (algebra.so(5), 10),
    "so(1,3)": (algebra.so(1, 3), 6),
    "so(2,2)": (algebra.so(2, 2), 6),
    "sl(2)": (algebra.sl(2), 3),
    "sl(4)": (algebra.sl(4), 15),
    "sp(1)": (algebra.sp(1), 3),
    "sp(2)": (algebra.sp(2), 10),
    "gl(3)": (algebra.gl(3), 9),
    "scaling(3)": (algebra.scaling(3), 1),
    "translations(2)": (algebra.translations(2), 2),
}


@pytest.mark.parametrize("name", ALGEBRAS)
def test_dimension_orthonormality_and_closure(name):
    basis, dimension = ALGEBRAS[name]
    assert len(basis) == dimension and basis.dtype == torch.float64
    flat = basis.flatten(1)
    assert torch.allclose(flat @ flat.T, torch.eye(dimension).double(), atol=1e-12)
    assert algebra.closure(basis) < 1e-12


@pytest.mark.parametrize("name", PRESERVED)
def test_the_form_is_preserved(name):
    eta = PRESERVED[name]
    basis = ALGEBRAS[name][0]
    assert (basis.mT @ eta + eta @ basis).abs().max() < 1e-12
    g = torch.linalg.matrix_exp(basis.sum(0))
    assert torch.allclose(g.T @ eta @ g, eta, atol=1e-10)


@pytest.mark.parametrize("wrong", [0, -1, 1.5, 3.0, True, "3", None, float("nan")])
@pytest.mark.parametrize("name", ["so", "sp", "gl", "sl", "scaling", "translations"])
def test_sizes_are_whole_numbers(name, wrong):
    with pytest.raises(ValueError, match=rf"{name}\(.*\) needs .*whole numbers?.* not {wrong!r}"):
        getattr(algebra, name)(wrong)


@pytest.mark.parametrize("wrong", [(2, -1), (-1, 3), (0, 0), (2, 1.5), (2, True)])
def test_signatures_are_whole_numbers(wrong):
    with pytest.raises(ValueError, match=r"so\(p, q\) needs whole numbers"):
        algebra.so(*wrong)
    assert algebra.so(1).shape == (0, 1, 1) and len(algebra.so(0, 3)) == 3


SO3, INT = algebra.so(3), torch.ones(2, 3, 3).long()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: algebra.conjugate(SO3, torch.eye(2).double()), "conjugate"),
        (lambda: algebra.conjugate(SO3, [1]), "conjugate"),
        (lambda: algebra.conjugate(SO3, torch.eye(3)), "type torch.float64, real or complex, not torch.float32"),
        (lambda: algebra.orthonormal([1]), "orthonormal"),
        (lambda: algebra.orthonormal(INT), "real or complex"),
        (lambda: algebra.orthonormal(torch.ones(3)), "orthonormal"),
        (lambda: algebra.orthonormal(torch.ones(5, 2, 2)), "not linearly independent"),
        (lambda: algebra.direct_sum(), "direct_sum"),
        (lambda: algebra.direct_sum(3), "direct_sum"),
        (lambda: algebra.direct_sum(torch.ones(1, 2, 3)), "direct_sum"),
        (lambda: algebra.bracket([1], [2]), "bracket"),
        (lambda: algebra.bracket(torch.eye(2), torch.eye(3)), r"square matrices alike, not \(2, 2\) and \(3, 3\)"),
        (lambda: algebra.closure([1]), "closure"),
        (lambda: algebra.closure(INT), "closure"),
        (lambda: algebra.closure(torch.eye(3)), "closure"),
        (lambda: algebra.closure(torch.ones(2, 2, 3)), "square matrices"),
        (lambda: algebra.closure_defect(torch.eye(3), torch.eye(2)), "must go together"),
        (lambda: algebra.principal_angles([1], SO3), "between two tensors"),
        (lambda: algebra.principal_angles(torch.tensor(1.0), SO3), "between two tensors"),
        (lambda: algebra.principal_angles(SO3, algebra.so(2)), "do not lie in one space"),
        (lambda: algebra.principal_angles(torch.nan * SO3, SO3), "real, finite numbers"),
        (lambda: algebra.bias([1], SO3), "bias"),
        (lambda: algebra.bias(SO3, algebra.so(2)), "of one size and type"),
        (lambda: algebra.bias(SO3.float(), SO3), "of one size and type"),
    ],
)
def test_what_is_no_algebra_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_complex_bases_change_coordinates_too():
    su2 = torch.tensor([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]]) * 1j
    g = torch.tensor([[1, 1j], [0, 2]])
    moved = algebra.conjugate(su2, g).flatten(1)
    assert torch.allclose(moved @ moved.mH, torch.eye(3) + 0j, atol=1e-5)


def test_special_linear_has_no_trace():
    assert torch.linalg.matrix_exp(algebra.sl(3)).det().sub(1).abs().max() < 1e-10


def test_jacobi():
    A, B, C = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(0)).double()
    b = algebra.bracket
    assert (b(A, b(B, C)) + b(B, b(C, A)) + b(C, b(A, B))).abs().max() < 1e-10


def test_closure_sees_an_open_span():
    two_of_so3 = algebra.so(3)[:2]  # their bracket is the third
    assert algebra.closure(two_of_so3) == pytest.approx(1.0)
    assert algebra.closure(algebra.conjugate(algebra.so(3), torch.randn(3, 3).double())) < 1e-10


@pytest.mark.parametrize("degrees", [1e-7, 0.1, 30.0, 89.0])
def test_principal_angle_is_the_one_put_in(degrees):
    a = torch.deg2rad(torch.tensor(degrees).double())
    basis, off = algebra.so(5), algebra.scaling(5)[0]
    tilted = basis.clone()
    tilted[3] = a.cos() * basis[3] + a.sin() * off
    angles = algebra.principal_angles(tilted, basis)
    assert angles[-1].item() == pytest.approx(degrees, rel=1e-6)
    assert angles[:-1].abs().max() < 1e-10
    assert algebra.bias(tilted, basis)[3].item() == pytest.approx(a.sin().item(), rel=1e-6)


def test_bias_for_rotations_is_the_symmetric_part():
    H = torch.randn(6, 5, 5, generator=torch.Generator().manual_seed(1)).double()
    H = H / torch.linalg.matrix_norm(H)[:, None, None]
    assert torch.allclose(algebra.bias(H, algebra.so(5)), torch.linalg.matrix_norm((H + H.mT) / 2))


def test_bias_is_against_any_algebra():
    """The released code's bias is the symmetric part, whatever the group: 0.17 to 0.96 on so(1,4) itself."""
    basis = algebra.so(1, 4)
    assert algebra.bias(basis, basis).max() < 1e-12
    assert torch.linalg.matrix_norm((basis + basis.mT) / 2).max() > 0.9


def test_no_generators_no_angles():
    assert len(algebra.principal_angles(torch.zeros(0, 3, 3), algebra.so(3))) == 0


def test_a_direct_sum_acts_on_each_part_by_itself():
    both = algebra.direct_sum(algebra.so(3), algebra.sl(2), algebra.scaling(1))
    assert both.shape == (3 + 3 + 1, 6, 6) and algebra.closure(both) < 1e-12
    assert torch.equal(both[:3, :3, :3], algebra.so(3)) and torch.equal(both[3:6, 3:5, 3:5], algebra.sl(2))
    assert not both[:3, 3:].any() and not both[:3, :, 3:].any() and not both[3:, :3].any() and both[6, 5, 5] == 1
    flat = both.flatten(1)
    assert torch.allclose(flat @ flat.T, torch.eye(7).double(), atol=1e-12)


def test_the_closure_defect_is_the_part_outside_the_span():
    span = torch.eye(4).double()[:2]
    brackets = torch.tensor([[3.0, 0, 0, 0], [0, 0, 4, 0]]).double()
    assert algebra.closure_defect(span, brackets) == pytest.approx(4 / 5)
    assert algebra.closure_defect(span[:0], brackets[:0]) == 0
    nearly = 1e-3 * brackets  # counted as a fifth of the vectors' length
    assert algebra.closure_defect(span, nearly) == pytest.approx(4e-3 / (0.2 * 2**0.5 * 2**0.5))

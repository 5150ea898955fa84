"""Algebras of any size in any basis: dimensions by formula, and measures that do not depend on the coordinates."""

import warnings

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from liegg import algebra

SIZE, SEED = st.integers(1, 5), st.integers(0, 2**31)
SIGNATURE = st.tuples(st.integers(0, 4), st.integers(0, 3)).filter(lambda pq: sum(pq) > 0)
BASES = st.one_of(
    SIGNATURE.map(lambda pq: (algebra.so(*pq), sum(pq) * (sum(pq) - 1) // 2)),
    SIZE.map(lambda n: (algebra.gl(n), n * n)),
    SIZE.map(lambda n: (algebra.sl(n), n * n - 1)),
    SIZE.map(lambda n: (algebra.scaling(n), 1)),
    SIZE.map(lambda n: (algebra.translations(n), n)),
    st.integers(1, 3).map(lambda n: (algebra.sp(n), n * (2 * n + 1))),
)


def draw(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def orthogonal(n, seed):
    return torch.linalg.qr(draw(n, n, seed=seed)).Q


def invertible(n, seed):
    """With singular values from 1 to 2."""
    U, V = orthogonal(n, seed), orthogonal(n, seed + 1)
    return U * torch.linspace(1, 2, n).double() @ V


def is_orthonormal(basis):
    flat = basis.flatten(1)
    return torch.allclose(flat @ flat.T, torch.eye(len(basis)).double(), atol=1e-10)


@settings(max_examples=60)
@given(known=BASES)
def test_bases_are_orthonormal_closed_and_of_the_dimension_by_formula(known):
    basis, dimension = known
    assert len(basis) == dimension and basis.dtype == torch.float64
    assert is_orthonormal(basis) and algebra.closure(basis) < 1e-12


@settings(max_examples=60)
@given(known=BASES, seed=SEED)
def test_an_algebra_in_other_coordinates_is_one_of_the_same_dimension(known, seed):
    basis, dimension = known
    g = invertible(basis.shape[-1], seed)
    moved = algebra.conjugate(basis, g)
    assert moved.shape == basis.shape and is_orthonormal(moved) and algebra.closure(moved) < 1e-9
    back = algebra.conjugate(moved, torch.linalg.inv(g))
    assert len(algebra.principal_angles(back, basis)) == dimension
    assert algebra.principal_angles(back, basis).sum() < 1e-6 and (
        dimension == 0 or algebra.bias(back, basis).max() < 1e-9
    )


@given(one=BASES, other=BASES)
def test_a_direct_sum_has_the_sum_of_the_dimensions(one, other):
    both = algebra.direct_sum(one[0], other[0])
    assert len(both) == one[1] + other[1] and both.shape[1] == both.shape[2] == one[0].shape[1] + other[0].shape[1]
    assert is_orthonormal(both) and algebra.closure(both) < 1e-12


@st.composite
def spans(draw_one, most=5):
    """Any (d, n, n), a second (e, n, n), and a seed."""
    n, seed = draw_one(st.integers(2, 4)), draw_one(SEED)
    d, e = draw_one(st.integers(1, most).filter(lambda d: d <= n * n)), draw_one(st.integers(1, most))
    return draw(min(d, n * n), n, n, seed=seed), draw(min(e, n * n), n, n, seed=seed + 1), seed


@settings(max_examples=60)
@given(drawn=spans())
def test_angles_are_symmetric_in_range_and_those_of_the_spans(drawn):
    A, B, seed = drawn
    angles = algebra.principal_angles(A, B)
    assert len(angles) == min(len(A), len(B)) and angles.diff().gt(-1e-5).all()
    assert angles.min() >= 0 and angles.max() <= 90 + 1e-9
    assert torch.allclose(algebra.principal_angles(B, A), angles, atol=1e-5)
    mixed = torch.einsum("ab,bij->aij", invertible(len(A), seed), A)
    assert torch.allclose(algebra.principal_angles(mixed, B), angles, atol=1e-5)
    Q = orthogonal(A.shape[-1], seed)
    assert torch.allclose(algebra.principal_angles(Q @ A @ Q.T, Q @ B @ Q.T), angles, atol=1e-5)
    assert algebra.principal_angles(A, mixed).max() < 1e-5


@settings(max_examples=60)
@given(drawn=spans())
def test_closure_is_in_range_and_that_of_the_span(drawn):
    A, _, seed = drawn
    basis = algebra.orthonormal(A)
    closure = algebra.closure(basis)
    assert 0 <= closure <= 1 + 1e-12
    mixed = torch.einsum("ab,bij->aij", orthogonal(len(A), seed), basis)
    assert algebra.closure(mixed) == pytest.approx(closure, abs=1e-9)
    Q = orthogonal(A.shape[-1], seed)
    assert algebra.closure(Q @ basis @ Q.T) == pytest.approx(closure, abs=1e-9)


@given(drawn=spans())
def test_bias_is_in_range_and_does_not_know_lengths_and_bases(drawn):
    A, B, seed = drawn
    assume(len(B) < B[0].numel())
    bias = algebra.bias(A, B)
    assert bias.min() >= 0 and bias.max() <= 1 + 1e-12
    mixed = torch.einsum("ab,bij->aij", invertible(len(B), seed), B)
    assert torch.allclose(algebra.bias(-3e5 * A, mixed), bias, atol=1e-7)
    # of one direction it is the sine of the angle to the span
    assert bias[0] == pytest.approx(algebra.principal_angles(A[:1], B)[0].deg2rad().sin().item(), abs=1e-7)


@given(drawn=spans(), a=st.floats(-3, 3))
def test_brackets_are_bilinear_antisymmetric_and_go_along_with_coordinates(drawn, a):
    A, B, seed = drawn
    A, B, g = A[0], B[0], invertible(A.shape[-1], seed)
    found = algebra.bracket(A, B)
    assert torch.equal(algebra.bracket(B, A), -found) and abs(found.trace()) < 1e-9
    assert torch.allclose(algebra.bracket(A + a * B, B), found, atol=1e-9)
    inverse = torch.linalg.inv(g)
    assert torch.allclose(algebra.bracket(g @ A @ inverse, g @ B @ inverse), g @ found @ inverse, atol=1e-8)


ODD = [
    *(None, 2, "3", [], [1], object()),
    *(torch.tensor(1.0), torch.zeros(0), torch.ones(3), torch.ones(2, 3), torch.ones(2, 2, 3), torch.zeros(0, 3, 3)),
    *(
        torch.ones(2, 3, 3).long(),
        torch.ones(2, 2, 2),
        torch.ones(1, 3, 3) + 1j,
        torch.full((1, 3, 3), torch.nan).double(),
    ),
    *(algebra.so(3), torch.eye(3).double(), torch.ones(2, 2, 3, 3).double(), torch.zeros(3, 3).double()),
]
BINARY = ("conjugate", "bracket", "principal_angles", "bias", "closure_defect", "direct_sum")
UNARY = ("orthonormal", "closure", "direct_sum")


def answers_or_refuses(name, *arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = getattr(algebra, name)(*arguments)
        except ValueError as error:
            assert "\n" not in str(error)
        else:
            assert isinstance(found, torch.Tensor | float)


@pytest.mark.parametrize("name", UNARY)
def test_one_odd_argument_is_refused_or_answered(name):
    for argument in ODD:
        answers_or_refuses(name, argument)


@pytest.mark.parametrize("name", BINARY)
def test_two_odd_arguments_are_refused_or_answered(name):
    for one in ODD:
        for other in ODD:
            answers_or_refuses(name, one, other)

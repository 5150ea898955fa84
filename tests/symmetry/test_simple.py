"""Simple algebras are told apart, the exceptional ones too, from structure constants of one that has that name."""

import pytest
import torch

from liegg import algebra
from liegg.studies.lens import exceptional
from liegg.symmetry.naming import killing
from liegg.symmetry.simple import FORMS, coordinates_moved, form_name, simple_ideals


def constants(A):
    """c (d, d, d) of orthonormal matrices (d, n, n)."""
    return torch.einsum("abij,cij->abc", algebra.bracket(A[:, None], A[None]), A)


def skewed(A, seed):
    """In coordinates that are neither orthogonal nor of one scale, and in another basis of the span."""
    g = torch.Generator().manual_seed(seed)
    n = A.shape[-1]
    change = torch.eye(n).double() + 0.3 * torch.randn(n, n, generator=g, dtype=torch.float64) / n**0.5
    mixed = torch.randn(len(A), len(A), generator=g, dtype=torch.float64)
    return algebra.orthonormal(torch.einsum("ab,bij->aij", mixed, algebra.conjugate(A, change)))


def named(A, *, matrices=True):
    c = constants(A)
    return [(i.dimension, i.name, i.moved) for i in simple_ideals(c, killing(c), A if matrices else None)]


def twisted(A, inside):
    """Another real form, of matrices (d, n, n) that an involution takes to themselves: it leaves the coordinates inside
    (n,) alone and turns the others' signs, and these coordinates are multiplied by the imaginary unit."""
    even = inside[:, None] == inside
    flipped = torch.cat([A * even, A * ~even])
    flipped = torch.where(inside | even, flipped, -flipped)  # rows outside, columns inside
    return exceptional.span(flipped)


def stabiliser(form):
    """(d, n, n) all matrices along which an antisymmetric form (n, n, n) stays as it is, by linear equations."""
    n = len(form)
    A = algebra.gl(n)
    moved = sum(torch.einsum(s, form, A) for s in ("ijk,ail->aljk", "ijk,ajl->ailk", "ijk,akl->aijl"))
    rank = torch.linalg.matrix_rank(moved.flatten(1), rtol=1e-9)
    return torch.linalg.svd(moved.flatten(1).T).Vh[rank:].unflatten(1, (n, n))


def compact_e6():
    """Of e6(-26), in orthonormal coordinates, with symmetric matrices multiplied by the imaginary unit, on R^54."""
    A = algebra.conjugate(exceptional.e6(), torch.diag(torch.tensor([1.0] * 3 + [2.0] * 24).double().sqrt()))
    turn, unit = 2**0.5 * algebra.so(2)[0], torch.eye(2).double()
    kron = lambda a, B: torch.stack([torch.kron(a, b) for b in B])
    return exceptional.span(torch.cat([kron(unit, A - A.mT), kron(turn, A + A.mT)]))


def quaternionic():
    """su*(6): matrices on C^6 = R^12 that commute with i and j, and of no trace."""
    one, x, y = torch.eye(2), torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, -1.0]])
    z = x @ y
    i, j = torch.kron(torch.eye(3), torch.kron(one, z)), torch.kron(torch.eye(3), torch.kron(z, x))
    return commuting(12, i.double(), j.double())


def complex_sl(n):
    i = torch.kron(torch.eye(n), torch.tensor([[0.0, -1.0], [1.0, 0.0]])).double()
    return commuting(2 * n, i)


def commuting(n, *with_these):
    """Matrices (d, n, n) that commute with these, and whose products with them and one have no trace."""
    every = algebra.gl(n)
    rows = [algebra.bracket(every, a).flatten(1) for a in with_these]
    rows += [torch.einsum("aij,ji->a", every, a)[:, None] for a in (torch.eye(n).double(), *with_these)]
    rank = torch.linalg.matrix_rank(torch.cat(rows, 1), rtol=1e-9)
    return torch.linalg.svd(torch.cat(rows, 1).T).Vh[rank:].unflatten(1, (n, n))


FORM = exceptional.OCTONIONS[1:, 1:, 1:]
QUATERNION = torch.tensor([True, True, False, True, False, False, False])  # e1 e2 = e4
ENTRY = torch.cat([torch.ones(1, dtype=torch.bool), QUATERNION])
SPLIT = torch.cat([torch.ones(3, dtype=torch.bool), ENTRY, ENTRY, ENTRY])
FIRST = torch.arange(27) < 11  # α, β, γ, x: fixed by the reflection of the first axis
FOUND = {
    "g2": (exceptional.g2, 7),
    "g2(2)": (lambda: twisted(exceptional.g2(), QUATERNION), 7),
    "f4": (exceptional.f4, 26),
    "f4(4)": (lambda: twisted(exceptional.f4(), SPLIT), 26),
    "f4(-20)": (lambda: twisted(exceptional.f4(), FIRST), 26),
    "e6(-26)": (exceptional.e6, 27),
    "e6(6)": (lambda: twisted(exceptional.e6(), SPLIT), 27),
    "e6": (compact_e6, 54),
    "so(13)": (lambda: algebra.so(13), 13),
    "sp(6)": (lambda: algebra.sp(6), 12),
    "so(7)": (lambda: algebra.so(7), 7),
    "so(5)": (lambda: algebra.so(5), 5),
    "su*(6)": (quaternionic, 12),
    "sl(3,C)": (lambda: complex_sl(3), 6),
}


@pytest.mark.parametrize("name", FOUND)
def test_real_forms_are_named_in_any_basis(name):
    make, moved = FOUND[name]
    A = skewed(make(), seed=1)
    assert named(A) == [(len(A), name, moved)]


@pytest.mark.parametrize(
    ("name", "adjoint"),
    {
        "so(13)": "compact sp(6) or e6 or so(13)",
        "sp(6)": "e6(6) or so(6,7) or sp(6)",
        "e6(6)": "e6(6) or so(6,7) or sp(6)",
        "so(7)": "compact sp(3) or so(7)",
        "so(5)": "so(5)",
        "g2": "g2",
    }.items(),
)
def test_without_their_matrices_those_of_one_signature_are_all_named(name, adjoint):
    A = skewed(FOUND[name][0](), seed=2)
    assert named(A, matrices=False) == [(len(A), adjoint, 0)]


def test_split_g2_keeps_a_form_of_split_octonions():
    """The three-form whose products over all lines but one have turned their sign, by linear equations."""
    outside = (~QUATERNION).int()
    count = outside[:, None, None] + outside[:, None] + outside
    form = torch.where(count == 2, -FORM, FORM)
    A = stabiliser(form)
    assert named(A) == [(14, "g2(2)", 7)]
    assert algebra.principal_angles(A.flatten(1), FOUND["g2(2)"][0]().flatten(1)).max() < 1e-5
    assert algebra.principal_angles(stabiliser(FORM).flatten(1), exceptional.g2().flatten(1)).max() < 1e-5


def test_a_sum_comes_apart():
    both = algebra.direct_sum(exceptional.g2(), algebra.so(1, 3))
    assert named(skewed(both, seed=3)) == [(14, "g2", 7), (6, "so(1,3)", 4)]


def test_forms_add_up():
    """Names are unique, and forms that no other test meets are those of the tables."""
    by_name = {form.name: (form.dimension, form.noncompact) for form in FORMS}
    assert len(by_name) == len(FORMS)
    assert all(0 <= noncompact < dimension for dimension, noncompact in by_name.values())
    assert by_name["so*(8)"] == by_name["so(2,6)"] == (28, 12)
    noncompact = {"e6(2)": 40, "e6(-14)": 32, "e7(7)": 70, "e7(-5)": 64, "e7(-25)": 54, "e8(8)": 128, "e8(-24)": 112}
    assert {name: by_name[name][1] for name in noncompact} == noncompact


def test_no_two_different_algebras_pass_for_one():
    """Those of one kind, dimension and signature are one algebra: all isomorphisms of low rank, and no others."""
    groups = {}
    for form in FORMS:
        groups.setdefault((form.dimension, form.noncompact, form.complex, form.kind), []).append(form.name)
    one = {frozenset(names) for names in groups.values() if len(names) > 1}
    assert one == {
        frozenset(names)
        for names in [
            ("sl(2)", "su(1,1)", "so(1,2)"),
            ("su(2)", "so(3)"),
            ("so(1,3)", "sl(2,C)", "so(3,C)"),
            ("sp(2)", "so(2,3)"),
            ("sp(1,1)", "so(1,4)"),
            ("compact sp(2)", "so(5)"),
            ("sp(2,C)", "so(5,C)"),
            ("sl(4)", "so(3,3)"),
            ("su*(4)", "so(1,5)"),
            ("so*(6)", "su(1,3)"),
            ("su(4)", "so(6)"),
            ("su(2,2)", "so(2,4)"),
            ("sl(4,C)", "so(6,C)"),
            ("so*(8)", "so(2,6)"),
        ]
    }


def test_of_what_fits_that_of_the_size_that_moves_is_named():
    assert form_name(10, 0, False, 8) == "compact sp(2)" and form_name(10, 0, False, 3) == "so(5)"
    assert form_name(120, 0, False, 0) == "so(16) or su(11)" and form_name(120, 0, False, 22) == "su(11)"
    assert form_name(136, 0, False, 17) == "so(17)" and form_name(153, 72, False, 18) == "so(6,12)"
    assert form_name(136, 0, False, 0) == "compact sp(8) or so(17)"
    assert form_name(4, 0, False, 0) == "simple of dimension 4"
    assert coordinates_moved(None) == 0 and coordinates_moved(exceptional.f4()) == 26

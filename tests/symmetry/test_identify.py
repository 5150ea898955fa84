"""Lie algebras are named whatever basis they come in: planted in random coordinates, exact and with noise."""

import pytest
import torch

from liegg import actions, algebra
from liegg.studies.lens import exceptional
from liegg.symmetry.identify import identify, nearest
from liegg.symmetry.naming import constants, killing


def generator(seed):
    return torch.Generator().manual_seed(seed)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def skewed(basis, seed):
    """The same algebra in coordinates that are turned and stretched by up to 1.6 each way."""
    n = basis.shape[-1]
    U, V = (torch.linalg.qr(draw(n, n, seed=seed + k)).Q for k in (0, 1))
    stretch = torch.exp(torch.rand(n, generator=generator(seed)).double() - 0.5)
    return algebra.conjugate(basis, U * stretch @ V)


def unitary(p, q=0, special=False):
    """u(p, q) on R^2n = C^n, or su(p, q): what commutes with i and keeps the form."""
    n = p + q
    i = torch.kron(torch.tensor([[0.0, -1.0], [1.0, 0.0]]), torch.eye(n)).double()
    form = torch.diag(torch.tensor([1.0] * p + [-1.0] * q).repeat(2)).double()
    every = algebra.gl(2 * n)
    conditions = [algebra.bracket(every, i), every.mT @ form + form @ every]
    if special:
        conditions.append((every * i).sum((1, 2))[:, None])
    _, S, V = torch.linalg.svd(torch.cat([c.flatten(1) for c in conditions], 1).T)
    return V[S < 1e-9].reshape(-1, 2 * n, 2 * n)


def complex_sl(n):
    """sl(n, C) on R^2n: a + ib without trace."""
    turn, traceless = 2**0.5 * algebra.so(2)[0], algebra.sl(n)
    return torch.stack([torch.kron(unit, a) for unit in (torch.eye(2).double(), turn) for a in traceless])


ignoring = torch.eye(9).double()[:6].reshape(6, 3, 3)  # what leaves the last coordinate of R^3 alone
ALGEBRAS = {
    "so(2)": (algebra.so(2), (0, 0, 1)),
    "so(3)": (algebra.so(3), (0, 3, 0)),
    "so(5)": (algebra.so(5), (0, 10, 0)),
    "so(6)": (algebra.so(6), (0, 15, 0)),
    "so(1,3)": (algebra.so(1, 3), (3, 3, 0)),
    "so(1,4)": (algebra.so(1, 4), (4, 6, 0)),
    "so(2,3)": (algebra.so(2, 3), (6, 4, 0)),
    "so(4)": (algebra.so(4), (0, 6, 0)),
    "so(2,2)": (algebra.so(2, 2), (4, 2, 0)),
    "sl(2)": (algebra.sl(2), (2, 1, 0)),
    "sl(3)": (algebra.sl(3), (5, 3, 0)),
    "gl(3)": (algebra.gl(3), (5, 3, 1)),
    "sp(2)": (algebra.sp(2), (6, 4, 0)),
    "sp(3)": (algebra.sp(3), (12, 9, 0)),
    "scaling": (algebra.scaling(3), (0, 0, 1)),
    "so(3) + so(3)": (algebra.direct_sum(algebra.so(3), algebra.so(3)), (0, 6, 0)),
    "sl(2) + so(3)": (algebra.direct_sum(algebra.so(3), algebra.sl(2)), (2, 4, 0)),
    "so(1,3) + so(3)": (algebra.direct_sum(algebra.so(1, 3), algebra.so(3)), (3, 6, 0)),
    "so(3) + so(2)": (algebra.direct_sum(algebra.so(3), algebra.so(2)), (0, 3, 1)),
    "so(2) + so(2)": (algebra.direct_sum(algebra.so(2), algebra.so(2)), (0, 0, 2)),
    "so(3) + scaling": (torch.cat([algebra.so(3), algebra.scaling(3)]), (0, 3, 1)),
    "gl(2) ⋉ R^2": (ignoring, (3, 1, 2)),
    "u(2)": (unitary(2), (0, 3, 1)),
    "u(3)": (unitary(3), (0, 8, 1)),
    "u(1,2)": (unitary(1, 2), (4, 4, 1)),
    "su(3)": (unitary(3, special=True), (0, 8, 0)),
    "g2": (exceptional.g2(), (0, 14, 0)),
    "sl(3,C) + scaling": (torch.cat([complex_sl(3), algebra.scaling(6)]), (8, 8, 1)),
    "su(2) + so(2)": (algebra.direct_sum(unitary(2, special=True), algebra.so(2)), (0, 3, 1)),
}


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize("name", ALGEBRAS)
def test_algebras_are_named_in_any_basis(name, noise):
    basis, signature = ALGEBRAS[name]
    action = actions.Linear(basis.shape[-1])
    a = action.coefficients(skewed(basis, seed=3))
    match = identify(action, a + noise * draw(*a.shape) / a.shape[1] ** 0.5)
    assert match is not None and match.name == name
    assert match.killing == signature
    assert match.angle < (1e-6 if noise == 0 else 4)
    assert match.closure < (1e-12 if noise == 0 else 0.2)


PLANE = actions.Affine2d()
ROTATION = torch.nn.functional.pad(algebra.so(2), (0, 1, 0, 1))


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize(
    ("name", "basis"),
    [
        ("so(2)", ROTATION),
        ("translation", algebra.translations(2)[:1]),
        ("translation + translation", algebra.translations(2)),
        ("se(2)", torch.cat([ROTATION, algebra.translations(2)])),
        ("gl(2) ⋉ R^2", PLANE.matrix(torch.eye(6).double())),
    ],
)
def test_motions_of_the_plane_are_named(name, basis, noise):
    g = torch.eye(3).double()
    g[:2] += 0.3 * draw(2, 3)  # another centre, another metric
    a = PLANE.coefficients(algebra.conjugate(basis, g))
    assert identify(PLANE, a + noise * draw(*a.shape) / 6**0.5).name == name


def test_what_is_no_algebra_gets_no_name():
    linear = actions.Linear(4)
    assert identify(linear, draw(3, 16)) is None
    assert identify(linear, torch.zeros(0, 16)) is None
    pair = linear.coefficients(algebra.so(4)[[0, 3]])  # two rotations whose bracket is a third
    assert algebra.closure(algebra.so(4)[[0, 3]]) > 0.9 and identify(linear, pair) is None


def stretched(basis, condition, seed):
    n = basis.shape[-1]
    U, V = (torch.linalg.qr(draw(n, n, seed=seed + k)).Q for k in (0, 1))
    return algebra.conjugate(basis, U * condition ** torch.linspace(0, 1, n).double() @ V)


@pytest.mark.parametrize("noise", [0.0, 0.01])
@pytest.mark.parametrize("name", ["so(3)", "so(1,4)", "sp(2)", "sl(3)", "so(3) + so(2)", "so(3) + scaling"])
def test_a_stretched_basis_does_not_change_the_name(name, noise):
    basis, signature = ALGEBRAS[name]
    action = actions.Linear(basis.shape[-1])
    for seed in range(3):
        a = action.coefficients(stretched(basis, 10, seed))
        match = identify(action, a + noise * draw(*a.shape) / a.shape[1] ** 0.5)
        assert match is not None and (match.name, match.killing) == (name, signature)


def test_the_same_algebra_in_other_representations():
    twice = torch.stack([torch.block_diag(A, A) for A in algebra.so(3)])
    turn, flip, unit = torch.tensor([[0, -1], [1, 0]]), torch.tensor([[0, 1], [1, 0]]), torch.eye(2)
    su2 = torch.stack(
        [torch.kron(unit, turn), torch.kron(turn, flip), torch.kron(turn, torch.diag(torch.tensor([1, -1])))]
    )
    for name, basis in {"so(3)": twice, "su(2)": su2.double()}.items():
        action = actions.Linear(basis.shape[-1])
        assert identify(action, action.coefficients(stretched(basis, 5, 1))).name == name


def test_what_is_not_reductive_is_not_taken_for_it():
    heisenberg = torch.zeros(3, 3, 3).double()
    heisenberg[0, 0, 1] = heisenberg[1, 0, 2] = heisenberg[2, 1, 2] = 1
    linear = actions.Linear(3)
    assert identify(linear, linear.coefficients(heisenberg)).name == "nilpotent of dimension 3"
    assert identify(actions.Linear(2), torch.tensor([[0, 1.0, 0, 0]])).name == "nilpotent"
    assert identify(linear, linear.coefficients(torch.diag_embed(torch.eye(3)).double())).name == "scaling + R + R"
    fields = actions.Polynomial(2, 1)  # se(2), without matrices to tell turning from shifting
    moves = torch.zeros(3, 2, 3).double()
    moves[0, 0, 0] = moves[1, 1, 0] = moves[2, 1, 1] = 1
    moves[2, 0, 2] = -1
    assert identify(fields, fields.coefficients(moves)).name == "solvable of dimension 3"


TURN = algebra.so(2)[0] * 2**0.5
BOOST = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).double()


@pytest.mark.parametrize("noise", [0.0, 0.01])
@pytest.mark.parametrize(
    "motion",
    [torch.eye(2) + TURN, torch.eye(2) + 1.2 * TURN, torch.block_diag(TURN, BOOST)],
    ids=["equal", "other", "R4"],
)
def test_a_spiral_is_not_nilpotent_though_its_trace_form_is_null(motion, noise):
    n = len(motion)
    a = actions.Linear(n).coefficients(skewed(motion[None], seed=1))
    assert identify(actions.Linear(n), a + noise * draw(*a.shape) / n).name == "R"


def test_a_spiral_among_translations():
    spiral = torch.nn.functional.pad((torch.eye(2) + TURN)[None], (0, 1, 0, 1))
    plane = actions.Affine(2)
    assert identify(plane, plane.coefficients(torch.cat([spiral, algebra.translations(2)]))).name == "R ⋉ R^2"


def test_a_screw_is_one_generator_of_its_own():
    screw = torch.nn.functional.pad(algebra.so(3)[:1], (0, 1, 0, 1)) + algebra.translations(3).sum(0)
    affine = actions.Affine(3)
    assert identify(affine, affine.coefficients(screw)).name == "R"


def test_one_generator_is_held_against_a_pure_one():
    turning = algebra.so(2)[0] + 0.05 * algebra.scaling(2)[0]
    match = identify(actions.Linear(2), turning.reshape(1, 4))
    assert match.name == "so(2)" and match.angle == pytest.approx(torch.rad2deg(torch.tensor(0.05).atan()).item())


def test_the_killing_form_of_so_n():
    """tr(ad X ad Y) = (n - 2) tr(XY), so -(n - 2) in an orthonormal basis."""
    linear = actions.Linear(5)
    c = constants(linear, linear.coefficients(algebra.so(5)))
    assert torch.allclose(killing(c), -3 * torch.eye(10).double(), atol=1e-12)


def test_structure_constants_obey_the_jacobi_identity():
    linear = actions.Linear(4)
    c = constants(linear, linear.coefficients(skewed(algebra.sp(2), seed=1)))
    jacobi = torch.einsum("ijm,mkl->ijkl", c, c)
    total = jacobi + jacobi.permute(1, 2, 0, 3) + jacobi.permute(2, 0, 1, 3)
    assert total.abs().max() < 1e-12 and (c + c.transpose(0, 1)).abs().max() < 1e-12


def test_the_nearest_algebra_is_one_and_is_near():
    linear = actions.Linear(4)
    true = linear.coefficients(skewed(algebra.so(1, 3), seed=2))
    noisy = torch.linalg.qr((true + 0.01 * draw(6, 16)).T).Q.T
    closed = nearest(linear, noisy)
    assert algebra.closure(linear.matrix(closed)) < 1e-9 < algebra.closure(linear.matrix(noisy))
    moved = algebra.principal_angles(noisy, closed)
    assert moved.square().mean() < algebra.principal_angles(noisy, true).square().mean()


def test_vector_fields_are_named_too():
    fields = actions.Polynomial(3, 2)
    assert identify(fields, fields.coefficients(algebra.so(3))).name == "so(3)"
    circle = actions.VectorFields([torch.ones_like, torch.sin, torch.cos], points=draw(50, 1))  # sl(2) on the line
    assert identify(circle, torch.eye(3).double()).name == "sl(2)"
    single = actions.VectorFields([torch.sin], points=draw(50, 1))
    assert identify(single, torch.ones(1, 1).double()).name == "R"


@pytest.mark.parametrize("n", [2, 3])
def test_a_translation_keeps_its_name_in_noise(n):
    """One per cent of noise in forty draws; of two per cent some pass for other motions."""
    affine = actions.Affine(n)
    names = []
    for seed in range(40):
        a = affine.coefficients(torch.einsum("i,ijk->jk", draw(n, seed=seed), algebra.translations(n))[None])
        noise = 0.01 * draw(*a.shape, seed=seed + 100) / a.shape[1] ** 0.5
        match = identify(affine, a / a.norm() + noise)
        names.append(match.name if match else None)
    assert names.count("translation") >= 39


@pytest.mark.parametrize("noise", [1e-3, 0.02, 0.1])
def test_generators_are_moved_to_an_algebra_within_candidates_that_are_none(noise):
    """so(3) and one direction more: brackets of that leave the candidates, and those of so(3) do not."""
    stretch = torch.diag(torch.tensor([1.0, -1.0, 0.0])).double()[None]
    action = actions.Restricted(actions.Linear(3), torch.cat([algebra.so(3), stretch]))
    disturbed = algebra.so(3) + noise * torch.tensor([1.0, -0.5, 0.7]).double()[:, None, None] * stretch
    match = identify(action, action.coefficients(disturbed))
    assert match.name == "so(3)" and match.angle < 120 * noise

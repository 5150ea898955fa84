"""Generators planted in exact transitions are found, named, and told from those of transitions without symmetry."""

import pytest
import torch

from liegg.studies.embedding.generators import (
    angle_generator,
    fit_transition,
    polarization,
    tangents,
    transition_generators,
)
from liegg.studies.embedding.latent_readings import casimir, closure_errors, decided, gap, named, spin, weight
from liegg.studies.embedding.pose import FreeLinear, MatrixProduct
from liegg.studies.embedding.rotations import AXES, planar, random_rotations
from liegg.studies.embedding.teapot import Turntable


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


POSES = random_rotations(300, generator=generator()).double()
ANGLES = 6.28 * torch.rand(300, generator=generator(1), dtype=torch.float64)
OTHERS = 6.28 * torch.rand(300, generator=generator(2), dtype=torch.float64)


def symmetric():
    """An orthonormal basis (5, 3, 3) of symmetric matrices without trace, which rotations turn with spin 2."""
    kron = torch.stack([torch.kron(X, torch.eye(3)) + torch.kron(torch.eye(3), X) for X in AXES]).double()
    values, vectors = torch.linalg.eigh(-(kron @ kron).sum(0))
    return vectors[:, values > 5].T.unflatten(1, (3, 3))


def test_generators_of_the_matrix_product():
    L, residuals = transition_generators(MatrixProduct(), POSES, AXES.double())
    known = torch.stack([torch.kron(X, torch.eye(3)) for X in AXES]).double()
    assert torch.allclose(L, known, atol=1e-6) and residuals.max() < 1e-6
    assert closure_errors(L).max() < 1e-6
    assert torch.allclose(casimir(L), torch.full((9,), 2.0, dtype=torch.float64), atol=1e-5)
    assert spin(L) == pytest.approx(1, abs=1e-5)
    match = named(L)
    assert match.name == "so(3)" and match.angle < 1e-3 and match.closure < 1e-6


def test_generators_of_spin_two():
    """Latents are symmetric matrices S, which go to a S aᵀ; its steps are finite, short by a factor cos ε otherwise."""
    basis = symmetric()
    assert basis.shape == (5, 3, 3)

    def conjugated(z, a):
        return torch.einsum("kij,nij->nk", basis, a @ torch.einsum("nk,kij->nij", z, basis) @ a.mT)

    z = torch.randn(200, 5, generator=generator(), dtype=torch.float64)
    L, _ = transition_generators(conjugated, z, AXES.double(), step=1e-3)
    assert torch.allclose(casimir(L), torch.full((5,), 6.0, dtype=torch.float64), atol=1e-4)
    assert spin(L) == pytest.approx(2, abs=1e-4) and closure_errors(L).max() < 1e-4
    assert named(L).name == "so(3)"


def test_other_coordinates_keep_the_algebra():
    """Latents M z for an invertible M: L_k turn into M L_k M⁻¹, and what closes and is named stays."""
    M = torch.randn(9, 9, generator=generator(), dtype=torch.float64) + 4 * torch.eye(9).double()
    back = torch.linalg.inv(M)

    def changed(z, a):
        return (a @ (z @ back.T).unflatten(1, (3, 3))).flatten(1) @ M.T

    L, _ = transition_generators(changed, POSES.flatten(1) @ M.T, AXES.double())
    assert closure_errors(L).max() < 1e-6 and spin(L) == pytest.approx(1, abs=1e-5)
    assert named(L).name == "so(3)"


def test_without_symmetry_nothing_closes():
    W = torch.randn(18, 9, generator=generator(), dtype=torch.float64) / 4

    def unrelated(z, a):
        return z + torch.tanh(torch.cat([z.flatten(1), a.flatten(1)], 1) @ W).view_as(z)

    L, residuals = transition_generators(unrelated, POSES, AXES.double())
    assert closure_errors(L).min() > 0.5 and residuals.min() > 0.05
    assert named(L) is None


def test_a_fitted_transition_closes_nearly():
    """A dense network fitted to a z without being told: its generators are those of spin 1, roughly, after little
    training; and it follows its seed."""
    z = random_rotations(3000, generator=generator())
    a = random_rotations(3000, generator=generator(1))
    a[:1000] = torch.matrix_exp(0.4 * torch.einsum("nk,kij->nij", torch.randn(1000, 3, generator=generator(2)), AXES))
    fitted = fit_transition(z, a, a @ z, epochs=20, seed=0)
    again = fit_transition(z, a, a @ z, epochs=1, seed=0), fit_transition(z, a, a @ z, epochs=1, seed=0)
    assert torch.equal(again[0](z, a), again[1](z, a))
    L, residuals = transition_generators(fitted, z, AXES)
    assert closure_errors(L).max() < 0.25 and residuals.max() < 0.2
    assert spin(L) == pytest.approx(1, abs=0.15) and named(L).name == "so(3)"


@pytest.mark.parametrize("times", [1, 2])
def test_motions_of_the_circle(times):
    """T turns by `times` times the angle, seen in skew coordinates: the one motion is J in those, in and out."""
    M = torch.tensor([[1.5, 0.4], [0.0, 0.8]], dtype=torch.float64)
    J = torch.tensor([[0.0, -1], [1, 0]], dtype=torch.float64)
    circle = planar(ANGLES)[:, :, 0]
    turned = lambda z, a: (M @ planar(times * a) @ torch.linalg.inv(M) @ z[:, :, None])[:, :, 0]
    found = polarization(turned, circle @ M.T, OTHERS, circle @ J.T @ M.T)
    known = M @ J @ torch.linalg.inv(M)
    assert found.values[0] < 1e-10 and gap(found.values) > 1e8
    for motion in (found.A, found.B):
        assert torch.allclose(motion / motion[1, 0], known / known[1, 0], atol=1e-8)
    assert decided(found.factors).dimension == 1 and decided(found.factors).identify().name == "so(2)"
    L, residual = angle_generator(turned, circle @ M.T, step=1e-3)
    assert torch.allclose(L[0], times * known, atol=1e-4) and residual < 1e-8
    assert named(L).name == "so(2)" and weight(L[0]) == pytest.approx(times, abs=1e-4)


def test_without_normal_rows_scalings_would_count():
    """Tangents of length 0 leave out the rows of the normals."""
    circle, none = planar(ANGLES)[:, :, 0], torch.zeros(300, 2, dtype=torch.float64)
    found = polarization(MatrixProduct(), circle, OTHERS, none)
    assert found.values[1] < 1e-10 < 0.1 < found.values[2]


def test_a_transition_without_symmetry_has_no_motion():
    circle = planar(ANGLES)[:, :, 0].float()
    found = polarization(FreeLinear(seed=0), circle, OTHERS.float(), circle @ torch.tensor([[0.0, 1], [-1, 0]]))
    assert gap(found.values) < 3


def test_nothing_is_decided_of_latents_that_are_all_alike():
    one = torch.tensor([[0.6, 0.8]], dtype=torch.float64).expand(300, 2)
    assert decided(polarization(MatrixProduct(), 0 * one, OTHERS, one).factors) is None


def test_tangents_are_those_of_the_curve():
    world = Turntable()
    world.render = lambda angle: angle
    state = ANGLES[:20]
    found = tangents(lambda angle: 3 * planar(angle)[:, :, 0], world, state)
    assert torch.allclose(found, planar(state)[:, :, 1], atol=1e-6)

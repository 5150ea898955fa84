"""Rotations against scipy's, and their identities."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from liegg.studies.embedding.rotations import AXES, axis_angle, gram_schmidt, planar, random_rotations

GENERATOR = torch.Generator().manual_seed(0)
VECTORS = torch.randn(50, 3, generator=GENERATOR)
ANGLES = 6 * torch.rand(50, generator=GENERATOR) - 3


def random(n, seed=0):
    return random_rotations(n, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    "found",
    [
        random(50),
        axis_angle(VECTORS, ANGLES),
        gram_schmidt(torch.randn(50, 6, generator=GENERATOR)),
        planar(ANGLES),
    ],
)
def test_they_are_rotations(found):
    assert torch.allclose(found @ found.mT, torch.eye(found.shape[-1]).expand_as(found), atol=1e-5)
    assert torch.allclose(torch.linalg.det(found), torch.ones(50), atol=1e-5)


def test_random_rotations_are_uniform_and_repeatable():
    """Moments of the entries of a uniform rotation: mean 0, E R_ij² = 1/3, E (tr R)² = 1; and E (tr R)⁴ = 3, for which
    uniform angles would give 11.6."""
    R, trace = random(40000), random(40000).diagonal(dim1=1, dim2=2).sum(1)
    assert R.mean(0).abs().max() < 0.02
    assert torch.allclose(R.square().mean(0), torch.tensor(1 / 3), atol=0.01)
    assert trace.square().mean().item() == pytest.approx(1, abs=0.03)
    assert trace.pow(4).mean().item() == pytest.approx(3, abs=0.2)
    assert torch.equal(random(5), random(5)) and not torch.equal(random(5), random(5, seed=1))


def test_axis_and_angle_are_those_of_scipy():
    axes = (VECTORS / VECTORS.norm(dim=1, keepdim=True)).numpy()
    known = Rotation.from_rotvec(axes * ANGLES.numpy()[:, None]).as_matrix().astype(np.float32)
    assert np.allclose(axis_angle(VECTORS, ANGLES), known, atol=1e-6)
    about = torch.tensor([0, 0, 2])
    known = Rotation.from_euler("z", ANGLES.numpy()[:, None]).as_matrix().astype(np.float32)
    assert np.allclose(axis_angle(about, ANGLES), known, atol=1e-6)
    assert torch.allclose(axis_angle(about, ANGLES)[:, :2, :2], planar(ANGLES), atol=1e-6)


def test_generators_are_those_of_the_axes():
    for k, X in enumerate(AXES):
        exponential = torch.linalg.matrix_exp(ANGLES[:, None, None] * X)
        assert torch.allclose(exponential, axis_angle(torch.eye(3)[k], ANGLES), atol=1e-5)
    assert torch.equal(AXES[0] @ AXES[1] - AXES[1] @ AXES[0], AXES[2])


def test_gram_schmidt_keeps_rotations_and_turns_with_its_vectors():
    g, x = random(1, seed=3), torch.randn(20, 2, 3, generator=torch.Generator().manual_seed(0))
    R = random(20)
    assert torch.allclose(gram_schmidt(R[:, :, :2].mT.flatten(1)), R, atol=1e-6)
    assert torch.allclose(gram_schmidt((x @ g.mT).flatten(1)), g @ gram_schmidt(x.flatten(1)), atol=1e-5)
    scaled = torch.cat([3 * x[:, :1], 0.5 * x[:, 1:] - x[:, :1]], 1)
    assert torch.allclose(gram_schmidt(scaled.flatten(1)), gram_schmidt(x.flatten(1)), atol=1e-5)

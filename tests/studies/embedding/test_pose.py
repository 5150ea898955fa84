"""Encoders' latents are what their heads promise, and transitions equivariant where they should be, only there."""

import pytest
import torch

from liegg.studies.embedding.pose import (
    KINDS,
    Equivariant,
    Free,
    FreeLinear,
    MatrixProduct,
    PoseEncoder,
    pose_model,
)
from liegg.studies.embedding.rotations import planar, random_rotations

X = torch.rand(30, 1, 24, 24, generator=torch.Generator().manual_seed(0))
ANGLES = 6 * torch.rand(30, generator=torch.Generator().manual_seed(1)) - 3
CIRCLE = planar(4 * ANGLES)[:, :, 0]


def rotations(seed):
    return random_rotations(30, generator=torch.Generator().manual_seed(seed))


def error(transition):
    """max |T(g z, g a g⁻¹) - g T(z, a)| of rotations."""
    z, a, g = (rotations(seed) for seed in (1, 2, 3))
    return (transition(g @ z, g @ a @ g.mT) - g @ transition(z, a)).abs().max().item()


@torch.no_grad()
def test_heads():
    latents = {head: PoseEncoder(24, 4, 2, head=head, seed=0)(X) for head in ("SO3", "free", "circle", "plane")}
    for head in ("SO3", "free"):
        z = latents[head]
        assert z.shape == (30, 3, 3)
        orthogonal = torch.allclose(z @ z.mT, torch.eye(3).expand_as(z), atol=1e-5)
        assert orthogonal == (head == "SO3")
    assert torch.allclose(torch.linalg.det(latents["SO3"]), torch.ones(30), atol=1e-5)
    assert torch.allclose(latents["circle"].norm(dim=1), torch.ones(30), atol=1e-5)
    assert latents["plane"].shape == (30, 2) and latents["plane"].norm(dim=1).std() > 1e-3
    with pytest.raises(ValueError, match='unknown head "sphere"'):
        PoseEncoder(24, 4, 2, head="sphere", seed=0)


@pytest.mark.parametrize(("size", "convolutions"), [(16, 1), (20, 3), (25, 2), (64, 4)])
def test_encoders_fit_any_size(size, convolutions):
    x = torch.rand(3, 1, size, size, generator=torch.Generator().manual_seed(0))
    assert PoseEncoder(size, 2, convolutions, head="SO3", seed=0)(x).shape == (3, 3, 3)


@torch.no_grad()
def test_transitions_of_rotations_are_equivariant_or_not():
    assert error(MatrixProduct()) < 1e-5
    assert error(Equivariant(seed=0)) < 1e-5
    assert error(Free(9, 9, 32, seed=0)) > 0.05
    z = Equivariant(seed=0)(rotations(1), rotations(2))
    assert torch.allclose(z @ z.mT, torch.eye(3).expand_as(z), atol=1e-5)
    assert torch.equal(MatrixProduct()(rotations(1), rotations(2)), rotations(2) @ rotations(1))


class Squared(torch.nn.Module):
    """Two columns of b² from the entries of b."""

    def forward(self, b):
        return torch.matrix_power(b.unflatten(1, (3, 3)), 2)[:, :, :2].mT.flatten(1)


@torch.no_grad()
def test_the_equivariant_family_has_other_equivariant_maps():
    """T(z, a) = z f(zᵀ a z) with f(a) = T(1, a) is T itself: here for T(z, a) = a² z."""
    transition, z, a = Equivariant(seed=0), rotations(1), rotations(2)
    transition.network = Squared()
    assert torch.allclose(transition(z, a), a @ a @ z, atol=1e-5)


@torch.no_grad()
def test_transitions_of_angles():
    turned = MatrixProduct()(CIRCLE, ANGLES)
    assert torch.allclose(turned, planar(5 * ANGLES)[:, :, 0], atol=1e-5)
    free, linear = Free(2, 2, 16, seed=0), FreeLinear(seed=0)
    quarter = torch.tensor([[0.0, -1], [1, 0]])
    for transition, equivariant in ((MatrixProduct(), True), (free, False), (linear, False)):
        difference = transition(CIRCLE @ quarter.T, ANGLES) - transition(CIRCLE, ANGLES) @ quarter.T
        assert (difference.abs().max().item() < 1e-5) == equivariant
    assert torch.allclose(linear(2 * CIRCLE, ANGLES), 2 * linear(CIRCLE, ANGLES), atol=1e-6)
    for transition in (free, linear):
        assert torch.allclose(transition(CIRCLE, ANGLES), transition(CIRCLE, ANGLES + 2 * torch.pi), atol=1e-5)


@pytest.mark.parametrize(("group", "kind"), [(group, kind) for group in KINDS for kind in KINDS[group]])
def test_models_follow_their_seed_and_leave_the_random_state(group, kind):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, again, other = (
        pose_model(kind, group=group, size=24, width=2, convolutions=1, seed=seed).eval() for seed in (1, 1, 2)
    )
    assert torch.equal(torch.rand(1), expected)
    a = rotations(2) if group == "SO(3)" else ANGLES
    with torch.no_grad():
        z = first(X)
        assert torch.equal(z, again(X)) and not torch.allclose(z, other(X))
        assert torch.equal(first.predict(z, a), again.predict(z, a)) and first.predict(z, a).shape == z.shape


def test_there_are_no_other_models():
    with pytest.raises(ValueError, match='unknown kind "free linear": for SO\\(3\\) there are matrix product'):
        pose_model("free linear", group="SO(3)", size=24, width=2, convolutions=1, seed=0)
    with pytest.raises(ValueError, match='unknown group "SO\\(4\\)"'):
        pose_model("free", group="SO(4)", size=24, width=2, convolutions=1, seed=0)

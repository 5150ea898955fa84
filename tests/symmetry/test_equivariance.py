"""Pairs of generators, J(x) A x = B f(x): against a dense solution, and on functions whose pairs are known."""

import numpy as np
import pytest
import torch

from liegg import algebra, find_symmetry
from liegg.actions import Affine2d, Linear, Tensor, VectorFields
from liegg.studies.lens import targets
from liegg.studies.lens.equivariance import PLACES, inertia, masses_and_places
from liegg.training.networks import EquivariantVectors


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


MASSES = masses_and_places(600, seed=0).double()
SCALE_AND_TURN = torch.cat([algebra.so(3), algebra.scaling(3)])


def test_the_tensor_of_inertia_turns_and_scales_with_the_masses_places():
    found = find_symmetry(inertia, MASSES, PLACES, output_action=Tensor(3, 2))
    assert found.dimension == 4 and found.angles(SCALE_AND_TURN)[-1] < 1e-9
    assert torch.allclose(found.generators, found.output_generators, atol=1e-12)
    assert found.identify().name == "so(3) + scaling" and len(found.trivial_outputs) == 0
    assert found.check(inertia, MASSES[:50], turn=90).learned.max() < 1e-6


def test_tensors_written_by_hand_as_vector_fields_move_alike():
    """Y -> BY + YBᵀ for the nine matrix units B."""
    move = lambda B: lambda y: (B @ y.unflatten(1, (3, 3)) + y.unflatten(1, (3, 3)) @ B.T).flatten(1)
    by_hand = VectorFields([move(B) for B in algebra.gl(3)], points=inertia(MASSES[:50]))
    found, again = (find_symmetry(inertia, MASSES, PLACES, output_action=a) for a in (Tensor(3, 2), by_hand))
    assert again.dimension == 4 and torch.allclose(found.variance, again.variance, rtol=1e-6, atol=1e-20)
    assert again.angles(found.generators)[-1] < 1e-9
    assert torch.allclose(again.generators, again.output_generators.reshape(4, 3, 3), atol=1e-12)
    assert again.check(inertia, MASSES[:50], turn=90).learned.max() < 1e-6


def test_with_any_matrix_on_the_outputs_it_moves_with_gl3():
    """It is a linear, invertible function of S = sum m r rᵀ, and S moves with every linear map of the places."""
    found = find_symmetry(inertia, MASSES, PLACES, output_action=Linear(9))
    assert found.dimension == 9 and found.identify().name == "gl(3)"
    assert len(found.trivial_outputs) == 27  # B of any rows, on the three antisymmetric directions
    y = inertia(MASSES)
    assert (found.trivial_outputs @ y.T).abs().max() < 1e-8
    assert "27 directions of the outputs move nothing" in str(found)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_network_that_is_equivariant_by_construction(seed):
    net = EquivariantVectors(3, 2, seed=seed).double()
    found = find_symmetry(net, draw(400, 6), Linear(3, copies=2), output_action=Linear(3))
    assert found.relative_variance[2] < 1e-20 < 1e-6 < found.relative_variance[3]
    assert algebra.principal_angles(found.directions[:3], algebra.so(3))[-1] < 1e-9
    assert torch.allclose(found.coefficients[:3], found.output_coefficients[:3], atol=1e-10)


def test_an_invariant_function_has_pairs_that_move_no_output():
    f = lambda x: torch.stack([(4 * x.norm(dim=1)).sin(), x.square().sum(1)], 1)
    found = find_symmetry(f, draw(400, 3), Linear(3), output_action=Linear(2))
    assert found.dimension == 3 and found.angles(algebra.so(3))[-1] < 1e-9
    assert found.output_generators.abs().max() < 1e-9


def test_a_linear_map_carries_every_generator_over():
    W = draw(3, 3)
    found = find_symmetry(lambda x: x @ W.T, draw(300, 3), Linear(3), output_action=Linear(3))
    carried = W @ found.generators @ torch.linalg.inv(W)
    assert found.dimension == 9 and torch.allclose(found.output_generators, carried, atol=1e-9)


def test_the_defect_is_that_of_the_best_partner():
    """Against dense least squares on the explicit matrix, by numpy."""
    net, x = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)).double(), draw(300, 3)
    found = find_symmetry(net, x, Linear(3), output_action=Linear(2))
    J = torch.func.vmap(torch.func.jacrev(lambda p: net(p[None])[0]))(x).detach()
    y = net(x).detach()
    E_A = torch.einsum("noj,nk->nojk", J, x).reshape(600, 9).numpy()
    E_B = torch.einsum("oj,nk->nojk", torch.eye(2).double(), y).reshape(600, 4).numpy()
    b, *_ = np.linalg.lstsq(E_B, E_A, rcond=None)
    defect = E_A - E_B @ b
    assert np.allclose(found.variance.flip(0), np.linalg.svd(defect)[1] ** 2 / 300, rtol=1e-8)
    assert np.allclose(found.output_coefficients, (b @ found.coefficients.numpy().T).T, atol=1e-8)
    assert found.scale == pytest.approx((E_A**2).sum() / 300 / 9)


def test_several_networks_share_one_partner():
    net = EquivariantVectors(3, 2, seed=0).double()
    spoiled = [lambda x, s=s: net(x) + 0.02 * (x @ draw(6, 3, seed=s)).tanh() for s in range(4)]
    found = find_symmetry(spoiled, draw(500, 6), Linear(3, copies=2), output_action=Linear(3))
    assert found.dimension == 3 and found.angles(algebra.so(3))[-1] < 5
    assert found.coherence[:3].max() < 0.5 < 0.9 < found.coherence[3:].min()
    assert (found.generators - found.output_generators).norm() < 0.2


def test_outputs_that_are_only_error_are_idle():
    net = EquivariantVectors(3, 2, seed=0).double()
    spoiled = [lambda x, s=s: torch.cat([net(x), 0.01 * (x @ draw(6, 1, seed=s)).sin()], 1) for s in range(4)]
    found = find_symmetry(spoiled, draw(500, 6), Linear(3, copies=2), output_action=Linear(4))
    assert len(found.trivial_outputs) == 4 and found.trivial_outputs[..., :3].abs().max() < 0.05
    assert found.dimension == 3


def test_a_constant_function_is_refused_here_too():
    with pytest.raises(ValueError, match="constant on this data"):
        find_symmetry(lambda x: 1 + 0 * x, draw(50, 2), Linear(2), output_action=Linear(2))


def test_a_filter_of_images_moves_with_them():
    """A blur by a round kernel turns with the image, and moves with it: rotation and both translations, at least."""
    images = targets.known()["images, so(2)"].points(300, seed=0)
    u = torch.arange(-3, 4).double()
    kernel = torch.exp(-(u[:, None] ** 2 + u**2) / 3)[None, None]
    blur = lambda x: torch.nn.functional.conv2d(torch.nn.functional.pad(x, (3,) * 4, mode="replicate"), kernel)
    found = find_symmetry(blur, images, Affine2d(), output_action=Affine2d())
    rigid = torch.cat([torch.nn.functional.pad(algebra.so(2), (0, 1, 0, 1)), algebra.translations(2)])
    lowest = found.directions[:3]
    assert algebra.principal_angles(lowest, rigid)[-1] < 6
    assert (found.output_action.matrix(found.output_coefficients[:3]) - lowest).norm() < 0.2

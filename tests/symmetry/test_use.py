"""Found generators put to use: what must not change does not, and the penalty is the variance by another way."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import liegg
from liegg import algebra, find_symmetry, polarization_matrix
from liegg.actions import Affine, Affine2d, Flow, Linear, Product, Tensor
from liegg.studies.lens.equivariance import PLACES, inertia, masses_and_places
from liegg.symmetry.polarization import moved_outputs
from liegg.training.networks import mlp

ACTION = Linear(3, copies=2)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def invariant(x):
    a, b = x.unflatten(1, (2, 3)).unbind(1)
    return torch.stack([a.norm(dim=1).sin(), (a * b).sum(1), b.square().sum(1)], 1)


POINTS = draw(400, 6)
SO3 = find_symmetry(invariant, POINTS, ACTION)
MASSES = masses_and_places(600, seed=0).double()
PAIRS = find_symmetry(inertia, MASSES, PLACES, output_action=Tensor(3, 2))
PLANE = find_symmetry(lambda x: x.square().mean((1, 2, 3)), draw(50, 1, 8, 8), Affine2d(), tolerance=0.5)
FIVE = find_symmetry(
    [liegg.pretrained("o5", seed=seed) for seed in range(3)], draw(3000, 10).float(), Linear(5, copies=2)
)


def test_an_invariant_function_says_the_same_of_augmented_samples():
    assert SO3.dimension == 3
    moved = liegg.Augmentation(SO3, turn=180)(POINTS)
    assert torch.allclose(invariant(moved), invariant(POINTS), atol=1e-8)
    assert (moved - POINTS).flatten(1).norm(dim=1).min() > 0.01 and moved.dtype == POINTS.dtype
    other = mlp([6, 16, 1], seed=0).double()
    assert (other(moved) - other(POINTS)).abs().max() > 0.05


def test_samples_are_moved_each_by_its_own_time_up_to_the_turn():
    line = find_symmetry(lambda x: x.norm(dim=1), draw(100, 2), Linear(2))
    x = torch.tensor([[1.0, 0.0]], dtype=torch.float64).expand(2000, 2)
    angle = torch.rad2deg(torch.atan2(*liegg.Augmentation(line, turn=30)(x).flip(1).unbind(1)))
    assert 29.5 < angle.max() <= 30 + 1e-9 and -30 - 1e-9 <= angle.min() < -29.5
    assert abs(angle.square().mean().sqrt() - 30 / 3**0.5) < 1 and len(angle.unique()) > 1990


def test_every_generator_moves_and_their_order_is_drawn():
    x, seen = draw(1, 6).expand(30, 6), []
    for seed in range(40):
        augment = liegg.Augmentation(SO3, turn=90, generator=torch.Generator().manual_seed(seed))
        augment.action = spy = copy.copy(ACTION)
        order = []
        spy.act = lambda a, x, t, order=order: (order.append(a), ACTION.act(a, x, t))[1]
        augment(x)
        seen.append(tuple(int((SO3.action.coefficients(SO3.generators) @ a).argmax()) for a in order))
    assert len(set(seen)) == 6 and all(sorted(order) == [0, 1, 2] for order in seen)


def test_outputs_move_along_with_their_inputs():
    augment = liegg.Augmentation(PAIRS, turn=40)
    x, y = augment(MASSES, inertia(MASSES))
    assert torch.allclose(y, inertia(x), rtol=1e-8) and not torch.allclose(y, inertia(MASSES), rtol=0.1)
    batch = augment.collate([(x, y, i) for i, (x, y) in enumerate(zip(MASSES[:8], inertia(MASSES[:8])))])
    assert torch.allclose(inertia(batch[0]), batch[1], rtol=1e-8) and batch[2].tolist() == [*range(8)]


def test_a_generator_determines_what_is_drawn_and_torch_state_does_without_one():
    def seeded(seed):
        return liegg.Augmentation(SO3, turn=180, generator=torch.Generator().manual_seed(seed))(POINTS)

    state = torch.get_rng_state()
    assert torch.equal(seeded(1), seeded(1)) and not torch.equal(seeded(1), seeded(2))
    assert torch.equal(torch.get_rng_state(), state)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        first = liegg.Augmentation(SO3, turn=180)(POINTS)
        torch.manual_seed(3)
        assert torch.equal(liegg.Augmentation(SO3, turn=180)(POINTS), first)


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers_of_a_loader_draw_differently(context):
    data = TensorDataset(POINTS[:1].float().expand(8, -1), torch.arange(8))
    augment = liegg.Augmentation(SO3, turn=180)
    settings = {"batch_size": 4, "num_workers": 2, "multiprocessing_context": context}
    loader = DataLoader(data, collate_fn=augment.collate, **settings, generator=torch.Generator().manual_seed(0))
    (x, labels), (other, _) = loader
    assert labels.tolist() == [0, 1, 2, 3] and len(torch.cat([x, other]).unique(dim=0)) == 8
    if context == "fork":
        alike = liegg.Augmentation(SO3, turn=180, generator=torch.Generator().manual_seed(0))
        with pytest.raises(ValueError, match="would draw alike: leave generator out"):
            list(DataLoader(data, collate_fn=alike.collate, **settings))


def test_images_and_samples_without_labels():
    assert PLANE.dimension >= 1
    images = draw(5, 1, 8, 8)
    augment = pickle.loads(pickle.dumps(liegg.Augmentation(PLANE, turn=20)))
    assert augment.collate(list(images)).shape == images.shape


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("outputs", [1, 4])
def test_the_penalty_is_the_symmetry_variance_along_the_generators(dtype, outputs):
    net, x = mlp([6, 16, outputs], seed=0).to(dtype), POINTS.to(dtype)
    rows = polarization_matrix(net, x, ACTION) @ ACTION.coefficients(SO3.generators).T
    found = liegg.penalty(SO3, net, x)
    assert found.dtype == dtype and found.ndim == 0
    assert found.item() == pytest.approx(float(rows.square().sum(1).mean()), rel=1e-12 if dtype.itemsize > 4 else 1e-5)


def test_with_outputs_that_move_it_is_the_equivariance_defect():
    net = mlp([20, 16, 9], seed=0).double()
    A, B = PLACES.coefficients(PAIRS.generators), Tensor(3, 2).coefficients(PAIRS.output_generators)
    rows = polarization_matrix(net, MASSES, PLACES, Tensor(3, 2)) @ torch.cat([-B, A], 1).T
    assert float(liegg.penalty(PAIRS, net, MASSES)) == pytest.approx(float(rows.square().sum(1).mean()), rel=1e-10)
    assert moved_outputs(Tensor(3, 2), inertia(MASSES)).shape == (600, 9, 9)
    size = inertia(MASSES).square().sum(1).mean()
    assert liegg.penalty(PAIRS, inertia, MASSES) < 1e-12 * size


def test_it_vanishes_for_an_invariant_function_only():
    assert liegg.penalty(SO3, invariant, POINTS) < 1e-16
    assert liegg.penalty(SO3, lambda x: x[:, 0], POINTS) > 0.1


def test_its_gradient_reaches_the_parameters_and_training_lowers_it():
    net = nn.Sequential(mlp([6, 32, 1], seed=0, bias=True), nn.Dropout(0.0)).double().train()
    optimizer, first = torch.optim.Adam(net.parameters(), lr=1e-2), float(liegg.penalty(SO3, net, POINTS))
    for _ in range(60):
        optimizer.zero_grad()
        loss = liegg.penalty(SO3, net, POINTS)
        loss.backward()
        optimizer.step()
    assert net.training and loss < 0.2 * first
    weight, step = net[0][1].weight, 1e-6
    slope = torch.autograd.grad(liegg.penalty(SO3, net, POINTS), weight)[0][0, 0]
    with torch.no_grad():
        ends = [liegg.penalty(SO3, net, POINTS) for move in (step, -2 * step) if weight[0, 0].add_(move) is not None]
    assert float(slope) == pytest.approx(float(ends[0] - ends[1]) / (2 * step), rel=1e-3)


def test_fields_are_asked_in_their_frames():
    field = lambda x: torch.stack([-x[:, 1], x[:, 0]], 1) * (1 - x.square().sum(1, keepdim=True))
    found = find_symmetry(field, draw(300, 2), Flow(2))
    assert found.dimension >= 1 and liegg.penalty(found, field, draw(50, 2)) < 1e-12
    assert liegg.penalty(found, lambda x: x * x[:, :1], draw(50, 2)) > 1e-2
    with pytest.raises(ValueError, match=r"Flow\(2\) moves functions, not samples"):
        liegg.Augmentation(found, turn=90)


def test_the_algebra_closes_exactly_and_lies_near_so5():
    arrays = liegg.lie_algebra(FIVE)
    assert arrays.shape == (10, 5, 5) and arrays.dtype == np.float64
    basis = torch.from_numpy(arrays)
    assert algebra.closure(basis) < 1e-9 < FIVE.closure
    assert torch.allclose(basis.flatten(1) @ basis.flatten(1).T, torch.eye(10, dtype=torch.float64), atol=1e-12)
    assert algebra.principal_angles(basis, algebra.so(5))[-1] < 2
    assert np.allclose(liegg.lie_algebra(SO3) + liegg.lie_algebra(SO3).transpose(0, 2, 1), 0, atol=1e-9)


def test_emlp_solves_the_same_constraints():
    pytest.importorskip("emlp")
    from emlp.groups import Group
    from emlp.reps import Scalar, V

    class Found(Group):
        def __init__(self, lie_algebra):
            self.lie_algebra = lie_algebra
            super().__init__()

    arrays = liegg.lie_algebra(FIVE)
    forms = np.asarray((V * V >> Scalar)(Found(arrays)).equivariant_basis())
    assert forms.shape == (25, 1)
    Q = forms.reshape(5, 5)
    assert np.abs(arrays.transpose(0, 2, 1) @ Q + Q @ arrays).max() < 1e-4 * np.abs(Q).max()
    ours = np.eye(5).ravel() / 5**0.5
    assert abs(ours @ forms[:, 0]) / np.linalg.norm(forms) > 0.99


NOTHING = find_symmetry(lambda x: (x**3 + x).cumsum(1).sin(), POINTS, ACTION)


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda: liegg.Augmentation(NOTHING, turn=90), "no direction counts as a symmetry, so there is none to use"),
        (lambda: liegg.penalty(NOTHING, invariant, POINTS), "none to use: see found.decision"),
        (lambda: liegg.lie_algebra(NOTHING), "none to use"),
        (lambda: liegg.Augmentation(SO3.generators, turn=90), "what find_symmetry returns, not Tensor"),
        (lambda: liegg.Augmentation(SO3, turn=0), "turn must be a positive and finite number of degrees, not 0"),
        (lambda: liegg.Augmentation(SO3, turn=float("nan")), "turn must be .* not nan"),
        (lambda: liegg.Augmentation(SO3, turn=True), "turn must be .* not True"),
        (lambda: liegg.Augmentation(SO3, turn=90, generator=3), "generator must be a torch.Generator or None, not 3"),
        (lambda: liegg.Augmentation(SO3, turn=90)(POINTS.long()), "inputs must be a floating-point tensor"),
        (lambda: liegg.Augmentation(SO3, turn=90)(POINTS[:, :5]), "acts on 6 numbers a sample"),
        (lambda: liegg.Augmentation(SO3, turn=90)(POINTS, POINTS), r"stay as they are: call augment\(x\)"),
        (lambda: liegg.Augmentation(PAIRS, turn=90)(MASSES), r"move along with the inputs: call augment\(x, y\)"),
        (lambda: liegg.Augmentation(PAIRS, turn=90)(MASSES, MASSES[:3]), "floating-point tensor of 600 rows"),
        (lambda: liegg.Augmentation(SO3, turn=90).collate([{"x": POINTS[0]}]), "not dict: collate them yourself"),
        (lambda: liegg.penalty(SO3, liegg.black_box(lambda x: x.sum(1), POINTS), POINTS), "has no parameters"),
        (lambda: liegg.penalty(SO3, 3, POINTS), "model must be callable, not 3"),
        (lambda: liegg.penalty(SO3, lambda x: torch.cdist(x, x).sum(1), POINTS[:9]), "none: .*_cdist_forward"),
        (lambda: liegg.penalty(SO3, nn.BatchNorm1d(6), POINTS.float()), "for BatchNorm in training take LayerNorm"),
        (lambda: liegg.lie_algebra(PLANE), r"matrices of Affine2d\(\) are no representation"),
    ],
)
def test_what_cannot_be_used_is_named_with_the_fix(use, words):
    with pytest.raises(ValueError, match=words):
        use()


def test_generators_that_no_algebra_is_near_are_refused():
    from dataclasses import replace

    mixed = torch.linalg.qr(draw(25, 25)).Q.T
    with pytest.raises(ValueError, match="no Lie algebra is near these 10 generators"):
        liegg.lie_algebra(replace(FIVE, coefficients=mixed))


def test_other_actions_of_points_are_refused_as_algebras():
    for action in (Affine(3, copies=2), Product([(Linear(3), 3), (Linear(3), 3)])):
        found = find_symmetry(invariant, POINTS, action)
        assert found.dimension == 3
        with pytest.raises(ValueError, match=r"find the symmetry with actions.Linear\(n\)"):
            liegg.lie_algebra(found)

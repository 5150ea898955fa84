"""One pass over the data: batches, iterators and devices do not matter, and controls pair as they say."""

import numpy as np
import pytest
import torch
from small_networks import ACTION, draw, small_net
from torch import nn

from liegg import find_symmetry, polarization_matrix, polarize
from liegg.actions import Affine, Affine2d, Copies, Linear, Polynomial, Product, Tensor
from liegg.symmetry.polarization import gradients, outputs
from liegg.symmetry.stream import FEW, LARGEST, MEMORY, SMALLEST, _affordable, _partners
from liegg.training.networks import mlp


def kinds(factors):
    return [*factors.matched, *factors.mismatched, factors.data]


@pytest.mark.parametrize("batch_size", [1, 7, 64, 1000])
def test_batches_do_not_change_the_result(batch_size):
    net, x = small_net(), draw(100, 6)
    by_batch, at_once = polarize(net, x, ACTION, batch_size=batch_size), polarize(net, x, ACTION)
    for one, other in zip(kinds(by_batch), kinds(at_once)):
        assert one.samples == other.samples
        assert torch.allclose(one.variances()[0], other.variances()[0], rtol=1e-9)


def test_any_iterable_of_batches():
    net, x = small_net(), draw(100, 6)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, torch.zeros(100)), batch_size=32)
    expected = polarize(net, x, ACTION).matched[0].variances()[0]
    for inputs in (loader, list(x.split(32)), (part for part in x.split(32))):
        assert torch.allclose(polarize(net, inputs, ACTION).matched[0].variances()[0], expected, rtol=1e-9)


def test_controls_pair_with_earlier_points():
    net, x = small_net(outputs=1), draw(150, 6)
    grad = next(gradients(*outputs(net, x))).reshape(-1, 2, 3)
    factors = polarize(net, x, ACTION, batch_size=8)
    partners = _partners(0, 150).tolist()
    late = _partners(10**9, 1000) - torch.arange(1000)  # the lags stay spread, however long the stream
    assert len(set(late.tolist())) == 64
    assert all(max(0, i - 64) <= p < i for i, p in enumerate(partners, start=1))
    assert len({i - p for i, p in enumerate(partners, start=1)}) > 40
    points = x.reshape(-1, 2, 3)
    pairs = list(enumerate(partners, start=1))
    by_hand = {
        factors.mismatched[0]: [sum(np.outer(grad[i, c], points[p, c]) for c in (0, 1)) for i, p in pairs],
        factors.data: [sum(np.outer(points[p, c] - points[i, c], points[i, c]) for c in (0, 1)) for i, p in pairs],
    }
    for factor, rows in by_hand.items():
        E = np.array(rows).reshape(149, 9)
        assert factor.samples == 149
        assert np.allclose(factor.variances()[0].flip(0), np.linalg.svd(E)[1] ** 2 / 149, rtol=1e-9)


def test_a_slow_trajectory_is_not_taken_for_trivial():
    """Neighbours in time are nearly equal, and x.Ax = 0 for a rotation: partners must come from farther away."""
    t = torch.linspace(0, 40, 20000).double()
    path = torch.stack([(2 + t.cos()) * (3.1 * t).cos(), (2 + t.cos()) * (3.1 * t).sin(), (0.7 * t).sin()], 1)
    variance, _ = polarize(lambda x: x.square().sum(1), path, Linear(3)).data.variances()
    assert variance[0] > 1e-5 * variance.mean()


def test_batch_size_must_be_positive():
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        polarize(small_net(), draw(10, 6), ACTION, batch_size=0)


@pytest.mark.parametrize(
    ("function", "inputs", "words"),
    [
        (lambda x: x.sum(1), [], "holds no batch"),
        (lambda x: x.sum(1), torch.zeros(0, 6), "holds no batch"),
        (lambda x: x.sum(1), torch.tensor([[1.0, torch.nan, 0, 0, 0, 0]]), "inputs holds NaN"),
        (lambda x: (x - x).abs().sqrt().sum(1), torch.ones(3, 6), "gradient of output 0 is NaN"),
        (lambda x: x.sum(), torch.ones(3, 6), "no batch dimension"),
        (lambda x: x.sum(0), torch.ones(3, 6), "no batch dimension"),
        (lambda x: x.sum(1).tolist(), torch.ones(3, 6), "no batch dimension"),
        (lambda x: x.sum(1).detach(), torch.ones(3, 6), "differentiable"),
        (lambda x: x.sum(1), torch.ones(3, 5), "6 numbers a sample"),
        (lambda x: x.sum(1), [np.ones((3, 6))], "not ndarray"),
        (lambda x: x.sum(1), torch.ones(3, 6, dtype=torch.long), "floating-point"),
        (lambda x: x.sum(1), torch.tensor(1.0), "iterable of batches"),
        (lambda x: x.sum(1), None, "iterable of batches"),
        (lambda x: x.sum(1) * (1 + 1j), torch.ones(3, 6), "differentiable real"),
        (lambda x: 1e200 * x.square().sum(1), torch.ones(3, 6).double(), "overflow"),
        (lambda x: x.flatten(1).sum(1), [torch.ones(3, 6), torch.ones(3, 2, 3)], "differ in shape"),
    ],
)
def test_bad_input_gets_one_clear_error(function, inputs, words):
    with pytest.raises(ValueError, match=words):
        polarize(function, inputs, ACTION)


# every sample by itself


def in_training(*layers):
    """A function around a module in train mode, which polarize cannot see into."""
    net = nn.Sequential(nn.Linear(6, 64), *layers, nn.Linear(64, 2)).double().train()
    return lambda x: net(x)


NET = small_net()
MIXING = {
    "the sample at the other end": lambda x: NET(x) - 0.5 * NET(x.flip(0)),
    "the next sample": lambda x: NET(x) * NET(x.roll(-1, 0)),
    "the mean input": lambda x: NET(x - x.mean(0)),
    "the mean output": lambda x: NET(x) - NET(x).mean(0),
    "the wrong softmax": lambda x: NET(x).softmax(0),
    "BatchNorm": in_training(nn.BatchNorm1d(64)),
    "Dropout": in_training(nn.Dropout(0.5)),
}


@pytest.mark.parametrize("name", MIXING)
@pytest.mark.parametrize("samples", [3, 17, 18, 200])
def test_a_function_that_mixes_samples_is_refused(name, samples):
    with pytest.raises(ValueError, match="depends on the other samples"):
        polarize(MIXING[name], draw(samples, 6), ACTION)


@pytest.mark.parametrize("name", [name for name in MIXING if name != "BatchNorm"])  # torch itself refuses that one
def test_a_batch_of_two_samples_is_looked_at_too(name):
    with pytest.raises(ValueError, match="depends on the other samples"):
        polarize(MIXING[name], draw(40, 6), ACTION, batch_size=2)


def test_one_mixing_function_of_several_is_enough():
    with pytest.raises(ValueError, match="depends on the other samples"):
        polarize([small_net(), small_net(seed=1), MIXING["the mean output"]], draw(40, 6), ACTION)


@pytest.mark.parametrize("name", ["sums", "a recurrent network"])
def test_a_function_that_looks_back_at_earlier_samples_is_refused_too(name):
    """As one does that takes the samples of a batch for steps of time."""
    recurrent = nn.LSTM(6, 2).double()
    function = {"sums": lambda x: NET(x.cumsum(0)), "a recurrent network": lambda x: recurrent(x)[0]}[name]
    with pytest.raises(ValueError, match="depends on the other samples"):
        polarize(function, draw(40, 6), ACTION)


SINGLY = [
    (ACTION, (6,)),
    (Affine(3, copies=2), (6,)),
    (Polynomial(3, 1, copies=2), (6,)),
    (Product([(Linear(2), 2), (None, 4)]), (6,)),
    (Tensor(2, 2), (4,)),
    (Affine2d(), (1, 5, 5)),
    (Copies(Affine2d(), 2), (2, 1, 5, 5)),
]


@pytest.mark.parametrize(("action", "shape"), SINGLY, ids=[repr(action) for action, _ in SINGLY])
def test_batches_of_single_samples_pass(action, shape):
    x = draw(40, *shape)
    function = lambda p: (p.flatten(1).cumsum(1).sin()).sum(1)
    by_one, at_once = (polarize(function, x, action, batch_size=size) for size in (1, None))
    for one, other in zip(kinds(by_one), kinds(at_once)):
        one, other = one.triangle, other.triangle
        assert torch.allclose(one.T @ one, other.T @ other, atol=1e-9)


def convolutional(seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(1, 8, 3), nn.GroupNorm(2, 8), nn.SiLU(),
            nn.Conv2d(8, 8, 3, stride=2), nn.GroupNorm(4, 8), nn.SiLU(),
            nn.Flatten(), nn.Linear(8 * 4 * 4, 10),
        )  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("seed", range(4))
def test_honest_networks_of_any_precision_pass(dtype, seed):
    for samples in (2, 30, 300):
        deep = mlp([6, 64, 64, 64, 3], seed=seed, bias=True).to(dtype)
        assert polarize(deep, draw(samples, 6), ACTION).samples == samples
        assert polarize(convolutional(seed).to(dtype), draw(samples, 1, 12, 12), Affine2d()).samples == samples


# how many samples at a time


def test_a_small_network_takes_large_batches_and_large_images_small_ones():
    assert 256 < _affordable([mlp([6, 32, 32, 1], seed=0)], draw(FEW, 6).float(), ACTION) <= LARGEST
    large = nn.Sequential(
        nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Conv2d(16, 16, 3), nn.ReLU(), nn.Flatten(2), nn.Linear(3600, 1)
    )
    images = draw(FEW, 3, 64, 64).float()
    assert SMALLEST <= _affordable([large], images, Affine2d()) < 256
    enormous = lambda x: x.repeat(1, 100, 1, 1).sin().mean((1, 2, 3))
    assert _affordable([enormous], images, Affine2d()) == SMALLEST


def test_of_several_functions_the_largest_decides():
    nets, x = [mlp([6, width, 1], seed=0) for width in (8, 2000, 8)], draw(FEW, 6).float()
    alone = [_affordable([net], x, ACTION) for net in nets]
    assert _affordable(nets, x, ACTION) == alone[1] < alone[0]


@pytest.mark.parametrize("width", [1000, 1020])  # the second is a multiple of FEW
def test_weights_do_not_count(width):
    """A thousand hidden units save some tens of kilobytes a sample, and share four megabytes of weights."""
    x = draw(FEW, 6).float()
    assert _affordable([mlp([6, width, width, 1], seed=0)], x, ACTION) > MEMORY / (10 * 4 * 4 * width)


@pytest.mark.parametrize("output_action", [None, Linear(2)])
def test_the_default_and_any_other_batch_size_agree(output_action):
    net, x = small_net(), draw(500, 6)
    default, other = (find_symmetry(net, x, ACTION, output_action=output_action, batch_size=b) for b in (None, 17))
    assert default.dimension == other.dimension and torch.allclose(default.variance, other.variance, rtol=1e-9)
    assert torch.allclose(default.coefficients, other.coefficients, atol=1e-6)
    assert torch.allclose(default.mismatched, other.mismatched, rtol=1e-6)


# devices


@pytest.mark.parametrize("device", ["cpu", "auto", torch.device("cpu")])
def test_a_device_changes_nothing_but_the_place(device):
    nets, x = [small_net(seed=seed) for seed in range(3)], draw(100, 6)
    for models in (nets[0], nets, lambda p: p.sin().sum(1)):
        here, there = find_symmetry(models, x, ACTION), find_symmetry(models, x, ACTION, device=device)
        assert here.dimension == there.dimension and torch.allclose(here.summed, there.summed, atol=1e-9)
        assert there.coefficients.device.type == "cpu"
        assert here == there or (device == "auto" and torch.cuda.is_available())


def test_the_model_is_not_moved_and_not_changed():
    net = small_net().train()
    before = [(id(p), p.device, p.clone()) for p in net.parameters()]
    find_symmetry(net, draw(100, 6), ACTION, device="cpu")
    for p, (name, place, value) in zip(net.parameters(), before, strict=True):
        assert id(p) == name and p.device == place and torch.equal(p, value) and p.grad is None
    assert net.training


def test_an_unknown_device_is_refused():
    with pytest.raises(ValueError, match='no device "nowhere"'):
        polarize(small_net(), draw(10, 6), ACTION, device="nowhere")
    with pytest.raises(ValueError, match='no device "nowhere"'):
        find_symmetry(lambda x: x.sum(1), draw(10, 6), ACTION, device="nowhere")


def test_forces_with_more_outputs_than_directions():
    """A gradient taken inside the function has no forward derivative of a detached input; reverse mode takes over."""

    def forces(x):
        distance = (x[:, :, None] - x[:, None] + torch.eye(8)[..., None]).square().sum(-1)
        return -torch.autograd.grad((-distance).exp().sum(), x, create_graph=True)[0]

    x, action = draw(60, 8, 3), Linear(3, copies=8)
    found = find_symmetry(lambda p: forces(p.reshape(-1, 8, 3)).flatten(1), x.flatten(1), action, output_action=action)
    assert found.dimension == 3 and (found.generators - found.output_generators).abs().max() < 1e-9


def test_a_first_batch_of_one_sample_does_not_hide_a_mixing_function():
    x = draw(40, 6)
    with pytest.raises(ValueError, match="depends on the other samples"):
        polarize(lambda p: NET(p - p.mean(0)), iter([x[:1], x[1:]]), ACTION)


@pytest.mark.parametrize("call", [polarize, polarization_matrix])
def test_both_ways_in_check_their_actions_and_functions(call):
    with pytest.raises(ValueError, match="action must be an action, such as"):
        call(NET, draw(40, 6), Linear)
    with pytest.raises(ValueError, match="output_action must be an action"):
        call(NET, draw(40, 6), ACTION, "any")
    with pytest.raises(ValueError, match="depends on the other samples"):
        call(lambda p: NET(p.cumsum(0)), draw(40, 6), ACTION)

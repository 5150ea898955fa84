"""The streamed factor against the explicit matrix, and the demonstrated failures of the released code, one by one."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from liegg.actions import Affine2d, Linear
from liegg.polarization import Polarization, _partners, gradients, outputs, polarize

ACTION = Linear(3, copies=2)


def draw(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def small_net(outputs=2, dtype=torch.float64, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, outputs)).to(dtype)


def explicit_rows(function, x):
    """One row a sample and output, by torch.func's Jacobian: no code in common with polarize."""
    jacobian = torch.func.vmap(torch.func.jacrev(lambda p: function(p[None])[0]))(x)  # (N, m, 6)
    return torch.einsum("smcj,sck->smjk", jacobian.unflatten(-1, (2, 3)), x.unflatten(-1, (2, 3))).reshape(-1, 9)


def test_factor_has_the_singular_values_of_the_explicit_matrix():
    net, x = small_net(), draw(200, 6)
    E = explicit_rows(net, x).detach()
    assert E.shape == (400, 9)
    matched = polarize([net], x, ACTION).matched
    variance, directions = matched.variances()
    assert matched.samples == 200
    assert np.allclose(variance.flip(0), np.linalg.svd(E.numpy())[1] ** 2 / 200, rtol=1e-10)
    assert torch.allclose((E @ directions.T).square().sum(0) / 200, variance, rtol=1e-8)


@pytest.mark.parametrize("batch_size", [1, 7, 64, 1000])
def test_batches_do_not_change_the_result(batch_size):
    net, x = small_net(), draw(100, 6)
    for one, other in zip(polarize([net], x, ACTION, batch_size=batch_size), polarize([net], x, ACTION)):
        assert one.samples == other.samples
        assert torch.allclose(one.variances()[0], other.variances()[0], rtol=1e-9)


def test_any_iterable_of_batches():
    net, x = small_net(), draw(100, 6)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, torch.zeros(100)), batch_size=32)
    expected = polarize([net], x, ACTION).matched.variances()[0]
    for inputs in (loader, list(x.split(32)), (part for part in x.split(32))):
        assert torch.allclose(polarize([net], inputs, ACTION).matched.variances()[0], expected, rtol=1e-9)


def test_factors_merge():
    net, x = small_net(), draw(100, 6)
    whole = polarize([net], x, ACTION).matched
    part = polarize([net], x[:30], ACTION).matched
    part.merge(polarize([net], x[30:], ACTION).matched)
    assert part.samples == whole.samples
    assert torch.allclose(part.variances()[0], whole.variances()[0], rtol=1e-9)


def test_small_singular_values_survive():
    """1e-10 of the largest: squared, as in a Gram matrix, it would drown in float64 rounding."""
    U, V = (torch.linalg.qr(draw(n, 9, seed=n)).Q for n in (500, 9))
    S = torch.logspace(0, -10, 9).double()
    factor = Polarization(9)
    for rows in ((U * S) @ V.T).split(50):
        factor.update(rows[:, None])
    assert torch.allclose(factor.variances()[0].flip(0), S**2 / 500, rtol=1e-4)


def test_controls_pair_with_earlier_points():
    net, x = small_net(outputs=1), draw(150, 6)
    grad = next(gradients(*outputs(net, x))).reshape(-1, 2, 3)
    _, mismatched, data = polarize([net], x, ACTION, batch_size=8)
    partners = _partners(0, 150).tolist()
    late = _partners(10**9, 1000) - torch.arange(1000)  # the lags stay spread, however long the stream
    assert len(set(late.tolist())) == 64
    assert all(max(0, i - 64) <= p < i for i, p in enumerate(partners, start=1))
    assert len({i - p for i, p in enumerate(partners, start=1)}) > 40
    points = x.reshape(-1, 2, 3)
    pairs = list(enumerate(partners, start=1))
    by_hand = {
        mismatched: [sum(np.outer(grad[i, c], points[p, c]) for c in (0, 1)) for i, p in pairs],
        data: [sum(np.outer(points[p, c] - points[i, c], points[i, c]) for c in (0, 1)) for i, p in pairs],
    }
    for factor, rows in by_hand.items():
        E = np.array(rows).reshape(149, 9)
        assert factor.samples == 149
        assert np.allclose(factor.variances()[0].flip(0), np.linalg.svd(E)[1] ** 2 / 149, rtol=1e-9)


def test_a_slow_trajectory_is_not_taken_for_trivial():
    """Neighbours in time are nearly equal, and x.Ax = 0 for a rotation: partners must come from farther away."""
    t = torch.linspace(0, 40, 20000).double()
    path = torch.stack([(2 + t.cos()) * (3.1 * t).cos(), (2 + t.cos()) * (3.1 * t).sin(), (0.7 * t).sin()], 1)
    _, _, data = polarize([lambda x: x.square().sum(1)], path, Linear(3))
    variance, _ = data.variances()
    assert variance[0] > 1e-5 * variance.mean()


# the released code's failures: numbers as in the list of defects


def test_defect_2_outputs_are_not_summed():
    """The sum of softmax outputs is 1 and that of (g, -g) is 0: summed, everything would be a symmetry."""
    net, x = small_net(outputs=4), draw(100, 6)
    softmax = nn.Sequential(net, nn.Softmax(dim=-1))
    assert polarize([softmax], x, ACTION).matched.variances()[0].min() > 1e-6
    mirrored = lambda p: torch.cat([net(p)[:, :1], -net(p)[:, :1]], 1)
    doubled = polarize([mirrored], x, ACTION).matched.variances()[0]
    assert torch.allclose(doubled, 2 * polarize([lambda p: net(p)[:, 0]], x, ACTION).matched.variances()[0])


def test_defect_3_nothing_accumulates_and_nothing_is_left_behind():
    net, x = small_net(), draw(50, 6)
    state = copy.deepcopy(net.state_dict())
    first, second = (polarize([net], x, ACTION).matched.variances()[0] for _ in range(2))
    assert torch.equal(first, second)
    assert not x.requires_grad and x.grad is None and all(p.grad is None for p in net.parameters())
    assert all(torch.equal(state[k], v) for k, v in net.state_dict().items())


def test_defect_4_fewer_samples_than_directions():
    net, x = small_net(outputs=1), draw(4, 6)
    variance, directions = polarize([net], x, ACTION).matched.variances()
    assert directions.shape == (9, 9) and torch.allclose(directions @ directions.T, torch.eye(9).double(), atol=1e-12)
    assert (variance[:5] < 1e-24).all() and (variance[5:] > 1e-6).all()
    assert (explicit_rows(net, x) @ directions[:5].T).abs().max() < 1e-12


def test_defect_9_batchnorm_and_dropout_are_evaluated_and_every_mode_restored():
    net = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Sequential(nn.Tanh(), nn.Linear(8, 2)))
    net = net.double().train()
    net[3].eval()
    modes = [m.training for m in net.modules()]
    x, stats, random = draw(60, 6), net[1].running_mean.clone(), torch.get_rng_state()
    ours = polarize([net], x, ACTION).matched.variances()[0]
    assert [m.training for m in net.modules()] == modes
    assert torch.equal(net[1].running_mean, stats) and torch.equal(torch.get_rng_state(), random)
    assert torch.allclose(ours, polarize([copy.deepcopy(net).eval()], x, ACTION).matched.variances()[0])


def test_defect_10_images_need_not_be_square():
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 6 * 9, 2), nn.Tanh()).double()
    assert polarize([net], draw(20, 3, 6, 9), Affine2d()).matched.variances()[0].shape == (6,)


def test_modes_are_restored_after_an_error():
    net = small_net().train()
    with pytest.raises(ValueError, match="NaN"):
        polarize([net], torch.full((3, 6), torch.nan).double(), ACTION)
    assert net.training


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_works_where_gradients_are_off(context):
    net, x = small_net(), draw(20, 6)
    expected = polarize([net], x, ACTION).matched.variances()[0]
    with context():
        assert torch.allclose(polarize([net], x, ACTION).matched.variances()[0], expected)


def test_data_come_to_the_models_precision():
    net, x = small_net(dtype=torch.float32), draw(20, 6)
    assert torch.allclose(
        polarize([net], x, ACTION).matched.variances()[0], polarize([net], x.float(), ACTION).matched.variances()[0]
    )
    assert next(net.parameters()).dtype == torch.float32


def test_inputs_that_require_grad_or_are_not_contiguous():
    net, x = small_net(), draw(6, 40).T
    expected = polarize([net], x.contiguous(), ACTION).matched.variances()[0]
    assert torch.allclose(polarize([net], x, ACTION).matched.variances()[0], expected)
    leaf = x.clone().requires_grad_()
    assert torch.allclose(polarize([net], leaf, ACTION).matched.variances()[0], expected)
    assert leaf.grad is None


def test_modules_that_work_in_place():
    net, x = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(6, 1)).double(), draw(20, 6)
    kept = x.clone()
    polarize([net], x, ACTION)
    assert torch.equal(x, kept)


def test_batch_size_must_be_positive():
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        polarize([small_net()], draw(10, 6), ACTION, batch_size=0)


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
        polarize([function], inputs, ACTION)


def many_outputs(m=40):
    weights = draw(6, m, seed=3)
    return lambda x: (x @ weights).tanh()


def test_forward_and_reverse_mode_agree():
    """Nine directions and forty outputs: forward mode; one output at a time: reverse mode."""
    f, x = many_outputs(), draw(60, 6)
    whole = polarize([f], x, ACTION)
    parts = [polarize([lambda p, o=o: f(p)[:, o]], x, ACTION) for o in range(40)]
    for name in ("matched", "mismatched"):
        R = getattr(whole, name).factor
        total = sum(getattr(part, name).factor.T @ getattr(part, name).factor for part in parts)
        assert torch.allclose(R.T @ R, total, atol=1e-8)


class NoForward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0].cos()


def test_operations_without_forward_derivative_fall_back():
    f = many_outputs()
    plain, special = (
        polarize([g], draw(30, 6), ACTION).matched.factor
        for g in (lambda x: f(x.sin()), lambda x: f(NoForward.apply(x)))
    )
    assert torch.allclose(plain.T @ plain, special.T @ special, atol=1e-10)


def test_forward_mode_names_bad_gradients():
    with pytest.raises(ValueError, match="gradient of output 0 is NaN"):
        polarize([lambda x: (x - x).abs().sqrt().repeat(1, 8)], torch.ones(30, 6), ACTION)


def test_parts_of_the_data_add_up_and_memory_stays():
    rows = draw(1003, 2, 5)
    whole, parts = Polarization(5), Polarization(5, chunks=7)
    for some in rows.split(97):
        whole.update(some), parts.update(some)
        assert sum(len(r) for r in parts._waiting) <= 7 * 64
    assert parts.samples == whole.samples == 1003
    assert torch.allclose(parts.factor.T @ parts.factor, rows.flatten(0, 1).T @ rows.flatten(0, 1))
    assert torch.allclose(parts.factors[2].T @ parts.factors[2], rows[2::7].flatten(0, 1).T @ rows[2::7].flatten(0, 1))
    assert parts.counts.tolist() == [len(rows[c::7]) for c in range(7)]
    with pytest.raises(ValueError, match="do not merge"):
        whole.merge(parts)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_models(dtype):
    net, x = small_net(dtype=torch.float32), draw(300, 6)
    exact = polarize([net], x, ACTION).matched.variances()[0]
    half = copy.deepcopy(net).to(dtype)
    assert torch.allclose(polarize([half], x, ACTION).matched.variances()[0], exact, rtol=0.2)
    assert next(half.parameters()).dtype == dtype

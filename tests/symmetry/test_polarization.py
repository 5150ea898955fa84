"""Rows of derivatives against explicit Jacobians, and the demonstrated failures of the released code, one by one."""

import copy

import numpy as np
import pytest
import torch
from small_networks import ACTION, draw, small_net
from torch import nn

from liegg import algebra, find_symmetry, polarization_matrix, polarize
from liegg.actions import Affine2d, Linear
from liegg.symmetry.polarization import undisturbed


def variances(function, x, action=ACTION):
    return polarize(function, x, action).matched[0].variances()[0]


def explicit_rows(function, x):
    """One row a sample and output, by torch.func's Jacobian: no code in common with polarize."""
    jacobian = torch.func.vmap(torch.func.jacrev(lambda p: function(p[None])[0]))(x)  # (N, m, 6)
    return torch.einsum("smcj,sck->smjk", jacobian.unflatten(-1, (2, 3)), x.unflatten(-1, (2, 3))).reshape(-1, 9)


def test_the_polarization_matrix_has_a_row_for_every_sample_and_output():
    net, x = small_net(), draw(50, 6)
    E = polarization_matrix(net, x, ACTION)
    assert E.shape == (50, 2, 9) and E.dtype == torch.float64 and not E.requires_grad
    assert torch.allclose(E.flatten(0, 1), explicit_rows(net, x), rtol=1e-12, atol=1e-14)
    single = polarization_matrix(lambda p: net(p)[:, 0], x, ACTION)
    assert single.shape == (50, 1, 9) and torch.allclose(single[:, 0], E[:, 0])


def test_the_columns_of_the_output_action_come_first():
    net, x = small_net(), draw(50, 6)
    E = polarization_matrix(net, x, ACTION, Linear(2))
    assert E.shape == (50, 2, 4 + 9)
    moved = torch.einsum("kio,so->sik", algebra.gl(2), net(x))  # B_k F(x), entry i
    assert torch.allclose(E[..., :4], moved) and torch.allclose(E[..., 4:], polarization_matrix(net, x, ACTION))


def test_its_singular_values_are_the_symmetry_variances():
    net, x = small_net(), draw(200, 6)
    E = polarization_matrix(net, x, ACTION).flatten(0, 1).numpy()
    found = find_symmetry(net, x, ACTION)
    assert np.allclose(found.variance.flip(0), np.linalg.svd(E)[1] ** 2 / 200, rtol=1e-10)


@pytest.mark.parametrize("m", [2, 40])  # in reverse and in forward mode
def test_the_polarization_matrix_leaves_the_model_as_it_was(m):
    net = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, m)).double().train()
    state, random, x = copy.deepcopy(net.state_dict()), torch.get_rng_state(), draw(30, 6)
    E = polarization_matrix(net, x, ACTION)
    assert net.training and all(part.training for part in net.modules())
    assert all(torch.equal(state[name], value) for name, value in net.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in net.parameters()) and not x.requires_grad
    assert torch.equal(torch.get_rng_state(), random)
    assert torch.allclose(E, polarization_matrix(copy.deepcopy(net).eval(), x, ACTION))


@pytest.mark.parametrize(
    ("function", "inputs", "words"),
    [
        (lambda x: x.sum(), torch.ones(3, 6), "no batch dimension"),
        (lambda x: x.sum(1).detach(), torch.ones(3, 6), "differentiable"),
        (lambda x: x.sum(1), torch.ones(3, 5), "6 numbers a sample"),
        (lambda x: x.sum(1), np.ones((3, 6)), "not ndarray"),
        (lambda x: x.sum(1), torch.ones(3, 6, dtype=torch.long), "floating-point"),
        (lambda x: (x - x).abs().sqrt().sum(1), torch.ones(3, 6), "gradient of output 0 is NaN"),
    ],
)
def test_the_polarization_matrix_of_bad_input_gets_one_clear_error(function, inputs, words):
    with pytest.raises(ValueError, match=words):
        polarization_matrix(function, inputs, ACTION)


# the released code's failures: numbers as in the list of defects


def test_defect_2_outputs_are_not_summed():
    """The sum of softmax outputs is 1 and that of (g, -g) is 0: summed, everything would be a symmetry."""
    net, x = small_net(outputs=4), draw(100, 6)
    softmax = nn.Sequential(net, nn.Softmax(dim=-1))
    assert variances(softmax, x).min() > 1e-6
    mirrored = lambda p: torch.cat([net(p)[:, :1], -net(p)[:, :1]], 1)
    doubled = variances(mirrored, x)
    assert torch.allclose(doubled, 2 * variances(lambda p: net(p)[:, 0], x))


def test_defect_3_nothing_accumulates_and_nothing_is_left_behind():
    net, x = small_net(), draw(50, 6)
    state = copy.deepcopy(net.state_dict())
    first, second = (variances(net, x) for _ in range(2))
    assert torch.equal(first, second)
    assert not x.requires_grad and x.grad is None and all(p.grad is None for p in net.parameters())
    assert all(torch.equal(state[k], v) for k, v in net.state_dict().items())


def test_defect_4_fewer_samples_than_directions():
    net, x = small_net(outputs=1), draw(4, 6)
    variance, directions = polarize(net, x, ACTION).matched[0].variances()
    assert directions.shape == (9, 9) and torch.allclose(directions @ directions.T, torch.eye(9).double(), atol=1e-12)
    assert (variance[:5] < 1e-24).all() and (variance[5:] > 1e-6).all()
    assert (explicit_rows(net, x) @ directions[:5].T).abs().max() < 1e-12


def test_defect_9_batchnorm_and_dropout_are_evaluated_and_every_mode_restored():
    net = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Sequential(nn.Tanh(), nn.Linear(8, 2)))
    net = net.double().train()
    net[3].eval()
    modes = [m.training for m in net.modules()]
    x, stats, random = draw(60, 6), net[1].running_mean.clone(), torch.get_rng_state()
    ours = variances(net, x)
    assert [m.training for m in net.modules()] == modes
    assert torch.equal(net[1].running_mean, stats) and torch.equal(torch.get_rng_state(), random)
    assert torch.allclose(ours, variances(copy.deepcopy(net).eval(), x))


def test_defect_10_images_need_not_be_square():
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 6 * 9, 2), nn.Tanh()).double()
    assert variances(net, draw(20, 3, 6, 9), Affine2d()).shape == (6,)


# what happens to the model, the data and the caller's settings


def test_modes_are_restored_after_an_error():
    net = small_net().train()
    with pytest.raises(ValueError, match="NaN"):
        polarize(net, torch.full((3, 6), torch.nan).double(), ACTION)
    assert net.training


@pytest.mark.parametrize("function", [small_net(), lambda x: x.sin().sum(1)], ids=["module", "lambda"])
def test_the_random_state_of_no_gpu_is_touched(function, monkeypatch):
    forked, fork_rng = [], torch.random.fork_rng
    monkeypatch.setattr(
        torch.random, "fork_rng", lambda *, devices: forked.append(devices) or fork_rng(devices=devices)
    )
    with undisturbed(function):
        torch.rand(1)
    polarize(function, draw(20, 6), ACTION)
    assert forked == [[], []]


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_works_where_gradients_are_off(context):
    net, x = small_net(), draw(20, 6)
    expected = variances(net, x)
    with context():
        assert torch.allclose(variances(net, x), expected)


def test_data_come_to_the_models_precision():
    net, x = small_net(dtype=torch.float32), draw(20, 6)
    assert torch.allclose(variances(net, x), variances(net, x.float()))
    assert next(net.parameters()).dtype == torch.float32


def test_inputs_that_require_grad_or_are_not_contiguous():
    net, x = small_net(), draw(6, 40).T
    expected = variances(net, x.contiguous())
    assert torch.allclose(variances(net, x), expected)
    leaf = x.clone().requires_grad_()
    assert torch.allclose(variances(net, leaf), expected)
    assert leaf.grad is None


def test_modules_that_work_in_place():
    net, x = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(6, 1)).double(), draw(20, 6)
    kept = x.clone()
    polarize(net, x, ACTION)
    assert torch.equal(x, kept)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_models(dtype):
    net, x = small_net(dtype=torch.float32), draw(300, 6)
    exact = variances(net, x)
    half = copy.deepcopy(net).to(dtype)
    assert torch.allclose(variances(half, x), exact, rtol=0.2)
    assert next(half.parameters()).dtype == dtype


# forward and reverse mode


def many_outputs(m=40):
    weights = draw(6, m, seed=3)
    return lambda x: (x @ weights).tanh()


def test_forward_and_reverse_mode_agree():
    """Nine directions and forty outputs: forward mode; one output at a time: reverse mode."""
    f, x = many_outputs(), draw(60, 6)
    whole = polarize(f, x, ACTION)
    parts = [polarize([lambda p, o=o: f(p)[:, o]], x, ACTION) for o in range(40)]
    for kind in (lambda factors: factors.matched[0], lambda factors: factors.mismatched[0]):
        R = kind(whole).triangle
        total = sum(kind(part).triangle.T @ kind(part).triangle for part in parts)
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
        polarize(g, draw(30, 6), ACTION).matched[0].triangle
        for g in (lambda x: f(x.sin()), lambda x: f(NoForward.apply(x)))
    )
    assert torch.allclose(plain.T @ plain, special.T @ special, atol=1e-10)


def test_forward_mode_names_bad_gradients():
    with pytest.raises(ValueError, match="gradient of output 0 is NaN"):
        polarize(lambda x: (x - x).abs().sqrt().repeat(1, 8), torch.ones(30, 6), ACTION)

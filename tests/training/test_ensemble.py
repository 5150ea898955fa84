"""A batched run of many networks against one network at a time."""

import math
import os
import platform
import re
import subprocess
import sys

import pytest
import torch
from torch import nn

from liegg import train
from liegg.training import networks


def regression(members, samples=60):
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(members, samples, 4, generator=generator)
    return x, (x[..., :2] * x[..., 2:]).sum(-1, keepdim=True)


SETTINGS = {"epochs": 4, "batch_size": 25, "lr": 1e-2, "weight_decay": 1e-4}


def plain_training(model, x, y, seed, epochs, batch_size, lr, weight_decay, anneal=False):
    """The loop anyone would write for one network."""
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, weight_decay=weight_decay)
    order = torch.Generator().manual_seed(seed)
    for epoch in range(epochs):
        if anneal:
            optimizer.param_groups[0]["lr"] = lr * (1 + math.cos(math.pi * epoch / epochs)) / 2
        for rows in torch.randperm(len(x), generator=order).split(batch_size):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x[rows]), y[rows]).backward()
            optimizer.step()


PAGES_TAKEN = """
import resource

import torch

from liegg import train
from liegg.training import networks

torch.set_num_threads(1)
x, nets = torch.randn(64, 1000, 10), [networks.mlp([10, 32, 32, 1], seed=seed) for seed in range(64)]
for epochs in (1, 10):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    how = {"seeds": range(64), "epochs": epochs, "batch_size": 500, "lr": 1e-3}
    train(nets, x, x[..., :1], torch.nn.functional.mse_loss, **how)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc that gives memory back")
def test_memory_is_taken_once_and_not_at_every_step():
    """Each of 20 steps uses 4000 pages and more; a second training finds those of the first."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run([sys.executable, "-c", PAGES_TAKEN], env=env, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 20 * 400


@pytest.mark.parametrize("anneal", [False, True])
def test_each_member_trains_as_it_would_alone(anneal):
    x, y = regression(3)
    together, alone = ([networks.mlp([4, 8, 1], seed=s) for s in range(3)] for _ in range(2))
    train(together, x, y, nn.functional.mse_loss, seeds=[7, 8, 9], anneal=anneal, **SETTINGS)
    for i, model in enumerate(alone):
        start = model[1].weight.clone()
        plain_training(model, x[i], y[i], 7 + i, anneal=anneal, **SETTINGS)
        assert (model[1].weight - start).abs().max() > 0.01
        for ours, theirs in zip(together[i].parameters(), model.parameters()):
            assert torch.allclose(ours, theirs, atol=2e-5)


def test_members_with_data_and_epochs_of_their_own():
    x, y = regression(4)
    lengths, epochs = [60, 25, 10, 41], [4, 1, 6, 0]  # whole batches, one batch, less than a batch, a rest; nothing
    xs, ys = ([part[i, :n] for i, n in enumerate(lengths)] for part in (x, y))
    together, alone = ([networks.mlp([4, 8, 1], seed=s) for s in range(4)] for _ in range(2))
    settings = SETTINGS | {"epochs": epochs}
    losses = train(together, xs, ys, nn.functional.mse_loss, seeds=[7, 8, 9, 10], **settings)
    assert losses.isfinite().sum(0).tolist() == epochs and losses.shape == (6, 4)
    for i, model in enumerate(alone):
        plain_training(model, xs[i], ys[i], 7 + i, **SETTINGS | {"epochs": epochs[i]})
        for ours, theirs in zip(together[i].parameters(), model.parameters()):
            assert torch.allclose(ours, theirs, atol=2e-5)


def test_parameters_without_gradient_stay():
    x, y = regression(2)
    nets = [networks.mlp([4, 8, 8, 1], seed=s) for s in range(2)]
    for net in nets:
        net[1].requires_grad_(False)
    before = [(net[1].weight.clone(), net[3].weight.clone()) for net in nets]
    train(nets, x, y, nn.functional.mse_loss, seeds=[0, 1], **SETTINGS)
    for net, (first, second) in zip(nets, before):
        assert torch.equal(net[1].weight, first) and not net[1].weight.requires_grad
        assert (net[3].weight - second).abs().max() > 0.01 and net[3].weight.requires_grad


def test_what_was_learned_is_kept_when_training_is_stopped():
    x, y = regression(2)
    nets, finished = ([networks.mlp([4, 8, 1], seed=s) for s in range(2)] for _ in range(2))
    start = nets[1][1].weight.clone()
    calls = 0

    def loss(output, target):
        nonlocal calls
        calls += 1
        if calls > 9:
            raise KeyboardInterrupt
        return nn.functional.mse_loss(output, target)

    with pytest.raises(KeyboardInterrupt):
        train(nets, x, y, loss, seeds=[0, 1], **SETTINGS | {"epochs": [2, 50]})
    train(finished, x, y, nn.functional.mse_loss, seeds=[0, 1], **SETTINGS | {"epochs": [2, 3]})
    assert calls == 10 and (nets[1][1].weight - start).abs().max() > 0.01
    for ours, theirs in zip(nets, finished):
        assert all(torch.allclose(a, b, atol=2e-5) for a, b in zip(ours.parameters(), theirs.parameters()))


def test_shared_points_with_values_of_their_own():
    x, y = regression(1)
    x, y = x.expand(2, -1, -1), torch.cat([y, -y])
    together, alone = ([networks.mlp([4, 8, 1], seed=s) for s in range(2)] for _ in range(2))
    train(together, x, y, nn.functional.mse_loss, seeds=[7, 8], **SETTINGS)
    for i, model in enumerate(alone):
        plain_training(model, x[i], y[i], 7 + i, **SETTINGS)
        assert all(torch.allclose(a, b, atol=2e-5) for a, b in zip(together[i].parameters(), model.parameters()))


def test_shared_data_and_models_with_buffers():
    x, y = (part[:1].expand(2, -1, -1) for part in regression(1))
    nets = [
        networks.Standardized(networks.mlp([4, 8, 1], seed=s), torch.zeros(4), torch.ones(4), 0.0, 2.0) for s in (0, 1)
    ]
    losses = train(nets, x, y, nn.functional.mse_loss, seeds=[0, 1], **SETTINGS)
    assert losses.shape == (4, 2) and (losses[-1] < losses[0]).all()
    assert all(net.scale_out == 2 for net in nets)


def test_the_best_epoch_on_validation_is_kept():
    x, y = regression(2)
    score = lambda out, target: -nn.functional.mse_loss(out, target)
    scores = {}
    for epochs in range(1, 9):
        nets = [networks.mlp([4, 8, 1], seed=s) for s in range(2)]
        train(nets, x[:, :40], y[:, :40], nn.functional.mse_loss, seeds=[0, 1], epochs=epochs, batch_size=40, lr=0.3)
        scores[epochs] = [score(net(x[i, 40:]), y[i, 40:]).item() for i, net in enumerate(nets)]
    nets = [networks.mlp([4, 8, 1], seed=s) for s in range(2)]
    train(
        nets, x[:, :40], y[:, :40], nn.functional.mse_loss, seeds=[0, 1], epochs=8, batch_size=40, lr=0.3,
        score=score, validation=(x[:, 40:], y[:, 40:]),
    )  # fmt: skip
    assert any(
        scores[8][i] < max(values[i] for values in scores.values()) for i in range(2)
    )  # the last is not the best
    for i, net in enumerate(nets):
        best = max(values[i] for values in scores.values())
        assert score(net(x[i, 40:]), y[i, 40:]).item() == pytest.approx(best, rel=1e-4)


def test_a_loss_that_diverges_names_the_member():
    x, y = regression(3)
    y = y.clone()
    y[1, 0] = torch.nan
    nets = [networks.mlp([4, 8, 1], seed=s) for s in range(3)]
    start = nets[0][1].weight.clone()
    with pytest.raises(
        FloatingPointError, match=r"member \[1\] \(seed \[8\]\) is not finite in epoch 1: lower lr=0.01"
    ):
        train(nets, x, y, nn.functional.mse_loss, seeds=[7, 8, 9], **SETTINGS)
    assert nets[0][1].weight.isfinite().all() and not torch.equal(nets[0][1].weight, start)


def _frozen(layer):
    net = networks.mlp([4, 8, 8, 1], seed=0)
    net[layer].requires_grad_(False)
    return net


@pytest.mark.parametrize(
    ("nets", "changes", "message"),
    [
        ([networks.mlp([4, 1], seed=0)] * 2, {}, "all different objects"),
        ([], {}, "one or more"),
        ([networks.mlp([4, 1], seed=0), networks.mlp([4, 2], seed=0)], {}, "of one shape, but there are 2 kinds"),
        ([nn.Sequential(nn.Linear(4, 1), f()) for f in (nn.ReLU, nn.Tanh)], {}, "there are 2 kinds: .*ReLU.*Tanh"),
        ([_frozen(1), _frozen(3)], {}, "same parameters free to learn"),
        ([nn.Sequential(nn.Linear(4, 1), nn.BatchNorm1d(1)) for _ in "ab"], {}, "running statistics"),
        (None, {"seeds": [1, 2, 3]}, "2 models, 3 seeds, 2 numbers of epochs and data for 2 and 2 must be as many"),
        (None, {"epochs": [1, 2, 3]}, "2 models, 2 seeds, 3 numbers of epochs"),
        (None, {"epochs": [1, -2]}, r"epochs \[1, -2\] not negative"),
        (None, {"epochs": [1, 2], "anneal": True}, "anneal needs data of one length"),
        (None, {"batch_size": 0}, "batch_size 0 must be at least 1"),
        (None, {"score": nn.functional.mse_loss}, "score and validation need each other"),
    ],
)
def test_what_cannot_be_trained_together(nets, changes, message):
    x, y = regression(2)
    nets = [networks.mlp([4, 1], seed=s) for s in range(2)] if nets is None else nets
    with pytest.raises(ValueError, match=re.compile(message, re.S)):
        train(nets, x, y, nn.functional.mse_loss, **{"seeds": [1, 2]} | SETTINGS | changes)


def test_data_that_do_not_agree():
    x, y = regression(2)
    nets = [networks.mlp([4, 1], seed=s) for s in range(2)]
    with pytest.raises(ValueError, match=r"\[60, 0\] inputs and \[60, 60\] targets"):
        train(nets, [x[0], x[1, :0]], y, nn.functional.mse_loss, seeds=[1, 2], **SETTINGS)


def test_a_score_that_is_no_number_names_the_member_and_others_may_count():
    x, y = regression(2)
    y_held = y[:, 40:].clone()
    y_held[1] = torch.nan
    nets = [networks.mlp([4, 8, 1], seed=s).double() for s in range(2)]
    x, y, y_held = x.double(), y.double(), y_held.double()
    score = lambda out, target: -nn.functional.mse_loss(out, target)
    with pytest.raises(FloatingPointError, match=r"the score of member \[1\] \(seed \[8\]\) is not finite in epoch 1"):
        train(nets, x, y, nn.functional.mse_loss, seeds=[7, 8], score=score, validation=(x[:, 40:], y_held), **SETTINGS)
    count = lambda out, target: (out > 0).sum()
    train(nets, x, y, nn.functional.mse_loss, seeds=[7, 8], score=count, validation=(x, y), **SETTINGS)


@pytest.mark.parametrize("device", ["cpu", "auto", torch.device("cpu")])
def test_a_device_changes_nothing_but_the_place(device):
    x, y = regression(2)
    here, there = ([networks.mlp([4, 8, 1], seed=s) for s in range(2)] for _ in range(2))
    parameters = [p for net in there for p in net.parameters()]
    losses = train(here, x, y, nn.functional.mse_loss, seeds=[0, 1], **SETTINGS)
    same = train(there, x, y, nn.functional.mse_loss, seeds=[0, 1], device=device, **SETTINGS)
    assert torch.allclose(losses, same, atol=1e-5)
    assert all(p is q for p, q in zip(parameters, (p for net in there for p in net.parameters()), strict=True))
    assert all(p.device.type == "cpu" for p in parameters)
    for ours, theirs in zip(here, there):
        assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(ours.parameters(), theirs.parameters()))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"batch_size": True}, "batch_size True must be at least 1, a whole number"),
        ({"batch_size": 1.5}, "batch_size 1.5 must be"),
        ({"batch_size": "3"}, "batch_size '3' must be"),
        ({"epochs": 1.5}, "epochs must be a whole number, or one for each model, not 1.5"),
        ({"epochs": True}, "epochs must be a whole number"),
        ({"epochs": [1, 1.5]}, "epochs must be whole numbers"),
        ({"seeds": 3}, "seeds must be a list of whole numbers"),
        ({"seeds": [0.5, 1]}, "seeds must be a list of whole numbers"),
        ({"lr": -1.0}, "lr and weight_decay must be finite"),
        ({"lr": float("nan")}, "lr and weight_decay must be finite"),
        ({"lr": "3"}, "lr and weight_decay must be finite"),
        ({"weight_decay": -1.0}, "lr and weight_decay must be finite"),
        ({"loss": None}, "loss must be a function"),
        ({"models": None}, "models must be a list of torch modules"),
        ({"models": [3, 4]}, "models must be a list of torch modules"),
        ({"models": [nn.Linear(4, 1, device="meta") for _ in "ab"]}, "models must have dense weights with values"),
        ({"x": None}, r"x and y must be tensors \(M, N, ...\)"),
        ({"x": [1, 2]}, r"x and y must be tensors \(M, N, ...\)"),
        ({"x": torch.ones(2, 60, 4, device="meta")}, "x and y must be dense tensors with values"),
        ({"y": [torch.ones(60, 1).to_sparse() for _ in "ab"]}, "x and y must be dense tensors with values"),
        ({"score": len, "validation": 3}, "validation must be a pair"),
        ({"device": "meta"}, "meta device"),
    ],
)
def test_what_cannot_be_trained_is_named(change, words):
    x, y = regression(2)
    nets = [networks.mlp([4, 1], seed=s) for s in range(2)]
    given = {"models": nets, "x": x, "y": y, "loss": nn.functional.mse_loss, "seeds": [0, 1], **SETTINGS}
    with pytest.raises(ValueError, match=words):
        train(**given | change)


def test_an_unknown_device_is_refused():
    x, y = regression(1)
    with pytest.raises(ValueError, match='no device "nowhere"'):
        train([networks.mlp([4, 1], seed=0)], x, y, nn.functional.mse_loss, seeds=[0], device="nowhere", **SETTINGS)

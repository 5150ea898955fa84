"""Networks and their training: counts from the paper, and a batched run against one network at a time."""

import math
import re

import pytest
import torch
from torch import nn

from liegg import ensemble, models, progress


def regression(members, samples=60):
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(members, samples, 4, generator=generator)
    return x, (x[..., :2] * x[..., 2:]).sum(-1, keepdim=True)


SETTINGS = {"epochs": 4, "batch_size": 25, "lr": 1e-2, "weight_decay": 1e-4}


@pytest.mark.parametrize(("sizes", "count"), [([10, 32, 32, 1], 1376), ([784, 128, 128, 128, 128, 128, 10], 167168)])
def test_parameter_counts_are_the_papers(sizes, count):
    assert sum(p.numel() for p in models.mlp(sizes, seed=0).parameters()) == count


def test_the_nonlinearity_is_swish():
    net = models.mlp([3, 4, 1], seed=0).double()
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(1)).double()
    hidden = x @ net[1].weight.T
    assert torch.allclose(net(x), (hidden * torch.sigmoid(hidden)) @ net[3].weight.T)


def test_weights_come_from_the_seed_alone():
    state = torch.get_rng_state()
    one, two, other = models.mlp([4, 8, 1], seed=1), models.mlp([4, 8, 1], seed=1), models.mlp([4, 8, 1], seed=2)
    assert torch.equal(one[1].weight, two[1].weight) and not torch.equal(one[1].weight, other[1].weight)
    assert torch.equal(torch.get_rng_state(), state)


def test_defect_12_standardized_keeps_its_scales_as_buffers():
    net = models.Standardized(models.mlp([3, 1], seed=0), torch.ones(3), 2 * torch.ones(3), 5.0, 7.0)
    x = torch.randn(4, 3)
    assert torch.allclose(net(x), 5 + 7 * net.net((x - 1) / 2))
    assert {"mean_in", "scale_in", "mean_out", "scale_out"} <= set(net.state_dict())
    assert net.double().mean_in.dtype == torch.float64


def test_unit_logits_have_length_one():
    assert torch.allclose(models.UnitLogits(models.mlp([3, 5], seed=0))(torch.randn(6, 3)).norm(dim=1), torch.ones(6))


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


@pytest.mark.parametrize("anneal", [False, True])
def test_each_member_trains_as_it_would_alone(anneal):
    x, y = regression(3)
    together, alone = ([models.mlp([4, 8, 1], seed=s) for s in range(3)] for _ in range(2))
    ensemble.train(together, x, y, nn.functional.mse_loss, seeds=[7, 8, 9], anneal=anneal, **SETTINGS)
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
    together, alone = ([models.mlp([4, 8, 1], seed=s) for s in range(4)] for _ in range(2))
    settings = SETTINGS | {"epochs": epochs}
    losses = ensemble.train(together, xs, ys, nn.functional.mse_loss, seeds=[7, 8, 9, 10], **settings)
    assert losses.isfinite().sum(0).tolist() == epochs and losses.shape == (6, 4)
    for i, model in enumerate(alone):
        plain_training(model, xs[i], ys[i], 7 + i, **SETTINGS | {"epochs": epochs[i]})
        for ours, theirs in zip(together[i].parameters(), model.parameters()):
            assert torch.allclose(ours, theirs, atol=2e-5)


def test_parameters_without_gradient_stay():
    x, y = regression(2)
    nets = [models.mlp([4, 8, 8, 1], seed=s) for s in range(2)]
    for net in nets:
        net[1].requires_grad_(False)
    before = [(net[1].weight.clone(), net[3].weight.clone()) for net in nets]
    ensemble.train(nets, x, y, nn.functional.mse_loss, seeds=[0, 1], **SETTINGS)
    for net, (first, second) in zip(nets, before):
        assert torch.equal(net[1].weight, first) and not net[1].weight.requires_grad
        assert (net[3].weight - second).abs().max() > 0.01 and net[3].weight.requires_grad


def test_what_was_learned_is_kept_when_training_is_stopped():
    x, y = regression(2)
    nets, finished = ([models.mlp([4, 8, 1], seed=s) for s in range(2)] for _ in range(2))
    start = nets[1][1].weight.clone()
    calls = 0

    def loss(output, target):
        nonlocal calls
        calls += 1
        if calls > 9:
            raise KeyboardInterrupt
        return nn.functional.mse_loss(output, target)

    with pytest.raises(KeyboardInterrupt):
        ensemble.train(nets, x, y, loss, seeds=[0, 1], **SETTINGS | {"epochs": [2, 50]})
    ensemble.train(finished, x, y, nn.functional.mse_loss, seeds=[0, 1], **SETTINGS | {"epochs": [2, 3]})
    assert calls == 10 and (nets[1][1].weight - start).abs().max() > 0.01
    for ours, theirs in zip(nets, finished):
        assert all(torch.allclose(a, b, atol=2e-5) for a, b in zip(ours.parameters(), theirs.parameters()))


def test_shared_points_with_values_of_their_own():
    x, y = regression(1)
    x, y = x.expand(2, -1, -1), torch.cat([y, -y])
    together, alone = ([models.mlp([4, 8, 1], seed=s) for s in range(2)] for _ in range(2))
    ensemble.train(together, x, y, nn.functional.mse_loss, seeds=[7, 8], **SETTINGS)
    for i, model in enumerate(alone):
        plain_training(model, x[i], y[i], 7 + i, **SETTINGS)
        assert all(torch.allclose(a, b, atol=2e-5) for a, b in zip(together[i].parameters(), model.parameters()))


def test_shared_data_and_models_with_buffers():
    x, y = (part[:1].expand(2, -1, -1) for part in regression(1))
    nets = [models.Standardized(models.mlp([4, 8, 1], seed=s), torch.zeros(4), torch.ones(4), 0.0, 2.0) for s in (0, 1)]
    losses = ensemble.train(nets, x, y, nn.functional.mse_loss, seeds=[0, 1], **SETTINGS)
    assert losses.shape == (4, 2) and (losses[-1] < losses[0]).all()
    assert all(net.scale_out == 2 for net in nets)


def test_the_best_epoch_on_validation_is_kept():
    x, y = regression(2)
    score = lambda out, target: -nn.functional.mse_loss(out, target)
    scores = {}
    for epochs in range(1, 9):
        nets = [models.mlp([4, 8, 1], seed=s) for s in range(2)]
        ensemble.train(
            nets, x[:, :40], y[:, :40], nn.functional.mse_loss, seeds=[0, 1], epochs=epochs, batch_size=40, lr=0.3
        )
        scores[epochs] = [score(net(x[i, 40:]), y[i, 40:]).item() for i, net in enumerate(nets)]
    nets = [models.mlp([4, 8, 1], seed=s) for s in range(2)]
    ensemble.train(
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
    nets = [models.mlp([4, 8, 1], seed=s) for s in range(3)]
    start = nets[0][1].weight.clone()
    with pytest.raises(
        FloatingPointError, match=r"member \[1\] \(seed \[8\]\) is not finite in epoch 1: lower lr=0.01"
    ):
        ensemble.train(nets, x, y, nn.functional.mse_loss, seeds=[7, 8, 9], **SETTINGS)
    assert nets[0][1].weight.isfinite().all() and not torch.equal(nets[0][1].weight, start)


def _frozen(layer):
    net = models.mlp([4, 8, 8, 1], seed=0)
    net[layer].requires_grad_(False)
    return net


@pytest.mark.parametrize(
    ("nets", "changes", "message"),
    [
        ([models.mlp([4, 1], seed=0)] * 2, {}, "all different objects"),
        ([], {}, "one or more"),
        ([models.mlp([4, 1], seed=0), models.mlp([4, 2], seed=0)], {}, "of one shape, but there are 2 kinds"),
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
    nets = [models.mlp([4, 1], seed=s) for s in range(2)] if nets is None else nets
    with pytest.raises(ValueError, match=re.compile(message, re.S)):
        ensemble.train(nets, x, y, nn.functional.mse_loss, **{"seeds": [1, 2]} | SETTINGS | changes)


def test_data_that_do_not_agree():
    x, y = regression(2)
    nets = [models.mlp([4, 1], seed=s) for s in range(2)]
    with pytest.raises(ValueError, match=r"\[60, 0\] inputs and \[60, 60\] targets"):
        ensemble.train(nets, [x[0], x[1, :0]], y, nn.functional.mse_loss, seeds=[1, 2], **SETTINGS)


def test_a_score_that_is_no_number_names_the_member_and_others_may_count():
    x, y = regression(2)
    y_held = y[:, 40:].clone()
    y_held[1] = torch.nan
    nets = [models.mlp([4, 8, 1], seed=s).double() for s in range(2)]
    x, y, y_held = x.double(), y.double(), y_held.double()
    score = lambda out, target: -nn.functional.mse_loss(out, target)
    with pytest.raises(FloatingPointError, match=r"the score of member \[1\] \(seed \[8\]\) is not finite in epoch 1"):
        ensemble.train(
            nets, x, y, nn.functional.mse_loss, seeds=[7, 8], score=score, validation=(x[:, 40:], y_held), **SETTINGS
        )
    count = lambda out, target: (out > 0).sum()
    ensemble.train(nets, x, y, nn.functional.mse_loss, seeds=[7, 8], score=count, validation=(x, y), **SETTINGS)


def test_progress_goes_where_someone_looks(tmp_path, monkeypatch, capsys):
    shown = tmp_path / "progress"
    monkeypatch.setattr(progress, "_last", float("-inf"))
    progress.show("nobody looks")
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("LIEGG_PROGRESS", str(shown))
    x, y = regression(2)
    nets = [models.mlp([4, 8, 1], seed=s) for s in range(2)]
    seen = set()

    def loss(output, target):
        seen.update([shown.read_text()] if shown.exists() else [])
        return nn.functional.mse_loss(output, target)

    with progress.within("case 1 of 9"):
        ensemble.train(nets, x, y, loss, seeds=[0, 1], **SETTINGS)
    (line,) = seen  # the others came too soon to replace it
    assert line.startswith("case 1 of 9: 2 networks train, epoch 1 of 4, loss ")
    assert not shown.exists()


def test_biases_come_from_the_seed_too():
    one, two = (models.mlp([4, 8, 1], seed=1, bias=True) for _ in range(2))
    assert torch.equal(one[1].bias, two[1].bias) and one[1].bias.abs().max() > 0
    assert models.mlp([4, 8, 1], seed=1)[1].bias is None


def test_equivariant_vectors_turn_with_their_inputs():
    net = models.EquivariantVectors(3, 2, seed=0).double()
    x = torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(1)).double()
    Q = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(2)).double()).Q
    assert torch.allclose(net((x @ Q.T).flatten(1)), net(x.flatten(1)) @ Q.T)

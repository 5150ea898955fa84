"""The line on how a long computation stands goes where someone looks, and nowhere else."""

import torch
from torch import nn

from liegg import progress, train
from liegg.training.networks import mlp


def regression(members, samples=60):
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(members, samples, 4, generator=generator)
    return x, (x[..., :2] * x[..., 2:]).sum(-1, keepdim=True)


SETTINGS = {"epochs": 4, "batch_size": 25, "lr": 1e-2, "weight_decay": 1e-4}


def test_progress_goes_where_someone_looks(tmp_path, monkeypatch, capsys):
    shown = tmp_path / "progress"
    monkeypatch.setattr(progress, "_last", float("-inf"))
    progress.show("nobody looks")
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("LIEGG_PROGRESS", str(shown))
    x, y = regression(2)
    nets = [mlp([4, 8, 1], seed=s) for s in range(2)]
    seen = set()

    def loss(output, target):
        seen.update([shown.read_text()] if shown.exists() else [])
        return nn.functional.mse_loss(output, target)

    with progress.within("case 1 of 9"):
        train(nets, x, y, loss, seeds=[0, 1], **SETTINGS)
    (line,) = seen  # the others came too soon to replace it
    assert line.startswith("case 1 of 9: 2 networks train, epoch 1 of 4, loss ")
    assert not shown.exists()

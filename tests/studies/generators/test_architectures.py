"""The image classifiers: as many parameters as asked for, every image by itself, parts that do what they say."""

import pytest
import torch
from torch import nn

from liegg import train
from liegg.studies.generators import architectures
from liegg.training.networks import count

IMAGES = torch.randn(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(6)


@pytest.mark.parametrize("parameters", [20_000, 50_000])
@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_architectures_have_the_parameters_asked_for(name, parameters):
    net = architectures.build(name, parameters, seed=0)
    assert count(net) == pytest.approx(parameters, rel=0.1)


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_architectures_see_every_image_by_itself_and_come_from_the_seed(name):
    state = torch.get_rng_state()
    net, again, other = (architectures.build(name, 5000, seed=s) for s in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    out = net(IMAGES)
    assert out.shape == (6, 10) and torch.equal(out, again(IMAGES)) and not torch.allclose(out, other(IMAGES))
    assert torch.allclose(torch.cat([net(image[None]) for image in IMAGES]), out, atol=1e-5)
    changed = IMAGES.clone()
    changed[2] += 1
    moved = (net(changed) - out).abs().amax(1) > 1e-4
    assert moved.tolist() == [False, False, True, False, False, False]


def test_an_unknown_architecture():
    with pytest.raises(ValueError, match='unknown architecture "RNN": there are MLP, Swish, '):
        architectures.build("RNN", 5000, seed=0)


def test_patches_are_the_squares_of_the_image():
    layer = architectures.Patches(architectures.PATCH**2)
    nn.init.eye_(layer.embed.weight), nn.init.zeros_(layer.embed.bias), nn.init.zeros_(layer.place)
    squares = nn.functional.unfold(IMAGES, architectures.PATCH, stride=architectures.PATCH).mT
    assert torch.allclose(layer(IMAGES), squares)


def test_attention_is_torchs():
    ours = architectures.Attention(16)
    theirs = nn.MultiheadAttention(16, architectures.HEADS, batch_first=True)
    theirs.load_state_dict(
        {
            "in_proj_weight": ours.mix.weight, "in_proj_bias": ours.mix.bias,
            "out_proj.weight": ours.out.weight, "out_proj.bias": ours.out.bias,
        }
    )  # fmt: skip
    x = torch.randn(3, 5, 16, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(ours(x), theirs(x, x, x)[0], atol=1e-6)


@pytest.mark.parametrize("name", ["CNN", "residual", "MLP-Mixer", "ViT"])
def test_architectures_train_together_as_alone(name):
    together, alone = ([architectures.build(name, 3000, seed=s) for s in (0, 1)] for _ in range(2))
    settings = {"epochs": 2, "batch_size": 4, "lr": 1e-3}
    loss = nn.functional.cross_entropy
    x, y = IMAGES.expand(2, -1, -1, -1, -1), LABELS.expand(2, -1)
    train(together, x, y, loss, seeds=[5, 6], **settings)
    for net, seed in zip(alone, (5, 6)):
        order = torch.Generator().manual_seed(seed)
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
        for _ in range(2):
            for rows in torch.randperm(6, generator=order).split(4):
                optimizer.zero_grad()
                loss(net(IMAGES[rows]), LABELS[rows]).backward()
                optimizer.step()
    for ours, theirs in zip(together, alone):
        assert torch.allclose(ours(IMAGES), theirs(IMAGES), atol=1e-4)

"""The image classifiers, the ways to train them, and what is measured on the O(5) task."""

import pytest
import torch
from torch import nn

from liegg import architectures, data, ensemble, find_symmetry, models, o5, plots, regimes, targets

IMAGES = torch.randn(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(6)


@pytest.mark.parametrize("parameters", [20_000, 50_000])
@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_architectures_have_the_parameters_asked_for(name, parameters):
    net = architectures.build(name, parameters, seed=0)
    assert models.count(net) == pytest.approx(parameters, rel=0.1)


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
    ensemble.train(together, x, y, loss, seeds=[5, 6], **settings)
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


@pytest.mark.parametrize("parameters", [1, 37, 1408, 5000])
def test_the_width_is_the_nearest(parameters):
    build = lambda w: models.mlp([10, w, w, 1], seed=0)
    best = min(range(1, 100), key=lambda w: abs(11 * w + w * w - parameters))
    assert models.width(build, parameters) == best


def test_no_width_for_a_network_that_has_none():
    with pytest.raises(ValueError, match="no width gives 1408 parameters: there are 10 at any"):
        models.width(lambda w: models.mlp([10, 1], seed=0), 1408)


# training regimes

SETTINGS = {"seeds": [3, 4], "batch_size": 20, "lr": 1e-3}


def digits(rotated):
    parts = [data.digits_task("digits", "train", 40, rotated=rotated, seed=s) for s in (0, 1)]
    return tuple(torch.stack(part) for part in zip(*parts))


def weights(nets):
    return [torch.cat([p.detach().flatten() for p in net.parameters()]) for net in nets]


def same(ones, others):
    return all(torch.allclose(a, b, atol=1e-6) for a, b in zip(weights(ones), weights(others)))


def test_features_are_unit_activities_of_a_layer():
    (net,) = regimes.classifiers([8, 6], seeds=[0])
    hidden = nn.functional.silu(IMAGES.flatten(1) @ net[1].weight.T)
    layers = [hidden, nn.functional.silu(hidden @ net[3].weight.T), net(IMAGES)]
    for layer, values in enumerate(layers, 1):
        assert torch.allclose(regimes.features(net, layer)(IMAGES), nn.functional.normalize(values), atol=1e-6)


def test_pretraining_is_one_training_after_the_other():
    rotated, upright = digits(True), digits(False)
    ours, theirs, neither = (regimes.classifiers([8, 6], seeds=[0, 1]) for _ in range(3))
    regimes.pretrained(ours, rotated, upright, 5, **SETTINGS)
    for part, epochs in ((upright, 2), (rotated, 3)):
        ensemble.train(theirs, *part, nn.functional.cross_entropy, epochs=epochs, anneal=True, **SETTINGS)
    regimes.end_to_end(neither, rotated, upright, 5, **SETTINGS)
    assert same(ours, theirs) and not same(ours, neither)


def test_layer_by_layer_trains_one_layer_at_a_time():
    rotated = digits(True)
    nets, first, start = (regimes.classifiers([8, 6], seeds=[0, 1]) for _ in range(3))
    regimes.layer_by_layer(nets, rotated, digits(False), 4, **SETTINGS)
    stages = [nn.Sequential(*net[:3], models.mlp([8, 10], seed=s)[-1]) for net, s in zip(first, SETTINGS["seeds"])]
    ensemble.train(stages, *rotated, nn.functional.cross_entropy, epochs=2, anneal=True, **SETTINGS)
    for net, once, untrained in zip(nets, first, start):
        assert torch.allclose(net[1].weight, once[1].weight, atol=1e-6)  # as the first stage left it
        for layer in (1, 3, 5):
            assert (net[layer].weight - untrained[layer].weight).abs().max() > 1e-4
        assert all(p.requires_grad for p in net.parameters())


def test_layer_by_layer_needs_an_epoch_a_layer():
    with pytest.raises(ValueError, match="2 hidden layers, one by one, need at least 2 epochs, not 1"):
        regimes.layer_by_layer(regimes.classifiers([8, 6], seeds=[0]), digits(True), digits(False), 1, **SETTINGS)


# the O(5) task, and figures of studies


def test_the_exact_function_of_the_o5_task():
    x, y = data.o5(2000, seed=0)
    row = o5.summary(find_symmetry(targets.o5, x, o5.ACTION), targets.o5, x, y)
    assert row["dimension"] == 10 and row["test_error"] == 0 and row["angle"] < 1e-3 and row["bias_mean"] < 1e-5
    assert row["gap"] > 1e6 and row["closure"] < 1e-5


def test_networks_of_the_o5_task_keep_one_scale_a_vector():
    x, y = data.o5(500, seed=0)
    x = x * torch.tensor([1.0] * 5 + [10.0] * 5)
    scale = o5.network([4], x, y, seed=0).scale_in
    assert len(scale.unique()) == 2 and scale[5:] / scale[:5] == pytest.approx(torch.full((5,), 10.0), rel=0.1)


def test_figures_of_studies_name_their_axes_and_kinds():
    values = torch.rand(3, 4) + 0.1
    figures = [
        plots.trends({"height (m)": {"one": (range(4), values), "b": (range(4), values)}}, {"one": "A", "b": "B"}, "n"),
        plots.heatmaps({"height (m)": values}, range(3), range(4), "rows", "columns"),
        plots.strips(
            {"height (m)": {"one": {"x": [1, 2]}, "b": {"x": [3], "y": [float("nan")]}}}, {"one": "A", "b": "B"}
        ),
    ]
    for figure in figures:
        axes = figure.axes[0]
        assert "height (m)" in (axes.get_ylabel(), axes.get_title())
        assert figure._repr_svg_().startswith("<?xml")
    for figure in (figures[0], figures[2]):
        assert [text.get_text() for text in figure.legends[0].get_texts()] == ["A", "B"]
    numbers = [text.get_text() for text in figures[1].axes[0].texts]
    assert numbers == [f"{v:.2g}" for v in values.flatten().tolist()]

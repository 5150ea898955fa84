"""Pathways: sizes as the released classes have them, symmetries that they claim, formulas by other means."""

import pytest
import torch

from liegg.studies.layerwise import published, separable
from liegg.studies.layerwise.networks import LAYERS, MIXED, Network, parameters
from liegg.studies.layerwise.pathways import (
    FactoredFC,
    _correlations,
    _patches,
    interpolation,
    largest_grid,
    pathway,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def images(C=2, H=8, B=5):
    return torch.randn(B, C, H, H, generator=seeded(7))


@pytest.mark.parametrize(
    ("kind", "layers", "tensors"),
    [
        ("FC", 133_526_240, 20),
        ("CONV", 229_320, 20),
        ("FC+CONV", 133_755_560, 36),
        ("F-FC", 1_433_175, 36),
        ("F-FC+CONV", 1_662_495, 52),
        ("S-FC", 722_370, 28),
        ("S-CONV", 178_460, 20),
        ("S-FC+S-CONV", 824_540, 44),
    ],
)
def test_as_many_parameters_as_the_released_classes(kind, layers, tensors):
    assert kind in LAYERS
    assert parameters(kind) == {"network": published.PARAMETERS[kind], "layers": layers, "tensors": tensors}


def test_as_many_parameters_in_networks_of_mixed_groups():
    assert parameters(MIXED, width=2)["network"] == 1_237_527
    assert parameters(MIXED, width=2, channels=1)["network"] == 1_105_843
    assert parameters("FC", channels=1)["network"] == pytest.approx(112.7e6, rel=1e-3)


@pytest.mark.parametrize(
    ("kind", "width", "count"),
    [
        ("CONV", 10, 338_770),
        ("p4", 10, 1_025_380),
        ("pointwise", 10, 338_770),
        ("separable", 10, 214_550),
        ("doubly", 10, 139_725),
        ("p4", 6, 371_200),
        ("separable", 13, 358_463),
        ("doubly", 16, 346_215),
    ],
)
def test_as_many_parameters_in_group_convolutions(kind, width, count):
    assert separable.parameters(kind, width=width) == count


@pytest.mark.parametrize("stride", [1, 2])
def test_convolutions_are_torch_s_circular_ones(stride):
    conv = pathway("CONV", 2, 3, 8, stride, grid="fixed", generator=seeded())
    torchs = torch.nn.Conv2d(2, 3, 3, stride, padding=1, padding_mode="circular")
    torchs.weight.data, torchs.bias.data = conv.weight.data.unflatten(-1, (3, 3)), torch.tensor([0.1, 0.2, 0.3])
    conv.bias.data = torchs.bias.data.clone()
    assert torch.allclose(conv(images()), torchs(images()), atol=1e-6)


def test_a_factored_pathway_is_a_dense_one_of_rank_one_in_space():
    path = FactoredFC(2, 3, 4, 2, generator=seeded())
    path.bias_U.data, path.bias_V.data = torch.randn(3, generator=seeded(1)), torch.randn(4, generator=seeded(2))
    W = torch.einsum("dcp,dcu->dpcu", path.V, path.U)
    b = path.bias_V + torch.einsum("dcp,d->dp", path.V, path.bias_U)
    x = images(2, 4)
    assert torch.allclose(path(x).flatten(2), torch.einsum("dpcu,bcu->bdp", W, x.flatten(2)) + b, atol=1e-5)


@pytest.mark.parametrize("kind", ["CONV", "S-CONV", "GCONV"])
@pytest.mark.parametrize("shift", [(1, 0), (0, 3), (2, 5)])
def test_convolutions_follow_every_shift_by_the_largest_grid(kind, shift):
    x, C = images(4), 4
    path = pathway(kind, C, 4, 8, 1, grid="largest", generator=seeded())
    assert torch.allclose(path(x.roll(shift, (2, 3))), path(x).roll(shift, (2, 3)), atol=1e-6)
    strided = pathway(kind, C, 4, 8, 2, grid="largest", generator=seeded())
    before, after = strided(x), strided(x.roll(shift, (2, 3)))
    # the same values, moved by half of the shift, rounded in one direction or the other
    assert torch.allclose(before.flatten(2).sort().values, after.flatten(2).sort().values, atol=1e-6)


@pytest.mark.parametrize("C", [1, 3])
def test_correlations_are_sums_over_patches(C):
    x = images(C, 6)
    assert torch.allclose(_correlations(x), _patches(x, 1), rtol=1e-4, atol=1e-3)


def test_an_image_chooses_its_sub_grid_by_itself():
    x = images(2, 6, B=7)
    assert torch.equal(largest_grid(x)[3:4], largest_grid(x[3:4]))
    assert torch.equal(largest_grid(x).amax((1, 2, 3)), x.amax((1, 2, 3)))


@pytest.mark.parametrize("kind", ["GCONV", "CONV+GCONV", "F-FC"])
def test_only_gconv_alone_is_invariant_under_turns_and_shifts(kind):
    net = Network(kind, 3, channels=2, width=2, shape="digits", grid="largest", seed=0)
    x = images(2, 16)
    same = lambda moved: torch.allclose(net(moved), net(x), atol=1e-5)
    assert same(x.rot90(1, (2, 3))) == (kind == "GCONV")
    assert same(x.roll((3, 5), (2, 3))) == (kind == "GCONV")


@pytest.mark.parametrize("kind", separable.CONVOLUTIONS)
def test_group_convolutions_respect_turns_and_those_that_mix_copies_no_shifts(kind):
    net = separable.GroupNetwork(kind, 3, channels=1, width=2, shape="paper", seed=0)
    x = images(1, 32, B=3)
    same = lambda moved: torch.allclose(net(moved), net(x), atol=1e-5)
    assert same(x.rot90(1, (2, 3))) == (kind != "CONV")
    assert same(x.roll((3, 5), (2, 3))) == (kind in ("CONV", "pointwise"))


def test_whole_group_convolutions_hold_the_pointwise_ones():
    """A p4 filter that is zero but for one copy is a pointwise filter."""
    whole = separable.GroupConv(2, 3, 4, 3, generator=seeded())
    pointwise = separable.GroupConv(2, 3, 1, 3, generator=seeded())
    whole.weight.data.zero_()
    whole.weight.data[:, :, 0] = pointwise.weight.data[:, :, 0]
    y = torch.randn(2, 2, 4, 8, 8, generator=seeded(3))
    assert torch.allclose(whole(y), pointwise(y), atol=1e-5)


def test_interpolated_filters_meet_their_anchors_where_these_are_pixels():
    weights = interpolation(3, 1.0, seeded())
    assert weights.shape == (9, 9)
    smooth = torch.ones(9)
    at_anchors = smooth @ torch.linalg.pinv(weights.double()).float()
    assert torch.allclose(at_anchors @ weights, smooth, atol=1e-2)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: pathway("MLP", 1, 1, 8, 1, grid="fixed", generator=seeded()), 'unknown pathway "MLP": there are FC,'),
        (
            lambda: pathway("CONV", 1, 1, 9, 2, grid="fixed", generator=seeded()),
            "stride 2 does not divide images of side 9",
        ),
        (lambda: pathway("CONV", 1, 1, 8, 3, grid="fixed", generator=seeded()), "stride 1 or 2, not 3"),
        (lambda: pathway("CONV", 1, 1, 8, 1, grid="best", generator=seeded()), 'unknown grid "best"'),
        (lambda: pathway("GCONV", 3, 4, 8, 1, grid="fixed", generator=seeded()), "3 and 4 channels are not 4 copies"),
        (lambda: Network("FC", 3, channels=1, width=1, shape="vgg", grid="fixed", seed=0), 'unknown shape "vgg"'),
        (
            lambda: separable.GroupNetwork("p8", 3, channels=1, width=1, shape="paper", seed=0),
            'unknown convolution "p8"',
        ),
    ],
)
def test_what_cannot_be_built(build, words):
    with pytest.raises(ValueError, match=words):
        build()


def test_images_of_another_size():
    net = Network("CONV", 3, channels=1, width=1, shape="digits", grid="fixed", seed=0)
    with pytest.raises(ValueError, match=r"takes images of shape \(1, 16, 16\), not \(1, 28, 28\)"):
        net(torch.zeros(2, 1, 28, 28))

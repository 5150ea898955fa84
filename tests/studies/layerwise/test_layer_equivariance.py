"""Measures of equivariance: 0 for convolutions, their known values for random maps, and derivatives by other means."""

import math

import pytest
import torch

from liegg import decide
from liegg.studies.layerwise import equivariance, lens, lens_readings
from liegg.studies.layerwise.networks import Network

X = torch.randn(40, 1, 16, 16, generator=torch.Generator().manual_seed(0))


def network(kind, **settings):
    return Network(kind, 5, **{"channels": 1, "width": 4, "shape": "digits", "grid": "fixed", "seed": 1} | settings)


def test_convolutions_have_no_error_and_dense_layers_a_large_one():
    conv, dense, both = (equivariance.shift_errors(network(kind), X) for kind in ("CONV", "FC", "FC+CONV"))
    assert len(conv) == len(network("CONV").layers) and max(conv) < 1e-10
    assert all(0.3 < error < 2 for error in dense)
    assert all(c < b < d for c, b, d in zip(conv, both, dense))


def test_layers_that_end_in_a_pixel_have_no_error():
    net = network("CONV", shape="paper", grid="largest")
    errors = equivariance.shift_errors(net, torch.randn(4, 1, 32, 32, generator=torch.Generator().manual_seed(0)))
    assert math.isnan(errors[-1]) and max(errors[:-1]) < 1e-10


def test_energy_shares_add_up_and_follow_the_weights():
    net = network("FC+CONV")
    shares = equivariance.energy_shares(net, X)
    assert all(sum(share.values()) == pytest.approx(1) for share in shares)
    for layer in net.layers:
        layer.paths["FC"].map.weight.data.zero_()
    assert all(share["FC"] == 0 for share in equivariance.energy_shares(net, X))
    assert max(equivariance.shift_errors(net, X)[:1]) < 1e-10


def test_a_layer_that_puts_out_nothing_has_no_error_and_no_shares():
    net = network("FC+CONV")
    for parameter in net.layers[1].parameters():
        parameter.data.zero_()
    assert [math.isnan(e) for e in equivariance.shift_errors(net, X)] == [False, True, True, True]
    shares = equivariance.energy_shares(net, X)
    assert math.isnan(shares[1]["FC"]) and sum(shares[0].values()) == pytest.approx(1)
    assert all(seen["values"].isfinite().all() for seen in lens.see(net, X))


def test_answers_of_convolutions_are_kept_in_every_quadrant():
    assert equivariance.kept_answers(network("CONV"), X) == 1
    assert equivariance.kept_answers(network("FC"), X) < 0.9


@pytest.mark.parametrize("kind", ["FC", "CONV", "F-FC+CONV", "S-FC+S-CONV"])
def test_weights_are_those_of_the_affine_map(kind):
    net = network(kind, width=2)
    seen = list(net.inputs(X))
    for layer, x in zip(net.layers, seen):
        W = equivariance.weights(layer, *x.shape[1:3])
        b = layer(torch.zeros_like(x[:1]))
        assert torch.allclose(torch.einsum("dpqchw,bchw->bdpq", W, x) + b, layer(x), atol=1e-4)


def test_the_reynolds_fraction_of_random_weights_is_one_over_the_group():
    W = torch.randn(30, 4, 4, 20, 4, 4, generator=torch.Generator().manual_seed(0))
    assert equivariance.reynolds(W) == pytest.approx(1 / 16, rel=0.05)
    conv = network("CONV").layers[1]
    assert equivariance.reynolds(equivariance.weights(conv, 4, 8)) == pytest.approx(1, abs=1e-5)


def test_layers_that_are_not_affine_have_no_weights():
    with pytest.raises(ValueError, match="not affine"):
        equivariance.weights(network("CONV", grid="largest").layers[0], 1, 16)


def test_generators_move_waves_as_their_formulas_say():
    """cos 2x + sin 3y, in radians from one side to the other; x and y from the centre in halves of the side."""
    n = 16
    t = torch.arange(n, dtype=torch.float64) * 2 * torch.pi / n
    wave = (torch.cos(2 * t)[None, :] + torch.sin(3 * t)[:, None])[None, None]
    dx = (-2 * torch.sin(2 * t) * torch.pi).expand(n, n)
    dy = (3 * torch.cos(3 * t) * torch.pi)[:, None].expand(n, n)
    x = ((torch.arange(n) - (n - 1) / 2) / (n / 2)).expand(n, n)
    y = x.T
    known = [dx, dy, y * dx - x * dy, x * dx + y * dy, x * dx - y * dy, y * dx + x * dy]
    for found, expected in zip(lens._moved(wave), known, strict=True):
        assert torch.allclose(-found[0, 0], expected, atol=1e-9)


@pytest.mark.parametrize(("kind", "least", "most"), [("CONV", 0, 1e-5), ("FC", 0.7, 1.3)])
def test_commutators_of_convolutions_and_dense_layers(kind, least, most):
    (seen,) = lens.see(network(kind), X)
    assert seen["layer"] == 2
    assert all(least <= value <= most for value in seen["values"][:2].tolist())
    if kind == "CONV":
        assert seen["vectors"][:2, :2].square().sum().item() == pytest.approx(2, abs=1e-5)
        assert seen["values"][2] > 0.4 and seen["reynolds"] == pytest.approx(1, abs=1e-5)
        action = lens.PeriodicAffine2d()
        assert decide(seen["factors"], action, action).dimension == 2


def test_commutators_need_stride_one_and_square_images():
    with pytest.raises(ValueError, match="of stride 1, not 2"):
        lens.commutators(network("CONV").layers[0], X)
    with pytest.raises(ValueError, match="sides of equal length"):
        lens.PeriodicAffine2d().velocity(torch.zeros(1, 1, 4, 6))


def test_filters_are_what_an_output_pixel_sees():
    W = lens.filters(network("CONV"))
    assert W.shape == (8, 8, 16, 16)
    assert torch.allclose(W[3, 2].roll((2, 4), (0, 1)), W[4, 4], atol=1e-6)
    assert (W[3, 3] != 0).sum() == 9


def test_readings_of_the_lens_over_networks():
    found = [{"after": lens.see(network("CONV", seed=seed), X)} for seed in (1, 2)]
    assert lens_readings.commutator_values(found, "after").shape == (2, 6)
    relative, symmetries = lens_readings.pairs(found)
    assert [s.dimension for s in symmetries] == [2, 2] and (relative.amax(1) == 1).all()
    assert relative[:, :2].max() < 1e-3 < relative[:, 2].min()
    assert all(lens_readings.translation(f["after"][0]["vectors"]) == pytest.approx(1, abs=1e-5) for f in found)
    assert lens_readings.translation(torch.eye(6)[[0, 2, 1, 3, 4, 5]]) == 0

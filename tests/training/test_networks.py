"""Networks: their number of parameters, their nonlinearity, where their weights come from."""

import pytest
import torch

from liegg.training import networks


@pytest.mark.parametrize(("sizes", "count"), [([10, 32, 32, 1], 1376), ([784, 128, 128, 128, 128, 128, 10], 167168)])
def test_parameter_counts_are_the_papers(sizes, count):
    assert sum(p.numel() for p in networks.mlp(sizes, seed=0).parameters()) == count


def test_the_nonlinearity_is_swish():
    net = networks.mlp([3, 4, 1], seed=0).double()
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(1)).double()
    hidden = x @ net[1].weight.T
    assert torch.allclose(net(x), (hidden * torch.sigmoid(hidden)) @ net[3].weight.T)


def test_weights_come_from_the_seed_alone():
    state = torch.get_rng_state()
    one, two, other = networks.mlp([4, 8, 1], seed=1), networks.mlp([4, 8, 1], seed=1), networks.mlp([4, 8, 1], seed=2)
    assert torch.equal(one[1].weight, two[1].weight) and not torch.equal(one[1].weight, other[1].weight)
    assert torch.equal(torch.get_rng_state(), state)


def test_biases_come_from_the_seed_too():
    one, two = (networks.mlp([4, 8, 1], seed=1, bias=True) for _ in range(2))
    assert torch.equal(one[1].bias, two[1].bias) and one[1].bias.abs().max() > 0
    assert networks.mlp([4, 8, 1], seed=1)[1].bias is None


def test_defect_12_standardized_keeps_its_scales_as_buffers():
    net = networks.Standardized(networks.mlp([3, 1], seed=0), torch.ones(3), 2 * torch.ones(3), 5.0, 7.0)
    x = torch.randn(4, 3)
    assert torch.allclose(net(x), 5 + 7 * net.net((x - 1) / 2))
    assert {"mean_in", "scale_in", "mean_out", "scale_out"} <= set(net.state_dict())
    assert net.double().mean_in.dtype == torch.float64


def test_unit_logits_have_length_one():
    assert torch.allclose(
        networks.UnitLogits(networks.mlp([3, 5], seed=0))(torch.randn(6, 3)).norm(dim=1), torch.ones(6)
    )


def test_equivariant_vectors_turn_with_their_inputs():
    net = networks.EquivariantVectors(3, 2, seed=0).double()
    x = torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(1)).double()
    Q = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(2)).double()).Q
    assert torch.allclose(net((x @ Q.T).flatten(1)), net(x.flatten(1)) @ Q.T)


@pytest.mark.parametrize("parameters", [1, 37, 1408, 5000])
def test_the_width_is_the_nearest(parameters):
    build = lambda w: networks.mlp([10, w, w, 1], seed=0)
    best = min(range(1, 100), key=lambda w: abs(11 * w + w * w - parameters))
    assert networks.width(build, parameters) == best


def test_no_width_for_a_network_that_has_none():
    with pytest.raises(ValueError, match="no width gives 1408 parameters: there are 10 at any"):
        networks.width(lambda w: networks.mlp([10, 1], seed=0), 1408)

"""Densities of networks: moments as stated, known kernels, complex arithmetic, the same draw for the same seed."""

import pytest
import torch

from liegg.studies.duality import ensembles
from liegg.studies.duality.ensembles import DISTRIBUTIONS, Density, outputs


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_weights_have_mean_zero_and_unit_variance(name):
    drawn = DISTRIBUTIONS[name][0]((400_000,), generator()).double()
    error = drawn.square().std() / len(drawn) ** 0.5
    assert abs(drawn.mean()) < 5 / len(drawn) ** 0.5
    assert abs(drawn.square().mean() - 1) <= 5 * error


KURTOSIS = {"gauss": 3, "uniform": 9 / 5, "laplace": 6, "signs": 1, "skewed": 9}


@pytest.mark.parametrize("name", KURTOSIS)
def test_known_fourth_moments(name):
    drawn = DISTRIBUTIONS[name][0]((1_000_000,), generator(1)).double()
    fourth = drawn.pow(4)
    assert abs(fourth.mean() - KURTOSIS[name]) <= 5 * fourth.std() / len(drawn) ** 0.5 + 1e-12


def test_the_kernel_of_gauss_net_is_the_papers():
    """E f(x) f(x') = 1 + exp(-(x - x')²/2) for one input and weights and biases of variance one."""
    x = torch.tensor([[-0.5], [0.0], [0.8]])
    f = outputs(Density(1, 1, 20, activation="gauss-net", output_bias=True), 400_000, x, seed=3)[..., 0].double()
    products = f[:, :, None] * f[:, None, :]
    known = 1 + torch.exp(-(x - x.T).square() / 2)
    assert ((products.mean(0) - known).abs() < 5 * products.std(0) / len(f) ** 0.5).all()


def test_complex_networks_compute_with_complex_numbers():
    drawn = Density(1, 2, 7, activation="phase", complex=True, drift=(1.0,)).draw(3, generator())
    x = torch.tensor([[0.3], [-1.1]])
    W = torch.complex(drawn.W1[:, :2, :7], drawn.W1[:, 2:, :7])
    features = torch.exp(1j * (torch.einsum("mnd,pd->mpn", drawn.W0, x) + drawn.b0[:, None]))
    f = torch.einsum("mdn,mpn->mpd", W, features)
    assert torch.allclose(drawn(x), torch.cat([f.real, f.imag], -1), atol=1e-5)
    many = Density(1, 2, 50, activation="phase", complex=True).draw(2000, generator()).W1
    assert float(50 * (many[:, :2, :50].square() + many[:, 2:, :50].square()).mean()) == pytest.approx(1, abs=0.02)


def test_stretch_drift_and_means_are_where_they_should_be():
    S = torch.tensor([[1.0, 0.5], [0.0, 2.0]])
    density = Density(2, 3, 10, stretch=tuple(map(tuple, S.tolist())), drift=(1.0, -2.0), mean=(0.3, 0.0, 0.0))
    drawn = density.draw(100_000, generator())
    W0 = drawn.W0.flatten(0, 1)
    assert torch.allclose(W0.mean(0), torch.tensor([1.0, -2.0]), atol=0.01)
    assert torch.allclose(W0.T.cov(), S.T @ S, atol=0.05)
    assert torch.allclose(drawn.W1.mean((0, 2)), torch.tensor([0.3, 0, 0]), atol=0.005)
    assert not drawn.b1.any()


def test_a_triangle_wave_has_period_one():
    wave = ensembles.ACTIVATIONS["triangle"]
    z = torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0])
    assert torch.allclose(wave(z, z), torch.tensor([-1.0, 0, 1, 0, -1]))
    assert torch.allclose(wave(z + 3, z), wave(z, z), atol=1e-5)


def test_parts_are_the_whole_and_seeds_decide(monkeypatch):
    density, x = Density(3, 2, 20), torch.randn(5, 3, generator=generator())
    whole = outputs(density, 1000, x, seed=4)
    assert whole.shape == (1000, 5, 2)
    assert torch.equal(whole, outputs(density, 1000, x, seed=4)) and not torch.equal(
        whole, outputs(density, 1000, x, seed=5)
    )
    drawn = density.draw(50, generator())
    parts = torch.cat([part(x) for part in drawn.split(2**22 // 200)])
    assert torch.allclose(parts, drawn(x), atol=1e-6)
    monkeypatch.setattr(ensembles, "MEMORY", 1200)
    blocks = list(density.blocks(25, seed=4))
    assert [len(block.W0) for block in blocks] == [10, 10, 5]


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"activation": "sine"}, 'unknown activation "sine"'),
        ({"first": "cauchy"}, 'unknown first "cauchy"'),
        ({"bias": "big"}, 'unknown bias "big"'),
        ({"stretch": ((1.0,),)}, r"stretch must have shape \(3, 3\)"),
        ({"mean": (0.1,)}, r"mean must have shape \(2,\)"),
        ({"complex": True}, "phase"),
        ({"width": 0}, "at least one"),
        ({"complex": True, "activation": "phase", "mean": (0.1, 0.1)}, "leave mean out"),
    ],
)
def test_densities_that_are_none(settings, word):
    with pytest.raises(ValueError, match=word):
        Density(**({"inputs": 3, "outputs": 2, "width": 5} | settings))


@pytest.mark.parametrize(
    ("settings", "highest"),
    [
        ({"last": "student"}, 4),
        ({"first": "student"}, 6),  # tanh is bounded
        ({"first": "student", "activation": "relu"}, 4),
        ({"first": "student", "activation": "gauss-net"}, 0),
    ],
)
def test_moments_that_do_not_exist(settings, highest):
    density = Density(1, 1, 5, **settings)
    if highest:
        density.require_moments(highest)
    if highest < 6:
        with pytest.raises(ValueError, match=f"{highest + 1}-point function does not exist"):
            density.require_moments(highest + 1)

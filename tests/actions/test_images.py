"""Affine maps of the plane, moving images: against whole pixels, quarter turns and smooth functions."""

import pytest
import torch

from liegg import algebra
from liegg.actions import Affine2d

AFFINE = Affine2d()


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def smooth_images(batch, channels, height, width):
    """Blobs that are smooth on the pixel grid and vanish at the border."""
    y, x = torch.meshgrid(torch.arange(height).double(), torch.arange(width).double(), indexing="ij")
    centre = draw(batch, channels, 2, 1, 1, seed=3)
    return torch.exp(
        -((y - height / 2 - centre[..., 0, :, :]) ** 2 + (x - width / 2 + 2 * centre[..., 1, :, :]) ** 2) / 18
    )


def test_quarter_turn_of_an_image():
    x = draw(2, 1, 9, 9)
    quarter = AFFINE.act(AFFINE.coefficients(algebra.so(2)[0] * 2**0.5), x, torch.pi / 2)
    assert min((quarter - torch.rot90(x, k, dims=(2, 3))).abs().max() for k in (1, -1)) < 1e-9


def test_translation_by_whole_pixels():
    x = draw(2, 1, 6, 10)
    right = torch.tensor([0, 0, 1.0, 0, 0, 0]).double()  # one unit is half of the 10 pixels
    assert torch.allclose(AFFINE.act(right, x, 2 / 5)[..., 2:], x[..., :-2])


def test_images_compose():
    x = smooth_images(2, 1, 28, 28)
    a = draw(6) * 0.3
    once, twice = AFFINE.act(a, x, 0.4), AFFINE.act(a, AFFINE.act(a, x, 0.2), 0.2)
    assert (once - twice).abs().max() < 5e-3 * x.abs().max()


def test_resampling_is_third_order():
    """Halving the pixel size divides the error of a shift by about eight or more."""

    def error(n):
        u = (torch.arange(n).double() - (n - 1) / 2) / (n / 2)
        image = torch.exp(-20 * u**2).expand(1, 1, n, n)
        moved = AFFINE.act(torch.tensor([0, 0, 1.0, 0, 0, 0]).double(), image, 0.1)
        return (moved - torch.exp(-20 * (u - 0.1) ** 2)).abs().max()

    assert error(64) < error(32) / 7


class Mirrored(Affine2d):
    """Moves images the other way, by a velocity of its own."""

    def velocity(self, x):
        return -super().velocity(x)


@pytest.mark.parametrize("action", [AFFINE, Mirrored()])
@pytest.mark.parametrize("gradients", [(), (2,), (7,)])
@pytest.mark.parametrize("channels", [1, 3])
def test_pairs_are_gradients_times_velocity(action, gradients, channels):
    x, grad = draw(5, channels, 6, 4), draw(*gradients, 5, channels, 6, 4, seed=1)
    places = torch.tensor([3, 0, 0, 4])
    expected = torch.einsum("...bchw,bkchw->...bk", grad, action.velocity(x))
    assert torch.allclose(action.pair(x, grad), expected)
    crossed = torch.einsum("...bchw,bkchw->...bk", grad[..., :4, :, :, :], action.velocity(x)[places])
    assert torch.allclose(action.pairing(x)(grad[..., :4, :, :, :], places), crossed)

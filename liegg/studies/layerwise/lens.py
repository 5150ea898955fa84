"""Layers through the lens of part I: which affine motions of a periodic image a layer turns into motions of its output.

Two read-outs. *Commutators* W G_i - G_i W of six named generators; and the polarization of the layer with an action on
input and output, which lets every pair (A, B) with W A = B W answer, also of generators that nobody named.
"""

import math

import torch
from torch import Tensor

from liegg.actions import Affine2d
from liegg.studies.layerwise.equivariance import reynolds, weights
from liegg.studies.layerwise.networks import Layer, Network
from liegg.symmetry.stream import polarize

GENERATORS = {
    "x": (0, 0, 1, 0, 0, 0),
    "y": (0, 0, 0, 0, 0, 1),
    "rotation": (0, 1, 0, -1, 0, 0),
    "scale": (1, 0, 0, 0, 1, 0),
    "squeeze": (1, 0, 0, 0, -1, 0),
    "shear": (0, 1, 0, 1, 0, 0),
}
"""translations along both axes, and four linear maps, in the directions of `Affine2d`"""


TINY = 1e-30
"""what columns are divided by at least: a layer that puts out nothing commutes with everything"""


class PeriodicAffine2d(Affine2d):
    """The affine directions of `Affine2d` on periodic images with sides of equal length, with spectral derivatives.

    They are exact for what the pixels can tell; the highest frequency, which has no direction, is left out.
    """

    def velocity(self, x: Tensor) -> Tensor:
        u, _ = self._coordinates(x)
        n = x.shape[-1]
        if x.shape[-2] != n:
            raise ValueError(f"{self} acts on images with sides of equal length, not {tuple(x.shape[-2:])}")
        frequency = torch.fft.fftfreq(n, 1 / n, dtype=x.dtype, device=x.device)
        frequency[frequency.abs() == n / 2] = 0
        turn = 1j * math.pi * frequency  # a derivative in units of half the side
        spectrum = torch.fft.fft2(x)
        slopes = torch.stack([torch.fft.ifft2(spectrum * t).real for t in (turn, turn[:, None])], 1)
        return -(slopes[:, :, None] * u[:, None]).flatten(1, 2)


def see(net: Network, x: Tensor) -> list[dict]:
    """Of every layer of stride 1 what both read-outs say on images x, and its Reynolds fraction: layer (its number,
    from 0), reynolds, values and vectors (see `commutators`), and factors, for `decide` with PeriodicAffine2d twice."""
    found, action = [], PeriodicAffine2d()
    for number, (layer, seen) in enumerate(zip(net.layers, net.inputs(x))):
        if layer.stride == 1:
            seen = seen.detach()
            values, vectors = commutators(layer, seen)
            factors = polarize(layer, seen, action, action)
            W = weights(layer, *seen.shape[1:3])
            found.append(
                {"layer": number, "reynolds": reynolds(W), "values": values, "vectors": vectors, "factors": factors}
            )
    return found


@torch.no_grad()
def commutators(layer: Layer, x: Tensor) -> tuple[Tensor, Tensor]:
    """With which of six affine generators a layer of stride 1 commutes on periodic images x (B, C, H, H): singular
    values (6,), least first, and right singular vectors (6, 6), one a row, over GENERATORS.

    Column i stacks W G_i x - G_i f(x) over images, divided by the root of |W G_i x|² + |G_i f(x)|². Derivatives are
    spectral. Raises ValueError for a layer of another stride, where aliasing would count as an error.
    """
    if layer.stride != 1:
        raise ValueError(f"commutators are measured of layers of stride 1, not {layer.stride}")
    origin = layer(torch.zeros_like(x[:1]))
    columns = []
    for moved, after in zip(_moved(x), _moved(layer(x)), strict=True):
        before = layer(moved) - origin
        size = (before.square().sum() + after.square().sum()).sqrt()
        columns.append((before - after).flatten().double() / size.clamp_min(TINY))
    stacked = torch.stack(columns, 1)
    _, values, vectors = torch.linalg.svd(torch.linalg.qr(stacked, mode="r").R)
    return values.flip(0), vectors.flip(0)


def _moved(x: Tensor) -> Tensor:
    """(6, B, C, H, H): G_i x for all GENERATORS."""
    coefficients = torch.tensor(list(GENERATORS.values()), dtype=x.dtype, device=x.device)
    return torch.einsum("gk,bk...->gb...", coefficients, PeriodicAffine2d().velocity(x))


@torch.no_grad()
def filters(net: Network) -> Tensor:
    """(h, h, H, H) of the first layer what each output pixel sees, in the output channel with the largest weights: its
    weights over the pixels of the first input channel, all pathways together."""
    W = weights(net.layers[0], net.channels, net.side)[:, :, :, 0]
    return W[W.square().sum((1, 2, 3, 4)).argmax()].clone()

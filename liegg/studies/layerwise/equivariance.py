"""How equivariant a layer is, by what it does to images and by its weights: four measures that say it differently.

A layer before ReLU is affine, f(x) = W x + b. Shifts T by multiples of its stride, which become shifts of the output.
"""

import math

import torch
from torch import Tensor

from liegg.studies.layerwise.networks import Layer, Network

GENERATORS = ("x", "y", "rotation", "scale", "squeeze", "shear")
"""the six affine generators: two translations, then -y∂x + x∂y, x∂x + y∂y, x∂x - y∂y, y∂x + x∂y"""


@torch.no_grad()
def shift_errors(net: Network, x: Tensor) -> list[float]:
    """Of every layer E|f(T x) - T f(x)|² / (E|f(T x)|² + E|T f(x)|²) on images x, over the shifts by half of its input,
    along either axis and both: 0 where it is equivariant, 1 where both have nothing to do with each other.

    nan for a layer whose input cannot be shifted by half, or whose output is a single pixel.
    """
    errors = []
    for layer, seen in zip(net.layers, net.inputs(x)):
        side, y = seen.shape[-1], layer(seen)
        if side % (2 * layer.stride) or y.shape[-1] == 1:
            errors.append(math.nan)
            continue
        difference = total = 0.0
        for shift in ((1, 0), (0, 1), (1, 1)):
            before = layer(seen.roll([side // 2 * s for s in shift], (2, 3)))
            after = y.roll([side // layer.stride // 2 * s for s in shift], (2, 3))
            difference += (before - after).square().sum().item()
            total += before.square().sum().item() + after.square().sum().item()
        errors.append(difference / total)
    return errors


@torch.no_grad()
def energy_shares(net: Network, x: Tensor) -> list[dict[str, float]]:
    """Of every layer the share of each pathway in E|f_path(x) - mean|², the mean over the images x."""
    shares = []
    for layer, seen in zip(net.layers, net.inputs(x)):
        parts = {kind: layer.of(kind, seen) for kind in layer.paths}
        energy = {kind: (part - part.mean(0)).square().sum().item() for kind, part in parts.items()}
        shares.append({kind: value / sum(energy.values()) for kind, value in energy.items()})
    return shares


@torch.no_grad()
def kept_answers(net: Network, x: Tensor) -> float:
    """The share of images that are answered alike in all four quadrants: shifted by half of the side."""
    half, before = net.side // 2, net(x).argmax(1)
    shifts = ((half, 0), (0, half), (half, half))
    return torch.stack([net(x.roll(s, (2, 3))).argmax(1) == before for s in shifts]).double().mean().item()


@torch.no_grad()
def weights(layer: Layer, C: int, H: int) -> Tensor:
    """W (D, H/s, H/s, C, H, H) of a layer on images (C, H, H). A strided convolution that keeps the largest sub-grid
    has no one W; here its grid must be "fixed"."""
    if any(getattr(path, "grid", "fixed") != "fixed" and layer.stride > 1 for path in layer.paths.values()):
        raise ValueError('a layer with grid="largest" is not affine: its weights differ from image to image')
    units = torch.eye(C * H * H).unflatten(1, (C, H, H))
    W = layer(units) - layer(torch.zeros(1, C, H, H))
    return W.movedim(0, -1).unflatten(-1, (C, H, H))


def reynolds(W: Tensor) -> float:
    """|P W|²/|W|² of weights W (D, h, h, C, H, H), with P W the mean of T⁻¹ W T over all cyclic shifts by multiples of
    the stride: 1 where a layer is equivariant, 1/h² on average where weights are random."""
    h, stride = W.shape[1], W.shape[4] // W.shape[1]
    shifts = [(a, b) for a in range(h) for b in range(h)]
    back = lambda a, b: W.roll((-a, -b), (1, 2)).roll((-a * stride, -b * stride), (4, 5))
    mean = sum(back(a, b) for a, b in shifts) / len(shifts)
    return (mean.square().sum() / W.square().sum()).item()


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
    for moved, after in zip(_moved(x), _moved(layer(x))):
        before = layer(moved) - origin
        size = (before.square().sum() + after.square().sum()).sqrt()
        columns.append((before - after).flatten().double() / size)
    stacked = torch.stack(columns, 1)
    _, values, vectors = torch.linalg.svd(torch.linalg.qr(stacked, mode="r").R)
    return values.flip(0), vectors.flip(0)


def _moved(x: Tensor) -> list[Tensor]:
    """G_i x for all GENERATORS, x (B, C, H, H) periodic; coordinates from the centre, in units of half the side."""
    n = x.shape[-1]
    frequency = torch.fft.fftfreq(n, 1 / n, dtype=x.dtype, device=x.device)
    frequency[n // 2] = 0  # the highest one has no direction
    turn = 1j * math.pi * frequency  # a derivative in units of half the side
    spectrum = torch.fft.fft2(x)
    dx, dy = torch.fft.ifft2(spectrum * turn).real, torch.fft.ifft2(spectrum * turn[:, None]).real
    X = (torch.arange(n, dtype=x.dtype, device=x.device) - (n - 1) / 2) / (n / 2)
    Y = X[:, None]
    return [dx, dy, -Y * dx + X * dy, X * dx + Y * dy, X * dx - Y * dy, Y * dx + X * dy]

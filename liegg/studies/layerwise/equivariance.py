"""How equivariant a layer is, by what it does to images and by its weights.

A layer before ReLU is affine, f(x) = W x + b, and images are periodic. T shifts them by multiples of the layer's
stride, and its output by as many strides.
"""

import math

import torch
from torch import Tensor

from liegg.studies.layerwise.networks import Layer, Network


@torch.no_grad()
def shift_errors(net: Network, x: Tensor) -> list[float]:
    """Of every layer E|f(T x) - T f(x)|² / (E|f(T x)|² + E|T f(x)|²) on images x, over the shifts by half of its input,
    along either axis and both: 0 where it is equivariant, 1 where both have nothing to do with each other.

    nan for a layer whose input cannot be shifted by half, whose output is a single pixel, or which puts out nothing.
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
        errors.append(difference / total if total else math.nan)
    return errors


@torch.no_grad()
def energy_shares(net: Network, x: Tensor) -> list[dict[str, float]]:
    """Of every layer the share of each pathway in E|f_path(x) - mean|², the mean over the images x; nan for a layer
    that puts out the same for all."""
    shares = []
    for layer, seen in zip(net.layers, net.inputs(x)):
        parts = {kind: layer.of(kind, seen) for kind in layer.paths}
        energy = {kind: (part - part.mean(0)).square().sum().item() for kind, part in parts.items()}
        total = sum(energy.values()) or math.nan
        shares.append({kind: value / total for kind, value in energy.items()})
    return shares


@torch.no_grad()
def kept_answers(net: Network, x: Tensor) -> float:
    """How often an answer stays when the image is shifted by half of the side, along either axis and both."""
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

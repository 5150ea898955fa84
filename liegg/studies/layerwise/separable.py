"""Group convolutions on four rotated copies, whole and separable (the paper's appendix), with fixed priors.

An image is lifted to its four rotations by 90 degrees, y (B, D, 4, H, H). A layer mixes channels, copies and pixels:

    CONV          no copies: an ordinary convolution of the image
    p4            D x C x 4 x 3 x 3, circular over copies and pixels
    pointwise     D x C x 1 x 3 x 3: copies do not mix, as in GCONV
    separable     3 x 3 for every channel by itself, then D x C x 4 over the copies
    doubly        3 x 3, then 4, for every channel by itself, then D x C

The copies stay turned as they are, so that turning the image moves them in a circle, which all these layers respect.
Shifting the image shifts each copy in its own direction: a layer that mixes copies does not respect that.
"""

from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv3d, pad

from liegg.studies.layerwise.networks import SHAPES
from liegg.studies.layerwise.pathways import COPIES, Dense, largest_grid
from liegg.studies.layerwise.schedule import Data, Schedule, descend, tested

SEEN = 200
"""test images that invariance is measured on"""
CONVOLUTIONS = ("CONV", "p4", "pointwise", "separable", "doubly")


class GroupConv(nn.Module):
    """C to D channels with filters of k copies and 3 x 3 pixels, or 1 pixel; `depthwise` leaves channels apart. Initial
    weights keep the size of what comes in: with `gain` 2 where a ReLU follows, else 1."""

    def __init__(
        self,
        C: int,
        D: int,
        k: int,
        pixels: int,
        *,
        depthwise: bool = False,
        gain: float = 2,
        generator: torch.Generator,
    ):
        super().__init__()
        self.groups = C if depthwise else 1
        fan_in = C // self.groups * k * pixels**2
        weight = torch.rand(D, C // self.groups, k, pixels, pixels, generator=generator)
        self.weight = nn.Parameter((2 * weight - 1) * (3 * gain / fan_in) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(D))

    def forward(self, y: Tensor) -> Tensor:
        """(B, C, copies, H, H) -> (B, D, copies, H, H)."""
        k, n = self.weight.shape[2], self.weight.shape[3] // 2
        if k == 1:  # copies as if they were images, which is several times faster
            images = y.transpose(1, 2).flatten(0, 1)
            wrapped = _wrapped(images, n).contiguous(memory_format=torch.channels_last)
            found = conv2d(wrapped, self.weight[:, :, 0], self.bias, groups=self.groups)
            return found.unflatten(0, (len(y), -1)).transpose(1, 2)
        circle = torch.cat([y, y[:, :, : k - 1]], 2)
        wrapped = _wrapped(circle.flatten(1, 2), n).unflatten(1, circle.shape[1:3])
        return conv3d(wrapped, self.weight, self.bias, groups=self.groups)


def _wrapped(images: Tensor, n: int) -> Tensor:
    """Periodic images (B, C, H, H) with n more pixels on every side."""
    return pad(images, (n, n, n, n), mode="circular") if n else images


class GroupNetwork(nn.Module):
    """A network of one of SHAPES with layers of one kind of CONVOLUTIONS. Raises ValueError for another kind."""

    def __init__(self, kind: str, classes: int, *, channels: int, width: int, shape: str, seed: int):
        super().__init__()
        if kind not in CONVOLUTIONS:
            raise ValueError(f'unknown convolution "{kind}": there are {", ".join(CONVOLUTIONS)}')
        generator = torch.Generator().manual_seed(seed)
        self.lifted = kind != "CONV"
        _, layers, head = SHAPES[shape]
        self.layers, self.strides, C = nn.ModuleList(), [stride for _, stride in layers], channels
        for factor, _ in layers:
            D = factor * width
            self.layers.append(_layer(kind, C, D, generator))
            C = D
        self.hidden = Dense(C, head * width, generator=generator)
        self.out = Dense(head * width, classes, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """(B, classes) logits of square images (B, channels, H, H)."""
        y = torch.stack([x.rot90(k, (2, 3)) for k in range(COPIES if self.lifted else 1)], 2)
        for layer, stride in zip(self.layers, self.strides):
            y = layer(y).relu()
            if stride == 2:
                apart = largest_grid(y.transpose(1, 2).flatten(0, 1))
                y = apart.unflatten(0, (len(x), -1)).transpose(1, 2)
        return self.out(self.hidden(y.amax((2, 3, 4))).relu())


def learn(
    kind: str,
    data: Data,
    settings: Schedule,
    *,
    width: int,
    shape: str,
    seed: int,
    checkpoint: Path | None = None,
    device: str | None = None,
) -> dict[str, float]:
    """Train such a network with all precisions at 1: accuracy (%) and nll (nats) on test images, and, as root mean
    square over standard deviation of the logits, how much turned (by 90 degrees) and shifted (by 3 and 5 pixels,
    periodic) images change the logits."""
    net = GroupNetwork(kind, 10, channels=data[0].shape[1], width=width, shape=shape, seed=seed)
    descend(net, data, settings, method="MAP", seed=seed, checkpoint=checkpoint, device=device)
    net.to("cpu")
    x = data[2][:SEEN]
    with torch.no_grad():
        logits = net(x)
        change = lambda moved: ((net(moved) - logits).square().mean().sqrt() / logits.std()).item()
        turned, shifted = change(x.rot90(1, (2, 3))), change(x.roll((3, 5), (2, 3)))
    return {**tested(net, *data[2:]), "turned": turned, "shifted": shifted}


def _layer(kind: str, C: int, D: int, generator: torch.Generator) -> nn.Module:
    conv = partial(GroupConv, generator=generator)
    over_pixels = conv(C, C, 1, 3, depthwise=True, gain=1)
    match kind:
        case "CONV" | "pointwise":
            return conv(C, D, 1, 3)
        case "p4":
            return conv(C, D, COPIES, 3)
        case "separable":
            return nn.Sequential(over_pixels, conv(C, D, COPIES, 1))
    over_copies = conv(C, C, COPIES, 1, depthwise=True, gain=1)
    return nn.Sequential(over_pixels, over_copies, conv(C, D, 1, 1))


def parameters(kind: str, *, classes: int = 10, channels: int = 3, width: int = 10) -> int:
    """How many parameters a network of the paper's shape has."""
    net = GroupNetwork(kind, classes, channels=channels, width=width, shape="paper", seed=0)
    return sum(p.numel() for p in net.parameters())

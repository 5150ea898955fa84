"""Networks whose layers are sums of pathways (section 4 and the released code).

A layer is the mean of its pathways, then ReLU. After the layers the largest value of every channel over its pixels
(and, with GCONV, over the four copies) goes through a head of two dense layers.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from liegg.studies.layerwise.pathways import COPIES, Dense, Pathway, Sites, pathway

SHAPES = {
    "paper": (32, ((1, 1), (2, 2), (2, 1), (4, 2), (4, 1), (8, 2), (8, 2), (16, 2)), 64),
    "digits": (16, ((1, 2), (2, 2), (2, 1), (4, 2)), 8),
}
"""Side of the image; channels of every layer and units of the head, in units of the width α; stride of every layer."""
LAYERS = ("FC", "CONV", "FC+CONV", "F-FC", "F-FC+CONV", "S-FC", "S-CONV", "S-FC+S-CONV")
"""the eight types of layers of the paper's main table"""
MIXED = "F-FC+CONV+GCONV"
"""the layer of its study of mixed groups"""


class Layer(nn.Module):
    """The mean of pathways between the same images."""

    def __init__(self, paths: dict[str, Pathway]):
        super().__init__()
        self.paths = nn.ModuleDict(paths)

    @property
    def stride(self) -> int:
        return next(iter(self.paths.values())).stride

    def forward(self, x: Tensor, sites: Sites | None = None) -> Tensor:
        return sum(path(x, sites) for path in self.paths.values()) / len(self.paths)

    def of(self, kind: str, x: Tensor) -> Tensor:
        """What one pathway adds to the output."""
        return self.paths[kind](x) / len(self.paths)


class Network(nn.Module):
    """Layers of one type, e.g. "FC+CONV", and a head. With GCONV among the pathways the network acts on four rotated
    copies of the image at once.

    kind      pathways, with + between them
    classes   of the answer
    channels  of the image
    width     α
    shape     of SHAPES
    grid      which sub-grid strided convolutions keep, see `Conv`

    Raises ValueError for unknown pathways and shapes.
    """

    def __init__(self, kind: str, classes: int, *, channels: int, width: int, shape: str, grid: str, seed: int):
        super().__init__()
        if shape not in SHAPES:
            raise ValueError(f'unknown shape "{shape}": there are {", ".join(SHAPES)}')
        self.side, layers, head = SHAPES[shape]
        kinds = kind.split("+")
        self.channels, self.copies = channels, COPIES if "GCONV" in kinds else 1
        generator = torch.Generator().manual_seed(seed)
        C, H = channels * self.copies, self.side
        self.layers = nn.ModuleList()
        for factor, stride in layers:
            D = factor * width * self.copies
            shape_of = (C, D, H, stride)
            paths = {k: pathway(k, *shape_of, grid=grid, beside=kind, generator=generator) for k in kinds}
            self.layers.append(Layer(paths))
            C, H = D, H // stride
        features, hidden = C // self.copies, head * width
        self.hidden = Dense(features, hidden, generator=generator)
        self.out = Dense(hidden, classes, generator=generator)

    def forward(self, x: Tensor, sites: Sites | None = None) -> Tensor:
        """(B, classes) logits of images (B, channels, side, side)."""
        x = self.lift(x)
        for layer in self.layers:
            x = layer(x, sites).relu()
        features = x.unflatten(1, (self.copies, -1)).amax((1, 3, 4))
        return self.out(self.hidden(features, sites).relu(), sites)

    def lift(self, x: Tensor) -> Tensor:
        """What the first layer sees: the image, or its four rotated copies as channels."""
        if x.shape[1:] != (self.channels, self.side, self.side):
            raise ValueError(
                f"this network takes images of shape {(self.channels, self.side, self.side)}, not {tuple(x.shape[1:])}"
            )
        return x if self.copies == 1 else torch.cat([x.rot90(k, (2, 3)) for k in range(COPIES)], 1)

    def inputs(self, x: Tensor) -> Iterator[Tensor]:
        """What every layer sees of images x."""
        x = self.lift(x)
        for layer in self.layers:
            yield x
            x = layer(x).relu()


def parameters(kind: str, *, classes: int = 10, channels: int = 3, width: int = 10) -> dict[str, int]:
    """How many parameters a network of the paper's shape has: "network", "layers", and "tensors", each with a prior of
    its own. Counted without making them."""
    with torch.device("meta"):
        net = Network(kind, classes, channels=channels, width=width, shape="paper", grid="largest", seed=0)
    sizes = lambda module: [p.numel() for p in module.parameters()]
    return {"network": sum(sizes(net)), "layers": sum(sizes(net.layers)), "tensors": len(sizes(net))}

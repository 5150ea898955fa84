"""World models of the grid worlds and the arm: embedding S, encoder E and transition T (section 4, table 1).

    s --S--> y in V --E--> z in Z --T(., a)--> z'

    none    nothing respects the group
    full    all three do, S as if the group turned pixels
    ours    E and T do, S is an ordinary convolutional network

V holds images for each object, Z two (the arm: four) regular fibres an object; without a group as many numbers.
"""

from functools import partial

import torch
from torch import Tensor, nn

from liegg.studies.embedding.arm import Arm
from liegg.studies.embedding.grids import Blocks, Grid
from liegg.studies.embedding.groups import FibreNorm, Group, GroupConv, GroupLinear

KINDS = ("none", "full", "ours")
PATCHES = ((5, 5, 0),)
SLANTED = ((4, 2, 1), (3, 1, 1), (3, 1, 1))
LARGE = ((4, 2, 1), (3, 1, 1), (4, 2, 1))
"""kernel, stride and padding of all convolutions but the last, which has kernel 1 after PATCHES, else 3"""


class WorldModel(nn.Module):
    """S, E and T of one of KINDS for a world. Raises ValueError for another kind."""

    def __init__(self, world: Grid | Arm, kind: str, *, channels: int, width: int, seed: int):
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f'unknown model "{kind}": there are {", ".join(KINDS)}')
        self.world, self.kind, self.group = world, kind, world.group
        self.equivariant = kind != "none"
        self.fibre = self.group.size if getattr(world, "relative", False) else 1
        self.maps = 4 if isinstance(world, Arm) else 1
        arm, slanted = isinstance(world, Arm), isinstance(world, Blocks)
        layers = LARGE if arm else SLANTED if slanted else PATCHES
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.S = self._embedding(layers, channels)
            side = self._side(layers)
            pixels = self.group.pixels(side, fibre=self.fibre > 1)
            self.register_buffer("pixels", pixels, persistent=False)
            layer = partial(GroupLinear, self.group) if self.equivariant else nn.Linear
            width = width // 2 if self.equivariant else width
            features = self.maps * (pixels.shape[1] if self.equivariant else self.fibre * side**2)
            latent = 4 if arm else 2
            actions = 2 if arm else 1 if self.equivariant and self.fibre == 1 else 4
            self.E = mlp(layer, features, width, latent)
            self.T = Transition(layer, latent, actions, width, world.objects)

    def embed(self, x: Tensor) -> Tensor:
        """(B, K, maps, fibre, H, H): S of pictures (B, C, size, size), with a fibre of 1 where V has none."""
        y = self.S(x)
        if self.kind == "full" and self.fibre == 1:
            y = y.unflatten(1, (-1, self.group.size)).mean(2)
        y = y.unflatten(1, (self.world.objects, self.maps, self.fibre))
        return y if isinstance(self.world, Arm) else y.sigmoid()

    def encode(self, y: Tensor) -> Tensor:
        """(B, K, |G|, c), or (B, K, c) without a group: E of what `embed` returns."""
        if not self.equivariant:
            return self.E(y.flatten(2))
        return self.E(y.flatten(-3)[..., self.pixels].transpose(2, 3).flatten(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.encode(self.embed(x))

    def predict(self, z: Tensor, action: Tensor) -> Tensor:
        """Latents after the actions: z + T(z, a)."""
        told = self.world.action_fibre(action) if self.equivariant else self.world.action_channels(action)
        return z + self.T(z, told)

    def act(self, g: int, y: Tensor) -> Tensor:
        """How g moves V: pixels, and the fibre where there is one."""
        moved = self.group.act(g, y)
        return moved[:, :, :, self.group.division[g]] if self.fibre > 1 else moved

    def _embedding(self, layers: tuple[tuple[int, int, int], ...], channels: int) -> nn.Sequential:
        last = 1 if layers == PATCHES else 3
        outputs = self.world.objects * self.maps
        if self.kind == "full":
            return _group_convolutions(self.group, layers, last, self.world.channels, channels // 2, outputs)
        return _convolutions(layers, last, self.world.channels, channels, outputs * self.fibre)

    def _side(self, layers: tuple[tuple[int, int, int], ...]) -> int:
        side = self.world.size
        for kernel, stride, padding in layers:
            side = (side + 2 * padding - kernel) // stride + 1
        return side


class Transition(nn.Module):
    """A fully connected graph network, as in C-SWM: messages of all pairs of objects, added up where they arrive, then
    a step for each object. A single object has no messages."""

    def __init__(self, layer, latent: int, actions: int, width: int, objects: int):
        super().__init__()
        self.edge = mlp(layer, 2 * latent, width, width) if objects > 1 else None
        self.node = mlp(layer, latent + actions + width * (objects > 1), width, latent)
        pairs = (~torch.eye(objects, dtype=torch.bool)).nonzero()
        self.register_buffer("pairs", pairs, persistent=False)

    def forward(self, z: Tensor, action: Tensor) -> Tensor:
        """The change of z (B, K, [|G|,] c) by actions (B, K, [|G|,] a)."""
        if self.edge is None:
            return self.node(torch.cat([z, action], -1))
        to, source = self.pairs.T
        messages = self.edge(torch.cat([z[:, to], z[:, source]], -1))
        arrived = messages.unflatten(1, (z.shape[1], -1)).sum(2)
        return self.node(torch.cat([z, arrived, action], -1))


def mlp(layer, C: int, width: int, D: int) -> nn.Sequential:
    """Three layers of a kind, with the normalisation of the released code."""
    return nn.Sequential(
        layer(C, width), nn.ReLU(), layer(width, width), nn.LayerNorm(width), nn.ReLU(), layer(width, D)
    )


def _convolutions(layers, last: int, C: int, channels: int, outputs: int) -> nn.Sequential:
    parts: list[nn.Module] = []
    for kernel, stride, padding in layers:
        parts += [nn.Conv2d(C, channels, kernel, stride, padding), nn.BatchNorm2d(channels), nn.ReLU()]
        C = channels
    return nn.Sequential(*parts, nn.Conv2d(C, outputs, last, padding=last // 2))


def _group_convolutions(group: Group, layers, last: int, C: int, channels: int, outputs: int) -> nn.Sequential:
    parts: list[nn.Module] = []
    for place, (kernel, stride, padding) in enumerate(layers):
        conv = GroupConv(group, C, channels, kernel, stride=stride, padding=padding, lifting=place == 0)
        parts += [conv, FibreNorm(group, channels), nn.ReLU()]
        C = channels
    return nn.Sequential(*parts, GroupConv(group, C, outputs, last, padding=last // 2))


def parameters(model: nn.Module) -> int:
    """How many numbers are trained."""
    return sum(p.numel() for p in model.parameters())

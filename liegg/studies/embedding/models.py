"""World models of the grid worlds and the arm: embedding S, encoder E and transition T (section 4, table 1).

    s --S--> y in V --E--> z in Z --T(., a)--> z'

    none    nothing respects the group
    full    all three do, S as if the group turned pixels
    ours    E and T do, S is an ordinary convolutional network

V holds images for each object, Z `latent` regular fibres for each object; without a group `latent` numbers, as in the
released code: a quarter, or for D4 an eighth, of what the group has.
"""

from functools import partial

import torch
from torch import Tensor, nn

from liegg.studies.embedding.groups import FibreNorm, GroupConv, GroupLinear
from liegg.studies.embedding.worlds import World

KINDS = ("none", "full", "ours")


class WorldModel(nn.Module):
    """S, E and T of one of KINDS for a world. Raises ValueError for another kind."""

    def __init__(self, world: World, kind: str, *, channels: int, width: int, seed: int):
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f'unknown model "{kind}": there are {", ".join(KINDS)}')
        self.world, self.kind, self.group = world, kind, world.group
        self.equivariant = kind != "none"
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.S = self._embedding(channels)
            side = world.size
            for kernel, stride, padding in world.convolutions:
                side = (side + 2 * padding - kernel) // stride + 1
            pixels = self.group.pixels(side, fibre=world.fibre > 1)
            self.register_buffer("pixels", pixels, persistent=False)
            layer = partial(GroupLinear, self.group) if self.equivariant else nn.Linear
            width = width // 2 if self.equivariant else width
            features = world.maps * (pixels.shape[1] if self.equivariant else world.fibre * side**2)
            none = world.draw_actions(0, "all", generator=torch.Generator())
            self.E = mlp(layer, features, width, world.latent)
            self.T = Transition(layer, world.latent, self._told(none).shape[-1], width, world.objects)

    def embed(self, x: Tensor) -> Tensor:
        """(B, K, maps, fibre, H, H): S of pictures (B, C, size, size), with a fibre of 1 where V has none."""
        y = self.S(x)
        if self.kind == "full" and self.world.fibre == 1:
            y = y.unflatten(1, (-1, self.group.size)).mean(2)
        y = y.unflatten(1, (self.world.objects, self.world.maps, self.world.fibre))
        return y.sigmoid() if self.world.bounded else y

    def encode(self, y: Tensor) -> Tensor:
        """(B, K, |G|, c), or (B, K, c) without a group: E of what `embed` returns."""
        if not self.equivariant:
            return self.E(y.flatten(2))
        return self.E(y.flatten(-3)[..., self.pixels].transpose(2, 3).flatten(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.encode(self.embed(x))

    def predict(self, z: Tensor, action: Tensor) -> Tensor:
        """Latents after the actions: z + T(z, a)."""
        return z + self.T(z, self._told(action))

    def _told(self, action: Tensor) -> Tensor:
        return self.world.action_fibre(action) if self.equivariant else self.world.action_channels(action)

    def act(self, g: int, y: Tensor) -> Tensor:
        """How g moves V: pixels, and the fibre where there is one."""
        moved = self.group.act(g, y)
        return moved[:, :, :, self.group.division[g]] if self.world.fibre > 1 else moved

    def _embedding(self, channels: int) -> nn.Sequential:
        world, outputs = self.world, self.world.objects * self.world.maps
        if self.kind == "full":
            return _group_convolutions(world, channels // 2, outputs)
        return _convolutions(world, channels, outputs * world.fibre)


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


def _convolutions(world: World, channels: int, outputs: int) -> nn.Sequential:
    parts: list[nn.Module] = []
    C = world.channels
    for kernel, stride, padding in world.convolutions:
        parts += [nn.Conv2d(C, channels, kernel, stride, padding), nn.BatchNorm2d(channels), nn.ReLU()]
        C = channels
    return nn.Sequential(*parts, nn.Conv2d(C, outputs, world.last, padding=world.last // 2))


def _group_convolutions(world: World, channels: int, outputs: int) -> nn.Sequential:
    parts: list[nn.Module] = []
    group, C = world.group, world.channels
    for kernel, stride, padding in world.convolutions:
        conv = GroupConv(group, C, channels, kernel, stride=stride, padding=padding, lifting=not parts)
        parts += [conv, FibreNorm(group, channels), nn.ReLU()]
        C = channels
    return nn.Sequential(*parts, GroupConv(group, C, outputs, world.last, padding=world.last // 2))


def parameters(model: nn.Module) -> int:
    """How many numbers are trained."""
    return sum(p.numel() for p in model.parameters())

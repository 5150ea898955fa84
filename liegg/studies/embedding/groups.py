"""The finite groups C4 and D4, their regular representation, and layers that respect them (sections 3 and 4.1).

An element (k, s) mirrors an image s times, rows upside down, and then turns it k times by 90 degrees counterclockwise.
A regular fibre is a function on the group, z(h), on which g acts as (g z)(h) = z(g⁻¹ h).
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, linear


class Group:
    """Turns by 90 degrees, with `mirrors` also reflections.

    elements    (k, s) of each of its `size` elements, the identity first
    division    (size, size) the place of g⁻¹ h
    """

    def __init__(self, name: str, *, mirrors: bool):
        self.name = name
        self.elements = [(k, s) for s in range(1 + mirrors) for k in range(4)]
        self.size = len(self.elements)
        self.division = torch.tensor([[self._divided(g, h) for h in self.elements] for g in self.elements])
        self.inverse = self.division[:, 0].tolist()
        self.signs = torch.tensor([1.0 - 2 * s for _, s in self.elements])
        """-1 for reflections"""

    def __repr__(self) -> str:
        return self.name

    def _divided(self, g: tuple[int, int], h: tuple[int, int]) -> int:
        (k, s), (l, t) = g, h
        turns = l - k if s == 0 else k - l
        return self.elements.index((turns % 4, s ^ t))

    def act(self, g: int, v: Tensor) -> Tensor:
        """Images (..., H, H), moved by the element at place g."""
        k, s = self.elements[g]
        return (v.flip(-2) if s else v).rot90(k, (-2, -1))

    def shift(self, g: int, z: Tensor) -> Tensor:
        """Regular fibres (..., size, c), moved by g. Raises ValueError for fibres of another size."""
        if z.ndim < 2 or z.shape[-2] != self.size:
            raise ValueError(f"{self} does not act on {tuple(z.shape)}: fibres (..., {self.size}, c) are needed")
        return z[..., self.division[g], :]

    def pixels(self, side: int, *, fibre: bool = False) -> Tensor:
        """(size, n): where in a flattened image (side, side) the n orbits of pixels are found, seen from each element:
        v.flatten(-2)[..., pixels] is a regular fibre with n channels, in which every pixel occurs (once, or as often
        as the group leaves it in place). With `fibre` the same for images with a regular fibre, (size, side, side).
        """
        places = torch.arange(side**2).view(side, side)
        seen = torch.stack([self.act(h, places).flatten() for h in self.inverse])
        if fibre:  # (h⁻¹ v)(e, p) = v(h, h p), and the group moves every (h, p)
            return seen + side**2 * torch.arange(self.size)[:, None]
        return seen[:, seen[0] == seen.amin(0)]


C4 = Group("C4", mirrors=False)
D4 = Group("D4", mirrors=True)


class GroupLinear(nn.Module):
    """z(g) = Σ_h W(g⁻¹ h) x(h) + b: the linear maps of regular fibres (..., size, C) to (..., size, D) that respect the
    group. Initial weights as of the released code, uniform up to 1/√(fan in), with no bias."""

    def __init__(self, group: Group, C: int, D: int):
        super().__init__()
        self.weight = nn.Parameter((2 * torch.rand(group.size, D, C) - 1) / (group.size * C) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(D))
        self.register_buffer("division", group.division, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        size, D, _ = self.weight.shape
        W = self.weight[self.division].transpose(1, 2).flatten(2).flatten(0, 1)  # (size D, size C)
        return linear(x.flatten(-2), W, self.bias.repeat(size)).unflatten(-1, (size, D))


class GroupConv(nn.Module):
    """Convolutions with filters in all places of the group: images (B, C, H, H) (`lifting`) or regular fibres
    (B, C size, H, H) to regular fibres (B, D size, H', H'). A channel's fibre is consecutive."""

    def __init__(
        self, group: Group, C: int, D: int, kernel: int, *, stride: int = 1, padding: int = 0, lifting: bool = False
    ):
        super().__init__()
        self.group, self.lifting, self.how = group, lifting, {"stride": stride, "padding": padding}
        copies = 1 if lifting else group.size
        self.weight = nn.Parameter(torch.empty(D, C, copies, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(D))
        fan_in, fan_out = copies * C * kernel**2, copies * D * kernel**2
        nn.init.uniform_(self.weight, -((6 / (fan_in + fan_out)) ** 0.5), (6 / (fan_in + fan_out)) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        group, W = self.group, self.weight
        turned = [group.act(g, W if self.lifting else W[:, :, group.division[g]]) for g in range(group.size)]
        return conv2d(
            x, torch.stack(turned, 1).flatten(0, 1).flatten(1, 2), self.bias.repeat_interleave(group.size), **self.how
        )


class FibreNorm(nn.Module):
    """Batch normalisation of regular fibres (B, C size, H, H), with one mean and variance a fibre."""

    def __init__(self, group: Group, C: int):
        super().__init__()
        self.size, self.norm = group.size, nn.BatchNorm3d(C)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.unflatten(1, (-1, self.size))).flatten(1, 2)

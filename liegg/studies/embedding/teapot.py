"""A shaded solid like a teapot, in any pose (SO(3)) or on a turntable (SO(2)), as pictures of one channel.

It has a body, a spout, a handle and a knob, and looks the same after no rotation. The camera looks down the third axis,
without perspective; light comes from over its right shoulder. The surface is a cloud of points, dense enough that it is
closed: each of SAMPLES x SAMPLES parts of a pixel shows the nearest of its points.
"""

import math
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, normalize

from liegg.studies.embedding.rotations import axis_angle, random_rotations

STEP = 2 * math.pi / 30
"""radians: the angle of small actions (the paper's Teapot)"""
REACH = 1.15
"""half of the picture's side, in units of the solid"""
LIGHT = (0.4, 0.3, 0.86)
DARK = 0.24
"""shade of what faces away from the light; what faces it has 1, the background 0"""
DENSITY = 2.0
"""points of the surface for the area of each smaller pixel (see SAMPLES)"""
SAMPLES = 2
"""a pixel is the mean of SAMPLES x SAMPLES smaller ones"""
DEPTHS, SHADES = 2**15, 2**8
"""levels that depth and shade are rounded to"""
TOGETHER = 2**18
"""points that are looked at in one go: about what a processor's cache holds"""


def surface(spacing: float) -> tuple[Tensor, Tensor]:
    """Points (P, 3) of the solid and outward normals there (P, 3), about one for each `spacing`² of the surface; those
    inside the body are left out."""
    body, spout, handle, knob = (
        _lattice(area, spacing) for area in (3.25, 2 * math.pi * 0.115 * 0.67, 2 * math.pi**2 * 0.06 * 0.325, 0.212)
    )
    axes = torch.tensor([0.55, 0.55, 0.42])
    body = _sphere(*body)
    parts = [(body * axes, body / axes)]

    t, round_it = spout
    along = normalize(torch.tensor([0.5, 0, 0.45]), dim=0)
    across = torch.stack([torch.tensor([0.0, 1, 0]), torch.linalg.cross(along, torch.tensor([0.0, 1, 0]))])
    normal = _circle(round_it) @ across
    centre = torch.stack([0.45 + 0.5 * t, 0 * t, 0.45 * t - 0.1], 1)
    parts.append((centre + (0.16 - 0.09 * t)[:, None] * normal, normal))

    t, round_it = handle
    way = _circle(0.25 + 0.5 * t)
    zero = torch.zeros(len(t))
    outward = torch.stack([way[:, 0], zero, way[:, 1]], 1)
    aside = _circle(round_it)
    normal = aside[:, :1] * outward + aside[:, 1:] * torch.tensor([0.0, 1, 0])
    centre = torch.stack([0.35 * way[:, 0] - 0.45, zero, 0.3 * way[:, 1]], 1)
    parts.append((centre + 0.06 * normal, normal))

    knob = _sphere(*knob)
    parts.append((0.13 * knob + torch.tensor([0, 0, 0.5]), knob))

    points, normals = (torch.cat(part) for part in zip(*parts))
    seen = (points / axes).square().sum(1) > 0.99
    return points[seen], normalize(normals)[seen]


def _lattice(area: float, spacing: float) -> tuple[Tensor, Tensor]:
    """Evenly spread points of the unit square, one for each spacing² of an area: a Fibonacci lattice."""
    n = math.ceil(area / spacing**2)
    i = torch.arange(n, dtype=torch.float64)
    return ((i + 0.5) / n).float(), (i * (math.sqrt(5) - 1) / 2 % 1).float()


def _circle(t: Tensor) -> Tensor:
    return torch.stack([(2 * math.pi * t).cos(), (2 * math.pi * t).sin()], 1)


def _sphere(t: Tensor, round_it: Tensor) -> Tensor:
    z = 1 - 2 * t
    return torch.cat([(1 - z.square()).sqrt()[:, None] * _circle(round_it), z[:, None]], 1)


def small_rotations(n: int, *, generator: torch.Generator) -> Tensor:
    """(n, 3, 3) of the six rotations by STEP about an axis, on the generator's device."""
    drawn = torch.randint(6, (n,), generator=generator, device=generator.device)
    axes = torch.eye(3, device=drawn.device)
    return axis_angle(torch.cat([axes, -axes])[drawn], torch.full((n,), STEP, device=drawn.device))


class Teapot:
    """The solid in any pose: a world whose states R (n, 3, 3) and actions a (n, 3, 3) are rotations, R' = a R."""

    channels = objects = 1
    ACTIONS: ClassVar = {"arbitrary": random_rotations, "small": small_rotations}
    """uniform on SO(3); or by STEP either way about one of the three axes (the paper's L and S)"""

    def __init__(self, size: int = 24):
        self.size = size
        points, normals = surface(2 * REACH / (SAMPLES * size) / math.sqrt(DENSITY))
        self._cloud = torch.cat([points, normals], 1).T.contiguous()
        self._light = normalize(torch.tensor(LIGHT), dim=0)

    def draw_states(self, n: int, *, generator: torch.Generator) -> Tensor:
        """(n, 3, 3) uniform poses, on the generator's device."""
        return random_rotations(n, generator=generator)

    def draw_actions(self, n: int, which: str, *, generator: torch.Generator) -> Tensor:
        """(n, 3, 3) of one of ACTIONS, on the generator's device. Raises ValueError for another name."""
        if which not in self.ACTIONS:
            raise ValueError(f'unknown set of actions "{which}": there are {", ".join(self.ACTIONS)}')
        return self.ACTIONS[which](n, generator=generator)

    def step(self, state: Tensor, action: Tensor) -> Tensor:
        return action @ state

    def turn(self, g: Tensor, state: Tensor) -> Tensor:
        """g R for rotations g (3, 3) or (n, 3, 3)."""
        return g @ state

    def turn_action(self, g: Tensor, action: Tensor) -> Tensor:
        """g a g⁻¹, so that a turned state under a turned action goes where the next state turned is."""
        return g @ action @ g.mT

    def render(self, state: Tensor) -> Tensor:
        """(n, 1, size, size) pictures in [0, 1], on the device of the poses."""
        some = max(1, TOGETHER // self._cloud.shape[1])
        return torch.cat([self._seen(poses) for poses in state.split(some)])

    def _seen(self, state: Tensor) -> Tensor:
        n, side = len(state), SAMPLES * self.size
        cloud, light = self._cloud.to(state), self._light.to(state)
        middle = torch.tensor([[side / 2], [side / 2], [DEPTHS / 2]]).to(state)
        scale = torch.tensor([[side / 2], [-side / 2], [DEPTHS / 2]]).to(state) / REACH
        column, row, depth = torch.baddbmm(middle, scale * state, cloud[:3].expand(n, 3, -1)).int().unbind(1)
        lit = ((light @ state) @ cloud[3:]).clamp_min_(0)
        shade = lit.mul_((1 - DARK) * (SHADES - 1)).add_(DARK * (SHADES - 1)).int()
        nearest = torch.zeros(n, side**2, dtype=torch.int32, device=state.device)
        nearest.scatter_reduce_(1, row.mul_(side).add_(column).long(), depth.mul_(SHADES).add_(shade), "amax")
        shades = nearest.bitwise_and_(SHADES - 1).view(n, 1, side, side).float()
        return avg_pool2d(shades, SAMPLES) / (SHADES - 1)


class Turntable:
    """The solid on a turntable before an oblique camera: a world whose states and actions are angles (n,), radians,
    that add up. What turning does to pixels is nothing simple."""

    channels = objects = 1
    ACTIONS: ClassVar = {"all": (-math.pi, math.pi), "quarter": (0.0, math.pi / 2)}
    """ranges of angles, radians"""

    def __init__(self, size: int = 24):
        self.size = size
        self._solid = Teapot(size)
        tilt = axis_angle(torch.eye(3)[:2], torch.tensor([-1.05, 0.35]))
        self._camera = tilt[0] @ tilt[1]

    def draw_states(self, n: int, *, generator: torch.Generator) -> Tensor:
        """(n,) uniform angles, on the generator's device."""
        return self.draw_actions(n, "all", generator=generator)

    def draw_actions(self, n: int, which: str, *, generator: torch.Generator) -> Tensor:
        """(n,) uniform in one of the ranges ACTIONS, on the generator's device. Raises ValueError for another name."""
        if which not in self.ACTIONS:
            raise ValueError(f'unknown set of actions "{which}": there are {", ".join(self.ACTIONS)}')
        low, high = self.ACTIONS[which]
        return low + (high - low) * torch.rand(n, generator=generator, device=generator.device)

    def step(self, state: Tensor, action: Tensor) -> Tensor:
        return state + action

    def turn(self, g: Tensor, state: Tensor) -> Tensor:
        """The state turned further by angles g, () or (n,)."""
        return state + g

    def turn_action(self, g: Tensor, action: Tensor) -> Tensor:
        """The action itself, as turns of the plane commute."""
        return action

    def render(self, state: Tensor) -> Tensor:
        """(n, 1, size, size) pictures in [0, 1], on the device of the angles."""
        spin = axis_angle(torch.eye(3)[2], state)
        return self._solid.render(self._camera.to(spin) @ spin)

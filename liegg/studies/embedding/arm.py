"""A planar arm of two links that torques drive: our stand-in for the Reacher (section 5.1), which needs MuJoCo.

A state (n, 4) holds both joint angles (the second relative to the first link) and their velocities, in radians and
radians a unit of time; an action (n, 2) both torques, in [-1, 1]. Seen from straight above, turning the plane turns the
picture, and a reflection changes the signs of all four numbers and of both torques: the group is D4.
"""

import math
from typing import ClassVar

import torch
from torch import Tensor

from liegg.studies.embedding.groups import D4

STEP = 0.25
"""units of time in one step"""
LINKS = (0.55, 0.5)
"""lengths, where the picture's side is 2 · EXTENT"""
EXTENT, THICKNESS = 1.2, 0.06
TORQUES, FRICTION = (3.0, 1.5), (1.0, 0.5)
FASTEST = 4.0


class Arm:
    """Pictures are two frames, one step of constant velocity apart, with a channel for each link."""

    group = D4
    objects = 1
    channels = 4
    convolutions, last = ((4, 2, 1), (3, 1, 1), (4, 2, 1)), 3
    maps, bounded, fibre, latent = 4, False, 1, 4
    ACTIONS: ClassVar = {"all": -1.0, "second torque not negative": 0.0}
    """the least value of the second torque"""

    def __init__(self, size: int = 32):
        self.size = size

    def draw_states(self, n: int, *, generator: torch.Generator) -> Tensor:
        """Uniform angles, and velocities uniform in [-1.5, 1.5]."""
        spread = torch.tensor([math.pi, math.pi, 1.5, 1.5])
        return (2 * torch.rand(n, 4, generator=generator) - 1) * spread

    def draw_actions(self, n: int, which: str, *, generator: torch.Generator) -> Tensor:
        """Uniform torques of the set `which` of ACTIONS; ValueError for others."""
        if which not in self.ACTIONS:
            raise ValueError(f'unknown set of actions "{which}": there are {", ".join(self.ACTIONS)}')
        least = torch.tensor([-1.0, self.ACTIONS[which]])
        return least + (1 - least) * torch.rand(n, 2, generator=generator)

    def step(self, state: Tensor, action: Tensor) -> Tensor:
        """The states one step later: two unit masses at the links' ends, up to scale, with friction in the joints.
        Raises ValueError for torques beyond 1."""
        if len(action) and action.abs().max() > 1:
            raise ValueError("torques lie in [-1, 1]")
        angles, velocity = state.split(2, 1)
        w1, w2 = velocity.unbind(1)
        cos, sin = angles[:, 1].cos(), angles[:, 1].sin()
        m11, m12 = 3 + 2 * cos, 1 + cos
        f1 = TORQUES[0] * action[:, 0] + sin * (2 * w1 * w2 + w2**2) - FRICTION[0] * w1
        f2 = TORQUES[1] * action[:, 1] - sin * w1**2 - FRICTION[1] * w2
        accelerations = torch.stack([f1 - m12 * f2, m11 * f2 - m12 * f1], 1) / (m11 - m12**2)[:, None]
        velocity = (velocity + STEP * accelerations).clamp(-FASTEST, FASTEST)
        return torch.cat([angles + STEP * velocity, velocity], 1)

    def render(self, state: Tensor) -> Tensor:
        """(n, 4, size, size) in [0, 1]: both links before, both links now."""
        angles, velocity = state.split(2, 1)
        return torch.cat([self._frame(angles - STEP * velocity), self._frame(angles)], 1)

    def _frame(self, angles: Tensor) -> Tensor:
        places = ((torch.arange(self.size, device=angles.device) + 0.5) / self.size * 2 - 1) * EXTENT
        x, y = places[None, None, :], -places[None, :, None]
        links, begin = [], torch.zeros(len(angles), 2, 1, 1, device=angles.device)
        for length, angle in zip(LINKS, angles.cumsum(1).unbind(1)):
            along = length * torch.stack([angle.cos(), angle.sin()], 1)[:, :, None, None]
            dx, dy = x - begin[:, 0], y - begin[:, 1]
            t = ((dx * along[:, 0] + dy * along[:, 1]) / length**2).clamp(0, 1)
            distance = ((dx - t * along[:, 0]) ** 2 + (dy - t * along[:, 1]) ** 2).sqrt()
            links.append((1.5 - distance / THICKNESS).clamp(0, 1))
            begin = begin + along
        return torch.stack(links, 1)

    def turn(self, g: int, state: Tensor) -> Tensor:
        """States moved by the element of D4 at place g."""
        turns, mirrored = D4.elements[g]
        offset = torch.tensor([turns * math.pi / 2, 0, 0, 0], device=state.device)
        return (-state if mirrored else state) + offset

    def turn_action(self, g: int, action: Tensor) -> Tensor:
        """Torques that do in a moved state what these do in the state."""
        return -action if D4.elements[g][1] else action

    def action_fibre(self, action: Tensor) -> Tensor:
        """(n, 1, 8, 2) torques as a regular fibre, with their signs changed where the element is a reflection."""
        return D4.signs.to(action)[None, None, :, None] * action[:, None, None]

    def action_channels(self, action: Tensor) -> Tensor:
        """(n, 1, 2)."""
        return action[:, None]

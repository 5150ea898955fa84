"""What a world is: states, actions, pictures, and a finite group that moves all three (section 3)."""

from typing import ClassVar, Protocol

import torch
from torch import Tensor

from liegg.studies.embedding.groups import Group


class World(Protocol):
    """What `models.WorldModel`, `learning.train` and `metrics.evaluate` need of `grids.Grid` and `arm.Arm`.

    group           moves states and actions; what it does to pictures nobody needs to know
    objects         each has a latent of its own
    channels, size  of the pictures, (channels, size, size)
    convolutions    kernel, stride and padding of those of S but the last, which has kernel `last`
    maps            images for each object that S puts out, squashed to (0, 1) where `bounded`
    fibre           1, or the size of the group where these have a regular fibre
    latent          numbers at each place of an object's fibre in Z; without a group an object has no more
    """

    group: Group
    objects: int
    channels: int
    size: int
    convolutions: tuple[tuple[int, int, int], ...]
    last: int
    maps: int
    bounded: bool
    fibre: int
    latent: int
    ACTIONS: ClassVar[dict]
    """names of the sets that `draw_actions` knows"""

    def draw_states(self, n: int, *, generator: torch.Generator) -> Tensor:
        """n random states (n, ...)."""

    def draw_actions(self, n: int, which: str, *, generator: torch.Generator) -> Tensor:
        """n random actions (n, ...) of a set; ValueError for another name."""

    def step(self, state: Tensor, action: Tensor) -> Tensor:
        """The states after the actions; ValueError for actions that there are none of."""

    def render(self, state: Tensor) -> Tensor:
        """(n, channels, size, size) in [0, 1], on the device of the states."""

    def turn(self, g: int, state: Tensor) -> Tensor:
        """States moved by the element at place g."""

    def turn_action(self, g: int, action: Tensor) -> Tensor:
        """Actions that do in a moved state what these do in the state."""

    def action_fibre(self, action: Tensor) -> Tensor:
        """(n, objects, group.size, c) actions as regular fibres."""

    def action_channels(self, action: Tensor) -> Tensor:
        """(n, objects, c) actions without the group."""

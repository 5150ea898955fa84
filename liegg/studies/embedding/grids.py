"""Worlds of objects on a board of 5 x 5 cells: 2D Shapes, 3D Blocks and Rush Hour (section 5.1), with our own pictures.

A state (n, K, 2) holds row and column of K objects, in Rush Hour (n, K, 3) also their heading. An action (n,) is
4 · object + direction; the object moves one cell, or stays where the cell is taken or the board ends. Directions count
up, right, down, left. The group is C4: a turn counterclockwise takes (row, column) to (4 - column, row) and, in Shapes
and Blocks, every direction to the one before; in Rush Hour directions are relative to the heading and stay.
"""

import math
from typing import ClassVar

import torch
from torch import Tensor

from liegg.studies.embedding.groups import C4

SIDE = 5
DIRECTIONS = ("up", "right", "down", "left")
STEPS = torch.tensor([(-1, 0), (0, 1), (1, 0), (0, -1)])
COLOURS = torch.tensor(
    [(0.89, 0.10, 0.11), (0.30, 0.69, 0.29), (1.00, 0.50, 0.00), (0.22, 0.49, 0.72), (0.65, 0.34, 0.16)]
)
CELL = 5
"""pixels along a cell of a flat picture"""


class Grid:
    """What the three worlds share; `objects` is at most 5."""

    group = C4
    channels = 3
    size = SIDE * CELL
    convolutions, last = ((CELL, CELL, 0),), 1
    maps, bounded, fibre, latent = 1, True, 1, 2
    ACTIONS: ClassVar = {"all": (0, 1, 2, 3), "up": (0,), "up, right, down": (0, 1, 2)}
    """directions that a data set may be restricted to"""

    def __init__(self, objects: int):
        if not 1 <= objects <= len(COLOURS):
            raise ValueError(f"there can be 1 to {len(COLOURS)} objects, not {objects}")
        self.objects = objects

    def draw_states(self, n: int, *, generator: torch.Generator) -> Tensor:
        """n boards with the objects in different cells, each as likely as any other."""
        cells = torch.rand(n, SIDE**2, generator=generator).argsort(1)[:, : self.objects]
        return torch.stack([cells // SIDE, cells % SIDE], 2)

    def draw_actions(self, n: int, which: str, *, generator: torch.Generator) -> Tensor:
        """n actions of random objects in random directions of the set `which` of ACTIONS; ValueError for others."""
        if which not in self.ACTIONS:
            raise ValueError(f'unknown set of actions "{which}": there are {", ".join(self.ACTIONS)}')
        allowed = torch.tensor(self.ACTIONS[which])
        direction = allowed[torch.randint(len(allowed), (n,), generator=generator)]
        return 4 * torch.randint(self.objects, (n,), generator=generator) + direction

    def step(self, state: Tensor, action: Tensor) -> Tensor:
        """The states after the actions. Raises ValueError for an action that there is none of."""
        if len(action) and not 0 <= int(action.min()) <= int(action.max()) < 4 * self.objects:
            raise ValueError(f"actions of {self.objects} objects are 0 to {4 * self.objects - 1}")
        each, which = torch.arange(len(state), device=state.device), action // 4
        target = state[each, which, :2] + STEPS.to(state.device)[self._direction(state, action)]
        taken = (state[..., :2] == target[:, None]).all(2).any(1)
        free = ((target >= 0) & (target < SIDE)).all(1) & ~taken
        after = state.clone()
        after[each[free], which[free], :2] = target[free]
        return after

    def _direction(self, state: Tensor, action: Tensor) -> Tensor:
        return action % 4

    def turn(self, g: int, state: Tensor) -> Tensor:
        """States turned g times by 90 degrees counterclockwise."""
        for _ in range(g % 4):
            moved = [SIDE - 1 - state[..., 1], state[..., 0], *(state[..., 2:] - 1).remainder(4).unbind(-1)]
            state = torch.stack(moved, -1)
        return state

    def turn_action(self, g: int, action: Tensor) -> Tensor:
        """Actions that do in a turned state what these do in the state."""
        return action if self.fibre > 1 else action - action % 4 + (action - g) % 4

    def action_fibre(self, action: Tensor) -> Tensor:
        """(n, K, 4, c) actions as regular fibres of each object, zero but for the one that moves: the direction up
        turned by h is at place h (c = 1); relative ones are c = 4 channels, constant along the fibre."""
        told = self.action_channels(action)  # (n, K, 4)
        if self.fibre > 1:
            return told[:, :, None].expand(-1, -1, C4.size, -1)
        return told[..., C4.inverse, None]

    def action_channels(self, action: Tensor) -> Tensor:
        """(n, K, 4): 1 for the object that moves at its direction, else 0."""
        return torch.nn.functional.one_hot(action, 4 * self.objects).float().unflatten(1, (self.objects, 4))


def _painted(cells: Tensor, sprites: Tensor) -> Tensor:
    """(n, 3, 25, 25) pictures of sprites (n, K, 3, CELL, CELL) in cells (n, K)."""
    canvas = torch.zeros(len(cells), SIDE**2, 3, CELL, CELL, device=cells.device)
    canvas[torch.arange(len(cells), device=cells.device)[:, None], cells] = sprites
    rows = canvas.unflatten(1, (SIDE, SIDE)).permute(0, 3, 1, 4, 2, 5)
    return rows.reshape(len(cells), 3, SIDE * CELL, SIDE * CELL)


class Shapes(Grid):
    """2D Shapes: discs, triangles and squares seen from above. The figures do not turn with the board."""

    def render(self, state: Tensor) -> Tensor:
        """(n, 3, 25, 25) in [0, 1]."""
        y, x = torch.meshgrid(*[torch.arange(CELL) - CELL // 2] * 2, indexing="ij")
        masks = [x**2 + y**2 <= 4.5, y + 2 >= 2 * x.abs(), torch.ones(CELL, CELL, dtype=torch.bool)]
        sprites = [masks[i % 3] * COLOURS[i][:, None, None] for i in range(self.objects)]
        sprites = torch.stack(sprites).to(state.device).expand(len(state), -1, -1, -1, -1)
        return _painted(SIDE * state[..., 0] + state[..., 1], sprites)


class RushHour(Grid):
    """Rush Hour: arrows that point where they head, with actions forward, right, back and left of the heading."""

    fibre = C4.size

    def draw_states(self, n: int, *, generator: torch.Generator) -> Tensor:
        heading = torch.randint(4, (n, self.objects, 1), generator=generator)
        return torch.cat([super().draw_states(n, generator=generator), heading], 2)

    def _direction(self, state: Tensor, action: Tensor) -> Tensor:
        heading = state[torch.arange(len(state), device=state.device), action // 4, 2]
        return (heading + action) % 4

    def render(self, state: Tensor) -> Tensor:
        """(n, 3, 25, 25) in [0, 1]."""
        up = torch.tensor(
            [(0, 0, 1, 0, 0), (0, 0, 1, 0, 0), (0, 1, 1, 1, 0), (0, 1, 1, 1, 0), (1, 1, 1, 1, 1)], dtype=torch.float32
        )
        arrows = torch.stack([up.rot90(-heading) for heading in range(4)]).to(state.device)
        colours = COLOURS[: self.objects].to(state.device)
        sprites = arrows[state[..., 2]][:, :, None] * colours[None, :, :, None, None]
        return _painted(SIDE * state[..., 0] + state[..., 1], sprites)


class Blocks(Grid):
    """3D Blocks: cubes on a board, seen from the side and above, with three shaded faces and occlusion.

    The camera looks along a slanted line (azimuth -60 degrees, elevation 30) without perspective, so that turning the
    board does not turn the picture. `size` is the side of the picture in pixels.
    """

    AZIMUTH, ELEVATION = math.radians(-60), math.radians(30)
    convolutions, last = ((4, 2, 1), (3, 1, 1), (3, 1, 1)), 3
    FINE = 3
    """subpixels along a pixel"""

    def __init__(self, objects: int, size: int = 30):
        super().__init__(objects)
        self.size = size
        cos, sin = math.cos(self.AZIMUTH), math.sin(self.AZIMUTH)
        up = math.sin(self.ELEVATION)
        self.towards = torch.tensor([cos * math.cos(self.ELEVATION), sin * math.cos(self.ELEVATION), up])
        self.right = torch.tensor([-sin, cos, 0.0])
        cells = torch.cartesian_prod(torch.arange(SIDE), torch.arange(SIDE)).float()
        corners = torch.cat([cells, torch.zeros(len(cells), 1)], 1)
        self.nearness = (corners + 0.5) @ self.towards
        drawn = [self._cube(corner) for corner in corners]
        self.cover, self.light = (torch.stack(maps) for maps in zip(*drawn))  # (25, size, size)
        board = self._filled(torch.tensor([(0.0, 0, 0), (SIDE, 0, 0), (SIDE, SIDE, 0), (0, SIDE, 0)]))
        self.background = 1 - 0.5 * self._coarse(board.float())

    def _cube(self, corner: Tensor) -> tuple[Tensor, Tensor]:
        """How much of each pixel a cube covers, and the light on it (zero elsewhere)."""
        square = torch.tensor([(0.0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)])
        sides = [(square + torch.tensor([0.0, 0, 1]), 1.0)]  # the top, then the two sides that face the camera
        for axis, light in ((0, 0.75), (1, 0.5)):
            face = square[:, [2, 0, 1] if axis == 0 else [0, 2, 1]]
            offset = torch.eye(3)[axis] * float(self.towards[axis] > 0)
            sides.append((face + offset, light))
        light = torch.zeros(self.FINE * self.size, self.FINE * self.size)
        for face, value in sides:
            light[self._filled(face + corner)] = value
        return self._coarse((light > 0).float()), self._coarse(light)

    def _filled(self, polygon: Tensor) -> Tensor:
        """Which subpixels lie in a convex polygon (4, 3) of the room."""
        fine = self.FINE * self.size
        centred = polygon - torch.tensor([SIDE / 2, SIDE / 2, 0.4])
        upwards = torch.linalg.cross(self.towards, self.right)
        scale = fine / (1.45 * SIDE)
        x, y = fine / 2 + scale * centred @ self.right, fine / 2 - scale * centred @ upwards
        rows, columns = torch.meshgrid(*[torch.arange(fine) + 0.5] * 2, indexing="ij")
        side = [
            (x[j] - x[i]) * (rows - y[i]) - (y[j] - y[i]) * (columns - x[i])
            for i, j in ((0, 1), (1, 2), (2, 3), (3, 0))
        ]
        side = torch.stack(side)
        return (side >= 0).all(0) | (side <= 0).all(0)

    def _coarse(self, fine: Tensor) -> Tensor:
        return fine.unflatten(0, (self.size, self.FINE)).unflatten(2, (self.size, self.FINE)).mean((1, 3))

    def render(self, state: Tensor) -> Tensor:
        """(n, 3, size, size) in [0, 1]: from the farthest cube to the nearest."""
        cells = SIDE * state[..., 0] + state[..., 1]
        nearness, cover, light, background, colours = (
            table.to(state.device) for table in (self.nearness, self.cover, self.light, self.background, COLOURS)
        )
        image = background.expand(len(state), 3, -1, -1)
        for place in nearness[cells].argsort(1).unbind(1):
            cell = cells.gather(1, place[:, None])[:, 0]
            image = image * (1 - cover[cell])[:, None] + light[cell][:, None] * colours[place][:, :, None, None]
        return image

"""Solutions of the six equations, computed on a periodic grid, and their jets by central differences."""

from collections import deque
from collections.abc import Callable
from math import ceil

import torch
from torch import Tensor

from liegg import progress
from liegg.actions import Jets
from liegg.studies.lens.equations import EQUATIONS, Equation

PERIOD, SIDE = 20.0, 100  # of every space variable, and how many points it has
STEP, STEPS = 0.002, 1000  # of the Runge-Kutta method of order four
MODES = 10  # of the Fourier series that solutions start from
CONDITIONS = {"heat": 10, "Burgers": 10, "KdV": 5, "wave": 3, "NLS": 2, "reaction-diffusion": 2}
"""How many solutions there are; these numbers are published, as are all above."""
MOMENTS = 100  # at which solutions are seen, at least
STENCILS = {
    1: ([-1, 1], [-1 / 2, 1 / 2]),
    2: ([-1, 0, 1], [1.0, -2.0, 1.0]),
    3: ([-2, -1, 1, 2], [-1 / 2, 1.0, -1.0, 1 / 2]),
}
"""Offsets and weights of central differences, by the order of the derivative."""


def start(modes: int, sides: int, *, side: int, count: int, generator: torch.Generator) -> Tensor:
    """(count, side[, side]) random Fourier series, of standard deviation one and mean zero.

    Waves have whole numbers of at most `modes` / 2 periods along each axis, amplitudes are normal, and fall as
    1 / (1 + |k|²) with their number k.
    """
    k = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    square = sum(axis**2 for axis in torch.meshgrid(*[k] * sides, indexing="ij"))
    inside = torch.stack([axis.abs() <= modes / 2 for axis in torch.meshgrid(*[k] * sides, indexing="ij")]).all(0)
    noise = torch.randn(count, *[side] * sides, generator=generator, dtype=torch.float64)
    axes = tuple(range(1, sides + 1))
    waves = torch.fft.fftn(noise, dim=axes) * inside / (1 + square) * (square > 0)
    u = torch.fft.ifftn(waves, dim=axes).real
    return u / u.std(axes, keepdim=True)


def difference(u: Tensor, order: int, axis: int, spacing: float) -> Tensor:
    """A derivative along a periodic axis."""
    if not order:
        return u
    return sum(w * u.roll(-s, axis) for s, w in zip(*STENCILS[order])) / spacing**order


def slopes_on(equation: Equation, spacing: float) -> Callable[[Tensor], Tensor]:
    """The equation as a system of first order in t, on grids: states (F, count, side[, side]) -> their slopes.

    A state has the unknown functions, and their first derivatives along t where the equation is of second order.
    """
    jets, second = equation.jets, "tt" in equation.slow[0]
    space = jets.independent[1:]

    def slopes(state: Tensor) -> Tensor:
        def at(name: str) -> Tensor:
            letter, _, along = name.partition("_")
            u = state[jets.dependent.index(letter)]
            for axis, x in enumerate(space, 1):
                u = difference(u, along.count(x), axis, spacing)
            return u

        found = torch.stack(equation.slope(at))
        return torch.cat([state[len(jets.dependent) :], found]) if second else found

    return slopes


def advanced(slopes: Callable[[Tensor], Tensor], state: Tensor, step: float) -> Tensor:
    """A step of the classical Runge-Kutta method."""
    a = slopes(state)
    b = slopes(state + step / 2 * a)
    c = slopes(state + step / 2 * b)
    d = slopes(state + step * c)
    return state + step / 6 * (a + 2 * b + 2 * c + d)


def simulated(
    name: str, *, samples: int, seed: int, side: int = SIDE, steps: int = STEPS, moments: int | None = None
) -> Tensor:
    """(samples, len(jets)) jets on solutions of an equation of EQUATIONS, at random among points seen.

    All derivatives, of time too, are central differences; x and y run from -PERIOD / 2. Seen are all points of the
    grid at `moments` times, evenly spread, by default as many as give enough samples. Raises ValueError for more
    samples than points.
    """
    equation, generator = EQUATIONS[name], torch.Generator().manual_seed(seed)
    jets, spacing = equation.jets, PERIOD / side
    sides, reach = len(jets.independent) - 1, ceil(jets.order / 2)
    draw = lambda: start(MODES, sides, side=side, count=CONDITIONS[name], generator=generator)
    fields = len(jets.dependent) * (1 + ("tt" in equation.slow[0]))
    state, slopes = torch.stack([draw() for _ in range(fields)]), slopes_on(equation, spacing)
    points = CONDITIONS[name] * side**sides
    moments = moments or max(MOMENTS, -(-samples // points))
    seen = set(torch.linspace(2 * reach, steps, moments).long().tolist())
    frames = deque([state[: len(jets.dependent)]], maxlen=2 * reach + 1)
    each = -(-samples // len(seen))
    if each > points:
        raise ValueError(f"{samples} samples are more than the points seen at {len(seen)} moments")
    found = []
    for number in range(1, steps + 1):
        progress.show(f"{name}: step {number} of {steps}") if number % 100 == 0 else None
        state = advanced(slopes, state, STEP)
        frames.append(state[: len(jets.dependent)])
        if number in seen:
            chosen = torch.randperm(points, generator=generator)[:each]
            found.append(_jets(jets, torch.stack([*frames]), (number - reach) * STEP, spacing, chosen))
    progress.clear()
    z = torch.cat(found)
    return z[torch.randperm(len(z), generator=generator)[:samples]]


def _jets(jets: Jets, frames: Tensor, t: float, spacing: float, chosen: Tensor) -> Tensor:
    """(chosen, len(jets)) of frames (2 reach + 1, q, count, side[, side]) around time t."""
    p, shape = len(jets.independent), frames.shape[2:]
    places = torch.unravel_index(chosen, shape)[1:]
    columns = [torch.full((len(chosen),), t, dtype=frames.dtype), *(i * spacing - PERIOD / 2 for i in places)]
    middle = len(frames) // 2
    for name in jets.names[p:]:
        letter, _, along = name.partition("_")
        u = frames[:, jets.dependent.index(letter)]
        order = along.count(jets.independent[0])
        offsets, weights = STENCILS[order] if order else ([0], [1.0])
        u = sum(w * u[middle + s] for s, w in zip(offsets, weights)) / STEP**order
        for axis, x in enumerate(jets.independent[1:], 1):
            u = difference(u, along.count(x), axis, spacing)
        columns.append(u.flatten()[chosen])
    return torch.stack(columns, 1)

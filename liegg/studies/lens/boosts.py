"""Galilean boosts carry solutions of the nonlinear Schrödinger equation to solutions: seen on a numerical solution.

With ψ = u + iv the equation is ψ_t = i (Δψ/2 - |ψ|² ψ). The boost t ∂x + x (u ∂v - v ∂u) takes ψ to

    ψ'(t, x, y) = exp(i (c x - c² t/2)) ψ(t, x - c t, y)

after the parameter c. What is measured is how far a function is from solving the equation, on a grid by Fourier series
in space and differences in time: neither jets nor `Prolonged` have a part in it.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from liegg.actions import Prolonged
from liegg.studies.lens.equations import BOOSTS, EQUATIONS
from liegg.studies.lens.simulated import PERIOD, advanced, start

UNIT = 2 * torch.pi / PERIOD
"""the least c for which ψ' has the period of ψ"""
MODES, STEP = 4, 0.002
DIFFERENCE = torch.tensor([1, -8, 0, 8, -1], dtype=torch.float64) / 12
"""weights of the time derivative, at five times"""


def wave_numbers(side: int) -> Tensor:
    """(side,) of the Fourier series."""
    return 2 * torch.pi * torch.fft.fftfreq(side, PERIOD / side, dtype=torch.float64)


def slope(psi: Tensor) -> Tensor:
    """ψ_t by the equation, on grids (..., side, side)."""
    k = wave_numbers(psi.shape[-1])
    laplace = torch.fft.ifft2(-(k[:, None] ** 2 + k**2) * torch.fft.fft2(psi))
    return 1j * (laplace / 2 - psi.abs().square() * psi)


def solution(side: int, steps: int, *, seed: int) -> Tensor:
    """(5, side, side) ψ at five successive times, the middle one `steps` steps after the start."""
    generator = torch.Generator().manual_seed(seed)
    u, v = start(MODES, 2, side=side, count=2, generator=generator)
    psi, frames = torch.complex(u, v), []
    for number in range(steps + 3):
        if number >= steps - 2:
            frames.append(psi)
        psi = advanced(slope, psi, STEP)
    return torch.stack(frames)


def shifted(psi: Tensor, by: Tensor) -> Tensor:
    """Grids (T, side, side) moved along x, each its own way (T,), exactly so for their Fourier series."""
    turn = torch.exp(-1j * wave_numbers(psi.shape[-1]) * by[:, None])
    return torch.fft.ifft(turn[..., None] * torch.fft.fft(psi, dim=1), dim=1)


def boosted(psi: Tensor, t: Tensor, c: float) -> Tensor:
    """ψ' of grids (T, side, side) at times t (T,), for c a whole number of UNITs."""
    x = PERIOD / psi.shape[-1] * torch.arange(psi.shape[-1], dtype=torch.float64)
    return torch.exp(1j * (c * x - c**2 / 2 * t[:, None]))[..., None] * shifted(psi, c * t)


def residual(psi: Tensor) -> float:
    """|ψ_t - its value by the equation| / |ψ_t| in the middle of five times, root mean squares over the grid."""
    rate = torch.einsum("t,txy->xy", DIFFERENCE.to(psi), psi) / STEP
    return float((rate - slope(psi[2])).norm() / rate.norm())


CARRIED: dict[str, Callable[[Tensor, Tensor, float], Tensor]] = {
    "boost": boosted,
    "boost without its phase": lambda psi, t, c: shifted(psi, c * t),
    "phase of the boost alone": lambda psi, t, c: shifted(boosted(psi, t, c), -c * t),
}
"""A symmetry and its two halves, of which neither is one."""


def cases(multiples: Sequence[int], *, side: int, steps: int, seed: int) -> list[dict]:
    """One case: the parameters c as multiples of UNIT, points a side of the grid, steps to the time looked at. Raises
    ValueError for multiples that are not whole."""
    if any(not isinstance(m, int) for m in multiples):
        raise ValueError(f"whole multiples of 2π/{PERIOD:g} keep the period, and these are {list(multiples)}")
    return [{"task": "boosts", "multiples": list(multiples), "side": side, "steps": steps, "seed": seed}]


def measure(case: dict) -> dict:
    """{"solution": the solution's own residual, "carried": {what: residuals, one a parameter}}."""
    psi = solution(case["side"], case["steps"], seed=case["seed"])
    t = STEP * (case["steps"] + torch.arange(-2, 3, dtype=torch.float64))
    residuals = {
        what: [residual(carry(psi, t, m * UNIT)) for m in case["multiples"]] for what, carry in CARRIED.items()
    }
    return {"solution": residual(psi), "carried": residuals}


def arrows(t: float = 1.0, x: float = 1.0, points: int = 9) -> dict[str, tuple[Tensor, Tensor]]:
    """The boost along x as arrows, {title: (points (P, 2), velocities (P, 2))}: of t and x, where it shears, and of u
    and v at this x, where it turns, by as much as x says."""
    action: Prolonged = EQUATIONS["NLS"].action
    boost = EQUATIONS["NLS"].coefficients(next(iter(BOOSTS.values())))
    grid = torch.cartesian_prod(*[torch.linspace(-1, 1, points, dtype=torch.float64)] * 2)
    panels = {}
    for title, columns in {"t and x": (0, 1), f"u and v at x = {x:g}": (3, 4)}.items():
        z = torch.tensor([t, x, 0.0, 0.0, 0.0], dtype=torch.float64).repeat(len(grid), 1)
        z[:, columns] = grid
        field = action.matrix(boost) @ action.evaluated(z).T
        panels[title] = grid, field[list(columns)].T
    return panels

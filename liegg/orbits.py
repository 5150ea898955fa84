"""The finite check of a symmetry: how far f(exp(tA)x) is from f(x) at times that are not small."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from liegg.actions import Action
from liegg.polarization import undisturbed


def drift(
    function: Callable[[Tensor], Tensor],
    x: Tensor,
    action: Action,
    coefficients: Tensor,
    times: Iterable[float],
    *,
    output_action: Action | None = None,
    output_coefficients: Tensor | None = None,
) -> Tensor:
    """How far f(exp(tA) x) is from exp(tB) f(x) at each time t, (T,); from f(x) without an output action.

    The root mean square over the samples (B, ...) and outputs, in units of the standard deviation of f over them:
    0 for a symmetry, about 1.4 when outputs are as different as those of unrelated samples. A module is evaluated in
    eval mode and left as it was.
    """
    with torch.no_grad(), undisturbed(function):
        y = function(x)
        spread = (y - y.mean(0)).square().mean().sqrt()
        changes = []
        for t in times:
            expected = y if output_action is None else output_action.act(output_coefficients, y, t)
            changes.append((function(action.act(coefficients, x, t)) - expected).square().mean().sqrt())
    return torch.stack(changes) / spread


@dataclass(frozen=True, repr=False)
class FiniteCheck:
    """How far a function moves along generators and along random directions, in its standard deviations."""

    angles: Tensor
    """(T,) degrees that a plane rotation of the same norm turns by"""
    learned: Tensor
    """(d, T) along each generator"""
    random: Tensor
    """(r, T) along random directions of the same norm"""

    @property
    def ratio(self) -> float:
        """Change along the generators over that along random directions, each the median over all times: 0 is
        invariance, 1 is none."""
        return float(self.learned.median() / self.random.median())

    def __repr__(self) -> str:
        return (
            f"up to {self.angles[-1]:.0f} degrees the function moves {self.ratio:.2g} times as far along the "
            f"{len(self.learned)} generators as along random directions\n"
            f"  median change {self.learned.median():.2g} against {self.random.median():.2g} standard deviations; "
            f"largest along a generator {self.learned.max():.2g}"
        )

    def _repr_svg_(self) -> str:
        from liegg import plots

        labels = {"trained": "found generators", "random": "random directions"}
        change = {"trained": self.learned, "random": self.random}
        return plots.drifts(
            self.angles, change, labels, "angle of a plane rotation of the same norm (degrees)"
        )._repr_svg_()


def finite_check(
    function: Callable[[Tensor], Tensor],
    x: Tensor,
    action: Action,
    coefficients: Tensor,
    dimension: int,
    *,
    output_action: Action | None = None,
    output_coefficients: Tensor | None = None,
    turn: float = 360.0,
    steps: int = 24,
    directions: int = 5,
    seed: int = 0,
) -> FiniteCheck:
    """Follow the first `dimension` of K orthonormal directions (K, action.size), and some random ones, to finite times.

    turn         the last time, in degrees of a rotation of unit norm, which turns by t / sqrt(2)
    steps        how many times up to there
    directions   how many random directions of unit norm, drawn from the seed in the span of all K
    """
    angles = torch.linspace(0, turn, steps + 1)[1:]
    times = (2**0.5 * torch.deg2rad(angles.double())).tolist()
    generator = torch.Generator().manual_seed(seed)
    random = torch.randn(directions, len(coefficients), generator=generator, dtype=torch.float64)
    random = torch.nn.functional.normalize(random, dim=1)
    mixtures = torch.cat([torch.eye(len(coefficients), dtype=torch.float64)[:dimension], random])
    moved = []
    for mixture in mixtures:
        pair = {} if output_action is None else {"output_coefficients": mixture @ output_coefficients}
        moved.append(drift(function, x, action, mixture @ coefficients, times, output_action=output_action, **pair))
    moved = torch.stack(moved).double().cpu()
    return FiniteCheck(angles, moved[:dimension], moved[dimension:])

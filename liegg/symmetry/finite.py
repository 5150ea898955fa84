"""The finite check of a symmetry: how far f(exp(tA)x) is from f(x) at times that are not small."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from liegg.actions import Action
from liegg.symmetry.polarization import fitted, undisturbed


def drift(
    function: Callable[[Tensor], Tensor], x: Tensor, action: Action, coefficients: Tensor, times: Iterable[float]
) -> Tensor:
    """How far f(exp(tA) x) is from f(x) at each time t, (T,).

    The root mean square over the samples (B, ...) and outputs, in units of the standard deviation of f over them:
    0 for a symmetry, about 1.4 when outputs are as different as those of unrelated samples. A module is evaluated in
    eval mode and left as it was. Raises ValueError for inputs and functions that `finite_check` refuses.
    """
    return _follow(function, x, action, coefficients, times, None, None)[0]


def _follow(
    function: Callable[[Tensor], Tensor],
    x: Tensor,
    action: Action,
    coefficients: Tensor,
    times: Iterable[float],
    output_action: Action | None,
    output_coefficients: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """How far f(exp(tA) x) is from exp(tB) f(x), and how far the inputs moved, both (T,), in standard deviations."""
    if not x.is_floating_point() or x.is_meta or x.layout != torch.strided or x.is_nested or not x.ndim:
        raise ValueError("inputs must be a dense floating-point tensor (N, ...), with samples in the first dimension")
    if not x.isfinite().all():
        raise ValueError(
            f"inputs holds NaN or infinite values in {int((~x.isfinite()).reshape(len(x), -1).any(1).sum())} "
            f"of {len(x)} samples: clean the data first"
        )
    if isinstance(function, torch.nn.Module) and {w.is_meta for w in function.parameters()} == {True}:
        raise ValueError("the model has its weights on the meta device: give it some with values")
    with torch.no_grad(), undisturbed(function):
        x = fitted(function, x)
        y = function(x.clone())
        if not isinstance(y, Tensor) or not y.is_floating_point() or not y.ndim or len(y) != len(x):
            raise ValueError(
                f"the function must return real numbers, ({len(x)},) or ({len(x)}, m), one result a sample"
            )
        if not y.isfinite().all():
            raise ValueError("the function's output is NaN or infinite at some inputs: check it there")
        spread = (y - y.mean(0)).square().mean().sqrt()
        if not spread > 0:
            raise ValueError("the function is constant on these inputs (or there is only one): nothing to compare with")
        width = (x - x.mean(0)).square().mean().sqrt()
        changes, moves = [], []
        for t in times:
            moved = action.act(coefficients, x, t)
            expected = y if output_action is None else output_action.act(output_coefficients, y, t)  # type: ignore[arg-type]
            moves.append((moved - x).square().mean().sqrt() / width)
            changes.append((function(moved.clone()) - expected).square().mean().sqrt() / spread)
    return torch.stack(changes).double().cpu(), torch.stack(moves).double().cpu()


@dataclass(frozen=True, repr=False)
class FiniteCheck:
    """How far a function moves along generators and along random directions, in its standard deviations."""

    angles: Tensor
    """(T,) degrees that a plane rotation of the same norm turns by"""
    learned: Tensor
    """(d, T) along each generator"""
    random: Tensor
    """(r, T) along random directions of the same norm"""
    moved_learned: Tensor
    """(d, T) how far the inputs have moved by then, in their standard deviation"""
    moved_random: Tensor
    """(r, T) the same along the random directions"""

    @property
    def ratios(self) -> Tensor:
        """(d,) change along each generator over that along random directions which moved the inputs as far.

        0 is invariance, about 1 none. Root mean squares over the times; each random direction is read at the first
        time when it has moved the inputs as far, or at its last.
        """
        ratios = []
        for change, moved in zip(self.learned, self.moved_learned):
            equal = [
                np.interp(moved, np.maximum.accumulate(far), fell)
                for far, fell in zip(self.moved_random.numpy(), self.random.numpy())
            ]
            ratios.append(change.square().sum().sqrt() / torch.as_tensor(np.square(equal).mean(0)).sum().sqrt())
        return torch.stack(ratios)

    @property
    def ratio(self) -> float:
        """The largest of the ratios: how the worst generator does."""
        return float(self.ratios.max())

    def __repr__(self) -> str:
        return (
            f"up to {self.angles[-1]:.0f} degrees the function moves {self.ratio:.2g} times as far along the worst of "
            f"{len(self.learned)} generators\nas along random directions that move the inputs as much\n"
            f"  median change {self.learned.median():.2g}, largest {self.learned.max():.2g} standard deviations"
        )

    def _repr_svg_(self) -> str | None:
        try:
            from liegg import plots
        except ImportError:  # without matplotlib a notebook shows the text
            return None

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
    """Follow the first `dimension` of K directions of norm one (K, action.size), and some random ones, to finite times.

    turn         the last time, in degrees of a rotation of unit norm, which turns by t / sqrt(2)
    steps        how many times up to there
    directions   how many random directions of about unit norm, drawn from the seed in the span of all K

    Raises ValueError for settings out of range, for inputs that are no dense floating-point tensor or hold NaN or
    infinite values, and for a function that is constant on them, or not finite there.
    """
    if isinstance(turn, bool) or not hasattr(turn, "__float__") or not 0 < turn < float("inf"):
        raise ValueError(f"turn must be positive and finite, not {turn!r}")
    if any(isinstance(n, bool) or not hasattr(n, "__index__") or n < 1 for n in (steps, directions)):
        raise ValueError(f"steps and directions must be positive whole numbers, not {steps!r}, {directions!r}")
    if type(seed) is not int or not -(2**63) <= seed < 2**64:
        raise ValueError(f"seed must be a whole number that torch.manual_seed takes, not {seed!r}")
    if not callable(function) or not isinstance(x, Tensor):
        raise ValueError("the finite check takes one function and a tensor of inputs")
    angles = torch.linspace(0, turn, steps + 1)[1:]
    times = (2**0.5 * torch.deg2rad(angles.double())).tolist()
    generator = torch.Generator().manual_seed(seed)
    random = torch.randn(directions, len(coefficients), generator=generator, dtype=torch.float64)
    random = torch.nn.functional.normalize(random, dim=1)
    mixtures = torch.cat([torch.eye(len(coefficients), dtype=torch.float64)[:dimension], random])
    followed = []
    for mixture in mixtures:
        partner = None if output_action is None else mixture @ output_coefficients
        followed.append(_follow(function, x, action, mixture @ coefficients, times, output_action, partner))
    changes, moves = (torch.stack(parts) for parts in zip(*followed))
    return FiniteCheck(angles, changes[:dimension], changes[dimension:], moves[:dimension], moves[dimension:])

"""Functions without gradients, asked by differences: NumPy, scikit-learn, ONNX, whatever maps arrays to arrays."""

import math
import numbers
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from liegg.actions import Action

LADDER = tuple(10.0**power for power in range(-7, 0))
"""steps that are tried, in parts of the points' spread"""
SEED = 5772156649  # of random directions, and unlike those that samples are drawn with, or they would be the samples
POINTS = 256  # on which they are tried
FALL = 2  # times as fast as the square of the step, as smooth functions' errors do, only those fall that miss kinks
FLAT = 0.25  # the share of differences that may be zero where larger ones are not, or the function is one of steps
ROUGH, UNSURE = 0.3, 0.03  # relative errors of differences that are refused, and warned of


def black_box(
    function: Callable[[np.ndarray], Any],
    points: Tensor,
    *,
    step: float | None = None,
    dtype: type = np.float64,
) -> "BlackBox":
    """A function of arrays, (B, ...) -> (B,) or (B, m), as one that `find_symmetry` can ask.

    function    each sample by itself, such as the predict of a regressor of scikit-learn; it gets a new array each time
    points      some of the samples, a hundred or more, (P, ...): their spread is the unit of steps
    step        by how much samples are moved, in parts of that spread; by default the one of LADDER = 1e-7 to .1 with
                the least error
    dtype       of the arrays that the function takes

    Derivatives are central differences, along the action where it has fewer directions than half the numbers of a
    sample, else along the coordinates: 2K and 2d evaluations a sample and once more 2K for the control. Their error is
    measured at POINTS = 256 of the points, along random directions: how far the differences of this step are from those
    of half of it. A short step seldom crosses a kink, as of ReLU, and errs much where it does: such errors are inferred
    from larger steps. The error is kept with the answer of `find_symmetry` (`Symmetry.difference_error`), and
    directions that it hides are possible symmetries.

    Raises ValueError where differences err by more than ROUGH = 30 % of their size, as for functions that are constant
    but for steps: give a smoother model, or a larger step; warns of more than UNSURE = 3 %. Raises ValueError for
    what is no function of arrays, too, and for points that are no finite samples.
    """
    if isinstance(function, nn.Module) or not callable(function):
        raise ValueError(
            f"black_box takes a function of arrays; give a torch module as it is: {type(function).__name__}"
        )
    real = isinstance(points, Tensor) and points.is_floating_point() and points.layout == torch.strided
    if not real or points.is_meta or points.ndim < 2 or len(points) < 2 or not points.isfinite().all():
        raise ValueError("black_box needs some samples, a finite tensor (P, ...) of two or more, to know their spread")
    real = isinstance(step, numbers.Real) and not isinstance(step, bool)
    if step is not None and not (real and 0 < step < 10):
        raise ValueError(f"a step is a part of the points' spread, such as 0.01, not {step!r}")
    if not (isinstance(dtype, type) and issubclass(dtype, float | np.floating)):
        raise ValueError(
            f"dtype is that of the arrays that the function takes, np.float64 or np.float32, not {dtype!r}"
        )
    box = BlackBox(function, points, dtype)
    steps = sorted({*LADDER, *([] if step is None else [step])})
    errors = _with_kinks(steps, [box.measured(points[:POINTS], h) for h in steps])
    best = int(np.argmin(errors)) if step is None else steps.index(step)
    box.step, box.error = steps[best], max(errors[best], torch.finfo(points.dtype).eps)
    if not box.error <= ROUGH:
        raise ValueError(
            f"differences of this function err by {min(box.error, 1):.0%} of their size, even with a step of "
            f"{box.step:g} of the points' spread: is it smooth? Trees are not; give a smoother model, or a larger step"
        )
    if box.error > UNSURE:
        warnings.warn(
            f"differences of this function err by {box.error:.1%} of their size: symmetries look less exact than they "
            "are",
            stacklevel=2,
        )
    return box


def _with_kinks(steps: Sequence[float], errors: Sequence[float]) -> list[float]:
    """Errors of ascending steps. Where one falls too fast, kinks that larger steps crossed were missed: these become
    rare in proportion to the step, and the error, a root mean square, falls at most as its root."""
    pairs = list(zip(steps, errors))
    falls = ((e, f * (h / k) ** 2) for (h, e), (k, f) in pairwise(pairs) if f < math.inf)
    if not any(e * FALL < smooth for e, smooth in falls):
        return list(errors)
    return [max(f * math.sqrt(h / k) for k, f in pairs[i:] if f < math.inf) for i, h in enumerate(steps)]


class BlackBox:
    """What `black_box` returns: a function of tensors whose derivatives are differences."""

    step: float
    """by how much samples are moved, in parts of the points' spread"""
    error: float
    """the root mean square error of a derivative, over that of derivatives along random directions"""

    def __init__(self, function: Callable[[np.ndarray], Any], points: Tensor, dtype: type):
        self.function, self.dtype = function, dtype
        spread = points.detach().cpu().double().std(0)
        if not spread.any():
            raise ValueError("all points are alike, so that they say nothing about the size of steps")
        self.spread = torch.where(spread > 0, spread, spread.square().mean().sqrt())

    def __call__(self, x: Tensor) -> Tensor:
        """(B, ...) -> (B,) or (B, m), in x's precision and place."""
        if not isinstance(x, Tensor) or not x.is_floating_point() or x.shape[1:] != self.spread.shape:
            shape = f"{x.dtype} {tuple(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
            raise ValueError(
                f"this black_box was made with points {('P', *self.spread.shape)}, and is asked of {shape}: make one "
                "with points like the samples"
            )
        return _Differences.apply(x, self)

    def values(self, x: Tensor) -> Tensor:
        """The function at x, (B, ...), in float64 on the CPU."""
        given: np.ndarray = np.array(x.detach().cpu().double().numpy(), dtype=self.dtype)
        returned = self.function(given)
        try:
            y = torch.from_numpy(np.asarray(returned).astype(np.float64, casting="same_kind"))
        except (TypeError, ValueError, RuntimeError):  # RuntimeError of tensors with a gradient
            raise ValueError(
                f"the function must return real numbers, an array, not {type(returned).__name__}"
            ) from None
        if y.ndim not in (1, 2) or len(y) != len(x):
            raise ValueError(
                f"the function maps {tuple(x.shape)} to {tuple(y.shape)}, and should return one result a sample"
            )
        return y

    def slope(self, x: Tensor, v: Tensor, step: float | None = None) -> Tensor:
        """The derivative at x along v, both (B, ...), by a central difference; 0 where v is."""
        x, v = x.detach().cpu().double(), v.detach().cpu().double()
        longest = (v / self.spread).flatten(1).abs().amax(1)
        h = torch.where(longest > 0, (self.step if step is None else step) / longest, 0)
        moved = h.reshape(-1, *[1] * (x.ndim - 1)) * v
        ahead, back = self.values(torch.cat([x + moved, x - moved])).chunk(2)
        return (ahead - back) / (2 * torch.where(h > 0, h, 1)).reshape(-1, *[1] * (ahead.ndim - 1))

    def measured(self, x: Tensor, step: float) -> float:
        """The error of differences at x with this step, over their size; inf where too many are zero, and are not for
        larger steps."""
        g = torch.Generator().manual_seed(SEED)
        v = torch.randn(x.shape, generator=g, dtype=torch.float64) * self.spread
        whole, half, wide = (self.slope(x, v, h) for h in (step, step / 2, max(step, LADDER[-1])))
        size = whole.square().mean().sqrt()
        if not size > 0 or (whole[wide != 0] == 0).double().mean() > FLAT:
            return math.inf
        error = float(4 / 3 * (whole - half).square().mean().sqrt() / size)
        return error if math.isfinite(error) else math.inf

    def along(self, action: Action) -> Callable[[Tensor], Tensor]:
        """The same function with more outputs, all zero, than reverse mode is worth: `polarize` then differentiates it
        forwards, along the action, and rows of zeros change nothing."""
        return lambda x: torch.cat([y := self(x).reshape(len(x), -1), y.new_zeros(len(x), 2 * action.size)], 1)


class _Differences(torch.autograd.Function):
    """A black box in torch's graph."""

    @staticmethod
    def forward(x: Tensor, box: BlackBox) -> Tensor:
        return box.values(x).to(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Tensor) -> None:
        x, ctx.box = inputs
        ctx.jacobian = None
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)

    @staticmethod
    def jvp(ctx: Any, x_tangent: Tensor, _: None) -> Tensor:
        (x,) = ctx.saved_tensors
        return ctx.box.slope(x, x_tangent).to(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        if ctx.jacobian is None:  # of all outputs at once, for the gradients of each
            units = torch.eye(x[0].numel(), dtype=torch.float64).reshape(-1, 1, *x.shape[1:])
            ctx.jacobian = torch.stack([ctx.box.slope(x, unit.expand_as(x)) for unit in units], -1).to(x)
        return (grad[..., None] * ctx.jacobian).reshape(len(x), -1, x[0].numel()).sum(1).reshape(x.shape), None


def boxes_of(models: Sequence[Any]) -> list[BlackBox]:
    return [model for model in models if isinstance(model, BlackBox)]


def asked_along(models: Sequence[Any], action: Action) -> list[Any]:
    """Functions of which black boxes are asked along the action, where that takes fewer evaluations."""
    cheap = lambda box: 2 * action.size < box.spread.numel()
    return [model.along(action) if isinstance(model, BlackBox) and cheap(model) else model for model in models]

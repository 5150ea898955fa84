"""The network polarization matrix: how fast a function's outputs change along the directions of an action.

The matrix E of a function F has one row for every sample and output,

    E[(s, o), i] = dF_o(x_s) . A_i x_s            (LieGG, section 3: the row is vec(dF ⊗ x))

and its null vectors are the generators that F is invariant under. With an action on the outputs too, columns B_j F(x_s)
stand before these, and E maps (-B, A) to the equivariance defect dF(x) A x - B F(x). Rows have the function's own
precision (float32 at least) and are returned in float64.
"""

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from liegg.actions import Action
from liegg.actions.base import Pairing
from liegg.devices import first_weight, home

OUTPUTS = 16  # how many outputs are paired at a time
FEW = 17  # samples of a call that tells whether a sample depends on the others
Function = Callable[[Tensor], Tensor]


def polarization_matrix(model: Function, x: Tensor, action: Action, output_action: Action | None = None) -> Tensor:
    """The polarization matrix E itself, (N, m, K) in float64, for data that fit in memory (LieGG, section 3).

    model           maps (N, ...) to (N,) or (N, m), every sample by itself; a module is evaluated in eval mode and left
                    as it was
    x               samples (N, ...), floating-point
    output_action   with it the columns B_j F(x) come first, K = output_action.size + action.size

    E.flatten(0, 1) has one row for every sample and output; the squares of its singular values over N are the symmetry
    variances. `polarize` keeps only its triangular factor. Raises ValueError for bad input, as `polarize` does.
    """
    require_action("action", action)
    require_action("output_action", output_action, optional=True)
    require_samples(x)
    x = x.to(home(model, x), precision([model], x))
    batch = Batch(x, torch.zeros(0, dtype=torch.long), len(x))
    with undisturbed(model):
        y, rows, _ = derivatives(model, batch, action, action.pairing(batch.known))
        require_single(model, x, y)
        return rows if output_action is None else torch.cat([moved_outputs(output_action, y), rows], -1)


class Batch(NamedTuple):
    """Samples, behind earlier ones among which a control finds another for each."""

    known: Tensor
    """(E + B, ...) earlier samples, then those of the batch, in the precision that rows are computed in"""
    partners: Tensor
    """(P,) places in `known` of other samples for the last P of the batch"""
    size: int
    """B"""

    @property
    def x(self) -> Tensor:
        return self.known[len(self.known) - self.size :]

    @property
    def own(self) -> slice:
        """Where the batch stands in `known`."""
        return slice(len(self.known) - self.size, None)

    @property
    def later(self) -> slice:
        """Where in the batch those samples stand that have a partner."""
        return slice(self.size - len(self.partners), None)


def precision(functions: Sequence[Function], x: Tensor) -> torch.dtype:
    """What rows are computed in: as precise as the data and the functions, float32 at least."""
    weights = [w.dtype for w in map(first_weight, functions) if w is not None]
    return functools.reduce(torch.promote_types, [x.dtype, *weights], torch.float32)


def derivatives(function: Function, batch: Batch, action: Action, paired: Pairing) -> tuple[Tensor, Tensor, Tensor]:
    """Outputs (B, ...), rows (B, m, K) of derivatives at x along A_i x, and rows (P, m, K) at the last P of x along
    A_i x' for their partners x'. In reverse mode, output by output, or in forward mode, direction by direction:
    whichever needs fewer passes."""
    x, y = outputs(function, batch.x)
    m = y[0].numel()
    if 2 * action.size < m:
        try:
            own = _forward(function, x, action.velocity(x.detach()))  # type: ignore[var-annotated]
            others = batch.known[batch.partners].to(x.dtype)
            crossed = _forward(function, x[batch.later], action.velocity(others)) if len(others) else own[:0]  # type: ignore[var-annotated]
            return y.detach().double(), own, crossed
        except RuntimeError:
            pass  # an operation has no forward derivative, or a gradient is taken inside
    own, crossed, each = [], [], gradients(x, y)
    for first in range(0, m, OUTPUTS):
        shape = len(x), min(OUTPUTS, m - first), *x.shape[1:]
        grads = torch.empty(shape, dtype=batch.known.dtype, device=x.device).transpose(0, 1)  # (outputs, B, ...)
        for place, grad in zip(grads, each):
            place.copy_(grad)
        own.append(paired(grads, batch.own).transpose(0, 1).double())
        crossed.append(paired(grads[:, batch.later], batch.partners).transpose(0, 1).double())
    rows = joined(own, 1)
    _require_finite(rows)
    return y.detach().double(), rows, joined(crossed, 1)


def _forward(function: Function, x: Tensor, velocity: Tensor) -> Tensor:
    """(B, m, K): the derivatives of all outputs at x along K velocities (B, K, ...), one pass each."""
    rows = []
    with torch.inference_mode(False), torch.enable_grad(), forward_ad.dual_level():
        for v in velocity.unbind(1):
            y = function(forward_ad.make_dual(x.detach().clone(), v.clone()))
            slope = forward_ad.unpack_dual(y).tangent
            rows.append(torch.zeros_like(y) if slope is None else slope)
    rows = torch.stack([row.detach().reshape(len(x), -1).double() for row in rows], -1)
    _require_finite(rows)
    return rows


def joined(parts: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors one after another; a single one as it is."""
    return parts[0] if len(parts) == 1 else torch.cat(list(parts), dim)


def _require_finite(rows: Tensor) -> None:
    """Refuse rows (B, m, K) of gradients that are not finite."""
    if not rows.sum().isfinite() and not rows.isfinite().all():  # the sum is quicker, and may overflow
        o = int((~rows.isfinite()).any(-1).any(0).nonzero()[0])
        raise ValueError(f"the gradient of output {o} is NaN or infinite at some inputs: is it smooth there?")


def moved_outputs(action: Action, y: Tensor) -> Tensor:
    """(B, m, K): the entries of A_i y for outputs y (B, ...)."""
    unit = torch.eye(y.shape[1:].numel(), dtype=y.dtype, device=y.device).reshape(-1, 1, *y.shape[1:])
    try:
        return action.pair(y, unit.expand(-1, *y.shape)).transpose(0, 1)
    except ValueError as error:
        raise ValueError(f"output_action does not fit the function's outputs: {error}") from error


def outputs(function: Function, x: Tensor) -> tuple[Tensor, Tensor]:
    """x in the function's dtype and on its device, ready for differentiation, and the function's outputs there."""
    if isinstance(function, nn.Module) and {w.is_meta for w in function.parameters()} == {True}:
        raise ValueError("the model has its weights on the meta device: give it some with values")
    if not x.sum().isfinite() and not x.isfinite().all():  # the sum is quicker, and may overflow
        raise ValueError("inputs holds NaN or infinite values: clean the data first")
    with torch.inference_mode(False), torch.enable_grad():
        x = fitted(function, x).requires_grad_()
        if not callable(function):
            raise ValueError(f"the function must be callable, not {function!r}")
        y = function(x.clone())  # a copy, for functions that work in place
    if not isinstance(y, Tensor) or y.ndim == 0 or len(y) != len(x) or not y.numel():
        shape = tuple(y.shape) if isinstance(y, Tensor) else type(y).__name__
        raise ValueError(
            f"the function has no batch dimension: it maps {tuple(x.shape)} to {shape}, "
            f"and should return ({len(x)},) or ({len(x)}, m), one result a sample"
        )
    if not y.requires_grad or not y.is_floating_point():
        raise ValueError("the function's output does not depend on its input by differentiable real torch operations")
    return x, y


def fitted(function: Function, x: Tensor) -> Tensor:
    """A copy of x on the function's device and in its dtype, where it is a module."""
    weight = first_weight(function)
    return x.detach().clone() if weight is None else x.detach().clone().to(weight.device, weight.dtype)


def gradients(x: Tensor, y: Tensor) -> Iterator[Tensor]:
    """The gradient of each output (of y, (B, ...), made from x) in turn, of x's shape; no .grad is touched."""
    with torch.inference_mode(False), torch.enable_grad():
        sums = y.reshape(len(x), -1).sum(0).unbind()
    for o, output in enumerate(sums):
        yield torch.autograd.grad(output, x, retain_graph=o + 1 < len(sums), materialize_grads=True)[0]


def require_single(function: Function, x: Tensor, y: Tensor) -> None:
    """A sample's output must not depend on the others: without the first samples and the last, it is the same."""
    part = slice(3, min(3 + FEW, len(x) - 1)) if len(x) > 5 else slice(1, None)
    if len(x) < 2 or not y.isfinite().all():
        return
    _, alone = outputs(function, x[part])
    tolerance = math.sqrt(torch.finfo(alone.dtype).eps) * float(y.abs().max())
    if not (alone.detach() - y[part]).abs().max() <= tolerance:
        raise ValueError(
            "the function's output for a sample depends on the other samples of its batch, or on chance: a symmetry is "
            "a matter of each sample by itself (BatchNorm or Dropout in train mode? call eval() first)"
        )


def require_action(which: str, action: object, *, optional: bool = False) -> None:
    if not isinstance(action, Action) and not (optional and action is None):
        raise ValueError(f"{which} must be an action, such as actions.Linear(3), not {action!r}")


def require_samples(x: object) -> None:
    if not isinstance(x, Tensor) or not x.is_floating_point():
        kind = x.dtype if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(
            f"inputs must be a floating-point tensor or yield such tensors, not {kind}: use torch.as_tensor"
        )
    if x.is_meta or x.layout != torch.strided or x.is_nested or not x.ndim:
        raise ValueError(
            "inputs must be dense, with samples in the first dimension: no meta, sparse or nested tensor, no number"
        )


@contextmanager
def undisturbed(function: Function) -> Iterator[None]:
    """Evaluate modules in eval mode, then give every submodule its mode and the caller the random state back."""
    modules = list(function.modules()) if isinstance(function, nn.Module) else []
    modes = [m.training for m in modules]
    devices = {p.device for p in function.parameters() if p.is_cuda} if modules else set()  # type: ignore[attr-defined]
    with torch.random.fork_rng(devices=list(devices)):
        try:
            if modules:
                function.eval()  # type: ignore[attr-defined]
            yield
        finally:
            for m, mode in zip(modules, modes):
                m.training = mode

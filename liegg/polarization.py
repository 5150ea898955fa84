"""The network polarization matrix, streamed into a small triangular factor.

The matrix E of a function F has one row for every sample and output, the derivatives of that output along the
directions A_i of an action,

    E[(s, o), i] = dF_o(x_s) . A_i x_s            (LieGG, section 3: the row is vec(dF ⊗ x))

and its null vectors are the generators F is invariant under. Only R with RᵀR = EᵀE is kept, K x K in float64: by QR,
never by the Gram matrix, so that small singular values keep their accuracy. Factors of parts of the data merge.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor, nn

from liegg.actions import Action

REACH = 64  # how many samples back a control's partner may lie
OUTPUTS = 16  # how many outputs are paired at a time


class Polarization:
    """The triangular factor R (K, K) of a polarization matrix E, and the number of samples behind it."""

    def __init__(self, size: int):
        self.factor = torch.zeros(size, size, dtype=torch.float64)
        self.samples = 0

    def update(self, rows: Tensor, samples: int) -> None:
        """Append rows (any, K) that belong to so many samples."""
        self._append(rows)
        self.samples += samples

    def merge(self, other: "Polarization") -> None:
        """Append all that the other has seen."""
        self._append(other.factor)
        self.samples += other.samples

    def _append(self, rows: Tensor) -> None:
        stacked = torch.cat([self.factor.to(rows.device), rows.double()])
        self.factor = torch.linalg.qr(stacked, mode="r").R.cpu()

    def variances(self, within: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Symmetry variances S_i²/N ascending, (K,), and their directions as rows, (K, K): the full right basis.

        The largest entry of a direction is positive. `within` restricts the directions to the span of its orthonormal
        rows (k, K); there are then k.
        """
        _, S, V = torch.linalg.svd(self.factor if within is None else self.factor @ within.T)
        V = V if within is None else V @ within
        V = V * V.gather(1, V.abs().argmax(1, keepdim=True)).sign()
        return S.flip(0).square() / self.samples, V.flip(0)

    def along(self, directions: Tensor) -> Tensor:
        """Variance |E v|²/N along each direction v, (k, K) -> (k,)."""
        return (self.factor @ directions.T).square().sum(0) / self.samples


class Factors(NamedTuple):
    """The polarization factor of a function on its data, and those of two controls."""

    matched: Polarization
    """Each gradient at its own point: the rows of E."""
    mismatched: Polarization
    """Each gradient with an earlier sample's point: what chance gives a function with such gradients."""
    data: Polarization
    """Each point with the way to an earlier one in the gradient's place: null where the data cannot tell anything."""


def polarize(
    function: Callable[[Tensor], Tensor], inputs: Tensor | Iterable, action: Action, *, batch_size: int = 256
) -> Factors:
    """The polarization factor of a function on its data, with its controls, in one pass.

    function    maps a batch (B, ...) to (B,) or (B, m), every sample by itself; an nn.Module is put in eval mode
                and back, and nothing else about it changes (a module inside another function cannot be seen)
    inputs      a floating-point tensor (N, ...), or any iterable of batches, tensors or tuples that begin with one;
                read once

    Raises ValueError for inputs that are empty, not floating-point, not finite or do not fit the action, and for
    outputs without batch dimension, not differentiable or with gradients that are not finite.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}")
    factors = Factors(*(Polarization(action.size) for _ in Factors._fields))
    recent = None
    with undisturbed(function):
        for x in _batches(inputs, batch_size, function):
            if recent is not None and recent.shape[1:] != x.shape[1:]:
                raise ValueError(f"samples differ in shape: {tuple(recent.shape[1:])}, then {tuple(x.shape[1:])}")
            pool = x if recent is None else torch.cat([recent, x])
            partners = _partners(factors.matched.samples, len(x)) + len(pool) - len(x)
            others = pool[partners].double()
            later = slice(len(x) - len(others), None)  # the very first sample has no partner
            matched, mismatched = [], []
            outputs = gradients(function, x)
            while some := list(islice(outputs, OUTPUTS)):
                grads = torch.stack(some).double()  # (m, B, ...)
                matched.append(action.pair(x.double(), grads).flatten(0, 1))
                mismatched.append(action.pair(others, grads[:, later]).flatten(0, 1))
            factors.matched.update(torch.cat(matched), len(x))
            factors.mismatched.update(torch.cat(mismatched), len(others))
            factors.data.update(action.pair(x[later].double(), others - x[later].double()), len(others))
            recent = pool[-REACH:]
    if factors.matched.samples == 0:
        raise ValueError("inputs holds no batch: an empty dataset, or an iterator that was already used up")
    if not factors.matched.factor.square().isfinite().all():
        raise ValueError("the squares of the derivatives overflow float64: rescale the function's output")
    return factors


def _partners(first: int, count: int) -> Tensor:
    """For samples first, first + 1, ...: an earlier one, at most REACH back, as its place relative to first.

    The lags are equidistributed and depend on the sample's number alone, so that batches do not matter.
    """
    number = torch.arange(max(first, 1), first + count)
    lag = 1 + (number.double() * 0.6180339887498949 % 1 * number.clamp(max=REACH)).long()
    return number - lag - first


def gradients(function: Callable[[Tensor], Tensor], x: Tensor) -> Iterator[Tensor]:
    """The gradient of each output in turn, of x's shape; no .grad is touched."""
    if not torch.isfinite(x).all():
        raise ValueError("inputs holds NaN or infinite values: clean the data first")
    with torch.inference_mode(False), torch.enable_grad():
        x = x.detach().clone().requires_grad_()
        y = function(x.clone())  # a copy, for functions that work in place
        if not isinstance(y, Tensor) or y.ndim == 0 or len(y) != len(x):
            shape = tuple(y.shape) if isinstance(y, Tensor) else type(y).__name__
            raise ValueError(
                f"the function has no batch dimension: it maps {tuple(x.shape)} to {shape}, "
                f"and should return ({len(x)},) or ({len(x)}, m), one result a sample"
            )
        if not y.requires_grad or not y.is_floating_point():
            raise ValueError(
                "the function's output does not depend on its input by differentiable real torch operations"
            )
        outputs = y.reshape(len(x), -1).sum(0).unbind()
    for o, output in enumerate(outputs):
        (grad,) = torch.autograd.grad(output, x, retain_graph=o + 1 < len(outputs), materialize_grads=True)
        if not torch.isfinite(grad).all():
            raise ValueError(f"the gradient of output {o} is NaN or infinite at some inputs: is it smooth there?")
        yield grad


def _batches(inputs: Tensor | Iterable, batch_size: int, function: Callable) -> Iterator[Tensor]:
    """Batches on the function's device and in its dtype."""
    weight = next(function.parameters(), None) if isinstance(function, nn.Module) else None
    if not isinstance(inputs, Iterable) or (isinstance(inputs, Tensor) and inputs.ndim == 0):
        raise ValueError(f"inputs must be a tensor (N, ...) or an iterable of batches, not {inputs!r}")
    for batch in inputs.split(batch_size) if isinstance(inputs, Tensor) and len(inputs) else inputs:
        x = batch[0] if isinstance(batch, tuple | list) else batch
        if not isinstance(x, Tensor) or not x.is_floating_point():
            kind = x.dtype if isinstance(x, Tensor) else type(x).__name__
            raise ValueError(f"inputs must be a floating-point tensor or yield such tensors, not {kind}")
        if len(x):
            yield x if weight is None else x.to(weight.device, weight.dtype)


@contextmanager
def undisturbed(function: Callable) -> Iterator[None]:
    """Evaluate modules in eval mode, then give every submodule its mode and the caller the random state back."""
    modules = list(function.modules()) if isinstance(function, nn.Module) else []
    modes = [m.training for m in modules]
    with torch.random.fork_rng():
        try:
            if modules:
                function.eval()
            yield
        finally:
            for m, mode in zip(modules, modes):
                m.training = mode

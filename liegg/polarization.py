"""The network polarization matrix, streamed into a small triangular factor.

The matrix E of a function F has one row for every sample and output, the derivatives of that output along the
directions A_i of an action,

    E[(s, o), i] = dF_o(x_s) . A_i x_s            (LieGG, section 3: the row is vec(dF ⊗ x))

and its null vectors are the generators F is invariant under. With an action on the outputs too, columns B_j F(x_s)
stand before these, and E maps (-B, A) to the equivariance defect dF(x) A x - B F(x). Several functions on the same
samples have their columns side by side. Only R with RᵀR = EᵀE is kept, in float64: by QR, never by the Gram matrix, so
that small singular values keep their accuracy. Factors of parts of the data merge.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from liegg.actions import Action

REACH = 64  # how many samples back a control's partner may lie
OUTPUTS = 16  # how many outputs are paired at a time
CHUNKS = 20  # how many parts of the data a single function's factor is kept in, for bootstrap intervals


class Polarization:
    """Triangular factors of a polarization matrix with K columns, one for each of `chunks` parts of its samples.

    Sample s belongs to part s mod chunks. Rows wait until there are about as many as columns, so that memory stays at
    chunks * K² numbers and time at that of two passes of Householder reflections over the rows.
    """

    def __init__(self, size: int, chunks: int = 1):
        self._factors = torch.zeros(chunks, size, size, dtype=torch.float64)
        self._waiting: list[Tensor] = []
        self.counts = torch.zeros(chunks, dtype=torch.long)
        """(chunks,) how many samples each part has seen"""

    @property
    def samples(self) -> int:
        return int(self.counts.sum()) + sum(map(len, self._waiting))

    @property
    def factors(self) -> Tensor:
        """(chunks, K, K) upper triangular R with RᵀR = EᵀE for each part."""
        if self._waiting:
            self._absorb(torch.cat(self._waiting))
            self._waiting = []
        return self._factors.cpu()

    @property
    def factor(self) -> Tensor:
        """(K, K) upper triangular R with RᵀR = EᵀE, of all parts."""
        return self.factors[0] if len(self._factors) == 1 else torch.linalg.qr(self.factors.flatten(0, 1), mode="r").R

    def update(self, rows: Tensor) -> None:
        """Append the rows of further samples, (samples, rows of each, K)."""
        chunks, K = self._factors.shape[:2]
        self._waiting.append(rows.double())
        if sum(map(len, self._waiting)) * rows.shape[1] >= chunks * max(K, 64):
            rows = torch.cat(self._waiting)
            whole = len(rows) // chunks * chunks
            self._absorb(rows[:whole])
            self._waiting = [rows[whole:]]

    def merge(self, other: "Polarization") -> None:
        """Append all that the other has seen; both have the same number of columns and parts."""
        if self._factors.shape != other._factors.shape:
            raise ValueError(
                f"factors of shapes {tuple(self._factors.shape)}, {tuple(other._factors.shape)} do not merge"
            )
        mine, others = self.factors, other.factors
        self._factors = torch.linalg.qr(torch.cat([mine, others], 1), mode="r").R
        self.counts = self.counts + other.counts

    def _absorb(self, rows: Tensor) -> None:
        chunks = len(self._factors)
        missing = -len(rows) % chunks
        self.counts += len(rows) // chunks + (torch.arange(chunks) < len(rows) % chunks)
        rows = torch.nn.functional.pad(rows, (0, 0, 0, 0, 0, missing))
        parts = rows.unflatten(0, (-1, chunks)).transpose(0, 1).flatten(1, 2)
        self._factors = torch.linalg.qr(torch.cat([self._factors.to(rows.device), parts], 1), mode="r").R

    def variances(self) -> tuple[Tensor, Tensor]:
        """Symmetry variances S_i²/N ascending, (K,), and their directions as rows, (K, K): the full right basis."""
        _, S, V = torch.linalg.svd(self.factor)
        return S.flip(0).square() / self.samples, V.flip(0)


class Factors(NamedTuple):
    """The polarization factor of M functions on their data, and those of two controls."""

    matched: Polarization
    """Each gradient at its own point: the rows of E, the columns of the M functions side by side."""
    mismatched: Polarization
    """Each gradient with an earlier sample's point: what chance gives functions with such gradients. The rows of all M
    functions one below the other."""
    data: Polarization
    """Each point with the way to an earlier one in the gradient's place: null where the data cannot tell anything."""


def polarize(
    functions: Sequence[Callable[[Tensor], Tensor]],
    inputs: Tensor | Iterable,
    action: Action,
    output_action: Action | None = None,
    *,
    batch_size: int = 256,
) -> Factors:
    """The polarization factor of M functions on the same data, with its controls, in one pass.

    functions      each maps a batch (B, ...) to (B,) or (B, m), every sample by itself; an nn.Module is put in eval
                   mode and back, and nothing else about it changes (a module inside another function cannot be seen)
    inputs         a floating-point tensor (N, ...), or any iterable of batches, tensors or tuples that begin with one;
                   read once
    output_action  how candidate generators move an output (B, m): its columns come first

    Derivatives are taken in reverse mode, output by output, or in forward mode, direction by direction: whichever
    needs fewer passes. Raises ValueError for inputs that are empty, not floating-point, not finite or do not fit the
    action, and for outputs without batch dimension, not differentiable or with gradients that are not finite.
    """
    if not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, a whole number, not {batch_size}")
    M, K = len(functions), action.size + (output_action.size if output_action else 0)
    matched = Polarization(M * K, chunks=CHUNKS if M == 1 else 1)
    mismatched, data = Polarization(K), Polarization(action.size)
    recent: list[Pool] = [Pool(), *(Pool() for _ in functions)]
    seen = 0
    with ExitStack() as stack:
        for function in functions:
            stack.enter_context(undisturbed(function))
        for x in _batches(inputs, batch_size):
            partners = _partners(seen, len(x))
            others = recent[0].take(x, partners)
            later = slice(len(x) - len(partners), None)  # the very first sample has no partner
            own, crossed = [], []
            for function, pool in zip(functions, recent[1:]):
                y, rows, crossed_rows = _derivatives(function, x, others, action)
                if output_action:
                    rows = torch.cat([_moved(output_action, y), rows], -1)
                    crossed_rows = torch.cat([_moved(output_action, pool.take(y, partners)), crossed_rows], -1)
                own.append(rows.to(own[0].device if own else rows.device))
                crossed.append(crossed_rows.to(own[0].device))
            if len({rows.shape for rows in own}) > 1:
                raise ValueError(f"the functions differ in their outputs: {[rows.shape[1] for rows in own]} a sample")
            matched.update(torch.cat(own, -1))
            mismatched.update(torch.cat(crossed, 1))
            data.update(action.pair(x[later].double(), others - x[later].double())[:, None])
            seen += len(x)
    if seen == 0:
        raise ValueError("inputs holds no batch: an empty dataset, or an iterator that was already used up")
    if not matched.factor.square().isfinite().all():
        raise ValueError("the squares of the derivatives overflow float64: rescale the function's output")
    return Factors(matched, mismatched, data)


def _derivatives(function: Callable, x: Tensor, others: Tensor, action: Action) -> tuple[Tensor, Tensor, Tensor]:
    """Outputs (B, ...), and rows (B, m, K): derivatives at x along A_i x, and at the later x along A_i x'."""
    x, y = outputs(function, x)
    m, later = y[0].numel(), slice(len(x) - len(others), None)
    others = others.to(x.device)
    if 2 * action.size < m:
        try:
            own = _forward(function, x, action.velocity(x.detach()))
            crossed = _forward(function, x[later], action.velocity(others.to(x.dtype)))
            return y.detach().double(), own, crossed
        except NotImplementedError:
            pass  # an operation without forward derivative
    own, crossed = [], []
    each = gradients(x, y)
    while some := list(islice(each, OUTPUTS)):
        grads = torch.stack(some).double()  # (m, B, ...)
        own.append(action.pair(x.detach().double(), grads).transpose(0, 1))
        crossed.append(action.pair(others, grads[:, later]).transpose(0, 1))
    return y.detach().double(), torch.cat(own, 1), torch.cat(crossed, 1)


def _forward(function: Callable, x: Tensor, velocity: Tensor) -> Tensor:
    """(B, m, K): the derivatives of all outputs at x along K velocities (B, K, ...), one pass each."""
    rows = []
    with torch.inference_mode(False), torch.enable_grad(), forward_ad.dual_level():
        for v in velocity.unbind(1):
            y = function(forward_ad.make_dual(x.detach().clone(), v.clone()))
            slope = forward_ad.unpack_dual(y).tangent
            rows.append(torch.zeros_like(y) if slope is None else slope)
    rows = torch.stack([row.detach().reshape(len(x), -1).double() for row in rows], -1)
    if not rows.isfinite().all():
        o = int((~rows.isfinite()).any(-1).any(0).nonzero()[0])
        raise ValueError(f"the gradient of output {o} is NaN or infinite at some inputs: is it smooth there?")
    return rows


def _moved(action: Action, y: Tensor) -> Tensor:
    """(B, m, K): the entries of A_i y for outputs y (B, ...)."""
    unit = torch.eye(y[0].numel(), dtype=y.dtype, device=y.device).reshape(-1, 1, *y.shape[1:])
    try:
        return action.pair(y, unit.expand(-1, *y.shape)).transpose(0, 1)
    except ValueError as error:
        raise ValueError(f"output_action does not fit the function's outputs: {error}") from error


def outputs(function: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """x in the function's dtype and on its device, ready for differentiation, and the function's outputs there."""
    if not torch.isfinite(x).all():
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


def fitted(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """A copy of x on the function's device and in its dtype, where it is a module."""
    weight = next(function.parameters(), None) if isinstance(function, nn.Module) else None
    return x.detach().clone() if weight is None else x.detach().clone().to(weight.device, weight.dtype)


def gradients(x: Tensor, y: Tensor) -> Iterator[Tensor]:
    """The gradient of each output (of y, (B, ...), made from x) in turn, of x's shape; no .grad is touched."""
    with torch.inference_mode(False), torch.enable_grad():
        sums = y.reshape(len(x), -1).sum(0).unbind()
    for o, output in enumerate(sums):
        (grad,) = torch.autograd.grad(output, x, retain_graph=o + 1 < len(sums), materialize_grads=True)
        if not torch.isfinite(grad).all():
            raise ValueError(f"the gradient of output {o} is NaN or infinite at some inputs: is it smooth there?")
        yield grad


class Pool:
    """The last samples seen, from which the controls take their partners."""

    def __init__(self):
        self.last: Tensor | None = None

    def take(self, x: Tensor, places: Tensor) -> Tensor:
        """The samples at these places relative to the batch x, in float64; then x joins the pool."""
        if self.last is not None and self.last.shape[1:] != x.shape[1:]:
            raise ValueError(f"samples differ in shape: {tuple(self.last.shape[1:])}, then {tuple(x.shape[1:])}")
        known = x if self.last is None else torch.cat([self.last, x])
        self.last = known[-REACH:]
        return known[places + len(known) - len(x)].double()


def _partners(first: int, count: int) -> Tensor:
    """For samples first, first + 1, ...: an earlier one, at most REACH back, as its place relative to first.

    The lags are equidistributed and depend on the sample's number alone, so that batches do not matter.
    """
    number = torch.arange(max(first, 1), first + count)
    lag = 1 + (number.double() * 0.6180339887498949 % 1 * number.clamp(max=REACH)).long()
    return number - lag - first


def _batches(inputs: Tensor | Iterable, batch_size: int) -> Iterator[Tensor]:
    """Floating-point batches that are not empty."""
    if not isinstance(inputs, Iterable) or (isinstance(inputs, Tensor) and inputs.ndim == 0):
        raise ValueError(f"inputs must be a tensor (N, ...) or an iterable of batches, not {inputs!r}")
    for batch in inputs.split(batch_size) if isinstance(inputs, Tensor) and len(inputs) else inputs:
        x = batch[0] if isinstance(batch, tuple | list) else batch
        if not isinstance(x, Tensor) or not x.is_floating_point():
            kind = x.dtype if isinstance(x, Tensor) else type(x).__name__
            raise ValueError(
                f"inputs must be a floating-point tensor or yield such tensors, not {kind}: use torch.as_tensor"
            )
        if len(x):
            yield x.detach()


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

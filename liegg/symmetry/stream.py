"""One pass over the data: the polarization factors of one or several functions, with their controls."""

import copy
import functools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack

import torch
from torch import Tensor, nn

from liegg.actions import Action
from liegg.devices import home, resolve
from liegg.symmetry.factors import Factor, Factors, parts_of
from liegg.symmetry.polarization import (
    FEW,
    OUTPUTS,
    Batch,
    Function,
    derivatives,
    joined,
    moved_outputs,
    outputs,
    precision,
    require_action,
    require_samples,
    require_single,
    undisturbed,
)

REACH = 64  # how many samples back a control's partner may lie
MEMORY = 2**26  # bytes that a batch may take: about a processor's cache, which is as fast as it gets
SMALLEST, LARGEST = 32, 2**14  # samples in a batch


def polarize(
    models: Function | Sequence[Function],
    inputs: Tensor | Iterable,
    action: Action,
    output_action: Action | None = None,
    *,
    batch_size: int | None = None,
    device: torch.device | str | None = None,
) -> Factors:
    """The polarization factors of one or M functions on the same data, with their controls, in one pass.

    models          each maps a batch (B, ...) to (B,) or (B, m), every sample by itself; an nn.Module is put in eval
                    mode and back, and nothing else about it changes (a module inside another function cannot be seen)
    inputs          a floating-point tensor (N, ...), or any iterable of batches, tensors or tuples that begin with one;
                    read once
    action          how candidate generators move a sample
    output_action   how they move an output (B, m): its columns come first
    batch_size      how many samples of a tensor are taken at a time; by default as many as fit in MEMORY = 2^26 bytes,
                    from SMALLEST = 32 to LARGEST = 16384. It changes time and memory, not the result
    device          where it is computed, "auto" for a GPU if there is one: copies of modules move there, and the data.
                    By default where a module is, or the data for any other function

    Factors of parts of the data merge (`Factors.merge`), and `decide` turns them into a `Symmetry`. Two halves of the
    samples are kept apart (`Factors.half`). Raises ValueError for a batch_size that is no positive whole number, for
    inputs that are empty, not floating-point, not dense, not finite or do not fit the action, for models whose weights
    are sparse or on the meta device, for functions that mix the samples of a batch, and for outputs without batch
    dimension, not differentiable or with gradients that are not finite.
    """
    if isinstance(batch_size, bool) or not (batch_size is None or hasattr(batch_size, "__index__")):
        raise ValueError(f"batch_size must be a whole number, not {batch_size!r}")
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}")
    if isinstance(inputs, Tensor) and (inputs.is_meta or inputs.layout != torch.strided or inputs.is_nested):
        raise ValueError("inputs must be dense: no meta, sparse or nested tensor, nor batches of such tensors")
    require_action("action", action)
    require_action("output_action", output_action, optional=True)
    functions = as_list(models)
    if device is not None:
        device = resolve(device)
        functions = [copy.deepcopy(f).to(device) if isinstance(f, nn.Module) else f for f in functions]
    M, K = len(functions), action.size + (output_action.size if output_action else 0)
    matched = tuple(Factor(K if M == 1 else 2 * K, parts_of(M, K)) for _ in functions)
    mismatched = tuple(Factor(K, 2) for _ in functions)
    data, alike = Factor(action.size, 2), torch.zeros(M, M, dtype=torch.float64)
    recent = [_Recent() for _ in range(1 + M)]  # samples, and the outputs of each function
    seen, checked = 0, False
    with ExitStack() as stack:
        for function in functions:
            stack.enter_context(undisturbed(function))
        if isinstance(inputs, Tensor) and inputs.ndim and batch_size is None:
            batch_size = _affordable(functions, inputs[:FEW], action)
        for x in _batches(inputs, batch_size):
            x = x.to(device or home(functions[0], x), precision(functions, x))
            batch = Batch(*recent[0].join(x, _partners(seen, len(x))), len(x))
            paired = action.pairing(batch.known)
            own, crossed = [], []
            for function, mine in zip(functions, recent[1:]):
                y, *rows = derivatives(function, batch, action, paired)
                if not checked:
                    require_single(function, x, y)
                if output_action and not y.isfinite().all():
                    raise ValueError("the function's outputs are NaN or infinite at some inputs: they cannot be moved")
                if output_action:
                    answers, places = mine.join(y, _partners(seen, len(x)))
                    moved = [moved_outputs(output_action, answer) for answer in (y, answers[places])]
                    rows = [torch.cat(parts, -1) for parts in zip(moved, rows)]
                own.append(rows[0].to(x.device))
                crossed.append(rows[1].to(x.device))
            if len({rows.shape for rows in own}) > 1:
                raise ValueError(f"the functions differ in their outputs: {[rows.shape[1] for rows in own]} a sample")
            total = [sum(own)] if M > 1 else []
            for factor, rows in zip(matched, own):
                factor.update(joined([rows, *total], -1))  # type: ignore[list-item]
            whole = joined([rows[None, ..., -action.size :].movedim(1, -1) for rows in own]).flatten(1)
            alike += (whole @ whole.T).cpu()
            for factor, rows in zip(mismatched, crossed):
                factor.update(rows)
            data.update(_ways(batch, action))
            seen, checked = seen + len(x), checked or len(x) > 1
    if seen == 0:
        raise ValueError("inputs holds no batch: an empty dataset, or an iterator that was already used up")
    if not alike.isfinite().all():
        raise ValueError("the squares of the derivatives overflow float64: rescale the function's output")
    return Factors(matched, mismatched, data, alike)


def _ways(batch: Batch, action: Action) -> Tensor:
    """(P, 1, K) rows of the data control, each sample with the way to its partner in the gradient's place; in float64,
    as rounding would hide what a symmetry of the data makes trivial."""
    later = batch.x[batch.later].double()
    return action.pair(later, batch.known[batch.partners].double() - later)[:, None]


def as_list(models: Function | Sequence[Function]) -> list[Function]:
    """One function or several as a list. Raises ValueError for none, and for two, which cannot outvote each other."""
    functions = list(models) if isinstance(models, list | tuple | nn.ModuleList) else [models]
    if not functions or len(functions) == 2:
        raise ValueError(f"give one function, or a list of at least three trained independently, not {len(functions)}")
    return functions  # type: ignore[return-value]


class _Recent:
    """The last samples seen, from which the controls take their partners."""

    def __init__(self):
        self.last: Tensor | None = None

    def join(self, x: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """These samples followed by x, (E + B, ...), and in them the places given relative to x; x joins the last."""
        if self.last is not None and self.last.shape[1:] != x.shape[1:]:
            raise ValueError(f"samples differ in shape: {tuple(self.last.shape[1:])}, then {tuple(x.shape[1:])}")
        known = x if self.last is None else torch.cat([self.last, x])
        self.last = known[-REACH:]
        return known, (places + len(known) - len(x)).to(x.device)


def _partners(first: int, count: int) -> Tensor:
    """For samples first, first + 1, ...: an earlier one, at most REACH back, as its place relative to first.

    The lags are equidistributed and depend on the sample's number alone, so that batches do not matter.
    """
    number = torch.arange(max(first, 1), first + count)
    lag = 1 + (number.double() * 0.6180339887498949 % 1 * number.clamp(max=REACH)).long()
    return number - lag - first


def _batches(inputs: Tensor | Iterable, batch_size: int | None) -> Iterator[Tensor]:
    """Floating-point batches that are not empty."""
    if not isinstance(inputs, Iterable) or (isinstance(inputs, Tensor) and inputs.ndim == 0):
        raise ValueError(f"inputs must be a tensor (N, ...) or an iterable of batches, not {inputs!r}")
    for batch in inputs.split(batch_size) if isinstance(inputs, Tensor) and len(inputs) else inputs:
        if isinstance(batch, tuple | list) and not batch:
            raise ValueError("inputs must yield tensors, or tuples that begin with one: this one is empty")
        x = batch[0] if isinstance(batch, tuple | list) else batch
        require_samples(x)
        if len(x):
            yield x.detach()


def _affordable(functions: Sequence[Function], few: Tensor, action: Action) -> int:
    """How many samples fit in MEMORY: what a call on a few of them saves for its gradient, and our own arrays."""
    if not len(few):
        return 1  # refused later
    require_samples(few)
    most = 0.0
    for function in functions:
        x, y = outputs(function, few)
        size, m = x[0].numel(), y[0].numel()
        arrays = (2 * min(m, OUTPUTS) + 4) * size * x.element_size() + 3 * 8 * m * action.size
        weights = {p.data_ptr() for p in function.parameters()} if isinstance(function, nn.Module) else set()
        most = max(most, _saved(y, len(few), weights) / len(few) + arrays)
    return int(min(max(MEMORY / most, SMALLEST), LARGEST))


def _saved(y: Tensor, samples: int, weights: set[int]) -> int:
    """Bytes that the graph behind y keeps for its gradient, of tensors that grow with the samples: no weights."""
    nodes, seen, sizes = [y.grad_fn], set(), {}
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        nodes += [before for before, _ in node.next_functions]
        for name in _saved_names(type(node)):
            tensor = _saved_tensor(node, name)
            if isinstance(tensor, Tensor) and tensor.ndim and tensor.shape[0] % samples == 0:
                sizes[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
    return sum(size for place, size in sizes.items() if place not in weights)


def _saved_tensor(node: object, name: str) -> object:
    try:
        return getattr(node, name)
    except RuntimeError:  # changed in place since: the gradient itself will complain
        return None


@functools.cache
def _saved_names(kind: type) -> list[str]:
    """What a node of the graph calls the tensors that it keeps."""
    return [name for name in dir(kind) if name.startswith("_saved_")]

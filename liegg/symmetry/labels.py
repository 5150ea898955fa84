"""What labels say of a direction: is a function's motion along it signal, or its own error?

Carry the samples a little way along a direction, by which the function changes by Δ = f(exp(tA) x) - f(x), and hold
the change against the residual r = f(x) - y of labels that the function was not trained on. Where the truth moves
along, the motion is paid for in full; where only the function's error does, it costs nothing:

    q = 1 + 2 E[Δ·r] / E[Δ²]

estimates the share of Δ² that is signal. Noise in the labels cancels, and the standard error of q says how much the
labels can tell. They tell nothing of a function that is no nearer to them than their mean. With motion to both sides
the terms that are odd in t cancel sample by sample. For outputs that move along, Δ = exp(-tB) f(exp(tA) x) - f(x).
"""

import copy
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from liegg.actions import Action
from liegg.devices import home, resolve
from liegg.symmetry.polarization import Function, fitted, outputs, precision, undisturbed
from liegg.symmetry.units import whitened

DISPLACEMENT = 0.3  # how far samples are carried (root mean square), in standard deviations along their axes
AT_ONCE = 4096  # samples that a function is given, at most
FEW = 500  # samples that tell how far a direction moves
FEWEST = 50  # labels, below which a standard error is no guide
EQUAL = 1e-9  # of the labels' variance: a misfit that is none
CONSTANT = 1e-14  # of a label's mean square: a variance that is none
EXCESS = 0.1  # q of most directions beyond 1, from which labels look like training data


class Paid(NamedTuple):
    """The share of signal in a function's motion along each direction."""

    share: Tensor
    """(K,) q: 1 for signal, 0 for the function's own error; nan where samples were not carried"""
    error: Tensor
    """(K,) its standard error over the labelled samples; infinite if nothing of the labels is explained"""
    explained: float
    """R², the part of the labels' variance that the function explains, in the mean over its outputs"""


def paid(
    functions: Sequence[Function],
    x: Tensor,
    y: Tensor,
    action: Action,
    coefficients: Tensor,
    *,
    output_action: Action | None = None,
    output_coefficients: Tensor | None = None,
    device: torch.device | str | None = None,
) -> Paid:
    """The share of signal along directions (K, action.size), of the mean of one or several functions.

    x, y    samples (N, ...) and their labels: values of the outputs' shape, or N whole numbers, the classes of which
            the outputs are logits
    output_coefficients    (K, output_action.size) how outputs move along with each direction

    Raises ValueError for labels that do not fit, are not finite or not dense. See `warn_of_misfit` for those that say
    nothing about symmetries.
    """
    require_labels(x, y)
    x = x.detach().to(home(functions[0], x) if device is None else resolve(device), precision(functions, x))
    if device is not None:
        functions = [copy.deepcopy(f).to(x.device) if isinstance(f, nn.Module) else f for f in functions]
    with ExitStack() as stack:
        for function in functions:
            stack.enter_context(undisturbed(function))
        mean = partial(_mean, functions, classes=not y.is_floating_point())
        still = mean(x)
        labels = _like(y, still).reshape(len(x), -1)
        residual = still.reshape(len(x), -1) - labels
        white, few = whitened(action, x), x[:FEW]
        shares = []
        for i, v in enumerate(coefficients.to(x.device)):
            velocity = torch.einsum("k,bk...->b...", v, action.velocity(few.double()))
            t = DISPLACEMENT / float(white(velocity).square().mean().sqrt().clamp_min(1e-300))
            cost = square = 0.0
            for there in (t, -t):
                moved = mean(action.act(v, x, there))
                if output_action is not None:
                    moved = output_action.act(output_coefficients[i].to(moved), moved, -there)  # type: ignore[index]
                change = (moved - still).reshape(len(x), -1)
                cost, square = cost + (change * residual).sum(1), square + change.square().sum(1)
            shares.append(_share(cost, square))  # type: ignore[arg-type]
    share, error = torch.tensor(shares, dtype=torch.float64).reshape(-1, 2).T
    explained = _explained(residual, labels)
    return Paid(share, error if explained > 0 else torch.full_like(error, torch.inf), explained)


def require_labels(x: object, y: object) -> None:
    """Refuse labels that cannot belong to the first of the samples."""
    if not isinstance(x, Tensor):
        raise ValueError("targets need inputs as one tensor, whose first samples they are the labels of")
    if not isinstance(y, Tensor) or not y.ndim or y.is_complex() or y.dtype == torch.bool:
        raise ValueError(f"targets must be a tensor of values or of whole-number classes, not {y!r:.80}")
    if y.is_meta or y.layout != torch.strided or y.is_nested:
        raise ValueError("targets must be a dense tensor with values: no meta, sparse or nested one")
    if not FEWEST <= len(y) <= len(x):
        raise ValueError(
            f"{len(y)} targets for {len(x)} inputs: give at least {FEWEST}, the labels of the first inputs; a thousand "
            "tell much"
        )
    if y.is_floating_point() and not y.isfinite().all():
        raise ValueError("targets holds NaN or infinite values: leave such samples out")
    if (y == y[:1]).all():
        raise ValueError(
            "all targets are alike, which says nothing of what a function has learned: give those that vary"
        )


def _like(y: Tensor, made: Tensor) -> Tensor:
    """Labels in the shape of outputs (n, ...), classes (n,) one-hot."""
    y = y.to(made.device)
    if not y.is_floating_point():
        classes = made[0].numel()
        if y.numel() != len(made) or made.ndim != 2 or y.min() < 0 or y.max() >= classes:
            raise ValueError(
                f"whole-number targets are classes, one a sample from 0 to {classes - 1}, and outputs (B, m) their "
                f"logits; these are {tuple(y.shape)} from {int(y.min())} to {int(y.max())}, and outputs "
                f"{tuple(made.shape)}: for values give floating-point targets, for one logit of two classes the "
                "function that returns zero and that logit"
            )
        return nn.functional.one_hot(y.long().flatten(), classes).to(made)
    if [n for n in y.shape if n > 1] != [n for n in made.shape if n > 1]:
        raise ValueError(f"targets {tuple(y.shape)} do not fit outputs {tuple(made.shape)}: one value an output")
    return y.reshape(made.shape).to(made)


def _mean(functions: Sequence[Function], x: Tensor, *, classes: bool) -> Tensor:
    """The mean of what functions make of x, in float64; of logits that of their probabilities."""
    parts = []
    for part in x.chunk(-(-len(x) // AT_ONCE)):
        made = [_outputs(function, part) for function in functions]
        parts.append(sum((y.softmax(-1) if classes else y).reshape(made[0].shape) for y in made) / len(made))
    return torch.cat(parts)  # type: ignore[arg-type]


def _outputs(function: Function, x: Tensor) -> Tensor:
    """A function's outputs, without the graph that only one needs which takes gradients itself."""
    try:
        with torch.no_grad():
            return function(fitted(function, x)).double()
    except RuntimeError:
        return outputs(function, x)[1].detach().double()


def _share(cost: Tensor, square: Tensor) -> tuple[float, float]:
    """q and its standard error from the cost (n,) Δ·r and the motion (n,) Δ² of each sample."""
    mean = square.mean()
    if mean == 0:
        return 0.0, 0.0
    q = 1 + 2 * cost.mean() / mean
    return float(q), float((2 * cost - (q - 1) * square).std() / mean / len(cost) ** 0.5)


def _explained(residual: Tensor, labels: Tensor) -> float:
    """R² of labels (n, m) with these residuals, in the mean over those of m that vary."""
    spread = (labels - labels.mean(0)).square().mean(0)
    varied = spread > CONSTANT * labels.square().mean(0)
    return float((1 - residual.square().mean(0) / spread)[varied].mean())


def warn_of_misfit(found: Paid) -> None:
    """Warn the caller's caller of labels that say nothing about symmetries.

    Functions may be no nearer to them than their mean. Networks that have learned their labels' noise fit them exactly;
    or nearly, and then they move away from them in whatever direction, so that motion seems to cost more than it is
    worth. So it does where networks fall short of their labels everywhere.
    """
    beyond = (found.share - EXCESS > 1) & (found.share - 3 * found.error > 1)
    message = None
    if not found.explained > 0:
        message = (
            "the outputs are no nearer to the targets than the mean of these is, so that the targets are left aside: "
            "do they belong to the inputs, in this order? Are they in the outputs' units, of classes whole numbers, "
            "and the outputs logits?"
        )
    elif 1 - found.explained <= EQUAL:
        message = (
            "the targets equal the outputs: labels of the training, or of the function itself, say nothing about "
            "symmetries; give labels that were held out"
        )
    elif beyond.sum() > len(beyond) / 2:
        message = (
            "along most directions motion costs more than it is worth: the targets look like labels of the training, "
            "which say nothing about symmetries, or the functions fall short of them everywhere; give labels that were "
            "held out, or train for longer"
        )
    if message:
        warnings.warn(message, stacklevel=3)

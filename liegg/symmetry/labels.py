"""What labels say of a direction: is a function's motion along it signal, or its own error?

Carry the samples a little way along a direction, by which the function changes by Δ = f(exp(tA) x) - f(x), and hold
the change against the residual r = f(x) - y of labels that the function was not trained on. Where the truth moves
along, the motion is paid for in full; where only the function's error does, it costs nothing:

    q = 1 + 2 E[Δ·r] / E[Δ²]

estimates the share of Δ² that is signal. Noise in the labels cancels, and the standard error of q says how much the
labels can tell. A function that explains nothing of its labels has no residual to speak of, and they tell nothing of
it. With motion to both sides the terms that are odd in t cancel sample by sample. For outputs that move
along, Δ = exp(-tB) f(exp(tA) x) - f(x).
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
from liegg.symmetry.polarization import Function, fitted, precision, undisturbed
from liegg.symmetry.units import whitened

DISPLACEMENT = 0.3  # how far samples are carried (root mean square), in standard deviations along their axes
AT_ONCE = 4096  # samples that a function is given
FEW = 500  # samples that tell how far a direction moves
FEWEST = 50  # labels, below which a standard error is no guide
EQUAL = 1e-9  # of the outputs' mean square: a misfit that is none
EXCESS = 0.1  # q of most directions beyond 1, from which labels look like training data


class Paid(NamedTuple):
    """The share of signal in a function's motion along each direction."""

    share: Tensor
    """(K,) q: 1 for signal, 0 for the function's own error; nan where samples were not carried"""
    error: Tensor
    """(K,) its standard error over the labelled samples; infinite where the function explains nothing of the labels"""

    @property
    def interval(self) -> Tensor:
        """(K, 2) the share less and plus two standard errors."""
        return torch.stack([self.share - 2 * self.error, self.share + 2 * self.error], -1)


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

    Raises ValueError for labels that do not fit, and warns of labels that look like those of the training.
    """
    require_labels(x, y)
    x = x.to(home(functions[0], x) if device is None else resolve(device), precision(functions, x))
    if device is not None:
        functions = [copy.deepcopy(f).to(x.device) if isinstance(f, nn.Module) else f for f in functions]
    with ExitStack() as stack:
        for function in functions:
            stack.enter_context(undisturbed(function))
        mean = partial(_mean, functions, classes=not y.is_floating_point())
        still = mean(x)
        truth = _like(y, still).reshape(len(x), -1)
        residual = still.reshape(len(x), -1) - truth
        white, few = whitened(action, x), x[:FEW]
        shares = []
        for i, v in enumerate(coefficients.to(x.device)):
            velocity = torch.einsum("k,bk...->b...", v, action.velocity(few.double()))
            t = DISPLACEMENT / float(white(velocity).square().mean().sqrt().clamp_min(1e-300))
            cost = square = 0.0
            for there in (t, -t):
                moved = mean(action.act(v, x, there))
                if output_action is not None:
                    moved = output_action.act(output_coefficients[i].to(moved), moved, -there)
                change = (moved - still).reshape(len(x), -1)
                cost, square = cost + (change * residual).sum(1), square + change.square().sum(1)
            shares.append(_share(cost, square))
    found = Paid(*torch.tensor(shares, dtype=torch.float64).reshape(-1, 2).T)
    if not _explains(residual, truth):
        return found._replace(error=torch.full_like(found.error, torch.inf))
    _warn_of_training(found, float(residual.square().mean() / still.square().mean().clamp_min(1e-300)))
    return found


def require_labels(x: object, y: object) -> None:
    """Refuse labels that cannot belong to the first of the samples."""
    if not isinstance(x, Tensor):
        raise ValueError("targets need inputs as one tensor, whose first samples they are the labels of")
    if not isinstance(y, Tensor) or not y.ndim or y.is_complex() or y.dtype == torch.bool:
        raise ValueError(f"targets must be a tensor of values or of whole-number classes, not {y!r:.80}")
    if not FEWEST <= len(y) <= len(x):
        raise ValueError(
            f"{len(y)} targets for {len(x)} inputs: give at least {FEWEST}, the labels of the first inputs; a thousand "
            "tell much"
        )
    if y.is_floating_point() and not y.isfinite().all():
        raise ValueError("targets holds NaN or infinite values: leave such samples out")


def _like(y: Tensor, outputs: Tensor) -> Tensor:
    """Labels in the shape of outputs (n, ...), classes (n,) one-hot."""
    y = y.to(outputs.device)
    if not y.is_floating_point():
        classes = outputs[0].numel()
        if y.numel() != len(outputs) or outputs.ndim != 2 or y.min() < 0 or y.max() >= classes:
            raise ValueError(
                f"whole-number targets are classes, one a sample from 0 to {classes - 1}, and outputs (B, m) their "
                f"logits; these are {tuple(y.shape)} from {int(y.min())} to {int(y.max())}, and outputs "
                f"{tuple(outputs.shape)}: for values give floating-point targets"
            )
        return nn.functional.one_hot(y.long().flatten(), classes).to(outputs)
    if y.numel() != outputs.numel():
        raise ValueError(f"targets {tuple(y.shape)} do not fit outputs {tuple(outputs.shape)}: one value an output")
    return y.reshape(outputs.shape).to(outputs)


def _mean(functions: Sequence[Function], x: Tensor, *, classes: bool) -> Tensor:
    """The mean of what functions make of x, in float64; of logits that of their probabilities."""
    parts = []
    for part in x.split(AT_ONCE):
        made = [function(fitted(function, part)).detach().double() for function in functions]
        parts.append(sum(y.softmax(-1) if classes else y for y in made) / len(made))
    return torch.cat(parts)


def _share(cost: Tensor, square: Tensor) -> tuple[float, float]:
    """q and its standard error from the cost (n,) Δ·r and the motion (n,) Δ² of each sample."""
    mean = square.mean()
    if not mean > 0:
        return 0.0, 0.0
    q = 1 + 2 * cost.mean() / mean
    return float(q), float((2 * cost - (q - 1) * square).std() / mean / len(cost) ** 0.5)


def _explains(residual: Tensor, y: Tensor) -> bool:
    """Whether a function is surely nearer to labels (n, m) than their mean is, by two standard errors."""
    gain = (y - y.mean(0)).square().sum(1) - residual.square().sum(1)
    return bool(gain.mean() > 2 * gain.std() / len(gain) ** 0.5)


def _warn_of_training(found: Paid, misfit: float) -> None:
    """Networks that have learned their labels' noise fit them exactly; or nearly, and then they move away from them in
    whatever direction, so that motion seems to cost more than it is worth. So it does where networks fall short."""
    if misfit <= EQUAL:
        warnings.warn(
            "the targets equal the outputs: labels of the training, or of the function itself, say nothing about "
            "symmetries; give labels that were held out",
            stacklevel=4,
        )
    beyond = (found.share - EXCESS > 1) & (found.share - 3 * found.error > 1)
    if beyond.sum() > len(beyond) / 2:
        warnings.warn(
            "along most directions motion costs more than it is worth: the targets look like labels of the training, "
            "which say nothing about symmetries, or the functions fall short of them everywhere; give labels that were "
            "held out, or train for longer",
            stacklevel=4,
        )

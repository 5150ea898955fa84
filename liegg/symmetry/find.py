"""find_symmetry: which generators a function is invariant or equivariant under, read off its polarization matrix."""

import numbers
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from liegg.actions import Action
from liegg.actions.flow import flow_of, with_frames
from liegg.symmetry.black_box import asked_along, boxes_of
from liegg.symmetry.factors import Factors
from liegg.symmetry.labels import paid, require_labels, warn_of_misfit
from liegg.symmetry.polarization import Function, require_action
from liegg.symmetry.result import Symmetry
from liegg.symmetry.spectrum import spectrum
from liegg.symmetry.stream import as_list, polarize

SAME = 1e-5  # of its size: functions whose rows differ by less, up to a factor, are one


def find_symmetry(
    models: Function | Sequence[Function],
    inputs: Tensor | Iterable,
    action: Action,
    *,
    output_action: Action | None = None,
    targets: Tensor | None = None,
    tolerance: float | None = None,
    alpha: float = 0.05,
    batch_size: int | None = None,
    device: torch.device | str | None = None,
) -> Symmetry:
    """The symmetries that a function has learned: generators A with dF(x) . A x = 0 on the data (LieGG, section 3).

    models         maps a batch (B, ...) to (B,) or (B, m), each sample by itself: a network, or any differentiable
                   torch function; one of arrays becomes one by `black_box`. A module is evaluated in eval mode and
                   left as it was; a function around a module cannot see to that, so give the module itself or call its
                   eval() first. A list of at least three functions trained independently on one task tells errors from
                   signal, and so does one with `targets`
    inputs         a tensor (N, ...) or an iterable of batches (a DataLoader; of a tuple the first entry), read once
    action         how the candidate generators move a sample, e.g. actions.Linear(5, copies=2) or actions.Affine2d();
                   of a vector field or a map of a space to itself actions.Flow(n), which moves its outputs along
    output_action  how candidates move an output: generators are then pairs with J(x) A x = B f(x), equivariance
    targets        labels of the first samples of a tensor, held out from the training: values (n, ...) like the
                   outputs, or classes (n,), of which the outputs are logits. A thousand tell what is signal in one
                   network's motion: see `liegg.symmetry.labels`
    tolerance      how much signal a symmetry may have, over an ordinary direction's variance: .01 lets a function
                   change a tenth as much. Then those directions count of which it is sure; without, the most likely
                   dimension is the answer. Only several functions, or labels, can show that there is more signal
    alpha          how often what is said to be sure may be wrong
    batch_size     how many samples of a tensor are taken at a time, by default as many as suit the memory; it changes
                   time and memory, not the result
    device         where it is computed, "auto" for a GPU if there is one; by default where the model or the data are

    Targets of which nothing is explained are left aside, with a warning; others that look like labels of the training
    are warned of. Without targets the same as
    `decide(polarize(models, inputs, action, output_action), action, output_action)`, with what these raise and warn of;
    but for Flow, which `polarize` takes in frames only, and black boxes, whose error only this keeps.
    """
    _require_level(tolerance, alpha)
    boxes = boxes_of(as_list(models))
    if flow := flow_of(action):
        if output_action is not None or targets is not None:
            raise ValueError(f"the outputs of {flow} move as its inputs do, and it takes no output_action or targets")
        models, inputs = [flow.framed(model) for model in as_list(models)], with_frames(flow, inputs)
    if targets is not None:
        require_labels(inputs, targets)
        if output_action is not None and not targets.is_floating_point():
            raise ValueError(
                "classes do not move along with an output_action: give targets that are values, or leave it"
            )
    asked = models if output_action or not boxes else asked_along(as_list(models), action)
    try:
        factors = polarize(asked, inputs, action, output_action, batch_size=batch_size, device=device)
    except RuntimeError as error:
        if "numpy()" not in str(error):
            raise
        raise ValueError("this function is one of arrays: ask black_box(function, points) in its place") from error
    found = _decide(factors, action, output_action, unbiased=False, tolerance=tolerance, alpha=alpha)
    if boxes:
        found = replace(found, difference_error=max(box.error for box in boxes))
    if targets is None:
        return found
    known = paid(
        as_list(models),
        inputs[: len(targets)],  # type: ignore[index]
        targets,
        action,
        found.coefficients,
        output_action=output_action,
        output_coefficients=found.output_coefficients,
        device=device,
    )
    warn_of_misfit(known)
    return replace(found, paid_share=known.share, paid_error=known.error)


def decide(
    factors: Factors,
    action: Action,
    output_action: Action | None = None,
    *,
    unbiased: bool = False,
    tolerance: float | None = None,
    alpha: float = 0.05,
) -> Symmetry:
    """What the polarization factors of one or several functions say: directions, and how many are symmetries.

    factors         what `polarize` made with the same actions, of the whole data or merged from parts of them
    unbiased        several functions are estimates of one, with independent errors of mean zero, as the means over
                    chunks of an ensemble are: all that they share is signal, and a direction counts only where
                    they share nothing within their error, which must be small enough to tell; of invariance only
    tolerance, alpha    as in `find_symmetry`

    Directions are compared at unit length in coordinates where the samples have unit moments, so that units and
    correlations of points and tensors do not matter; directions of other actions, of restricted ones too, have unit
    length as they are given (see `liegg.symmetry.units`). Those about which the data say nothing are set
    apart as trivial: with at most TRIVIAL = 1e-8 of the mean variance in the data control (see `Factors`). So are
    directions of the outputs that move no output. Raises ValueError for actions of other sizes, and when the gradient
    is zero everywhere, as every direction would pass for a symmetry then; warns of fewer than 2K + 1 samples, when what
    is null for lack of data cannot be told, and of samples that hardly vary along some axis.
    """
    if not isinstance(factors, Factors):
        raise ValueError(f"factors must be what polarize made, not {type(factors).__name__}")
    require_action("action", action)
    require_action("output_action", output_action, optional=True)
    if unbiased and factors.networks == 1:
        raise ValueError("one function has no errors to compare: unbiased=True takes at least three")
    if unbiased and output_action is not None:
        raise ValueError(
            "unbiased=True is for invariance: the best output_action is fitted to the estimates' errors too"
        )
    _require_level(tolerance, alpha)
    return _decide(factors, action, output_action, unbiased=unbiased, tolerance=tolerance, alpha=alpha)


def _decide(
    factors: Factors,
    action: Action,
    output_action: Action | None,
    *,
    unbiased: bool,
    tolerance: float | None,
    alpha: float,
) -> Symmetry:
    if factors.samples < 2:
        raise ValueError("there is one sample, which says nothing about symmetries: give many")
    if not factors.mismatched[0].samples:
        raise ValueError("every part has one sample, so that the controls have no pairs: polarize larger parts")
    _require_signal(factors)
    _require_independent(factors.alike)
    if not unbiased:
        _warn_of_units(factors.alike)
    seen = spectrum(factors, action, output_action)
    return Symmetry(
        action=action,
        output_action=output_action,
        unbiased=unbiased,
        tolerance=tolerance,
        alpha=alpha,
        **seen._asdict(),
    )


def _require_level(tolerance: float | None, alpha: float) -> None:
    """Refuse what is no tolerance or no level."""
    if tolerance is not None and not (_real(tolerance) and 0 <= tolerance < float("inf")):
        raise ValueError(f"tolerance is a part of an ordinary direction's variance, such as 0.01, not {tolerance!r}")
    if not (_real(alpha) and 0 < alpha <= 0.5):
        raise ValueError(f"alpha is how often a sure statement may be wrong, above 0 and at most 0.5, not {alpha!r}")


def _real(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _require_signal(factors: Factors) -> None:
    for a, size in enumerate(factors.alike.diagonal()):
        if not size:
            which = "the function" if factors.networks == 1 else f"function {a}"
            raise ValueError(
                f"the gradient of {which} pairs to zero with every direction at every sample: it is constant on this "
                "data (saturated outputs?), or the data do not move, or it is invariant under all that was asked "
                "about: ask about more directions"
            )
    if factors.data.samples and not factors.data.triangles.any():
        raise ValueError("all samples are alike or none of them moves: nothing can be said about symmetries")


def _require_independent(alike: Tensor) -> None:
    """Refuse functions that are one, up to a factor."""
    sizes = alike.diagonal().sqrt()
    apart = (1 - (alike / sizes / sizes[:, None]).square()).clamp_min(0).sqrt().fill_diagonal_(1)
    if (apart <= SAME).any():
        a, b = (apart <= SAME).nonzero()[0].tolist()
        raise ValueError(
            f"functions {a} and {b} are the same, up to a factor: give functions that were trained independently"
        )


def _warn_of_units(alike: Tensor) -> None:
    """Warn of functions that differ in size: estimates of one function do so by chance, independent networks should
    not."""
    sizes = alike.diagonal().sqrt()
    if sizes.max() > 10 * sizes.min():
        warnings.warn(
            f"the functions' derivatives differ in size by a factor of {sizes.max() / sizes.min():.2g}, so that the "
            "largest decides: give functions trained on one task, with outputs in the same units",
            stacklevel=4,
        )

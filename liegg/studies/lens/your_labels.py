"""How a reader's labels are to be read: values, or classes of logits, of probabilities, of one output."""

import warnings
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from liegg import black_box
from liegg.studies.lens.your_model import Asked, outputs
from liegg.symmetry.black_box import BlackBox
from liegg.symmetry.polarization import Function

SOME = 500  # samples whose outputs tell what they are
SLACK = 1e-4  # by which probabilities may miss their sum
ROOM = 0.5  # by which values near 0 and 1 may lie beyond
SATURATED = 0.01  # share of probabilities that may be 0 or 1 to rounding
LOGIT, PROBABILITY, PROBABILITIES = "logit", "probability", "probabilities"


class Read(NamedTuple):
    """Model and labels as `find_symmetry` takes them."""

    model: Asked
    targets: Tensor | None
    """classes (n,) as whole numbers, or values (n, ...)"""
    said: str
    """how they were read, in a sentence; "" without any"""


class Logits(nn.Module):
    """The logits (B, m) of a classifier that returns one logit or probability, of the second of two classes, or the
    probabilities of all: log p, of which softmax makes p again."""

    def __init__(self, function: Function, kind: str):
        super().__init__()
        self.function, self.kind = function, kind

    def forward(self, x: Tensor) -> Tensor:
        y = self.function(x)
        if self.kind == PROBABILITIES:
            return y.clamp_min(torch.finfo(y.dtype).tiny).log()
        y = y.reshape(-1, 1)
        return torch.cat([torch.zeros_like(y), y if self.kind == LOGIT else y.logit(torch.finfo(y.dtype).eps)], 1)


def read(model: Asked, x: Tensor, y: np.ndarray | None) -> Read:
    """What the labels y (n, ...) of the first samples x are, from what the model returns there.

    Whole numbers are classes where it has several outputs: logits, or probabilities if they are none below zero and sum
    to one. Of one output 0 and 1, or -1 and 1, are two classes where the outputs lie between 0 and 1, a probability, or
    far outside, a logit; else they are values, as all else is. Rows with a single 1 are classes where outputs lie far
    outside of 0 and 1. Raises ValueError for labels that are no numbers, and for classes that are not known.
    """
    if y is None:
        return Read(model, None, "")
    y = _places(y, model.classes) if model.classes is not None else y
    if y.dtype.kind not in "biuf":
        raise ValueError(f"TARGETS holds {y.dtype}: give values, or classes as whole numbers from 0")
    made = torch.cat([outputs(f, x[:SOME]).reshape(len(x[:SOME]), -1).double() for f in model.functions])
    m, whole = made.shape[1], bool((y == np.round(y)).all())
    between = bool((made >= -SLACK).all() and (made <= 1 + SLACK).all())
    outside = bool((made < -ROOM).any() or (made > 1 + ROOM).any())
    if whole and m > 1 and y.shape == (len(y), m) and outside and (y.sum(1) == 1).all() and (y.max(1) == 1).all():
        y = y.argmax(1)
    if whole and m > 1 and y.size == len(y):
        classes = torch.from_numpy(y.ravel().astype(np.int64))
        if int(classes.min()) == 1 and int(classes.max()) == m:
            raise ValueError(f"TARGETS holds classes from 1 to {m}, and they are counted from 0: save y - 1")
        if model.classes is None and between and bool(((made.sum(1) - 1).abs() <= SLACK).all()):
            return Read(_logits(model, x, PROBABILITIES, made), classes, f"the outputs are {PROBABILITIES} of classes")
        return Read(model, classes, "the targets are classes, and the outputs their logits")
    if whole and m == 1 and {*np.unique(y).tolist()} in ({0, 1}, {-1, 1}) and (between or outside):
        kind = PROBABILITY if between else LOGIT
        classes = torch.from_numpy((y.ravel() > 0).astype(np.int64))
        said = f"the targets are two classes, and the output is the {kind} of the second"
        return Read(_logits(model, x, kind, made), classes, said)
    return Read(model, torch.from_numpy(y.astype(np.float64)), "the targets are values, in the units of the outputs")


def _places(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Labels as the places of these among the classes of an estimator."""
    places = np.searchsorted(classes, y.ravel()).clip(max=len(classes) - 1)
    if (classes[places] != y.ravel()).any():
        raise ValueError(f"TARGETS holds classes that the model does not know: it knows {classes.tolist()[:9]}")
    return places


def _logits(model: Asked, x: Tensor, kind: str, made: Tensor) -> Asked:
    """The same model with logits for outputs, and a warning where probabilities are 0 or 1 to rounding."""
    eps = torch.finfo(torch.float32).eps
    if kind != LOGIT and (share := ((made < eps) | (made > 1 - eps)).double().mean()) > SATURATED:
        warnings.warn(
            f"{100 * share:.0f} % of the probabilities are 0 or 1 to rounding, where no motion can be seen: "
            "ask it before its softmax or sigmoid",
            stacklevel=2,
        )
    several = [_of_arrays(f, kind, x) if isinstance(f, BlackBox) else Logits(f, kind).eval() for f in model.functions]
    return model._replace(functions=several)


def _of_arrays(box: BlackBox, kind: str, x: Tensor) -> BlackBox:
    """The logits of a function without gradients, which stays one."""
    of_tensors = Logits(lambda a: torch.as_tensor(np.asarray(box.function(a.numpy()), dtype=np.float64)), kind)
    return black_box(lambda a: of_tensors(torch.from_numpy(a)).numpy(), x)

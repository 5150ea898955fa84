"""A reader's own data and action, read from files and words: parsed, never executed."""

import ast
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from liegg import actions
from liegg.actions import Action
from liegg.studies.lens.your_model import Asked, BinaryLogits

ACTIONS = ("Affine", "Affine2d", "Copies", "Jets", "Linear", "Polynomial", "Product", "Prolonged", "Tensor")
ACTIONS += ("translations",)
FILES = ".npy, .npz, .pt (tensors, or a dict of them)"
MOST = 10_000  # directions whose products fit a machine's memory


class Data(NamedTuple):
    """The samples that are asked about, those with labels first."""

    x: Tensor
    """(N, ...)"""
    y: Tensor | None
    """(n, ...) labels of the first"""
    given: int
    """how many samples there were"""


def read(inputs: str, targets: str, module: ModuleType | None, *, samples: int, seed: int) -> Data:
    """At most so many of the samples, drawn at random, those with targets first.

    INPUTS and TARGETS are files, FILE:name for one array of several, or names in MODEL's own module. Raises ValueError,
    with the fix, for what cannot be read, and for samples that are no finite real numbers.
    """
    x = _floats("INPUTS", _array("INPUTS", inputs, module))
    if x.ndim < 2 or len(x) < 2:
        raise ValueError(f"INPUTS has shape {tuple(x.shape)}: give samples in the first dimension, (N, ...), many")
    y = _array("TARGETS", targets, module) if targets else None
    if y is not None and (not y.ndim or not len(y) or len(y) > len(x)):
        raise ValueError(f"TARGETS has shape {tuple(y.shape)}, and INPUTS {tuple(x.shape)}: one target a sample")
    labelled = len(x) if y is None else len(y)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(labelled, generator=generator)[:samples]
    rest = (labelled + torch.randperm(len(x) - labelled, generator=generator))[: samples - len(order)]
    return Data(x[torch.cat([order, rest])], None if y is None else y[order.numpy()], len(x))


def labels(data: Data, model: Asked) -> tuple[Asked, Tensor | None, str]:
    """The model and its labels as `find_symmetry` takes them, and a sentence on how they were read; "" without any.

    Whole numbers are classes where the model has as many outputs; of one output they are two classes, or values.
    """
    y = data.y
    if y is None:
        return model, None, ""
    if model.classes is not None:
        places = np.searchsorted(model.classes, y.ravel()).clip(max=len(model.classes) - 1)
        if (model.classes[places] != y.ravel()).any():
            raise ValueError(f"TARGETS holds classes that the model does not know: it knows {list(model.classes)[:9]}")
        y = places
    if y.dtype.kind not in "biuf":
        raise ValueError(f"TARGETS holds {y.dtype}: give values, or classes as whole numbers from 0")
    whole = y.dtype.kind in "biu" or (y == np.round(y)).all()
    m = int(np.prod(model.outputs))
    if whole and y.size == len(y) and m > 1:
        return (
            model,
            torch.from_numpy(y.ravel().astype(np.int64)),
            "the targets are classes, and the outputs their logits",
        )
    if y.dtype.kind in "biu" and m == 1 and set(np.unique(y)) == {0, 1}:
        with torch.no_grad():
            some = torch.cat([f(data.x[:500]).flatten() for f in model.functions])
        probability = bool((some >= 0).all() and (some <= 1).all())
        functions = [BinaryLogits(f, probability).eval() for f in model.functions]
        what = "probability" if probability else "logit"
        said = f"the targets are two classes, and the output is the {what} of the second"
        return model._replace(functions=functions, outputs=(2,)), torch.from_numpy(y.ravel().astype(np.int64)), said
    return model, torch.from_numpy(y.astype(np.float64)), "the targets are values, in the units of the outputs"


def action(words: str, x: Tensor | None = None) -> Action:
    """An action as it is written, such as Linear(5, copies=2): parsed, with the names and arguments that actions take.

    Raises ValueError for anything else; with samples x (N, ...) also for one that does not fit them.
    """
    hint = f"; of shape {tuple(x.shape)} these fit: {', '.join(fitting(x))}" if x is not None else ""
    try:
        made = _made(ast.parse(words.strip(), mode="eval").body)
    except (SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError(f"ACTION {words!r} cannot be read ({error}): write one such as Linear(3){hint}") from None
    except ValueError as error:
        raise ValueError(f"ACTION {words!r}: {error}{hint}") from None
    if not isinstance(made, Action):
        raise ValueError(f"ACTION {words!r} is no action: write one such as Linear(3){hint}")
    if made.size > MOST:
        raise ValueError(
            f"ACTION {words} has {made.size} directions, and {MOST} are the most: ask about fewer; images are moved by "
            f"Affine2d(){hint}"
        )
    try:
        if x is not None:
            made.velocity(x[:2])
    except ValueError as error:
        raise ValueError(f"ACTION {words} does not fit INPUTS: {error}{hint}") from None
    return made


def fitting(x: Tensor) -> list[str]:
    """Actions that fit samples (N, ...), as they are written."""
    shape = x.shape[1:]
    if len(shape) == 3 and min(shape[-2:]) >= 2:
        return ["Affine2d()"]
    if len(shape) == 2:
        return [f"{name}({shape[1]}, copies={shape[0]})" for name in ("Linear", "Affine")]
    size = shape.numel()
    divisors = [n for n in range(2, min(size, 100)) if size % n == 0]
    return [f"Linear({size})", f"Affine({size})", *(f"Linear({n}, copies={size // n})" for n in divisors[:3])]


def _array(which: str, words: str, module: ModuleType | None) -> np.ndarray:
    """One array from a file, or by its name in the module of the model."""
    place, _, name = words.partition(":")
    path = Path(words if Path(words).exists() else place).expanduser()
    name = "" if str(path) == words else name
    if path.suffix not in (".npy", ".npz", ".pt"):
        return _of_module(which, place, name, module)
    if not path.is_file():
        raise ValueError(f"{which}: there is no file {path}")
    try:
        if path.suffix == ".pt":
            held = torch.load(path, weights_only=True, map_location="cpu")
        else:
            loaded = np.load(path, allow_pickle=False)
            held = dict(loaded) if path.suffix == ".npz" else loaded
    except Exception as error:  # a damaged file breaks its readers in many ways
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(
            f"{which}: {path} cannot be read, as it holds no plain arrays or is damaged: {reason}"
        ) from None
    return _plain(which, _chosen(which, held, name, str(path)), words)


def _chosen(which: str, held: object, name: str, path: str) -> object:
    """The array of that name, or the only one, or the one that is called as it should be."""
    if not isinstance(held, dict):
        if name:
            raise ValueError(f"{which}: {path} holds one array and no names: leave out :{name}")
        return held
    usual = {"INPUTS": ("inputs", "x", "X"), "TARGETS": ("targets", "y", "Y", "labels")}[which]
    found = [name] if name else [n for n in usual if n in held] or list(held) * (len(held) == 1)
    if not found or found[0] not in held:
        raise ValueError(f"{which}: {path} holds {', '.join(map(str, held))}: choose one, {which}={path}:name")
    return held[found[0]]


def _of_module(which: str, place: str, name: str, module: ModuleType | None) -> np.ndarray:
    own = module is not None and (place == module.__name__ or Path(place).resolve() == Path(str(module.__file__)))
    if not name or not own:
        raise ValueError(
            f"{which} is a file, {FILES}, with :name for one array of several, or a name in MODEL's own module; no "
            f"other code is run for it: {place + ':' * bool(name) + name!r} is neither"
        )
    if not hasattr(module, name):
        raise ValueError(f"{which}: {place} has no {name}")
    return _plain(which, getattr(module, name), f"{place}:{name}")


def _plain(which: str, held: object, words: str) -> np.ndarray:
    if isinstance(held, Tensor):
        held = held.detach().cpu().numpy()
    if not isinstance(held, np.ndarray) or held.dtype.kind not in "biufU":
        kind = held.dtype if isinstance(held, np.ndarray) else type(held).__name__
        raise ValueError(f"{which}: {words} is of {kind}, and should be an array of numbers")
    return held


def _floats(which: str, values: np.ndarray) -> Tensor:
    if values.dtype.kind != "f":
        raise ValueError(
            f"{which} holds {values.dtype}: a sample that moves is of real numbers; save what the model takes, such as "
            "x.astype('float32') / 255 of bytes"
        )
    x = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32 if values.dtype.itemsize < 4 else None))
    if bad := int((~x.isfinite()).reshape(len(x), -1).any(1).sum()) if x.ndim else 0:
        raise ValueError(f"{which} holds NaN or infinite values in {bad} of {len(x)} samples: leave them out")
    return x


def _made(node: ast.expr) -> object:
    """What an expression stands for: actions by name, numbers, words, None, and lists of these."""
    match node:
        case ast.Call(ast.Name(name) | ast.Attribute(ast.Name("actions"), name), given, named):
            if name not in ACTIONS:
                raise ValueError(f"there is no action {name}: there are {', '.join(ACTIONS)}")
            if any(keyword.arg is None for keyword in named):
                raise ValueError("arguments are written out, without **")
            return getattr(actions, name)(*map(_made, given), **{k.arg: _made(k.value) for k in named})
        case ast.List(parts):
            return [_made(part) for part in parts]
        case ast.Tuple(parts):
            return tuple(_made(part) for part in parts)
        case ast.UnaryOp(ast.USub(), ast.Constant(value)) if type(value) in (int, float):
            return -value
        case ast.Constant(value) if value is None or type(value) in (int, float, str, bool):
            return value
        case _:
            raise ValueError(f"it may hold actions, numbers, words and lists, not {ast.unparse(node)!r}")

"""A reader's own samples and labels, read from files and never executed."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

FILES = ".npy, .npz, .pt (tensors, or a dict of them)"


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


def _array(which: str, words: str, module: ModuleType | None) -> np.ndarray:
    """One array from a file, or by its name in the module of the model."""
    place, _, name = words.partition(":")
    path = Path(words if Path(words).exists() else place).expanduser()
    name = "" if str(path) == words else name
    if path.suffix.lower() not in (".npy", ".npz", ".pt"):
        return _of_module(which, place, name, module)
    if not path.is_file():
        raise ValueError(f"{which}: there is no file {path}")
    with _readable(which, path):
        held = _held(path)
    chosen = _chosen(which, [*held], name, str(path))
    with _readable(which, path):
        found = held[chosen]
    return _plain(which, found, words)


@contextlib.contextmanager
def _readable(which: str, path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # a damaged file breaks its readers in many ways
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(
            f"{which}: {path} cannot be read, as it holds no plain arrays or is damaged: {first}"
        ) from error


def _held(path: Path) -> Mapping[str, object]:
    """What a file holds, by name, read when it is asked for; a single array has the name ""."""
    if path.suffix.lower() == ".pt":
        held = torch.load(path, weights_only=True, map_location="cpu")
    else:
        held = np.load(path, allow_pickle=False)
    return held if isinstance(held, Mapping) else {"": held}


def _chosen(which: str, names: list[str], name: str, path: str) -> str:
    """The name of the array that is asked for, of the only one, or of the one that is called as it should be."""
    if names == [""] and name:
        raise ValueError(f"{which}: {path} holds one array and no names: leave out :{name}")
    usual = {"INPUTS": ("inputs", "x", "X"), "TARGETS": ("targets", "y", "Y", "labels")}[which]
    found = [name] if name else [n for n in usual if n in names] or names * (len(names) == 1)
    if not found or found[0] not in names:
        raise ValueError(f"{which}: {path} holds {', '.join(map(str, names))}: choose one, {which}={path}:name")
    return found[0]


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
        held = held.detach().cpu().to_dense()
        held = (held.float() if held.dtype == torch.bfloat16 else held).numpy()
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
    x = torch.from_numpy(values.astype(np.float32 if values.dtype.itemsize <= 4 else np.float64, order="C"))
    if bad := int((~x.isfinite()).reshape(len(x), -1).any(1).sum()) if x.ndim else 0:
        raise ValueError(f"{which} holds NaN or infinite values in {bad} of {len(x)} samples: leave them out")
    return x

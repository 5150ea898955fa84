"""A result as a file: .npz without pickle."""

import hashlib
import json
import os
import secrets
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import torch
from torch import Tensor

from liegg import actions
from liegg.actions import Action
from liegg.symmetry.polarization import require_action

if TYPE_CHECKING:
    from liegg.symmetry.result import Symmetry

FORMAT = 2
"""of files that say which format they have and what they held when they were written; earlier ones say neither. Before
2 there was nothing held out"""
_BUILT_IN = {
    "Linear": ("n", "copies"),
    "Affine": ("n", "copies"),
    "Affine2d": (),
    "Flow": ("n", "outputs"),
    "Polynomial": ("n", "degree", "copies"),
    "Tensor": ("n", "rank"),
}
_SHAPES = {
    "coefficients": "KA",
    "output_coefficients": "KB",
    "own": "MK",
    "summed": "MK",
    "held_own": "HK",
    "held_summed": "HK",
    "chunks": "CK",
    "mismatched": "K",
    "trivial_coefficients": "TA",
    "trivial_output_coefficients": "UB",
    "paid_share": "K",
    "paid_error": "K",
}
"""Arrays with a letter for each of their sizes: equal letters, equal sizes. A and B are the actions' sizes."""
_DIRECTIONS = {"action": "coefficients", "output_action": "output_coefficients"}
_NUMBERS = {
    "samples": "i",
    "scale": "fi",
    "thin": "fi",
    "unbiased": "b",
    "difference_error": "fi",
    "tolerance": "fi",
    "alpha": "fi",
}
"""numbers and their kinds: whole, real and true or false"""
_WITH_OUTPUTS = {"output_coefficients", "trivial_output_coefficients"}
_MAY_BE_NAN = {"paid_share", "paid_error"}


def save(found: "Symmetry", path: str | Path) -> None:
    held = {f.name: getattr(found, f.name) for f in fields(found)}
    described = {name: description(held[name]) for name in ("action", "output_action")}
    arrays = {name: _array(held[name]) for name in (*_SHAPES, *_NUMBERS) if held[name] is not None}
    try:
        _require_whole(type(found), arrays, held["action"], held["output_action"])
    except _Wrong as wrong:
        raise ValueError(f"this result could not be loaded again, so it is not saved: {wrong}") from None
    arrays |= {"actions": np.array(json.dumps(described)), "format": np.array(FORMAT)}
    path = Path(os.path.realpath(path))  # a link stays one
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file in it")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to save {path.name} in: make it first")
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("wb") as file:
            np.savez(file, **arrays, digest=np.array(_digest(arrays)))  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load(cls: type, path: str | Path, action: Action | None, output_action: Action | None) -> dict:
    """The fields of a result, by name."""
    given = {"action": action, "output_action": output_action}
    for which, one in given.items():
        require_action(which, one, optional=True)
    try:
        with Path(path).open("rb") as file:
            arrays, described = _read(file)
            made = {which: _restored(which, text, given[which], arrays) for which, text in described.items()}
            _require_whole(cls, arrays, **made)
    except _Misfit as misfit:
        raise ValueError(f"{path} {misfit}") from None
    except (FileNotFoundError, PermissionError):
        raise
    except Exception as error:  # a damaged file breaks its readers in many ways
        why = error if isinstance(error, _Wrong) else "it is damaged, or a file or folder of another kind"
        raise ValueError(
            f"{path} is not a result of Symmetry.save: {why}; give another file, or find the symmetries again"
        ) from None
    tensors = {name: torch.from_numpy(arrays[name]) for name in _SHAPES if name in arrays}
    return made | dict.fromkeys(_SHAPES) | tensors | {name: arrays[name].item() for name in _NUMBERS if name in arrays}


class _Wrong(Exception):
    """What keeps fields from being a whole result."""


class _Misfit(Exception):
    """What a file that may be whole needs of its reader."""


def _array(value: object) -> np.ndarray:
    return value.detach().cpu().numpy() if isinstance(value, Tensor) else np.array(value)


def _digest(arrays: dict[str, np.ndarray]) -> str:
    found = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        found.update(f"{name} {array.dtype.str} {array.shape} ".encode() + array.tobytes())
    return found.hexdigest()


def _read(file: BinaryIO) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays of a file and the descriptions of its actions."""
    with np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    if "actions" not in arrays:
        raise _Wrong("it has no actions")
    if "format" in arrays:
        if (number := int(arrays["format"])) > FORMAT:
            raise _Misfit(f"has format {number}, and this version of liegg reads up to {FORMAT}: install a newer one")
        if str(arrays.pop("digest", "")) != _digest(arrays):
            raise _Wrong("it does not hold what was written")
    if int(arrays.get("format", 0)) < 2:
        for held, kept in (("held_own", "own"), ("held_summed", "summed")):
            if kept in arrays and arrays[kept].ndim:
                arrays[held] = arrays[kept] if len(arrays[kept]) > 1 else arrays[kept][:0]
    described = json.loads(str(arrays["actions"]))
    return arrays, {which: described[which] for which in ("action", "output_action")}


def _require_whole(
    cls: type, arrays: dict[str, np.ndarray], action: Action | None, output_action: Action | None
) -> None:
    """Refuse arrays that are not the fields of a result with these actions."""
    if action is None:
        raise _Wrong("it has no action")
    needed = {f.name for f in fields(cls) if f.name in {*_SHAPES, *_NUMBERS} and f.default is MISSING}
    needed -= set() if output_action else _WITH_OUTPUTS
    if missing := needed - set(arrays):
        raise _Wrong(f"{min(missing)} is missing")
    if not output_action and (more := _WITH_OUTPUTS & set(arrays)):
        raise _Wrong(f"it has {min(more)} and no output_action")
    if ("paid_share" in arrays) != ("paid_error" in arrays):
        raise _Wrong("paid_share and paid_error need each other")
    sizes = {"A": action.size} | ({"B": output_action.size} if output_action else {})
    for name in [name for name in _SHAPES if name in arrays]:
        array = arrays[name]
        wanted = tuple(sizes.setdefault(letter, n) for letter, n in zip(_SHAPES[name], array.shape))
        if array.dtype != np.float64 or array.ndim != len(_SHAPES[name]) or array.shape != wanted:
            raise _Wrong(f"{name} must be float64 of shape {wanted}, not {array.dtype} of shape {array.shape}")
        if name not in _MAY_BE_NAN and not np.isfinite(array).all():
            raise _Wrong(f"{name} holds NaN or infinite values")
    if sizes["M"] in (0, 2):
        raise _Wrong(f"it is of {sizes['M']} functions")
    if sizes["H"] != (sizes["M"] if sizes["M"] > 1 else 0):
        raise _Wrong(f"of {sizes['M']} functions {sizes['H']} were held against the others")
    for name in [name for name in _NUMBERS if name in arrays]:
        number = arrays[name]
        if number.shape or number.dtype.kind not in _NUMBERS[name] or not (number == number and 0 <= number < np.inf):
            raise _Wrong(f"{name} is {number}")
    if not 0 < arrays.get("alpha", 0.05) <= 0.5:
        raise _Wrong(f"alpha is {arrays['alpha']}")


def description(action: Action | None) -> list | None:
    """[class name, arguments], with None in place of arguments that cannot be written down."""
    if action is None:
        return None
    name = type(action).__name__
    known = name in _BUILT_IN and type(action) is getattr(actions, name)
    if not known:
        return [name, None]
    arguments = {key: getattr(action, key) for key in _BUILT_IN[name]}
    return [name, {key: value if isinstance(value, str) else int(value) for key, value in arguments.items()}]


def _restored(which: str, description: list | None, given: Action | None, arrays: dict) -> Action | None:
    if description is None and given is None:
        return None
    if description is None:
        raise _Misfit(f"was found without {which}: leave it out")
    if given is not None:
        directions = arrays[_DIRECTIONS[which]].shape[-1]
        if given.size != directions:
            raise _Misfit(f"was found with {directions} directions, and {given} has others")
        return given
    name, arguments = description
    if arguments is None:
        raise _Misfit(f"was found with the {which} {name}, which a file cannot hold: load(path, {which}=...)")
    if name not in _BUILT_IN or set(arguments) != set(_BUILT_IN[name]):
        raise _Wrong(f"there is no {which} {name} with {', '.join(arguments) or 'no arguments'}")
    return getattr(actions, name)(**arguments)

"""A result as a file: .npz without pickle."""

import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from liegg import actions
from liegg.actions import Action

if TYPE_CHECKING:
    from liegg.symmetry.result import Symmetry

_BUILT_IN = {
    "Linear": ("n", "copies"),
    "Affine": ("n", "copies"),
    "Affine2d": (),
    "Polynomial": ("n", "degree", "copies"),
    "Tensor": ("n", "rank"),
}


def save(found: "Symmetry", path: str | Path) -> None:
    arrays = {f.name: getattr(found, f.name) for f in fields(found)}
    tensors = {name: value.numpy() for name, value in arrays.items() if isinstance(value, Tensor)}
    described = {name: description(arrays[name]) for name in ("action", "output_action")}
    with Path(path).open("wb") as file:
        plain: dict[str, Any] = {name: arrays[name] for name in ("samples", "scale", "thin", "unbiased")}
        np.savez(file, actions=json.dumps(described), **plain, **tensors)  # type: ignore[arg-type]


def load(cls: type, path: str | Path, action: Action | None, output_action: Action | None) -> dict:
    """The fields of a result, by name."""
    given = {"action": action, "output_action": output_action}
    with np.load(path, allow_pickle=False) as stored:
        described = json.loads(str(stored["actions"]))
        kept: dict[str, Any] = {name: given[name] or _restored(name, text, path) for name, text in described.items()}
        for f in fields(cls):
            if f.name not in kept:
                kept[f.name] = torch.as_tensor(stored[f.name]) if f.name in stored else None
    for which, directions in (("action", "coefficients"), ("output_action", "output_coefficients")):
        if kept[which] is not None and kept[which].size != kept[directions].shape[-1]:
            raise ValueError(
                f"{path} was found with {kept[directions].shape[-1]} directions, and {kept[which]} has others"
            )
    plain: dict[str, Any] = {
        "samples": int(kept["samples"]),
        "scale": float(kept["scale"]),
        "unbiased": bool(kept["unbiased"]),
    }
    plain["thin"] = 1.0 if kept["thin"] is None else float(kept["thin"])  # results of earlier versions do not say
    return kept | plain


def description(action: Action | None) -> list | None:
    """[class name, arguments], with None in place of arguments that cannot be written down."""
    name = type(action).__name__
    return action and [name, {key: getattr(action, key) for key in _BUILT_IN[name]} if name in _BUILT_IN else None]  # type: ignore[return-value]


def _restored(which: str, description: list | None, path: str | Path) -> Action | None:
    if description is None:
        return None
    name, arguments = description
    if arguments is None:
        raise ValueError(f"{path} was found with the {which} {name}, which a file cannot hold: load(path, {which}=...)")
    return getattr(actions, name)(**arguments)

"""The symmetries of a reader's own model: what is asked, and what is measured for the answer."""

import contextlib
import warnings
from dataclasses import fields
from typing import NamedTuple

import torch
from torch import Tensor

from liegg import find_symmetry
from liegg.actions import Action, Affine2d
from liegg.studies.lens import your_action, your_data, your_labels, your_model
from liegg.symmetry.finite import finite_check
from liegg.symmetry.result import Symmetry

SHOWN = 4  # directions whose orbits are drawn
ORBITS = 6  # samples that are carried
TURNS = 90.0, 30.0, 10.0, 3.0  # degrees of a plane rotation of the same norm: the first that can be reached
ROUNDING = 1e-4  # standard deviations of the outputs
PLACES = 41
FOLLOWED = {True: (500, 18, 5), False: (50, 6, 3)}
"""samples, steps and random directions of the finite check, of linear actions and of flows, which are integrated"""
FRAMES = 7


class Question(NamedTuple):
    """What is asked, as it was typed."""

    model: str
    inputs: str
    action: str
    targets: str
    output_action: str


def ask(question: Question, *, samples: int, seed: int) -> dict:
    """The answer to a question as plain values, for `found` and the figures.

    Raises ValueError that names what cannot be loaded, shaped or differentiated, with the fix.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loaded = your_model.load(question.model)
        data = your_data.read(question.inputs, question.targets, loaded.module, samples=samples, seed=seed)
        action, output_action = actions_of(question, data.x)
        with contextlib.chdir(loaded.folder):
            read = your_labels.read(your_model.asked(loaded.models, data.x), data.x, data.y)
            functions = read.model.functions if len(read.model.functions) > 1 else read.model.functions[0]
            found = find_symmetry(functions, data.x, action, output_action=output_action, targets=read.targets)
            carried = _carried(found, read.model.functions[0], data.x)
            score = _score(read.model.functions, data.x, read.targets)
    return carried | {
        "kind": read.model.kind,
        "given": data.given,
        "read_as": read.said,
        "score": score,
        "warnings": sorted({str(warning.message) for warning in caught if warning.category is UserWarning}),
        "fields": {f.name: getattr(found, f.name) for f in fields(found) if f.name not in ("action", "output_action")},
    }


def actions_of(question: Question, x: Tensor | None = None) -> tuple[Action, Action | None]:
    """The actions of a question, held against its samples where these are given."""
    output = your_action.action(question.output_action) if question.output_action else None
    return your_action.action(question.action, x), output


def found(measured: dict, question: Question) -> Symmetry:
    """What `find_symmetry` found, from what `ask` returned."""
    action, output_action = actions_of(question)
    return Symmetry(action=action, output_action=output_action, **measured["fields"])


def _carried(found: Symmetry, function: your_model.Function, x: Tensor) -> dict:
    """Samples along the first directions, and how far the function moves on their way; as far as they can be followed,
    as flows that are not linear may blow up."""
    for turn in TURNS[:-1]:
        with contextlib.suppress(ValueError, RuntimeError):
            return {"turn": turn} | _pictured(found, x, turn) | _followed(found, function, x, turn)
    return {"turn": TURNS[-1]} | _pictured(found, x, TURNS[-1]) | _followed(found, function, x, TURNS[-1])


def _pictured(found: Symmetry, x: Tensor, turn: float) -> dict:
    """Frames of an image, (k, FRAMES, C, H, W) from 0 to 1, or orbits of other samples' vectors, (k, ORBITS, PLACES,
    2), in the plane in which they move most."""
    directions = found.coefficients[: max(1, min(found.dimension, SHOWN))]
    if isinstance(found.action, Affine2d):
        times, still = _times(turn, FRAMES), x[:1].expand(FRAMES, -1, -1, -1)
        frames = torch.stack([found.action.act(v, still, times) for v in directions])
        return {"frames": (frames - frames.min()) / (frames.max() - frames.min()).clamp_min(1e-30)}
    times, copies = _times(turn, PLACES), getattr(found.action, "copies", 1)
    still = x[:ORBITS].double().repeat_interleave(PLACES, 0)
    orbits = []
    for v in directions:
        moved = found.action.act(v, still, times.repeat(len(still) // PLACES))
        orbit = moved.reshape(-1, PLACES, copies, moved[0].numel() // copies).transpose(1, 2).flatten(0, 1)[:ORBITS]
        plane = torch.linalg.svd(orbit.diff(dim=1).flatten(0, 1), full_matrices=False).Vh[:2]
        orbits.append(torch.nn.functional.pad(orbit @ plane.T, (0, 2 - len(plane))))
    return {"orbits": torch.stack(orbits)}


def angles(turn: float, count: int) -> list[float]:
    """So many places of the way, in degrees."""
    return torch.linspace(-turn, turn, count).tolist()


def _times(turn: float, count: int) -> Tensor:
    return 2**0.5 * torch.deg2rad(torch.tensor(angles(turn, count), dtype=torch.float64))


def _score(functions: list[your_model.Function], x: Tensor, y: Tensor | None) -> float | None:
    """How well the model does on its targets: the share of right classes, or R² of values."""
    if y is None:
        return None
    made = torch.stack([your_model.outputs(f, x[: len(y)]).reshape(len(y), -1).double() for f in functions]).mean(0)
    if not y.is_floating_point():
        return float((made.argmax(1) == y).double().mean())
    y = y.reshape(len(y), -1)
    return float(1 - (made - y).square().sum() / (y - y.mean(0)).square().sum())


def _followed(found: Symmetry, function: your_model.Function, x: Tensor, turn: float) -> dict:
    """How far the function moves along the symmetries, or the lowest direction, and along random ones, and the ratio of
    both; no ratio where all directions are symmetries, or where both are rounding."""
    samples, steps, directions = FOLLOWED[found.action.linear]
    check = finite_check(
        function,
        x[:samples],
        found.action,
        found.coefficients,
        max(1, found.dimension),
        output_action=found.output_action,
        output_coefficients=found.output_coefficients,
        turn=turn,
        steps=steps,
        directions=directions,
    )
    told = found.dimension < len(found.variance) and float(check.random.max()) > ROUNDING
    return {
        "angles": check.angles,
        "along": check.learned,
        "random": check.random,
        "ratio": check.ratio if told else None,
    }

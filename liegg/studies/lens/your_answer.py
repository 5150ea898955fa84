"""The symmetries of a reader's own model: what is asked, and what is measured for the answer."""

import warnings
from dataclasses import fields
from typing import NamedTuple

import torch
from torch import Tensor

from liegg import find_symmetry
from liegg.actions import Action, Affine2d
from liegg.actions.flow import flow_of
from liegg.studies.lens import your_data, your_model
from liegg.symmetry.finite import finite_check
from liegg.symmetry.result import Symmetry

SHOWN = 4  # directions whose orbits are drawn
ORBITS = 6  # samples that are carried
TURN = 90.0  # degrees of a plane rotation of the same norm, to which they are carried either way
PLACES = 41
FOLLOWED = 500  # samples of the finite check
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
    loaded = your_model.load(question.model)
    data = your_data.read(question.inputs, question.targets, loaded.module, samples=samples, seed=seed)
    action, output_action = actions_of(question, data.x)
    model, targets, read_as = your_data.labels(data, your_model.asked(loaded.models, data.x))
    functions = model.functions if len(model.functions) > 1 else model.functions[0]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = find_symmetry(functions, data.x, action, output_action=output_action, targets=targets)
        found.decision, found.identify()
    about = {
        "score": _score(model.functions, data.x, targets),
        "kind": model.kind,
        "outputs": list(model.outputs),
        "given": data.given,
        "read_as": read_as,
        "warnings": sorted({str(warning.message) for warning in caught if warning.category is UserWarning}),
        "fields": {f.name: getattr(found, f.name) for f in fields(found) if f.name not in ("action", "output_action")},
    }
    return about | _carried(found, data.x) | _followed(found, model.functions[0], data.x)


def actions_of(question: Question, x: Tensor | None = None) -> tuple[Action, Action | None]:
    """The actions of a question, held against its samples where these are given."""
    output = your_data.action(question.output_action) if question.output_action else None
    return your_data.action(question.action, x), output


def found(measured: dict, question: Question) -> Symmetry:
    """What `find_symmetry` found, from what `ask` returned."""
    action, output_action = actions_of(question)
    return Symmetry(action=action, output_action=output_action, **measured["fields"])


def _carried(found: Symmetry, x: Tensor) -> dict:
    """Samples along the first directions: frames of an image, (k, FRAMES, C, H, W) from 0 to 1, or orbits of other
    samples' vectors, (k, ORBITS, PLACES, 2), in the plane in which they move most."""
    directions = found.coefficients[: max(1, min(found.dimension, SHOWN))]
    if flow_of(found.action):
        return {}
    if isinstance(found.action, Affine2d):
        times, still = _times(FRAMES), x[:1].expand(FRAMES, -1, -1, -1)
        frames = torch.stack([found.action.act(v, still, times) for v in directions])
        return {"frames": (frames - frames.min()) / (frames.max() - frames.min())}
    times, copies = _times(PLACES), getattr(found.action, "copies", 1)
    still = x[:ORBITS].double().repeat_interleave(PLACES, 0)
    orbits = []
    for v in directions:
        moved = found.action.act(v, still, times.repeat(len(still) // PLACES))
        orbit = moved.reshape(-1, PLACES, copies, moved[0].numel() // copies).transpose(1, 2).flatten(0, 1)[:ORBITS]
        plane = torch.linalg.svd(orbit.diff(dim=1).flatten(0, 1), full_matrices=False).Vh[:2]
        orbits.append(torch.nn.functional.pad(orbit @ plane.T, (0, 2 - len(plane))))
    return {"orbits": torch.stack(orbits)}


def angles(count: int) -> list[float]:
    """So many places of the way, in degrees."""
    return torch.linspace(-TURN, TURN, count).tolist()


def _times(count: int) -> Tensor:
    return 2**0.5 * torch.deg2rad(torch.tensor(angles(count), dtype=torch.float64))


def _score(functions: list[your_model.Function], x: Tensor, y: Tensor | None) -> float | None:
    """How well the model does on its targets: the share of right classes, or R² of values."""
    if y is None:
        return None
    with torch.no_grad():
        made = torch.stack([f(x[: len(y)]).reshape(len(y), -1).double() for f in functions]).mean(0)
    if not y.is_floating_point():
        return float((made.argmax(1) == y).double().mean())
    y = y.reshape(len(y), -1)
    return float(1 - (made - y).square().sum() / (y - y.mean(0)).square().sum())


def _followed(found: Symmetry, function: your_model.Function, x: Tensor) -> dict:
    """How far the function moves, along the first directions and along random ones, up to TURN."""
    if flow_of(found.action):
        return {}
    check = finite_check(
        function,
        x[:FOLLOWED],
        found.action,
        found.coefficients,
        max(1, min(found.dimension, SHOWN)),
        output_action=found.output_action,
        output_coefficients=found.output_coefficients,
        turn=TURN,
        steps=18,
    )
    return {"angles": check.angles, "along": check.learned, "random": check.random, "ratio": check.ratio}

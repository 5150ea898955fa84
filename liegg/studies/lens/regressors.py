"""Regressors that are no torch, asked by differences: which symmetries have scikit-learn's models learned?

Their settings are a first choice, made on samples of another seed than those reported, and were not tuned.
"""

import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_ridge import KernelRidge
from sklearn.neural_network import MLPRegressor
from sklearn.svm import SVR
from torch import Tensor

from liegg import algebra
from liegg.actions import Linear
from liegg.symmetry.black_box import BlackBox, black_box
from liegg.symmetry.find import find_symmetry
from liegg.symmetry.result import Symmetry

REGRESSORS: dict[str, Callable[[int], Any]] = {
    "kernel ridge": lambda seed: KernelRidge(kernel="rbf", gamma=0.1, alpha=1e-3),
    "support vectors": lambda seed: SVR(C=100, gamma="scale"),
    "network": lambda seed: MLPRegressor(
        hidden_layer_sizes=(64, 64), activation="tanh", max_iter=300, random_state=seed
    ),
    "forest": lambda seed: RandomForestRegressor(50, random_state=seed),
}
ACTION, SO3 = Linear(3, copies=2), algebra.so(3)
MODELS = 3  # of every kind, each from samples of its own


def target(x: Tensor) -> Tensor:
    """|u|² + sin(u·v) of two vectors (B, 6), which no rotation changes."""
    u, v = x.unflatten(1, (2, 3)).unbind(1)
    return u.square().sum(1) + (u * v).sum(1).sin()


def cases(regressors: Sequence[str] = tuple(REGRESSORS), *, seed: int) -> list[dict]:
    return [{"task": "regressors", "regressor": name, "seed": seed} for name in regressors]


def measure(case: dict, *, samples: int, points: int) -> dict:
    """What three regressors of a kind say, each fitted to so many samples, at fresh points.

    r2         of each, at the points
    error      of differences, the largest over the three; where `black_box` refuses the function there are no answers
    answers    of one alone, of three together, and of one with labels: dimension, ends of the interval, the largest
               angle of as many lowest directions to so(3) in degrees, and seconds
    """
    g = torch.Generator().manual_seed(case["seed"])
    draw = lambda n: torch.randn(n, 6, generator=g, dtype=torch.float64)
    models = []
    for i in range(MODELS):
        x = draw(samples)
        with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):  # so many steps are the setting
            models.append(REGRESSORS[case["regressor"]](case["seed"] + i).fit(x.numpy(), target(x).numpy()))
    x = draw(points)
    said: dict = {"r2": [float(model.score(x.numpy(), target(x).numpy())) for model in models]}
    try:
        boxes = [black_box(model.predict, x) for model in models]
    except ValueError as refused:
        return said | {"refused": str(refused)}
    said["error"] = max(box.error for box in boxes)
    asked: dict[str, BlackBox | list[BlackBox]] = {"one": boxes[0], "three": boxes, "one, labels": boxes[0]}
    said["answers"] = {
        kind: _answer(model, x, target(x) if "labels" in kind else None) for kind, model in asked.items()
    }
    return said


def _answer(model: BlackBox | list[BlackBox], x: Tensor, labels: Tensor | None) -> dict:
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*the targets are left aside")  # the table's R² says so
        found: Symmetry = find_symmetry(model, x, ACTION, targets=labels)
    seconds = time.perf_counter() - began
    low, high = found.dimension_interval
    angle = float(algebra.principal_angles(found.directions[: len(SO3)], SO3)[-1])
    return {"dimension": found.dimension, "low": low, "high": high, "angle": angle, "seconds": seconds}


def rows(cases: Sequence[dict], measured: Sequence[dict]) -> list[dict]:
    """A row for every answer, and one for every regressor that was refused."""
    table = []
    for case, said in zip(cases, measured):
        about = {"regressor": case["regressor"], "r2": min(said["r2"]), "error": said.get("error")}
        answers = said.get("answers") or {"refused": dict.fromkeys(("dimension", "low", "high", "angle", "seconds"))}
        table += [about | {"asked": kind} | answer for kind, answer in answers.items()]
    return table

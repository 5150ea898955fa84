"""The vector fields that leave regressed functions of the plane as they are: tasks of Shaw et al. (NeurIPS 2024).

Each run draws N points x, learns y = f(x) from values without noise, asks which fields V have V f = 0, and compares the
first of them with the true one W by the similarity |⟨V, W⟩| / ‖V‖ ‖W‖, with ⟨V, W⟩ the integral of V · W over the
smallest box around the points, or the mean over them. What is kept is how much it falls short of one.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from liegg.actions import Affine, Polynomial
from liegg.actions.base import Action
from liegg.studies.fit import fit
from liegg.symmetry.find import find_symmetry
from liegg.training.networks import mlp

NODES = 6  # of the quadrature along each axis: exact to degree 11
HIDDEN = [64, 64]  # units of the network, ReLU between its layers
LR = 1e-3  # of Adam, each step on all points
RADIUS = 2.0  # of the disc


class Task(NamedTuple):
    """A function of the plane and the field that leaves it as it is."""

    function: Callable[[Tensor], Tensor]
    action: Action
    """the fields that are asked about"""
    field: Tensor
    """(K,) the true one"""
    degree: int | None
    """of the polynomials that learn, enough for f; None for a network"""
    draw: Callable[[int, torch.Generator], Tensor]


def _normal(mean: Sequence[float], deviations: Sequence[float]) -> Callable[[int, torch.Generator], Tensor]:
    mean, deviations = (torch.tensor(v, dtype=torch.float64) for v in (mean, deviations))
    return lambda N, g: mean + deviations * torch.randn(N, 2, generator=g, dtype=torch.float64)


def _disc(N: int, g: torch.Generator) -> Tensor:
    square, turn = torch.rand(2, N, generator=g, dtype=torch.float64)
    return RADIUS * square.sqrt()[:, None] * torch.stack([(2 * torch.pi * turn).cos(), (2 * torch.pi * turn).sin()], 1)


def _field(action: Action, rows: Sequence[Sequence[float]]) -> Tensor:
    return action.coefficients(torch.tensor(rows, dtype=torch.float64))


QUADRATIC = Polynomial(2, degree=2)  # monomials 1, x₁, x₂, x₁², x₁x₂, x₂²
AFFINE = Affine(2)  # x₁, x₂, 1
TASKS = {
    "ellipses": Task(
        lambda x: (x[:, 0] - 1) ** 2 + 4 * (x[:, 1] - 1) ** 2,
        AFFINE,
        _field(AFFINE, [[0, -4, 4], [1, 0, -1], [0, 0, 0]]),
        2,
        _normal([1, 1], [2, 1]),
    ),
    "cubic": Task(
        lambda x: x[:, 0] ** 3 - x[:, 1] ** 2,
        QUADRATIC,
        _field(QUADRATIC, [[0, 0, 2, 0, 0, 0], [0, 0, 0, 3, 0, 0]]),
        3,
        _normal([0, 0], [2, 2]),
    ),
    "circles": Task(
        lambda x: x.square().sum(1), AFFINE, _field(AFFINE, [[0, 1, 0], [-1, 0, 0], [0, 0, 0]]), None, _disc
    ),
}
"""(a), (b) and (c) of published comparisons; N((1, 1), diag(4, 1)) and N(0, 4 · 1) are taken to give variances."""
PUBLISHED: dict[tuple[str, int], dict[str, float]] = {
    ("ellipses", 200): {"similarity": 0.99999936, "half range": 5.6e-7, "seconds": 2.2},
    ("ellipses", 2000): {"similarity": 0.99999992, "seconds": 2.6},
    ("ellipses", 20000): {"similarity": 0.999999985, "seconds": 5.6},
    ("cubic", 2000): {"similarity": 0.99834, "half range": 0.00062, "seconds": 2.7},
}
"""Medians of ten runs and half their interquartile range, by task and N (outputs saved in the authors' notebooks)."""
PUBLISHED_CIRCLES = (-0.0002, 0.7104, 0.0045), (-0.7037, -0.0056, 0.0006)
"""The field that they found for the circles, [L | b] (the same source)."""


@dataclass(frozen=True, eq=False)
class Regression:
    """A polynomial of the plane, a torch function."""

    coefficients: Tensor
    """(P,) of the monomials"""
    degree: int

    def __call__(self, x: Tensor) -> Tensor:
        return monomials(x, self.degree) @ self.coefficients.to(x)


def monomials(x: Tensor, degree: int) -> Tensor:
    """(N, 2) -> (N, (degree + 1)(degree + 2)/2)."""
    return torch.stack([x[:, 0] ** (d - i) * x[:, 1] ** i for d in range(degree + 1) for i in range(d + 1)], 1)


def regressed(x: Tensor, y: Tensor, degree: int) -> Regression:
    """The polynomial of least squares through y (N,) at x (N, 2)."""
    solved = torch.linalg.lstsq(monomials(x, degree), y[:, None]).solution
    return Regression(solved[:, 0], degree)


def networks(x: Tensor, y: Tensor, *, seeds: Sequence[int], steps: int) -> list[nn.Module]:
    """ReLU networks trained on all of their own points x (M, N, 2) and values y (M, N) at each step, in float32."""
    nets = [
        nn.Sequential(*(nn.ReLU() if isinstance(layer, nn.SiLU) else layer for layer in made))
        for made in (mlp([2, *HIDDEN, 1], seed=seed, bias=True) for seed in seeds)
    ]
    return fit(nets, x.float(), y.float()[..., None], batch_size=x.shape[1], steps=steps, lr=LR, seeds=seeds)


def shortfall(V: Tensor, W: Tensor, action: Action, points: Tensor, weights: Tensor) -> float:
    """1 - |⟨V, W⟩| / ‖V‖ ‖W‖ of fields (K,), with ⟨V, W⟩ the weighted sum of V · W over points (P, 2), weights (P,).

    By what is left of W without its part along V, so that it is exact far below the rounding of one. Raises ValueError
    for fields that are zero at all points.
    """
    v, w = (torch.einsum("k,pkc->pc", c, action.velocity(points)) * weights.sqrt()[:, None] for c in (V, W))
    if not (v.any() and w.any()):
        raise ValueError("a field that is zero everywhere is similar to none: give others")
    v, w = v / v.norm(), w / w.norm()
    rest = (w - (v * w).sum() * v).norm().clamp(max=1)
    return float(rest.square() / (1 + (1 - rest.square()).sqrt()))


def box(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """Points (P, 2) and weights (P,) that integrate over a box from corner low to high, (2,) each."""
    nodes, weights = map(torch.from_numpy, np.polynomial.legendre.leggauss(NODES))
    points = low + (torch.cartesian_prod(nodes, nodes) + 1) / 2 * (high - low)
    return points, torch.outer(weights, weights).flatten() * (high - low).prod() / 4


def as_published(V: Tensor, W: Tensor, x: Tensor) -> float:
    """The shortfall of affine fields (6,) as their evaluation has it: over the box that has as its sides the ranges of
    the two coordinates of the first point and of the second, of fields whose coefficients, two rows of three, were
    read as three rows of two. It tells other fields on another box: one for the same fields, and else by chance."""
    read = lambda c: c.reshape(3, 2).T.flatten()
    return shortfall(read(V), read(W), AFFINE, *box(x[:2].amin(1), x[:2].amax(1)))


def cases(samples: dict[str, Sequence[int]], *, runs: int, seed: int) -> list[dict]:
    """A case for every task and N, with so many runs, of seeds from `seed` on. Raises ValueError for other tasks."""
    if unknown := set(samples) - set(TASKS):
        raise ValueError(f"tasks are {', '.join(TASKS)}, not {', '.join(map(str, unknown))}")
    return [
        {"task": "regression fields", "function": name, "samples": N, "runs": runs, "seed": seed}
        for name, sizes in samples.items()
        for N in sizes
    ]


def measure(case: dict, *, steps: int = 5000) -> dict[str, dict[str, list]]:
    """What is found in each run, {what is asked: numbers}, numbers in lists, one a run.

    Asked are the exact function and the regression; where a network learns, the network, the network "with labels" of
    as many new points, and the networks of all runs "together", if there are three. Numbers are

    dimension       how many fields count
    field           (K,) the first, of length one, in the direction of the true one
    by box, by data the shortfall of its similarity with that
    as published    the same as their evaluation has it; None where fields are not affine
    seconds         that it took, regression or training apart (the one number that the case does not determine)

    steps    of the networks' training
    """
    task, seeds = TASKS[case["function"]], range(case["seed"], case["seed"] + case["runs"])
    points = [task.draw(2 * case["samples"], torch.Generator().manual_seed(seed)) for seed in seeds]
    learn, held = torch.stack(points).chunk(2, 1)
    values = torch.stack([task.function(x) for x in learn])
    said: dict[str, dict[str, list]] = {}

    def ask(what: str, functions: object, x: Tensor, targets: Tensor | None = None) -> None:
        start = time.perf_counter()
        found = find_symmetry(functions, x, task.action, targets=targets)
        numbers = {"dimension": found.dimension, "seconds": time.perf_counter() - start}
        for name, number in (numbers | _compared(task, found.coefficients[0], x)).items():
            said.setdefault(what, {}).setdefault(name, []).append(number)

    if task.degree is not None:
        for x, y in zip(learn, values):
            ask("exact", task.function, x)
            ask("regression", regressed(x, y, task.degree), x)
        return said
    nets = networks(learn, values, seeds=seeds, steps=steps)
    for x, fresh, net in zip(learn, held, nets):
        ask("exact", task.function, x)
        ask("network", net, x)
        ask("with labels", net, fresh, task.function(fresh)[:, None])
    if len(nets) > 2:
        ask("together", nets, learn[0])
    return said


def _compared(task: Task, field: Tensor, x: Tensor) -> dict:
    field = field / field.norm() * (field @ task.field).sign()
    fields = field, task.field, task.action
    return {
        "field": field.tolist(),
        "by box": shortfall(*fields, *box(x.amin(0), x.amax(0))),
        "by data": shortfall(*fields, x, torch.ones(len(x), dtype=x.dtype)),
        "as published": as_published(field, task.field, x) if task.action is AFFINE else None,
    }


def angle(field: Sequence[float], truth: Sequence[float]) -> float:
    """Degrees between the lines of two coefficient vectors."""
    v, w = (torch.nn.functional.normalize(torch.tensor(c, dtype=torch.float64), dim=0) for c in (field, truth))
    along = (v @ w).abs()
    return float(torch.atan2((w - (v @ w) * v).norm(), along).rad2deg())


def rows(cases: Sequence[dict], measured: Sequence[dict]) -> list[dict]:
    """A row for every case and what is asked there: in how many runs one field counts, medians of shortfalls with half
    their interquartile range, seconds and the median angle of the field's coefficients to the true ones in degrees;
    beside theirs."""
    table = []
    for case, said in zip(cases, measured, strict=True):
        truth = TASKS[case["function"]].field.tolist()
        theirs = PUBLISHED.get((case["function"], case["samples"]), {})
        for what, numbers in said.items():
            half = lambda values: float(np.subtract(*np.percentile(values, [75, 25]))) / 2
            row = {
                "function": case["function"],
                "samples": case["samples"],
                "asked": what,
                "one field": sum(d == 1 for d in numbers["dimension"]),
                "runs": len(numbers["dimension"]),
            }
            for name in ("by box", "by data", "as published"):
                known = [value for value in numbers[name] if value is not None]
                row |= {name: statistics.median(known), f"{name} ±": half(known)} if known else {}
            row |= {
                "angle": statistics.median(angle(field, truth) for field in numbers["field"]),
                "seconds": statistics.median(numbers["seconds"]),
                "theirs": 1 - theirs["similarity"] if theirs else None,
                "theirs ±": theirs.get("half range"),
                "their seconds": theirs.get("seconds"),
            }
            table.append(row)
    return table

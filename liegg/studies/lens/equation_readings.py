"""What is read off the six differential equations: symmetries found beside those there are, and beside LieNLSD's."""

import statistics
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from liegg.studies.lens.boosts import UNIT
from liegg.studies.lens.equations import BOOSTS, EQUATIONS, normal
from liegg.symmetry.find import find_symmetry

PUBLISHED: dict[str, dict[str, Any]] = {
    "heat": {"distance": (0.00074, 0.00010), "LieGAN": (2.593, 0.038), "found": 8},
    "Burgers": {"distance": (0.0126, 0.0020), "LieGAN": (1.578, 0.047), "found": 6},
    "KdV": {"distance": (0.0052, 0.0015), "LieGAN": (1.559, 0.000), "found": 4},
    "wave": {"distance": (0.0140, 0.0001), "LieGAN": (2.357, 0.151), "found": 20},
    "NLS": {"distance": (0.0862, 0.0131), "LieGAN": (2.221, 0.050), "found": 6},
    "reaction-diffusion": {"distance": (0.1239, 0.0182), "LieGAN": (1.108, 0.108), "found": 5},
}
"""LieNLSD's Grassmann distances of linear parts, mean and deviation of three draws, LieGAN's in the same table, and how
many generators its answer has, by a threshold set for each task (the authors' evaluator, run on their released
tensors)."""


def _published(name: str) -> dict:
    mean, deviation = PUBLISHED[name]["distance"]
    rival, rival_deviation = PUBLISHED[name]["LieGAN"]
    return {
        "LieNLSD found": PUBLISHED[name]["found"],
        "LieNLSD distance": mean,
        "LieNLSD ±": deviation,
        "LieGAN distance": rival,
        "LieGAN ±": rival_deviation,
    }


def exact_rows(cases: Sequence[dict], measured: Sequence[dict]) -> list[dict]:
    """A row for every equation, asked exactly: candidates, symmetries that there are and that were found (least and
    most, over draws), the largest distances, relative variances on both sides of the step, and mean seconds."""
    return [
        {
            "equation": case["equation"],
            "candidates": EQUATIONS[case["equation"]].action.size,
            "true": len(EQUATIONS[case["equation"]].known),
            "found, least": min(said["dimension"]),
            "found, most": max(said["dimension"]),
            "LieNLSD found": PUBLISHED[case["equation"]]["found"],
            "distance": max(said["distance"]),
            "linear distance": max(said["linear distance"]),
            "null": max(said["null"]),
            "next": min(said["next"]),
            "seconds": statistics.mean(said["seconds"]),
        }
        for case, said in zip(cases, measured, strict=True)
    ]


def learned_rows(cases: Sequence[dict], measured: Sequence[dict]) -> list[dict]:
    """A row for every equation, number of samples and what was asked: dimensions found in each draw, the widest
    interval, in how many draws it is right, means and deviations of distances over draws, beside theirs."""
    table = []
    key = lambda answer: (answer["samples"], answer["asked"])
    for case, said in zip(cases, measured, strict=True):
        true = len(EQUATIONS[case["equation"]].known)
        for (samples, asked), group in groupby(sorted(said["answers"], key=key), key=key):
            answers = list(group)
            found = [answer["dimension"] for answer in answers]
            row = {
                "equation": case["equation"],
                "samples": samples,
                "asked": asked,
                "error": statistics.mean(said["errors"]),
                "true": true,
                "found": found,
                "certain": min(answer["interval"][0] for answer in answers),
                "possible": max(answer["interval"][1] for answer in answers),
                "right": sum(d == true for d in found),
                "draws": len(found),
            }
            for name in ("linear distance", "distance"):
                values = [answer[name] for answer in answers]
                row |= {name: statistics.mean(values), f"{name} ±": statistics.pstdev(values)}
            table.append(row | _published(case["equation"]))
    return table


def known_rows(cases: Sequence[dict], measured: Sequence[dict]) -> list[dict]:
    """A row for every known symmetry of every learned equation: its relative variance and coherence, and whether it is
    one of the boosts that the published answer misses."""
    return [
        {
            "equation": case["equation"],
            "symmetry": name,
            "published": not (case["equation"] == "NLS" and name in BOOSTS),
            "relative variance": variance,
            "coherence": said["coherence"][name],
        }
        for case, said in zip(cases, measured, strict=True)
        for name, variance in said["variance"].items()
    ]


def fields(name: str, *, samples: int, seed: int) -> list[str]:
    """The symmetries that the exact equation shows at normal jets, in words: the basis in which each field has a
    candidate of its own, as textbooks choose it."""
    equation = EQUATIONS[name]
    found = find_symmetry(equation, normal(equation, samples, seed=seed), equation.action)
    return [equation.action.described(field) for field in reduced(found.coefficients[: found.dimension])]


def reduced(span: Tensor, zero: float = 1e-8) -> Tensor:
    """(d, K) another basis of independent rows (d, K), in reduced row echelon form: what is below `zero` is none."""
    rows, done = span.clone(), 0
    for column in range(rows.shape[1]):
        best = done + int(rows[done:, column].abs().argmax())
        if rows[best, column].abs() <= zero * span.abs().max():
            continue
        rows[[done, best]] = rows[[best, done]]
        rows[done] /= rows[done, column].clone()
        others = torch.arange(len(rows)) != done
        rows[others] -= rows[others, column : column + 1] * rows[done]
        done += 1
        if done == len(rows):
            break
    return rows


def boost_rows(case: dict, measured: dict) -> list[dict]:
    """A row for every parameter c: how far from solving the equation the solution is, and what it is carried to."""
    return [
        {"c": multiple * UNIT, "solution": measured["solution"]}
        | {what: residuals[i] for what, residuals in measured["carried"].items()}
        for i, multiple in enumerate(case["multiples"])
    ]

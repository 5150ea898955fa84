"""What is read off SymCert's benchmark of invariance: how often something is declared, and how often falsely."""

from collections.abc import Sequence
from itertools import product

from liegg.studies.lens.invariance_benchmark import DELTA, WAYS
from liegg.studies.statistics import rate

PUBLISHED = {
    ("box", 0.01): {1000: 1.0, 4000: 1.0, 16000: 1.0, 64000: 1.0},
    ("box", 0.05): {1000: 0.0, 4000: 0.87, 16000: 1.0, 64000: 1.0},
    ("box", 0.2): {1000: 0.0, 4000: 0.0, 16000: 0.0, 64000: 0.93},
    ("sector", 0.01): {1000: 0.0, 4000: 0.0, 16000: 0.0, 64000: 0.0},
    ("sector", 0.05): {1000: 0.0, 4000: 0.0, 16000: 0.0, 64000: 0.0},
    ("sector", 0.2): {1000: 0.0, 4000: 0.0, 16000: 0.0, 64000: 0.0},
}
"""The mean dimension that SymCert declares on *invariant*, of 300 repeats, by inputs and σ, then N; it has no false
certification in any cell (the released result files of github.com/Kendiukhov/certified-symmetry-discovery)."""
PUBLISHED_DEFECTS = {"invariant": 0.0, "near, .02": 0.025, "near, .05": 0.063, "near, .2": 0.231, "none": 0.113}
"""ρ of the rotation (the same source)."""


def rows(cases: Sequence[dict], measured: Sequence[dict]) -> list[dict]:
    """A row for every cell, place and way: the mean dimension; the share of repeats in which something is declared, and
    in which that is a false certification, with its 95 % interval; the share with a defect above δ by the inputs of
    where it was asked; and SymCert's mean dimension of *invariant*."""
    table = []
    for case, said in zip(cases, measured, strict=True):
        theirs = PUBLISHED.get((case["inputs"], case["noise"]), {}) if case["function"] == "invariant" else {}
        for (place, ways), way in product(said.items(), WAYS):
            dimension, defect, there = ways[way].values()
            wrong, wrong_there = (rate(value > DELTA for value in values) for values in (defect, there))
            assert wrong is not None and wrong_there is not None
            table.append(
                {
                    **{key: case[key] for key in ("function", "inputs", "noise", "samples")},
                    "asked": place,
                    "way": way,
                    "dimension": sum(dimension) / len(dimension),
                    "declared": sum(d > 0 for d in dimension) / len(dimension),
                    "false": wrong["value"],
                    "false from": wrong["low"],
                    "false to": wrong["high"],
                    "false there": wrong_there["value"],
                    "repeats": len(dimension),
                    "SymCert": theirs.get(case["samples"]),
                }
            )
    return table


def overall(table: Sequence[dict]) -> list[dict]:
    """From `rows` a row for inputs, place and way: the mean and the worst share of false certifications over all cells,
    the same by the inputs of where it was asked, and how many cells there are."""
    groups: dict[tuple, list[dict]] = {}
    for row in table:
        groups.setdefault((row["inputs"], row["asked"], row["way"]), []).append(row)
    return [
        {
            **dict(zip(("inputs", "asked", "way"), key)),
            **{name: sum(row[name] for row in group) / len(group) for name in ("false", "false there")},
            **{f"worst {name}": max(row[name] for row in group) for name in ("false", "false there")},
            "cells": len(group),
        }
        for key, group in groups.items()
    ]

"""What groups of few and of many networks say of functions of families: answers, probabilities, statements."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from scipy.stats import t as student
from torch import Tensor

from liegg.studies.lens.families import FAMILIES, LOOKED_AT, function_of
from liegg.studies.lens.holdout import setting_of
from liegg.studies.statistics import rate
from liegg.symmetry.result import Symmetry

EDGES = 0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 1.0  # of probabilities, between which directions are counted


class Group(NamedTuple):
    """What networks that learned one function say together."""

    row: dict
    """set, family, function, networks, error (the worst of theirs), true, found, low, high; right, over, inside"""
    found: Symmetry


def groups(cases: Sequence[dict], measured: Sequence[dict], *, alpha: float) -> list[Group]:
    """All groups of what `growth.survey` measured in each case, with their most likely dimension."""
    read = []
    for case, seen in zip(cases, measured):
        family, seed = case["family"], case["seed"]
        drawn = function_of(family, seed=seed, thickness=setting_of(seed=seed).thickness)
        about = {"family": family, "function": seed, "true": FAMILIES[family].dimension}
        about["set"] = "looked at" if family in LOOKED_AT else "run once"
        for size, of_size in seen["groups"].items():
            for group in of_size:
                found = Symmetry(action=drawn.action, output_action=drawn.output_action, alpha=alpha, **group["seen"])
                error = max(seen["errors"][a] for a in group["members"])
                read.append(
                    Group(about | {"networks": int(size), "error": error} | _answer(found, about["true"]), found)
                )
    return read


def _answer(found: Symmetry, true: int) -> dict:
    low, high = found.dimension_interval
    d = found.dimension
    return {
        "found": d, "low": low, "high": high, "right": d == true, "over": d > true, "inside": low <= true <= high
    }  # fmt: skip


def directions(read: Sequence[Group]) -> list[dict]:
    """One row a direction that is not null to rounding: the group's row, with the probability that it is a symmetry,
    the bin of EDGES, and whether it is."""
    rows = []
    for group in read:
        decision = group.found.decision
        if decision.odds is None:
            continue
        for i, p in enumerate(decision.probability.tolist()):
            if i >= decision.exact:
                place = max(j for j, edge in enumerate(EDGES[:-1]) if p >= edge)
                rows.append(group.row | {"probability": p, "bin": place, "symmetry": i < group.row["true"]})
    return rows


def stated(read: Sequence[Group], *, tolerance: float, alpha: float) -> list[dict]:
    """One row a group: of how many directions it is sure that they have less signal than is tolerated ("within"), of
    how many that they have more ("beyond"), and of how many neither ("untold"); as shares of all, and whether more are
    within than there are symmetries."""
    rows = []
    for group in read:
        decision = replace(group.found, tolerance=tolerance, alpha=alpha).decision
        within = (decision.bound < tolerance).double().mean().item()
        beyond = (decision.least > tolerance).double().mean().item()
        more = decision.dimension > group.row["true"]
        rows.append(group.row | {"within": within, "beyond": beyond, "untold": 1 - within - beyond, "more": more})
    return rows


def growth(
    rows: Sequence[dict], few: Hashable, many: Hashable, *, by: str = "networks", column: str = "right"
) -> Tensor:
    """(functions, 2) of every function that is in rows of both kinds, `few` and `many` in the column `by`: the shares
    of them that are true in `column`, as right answers are."""
    shares: dict[Hashable, dict[Hashable, list[bool]]] = {}
    for row in rows:
        shares.setdefault(row["function"], {}).setdefault(row[by], []).append(row[column])
    both = [of for of in shares.values() if few in of and many in of]
    means = [[sum(of[n]) / len(of[n]) for n in (few, many)] for of in both]
    return torch.tensor(means, dtype=torch.float64).reshape(-1, 2)


def of_draws(hits: int, draws: int) -> dict[str, float] | None:
    """The share of hits among independent draws as an estimate for `record`; None without draws."""
    return rate([True] * hits + [False] * (draws - hits))


def reach(networks: int, *, alpha: float, points: int) -> dict[str, float]:
    """What so many networks can tell at level alpha where their errors are spread over so many independent points: the
    least p that flips of whole networks' signs can have, and the ratio of shared to own variance from which on a test
    of nothing shared rejects in half of the cases."""
    error = (2 / (networks * (networks - 1) * points)) ** 0.5
    return {"flips": 2.0 ** (1 - networks), "ratio": float(student.ppf(1 - alpha, networks - 1)) * error}

"""What kept factors say of functions whose symmetries are known: the zoo, other methods, equivariance."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from liegg import algebra
from liegg.actions import Action, Affine2d
from liegg.studies.lens.equivariance import SO3
from liegg.studies.lens.families import FAMILIES, LOOKED_AT, function_of
from liegg.studies.lens.rivals import Discovery, by_step
from liegg.studies.lens.target import Target
from liegg.studies.lens.targets import known
from liegg.symmetry.factors import Factors
from liegg.symmetry.find import decide, find_symmetry
from liegg.symmetry.result import Symmetry

NAMES = {
    "so(3)+so(3)": "so(3) + so(3)",
    "linear": "gl(2) ⋉ R^2",
    "so(2)+translation": "so(2) + translation",
    "so(3) in a subspace": "so(3)",
    "images, so(2)": "so(2)",
    "images, se(2)": "se(2)",
}
"""What `identify` should say of a target's algebra, where that is not the target's own name."""

SORTS = {
    **dict.fromkeys(("so(2)", "so(3)", "so(5)", "so(3)+so(3)", "so(3) in a subspace"), "rotations"),
    **dict.fromkeys(("so(1,3)", "sl(2)", "sp(2)", "scaling"), "stretches"),
    "linear": "linear",
}
"""Targets whose group keeps points together, those whose group carries them outwards, and the function of one
coordinate, whose gradients are parallel."""


class Task(NamedTuple):
    """One target in one basis, learned by a group of networks, and what was found."""

    case: dict
    """target, basis, noise, width and samples"""
    target: Target
    rows: list[dict]
    """what `examine` says: one row for the networks together, one for each alone"""
    found: Symmetry
    """of the networks together"""

    def directions(self) -> list[dict]:
        """One row a direction of the networks together: the case, the target's sort ("rest" where SORTS has none), the
        group's error, whether the direction is nearer than 30 degrees to the true algebra, and its measures."""
        found, true = self.found, self.target.algebra
        near = found.bias(true) < 0.5 if len(true) else torch.zeros(len(found.variance), dtype=torch.bool)
        about = self.case | {"sort": SORTS.get(self.case["target"], "rest")}
        return [
            about | {"error": self.rows[0]["error"], "symmetry": s, "variance": v, "chance": c, "coherence": k}
            for s, v, c, k in zip(
                near.tolist(), found.relative_variance.tolist(), found.chance_ratio.tolist(), found.coherence.tolist()
            )
        ]


def tasks(cases: Sequence[dict], measured: Sequence[list[dict]], *, seed: int) -> list[Task]:
    """Every group of networks of the zoo: of each case what `zoo.survey` measured of it, with the same seed."""
    zoos: dict[int, dict[str, Target]] = {}
    read = []
    for case, groups in zip(cases, measured):
        for group in groups:
            b = group["basis"]
            if b not in zoos:
                zoos[b] = known(seed=seed + b)
            target, own = zoos[b][case["target"]], case | {"basis": b, "noise": group["noise"]}
            rows, found = examine(target, group["errors"], group["together"], group["paid"])
            read.append(Task(own, target, [own | row for row in rows], found))
    return read


def examine(
    target: Target, errors: Sequence[float], factors: Factors, paid: Tensor | None = None
) -> tuple[list[dict], Symmetry]:
    """One row for the group of networks together and one for each alone, and the group's whole result.

    error           the network's; the group's is the worst
    true, found     dimensions; low, high the ends of the interval
    measures        what the odds rest on, with those of labels
    labelled        the dimension found with labels, of which `paid` tells (see `labelled.polarized`), and
    labelled_low, labelled_high    the ends of its interval; without `paid` there are none of the three
    angle           largest principal angle, in degrees, between the true algebra and as many lowest directions
    trivial         how many directions are called trivial, beyond those that are
    name            of the group: what its algebra is called, where the dimension is right
    """
    true, rows = len(target.algebra), []
    answers = _answers(errors, factors, paid, target.action)
    for row, found in answers:
        angles = algebra.principal_angles(found.directions[:true], target.algebra)
        angle = float(angles[-1]) if true else None
        rows.append(row | {"true": true, "angle": angle, "trivial": len(found.trivial) - target.trivial})
    together = answers[0][1]
    match = together.identify() if together.dimension == true else None
    rows[0]["name"] = match.name if match else None
    return rows, together


def _answers(
    errors: Sequence[float], factors: Factors, paid: Tensor | None, action: Action, output_action: Action | None = None
) -> list[tuple[dict, Symmetry]]:
    """A row and the result without labels of networks together, and of each alone."""
    answers = []
    of = [factors, *(factors.alone(a) for a in range(factors.networks))]
    for i, (each, error) in enumerate(zip(of, [max(errors), *errors])):
        found = decide(each, action, output_action)
        low, high = found.dimension_interval
        row = {"kind": "one" if i else "several", "error": error, "found": found.dimension, "low": low, "high": high}
        row["measures"] = found.measures
        if paid is not None:
            share, uncertain = paid[i].double()
            labelled = replace(found, paid_share=share, paid_error=uncertain)
            row["measures"] = labelled.measures
            row["labelled"] = labelled.dimension
            row["labelled_low"], row["labelled_high"] = labelled.dimension_interval
        answers.append((row, found))
    return answers


def held_out(cases: Sequence[dict], measured: Sequence[dict]) -> list[dict]:
    """One row for the networks together and one for each alone that learned a function of a family: of each case what
    `holdout.survey` measured. Columns as `examine` has them, and

    set         "looked at" or "run once"
    function    its seed
    """
    rows = []
    for case, seen in zip(cases, measured):
        family, setting = FAMILIES[case["family"]], seen["setting"]
        drawn = function_of(case["family"], seed=case["seed"], thickness=setting["thickness"])
        about = {"family": case["family"], "function": case["seed"], "true": family.dimension, **setting}
        about["set"] = "looked at" if case["family"] in LOOKED_AT else "run once"
        answers = _answers(seen["errors"], seen["together"], seen["paid"], drawn.action, drawn.output_action)
        rows += [about | row for row, _ in answers]
    return rows


def said(rows: Sequence[dict]) -> list[dict]:
    """One row for each answer in what `examine` and `held_out` say: without labels and with them.

    way         "several", "one", "several, labels" or "one, labels"
    right, over, inside, single    whether the dimension is the true one, or more; whether the interval holds the true
                one, and whether it is a single number
    """
    answers = []
    for row in rows:
        kept = {key: value for key, value in row.items() if not key.startswith("labelled")}
        for way, prefix in ((row["kind"], ""), (f"{row['kind']}, labels", "labelled")):
            low, high = (row[f"{prefix}_{end}" if prefix else end] for end in ("low", "high"))
            found, true = row[prefix or "found"], row["true"]
            verdict = {"right": found == true, "over": found > true, "inside": low <= true <= high}
            answers.append(
                kept | {"way": way, "found": found, "low": low, "high": high, "single": low == high} | verdict
            )
    return answers


def untrained(factors: dict[str, Factors], *, seed: int) -> dict[str, list[int]]:
    """Dimensions found in what `zoo.untrained` measured with this seed: of each group together ("several") and of each
    network alone ("one")."""
    dimensions: dict[str, list[int]] = {"several": [], "one": []}
    for name, target in known(seed=seed).items():
        of = factors[name]
        dimensions["several"].append(decide(of, target.action).dimension)
        dimensions["one"] += [decide(of.alone(a), target.action).dimension for a in range(of.networks)]
    return dimensions


def exact(*, seed: int, points: int = 2000) -> dict[str, dict[str, float]]:
    """What find_symmetry says of the targets themselves, those of vectors that have a symmetry, in float64: dimension
    and found one, the largest relative variance of a symmetry, and the largest angle to the algebra in degrees."""
    rows = {}
    for name, target in known(seed=seed).items():
        true = len(target.algebra)
        if not true or isinstance(target.action, Affine2d):
            continue
        found = find_symmetry(target.function, target.points(points, seed=seed), target.action)
        rows[name] = {
            "dimension": true,
            "found": found.dimension,
            "relative variance": found.relative_variance[true - 1].item(),
            "angle (degrees)": found.angles(target.algebra)[-1].item() if found.dimension else None,
        }
    return rows


def discovery(answer: Factors | dict, action: Action) -> Discovery:
    """What a method says of one data set, from what `comparison.compare` kept; LieGG's strength is the symmetry
    variance, the mean over its networks."""
    if not isinstance(answer, Factors):
        return Discovery(**answer)
    found = decide(answer, action)
    return Discovery(found.directions, found.variance, found.dimension)


def of_method(measured: dict, target: Target, seeds: Sequence[int]) -> list[dict]:
    """One row a data set of what `comparison.compare` kept: true and found dimension, that by the largest step in its
    spectrum (both None where it had to be told), the largest and mean angle to the true algebra (degrees), seconds of
    the answer and megabytes of all."""
    rows, true = [], len(target.algebra)
    for seed, answer, seconds in zip(seeds, measured["answers"], measured["seconds"]):
        said = discovery(answer, target.action)
        angles = algebra.principal_angles(said.directions[:true], target.algebra) if true else None
        rows.append(
            {
                "seed": seed,
                "true": true,
                "dimension": said.dimension,
                "dimension_by_step": None if said.dimension is None else by_step(said.strength),
                "angle": angles[-1].item() if true else None,
                "angle_mean": angles.mean().item() if true else None,
                "seconds": seconds,
                "megabytes": measured["megabytes"],
            }
        )
    return rows


def beside(found: Symmetry, algebras: dict[str, Tensor]) -> list[dict]:
    """One row a found direction: of which of the algebras (k, n, n) it has most, by name, how many degrees it is away
    from it, and its coherence with both ends of the interval."""
    rows = []
    away = {name: found.bias(of).clamp(0, 1).asin().rad2deg() for name, of in algebras.items()}
    for i in range(found.dimension):
        nearest = min(away, key=lambda name: away[name][i])
        low, high = found.coherence_interval[i].tolist()
        rows.append(
            {
                "nearest": nearest,
                "degrees": away[nearest][i].item(),
                "coherence": found.coherence[i].item(),
                "low": low,
                "high": high,
            }
        )
    return rows


def ranged(values: Tensor, *, digits: int = 3) -> str:
    """Values of a few data sets in words: their median with the lowest and the highest where these differ, of fewer
    than three all of them, "–" where there are none; nan is none."""
    some = values[~values.isnan()]
    said = [f"{value:.{digits}g}" for value in some.tolist()]
    if len(set(said)) < 2:
        return said[0] if said else "–"
    if len(said) < 3:
        return ", ".join(said)
    median, low, high = (f"{value:.{digits}g}" for value in (some.quantile(0.5), some.min(), some.max()))
    return f"{median} ({low} to {high})"


def of_so3(found: Symmetry) -> dict[str, object]:
    """What a result says of so(3): dimension, name, largest angle, and how far the outputs' generators are from those
    of the inputs, relative to these; None where nothing was found."""
    match = found.identify()
    A, B = found.generators, found.output_generators
    return {
        "dimension": found.dimension,
        "algebra": match.name if match else "none",
        "angle": found.angles(SO3)[-1].item() if found.dimension else None,
        "difference": ((A - B).norm() / A.norm()).item() if found.dimension else None,
        "silent": len(found.trivial_outputs),
    }

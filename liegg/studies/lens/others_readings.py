"""What is said of the networks that others made, as decided from what was measured."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from liegg.actions import Linear
from liegg.studies.lens.others import ALONE, ATOMS, BOX, FIELD, MADE, MOVING, NORM, SHIFTED, TOGETHER
from liegg.studies.statistics import rate
from liegg.symmetry.find import decide
from liegg.symmetry.result import Symmetry

WAYS = "known", "random"
"""motions that are known, one by one, and in random combinations"""
NAMED = ALONE, FIELD
"""what is asked where every answer gets a name"""
NEAR = 1.0  # degrees to the known symmetries


class Answer(NamedTuple):
    """What is found of a case that was measured."""

    case: dict
    known: Tensor
    """(d, n, n) what is known to leave its function alone"""
    found: Symmetry
    """the directions that surely have less signal than was tolerated"""
    guess: int
    """how many count without a tolerance"""


def answers(cases: Sequence[dict], measured: Sequence[dict], tolerance: float) -> list[Answer]:
    """One a case whose package was there."""
    said = []
    for case, got in zip(cases, measured, strict=True):
        if "needs" not in got:
            output = Linear(3) if case["network"] == "e3nn" and case["asked"] != NORM else None
            asked = got["factors"], MOVING if case["network"] == "e3nn" else ATOMS, output
            found = decide(*asked, tolerance=tolerance)
            said.append(Answer(case, got["known"], found, decide(*asked).dimension))
    return said


def situation(case: dict) -> str:
    """What a case asks of which network, in a few words."""
    strength = {FIELD: f" {case.get('field'):g}", BOX: f" {case.get('box'):g} Å"} if case["network"] == "CHGNet" else {}
    together = f", {TOGETHER}" if case.get("weights") == TOGETHER else ""
    return f"{case['network']}, {case['asked']}{strength.get(case['asked'], '')}{together}"


def rows(said: Sequence[Answer]) -> list[dict]:
    """One line an answer: what was asked, how many symmetries there are (true), are certain (dimension) and are
    guessed, the name of the certain ones, and where they are as many as there are their largest angle to these, in
    degrees; kept, the largest relative variance of as many directions as there are symmetries, and broken, the least of
    the others. Only those of NAMED have names, and the first of every other situation, as naming takes long."""
    lines: list[dict] = []
    for case, known, found, guess in said:
        new = situation(case) not in {line["situation"] for line in lines}
        match = found.identify() if found.dimension and (new or case["asked"] in NAMED) else None
        true = len(known)
        lines.append(
            {"situation": situation(case)}
            | {name: value for name, value in case.items() if name != "turned"}
            | {"true": true, "dimension": found.dimension, "guess": guess, "name": match and match.name}
            | {"angle": float(found.angles(known)[-1]) if found.dimension == true else None}
            | dict(zip(("kept", "broken"), found.relative_variance[true - 1 : true + 1].tolist()))
        )
    return lines


def right(row: dict) -> bool:
    """Whether the certain directions are as many as there are, and within NEAR degrees of them."""
    return row["angle"] is not None and row["angle"] <= NEAR


def guessed(row: dict) -> bool:
    """Whether the best guess is as many as there are."""
    return row["guess"] == row["true"]


def share(lines: Iterable[dict], hit: Callable[[dict], bool] = right) -> dict | None:
    """The share of hits, as an estimate for `record`: a draw is a network of e3nn's, or geometries of a cluster, which
    all weights are asked at. None where nothing was measured."""
    lines = list(lines)
    return rate([hit(row) for row in lines], [(row.get("cluster"), row["seed"]) for row in lines])


def situations(lines: Sequence[dict]) -> list[str]:
    """In the order in which they were asked."""
    return list(dict.fromkeys(row["situation"] for row in lines))


def by_situation(lines: Sequence[dict], name: str) -> dict[str, Tensor]:
    """The values of a column, (M,) a situation."""
    return {s: torch.tensor([row[name] for row in lines if row["situation"] == s]) for s in situations(lines)}


def spectra(said: Sequence[Answer], **about: object) -> dict[str, Tensor]:
    """Relative variances (M,) by the number of the direction, of the cases that are `about` this."""
    variances = torch.stack([a.found.relative_variance for a in said if about.items() <= a.case.items()])
    return {str(i): column for i, column in enumerate(variances.T, 1)}


def turns(cases: Sequence[dict], measured: Sequence[dict]) -> tuple[Tensor, dict[str, Tensor]]:
    """Angles (T,) in degrees, and how far each network's output is from where it should be after motions that are
    known, one by one and in combinations, (M, T) each, in its standard deviations."""
    checked = [(case["network"], got) for case, got in zip(cases, measured, strict=True) if "angles" in got]
    change = {
        network: torch.cat([got[f"along {way}"] for name, got in checked if name == network for way in WAYS])
        for network in dict.fromkeys(name for name, _ in checked)
    }
    return (checked[0][1]["angles"] if checked else torch.zeros(0)), change


def generators(said: Sequence[Answer]) -> tuple[Tensor, list[str]]:
    """Generators (k, n, n) that were found, with titles: of CHGNet's first weights and cluster alone, in the strongest
    field and in the smallest box; of e3nn's first network where CHGNet's was not asked."""
    first: dict[str, Tensor] = {}
    for a in sorted(said, key=lambda a: (-a.case.get("field", 0), a.case.get("box", 0))):
        first.setdefault(a.case["asked"], a.found.generators)
    asked = [name for name in (ALONE, FIELD, BOX) if name in first] or [MADE, SHIFTED]
    titles = [f"{name}, {i}" for name in asked for i in range(1, len(first[name]) + 1)]
    return torch.cat([first[name] for name in asked]), titles

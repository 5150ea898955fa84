"""What is said of the networks that others made: rows, shares and series of what was measured."""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from liegg.studies.lens.others import ALONE, BOX, FIELD, MADE, SHIFTED, TOGETHER
from liegg.studies.statistics import rate

NEAR = 1.0  # degrees to the known symmetries


def situation(case: dict) -> str:
    """What a case asks of which network, in a few words."""
    strength = {FIELD: f" {case.get('field'):g}", BOX: f" {case.get('box'):g} Å"} if case["network"] == "CHGNet" else {}
    together = f", {TOGETHER}" if case.get("weights") == TOGETHER else ""
    return f"{case['network']}, {case['asked']}{strength.get(case['asked'], '')}{together}"


def rows(cases: Sequence[dict], measured: Sequence[dict]) -> list[dict]:
    """One line a case that was measured: what it asks, true, dimension, guess and name, angle to what is known, kept,
    the largest relative variance of as many directions as there are symmetries, and broken, the least of the others."""
    lines = []
    for case, got in zip(cases, measured, strict=True):
        if "needs" not in got:
            said = {name: got[name] for name in ("true", "dimension", "guess", "name", "angle")}
            about = {name: value for name, value in case.items() if name != "turned"}
            ends = {"kept": got["variance"][got["true"] - 1], "broken": got["variance"][got["true"]]}
            lines.append({"situation": situation(case)} | about | said | ends)
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


def by_situation(lines: Sequence[dict], name: str) -> dict[str, Tensor]:
    """The values of a column, (M,) a situation."""
    return {s: torch.tensor([row[name] for row in lines if row["situation"] == s]) for s in situations(lines)}


def situations(lines: Sequence[dict]) -> list[str]:
    """In the order in which they were asked."""
    return list(dict.fromkeys(row["situation"] for row in lines))


def spectra(cases: Sequence[dict], measured: Sequence[dict], **about: object) -> dict[str, Tensor]:
    """Relative variances (M,) by the number of the direction, of the cases that are `about` this; {} if there are
    none."""
    values = [got["variance"] for case, got in _measured(cases, measured) if about.items() <= case.items()]
    return {str(i): torch.tensor(column) for i, column in enumerate(zip(*values), 1)}


def turns(cases: Sequence[dict], measured: Sequence[dict]) -> tuple[Tensor, dict[str, Tensor]]:
    """Angles (T,) in degrees, and how far each network's output moves along motions that were found, and along random
    ones, (M, T) each, in its standard deviations."""
    checked = [(case["network"], got) for case, got in _measured(cases, measured) if "angles" in got]
    change = {
        f"{network}, {way}": torch.cat([got[f"along {way}"] for name, got in checked if name == network])
        for network in dict.fromkeys(name for name, _ in checked)
        for way in ("found", "random")
    }
    return (checked[0][1]["angles"] if checked else torch.zeros(0)), change


def generators(cases: Sequence[dict], measured: Sequence[dict]) -> tuple[Tensor, list[str]]:
    """Generators (k, n, n) that were found, with titles: of CHGNet's first weights and cluster alone, in the strongest
    field and in the smallest box; of e3nn's first network where CHGNet's was not asked."""
    every = sorted(_measured(cases, measured), key=lambda pair: (-pair[0].get("field", 0), pair[0].get("box", 0)))
    first: dict[str, Tensor] = {}
    for case, got in every:
        first.setdefault(case["asked"], got["generators"])
    asked = [name for name in (ALONE, FIELD, BOX) if name in first] or [MADE, SHIFTED]
    titles = [f"{name}, {i}" for name in asked for i in range(1, len(first[name]) + 1)]
    return torch.cat([first[name] for name in asked]), titles


def _measured(cases: Sequence[dict], measured: Sequence[dict]) -> Iterable[tuple[dict, dict]]:
    """Cases with what was found, without those whose package is missing."""
    return ((case, got) for case, got in zip(cases, measured, strict=True) if "needs" not in got)

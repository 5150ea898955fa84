"""What learned layers say: which pathway each one uses, by four measures that need not agree."""

from collections.abc import Sequence

import torch
from torch import Tensor

from liegg.studies.cases import select as select
from liegg.studies.layerwise.schedule import METHODS

MEASURES = {
    "relative": "relative effective parameters, the paper's R",
    "effective": "effective parameters, γ",
    "energy": "share of the output's energy",
}
"""shares that a layer's type can be read from"""


def layers(found: dict) -> list[dict]:
    """A row for every layer and pathway of a network that `learning.learn` returned.

    layer       from 1
    path        its name
    precisions  δ of its weight tensors: one, or those of U and V
    effective   γ, the effective number of parameters of its weights, of `size`
    normalised  γ/P of a tensor, the mean over U and V: the paper's n
    relative    n over the sum of the layer's: the paper's R
    energy      its share of the output's energy, images apart
    error       the layer's equivariance error (of all pathways together)
    """
    rows = []
    for place, shares in enumerate(found["shares"]):
        of_layer = [_path(found, place, path) | {"energy": share} for path, share in shares.items()]
        total = sum(row["normalised"] for row in of_layer) or 1.0
        error = float(found["errors"][place])
        rows += [row | {"relative": row["normalised"] / total, "error": error} for row in of_layer]
    return rows


def _path(found: dict, place: int, path: str) -> dict:
    names = [
        name
        for name in found["precision"]
        if name.startswith(f"layers.{place}.paths.{path}.") and "bias" not in name.rsplit(".", 1)[1]
    ]
    ratios = [found["effective"][name] / found["size"][name] for name in names]
    return {
        "layer": place + 1,
        "path": path,
        "precisions": [found["precision"][name] for name in names],
        "effective": sum(found["effective"][name] for name in names),
        "size": sum(found["size"][name] for name in names),
        "normalised": sum(ratios) / len(ratios),
    }


def shares(found: dict, measure: str) -> dict[str, list[float]]:
    """{pathway: its share in every layer} by one of MEASURES."""
    rows, result = layers(found), {}
    for row in rows:
        total = sum(r[measure] for r in rows if r["layer"] == row["layer"]) or 1.0
        result.setdefault(row["path"], []).append(row[measure] / total)
    return result


def types(found: dict, measure: str) -> list[str]:
    """The pathway with the largest share in every layer."""
    by_path = shares(found, measure)
    return [max(by_path, key=lambda path: by_path[path][place]) for place in range(len(found["shares"]))]


def overall(found: dict, path: str, measure: str = "relative") -> tuple[float, float, float]:
    """The share of a pathway in percent, mean over the layers, least and largest: the paper's table 3."""
    values = 100 * torch.tensor(shares(found, measure)[path])
    return values.mean().item(), values.min().item(), values.max().item()


def histories(found: dict) -> tuple[list[int], dict[str, Tensor]]:
    """Epochs of the updates, and log10 of the prior variance after each, {pathway: (layers, updates)}; of a pathway
    with two tensors the smaller one, as one alone switches it off."""
    history = found["history"]
    if not history.numel():
        return [], {}
    names = list(found["precision"])
    result: dict[str, list[Tensor]] = {}
    for place, parts in enumerate(found["shares"]):
        for path in parts:
            prefix = f"layers.{place}.paths.{path}."
            places = [1 + i for i, n in enumerate(names) if n.startswith(prefix) and "bias" not in n.rsplit(".", 1)[1]]
            result.setdefault(path, []).append(history[:, places].amin(1))
    return [int(epoch) for epoch in history[:, 0]], {path: torch.stack(lines) for path, lines in result.items()}


def disagreements(found: dict) -> list[tuple[int, dict[str, str]]]:
    """Layers, from 1, whose type depends on which of MEASURES it is read from, with the type that each gives."""
    by_measure = {measure: types(found, measure) for measure in MEASURES}
    named = [{m: kinds[i] for m, kinds in by_measure.items()} for i in range(len(found["shares"]))]
    return [(i + 1, kinds) for i, kinds in enumerate(named) if len(set(kinds.values())) > 1]


def ranking(values: dict[str, float]) -> str:
    """Names from the largest value to the least, with > between them."""
    return " > ".join(sorted(values, key=values.get, reverse=True))


def gains(cases: Sequence[dict], found: Sequence[dict], measure: str) -> dict[str, float]:
    """By how much a number of the learned network is larger than that of the network with fixed priors: {the case in
    words: Laplace - MAP}, for cases that both have."""
    named = {}
    for case, f in zip(cases, found, strict=True):
        words = ", ".join(str(v) for k, v in case.items() if k != "method")
        named.setdefault(words, {})[case["method"]] = f[measure]
    return {words: v["Laplace"] - v["MAP"] for words, v in named.items() if set(v) == set(METHODS)}


def rows(cases: Sequence[dict], found: Sequence[dict]) -> list[dict]:
    """Rows for `record`: one a layer and pathway of every network."""
    table = []
    for case, f in zip(cases, found, strict=True):
        of_network = {name: f[name] for name in ("accuracy", "nll", "log_evidence", "kept")}
        for row in layers(f):
            δ = row.pop("precisions")
            table.append(case | of_network | row | {"precision": δ[0], "precision_V": δ[1] if len(δ) > 1 else None})
    return table

"""What trials of world models say: means over seeds, and differences between models of one seed."""

from collections.abc import Sequence

import torch
from torch import Tensor


def values(found: Sequence[dict], metric: str) -> Tensor:
    """(runs,) a metric of every run; nan where training collapsed or the metric was not measured."""
    return torch.tensor([f["metrics"].get(metric, float("nan")) for f in found], dtype=torch.float64)


def shown(found: Sequence[dict], metric: str, digits: int = 1) -> str:
    """Mean ± standard deviation over the runs that did not collapse, or an en dash where there is none."""
    kept = values(found, metric)
    kept = kept[kept.isfinite()]
    if not len(kept):
        return "–"
    mean = f"{kept.mean():.{digits}f}"
    return mean if len(kept) < 2 else f"{mean} ± {kept.std():.{digits}f}"


def gain(found: Sequence[dict], other: Sequence[dict], metric: str) -> list[float | None]:
    """metric - other's, seed by seed; None where either collapsed, and nothing where one was not run."""
    if not found or not other:
        return []
    difference = values(found, metric) - values(other, metric)
    return [d.item() if d.isfinite() else None for d in difference]


def collapses(cases: Sequence[dict], found: Sequence[dict]) -> list[str]:
    """Runs that collapsed, in words, with the step."""
    return [
        f"{', '.join(str(v) for v in case.values())}: at step {f['collapsed']}"
        for case, f in zip(cases, found, strict=True)
        if f["collapsed"] is not None
    ]


def rows(cases: Sequence[dict], found: Sequence[dict]) -> list[dict]:
    """Rows for `record`: one a run."""
    return [
        case | {"parameters": f["parameters"], "collapsed": f["collapsed"]} | f["metrics"]
        for case, f in zip(cases, found, strict=True)
    ]

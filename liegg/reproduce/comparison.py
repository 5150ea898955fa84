"""A run with the reader's own parameters beside the stored run: what was changed, and what it changed."""

import math

from liegg.reproduce import intervals, markdown
from liegg.reproduce.intervals import APART
from liegg.reproduce.markdown import code
from liegg.reproduce.project import Run
from liegg.reproduce.results import read_json
from liegg.reproduce.table import Experiment


def beside(run: Run, experiment: Experiment, result: dict) -> str:
    """Two tables, of parameters and of metrics; "" unless the run has parameters of the reader's own and there is a
    stored one."""
    stored = read_json(run.reference(experiment.name))
    if not run.overrides or stored is None:
        return ""
    return f"""## Beside the stored run

The stored run has the paper's settings (commit {stored["provenance"]["commit"]}). ≠ marks parameters that differ from
its own, and metrics more than {APART:g} standard errors of the difference away from it.

{markdown.table(["parameter", "here", "stored", "default"], _parameters(experiment, result, stored))}

{markdown.table(["metric", "here", "stored", "difference (standard errors)"], _metrics(result, stored))}
"""


def _parameters(experiment: Experiment, result: dict, stored: dict) -> list[list[str]]:
    rows = []
    for p in experiment.parameters().values():
        here, there = (r["parameters"].get(p.name) for r in (result, stored))
        mark = "" if here == there else "**≠** "
        rows.append([code(p.name), mark + code(repr(here)), code(repr(there)), code(repr(p.default))])
    return rows


def _metrics(result: dict, stored: dict) -> list[list[str]]:
    rows = []
    for name, metric in result["metrics"].items():
        other = stored["metrics"].get(name)
        rows.append([code(name), _shown(metric), _shown(other) if other else "–", _difference(metric, other)])
    return rows


def _shown(metric: dict) -> str:
    """With its interval, or the one value there is, or how many there are."""
    if interval := intervals.of_metric(metric):
        return str(interval)
    numbers = [v for v in metric["values"] if v is not None]
    if len(metric["values"]) == 1:
        return f"{numbers[0]:.4g}" if numbers else "none"
    return f"{len(numbers)} of {len(metric['values'])} have a value"


def _difference(metric: dict, other: dict | None) -> str:
    """In standard errors of the difference, marked where it is large; or why there is none."""
    if other is None:
        return "not comparable: not in the stored run"
    pair = [intervals.of_metric(m) for m in (metric, other)]
    if None in pair:
        return "the same" if _shown(metric) == _shown(other) else "**≠** (no interval)"
    apart = intervals.difference(*pair)
    if math.isinf(apart):
        return "**≠** (neither of them varies)"
    return f"**≠ {apart:+.1f}**" if abs(apart) > APART else f"{apart:+.1f}" if apart else "the same"

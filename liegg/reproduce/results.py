"""Result files: what a notebook measured, with spread, parameters and provenance; written whole or not at all."""

import contextlib
import csv
import functools
import io
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import BaseModel, FiniteFloat, ValidationError

from liegg.reproduce import table, whole
from liegg.reproduce.loaded import require_unchanged
from liegg.reproduce.project import find_root

PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "pandas", "matplotlib", "seaborn")


def record(experiment: str, scope: dict, metrics: dict, rows: Sequence[dict] = ()) -> None:
    """Write the result file of an experiment from its notebook, and its table.

    scope      the notebook's globals(), where the values of its parameters stand
    metrics    by name a number or one number a network; None where there is none (no generator, no angle); or an
               estimate with its 95 % interval from n independent draws, a dict of value, low, high and n, and of a
               test also p, and wins if it is one of pairs
    rows       of the table, one a network: written as CSV beside the result

    The runner says where to by the variable LIEGG_RESULT; a notebook run by hand writes to book/_build/by-hand/results
    and says so. Raises ValueError for infinite values and for estimates that are none.
    """
    require_unchanged()
    target = os.environ.get("LIEGG_RESULT")
    path = Path(target) if target else find_root() / "book" / "_build" / "by-hand" / "results" / f"{experiment}.json"
    if rows:
        _write(path.with_suffix(".csv"), as_csv(rows))
    of = table.load()[experiment]
    result = {
        "experiment": experiment,
        "parameters": {name: scope[name] for name in of.parameters()},
        "metrics": {name: _summary(name, values) for name, values in metrics.items()},
        "provenance": provenance(of.packages) | {"memory": memory()},
    }
    write_json(path, result)
    if not target:
        print(f"written to {path}")


def provenance(packages: Sequence[str] = ()) -> dict:
    """What ran where: commit, versions, those of optional packages too, machine, time."""
    return {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "versions": versions() | installed(packages),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPU cores",
    }


def versions() -> dict[str, str]:
    """Of Python and the libraries that numbers and figures depend on."""
    return {"python": platform.python_version(), **_installed()}


@functools.cache
def _installed() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES}


def installed(packages: Sequence[str]) -> dict[str, str]:
    """The versions of those packages that are installed."""
    found = {}
    for name in packages:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def memory() -> float:
    """The most memory that this process has had at once, in GB; 0 where the system does not say."""
    try:
        from resource import RUSAGE_SELF, getrusage
    except ModuleNotFoundError:
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024
    return round(getrusage(RUSAGE_SELF).ru_maxrss * unit / 1e9, 3)


def commit() -> str:
    """The git commit of the project, with a note if its files differ from it."""
    git = ["git", "-C", str(find_root())]
    try:
        head = subprocess.run([*git, "rev-parse", "--short=10", "HEAD"], capture_output=True, check=True)
        dirty = subprocess.run([*git, "status", "--porcelain"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "not under git"
    return head.stdout.decode().strip() + (" with local changes" if dirty.stdout.strip() else "")


def write_json(path: Path, content: dict) -> None:
    _write(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def _write(path: Path, text: str) -> None:
    with whole.writing(path) as part:
        part.write_text(text, encoding="utf-8")


def as_csv(rows: Sequence[dict]) -> str:
    """Six digits a number; the columns of all rows, in order of appearance; nothing where a row has no value."""
    text = io.StringIO(newline="")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    table.writerows({k: _cell(v) for k, v in row.items()} for row in rows)
    return text.getvalue()


class _Drawn(BaseModel, extra="allow", strict=True):
    finished: str
    commit: str
    seconds: FiniteFloat
    memory: FiniteFloat = 0.0
    key: dict[str, dict]


class _Provenance(BaseModel, extra="allow", strict=True):
    finished: str
    commit: str
    versions: dict[str, str]
    machine: str
    seconds: FiniteFloat = 0.0
    memory: FiniteFloat = 0.0
    threads: int = 0
    profile: str = ""
    command: str = ""
    key: dict[str, dict] = {}
    drawn: _Drawn | None = None


class _Values(BaseModel, extra="allow", strict=True):
    values: list[bool | int | FiniteFloat | None]


class _Estimate(BaseModel, extra="allow", strict=True):
    value: FiniteFloat
    low: FiniteFloat
    high: FiniteFloat
    n: FiniteFloat


class _Result(BaseModel, strict=True):
    """What a result file has; `drawn` where the runner has finished it."""

    experiment: str
    parameters: dict
    metrics: dict[str, _Values | _Estimate]
    provenance: _Provenance


def read_json(path: Path) -> dict | None:
    """A result; None if there is no such file, or none that can be read: then it is as if it had not been made."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        checked = _Result.model_validate(result)
    except (OSError, ValueError, RecursionError, ValidationError):
        return None
    result["provenance"] = checked.provenance.model_dump()
    return result if checked.experiment == path.stem else None


def _cell(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.6g}" if value == value else None
    return value


def spread(values: object) -> str:
    """Mean ± standard deviation over networks, to two digits of the latter; the mean alone if they agree."""
    summary = _summary("", values)
    if "mean" not in summary:
        return "none"
    mean, sd = summary["mean"], summary.get("sd")
    if not sd:
        return f"{mean:.3g}"
    digits = max(0, 1 - math.floor(math.log10(sd)))
    return f"{mean:.{digits}f} ± {sd:.{digits}f}"


ESTIMATE = ({"value", "low", "high", "n"}, {"p", "wins"})  # what an estimate has, and what it may have beside


def _estimate(name: str, estimate: dict) -> dict:
    """An estimate as plain numbers."""
    must, may = ESTIMATE
    if not must <= set(estimate) <= must | may:
        raise ValueError(f"metric {name} must have value, low, high and n, and may have p and wins, not {estimate}")
    plain = {key: v.item() if hasattr(v, "item") else v for key, v in estimate.items()}
    if not all(math.isfinite(v) for v in plain.values()):
        raise ValueError(f"metric {name} is not finite: {plain}")
    if not plain["low"] <= plain["value"] <= plain["high"]:
        raise ValueError(f"metric {name} lies outside its own interval: {plain}")
    return plain


def _summary(name: str, values: object) -> dict:
    if isinstance(values, dict):
        return _estimate(name, values)
    values = values.tolist() if hasattr(values, "tolist") else values
    values = values if isinstance(values, list | tuple) else [values]
    values = [v.item() if hasattr(v, "item") else v for v in values]
    values = [None if v is None or v != v else v for v in values]
    numbers = [v for v in values if v is not None]
    if not all(math.isfinite(v) for v in numbers):
        raise ValueError(f"metric {name} is not finite: {values}")
    summary = {"values": list(values)}
    if numbers:
        summary |= {"mean": statistics.fmean(numbers), "min": min(numbers), "max": max(numbers)}  # type: ignore[dict-item]
    if len(numbers) > 1:
        summary["sd"] = statistics.stdev(numbers)
    return summary

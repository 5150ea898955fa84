"""Determinism: every notebook measured twice, and what is not the same, case by case."""

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import numpy as np

from liegg.reproduce import kept
from liegg.reproduce.keys import key
from liegg.reproduce.project import Run, say
from liegg.reproduce.results import read_json, write_json
from liegg.reproduce.runner import NONE, Limits, execute, run_experiments
from liegg.reproduce.table import Experiment
from liegg.reproduce.worker import Job

COSTS = {"seconds", "megabytes"}
"""names of what is measured of the machine, and differs from run to run, with all that follows from it"""
FEW = 4  # differences that are named


def twice(run: Run, experiments: list[Experiment], limits: Limits = NONE) -> bool:
    """Run what is not up to date, then all once more, aside; print what differs and keep it for the pages.

    True if all ran, and nothing but times, memory and what follows from them is another.
    """
    failed = run_experiments(run, experiments, {}, limits)
    again = Run(run.profile, root=run.root, aside="twice")
    there = [e for e in experiments if e.name not in failed]
    jobs = [Job(again, e, key(e, e.values(run.profile, {}), run.root), None) for e in there]
    failed += execute(jobs, limits) if jobs else []
    same = not failed
    for job in jobs:
        if job.name not in failed:
            found = differences(run, again, job.name)
            same &= not found["others"]
            measured = read_json(run.result(job.name))["provenance"]["finished"]
            write_json(
                run.twice(job.name),
                found | {"measured": measured, "again": read_json(again.result(job.name))["provenance"]["finished"]},
            )
            say(f"{job.name}: {in_words(found)}")
    return same


def differences(run: Run, again: Run, name: str) -> dict[str, list[str]]:
    """Where two measurements of a notebook and what was decided from them are not the same, bit for bit: "costs", times
    and memory, and "others". If costs differ, so may what was decided."""
    pair = [r.measured(name) for r in (run, again)]
    first, second = ({json.dumps(case): value for case, value in kept.read(path)} for path in pair)
    found = [f"case {case}: measured once" for case in first.keys() ^ second.keys()]
    found += [f"{case}{where}" for case in first.keys() & second.keys() for where in _unlike(first[case], second[case])]
    costs = sorted(place for place in found if COSTS & set(place.split(".")))
    others = sorted(set(found) - set(costs))
    if not costs:
        one, two = (read_json(r.result(name))["metrics"] for r in (run, again))
        others += [
            f"metric {name} ({_first(one.get(name), two.get(name))})"
            for name in sorted(one.keys() | two.keys())
            if one.get(name) != two.get(name)
        ]
        tables = [path.read_bytes() if path.is_file() else b"" for path in (run.table(name), again.table(name))]
        others += ["its table"] if tables[0] != tables[1] else []
    return {"costs": costs, "others": others}


def _first(one: dict | None, two: dict | None) -> str:
    """The first numbers that two metrics do not share, to all digits."""
    if one is None or two is None:
        return "in one of them"
    pairs = zip_longest(*([v for part in sorted(m) for v in np.atleast_1d(m[part])] for m in (one, two)))
    return next(f"{a} and {b}" for a, b in pairs if a != b)


def in_words(found: dict[str, list[str]]) -> str:
    """What two runs of a notebook differ in, in a sentence without its full stop."""
    if places := found["others"]:
        more = f", and {len(places) - FEW} more" if len(places) > FEW else ""
        return f"two runs differ in {', '.join(places[:FEW])}{more}"
    return "two runs are the same, bit for bit" + (", but for times and memory" if found["costs"] else "")


def of_page(run: Run, name: str, measured: str) -> str:
    """What is known of two runs of the measurement that finished at a time; "" if it was not made twice."""
    try:
        found = json.loads(run.twice(name).read_text(encoding="utf-8"))
        return in_words(found) if found["measured"] == measured else ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""


def _unlike(one: Any, two: Any, place: str = "") -> Iterator[str]:
    """The places, as .key or .number, at which two kept values differ."""
    if isinstance(one, np.ndarray) and isinstance(two, np.ndarray):
        if one.dtype != two.dtype or one.shape != two.shape or one.tobytes() != two.tobytes():
            yield place
    elif isinstance(one, dict) and isinstance(two, dict) and one.keys() == two.keys():
        for name in one:
            yield from _unlike(one[name], two[name], f"{place}.{name}")
    elif isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for i, pair in enumerate(zip(one, two)):
            yield from _unlike(*pair, f"{place}.{i}")
    elif isinstance(one, dict | list | np.ndarray) or repr(one) != repr(two):
        yield place

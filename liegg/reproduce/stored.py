"""Results that come with the project, in data/reference/<profile>: how old they are, how they are put there, and
`verify`, which holds them against the code of today.

A result is stored with what it was drawn from, so that what the code of today decides and draws from it can be told in
seconds, and what it measures only by measuring again.
"""

import csv
import itertools
import math
import shutil
from pathlib import Path
from typing import NamedTuple

from liegg.reproduce import intervals, kept
from liegg.reproduce.intervals import APART
from liegg.reproduce.keys import changes, key, plan
from liegg.reproduce.project import Run, UserError
from liegg.reproduce.results import read_json
from liegg.reproduce.runner import Job, execute
from liegg.reproduce.table import Experiment

FEW = 5  # changes that are named
RELATIVE, ABSOLUTE = 1e-4, 1e-6  # by how much the same decision may differ on another machine


class Age(NamedTuple):
    """When a stored result was measured, and what has changed since."""

    commit: str
    since: list[str]
    """in words, each change of what the measurement depends on; empty if there is none"""

    def __str__(self) -> str:
        """At most FEW changes by name."""
        if not self.since:
            return f"stored at commit {self.commit}"
        more = f", and {len(self.since) - FEW} more" if len(self.since) > FEW else ""
        names = ", ".join(change.removesuffix(" changed") for change in self.since[:FEW])
        return f"stored at commit {self.commit}, code since changed: {names}{more}"


def age(run: Run, experiment: Experiment) -> Age | None:
    """How old the stored result of the run's profile is; None if there is none."""
    result = read_json(run.stored(experiment.name))
    if result is None:
        return None
    now = key(experiment, experiment.values(run.profile, {}), run.root)["measure"]
    made = result["provenance"]
    return Age(made["commit"], changes(made["key"], now))


def store(run: Run, experiments: list[Experiment]) -> list[str]:
    """Put results of a run, with what they were drawn from, in place of those stored; returns their names.

    Raises UserError for one that is not up to date.
    """
    for e in experiments:
        step, why = plan(run, e, key(e, e.values(run.profile, {}), run.root))
        if step:
            raise UserError(f"{e.name} is not up to date, so it is not stored: {why}")
    for e in experiments:
        place = run.stored(e.name)
        place.parent.mkdir(parents=True, exist_ok=True)
        for file in (run.result(e.name), run.measured(e.name), run.table(e.name)):
            target = place.with_suffix(file.suffix)
            target.unlink(missing_ok=True)
            if file.is_file():
                shutil.copy(file, target)
    return [e.name for e in experiments]


def verify(run: Run, experiments: list[Experiment], again: list[str], strict: bool) -> bool:
    """Print of every stored result what the code of today makes of it; True if nothing speaks against it.

    run       of the profile whose results are stored; its `aside` names the folder for what is made here
    again     the names of those that are measured anew; the others are decided and drawn from what is stored
    strict    whether a result that was not measured by the code of today, or by code under no commit, is refused

    What speaks against it: a decision that says something else, a number of a rerun more than APART = 3 standard
    errors of the difference away, a page that cannot be drawn. Raises UserError if nothing is stored.
    """
    stored = [e for e in experiments if run.stored(e.name).is_file()]
    if not stored:
        raise UserError(f"nothing is stored at profile {run.profile}: make reproduce, then make store")
    failed = execute([_job(run, e, again) for e in stored])
    good = not failed
    for e in experiments:
        if e not in stored:
            print(f"{e.name}: nothing is stored")
        elif e.name not in failed:
            moved = _moved(run, e.name, rerun=e.name in again)
            made = age(run, e)
            since = [] if e.name in again else made.since
            print("\n".join(_report(e.name, made, since, moved, rerun=e.name in again)))
            old = bool(since) or made.commit == "not under git" or "local changes" in made.commit
            good = good and not any(m.counts for m in moved) and not (strict and old)
    return good


def _moved(run: Run, name: str, *, rerun: bool) -> list["Moved"]:
    """What is not as it is stored, metrics first; of a rerun tables are not compared."""
    moved = compare(read_json(run.stored(name))["metrics"], read_json(run.result(name))["metrics"], rerun=rerun)
    return moved if rerun else moved + compare_tables(run.stored(name).with_suffix(".csv"), run.table(name))


def _report(name: str, made: Age, since: list[str], moved: list["Moved"], *, rerun: bool) -> list[str]:
    what = "measured again" if rerun else "decided and drawn again"
    how_many = f"{len(moved)} numbers moved" if moved else "no number moved"
    lines = [f"{name}: stored at commit {made.commit}; {what}, {how_many}", *(f"  {m}" for m in moved)]
    return lines + [f"  not rerun since {made.commit}: {'; '.join(since)}"] * bool(since)


def _job(run: Run, experiment: Experiment, again: list[str]) -> Job:
    """Draw a result from what is stored of it, with the parameters it was measured with; or measure it anew."""
    values, source = experiment.values(run.profile, {}), None
    if experiment.name not in again:
        values = experiment.values(run.profile, read_json(run.stored(experiment.name))["parameters"])
        source = run.stored(experiment.name).with_suffix(".npz")
        if kept.header(source) is None:
            missing = source.relative_to(run.root)
            raise UserError(f"{missing} is missing: make verify NOTEBOOK={experiment.name} measures it again")
    return Job(run, experiment, key(experiment, values, run.root), source)


class Moved(NamedTuple):
    """A number that is not what was stored."""

    name: str
    before: str
    after: str
    errors: float | None
    """by how many standard errors of the difference; None where there is no such error"""
    counts: bool
    """whether it speaks against what is stored"""

    def __str__(self) -> str:
        by = f", by {abs(self.errors):.2g} standard errors" if self.errors is not None else ""
        return f"{self.name}: {self.before} → {self.after}{by}{'  (!)' if self.counts else ''}"


def compare(before: dict, after: dict, *, rerun: bool) -> list[Moved]:
    """What moved between the metrics of two results, in the order of the first.

    The same decision on the same measurement must say the same. A rerun may differ by chance: it counts beyond
    APART = 3 standard errors of the difference, and of single values, which have none, where they are whole numbers.
    """
    moved = [Moved(name, "none", _shown(after[name]), None, True) for name in after if name not in before]
    for name, old in before.items():
        if name not in after:
            moved.append(Moved(name, _shown(old), "none", None, True))
            continue
        one, other = _numbers(old), _numbers(after[name])
        if len(one) == len(other) and all(map(_same, one, other)):
            continue
        pair = [intervals.of_metric(metric) for metric in (old, after[name])] if rerun else [None]
        errors = None if None in pair else intervals.difference(*pair)
        chance = rerun and not all(v is None or float(v).is_integer() for v in [*one, *other])
        counts = abs(errors) > APART if errors is not None else not chance
        moved.append(Moved(name, _shown(old), _shown(after[name]), errors, counts))
    return moved


def compare_tables(before: Path, after: Path) -> list[Moved]:
    """The first row of a table that the same measurement gives another, and how many such rows there are."""
    one, other = ([*csv.reader(path.open(encoding="utf-8"))] if path.is_file() else [] for path in (before, after))
    differing = [
        (mine, others)
        for mine, others in itertools.zip_longest(one, other, fillvalue=())
        if len(mine) != len(others) or not all(map(_same_cell, mine, others))
    ]
    if not differing:
        return []
    shown = [", ".join(row) or "none" for row in differing[0]]
    return [Moved(f"{len(differing)} of {max(len(one), len(other)) - 1} rows, first", *shown, None, True)]


def _same_cell(one: str, other: str) -> bool:
    try:
        return _same(float(one), float(other))
    except ValueError:
        return one == other


def _numbers(metric: dict) -> list[float | None]:
    return metric["values"] if "values" in metric else [metric["value"], metric["low"], metric["high"]]


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def _shown(metric: dict) -> str:
    if "values" not in metric:
        return str(intervals.of_metric(metric))
    first = ["none" if v is None else f"{v:.5g}" for v in metric["values"][:4]]
    return ", ".join(first + ["…"] * (len(metric["values"]) > 4))

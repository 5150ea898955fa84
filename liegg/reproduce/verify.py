"""Stored results held against the code of today: what it decides and draws from what was measured, or measures anew."""

import csv
import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from liegg.reproduce import claims, intervals, kept
from liegg.reproduce.errors import UserError
from liegg.reproduce.intervals import APART
from liegg.reproduce.keys import in_words, key
from liegg.reproduce.project import Run, say
from liegg.reproduce.results import installed, read_json
from liegg.reproduce.runner import execute
from liegg.reproduce.stored import age
from liegg.reproduce.table import Experiment
from liegg.reproduce.verdicts import judge
from liegg.reproduce.worker import Job

RELATIVE, ABSOLUTE = 1e-4, 1e-5  # by how much the same decision may differ on another machine


def verify(run: Run, experiments: dict[str, Experiment], again: list[str], strict: bool) -> bool:
    """Print of every stored result what the code of today makes of it; True if nothing speaks against it.

    run       of the profile whose results are stored; its `aside` names the folder for what is made here
    again     the names of those that are measured anew; the others are decided and drawn from what is stored
    strict    whether every experiment must have a stored result, measured by the code of today under a commit

    What speaks against it: a decision that says something else, a number of a rerun more than APART = 3 standard
    errors of the difference away, a verdict that a rerun turns round, a page that cannot be drawn, files that do not
    belong together. Raises UserError if nothing is stored, or nothing of what is to be measured anew.
    """
    names = sorted(path.stem for path in run.stored("").parent.glob("*.json"))
    if not names:
        raise UserError(f"nothing is stored at profile {run.profile}: make reproduce, then make store")
    if missing := [name for name in again if name not in names]:
        raise UserError(f"nothing is stored of {', '.join(missing)} at profile {run.profile}, so nothing to verify")
    reports = {name: Report() for name in [*experiments, *names]}
    jobs = []
    for name, report in reports.items():
        if name not in names:
            report.add("nothing is stored", against=strict)
        elif name not in experiments:
            report.add("is stored, and no notebook has this name", against=strict)
        else:
            try:
                jobs.append(job(run, experiments[name], again))
            except UserError as error:
                report.add(str(error), against=True)
    failed = execute(jobs) if jobs else []
    drawn = [j.experiment for j in jobs if j.name not in failed]
    for name in failed:
        reports[name].add("could not be drawn", against=True)
    for e in drawn:
        _compare_with_stored(run, e, reports[e.name], rerun=e.name in again, strict=strict)
    for name, line, against in _turned(run, experiments, [j.name for j in jobs], drawn, again):
        reports[name].add(line, against=against)
    for name, report in reports.items():
        say("\n  ".join([f"{name}: {report.head}", *report.lines]))
    return not any(report.against for report in reports.values())


class Report:
    """What there is to say of one stored result."""

    def __init__(self) -> None:
        self.head, self.against = "", False
        self.lines: list[str] = []

    def add(self, line: str, *, against: bool) -> None:
        """The first line stands beside the name, the others below it; whether it speaks against what is stored."""
        line += "  (!)" if against else ""
        self.against |= against
        if self.head:
            self.lines.append(line)
        else:
            self.head = line


def _compare_with_stored(run: Run, experiment: Experiment, report: Report, *, rerun: bool, strict: bool) -> None:
    stored, path = read_json(run.stored(experiment.name)), run.stored(experiment.name)
    moved = compare(stored["metrics"], read_json(run.result(experiment.name))["metrics"], rerun=rerun)
    moved += [] if rerun else compare_tables(path.with_suffix(".csv"), run.table(experiment.name))
    made = age(run, experiment)
    how = "measured again" if rerun else "decided and drawn again"
    how_many = f"{len(moved)} number{'s' * (len(moved) > 1)} moved" if moved else "no number moved"
    report.add(f"stored at commit {made.commit}; {how}, {how_many}", against=False)
    for m in moved:
        report.add(str(m), against=m.counts)
    header = {} if rerun else kept.header(path.with_suffix(".npz"))
    if any(header[part] != stored["provenance"].get(part) for part in header):
        report.add(f"{path.name} and what it says it was drawn from are not of one measurement", against=True)
    if made.since and not rerun:
        report.add(f"not rerun since {made.commit}: {in_words(made.since)}", against=strict)
    if made.commit == "not under git" or "local changes" in made.commit:
        report.add("measured by code that is under no commit", against=strict)


def _turned(
    run: Run, experiments: dict[str, Experiment], readable: list[str], drawn: list[Experiment], again: list[str]
) -> Iterator[tuple[str, str, bool]]:
    """Claims whose verdict is another now: experiment, what to say, and whether it counts; of a rerun a turn to or from
    undecided may be chance."""
    listed = claims.load(run.root)
    before = {name: read_json(run.stored(name)) for name in readable}
    after = before | {e.name: read_json(run.result(e.name)) for e in drawn}
    old, new = (judge(listed, results, experiments) for results in (before, after))
    for c in listed:
        pair = old[c.id], new[c.id]
        if pair[0].answer != pair[1].answer:
            chance = c.experiment in again and "undecided" in {pair[0].answer, pair[1].answer}
            yield c.experiment, f"{c.id}: {pair[0].word} → {pair[1].word}", not chance


def job(run: Run, experiment: Experiment, again: Sequence[str] = ()) -> Job:
    """Draw a result from what is stored of it, with the parameters it was measured with; or measure it anew.

    Raises UserError for what is stored and of no use.
    """
    values, source = experiment.values(run.profile, {}), None
    result, path = read_json(run.stored(experiment.name)), run.stored(experiment.name).relative_to(run.root)
    if result is None:
        raise UserError(f"{path} cannot be read: git checkout {path} brings it back")
    used = result["parameters"]
    if experiment.name in again:
        if lacking := set(experiment.packages) - set(installed(experiment.packages)):
            raise UserError(f"cannot be measured anew without {', '.join(sorted(lacking))}: make others installs them")
    else:
        values = experiment.values(run.profile, used)
        source = run.stored(experiment.name).with_suffix(".npz")
        if kept.header(source) is None:
            missing = source.relative_to(run.root)
            raise UserError(f"{missing} is missing or broken: make verify NOTEBOOK={experiment.name} measures it again")
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
        return f"{self.name}: {self.before} → {self.after}{by}"


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
    try:
        one, other = ([*csv.reader(path.open(encoding="utf-8"))] if path.is_file() else [] for path in (before, after))
    except (UnicodeDecodeError, csv.Error):
        return [Moved("its table", f"{before.name} cannot be read", "made anew", None, True)]
    differing = [
        (mine, others)
        for mine, others in itertools.zip_longest(one, other, fillvalue=())
        if len(mine) != len(others) or not all(map(_same_cell, mine, others))
    ]
    if not differing:
        return []
    mine, others = (", ".join(row) or "none" for row in differing[0])
    return [Moved(f"{len(differing)} of {max(len(one), len(other)) - 1} rows, first", mine, others, None, True)]


def _same_cell(one: str, other: str) -> bool:
    try:
        return _same(float(one), float(other))
    except ValueError:
        return one == other


def _numbers(metric: dict) -> list[float | None]:
    return metric["values"] if "values" in metric else [metric[part] for part in sorted(metric)]


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def _shown(metric: dict) -> str:
    if "values" not in metric:
        return str(intervals.of_metric(metric)) + (f", p = {metric['p']:.2g}" if "p" in metric else "")
    first = ["none" if v is None else f"{v:.5g}" for v in metric["values"][:4]]
    return ", ".join(first + ["…"] * (len(metric["values"]) > 4))

"""What times say that were measured in turn: ratios round by round, their interval, and whether a goal is met.

Of a benchmark, as pytest-benchmark keeps it, this makes a row of numbers: the `summary.json` of a machine holds such
rows, and the page on speed reads them.
"""

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

LEVEL = 0.9  # of an interval, at least; of fewer than five rounds it is the range, at a level that is lower
LEAST_SIZES = 2
"""how many settings make a sweep"""


class Middle(NamedTuple):
    """A median between two of the ordered values, and with which probability these two hold that of more values."""

    value: float
    low: float
    high: float
    level: float


def middle(values: Sequence[float]) -> Middle:
    """The median of n values with its distribution-free interval: the narrowest between the k-th lowest and the k-th
    highest that has LEVEL, or the range. Raises ValueError where there are none."""
    if not values:
        raise ValueError("there is no median of no values")
    ordered, n = sorted(values), len(values)
    level = lambda k: 1 - 2 * sum(math.comb(n, i) for i in range(k)) / 2**n
    k = max((k for k in range(1, (n + 1) // 2 + 1) if level(k) >= LEVEL), default=1)
    return Middle(statistics.median(ordered), ordered[k - 1], ordered[n - k], max(level(k), 0.0))


def verdict(found: Middle, *, most: float = math.inf, least: float = 0.0) -> str:
    """Whether a value is at most `most` and at least `least`: "met", "not met", or "undecided" where its interval says
    neither."""
    if least <= found.low and found.high <= most:
        return "met"
    return "not met" if found.low > most or found.high < least else "undecided"


def row(benchmark: dict, made: dict) -> dict:
    """One benchmark's numbers, from pytest-benchmark's own and its `extra_info`; `made` says when and by what.

    Raises ValueError for one whose rounds are not as many for all, or whose `against` names nothing it was timed with.
    """
    told, own = benchmark["extra_info"], benchmark["stats"]["data"]
    others = told.get("seconds", {})
    if any(len(times) != len(own) for times in others.values()):
        raise ValueError(f"{benchmark['fullname']}: not all were timed in each of the {len(own)} rounds")
    against = told.get("against", next(iter(others), ""))
    if ("goal" in told or "faster" in told) and against not in others:
        raise ValueError(f"{benchmark['fullname']}: it was not timed against {against!r}")
    compared = [_compared(name, own, times, told if name == against else {}) for name, times in others.items()]
    time = middle(own)
    found = {
        "name": benchmark["fullname"].rsplit("/", 1)[-1],
        "group": benchmark["group"] or "other",
        "case": told.get("case") or benchmark["name"],
        "seconds": time.value,
        "low": time.low,
        "high": time.high,
        "rounds": len(own),
        "compared": compared,
    }
    if "limit" in told:
        found |= {"limit": told["limit"], "verdict": verdict(time, most=told["limit"])}
    kept = {name: told[name] for name in ("count", "rows", "threads") if name in told}
    return found | kept | made


def _compared(name: str, own: Sequence[float], times: Sequence[float], told: dict) -> dict:
    """A function beside another, by the ratios round by round: its own time over the other's, or the other's over its
    own where it is, or is to be, so many times as fast."""
    known = told.keys() & {"faster", "goal"}
    faster = "faster" in told if known else statistics.median(times) > statistics.median(own)
    ratios = [other / mine if faster else mine / other for mine, other in zip(own, times)]
    ratio = middle(ratios)
    found = {"with": name, "seconds": statistics.median(times), "faster": faster}
    found |= {"ratio": ratio.value, "low": ratio.low, "high": ratio.high, "level": ratio.level}
    if "faster" in told:
        found |= {"goal": told["faster"], "verdict": verdict(ratio, least=told["faster"])}
    elif "goal" in told:
        found |= {"goal": told["goal"], "verdict": verdict(ratio, most=told["goal"])}
    return found


class Sweep(NamedTuple):
    """What was measured over a size, all else alike: {method: {size: values}}.

    over      what grows, "samples" or "directions"; the other is `fixed`, None where it was not said
    measure   "seconds" or "megabytes"
    """

    over: str
    fixed: int | None
    measure: str
    methods: dict[str, dict[int, list[float]]]

    def crossing(self) -> "Crossing | None":
        """Where the first method begins to need less than the second; None where there are not two."""
        if len(self.methods) < 2:
            return None
        (_, first), (_, second) = [*self.methods.items()][:2]
        sizes = sorted(first.keys() & second.keys())
        if not sizes:
            return None
        apart = [math.log(statistics.median(first[x]) / statistics.median(second[x])) for x in sizes]
        changes = [i for i in range(1, len(sizes)) if (apart[i] < 0) != (apart[i - 1] < 0)]
        if not changes:
            return Crossing(None, apart[-1] < 0)
        i = changes[-1]
        share = apart[i - 1] / (apart[i - 1] - apart[i])
        return Crossing(sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** share, apart[-1] < 0)


class Crossing(NamedTuple):
    """From which size on, on logarithmic scales between those measured, the first method needs less, or more if it is
    not `less`; None where that holds at every size."""

    size: float | None
    less: bool


def sweeps(rows: Iterable[dict], over: Sequence[str] = ("samples", "directions")) -> Iterator[Sweep]:
    """The sweeps in rows {method, samples, directions, seconds, megabytes}: over each size, at that value of the other
    at which most were measured."""
    kept = [row for row in rows if "method" in row]
    for name in over:
        (other,) = {"samples", "directions"} - {name}
        sizes: dict[int | None, set[int]] = {}
        for row in kept:
            if name in row:
                sizes.setdefault(row.get(other), set()).add(row[name])
        fixed = max(sizes, key=lambda value: len(sizes[value]), default=None)
        if len(sizes.get(fixed, ())) < LEAST_SIZES:
            continue
        for measure in ("seconds", "megabytes"):
            methods: dict[str, dict[int, list[float]]] = {}
            for row in kept:
                if name in row and row.get(other) == fixed and row.get(measure) is not None:
                    methods.setdefault(row["method"], {}).setdefault(row[name], []).append(row[measure])
            if methods:
                yield Sweep(name, fixed, measure, methods)


def parts(rows: Iterable[dict], case: str) -> dict[str, dict[str, float]]:
    """Median seconds of parts, {whole: {part: seconds}}, from rows {part, seconds, ...}: what else a row has says which
    whole it is of, and `case` does where there is nothing."""
    found: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        if "part" in row:
            rest = [v if isinstance(v, str) else _counted(v, k) for k, v in row.items() if k not in ("part", "seconds")]
            found.setdefault(", ".join(rest) or case, {}).setdefault(row["part"], []).append(row["seconds"])
    return {whole: {part: statistics.median(of) for part, of in timed.items()} for whole, timed in found.items()}


def _counted(number: float, things: str) -> str:
    return f"{number:g} {things.removesuffix('s') if number == 1 else things}"

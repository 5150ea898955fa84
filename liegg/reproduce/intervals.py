"""Intervals of what a result file holds: a list of values, one a network, or an estimate that came with its interval.

All are 95 % intervals: Student's t for a mean, Wilson's for a share.
"""

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

import scipy

NORMAL = 1.96  # the quantile of a normal distribution behind 95 %
APART = 3.0  # standard errors of the difference, beyond which two values count as different


class Interval(NamedTuple):
    """A value between the ends of its interval, from how many independent draws, and its standard error."""

    value: float
    low: float
    high: float
    n: int
    error: float

    def inside(self, low: float, high: float) -> bool:
        return low <= self.low and self.high <= high

    def outside(self, low: float, high: float) -> bool:
        return self.high < low or self.low > high

    def __str__(self) -> str:
        """0.058 [0.043, 0.073]: two digits of the interval's width."""
        return f"{self.number(self.value)} {self.brackets}"

    @property
    def brackets(self) -> str:
        return f"[{self.number(self.low)}, {self.number(self.high)}]"

    def number(self, x: float) -> str:
        width = self.high - self.low
        digits = max(0, 1 - math.floor(math.log10(width))) if width > 0 else None
        return f"{x:.3g}" if digits is None or digits > 6 else f"{x:.{digits}f}"


def difference(one: Interval, other: Interval) -> float:
    """one - other in standard errors of the difference; infinite between constants that differ."""
    moved, error = one.value - other.value, math.hypot(one.error, other.error)
    return moved / error if error else math.copysign(math.inf, moved) if moved else 0.0


def mean(values: Sequence[float]) -> Interval | None:
    """The mean of n draws with Student's t interval; None for fewer than two, which have no interval."""
    n = len(values)
    if n < 2:
        return None
    centre, error = statistics.fmean(values), statistics.stdev(values) / n**0.5
    half = scipy.stats.t.ppf(0.975, n - 1) * error
    return Interval(centre, float(centre - half), float(centre + half), n, error)


def share(hits: int, n: int) -> Interval:
    """`hits` of n with Wilson's interval."""
    wilson = scipy.stats.binomtest(hits, n).proportion_ci(method="wilson")
    return Interval(hits / n, float(wilson.low), float(wilson.high), n, (wilson.high - wilson.low) / (2 * NORMAL))


def of_metric(metric: dict) -> Interval | None:
    """The estimate's own interval, or that of the mean of the values; None where there are fewer than two values, or
    where one of them is None."""
    if "values" not in metric:
        low, high, n = metric["low"], metric["high"], metric["n"]
        quantile = scipy.stats.t.ppf(0.975, n - 1) if "wins" in metric else NORMAL  # of pairs, or of a rate or rank
        return Interval(metric["value"], low, high, n, float(high - low) / (2 * quantile))
    return None if None in metric["values"] else mean(metric["values"])


def holm(p: Sequence[float]) -> list[float]:
    """p-values corrected for their number (Holm 1979): p_(i) becomes the largest of (m - j + 1) p_(j) for j up to i."""
    corrected, largest = [0.0] * len(p), 0.0
    for rank, i in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        largest = max(largest, (len(p) - rank) * p[i])
        corrected[i] = min(1.0, largest)
    return corrected

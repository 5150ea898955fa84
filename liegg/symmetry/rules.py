"""The decision: how many directions count as symmetries, and how sure that is.

Along a symmetry a function's derivative is its own error; along any other direction it is signal. What tells them apart
is measured: how small the variance is and how much of it chance explains; of several functions what they share; with
labels what is paid for. Each dimension d from 0 to K has odds: a sum of a few terms (`terms`) with weights that were
fitted to functions whose symmetries are known (`liegg.symmetry.odds`), and the book measures how often the answer is
right on others. Where a tolerance is given, bounds of the signal decide in their place (`liegg.symmetry.levels`).
"""

import math
from typing import NamedTuple

import scipy
import torch
from torch import Tensor

from liegg.symmetry.factors import EXACT
from liegg.symmetry.odds import WEIGHTS

APART = 1e-20  # one function: exact nulls so far below all else leave nothing to be learned
MOST = 1.5  # a share of signal surely below so much is one
SILENT = 0.25  # coherence, and share of signal, below which there is none to speak of
CHANCE = 0.5  # estimates: the chance ratio below which all may be symmetries
FAR = 0.1  # the chance ratio below which all directions of functions may be symmetries
CLEAR, LABELS = 0.02, 0.1  # from 0 or 1: where odds of coherence, and of a share of signal by labels, end
STEPS = -1.0, 3.0  # logarithms that a step counts


class Measures(NamedTuple):
    """What is known of K directions in ascending order of (shared) variance, (K,) each."""

    variance: Tensor
    """relative variance"""
    chance: Tensor
    """chance ratio"""
    coherence: Tensor | None = None
    """of several functions: shared over own variance"""
    paid: Tensor | None = None
    """with labels: the share of signal"""
    paid_error: Tensor | None = None
    """its standard error"""

    @property
    def kind(self) -> str:
        """A key of WEIGHTS."""
        return ("one" if self.coherence is None else "several") + ("" if self.paid is None else ", labels")

    def carried(self) -> "Measures":
        """Where motion came to nothing or to no finite number labels tell nothing: half a share, give or take one."""
        if self.paid is None:
            return self
        known = self.paid.isfinite() & self.paid_error.isfinite() & (self.paid_error > 0)
        paid, error = torch.where(known, self.paid, 0.5), torch.where(known, self.paid_error, 1.0)
        return self._replace(paid=paid, paid_error=error)

    def told(self, alpha: float) -> bool:
        """Whether labels tell at level alpha of some direction that it is signal, and no more."""
        half = float(scipy.special.ndtri(1 - alpha / len(self.paid))) * self.paid_error
        return bool(((self.paid > half) & (self.paid + half < MOST)).any())

    def beyond(self, exact: int) -> "Measures":
        """Of all but the first directions."""
        return Measures(*(None if measure is None else measure[exact:] for measure in self))


class Answer(NamedTuple):
    """What is said of the dimension, and by which rule: see `liegg.symmetry.decision.Decision`."""

    dimension: int
    rule: str
    exact: int
    interval: tuple[int, int]
    odds: Tensor | None


def by_odds(measures: Measures, *, alpha: float, agreed: bool) -> Answer:
    """The odds of every dimension from 0 to K, the most likely one, and an interval that has 1 - alpha of the odds.

    agreed    whether several functions surely share something to speak of, as learned ones do

    Directions that are null to rounding (EXACT of the mean) count, whatever the odds. Where one function is exact
    nothing is left to be learned: where some null directions need each gradient at its own point (chance ratio at most
    EXACT), and all lie APART below the rest. Where the labels tell of no direction that it is signal, the function has
    not learned them, or they are too few: of one function none is counted then and all are possible; labels of several
    are left aside. Several functions that share nothing have learned nothing that some directions could be held
    against, and none is counted, unless all are, and lie FAR below chance.
    Where errors are as large as signals, functions may look like none with a symmetry, and yet labels pay for nothing
    along some directions: where the odds are for none, those count whose intervals of the share of signal end below
    SILENT and below where all others' begin.
    """
    K = len(measures.variance)
    exact = exactly_null(measures.variance)
    rest = measures.beyond(exact)
    if exact == K or (measures.coherence is None and _is_exact(measures, exact)):
        certain = torch.nn.functional.one_hot(torch.tensor(exact), K + 1).double()
        return Answer(exact, "exact" if exact else "odds", exact, (exact, exact), certain)
    rest = rest.carried()
    if rest.paid is not None and not rest.told(alpha):
        if measures.coherence is None:
            return Answer(exact, "untold", exact, (exact, K), torch.full((K + 1,), 1 / (K + 1), dtype=torch.float64))
        rest = rest._replace(paid=None, paid_error=None)
    odds = odds_of(rest)
    likely = odds.argsort(descending=True)
    likely = likely[: int((odds[likely].cumsum(0) < 1 - alpha).sum()) + 1] + exact
    odds = torch.cat([odds.new_zeros(exact), odds])
    best, rule = int(odds.argmax()), "odds"
    if best == exact and rest.paid is not None and (silent := _unpaid(rest.paid, rest.paid_error)):
        best, rule = exact + silent, "silent"
    elif best > exact and not agreed and not (best == K and (rest.chance <= FAR).all()):
        return Answer(exact, "untold", exact, (exact, K), odds)
    elif best == exact > 0:
        rule = "exact"
    return Answer(best, rule, exact, (int(likely.min()), max(best, int(likely.max()))), odds)


def odds_of(measures: Measures) -> Tensor:
    """(K + 1,) the probability of each dimension from 0 to K."""
    seen = terms(measures)
    return sum(weight * seen[name] for name, weight in WEIGHTS[measures.kind].items()).softmax(0)  # type: ignore[union-attr]


def terms(measures: Measures) -> dict[str, Tensor]:
    """What speaks for each of K + 1 dimensions d, (K + 1,) each, by name.

    "any" tells d > 0, "count" is d. Every measure is taken so that it is small along symmetries: "sum" adds it up over
    the first d directions, "beyond" is its smallest value along the others, or an ordinary direction's if there are
    none, and "step" that less the largest value along the first d, within STEPS.
    """
    count = torch.arange(len(measures.variance) + 1, dtype=torch.float64)
    seen = {"any": (count > 0).double(), "count": count}
    none = torch.zeros(1, dtype=torch.float64)
    for name, (values, ordinary) in _oriented(measures).items():
        beyond = torch.cat([values.flip(0).cummin(0).values.flip(0), values.new_tensor([ordinary])])
        seen[f"{name} sum"] = torch.cat([none, values.cumsum(0)])
        seen[f"{name} beyond"] = beyond
        seen[f"{name} step"] = torch.cat([none, (beyond[1:] - values.cummax(0).values).clamp(*STEPS)])
    return seen


def _oriented(measures: Measures) -> dict[str, tuple[Tensor, float]]:
    """Each measure with that of an ordinary direction: logarithms of variance, chance ratio and shared variance, which
    are 0 there; log odds of signal against error, by coherence and by labels, how much the labels tell (of 1 / standard
    error) and how surely there is signal by them (share / standard error), of which only the largest is known: but for
    coherence where all directions lie FAR below chance."""
    variance, chance, coherence, paid, error = measures
    oriented = {
        "variance": (variance.clamp_min(1e-6).log(), 0.0),
        "chance": (chance.clamp_min(1e-6).log().clamp(-6, 0.5), 0.0),
    }
    if coherence is not None:
        oriented["shared"] = ((variance * coherence.clamp(CLEAR, 1)).clamp_min(1e-6).log(), 0.0)
        values = _log_odds(coherence, CLEAR)
        clear = -math.log(CLEAR / (1 - CLEAR))
        oriented["coherence"] = values, clear if (chance <= FAR).all() else float(values.max())
    if paid is not None:
        precision = 1 / error.square()
        share = (paid.clamp(-2, 3) * precision + 0.5 * 4) / (
            precision + 4
        )  # before labels: a half, give or take a half
        oriented["paid"] = _with_largest(_log_odds(share, LABELS))
        oriented["told"] = _with_largest(-error.clamp(0.003, 1).log())
        oriented["sure"] = _with_largest((paid.clamp(-2, 3) / error.clamp(0.003, 1)).clamp(0.1, 100).log())
    return oriented


def _with_largest(values: Tensor) -> tuple[Tensor, float]:
    return values, float(values.max())


def _log_odds(share: Tensor, end: float) -> Tensor:
    share = share.clamp(end, 1 - end)
    return (share / (1 - share)).log()


def by_tolerance(least: Tensor, most: Tensor, exact: int, tolerance: float) -> Answer:
    """Those directions count along which, and along all lower ones, there is surely less signal than is tolerated.

    least, most    (K,) bounds of the signal; those count as possible that do not surely have more
    """
    certain = max(exact, _first(most < tolerance))
    possible = max(certain, _first(least <= tolerance))
    return Answer(certain, "tolerance", exact, (certain, possible), None)


def of_estimates(relative_variance: Tensor, chance_ratio: Tensor, interval: Tensor) -> Answer:
    """The decision of several estimates of one function, whose errors have mean zero: what they share is no bias, so
    that small signal is no symmetry, and steps say nothing.

    interval    (K, 2) of coherence

    Directions count whose intervals hold zero, end below SILENT, and end below where all others' begin; all K, if they
    are below CHANCE of chance as well. Possible are all whose intervals begin at zero or below.
    """
    exact = exactly_null(relative_variance)
    interval, by_chance = interval[exact:], chance_ratio[exact:]
    null = _first(interval[:, 0] <= 0)
    most = null if len(interval) > null or (by_chance <= CHANCE).all() else null - 1
    learned = _silent(interval, most)
    rule = "silent" if learned else "exact" if exact else "shared"
    return Answer(exact + learned, rule, exact, (exact + learned, exact + max(learned, null)), None)


def exactly_null(relative_variance: Tensor) -> int:
    """How many of the first directions are null to rounding."""
    return _first(relative_variance <= EXACT)


def _first(hold: Tensor) -> int:
    """How many of the first hold."""
    return int(hold.long().cumprod(0).sum())


def _silent(interval: Tensor, most: int) -> int:
    """How many of the first directions, at most so many, are silent, and all others more than they: from intervals
    (K, 2), those that end below SILENT and below where all others begin."""
    low, high = interval.T
    for d in range(most, 0, -1):
        if high[:d].max() <= min([SILENT, *low[d:].tolist()]):
            return d
    return 0


def _unpaid(share: Tensor, error: Tensor) -> int:
    """How many of the first directions labels do not pay for, and of all others they pay for more."""
    return _silent(share[:, None] + error[:, None] * share.new_tensor([-2, 2]), len(share) - 1)


def _is_exact(measures: Measures, exact: int) -> bool:
    """Whether one function's null directions show it to be exact: some need each gradient at its own point, and all lie
    APART below the rest."""
    nulls, rest = measures.variance[:exact], measures.variance[exact:]
    return exact > 0 and bool(measures.chance[:exact].min() <= EXACT and (nulls.max() <= APART * rest).all())

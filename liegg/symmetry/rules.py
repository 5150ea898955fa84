"""The decision: how many directions count as symmetries, and how sure that is.

Along a symmetry a function's derivative is its own error; along any other direction it is signal. What tells them apart
is measured: how small the variance is and how much of it chance explains; of several functions what they share; with
labels what is paid for. Each dimension d from 0 to K has odds, by how the first d directions look, how the others look,
and how large the step between them is (`features`); their weights (`liegg.symmetry.odds`) were fitted to functions
whose symmetries are known, and the book measures how often the answer is right on others.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from liegg.symmetry.decision import Decision
from liegg.symmetry.factors import EXACT
from liegg.symmetry.odds import WEIGHTS
from liegg.symmetry.steps import LEAST, steps_of_one, steps_of_several

APART = 1e-20  # one function: exact nulls so far below all else leave nothing to be learned
LIKELY = 0.97  # of the odds lie within the interval of the dimension
SURE, MOST = 4.0, 1.5  # a share of so many errors, and surely below so much, is signal
ROUGH = 0.1, 0.45  # shares of signal with a larger standard error than this count as no more than that
SILENT = 0.25  # coherence below which nothing is shared, and the share of signal below which there is none
CHANCE = 0.5  # estimates: the chance ratio below which all may be symmetries


class Measures(NamedTuple):
    """What is known of K directions in ascending order of (shared) variance, (K,) each."""

    variance: Tensor
    """relative variance"""
    chance: Tensor
    """chance ratio"""
    coherence: Tensor | None = None
    """of several functions: shared over own variance"""
    coherence_interval: Tensor | None = None
    """(K, 2) its interval"""
    shared: Tensor | None = None
    """of several functions: shared variance over their mean own error along all directions"""
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

    @property
    def told(self) -> Tensor:
        """(K,) of which directions the labels tell that they are signal."""
        return (self.paid > SURE * self.paid_error) & (self.paid + 2 * self.paid_error < MOST)

    @property
    def agreed(self) -> bool:
        """Whether there is a direction along which several functions surely share something, as learned ones do."""
        return self.coherence_interval is None or bool((self.coherence_interval[:, 0] > SILENT).any())

    @property
    def intervals(self) -> list[Tensor]:
        """(K, 2) each, of what is near zero along symmetries."""
        intervals = [] if self.coherence_interval is None else [self.coherence_interval]
        if self.paid is not None:
            intervals.append(self.paid[:, None] + self.paid_error[:, None] * self.paid.new_tensor([-2, 2]))
        return intervals

    def beyond(self, exact: int) -> "Measures":
        """Of all but the first directions."""
        return Measures(*(None if measure is None else measure[exact:] for measure in self))


def decide_dimension(measures: Measures) -> Decision:
    """The odds of every dimension from 0 to K, the most likely one and an interval.

    Directions that are null to rounding (EXACT of the mean) count, whatever the odds. Where one function is exact
    nothing is left to be learned: where some null directions need each gradient at its own point (chance ratio at most
    EXACT), and all lie APART below the rest. Where the labels tell of no direction that it is signal, the function has
    not learned them, or they are too few: of one function none is counted then and all are possible; labels of several
    are left aside.

    Several functions that surely share nothing along any direction have learned nothing that some directions could be
    held against, and none is counted, unless all are.
    Where errors are as large as signals, functions may look like none with a symmetry, and yet be silent along some
    directions: where the odds are for none, those count whose intervals of coherence, or of the share of signal, end
    below SILENT and below where all others' begin.
    """
    K = len(measures.variance)
    exact = int((measures.variance <= EXACT).long().cumprod(0).sum())
    rest = measures.beyond(exact)
    if exact == K or (measures.coherence is None and _is_exact(measures, exact)):
        return Decision(exact, "exact" if exact else "odds", exact, (exact, exact), _certain(exact, K))
    rest = rest.carried()
    if rest.paid is not None and not rest.told.any():
        if measures.coherence is None:
            return Decision(exact, "untold", exact, (exact, K), torch.full((K + 1,), 1 / (K + 1), dtype=torch.float64))
        rest = rest._replace(paid=None, paid_error=None)
    weights, seen = WEIGHTS[rest.kind], features(rest)
    odds = sum(weight * seen[name] for name, weight in weights.items()).softmax(0)  # type: ignore[union-attr]
    likely = odds.argsort(descending=True)
    likely = likely[: int((odds[likely].cumsum(0) < LIKELY).sum()) + 1] + exact
    odds = torch.cat([odds.new_zeros(exact), odds])
    best, rule = int(odds.argmax()), "odds"
    if best == exact and (silent := max((_silent(each, len(each) - 1) for each in rest.intervals), default=0)):
        best, rule = exact + silent, "silent"
    elif exact < best < K and not rest.agreed:
        return Decision(exact, "untold", exact, (exact, K), odds)
    elif best == exact > 0:
        rule = "exact"
    return Decision(best, rule, exact, (int(likely.min()), max(best, int(likely.max()))), odds)


def features(measures: Measures) -> dict[str, Tensor]:
    """What speaks for each of K + 1 dimensions d, (K + 1,) each, by name.

    Every measure is taken so that it is small along symmetries: "within" is its largest value along the first d
    directions (0 if there are none), "beyond" its smallest along the others, or an ordinary direction's if there are
    none. Logarithms of variance, chance ratio and how much labels tell (1 / standard error) have a "step" between the
    two. "margin" is the logarithm of the step over what `liegg.symmetry.steps` requires, and "reached" whether it is
    positive; any and all tell d > 0 and d = K.
    """
    K, oriented = len(measures.variance), _oriented(measures)
    count = torch.arange(K + 1)
    seen = {"any": (count > 0).double(), "all": (count == K).double()}
    for name, (values, ordinary, stepped) in oriented.items():
        within = torch.cat([values.new_zeros(1), values.cummax(0).values])
        beyond = torch.cat([values.flip(0).cummin(0).values.flip(0), values.new_tensor([ordinary])])
        seen |= {f"{name} within": within, f"{name} beyond": beyond}
        if stepped:
            seen[f"{name} step"] = (beyond - within).clamp(-1, 3) * seen["any"]
    for name, steps in _steps(measures).items():
        margin = torch.tensor([0.0, *(float(step.min()) for step in steps)], dtype=torch.float64)
        margin[1:] = margin[1:].clamp_min(1e-9).log().clamp(-4, 3)
        seen |= {f"{name} margin": margin, f"{name} reached": (margin > 0).double()}
    return seen


def _oriented(measures: Measures) -> dict[str, tuple[Tensor, float, bool]]:
    """Each measure with that of an ordinary direction, and whether its steps count."""
    variance, chance, coherence, _, shared, paid, error = measures
    held = 1.0 if coherence is None else coherence.clamp(LEAST, 1)
    oriented = {
        "variance": ((variance * held).clamp_min(1e-5).log(), 0.0, True),
        "chance": (chance.clamp_min(1e-6).log().clamp(-4, 0.5), 0.0, True),
    }
    if coherence is not None:
        oriented["shared"] = (shared.clamp(0.1, 20).log(), math.log(20), False)
        oriented["coherence"] = (coherence.clamp(0, 1), 1.0, False)
    if paid is not None:
        oriented["paid"] = (paid.clamp(0, 1), 1.0, False)
        oriented["told"] = (-error.clamp(0.003, 1).log(), math.log(100), True)
    return oriented


def _steps(measures: Measures) -> dict[str, list[Tensor]]:
    """The steps of the first d directions, d = 1 to K, in units of what is required."""
    ordinary = lambda measure: torch.cat([measure, torch.ones_like(measure[:1])])
    v, ratio = ordinary(measures.variance), ordinary(measures.chance)
    steps = {}
    if measures.coherence is None:
        steps["step"] = steps_of_one(v, ratio)
    else:
        steps["step"] = steps_of_several(v, ratio, ordinary(measures.coherence))
    if measures.paid is not None:
        error, most = ROUGH
        share = torch.where(measures.paid_error > error, measures.paid.clamp_max(most), measures.paid).clamp(0, 1)
        steps["labelled step"] = steps_of_several(v, ratio, ordinary(share))
    return steps


def of_estimates(relative_variance: Tensor, chance_ratio: Tensor, interval: Tensor) -> Decision:
    """The decision of several estimates of one function, whose errors have mean zero: what they share is no bias, so
    that small signal is no symmetry, and steps say nothing.

    interval    (K, 2) of coherence

    Directions count whose intervals hold zero, end below SILENT, and end below where all others' begin; all K, if they
    are below CHANCE of chance as well. Possible are all whose intervals begin at zero or below.
    """
    exact = int((relative_variance <= EXACT).long().cumprod(0).sum())
    interval, by_chance = interval[exact:], chance_ratio[exact:]
    null = int((interval[:, 0] <= 0).long().cumprod(0).sum())  # how many of the first may be
    most = null if len(interval) > null or (by_chance <= CHANCE).all() else null - 1
    learned = _silent(interval, most)
    possible = max(learned, null)
    rule = "silent" if learned else "exact" if exact else "shared"
    return Decision(exact + learned, rule, exact, (exact + learned, exact + possible), None)


def _silent(interval: Tensor, most: int) -> int:
    """How many of the first directions, at most so many, are silent, and all others more than they: from intervals
    (K, 2), those that end below SILENT and below where all others begin."""
    low, high = interval.T
    for d in range(most, 0, -1):
        if high[:d].max() <= min([SILENT, *low[d:].tolist()]):
            return d
    return 0


def _certain(dimension: int, K: int) -> Tensor:
    return torch.nn.functional.one_hot(torch.tensor(dimension), K + 1).double()


def _is_exact(measures: Measures, exact: int) -> bool:
    """Whether one function's null directions show it to be exact: some need each gradient at its own point, and all lie
    APART below the rest."""
    nulls, rest = measures.variance[:exact], measures.variance[exact:]
    return exact > 0 and bool(measures.chance[:exact].min() <= EXACT and (nulls.max() <= APART * rest).all())

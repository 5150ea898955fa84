"""The decision: how many directions count as symmetries. One rule for a single function, a stronger one for several.

Along a symmetry a network's derivative is its own error; along any other direction it is signal. One network cannot
tell small signal from error. Several, trained independently on one task, can: see `liegg.symmetry.intervals` for their
coherence. The numbers in the rules were chosen on networks trained on the targets of the zoo with seeds from 100 on;
the book measures their error rates on others.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from liegg.symmetry.factors import EXACT

APART = 1e-20  # one function: exact nulls so far below all else leave nothing to be learned
LOW, CHANCE, BOTH = 0.1, 0.5, 7.0  # one function: the most variance and chance ratio of a symmetry, and the step
COHERENT = 0.5  # several: what is at least so coherent is signal
LEAST = 0.3  # several: the least coherence that a direction counts as in shared variance
ALIGNED, STEEP = 6.0, 30.0  # several: steps that set symmetries apart
BIASED, DOUBT = (0.95, 0.9), 1.5  # the coherence that a shared bias may reach with either step, and what it costs
SURE = 3.0  # steps so many times larger than needed are all alike
SILENT = 0.25  # several: coherence below which nothing is shared

RULES = {
    "exact": "those that are null to rounding, and no other",
    "step": "stands a step below all other directions",
    "silent": "the functions share nothing along",
    "none": "no direction stands a step below the others",
    "shared": "there are none of which it is sure that the functions share nothing along them",
}


@dataclass(frozen=True)
class Decision:
    """How many of K directions count as symmetries, by which rule, and with what margin."""

    dimension: int
    """how many directions count"""
    rule: str
    """a key of RULES: exact, step, silent, none or shared"""
    exact: int
    """how many of them are null to rounding, and count by that alone"""
    margin: float
    """what was measured over what was required, of the direction that decided; below 1 it was refused. Infinite where
    rounding decides; for silent directions one, and how far below the bound their coherence ends, in units of it."""
    margins: Tensor
    """(K,) the same for every direction that counts, and for the first i + 1 directions at each i beyond; infinite for
    null ones. One or more does not count beyond a larger step, nor beside an exact function's null directions."""

    def __str__(self) -> str:
        count, learned = f"{self.dimension} of {len(self.margins)} directions count", self.dimension - self.exact
        if self.rule in ("exact", "none", "shared"):
            lines = [f"{count}: {RULES[self.rule]}"]
        else:
            nulls = f"{self.exact} null to rounding and {learned} of what" if self.exact else "what"
            lines = [f"{count}: {nulls} {RULES[self.rule]}"]
        if self.rule == "exact" and (self.margins[self.exact :] >= 1).any():
            lines.append("others stand a step apart, but beside exact symmetries a step is the function's own shape")
        if torch.isfinite(self.margins).any():
            lines.append("measured over required, for each direction that counts and for as many directions beyond:")
            lines.append("  " + "  ".join("exact" if m == torch.inf else f"{m:.2g}" for m in self.margins.tolist()))
        return "\n".join(lines)


def decide_dimension(
    relative_variance: Tensor,
    chance_ratio: Tensor,
    coherence: Tensor | None = None,
    interval: Tensor | None = None,
    *,
    unbiased: bool = False,
) -> Decision:
    """How many of K directions are symmetries, from (K,) of each measure, in ascending order of (shared) variance.

    coherence, interval    for several functions: (K,) and (K, 2), both ends of its interval

    Directions that are null to rounding (EXACT of the mean) are. Of the rest, the first d can be if each of them is a
    step below all others; its step is the smallest value of the others over its own. All K are symmetries only if they
    are below an ordinary direction, for which every measure is 1.

    *One function:* variance and chance ratio step by BOTH or more, in geometric mean, and are at most LOW of the mean
    and CHANCE. Where the function is exact nothing is left to be learned: where some of the null directions need each
    gradient at its own point (chance ratio at most EXACT), and all lie APART below the rest.

    *Several functions:* the others are more coherent than each of the d, and at least COHERENT, and the step is

    aligned   of ALIGNED in the chance ratio: it takes each gradient at its own point to make v small; or
    steep     of STEEP in shared variance, where each of the d counts as at least LEAST coherent.

    Where the direction is more coherent than COHERENT, because the functions share a fitting bias, the step must be
    DOUBT times larger; above BIASED (for either step) it is refused.

    Of several such d the one with the largest step is taken, in units of what is required, and the last of those above
    SURE. If there is none, several functions may still be silent along some directions, which is all that can be asked
    where their errors are as large as the signal: those d whose intervals of coherence end below SILENT and below where
    all others' begin. Else the answer is 0.

    *Several estimates of one function* (`unbiased`), whose errors have mean zero: what they share is no bias, so that
    small signal is no symmetry, and steps say nothing. Those d count whose intervals of coherence hold zero, end below
    SILENT, and end below where all others' begin; all K, if they are below CHANCE of chance as well.
    """
    exact = int((relative_variance <= EXACT).long().cumprod(0).sum())
    if unbiased:
        return _of_estimates(interval[exact:], chance_ratio[exact:], exact)
    ordinary = lambda measure: torch.cat([measure[exact:], torch.ones_like(measure[:1])])
    v, ratio = ordinary(relative_variance), ordinary(chance_ratio)
    places = range(1, len(v))
    if coherence is not None:
        steps = [_step_of_several(v, ratio, ordinary(coherence), d) for d in places]
    else:
        steps = [_step_of_one(v, ratio, d) for d in places]
    nothing_learned = coherence is None and _is_exact(relative_variance, chance_ratio, exact)
    learned, margins = 0 if nothing_learned else _largest(steps), [float(step.min()) for step in steps]
    rule, margin = ("step", margins[learned - 1]) if learned else ("none", max(margins, default=0.0))
    if learned:
        margins[:learned] = steps[learned - 1].tolist()
    if coherence is not None and not learned and len(silent := _silent(interval[exact:])):
        rule, learned, margin = "silent", len(silent), min(silent)
        margins[:learned] = silent
    if exact and not learned:
        rule, margin = "exact", torch.inf
    margins = torch.tensor([torch.inf] * exact + margins, dtype=torch.float64)
    return Decision(exact + learned, rule, exact, margin, margins)


def _of_estimates(interval: Tensor, chance_ratio: Tensor, exact: int) -> Decision:
    """The decision of several estimates of one function, from the intervals (K, 2) of their coherence.

    The margin of d directions is one, and how far from its bound the nearest to it of their intervals' ends is, in
    units of SILENT: the lower ones must not lie above zero, the upper ones not above SILENT and where others begin.
    """
    low, high = interval.T
    begins = [min(SILENT, float(low[d:].min())) if d < len(low) else SILENT for d in range(1, len(low) + 1)]
    room = [torch.minimum(begin - high[:d], -low[:d]) for d, begin in enumerate(begins, 1)]
    margins = torch.tensor([max(0.0, 1 + float(ends.min()) / SILENT) for ends in room], dtype=torch.float64)
    if len(low) and chance_ratio.max() > CHANCE:
        margins[-1:] = 0.0  # all, and nothing to hold them against
    learned = max((d for d, margin in enumerate(margins.tolist(), 1) if margin >= 1), default=0)
    if learned:
        margins[:learned] = 1 + room[learned - 1] / SILENT
    rule = "silent" if learned else "exact" if exact else "shared"
    margin = float(margins[:learned].min()) if learned else torch.inf if exact else float(margins.max())
    return Decision(exact + learned, rule, exact, margin, torch.cat([margins.new_full((exact,), torch.inf), margins]))


def _is_exact(relative_variance: Tensor, chance_ratio: Tensor, exact: int) -> bool:
    """Whether one function's null directions show it to be exact: some need each gradient at its own point, and all lie
    APART below the rest."""
    nulls, rest = relative_variance[:exact], relative_variance[exact:]
    return exact > 0 and bool(chance_ratio[:exact].min() <= EXACT and (nulls.max() <= APART * rest).all())


def _others(measures: Tensor, d: int) -> Tensor:
    """What the first d are held against: the other directions, or the ordinary one if there are none."""
    return measures[d:-1] if d < len(measures) - 1 else measures[-1:]


def _step_of_one(v: Tensor, ratio: Tensor, d: int) -> Tensor:
    """(d,) the steps of the first d of one function's directions below all others, in units of what is required."""
    steep, aligned = (_others(u, d).min() / u[:d] for u in (v, ratio))
    return (aligned * steep).sqrt() / BOTH * (v[:d] <= LOW) * (ratio[:d] <= CHANCE)


def _step_of_several(v: Tensor, ratio: Tensor, k: Tensor, d: int) -> Tensor:
    """(d,) the same for several functions with coherence k."""
    shared = v * k.clamp_min(LEAST)
    steep, aligned = (_others(u, d).min() / u[:d] for u in (shared, ratio))
    step = torch.maximum(aligned / ALIGNED * (k[:d] <= BIASED[0]), steep / STEEP * (k[:d] <= BIASED[1]))
    step = torch.where(k[:d] > COHERENT, step / DOUBT, step)
    return step * (_others(k, d).min() >= max(COHERENT, k[:d].max()))


def _largest(steps: list[Tensor]) -> int:
    """The d whose steps are largest; the last of those above SURE, and 0 if none is as large as required."""
    least = [min(float(step.min()), SURE) for step in steps]
    most = max(least, default=0.0)
    return max(d for d, step in enumerate(least, 1) if step == most) if most >= 1 else 0


def _silent(interval: Tensor) -> list[float]:
    """The margins of as many directions as several functions share nothing along, from the intervals (K, 2) of their
    coherence: one, and how far each ends below where all others begin or SILENT, in units of SILENT."""
    low, high = interval.T
    for d in range(len(low) - 1, 0, -1):
        bound = min(SILENT, float(low[d:].min()))
        if high[:d].max() <= bound:
            return [1 + (bound - float(end)) / SILENT for end in high[:d]]
    return []

"""A decision: how many directions count as symmetries, how sure that is, and why."""

from dataclasses import dataclass

from torch import Tensor

RULES = {
    "exact": "those that are null to rounding, and no other",
    "odds": "the most likely dimension",
    "tolerance": "those along which there is surely less signal than is tolerated",
    "untold": "it cannot be told, as along no direction functions surely share, or labels pay for, any signal",
    "silent": "along them nothing is shared by estimates, or paid for by labels",
    "shared": "there are none of which it is sure that the estimates share nothing along them",
}
VERDICTS = "symmetry", "cannot be told", "not"


@dataclass(frozen=True, eq=False)
class Decision:
    """How many of K directions count as symmetries, and how sure that is."""

    dimension: int
    """the best guess; with a tolerance how many are certain"""
    rule: str
    """what decided, a key of RULES: exact, odds, silent, tolerance or untold; of estimates of one function exact,
    silent or shared"""
    exact: int
    """how many of them are null to rounding, and count by that alone"""
    interval: tuple[int, int]
    """how many are certain, and how many possible, at level alpha"""
    odds: Tensor | None
    """(K + 1,) the probability of each dimension, from 0 to K; None where they do not decide, or samples are too few"""
    p: Tensor
    """(K,) of a test that there is no signal along this direction and all lower ones: see `liegg.symmetry.levels`"""
    bound: Tensor
    """(K,) how much signal there may be, over an ordinary direction's variance, at level alpha"""
    least: Tensor
    """(K,) how much there must be"""
    alpha: float
    """how often what is said to be sure may be wrong"""
    tolerance: float | None
    """how much signal a symmetry may have; None where odds decide"""

    @property
    def probability(self) -> Tensor | None:
        """(K,) that the direction is a symmetry, by the odds: that the dimension is as large."""
        return None if self.odds is None else self.odds.flip(0).cumsum(0).flip(0)[1:]

    @property
    def verdicts(self) -> list[str]:
        """For every direction one of VERDICTS: those that are certain are symmetries, those that are not possible are
        not."""
        certain, possible = self.interval
        return [VERDICTS[(i >= certain) + (i >= possible)] for i in range(len(self.p))]

    def __str__(self) -> str:
        certain, possible = self.interval
        lines = [f"{self.dimension} directions count: {RULES[self.rule]}"]
        if self.tolerance is not None:
            lines.append(f"tolerated is {self.tolerance:g} of an ordinary direction's variance")
        if self.exact and self.dimension > self.exact:
            lines.append(f"{self.exact} of them are null to rounding")
        lines.append(f"certain are {certain}, possible {possible}, at level {self.alpha:g}")
        if self.odds is not None:
            likely = (self.odds >= 0.005).nonzero().flatten().tolist()
            lines.append("probability of each dimension:")
            lines.append("  " + "  ".join(f"{d}: {self.odds[d]:.2f}" for d in likely))
        return "\n".join(lines)

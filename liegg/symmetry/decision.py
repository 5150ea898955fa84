"""A decision: how many directions count as symmetries, how sure that is, and why."""

from dataclasses import dataclass

from torch import Tensor

RULES = {
    "exact": "those that are null to rounding, and no other",
    "odds": "the most likely dimension",
    "untold": "it cannot be told, as along no direction functions surely share, or labels pay for, any signal",
    "silent": "along them nothing is shared, or paid for by the labels",
    "shared": "there are none of which it is sure that the estimates share nothing along them",
}


@dataclass(frozen=True, eq=False)
class Decision:
    """How many of K directions count as symmetries, and how sure that is."""

    dimension: int
    """the best guess"""
    rule: str
    """what decided, a key of RULES: exact, odds or untold; silent; of estimates of one function silent or shared"""
    exact: int
    """how many of them are null to rounding, and count by that alone"""
    interval: tuple[int, int]
    """how many are certain, and how many possible"""
    odds: Tensor | None
    """(K + 1,) the probability of each dimension, from 0 to K; None for estimates of one function"""

    def __str__(self) -> str:
        certain, possible = self.interval
        lines = [f"{self.dimension} directions count: {RULES[self.rule]}"]
        if self.exact and self.dimension > self.exact:
            lines.append(f"{self.exact} of them are null to rounding")
        lines.append(f"certain are {certain}, possible {possible}")
        if self.odds is not None:
            likely = (self.odds >= 0.005).nonzero().flatten().tolist()
            lines.append("probability of each dimension:")
            lines.append("  " + "  ".join(f"{d}: {self.odds[d]:.2f}" for d in likely))
        return "\n".join(lines)

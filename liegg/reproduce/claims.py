"""Claims of the papers and the verdicts that results give them.

book/claims.yml holds the claims. A verdict is computed, never written down: every value of the claim's metric is held
against the accepted interval, and counts only if the run's parameters are those the claim is about.
"""

from dataclasses import dataclass
from pathlib import Path

import yaml

from liegg.reproduce.project import find_root
from liegg.reproduce.results import spread


@dataclass(frozen=True)
class Claim:
    id: str
    experiment: str
    source: str
    """where the paper makes it, or "not in ..." for additions, controls and goals of our own"""
    statement: str
    metric: str
    paper: str
    accept: tuple[float, float]
    reason: str
    when: dict

    @property
    def ours(self) -> bool:
        return self.source.startswith("not in ")


@dataclass(frozen=True)
class Verdict:
    word: str
    """reproduced, partly, not reproduced or not tested"""
    measured: str
    why: str


def load(root: Path | None = None) -> list[Claim]:
    rows = yaml.safe_load(((root or find_root()) / "book" / "claims.yml").read_text(encoding="utf-8"))
    return [Claim(**{**row, "accept": tuple(row["accept"]), "when": row.get("when") or {}}) for row in rows]


def judge(claim: Claim, result: dict | None) -> Verdict:
    """Hold every value of the metric, one a network, against the accepted interval.

    reproduced: all are accepted; partly: some are; not reproduced: none is. A value that is None (no angle
    where nothing was found) is not accepted.
    not tested: there is no result, its parameters are not those of the claim's `when`, or it has no value of the
    metric.
    """
    if result is None:
        return Verdict("not tested", "", "the notebook has not been run")
    used = result["parameters"]
    wanted = {k: v if isinstance(v, list) else [v] for k, v in claim.when.items()}
    other = [f"{k} = {used.get(k)}, not {' or '.join(map(str, v))}" for k, v in wanted.items() if used.get(k) not in v]
    if other:
        return Verdict("not tested", "", "this run has " + "; ".join(other))
    metric = result["metrics"].get(claim.metric)
    if metric is None or not metric["values"]:
        return Verdict("not tested", "", f"this run did not measure {claim.metric}")
    low, high = claim.accept
    accepted = [v is not None and low <= v <= high for v in metric["values"]]
    word = "reproduced" if all(accepted) else "partly" if any(accepted) else "not reproduced"
    measured = "p = " * claim.metric.endswith("_p") + spread(metric["values"])
    return Verdict(word, measured, f"{sum(accepted)} of {len(accepted)} accepted")


def interval(claim: Claim) -> str:
    low, high = claim.accept
    if low == high:
        return f"= {low:g}"
    if low == float("-inf"):
        return f"≤ {high:g}"
    return f"≥ {low:g}" if high == float("inf") else f"{low:g} to {high:g}"

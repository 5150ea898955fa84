"""Verdicts: what a result says of a claim. They follow from intervals, never from single values.

mean     draws that could be exchanged for others, such as networks: the 95 % interval of their mean, or that of the
         estimate, inside the accepted interval is yes, apart from it no, across one of its ends undecided.
share    units each of which is right or wrong: the 95 % interval of the share that is right, against `least`.
exact    a fixed list of named cases, or one answer of all networks together: no sample, so every value counts.
test     of pairs or ranks, an estimate with a p-value: its interval inside, and p below 0.05 after Holm's correction
         for all tests of the book, those without a result among them. So all claims and results are judged at once.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liegg.reproduce import intervals
from liegg.reproduce.claims import RATIOS, Claim
from liegg.reproduce.errors import UserError
from liegg.reproduce.intervals import Interval
from liegg.reproduce.table import Experiment

LEVEL = 0.05
NAMED = 2  # parameters that are named where a result does not test a claim
WORDS = {
    "value": {"yes": "reproduced", "partly": "partly", "no": "not reproduced"},
    "conclusion": {"yes": "confirmed", "no": "not confirmed"},
    "reported": {"yes": "so here", "no": "not so here"},
    "ours": {"yes": "holds", "no": "does not hold"},
}


@dataclass(frozen=True)
class Verdict:
    word: str
    """that of WORDS for the claim's origin; or undecided; or not tested, where no result fits the claim"""
    answer: str = "not tested"
    """the same for all origins: yes, partly, no, undecided or not tested"""
    measured: str = ""
    """with unit and interval"""
    why: str = ""
    """it is undecided or not tested, or the p-value of a test"""
    interval: Interval | None = None
    """what is held against the claim: that of a mean, an estimate or a share; where every value counts by itself, from
    the least to the largest, with a value where they are one"""


Said = tuple[str, str, str, Interval | None]
"""answer, measured, why and interval of a verdict"""


def judge(
    claims: Sequence[Claim], results: Mapping[str, dict | None], experiments: Mapping[str, Experiment]
) -> dict[str, Verdict]:
    """The verdict on each claim by its id; `results` are result files by experiment, None where there is none."""
    tested = {(c.experiment, p) for c in claims if results.get(c.experiment) for p in c.profiles}
    settings = {(name, profile): _settings(experiments[name], profile) for name, profile in tested}
    obstacles = {c.id: _obstacle(c, results.get(c.experiment), settings, experiments) for c in claims}
    metrics = {c.id: results[c.experiment]["metrics"][c.metric] for c in claims if not obstacles[c.id]}
    tests = {(c.experiment, c.metric): metrics.get(c.id, {"p": 1.0})["p"] for c in claims if c.judged == "test"}
    corrected = dict(zip(tests, intervals.holm(list(tests.values()))))
    return {
        c.id: Verdict("not tested", why=obstacles[c.id])
        if obstacles[c.id]
        else _verdict(c, metrics[c.id], corrected.get((c.experiment, c.metric)), len(tests))
        for c in claims
    }


def _settings(experiment: Experiment, profile: str) -> dict | None:
    """The parameters of a profile; None where the notebook cannot be read."""
    try:
        return experiment.values(profile, {})
    except UserError:
        return None


def _obstacle(claim: Claim, result: dict | None, settings: dict, experiments: Mapping[str, Experiment]) -> str:
    """Why a result does not test a claim, or "": its parameters must be those of one of the claim's profiles, but for
    those that add or change random draws and nothing else."""
    if result is None:
        return "the notebook has not been run"
    used, replicates = result["parameters"], experiments[claim.experiment].replicates
    profiles = [settings[claim.experiment, p] for p in claim.profiles]
    if None in profiles:
        return "the notebook cannot be read"
    differing = [{k: v for k, v in values.items() if k not in replicates and used.get(k) != v} for values in profiles]
    nearest = min(differing, key=len)
    if nearest:
        named = [f"{k} = {_short(used.get(k))}, not {_short(v)}" for k, v in list(nearest.items())[:NAMED]]
        others = [f"and {len(nearest) - NAMED} more"] * (len(nearest) > NAMED)
        return "this run has " + "; ".join(named + others)
    metric = result["metrics"].get(claim.metric)
    values = (metric or {"values": []}).get("values")
    unlike = (claim.judged == "test") != ("p" in (metric or {}))
    if unlike or values == [] or (claim.judged == "mean" and values and set(values) == {None}):
        return f"this run did not measure {claim.metric}"
    return ""


def _short(value: Any) -> Any:
    """A parameter's value; of a long list its length and ends."""
    long = isinstance(value, list) and len(value) > 4
    return f"{len(value)} values from {value[0]} to {value[-1]}" if long else value


def _verdict(claim: Claim, metric: dict, p: float | None, tests: int) -> Verdict:
    if "values" not in metric:
        answer, measured, why, interval = _estimate(claim, metric, p, tests)
    else:
        rule = {"mean": _mean, "share": _share, "exact": _exact}[claim.judged]
        answer, measured, why, interval = rule(claim, metric["values"])
    if answer == "partly" and claim.origin != "value":
        answer = "no"
    return Verdict(WORDS[claim.origin].get(answer, answer), answer, measured, why, interval)


def _against(interval: Interval, accept: tuple[float, float]) -> tuple[str, str]:
    """yes, no or undecided, and why nothing is decided."""
    if interval.inside(*accept):
        return "yes", ""
    if interval.outside(*accept):
        return "no", ""
    return "undecided", "the interval lies across an end of the accepted one"


def _mean(claim: Claim, values: list) -> Said:
    numbers = [v for v in values if v is not None]
    interval = intervals.mean(numbers)
    shown = str(interval) if interval else f"{numbers[0]:.3g}"
    measured = f"{_join(shown, claim.unit)}, {len(values)} {_noun(claim.over, len(values))}"
    if len(numbers) < len(values):
        return "undecided", measured, f"{len(values) - len(numbers)} of {len(values)} have no value", interval
    if interval is None:
        return "undecided", measured, "a single value has no interval", None
    answer, why = _against(interval, claim.accept)
    return answer, measured, why, interval


def _share(claim: Claim, values: list) -> Said:
    right = _accepted(claim, values)
    interval = intervals.share(right, len(values))
    answer = "yes" if interval.low >= claim.least else "no" if interval.high < claim.least else "undecided"
    measured = f"{right} of {len(values)} {_noun(claim.over, len(values))}, share {interval.brackets}"
    if len(values) == 1:
        return "undecided", measured, "a single one is no sample", interval
    why = f"the interval holds {claim.least:g}, the least that is accepted" if answer == "undecided" else ""
    return answer, measured, why, interval


def _exact(claim: Claim, values: list) -> Said:
    right = _accepted(claim, values)
    answer = "yes" if right == len(values) else "partly" if right else "no"
    numbers = [v for v in values if v is not None]
    low, high = (min(numbers), max(numbers)) if numbers else (math.nan, math.nan)
    ends = dict.fromkeys(f"{v:.3g}" for v in (low, high)) if numbers else ["none"]
    every = Interval(low if low == high else math.nan, low, high, len(values), 0.0)
    measured = _join(" to ".join(ends), _noun(claim.unit, 1) if [*ends] == ["1"] else claim.unit)
    if len(values) == 1:
        return answer, measured, "", every
    return answer, f"{right} of {len(values)} {claim.over}; {measured}", "", every


def _estimate(claim: Claim, metric: dict, p: float | None, tests: int) -> Said:
    interval = intervals.of_metric(metric)
    answer, why = _against(interval, claim.accept)
    if p is not None:
        why = "; ".join(filter(None, [why, f"p = {p:.2g}, corrected for {tests} test{'s' * (tests > 1)}"]))
        answer = "undecided" if answer == "yes" and p >= LEVEL else answer
    if "wins" in metric:
        return answer, _ratio(claim, interval, metric["wins"]), why, interval
    return answer, f"{_join(str(interval), claim.unit)}, {interval.n} {_noun(claim.over, interval.n)}", why, interval


def _ratio(claim: Claim, ratio: Interval, below: int) -> str:
    """A ratio of pairs in words: how many pairs go which way, and by which factor."""
    if ratio.value >= 1:
        factor = f"{ratio.number(ratio.value)} {claim.unit} {ratio.brackets}"
        return f"{ratio.n - below} of {ratio.n} {claim.over}, {factor}"
    turned = ratio._replace(value=1 / ratio.value, low=1 / ratio.high, high=1 / ratio.low)
    factor = f"{turned.number(turned.value)} {RATIOS[claim.unit]} {turned.brackets}"
    return f"the opposite, {below} of {ratio.n} {claim.over}: {factor}"


def _accepted(claim: Claim, values: list) -> int:
    low, high = claim.accept
    return sum(v is not None and low <= v <= high for v in values)


def _join(*words: str) -> str:
    return " ".join(filter(None, words))


def _noun(plural: str, n: int) -> str:
    return plural.removesuffix("s") if n == 1 else plural

"""How much answers hang on each constant of the rule that gives them."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from unittest.mock import patch

from liegg.symmetry import rules
from liegg.symmetry.odds import WEIGHTS

CLAMPS = {"several": ("CLEAR", "STEPS"), "one, labels": ("LABELS", "STEPS")}
"""kinds that are looked at, and the constants of their terms"""


def grid(
    kind: str, answers: Sequence[tuple[rules.Measures, int]], *, by: float
) -> dict[str, tuple[float, float, float]]:
    """The share of right dimensions with every constant of a kind a part `by` smaller, as it is, and so much larger.

    answers    measures of a function, and its true dimension
    """
    as_it_is = _right(answers)
    shares: dict[str, tuple[float, float, float]] = {}
    for name, less, more in _changes(kind, by):
        with less:
            below = _right(answers)
        with more:
            above = _right(answers)
        shares[name] = below, as_it_is, above
    return shares


def _changes(kind: str, by: float) -> Iterator[tuple[str, AbstractContextManager, AbstractContextManager]]:
    """Every constant by name, and what makes it smaller and larger for a while."""
    for name, weight in WEIGHTS[kind].items():
        less, more = (patch.dict(WEIGHTS[kind], {name: factor * weight}) for factor in (1 - by, 1 + by))
        yield f"weight of {name}", less, more
    for name in CLAMPS[kind]:
        value = getattr(rules, name)
        scaled = [tuple(f * v for v in value) if isinstance(value, tuple) else f * value for f in (1 - by, 1 + by)]
        less, more = (patch.object(rules, name, new) for new in scaled)
        yield name, less, more


def _right(answers: Sequence[tuple[rules.Measures, int]]) -> float:
    """The share of right dimensions, by the odds alone."""
    hits = 0
    for measures, true in answers:
        exact = rules.exactly_null(measures.variance)
        rest = measures.beyond(exact).carried()
        hits += exact + (int(rules.odds_of(rest).argmax()) if len(rest.variance) else 0) == true
    return hits / len(answers)

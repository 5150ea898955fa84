"""Cases of a sweep and what was found in them."""

from collections.abc import Sequence


def select(cases: Sequence[dict], found: Sequence[dict], **wanted: object) -> list[dict]:
    """What was found in the cases that have these values."""
    return [f for case, f in zip(cases, found, strict=True) if all(case.get(k) == v for k, v in wanted.items())]

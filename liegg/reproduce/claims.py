"""The claims of the papers and our own, book/claims.yml, each checked when it is read; verdicts.py judges them."""

import math
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from liegg.reproduce import rows, table
from liegg.reproduce.errors import UserError
from liegg.reproduce.project import find_root

FILE = Path("book", "claims.yml")
RATIOS = {"times lower": "times higher", "times higher": "times lower"}
"""the units that a ratio of pairs may have, each with its opposite"""
TESTED = {*RATIOS, "(rank correlation)"}
"""the units of what is tested"""
PREFIXES = {"reported": "third party: ", "ours": "ours: "}
"""how the source of a claim that is not the authors' begins, by its origin"""
NAME = "^[A-Za-z_][A-Za-z0-9_]*$"


class Claim(rows.Row):
    id: Annotated[str, Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)]
    """its name, and its anchor in the book"""
    experiment: rows.Text
    source: rows.Text
    """where it is made and how we know it, begun as PREFIXES says"""
    statement: rows.Text
    """in our words"""
    origin: Literal["value", "conclusion", "reported", "ours"]
    """the authors' number at their setting; their statement without one, or at a setting of ours; what a third party
    says of their paper, at a setting of ours; our own"""
    metric: Annotated[str, Field(pattern=NAME)]
    unit: rows.Line = ""
    """of the metric; that of a ratio says what a value above one means: "times lower" """
    over: rows.Text = "networks"
    """what the metric has one value of each, or what was drawn: networks, seeds, functions, architectures, ..."""
    paper: rows.Text
    """the authors' value in words, or "not available" """
    accept: Annotated[tuple[float, float], Field(strict=False)]
    reason: rows.Text
    judged: Literal["mean", "share", "exact", "test"]
    """by the interval of a mean or of an estimate; by the share of units in `accept`; by every one of a fixed list; by
    a test of pairs or of a rank correlation"""
    least: Annotated[float | None, Field(gt=0, lt=1)] = None
    """the share of units that must be in `accept`"""
    profiles: Annotated[list[table.Profile], Field(min_length=1)]
    """at whose settings it is judged"""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        low, high = self.accept
        if not low <= high:
            raise ValueError(f"accept must be [low, high], not [{low:g}, {high:g}]")
        if math.isinf(low) and math.isinf(high):
            raise ValueError(f"accept must have an end that is finite, not [{low:g}, {high:g}]")
        if len(set(self.profiles)) < len(self.profiles):
            raise ValueError(f"a profile stands here twice: {', '.join(self.profiles)}")
        if (self.judged == "share") != (self.least is not None):
            raise ValueError("least belongs to a claim that is judged by a share, and to no other")
        if self.judged == "test" and self.unit not in TESTED:
            raise ValueError(f"what is tested has one of these units: {', '.join(sorted(TESTED))}")
        for origin, prefix in PREFIXES.items():
            if (self.origin == origin) != self.source.startswith(prefix):
                raise ValueError(f'a source begins with "{prefix}" where the origin is {origin}, and nowhere else')
        return self

    @property
    def accepted(self) -> str:
        """The accepted interval in words."""
        low, high = self.accept
        if low == high:
            return f"= {low:g}"
        if low == float("-inf"):
            return f"≤ {high:g}"
        return f"≥ {low:g}" if high == float("inf") else f"{low:g} to {high:g}"

    @property
    def command(self) -> str:
        """What makes the number that is judged."""
        return f"make reproduce PROFILE={self.profiles[-1]} NOTEBOOK={self.experiment}"


def load(root: Path | None = None) -> list[Claim]:
    """All claims in the order of the file. Raises UserError that names row and key of what is wrong."""
    root = root or find_root()
    experiments = table.load(root)
    claims: dict[str, Claim] = {}
    content = rows.read(root / FILE)
    if not isinstance(content, list):
        raise UserError(f"{FILE.name}: it must be a list of claims")
    for number, fields in enumerate(content, 1):
        name = fields.get("id") if isinstance(fields, dict) else None
        claim = rows.check(Claim, FILE.name, str(name or f"row {number}"), fields)
        if claim.id in claims:
            raise rows.wrong(FILE.name, claim.id, "id", "another claim has this id")
        if claim.experiment not in experiments:
            raise rows.wrong(FILE.name, claim.id, "experiment", f"{claim.experiment} is not in {table.TABLE}")
        if lacking := [p for p in claim.profiles if p not in experiments[claim.experiment].profiles]:
            raise rows.wrong(FILE.name, claim.id, "profiles", f"{claim.experiment} has no profile {lacking[0]}")
        claims[claim.id] = claim
    return list(claims.values())

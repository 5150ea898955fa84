"""The table of experiments, notebooks/experiments.yml, and the checks of its parameters.

A parameter is declared once, in the notebook's cell tagged `parameters`, as `name: type = default  # help`. The table
adds what a profile changes and what values are allowed.
"""

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

import nbformat
from pydantic import Field, field_validator, model_validator

from liegg.reproduce import parameters, rows
from liegg.reproduce.errors import UserError
from liegg.reproduce.parameters import Parameter
from liegg.reproduce.project import TABLE, find_root
from liegg.reproduce.words import brief

Profile = Literal["smoke", "quick", "paper", "full"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
NAME = re.compile(r"[1-5]\d_[A-Za-z0-9_]+")
"""of a notebook, and of its files"""
PACKAGE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""as package indices spell it"""
LONGEST = 100  # characters of a name, or of a word that a parameter may have
OPTIONAL = {"full"}
"""profiles that an experiment may lack"""
PARTS = ("I", "II", "III", "IV", "V")
"""of the book; the first digit of a notebook's name says which it is in"""


@dataclass(frozen=True)
class Experiment:
    name: str
    title: str
    regenerates: str
    seconds: dict[str, int]
    profiles: dict[str, dict]
    allowed: dict
    replicates: list[str]
    """parameters that add or change random draws and nothing else: a claim is judged at any value of theirs"""
    alone: bool
    """whether it measures times, and so runs last with nothing beside it"""
    path: Path
    packages: list[str] = field(default_factory=list)
    """optional ones, without which it measures less: see `make others`"""

    @property
    def part(self) -> str:
        return PARTS[int(self.name[0]) - 1]

    def notebook(self) -> nbformat.NotebookNode:
        """Raises UserError, which names the file, for one that is no notebook, or has no parameters."""
        return parameters.notebook(self.path)

    def parameters(self) -> dict[str, Parameter]:
        """The declared parameters by name. Raises UserError for a notebook that declares one without its type or value,
        and for what the table says of them that does not fit."""
        found = {d.name: Parameter(*d, self.allowed.get(d.name)) for d in parameters.of(self.path)}
        said = {"allowed": self.allowed, "replicates": self.replicates}
        said |= {f"profiles.{profile}": values for profile, values in self.profiles.items()}
        for key, names in said.items():
            if unknown := [name for name in names if name not in found]:
                what = f"the notebook has no parameter {brief(unknown[0])[1:-1]}: it has {', '.join(found)}"
                raise rows.wrong(TABLE.name, self.name, key, what)
        if misfit := next(filter(None, (p.misfit() for p in found.values())), ""):
            raise rows.wrong(TABLE.name, self.name, "allowed", misfit)
        for profile, values in self.profiles.items():
            for name, value in values.items():
                try:
                    found[name].check(value)
                except UserError as error:
                    raise rows.wrong(TABLE.name, self.name, f"profiles.{profile}", str(error)) from None
        return found

    def values(self, profile: str, overrides: dict[str, object]) -> dict[str, object]:
        """The value of every parameter under a profile and one's own overrides, checked."""
        declared = self.parameters()
        chosen = {**(self.profiles.get(profile) or {}), **overrides}
        for name in overrides:
            if name not in declared:
                raise UserError(f"{self.name} has no parameter {name}: it has {', '.join(declared)}")
        return {name: p.check(chosen.get(name, p.default)) for name, p in declared.items()}


class _Row(rows.Row):
    """A row of experiments.yml as it is written."""

    title: rows.Text
    regenerates: rows.Text
    seconds: dict[Profile, Annotated[int, Field(gt=0, le=10**9)]]
    profiles: dict[Profile, dict[str, object]]
    allowed: dict[str, object] = Field(default_factory=dict)
    replicates: list[rows.Text] = Field(default=["seed", "networks"])
    alone: bool = False
    packages: list[rows.Text] = Field(default=[])

    @field_validator("seconds", "profiles")
    @classmethod
    def _every_profile(cls, values: dict) -> dict:
        if missing := set(PROFILES) - OPTIONAL - set(values):
            raise ValueError(f"{', '.join(sorted(missing))} is missing")
        return values

    @field_validator("allowed")
    @classmethod
    def _values_or_bounds(cls, allowed: dict) -> dict:
        for name, values in allowed.items():
            if what := _no_list(values) if isinstance(values, list) else _no_bounds(values):
                raise ValueError(f"{brief(name)[1:-1]} {what}")
        return allowed

    @field_validator("packages")
    @classmethod
    def _packages(cls, packages: list) -> list:
        if strange := [name for name in packages if not PACKAGE.fullmatch(name) or len(name) > LONGEST]:
            raise ValueError(f"must be names of packages, such as e3nn, not {brief(strange[0])}")
        return packages

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if differing := set(self.seconds) ^ set(self.profiles):
            raise ValueError(f"{', '.join(sorted(differing))} must stand in seconds and in profiles, or in neither")
        return self


def _no_list(values: list) -> str:
    """What is wrong with the list of values that a parameter may have, or ""."""
    if not values:
        return "must have a value at least"
    if strange := [v for v in values if not isinstance(v, int | float | str) or v != v or v in (math.inf, -math.inf)]:
        return f"may have words, finite numbers, true and false, not {brief(strange[0])}"
    words = [v for v in values if isinstance(v, str)]
    if strange := [v for v in words if not v.isprintable() or v != v.strip() or len(v) > LONGEST]:
        return f"may have words of one short line, not {brief(strange[0])}"
    return "must have values that are all different" if len(set(values)) < len(values) else ""


def _no_bounds(values: object) -> str:
    """What is wrong with the range in which a parameter must lie, or ""."""
    if not isinstance(values, dict):
        return f"must be a list of values or bounds, not {brief(values)}"
    if unknown := set(values) - {"min", "max", "least"}:
        return f"may have min, max and least, not {brief(min(unknown))[1:-1]}"
    low, high, least = values.get("min", math.nan), values.get("max", math.nan), values.get("least", 1)
    if not all(type(end) in (int, float) and math.isfinite(end) for end in (low, high)) or low > high:
        return f"must have a min and a max that is no smaller, both finite numbers, not {brief(values)}"
    if type(least) is not int or least < 1:
        return f"must have a whole number above 0 as least, not {brief(least)}"
    possible = high - low + 1 if type(low) is type(high) is int or low == high else math.inf
    return f"cannot have {least} different values from {low} to {high}" if least > possible else ""


def load(root: Path | None = None) -> dict[str, Experiment]:
    """All experiments by name, in reading order. Raises UserError that names row and key of what is wrong."""
    path = (root or find_root()) / TABLE
    content = rows.read(path)
    if not isinstance(content, dict) or not content:
        raise UserError(f"{TABLE.name}: it must have a key for each experiment")
    if strange := [name for name in content if not NAME.fullmatch(name) or len(name) > LONGEST]:
        form = f"its part, 1 to {len(PARTS)}, a digit, and letters, digits and underscores, as in 11_o5_regression"
        raise rows.wrong(TABLE.name, strange[0], "name", f"must be {form}")
    checked = {name: dict(rows.check(_Row, TABLE.name, name, row)) for name, row in content.items()}
    return {name: Experiment(name, path=path.parent / f"{name}.ipynb", **row) for name, row in checked.items()}


def select(experiments: dict[str, Experiment], names: str, profile: str, part: str = "") -> list[Experiment]:
    """The experiments named (space-separated), or those of a part, or all; of the latter two those that have the
    profile. Raises UserError unless profile, names and part exist."""
    if profile not in PROFILES:
        raise UserError(f"unknown profile {brief(profile)}: there are {', '.join(PROFILES)}")
    if names and not names.split():
        raise UserError(f"NOTEBOOK (--notebook) names none: {brief(names)}")
    if names.split() and part:
        raise UserError("give NOTEBOOK (--notebook) or PART (--part), not both")
    if part and part not in PARTS:
        raise UserError(f"unknown part {brief(part)}: there are {', '.join(PARTS)}")
    chosen = [Path(name).name.removesuffix(".ipynb") for name in names.split()]
    for name in chosen:
        if name not in experiments:
            raise UserError(
                f"unknown notebook {brief(name)}: {_renamed(name, experiments)}there are {', '.join(experiments)}"
            )
        if profile not in experiments[name].profiles:
            raise UserError(f"{name} has no profile {profile}: there are {', '.join(experiments[name].profiles)}")
    every = [name for name, e in experiments.items() if profile in e.profiles and part in ("", e.part)]
    if part and not every:
        raise UserError(f"no notebook of part {part} has the profile {profile}")
    return [experiments[name] for name in dict.fromkeys(chosen or every)]


def _renamed(name: str, experiments: dict[str, Experiment]) -> str:
    """What a notebook of another number is called now: numbers change as the book grows, titles do not."""
    title = name.lstrip("0123456789")
    now = [new for new in experiments if title and new.lstrip("0123456789") == title]
    return f"it is called {now[0]} now (NOTEBOOK={now[0]}); " if now else ""

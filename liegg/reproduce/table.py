"""The table of experiments, notebooks/experiments.yml, and the checks of its parameters.

A parameter is declared once, in the notebook's cell tagged `parameters`, as `name: type = default  # help`. The table
adds what a profile changes and what values are allowed.
"""

import ast
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import nbformat
import papermill
from pydantic import Field, field_validator

from liegg.reproduce import rows
from liegg.reproduce.project import TABLE, UserError, find_root, in_words
from liegg.reproduce.words import brief, typed

Profile = Literal["smoke", "quick", "paper", "full"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
NAME = re.compile(r"[1-5]\d_[A-Za-z0-9_]+")
"""of a notebook, and of its files"""
LONGEST = 200  # characters of an error that is no text of ours
OPTIONAL = {"full"}
"""profiles that an experiment may lack"""
PARTS = ("I", "II", "III", "IV", "V")
"""of the book; the first digit of a notebook's name says which it is in"""
TYPES: dict[str, Any] = {"int": int, "float": float, "str": str, "bool": bool, "list": list}


@dataclass(frozen=True)
class Parameter:
    name: str
    type: str
    default: Any
    help: str
    allowed: list | dict | None

    @property
    def kind(self) -> str:
        """The type of its value, of a list that of its entries."""
        return type(self.default[0]).__name__ if self.type == "list" else self.type

    @property
    def bounds(self) -> str:
        """Which values it, or each entry of it, may have, in words; "" for any."""
        if isinstance(self.allowed, list):
            return ", ".join(map(typed, self.allowed))
        return f"{self.allowed['min']} to {self.allowed['max']}" if self.allowed else ""

    def check(self, value: Any) -> Any:
        """The value in the declared type, or a UserError; an integer passes for a float.

        A list has entries of the default's type, no two alike, at least one or as many as `least` says.
        """
        if self.type != "list":
            return self._one(self.name, value)
        if type(value) is not list:
            raise UserError(f"parameter {self.name} must be a list, not {brief(value)}")
        entries = [self._one(f"{self.name}, each entry of it,", entry) for entry in value]
        least = self.allowed.get("least", 1) if isinstance(self.allowed, dict) else 1
        if len(entries) < least or len(entries) > len(set(entries)):
            must = f"must have at least {least} entries, all different"
            raise UserError(f"parameter {self.name} {must}, not {brief(value)}")
        return entries

    def _one(self, name: str, value: Any) -> Any:
        convert = TYPES[self.kind]
        if type(value) is not convert and not (convert is float and type(value) is int):
            raise UserError(f"parameter {name} must be {self.kind}, not {type(value).__name__} ({brief(value)})")
        if isinstance(self.allowed, list) and value not in self.allowed:
            raise UserError(f"parameter {name} must be one of {self.bounds}, not {brief(value)}")
        if isinstance(self.allowed, dict) and not self.allowed["min"] <= value <= self.allowed["max"]:
            raise UserError(f"parameter {name} must be from {self.bounds}, not {brief(value)}")
        return convert(value)


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
    path: Path

    @property
    def part(self) -> str:
        return PARTS[int(self.name[0]) - 1]

    def notebook(self) -> nbformat.NotebookNode:
        """Raises UserError, which names the file, for one that is no notebook."""
        try:
            notebook = nbformat.read(self.path, as_version=4)
            nbformat.validate(notebook)
        except FileNotFoundError:
            raise UserError(f"{self.path.name}: there is no such file beside {TABLE.name}") from None
        except OSError as error:
            raise UserError(in_words(error)) from None
        except Exception as error:  # whatever its parsers raise
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise UserError(f"{self.path.name} is no notebook: {first[:LONGEST]}") from None
        return notebook

    def parameters(self) -> dict[str, Parameter]:
        """The declared parameters by name. Raises UserError for a notebook that declares none, or one without its type
        or value, and for what the table says of them that does not fit."""
        cells = [c for c in self.notebook().cells if "parameters" in c.metadata.get("tags", [])]
        if len(cells) != 1:
            raise UserError(f"{self.path.name}: one cell must be tagged parameters, and {len(cells)} are")
        found = {}
        for p in papermill.inspect_notebook(str(self.path)).values():
            name, kind = p["name"], p["inferred_type_name"]
            try:
                default = ast.literal_eval(p["default"])
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                default = None
            if type(default) is not TYPES.get(kind) or default == []:
                raise UserError(
                    f"{self.path.name}: parameter {name} must be declared as `name: type = value`, with a type of "
                    f"{', '.join(TYPES)} and a value of it, no empty list"
                )
            found[name] = Parameter(name, kind, default, p["help"].strip(), self.allowed.get(name))
        self._require_fitting(found)
        return found

    def _require_fitting(self, declared: dict[str, Parameter]) -> None:
        """Refuse what the table says of parameters that the notebook does not have, or not of this type."""
        said = {"allowed": self.allowed, "replicates": self.replicates}
        said |= {f"profiles.{profile}": values for profile, values in self.profiles.items()}
        for key, names in said.items():
            if unknown := [name for name in names if name not in declared]:
                raise rows.wrong(
                    TABLE.name,
                    self.name,
                    key,
                    f"the notebook has no parameter {unknown[0]}: it has {', '.join(declared) or 'none'}",
                )
        for p in declared.values():
            number = p.kind in ("int", "float")
            if number and not p.allowed:
                raise rows.wrong(TABLE.name, self.name, "allowed", f"{p.name} is a number and needs a min and a max")
            if isinstance(p.allowed, dict) and not number:
                raise rows.wrong(TABLE.name, self.name, "allowed", f"{p.name} is no number and has no min and max")
            if isinstance(p.allowed, dict) and "least" in p.allowed and p.type != "list":
                raise rows.wrong(TABLE.name, self.name, "allowed", f"{p.name} is no list and has no least")
            if isinstance(p.allowed, list) and any(type(value) is not TYPES[p.kind] for value in p.allowed):
                raise rows.wrong(TABLE.name, self.name, "allowed", f"{p.name} must have values of its type, {p.kind}")

    def values(self, profile: str, overrides: dict[str, object]) -> dict[str, object]:
        """The value of every parameter under a profile and one's own overrides, checked."""
        parameters = self.parameters()
        chosen = {**(self.profiles.get(profile) or {}), **overrides}
        for name in overrides:
            if name not in parameters:
                raise UserError(f"{self.name} has no parameter {name}: it has {', '.join(parameters)}")
        return {
            name: self._checked(p, chosen.get(name, p.default), name in overrides) for name, p in parameters.items()
        }

    def _checked(self, p: Parameter, value: object, typed: bool) -> object:
        try:
            return p.check(value)
        except UserError as error:
            if typed:
                raise
            raise rows.wrong(TABLE.name, self.name, "profiles or allowed", str(error)) from None


class _Row(rows.Row):
    """A row of experiments.yml as it is written."""

    title: Annotated[str, Field(min_length=1)]
    regenerates: Annotated[str, Field(min_length=1)]
    seconds: dict[Profile, Annotated[int, Field(gt=0, strict=True)]]
    profiles: dict[Profile, dict[str, object]]
    allowed: dict[str, object] = Field(default_factory=dict)
    replicates: list[str] = Field(default=["seed", "networks"])

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
            if not isinstance(values, list | dict):
                raise ValueError(f"{name} must be a list of values or bounds, not {brief(values)}")
            if values == []:
                raise ValueError(f"{name} must have a value at least")
            if isinstance(values, dict) and not (type(values.get("least", 1)) is int and values.get("least", 1) > 0):
                raise ValueError(f"{name} must have a whole number above 0 as least, not {values['least']!r}")
            if isinstance(values, dict) and (unknown := set(values) - {"min", "max", "least"}):
                raise ValueError(f"{name} may have min, max and least, not {', '.join(sorted(unknown))}")
            if isinstance(values, dict) and not _is_range(values.get("min"), values.get("max")):
                raise ValueError(
                    f"{name} must have a min and a max that is no smaller, both finite numbers, not {values}"
                )
        return allowed


def _is_range(low: Any, high: Any) -> bool:
    return all(type(end) in (int, float) and math.isfinite(end) for end in (low, high)) and low <= high


def load(root: Path | None = None) -> dict[str, Experiment]:
    """All experiments by name, in reading order. Raises UserError that names row and key of what is wrong."""
    path = (root or find_root()) / TABLE
    content = rows.read(path)
    if not isinstance(content, dict):
        raise UserError(f"{TABLE.name}: it must have a key for each experiment")
    if strange := [name for name in content if not NAME.fullmatch(name)]:
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

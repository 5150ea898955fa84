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
from liegg.reproduce.project import TABLE, UserError, find_root

Profile = Literal["smoke", "quick", "paper", "full"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
OPTIONAL = {"full"}
"""profiles that an experiment may lack"""
PARTS = ("I", "II", "III", "IV", "V")
"""of the book; the first digit of a notebook's name says which it is in"""
WORD = re.compile(r"""([A-Za-z_]\w*)=(\[[^]]*]|'[^']*'|"[^"]*"|[^\s'"[]\S*)(?=\s|$)""")
ENTRY = re.compile(r"""(?:'[^']*'|"[^"]*"|\([^()]*\)|[^,])+""")
"""of a list whose words lack their quotes: commas in quotes and brackets do not end it"""
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
            raise UserError(f"parameter {self.name} must be a list, not {value!r}")
        entries = [self._one(f"{self.name}, each entry of it,", entry) for entry in value]
        least = self.allowed.get("least", 1) if isinstance(self.allowed, dict) else 1
        if len(entries) < least or len(entries) > len(set(entries)):
            raise UserError(f"parameter {self.name} must have at least {least} entries, all different, not {value!r}")
        return entries

    def _one(self, name: str, value: Any) -> Any:
        convert = TYPES[self.kind]
        if type(value) is not convert and not (convert is float and type(value) is int):
            raise UserError(f"parameter {name} must be {self.kind}, not {type(value).__name__} ({value!r})")
        if isinstance(self.allowed, list) and value not in self.allowed:
            raise UserError(f"parameter {name} must be one of {', '.join(map(typed, self.allowed))}, not {value!r}")
        if isinstance(self.allowed, dict) and not self.allowed["min"] <= value <= self.allowed["max"]:
            raise UserError(
                f"parameter {name} must be from {self.allowed['min']} to {self.allowed['max']}, not {value!r}"
            )
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
        return nbformat.read(self.path, as_version=4)

    def parameters(self) -> dict[str, Parameter]:
        """The declared parameters by name. Raises UserError for a number that the table gives no range."""
        declared = papermill.inspect_notebook(str(self.path)).values()
        found = {
            p["name"]: Parameter(
                p["name"],
                p["inferred_type_name"],
                ast.literal_eval(p["default"]),
                p["help"].strip(),
                self.allowed.get(p["name"]),
            )
            for p in declared
        }
        if boundless := [p.name for p in found.values() if p.kind in ("int", "float") and not p.allowed]:
            raise rows.wrong(TABLE.name, self.name, "allowed", f"{boundless[0]} is a number and needs a min and a max")
        return found

    def values(self, profile: str, overrides: dict[str, object]) -> dict[str, object]:
        """The value of every parameter under a profile and one's own overrides, checked."""
        parameters = self.parameters()
        chosen = {**(self.profiles.get(profile) or {}), **overrides}
        for name in chosen:
            if name not in parameters:
                raise UserError(f"{self.name} has no parameter {name}: it has {', '.join(parameters)}")
        return {name: p.check(chosen.get(name, p.default)) for name, p in parameters.items()}


class _Row(rows.Row):
    """A row of experiments.yml as it is written."""

    title: Annotated[str, Field(min_length=1)]
    regenerates: Annotated[str, Field(min_length=1)]
    seconds: dict[Profile, int]
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
                raise ValueError(f"{name} must be a list of values or bounds, not {values!r}")
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
    if strange := [name for name in content if str(name)[:1] not in {str(i) for i, _ in enumerate(PARTS, 1)}]:
        raise rows.wrong(TABLE.name, strange[0], "name", f"must begin with the number of its part, 1 to {len(PARTS)}")
    checked = {name: rows.check(_Row, TABLE.name, name, row) for name, row in content.items()}
    return {name: Experiment(name, **dict(row), path=path.parent / f"{name}.ipynb") for name, row in checked.items()}


def select(experiments: dict[str, Experiment], names: str, profile: str, part: str = "") -> list[Experiment]:
    """The experiments named (space-separated), or those of a part, or all; of the latter two those that have the
    profile. Raises UserError unless profile, names and part exist."""
    if profile not in PROFILES:
        raise UserError(f"unknown profile {profile!r}: there are {', '.join(PROFILES)}")
    if names.split() and part:
        raise UserError("give NOTEBOOK (--notebook) or PART (--part), not both")
    if part and part not in PARTS:
        raise UserError(f"unknown part {part!r}: there are {', '.join(PARTS)}")
    chosen = [Path(name).name.removesuffix(".ipynb") for name in names.split()]
    for name in chosen:
        if name not in experiments:
            raise UserError(
                f"unknown notebook {name!r}: {_renamed(name, experiments)}there are {', '.join(experiments)}"
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


def parse(words: str) -> dict[str, object]:
    """Parameters written as "seed=3 widths=[8, 16] name='two words'".

    Values are Python literals, anything else is a string; entries of a list may lack their quotes: [so(1,3), CNN].
    """
    values, rest = {}, words.strip()
    while rest:
        match = WORD.match(rest)
        if not match:
            raise UserError(
                f"cannot read the parameters from {rest!r} on: write name=value, several with spaces between"
            )
        values[match[1]] = _value(match[2])
        rest = rest[match.end() :].strip()
    return values


def _value(text: str) -> object:
    text = {"true": "True", "false": "False"}.get(text, text)
    text = text[1:-1] if re.fullmatch(r"(['\"])\[.*\]\1", text) else text  # a list in quotes
    try:
        return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):  # all that literal_eval raises
        return [_value(part.strip()) for part in ENTRY.findall(text[1:-1])] if text.startswith("[") else text


def typed(value: object) -> str:
    """A value as it is typed in a list: words that are empty or have a comma need their quotes."""
    return repr(value) if value == "" or "," in str(value) else str(value)

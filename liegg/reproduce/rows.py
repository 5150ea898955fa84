"""The project's YAML tables, row by row: what is wrong with one is a single line that names file, row and key."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from liegg.reproduce.project import UserError


class Row(BaseModel):
    """A row of a table: no key beside those declared, and no change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Loader(yaml.SafeLoader):
    """SafeLoader, which lets the last of two equal keys win in silence, without that."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                twice = f"the key {key.value} stands here twice"
                raise yaml.MarkedYAMLError(problem=twice, problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


R = TypeVar("R", bound=Row)


def read(path: Path) -> Any:
    """What a YAML file holds. Raises UserError, in one line, for what is no YAML and for a key that stands twice."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except yaml.MarkedYAMLError as error:
        raise UserError(f"{path.name}, line {error.problem_mark.line + 1}: {error.problem}") from None


def check(model: type[R], file: str, name: str, fields: object) -> R:
    """One row as its model. Raises UserError that names the file, the row and the first key that is wrong."""
    if not isinstance(fields, dict):
        raise UserError(f"{file}, {name}: a row must be keys and their values, not {fields!r}")
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        first, *more = error.errors()
        raise wrong(file, name, ".".join(map(str, first["loc"])), first["msg"], others=len(more)) from None


def wrong(file: str, name: str, key: str, what: str, *, others: int = 0) -> UserError:
    """The error of one key of one row, to be raised; `others` is how many more the row has."""
    what = what.removeprefix("Value error, ")
    more = f" (and {others} more in this row)" if others else ""
    return UserError(f"{file}, {name}, {key or 'the row'}: {what}{more}")

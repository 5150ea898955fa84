"""The project's YAML tables, row by row: what is wrong with one is a single line that names file, row and key."""

import json
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from liegg.reproduce.project import UserError, in_words


class Row(BaseModel):
    """A row of a table: no key beside those declared, and no change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Loader(yaml.SafeLoader):
    """SafeLoader without what it does in silence: of two equal keys the last wins, and a row may hold itself."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise yaml.MarkedYAMLError(problem="a key must be a word", problem_mark=key.start_mark)
            if key.value in seen:
                twice = f"the key {key.value} stands here twice"
                raise yaml.MarkedYAMLError(problem=twice, problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


R = TypeVar("R", bound=Row)


def read(path: Path) -> Any:
    """What a YAML file holds. Raises UserError, in one line, for a file that cannot be read, for what is no YAML, for a
    key that stands twice or is no word, and for a value that holds itself."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)
        json.dumps(content, default=str)
    except OSError as error:
        raise UserError(in_words(error)) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{path.name}{where}: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"{path.name}: {' '.join(str(error).split())}") from None
    return content


def check(model: type[R], file: str, name: str, fields: object) -> R:
    """One row as its model. Raises UserError that names the file, the row and the first key that is wrong."""
    if not isinstance(fields, dict):
        raise UserError(f"{file}, {name}: a row must be keys and their values, not {str(fields)[:60]!r}")
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

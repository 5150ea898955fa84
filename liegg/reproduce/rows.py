"""The project's YAML tables, row by row: what is wrong with one is a single line that names file, row and key."""

import copy
import functools
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from liegg.reproduce.errors import UserError, in_words
from liegg.reproduce.words import brief

DEEPEST = 8  # levels of a table; ours have four
LONGEST = 100  # characters of a name in an error
MOST = 100_000  # values of a table, those behind an alias each time that it is used
NUMBER = {
    "int": re.compile(r"[-+]?(0|[1-9]\d{0,17})"),
    "float": re.compile(r"[-+]?(\d+\.\d*|\.\d+)([eE][-+]?\d+)?|[-+]?\.inf|\.nan"),
}
"""as they are written here; YAML reads 010 as 8, 1:30 as 90, and more digits than Python prints"""
PLAIN = {"str", "bool", "null", "seq", "map", *NUMBER}


class Row(BaseModel):
    """A row of a table: no key beside those declared, no value of another type, and no change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _line(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError(f"must be one line of text, not {brief(text)}")
    return text


Line = Annotated[str, Field(max_length=1000), AfterValidator(_line)]
"""one line of text, or none"""
Text = Annotated[Line, Field(min_length=1)]
R = TypeVar("R", bound=Row)


def read(path: Path) -> Any:
    """What a YAML file holds. Raises UserError, in one line, for a file that cannot be read, for what is no YAML, for
    a key that stands twice or is no word, and for a value that is no plain one or holds itself."""
    try:
        return copy.deepcopy(_parsed(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UserError(in_words(error)) from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path.name}: it is no text in UTF-8, from byte {error.start} on") from None
    except RecursionError:
        raise UserError(f"{path.name}: it is nested too deeply") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{path.name}{where}: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise UserError(f"{path.name}: {' '.join(str(error).split())}") from None


@functools.lru_cache(maxsize=8)  # a book's tables are read for each of its pages
def _parsed(content: str) -> Any:
    loader = yaml.SafeLoader(content)
    root = loader.get_single_node()
    for number, _ in enumerate(_nodes(root) if root else ()):
        if number > MOST:
            raise _problem(root, (), f"it has more than {MOST} values")
    return loader.construct_document(root) if root else None


def _nodes(node: yaml.Node, names: tuple[str, ...] = ()) -> Iterator[yaml.Node]:
    """Every node of a file; MarkedYAMLError for the first that is not plain."""
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    if len(names) > DEEPEST:
        raise _problem(node, names, "it holds itself, or is nested too deeply")
    if kind not in PLAIN:
        raise _problem(node, names, f"what stands here is read as {brief(kind)[1:-1]}: put words in quotes")
    if kind in NUMBER and not _is_plain(node.value, kind):
        raise _problem(node, names, f"{brief(node.value)} is not written as numbers are here: 1000, 1.0e-6")
    yield node
    if isinstance(node, yaml.SequenceNode):
        for number, entry in enumerate(node.value, 1):
            yield from _nodes(entry, (*names, f"entry {number}"))
    elif isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.tag != "tag:yaml.org,2002:str":
                raise _problem(key, names, "a key must be a word")
            if key.value in seen:
                raise _problem(key, names, f"the key {key.value} stands here twice")
            seen.add(key.value)
            yield from _nodes(value, (*names, key.value))


def _is_plain(number: str, kind: str) -> bool:
    """Whether it is what it looks like; 1.0e+400 is not, which is read as infinite."""
    word = number.endswith((".inf", ".nan"))
    return bool(NUMBER[kind].fullmatch(number)) and (word or math.isfinite(float(number)))


def _problem(node: yaml.Node, names: tuple[str, ...], what: str) -> yaml.MarkedYAMLError:
    where = f" ({', '.join(map(_named, names[:3]))})" if names else ""
    return yaml.MarkedYAMLError(problem=what + where, problem_mark=node.start_mark)


def check(model: type[R], file: str, name: str, fields: object) -> R:
    """One row as its model. Raises UserError that names the file, the row and the first key that is wrong."""
    if not isinstance(fields, dict):
        raise UserError(f"{file}, {name}: a row must be keys and their values, not {brief(fields)}")
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        first, *more = error.errors()
        raise wrong(file, name, ".".join(map(str, first["loc"])), first["msg"], others=len(more)) from None


def wrong(file: str, name: str, key: str, what: str, *, others: int = 0) -> UserError:
    """The error of one key of one row, to be raised; `others` is how many more the row has."""
    what = what.removeprefix("Value error, ")
    more = f" (and {others} more in this row)" if others else ""
    return UserError(f"{file}, {_named(name)}, {_named(key) or 'the row'}: {what}{more}")


def _named(name: str) -> str:
    return name if name.isprintable() and len(name) <= LONGEST else brief(name)

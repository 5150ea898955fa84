"""The parameters of a notebook: how its cell tagged `parameters` declares them, and what values they may have."""

import ast
import functools
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

from liegg.reproduce.errors import UserError, in_words
from liegg.reproduce.project import TABLE
from liegg.reproduce.words import brief, typed

TYPES: dict[str, Any] = {"int": int, "float": float, "str": str, "bool": bool, "list": list}
FORM = "`name: type = default  # help`"
LONGEST = 200  # characters of an error that is no text of ours


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
            raise UserError(
                f"parameter {self.name} must have at least {least} entries, all different, not {brief(value)}"
            )
        return entries

    def _one(self, name: str, value: Any) -> Any:
        if not _is_of(self.kind, value):
            raise UserError(f"parameter {name} must be {self.kind}, not {type(value).__name__} ({brief(value)})")
        if isinstance(self.allowed, list) and value not in self.allowed:
            raise UserError(f"parameter {name} must be one of {self.bounds}, not {brief(value)}")
        if isinstance(self.allowed, dict) and not self.allowed["min"] <= value <= self.allowed["max"]:
            raise UserError(f"parameter {name} must be from {self.bounds}, not {brief(value)}")
        if isinstance(value, str) and not value.isprintable():
            raise UserError(f"parameter {name} must be one line of text, not {brief(value)}")
        return TYPES[self.kind](value)

    def misfit(self) -> str:
        """What is wrong with the values that it is allowed, or ""."""
        number = self.kind in ("int", "float")
        if number and not self.allowed:
            return f"{self.name} is a number and needs a min and a max"
        if isinstance(self.allowed, dict) and not number:
            return f"{self.name} is no number and has no min and max"
        if isinstance(self.allowed, dict) and "least" in self.allowed and self.type != "list":
            return f"{self.name} is no list and has no least"
        if isinstance(self.allowed, list) and not all(_is_of(self.kind, value) for value in self.allowed):
            return f"{self.name} must have values of its type, {self.kind}"
        try:
            self.check(self.default)
        except UserError as error:
            return f"the notebook's default does not fit: {error}"
        return ""


def _is_of(kind: str, value: object) -> bool:
    return type(value) is TYPES[kind] or (kind == "float" and type(value) is int)


class Declared(NamedTuple):
    name: str
    type: str
    default: Any
    help: str


def notebook(path: Path) -> nbformat.NotebookNode:
    """Raises UserError, which names the file, for one that is no notebook, and unless its first code cell is tagged
    parameters, no other is, and it declares them."""
    return _checked(_content(path), path.name)[0]


def of(path: Path) -> tuple[Declared, ...]:
    """What a notebook declares; raises what `notebook` does."""
    return _of(_content(path), path.name)


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path.name}: there is no such file beside {TABLE.name}") from None
    except OSError as error:
        raise UserError(in_words(error)) from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path.name} is no notebook: {error}") from None


@functools.cache
def _of(content: str, file: str) -> tuple[Declared, ...]:
    return _checked(content, file)[1]


def _checked(content: str, file: str) -> tuple[nbformat.NotebookNode, tuple[Declared, ...]]:
    """A notebook and what it declares."""
    try:
        read = nbformat.reads(content, as_version=4)
        nbformat.validate(read)
    except Exception as error:  # whatever its parsers raise
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"{file} is no notebook: {first[:LONGEST]}") from None
    tagged: list[nbformat.NotebookNode] = [cell for cell in read.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise UserError(f"{file}: one cell must be tagged parameters, and {len(tagged)} are")
    if tagged != [cell for cell in read.cells if cell.cell_type == "code"][:1]:
        raise UserError(f"{file}: the cell tagged parameters must be the first of code")
    return read, tuple(declared(tagged[0]["source"], file))


def declared(source: str, file: str) -> Iterator[Declared]:
    """The parameters that a cell declares, one a statement. Raises UserError, which names the file, for one that lacks
    its type or its value, for two of one name and for any other code."""
    try:
        tree = ast.parse(source)
        comments = {
            token.end[0]: token.string.lstrip("#").strip()
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.type == tokenize.COMMENT
        }
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UserError(f"{file}: its cell tagged parameters is not Python: {str(error)[:LONGEST]}") from None
    seen = set()
    for statement in tree.body:
        match statement:
            case ast.AnnAssign(ast.Name(name), ast.Name(kind), ast.expr() as value) if name.isascii():
                pass
            case _:
                line = ast.unparse(statement).splitlines()[0]
                raise UserError(f"{file}: its cell tagged parameters must have lines as {FORM}, not {brief(line)}")
        default = _literal(value)
        if kind not in TYPES or not _is_of(kind, default) or (kind == "list" and not _are_alike(default)):
            raise UserError(
                f"{file}: parameter {name} must be declared as {FORM}, with a type of {', '.join(TYPES)} and a value "
                "of it; of a list with an entry at least, all of one type"
            )
        if name in seen:
            raise UserError(f"{file}: parameter {name} is declared twice")
        seen.add(name)
        yield Declared(name, kind, default, comments.get(statement.end_lineno or 0, ""))


def _literal(value: ast.expr) -> object:
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _are_alike(entries: Any) -> bool:
    """Whether they are plain values of one type."""
    return len({type(entry) for entry in entries}) == 1 and type(entries[0]) in (int, float, str, bool)

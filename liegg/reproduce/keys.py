"""Content keys: what a result depends on, so that each step is done again exactly when that has changed.

A page is made in three steps. *Measuring* depends on the parameters, the code cells up to the last call of `sweep` or
`once`, the modules of liegg which these reach, and the libraries that compute. *Drawing*, all that the cells below
decide and show, depends on what was measured, every code cell and module, and the libraries that draw. *Writing* puts
the text and captions of today around it. Comments and docstrings count as text.
"""

import ast
import functools
import hashlib
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from liegg.reproduce import kept
from liegg.reproduce.project import Run, UserError
from liegg.reproduce.results import read_json, versions
from liegg.reproduce.table import Experiment

COMPUTING = ("torch", "numpy", "scipy", "scikit-learn")
ASIDE = ("liegg/__init__.py", "liegg/progress.py", "liegg/reproduce/")
"""what no number depends on: the table of public names, progress, the machinery"""
SHOWING = "liegg/plots/"
"""what nothing measured depends on, even where a module of the measuring part can show itself"""
MEASURING = {"sweep", "once"}


class Plan(NamedTuple):
    """The first step of a page that has to be done again, and why; no step if it is up to date."""

    step: str
    """measure, draw, write or nothing; each includes those after it"""
    why: str


def key(experiment: Experiment, values: dict, root: Path) -> dict[str, dict]:
    """All that the experiment's result depends on, step by step. Raises UserError for code that cannot be read."""
    cells = experiment.notebook().cells
    try:
        code = [_plain(cell.source) for cell in cells if cell.cell_type == "code"]
        measuring, every = (_reached("\n".join(part), root) for part in (code[: _end(code)], code))
        measuring = {name: digest for name, digest in measuring.items() if not name.startswith(SHOWING)}
    except (SyntaxError, tokenize.TokenError) as error:
        raise UserError(f"{experiment.path.name}, or a module that it imports, is not Python: {error}") from None
    of_libraries = versions()
    return {
        "measure": {
            "parameters": values,
            "cells": {"measuring": _digest(code[1 : _end(code)])},
            "modules": measuring,
            "versions": {name: of_libraries[name].split("+")[0] for name in COMPUTING},
        },
        "draw": {
            "cells": {"drawing": _digest(code[_end(code) :])},
            "modules": {name: digest for name, digest in every.items() if name not in measuring},
            "versions": {name: number for name, number in of_libraries.items() if name not in COMPUTING},
        },
        "write": {"cells": {"text": _digest([(c.cell_type, c.source, c.metadata) for c in cells])}},
    }


def changes(before: dict, now: dict) -> list[str]:
    """In words, what differs between the keys of one step."""
    found = []
    for part in now:
        old, new = before.get(part, {}), now[part]
        for name in sorted(set(old) | set(new)):
            if old.get(name) != new.get(name):
                found.append(
                    {
                        "parameters": f"parameter {name}: {old.get(name)} → {new.get(name)}",
                        "cells": f"the {name} cells changed" if name != "text" else "its text changed",
                        "modules": f"{name} changed",
                        "versions": f"{name}: {old.get(name)} → {new.get(name)}",
                    }[part]
                )
    return found


def plan(run: Run, experiment: Experiment, now: dict[str, dict]) -> Plan:
    """What must be done for the experiment's page to be up to date."""
    measured, result = kept.header(run.measured(experiment.name)), read_json(run.result(experiment.name))
    failed = run.failed(experiment.name).is_file()
    if measured is None:
        return Plan("measure", "its last run failed" if failed else "it has not been run")
    if found := changes(measured["key"], now["measure"]):
        return Plan("measure", "; ".join(found))
    if failed:
        return Plan("draw", "its last run failed")
    if result is None or not run.executed(experiment.name).is_file():
        return Plan("draw", "it has been measured and not drawn")
    made = result["provenance"]
    if made["finished"] != measured["finished"]:
        return Plan("draw", "it was measured anew")
    for step in ("draw", "write"):
        if found := changes(made["drawn"]["key"][step], now[step]):
            return Plan(step, "; ".join(found))
    return Plan("", "")


def _end(code: list[str]) -> int:
    """How many code cells there are up to the last one that measures."""
    calls = [{getattr(n.func, "id", "") for n in ast.walk(ast.parse(c)) if isinstance(n, ast.Call)} for c in code]
    return max((i for i, names in enumerate(calls, 1) if names & MEASURING), default=len(code))


def modules(code: str, root: Path) -> list[Path]:
    """The files of liegg that a piece of code imports, directly or through others; not those imported for types."""
    found: set[Path] = set()
    queue = set(_imports(code, root))
    while queue:
        path = queue.pop()
        if path not in found:
            found.add(path)
            queue |= _imports(path.read_text(encoding="utf-8"), root)
    return sorted(found)


def _reached(code: str, root: Path) -> dict[str, str]:
    """Every file on which numbers may depend, with a digest of its code."""
    files = {path.relative_to(root).as_posix(): path for path in modules(code, root)}
    return {
        name: _digest(_plain(path.read_text(encoding="utf-8")))
        for name, path in files.items()
        if not name.startswith(ASIDE)
    }


@functools.cache
def _imports(code: str, root: Path) -> frozenset[Path]:
    """The files named by the import statements of one piece of code, packages included."""
    names: set[str] = set()
    for node in _nodes(ast.parse(code)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "liegg":
            names.add(f"liegg.{node.attr}")
    return frozenset(path for name in names if name.split(".")[0] == "liegg" for path in _files(name, root))


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those below `if TYPE_CHECKING:`."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"):
            yield node
            yield from _nodes(node)


def _files(name: str, root: Path) -> set[Path]:
    """liegg.a.b -> the __init__.py of each package on the way, and the module's file; lazy names resolved."""
    parts = name.split(".")
    packages = [root.joinpath(*parts[: i + 1], "__init__.py") for i in range(len(parts))]
    files = {path for path in [*packages, root.joinpath(*parts).with_suffix(".py")] if path.is_file()}
    if len(parts) == 2 and (home := _lazy(root).get(parts[1])):
        files |= _files(f"liegg.{home}", root)
    return files


@functools.cache
def _lazy(root: Path) -> dict[str, str]:
    """The table _NAMES of liegg/__init__.py: public name -> submodule that defines it."""
    for node in ast.parse((root / "liegg" / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_NAMES":
            return ast.literal_eval(node.value)
    return {}


@functools.cache
def _plain(code: str) -> str:
    """Code without comments, docstrings, blank lines and IPython's own commands. Raises SyntaxError."""
    code = re.sub(r"^(\s*)[%!].*$", r"\1pass", code, flags=re.M)
    lines = code.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(code)):
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and type(node.value.value) is str
        if text and not lines[node.lineno - 1][: node.col_offset].strip():
            lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _digest(content: object) -> str:
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16]

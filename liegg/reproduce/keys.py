"""Content keys: what a result depends on, so that each step is done again exactly when that has changed.

A page is made in three steps. *Measuring* depends on the parameters, the code cells up to the last call of `sweep` or
`once`, the modules of liegg which these reach, and the libraries that compute. *Drawing*, all that the cells below
decide and show, depends on what was measured, every code cell and module, and the libraries that draw. *Writing* puts
the text and captions of today around it. Comments, docstrings, layout and the refusal of bad input count as text: a
result that there is passed the checks.
"""

import ast
import functools
import hashlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from liegg.reproduce import executed, kept
from liegg.reproduce.errors import UserError
from liegg.reproduce.project import Run
from liegg.reproduce.reached import is_text, modules, parsed, text
from liegg.reproduce.results import installed, read_json, versions
from liegg.reproduce.table import Experiment

COMPUTING = ("torch", "numpy", "scipy", "scikit-learn")
ASIDE = ("liegg/__init__.py", "liegg/progress.py", "liegg/reproduce/", "liegg/data/files.py")
"""what no number depends on: the table of public names, progress, the machinery, where files lie (their content is held
against CHECKSUMS)"""
TABLES = "liegg/reproduce/results.py"
"""what of the machinery every table is written with"""
CHECKSUMS = "liegg/data/checksums.sha256"
"""which data are accepted"""
SHOWING = "liegg/plots/"
"""what nothing measured depends on, even where a module of the measuring part can show itself"""
MEASURING = {"sweep", "once"}
SETTLED = 2 * 10**9  # nanoseconds after which a file that is written again has another time
FEW = 4  # changes that are named


class Plan(NamedTuple):
    """The first step of a page that has to be done again, and why; no step if it is up to date."""

    step: str
    """measure, draw, write or nothing; each includes those after it"""
    why: str


def key(experiment: Experiment, values: dict, root: Path) -> dict[str, dict]:
    """All that the experiment's result depends on, step by step. Raises UserError that names the file of code that
    cannot be read."""
    cells = experiment.notebook().cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    plain = [_cell(cell.source, f"{experiment.path.name}, code cell {i}") for i, cell in enumerate(code, 1)]
    end = _end(plain)
    every = _reached("\n".join(plain), root)
    measuring = {n: d for n, d in _reached("\n".join(plain[:end]), root).items() if not n.startswith(SHOWING)}
    tags = [cell.metadata.get("tags", []) for cell in code]
    of_libraries = versions()
    return {
        "measure": {
            "parameters": values,
            "cells": {"measuring": _digest(plain[1:end])},
            "modules": measuring,
            "versions": {name: of_libraries[name].split("+")[0] for name in COMPUTING},
        }
        | ({"packages": installed(experiment.packages)} if experiment.packages else {}),
        "draw": {
            "cells": {"drawing": _digest([plain[end:], tags])},
            "modules": {name: digest for name, digest in every.items() if name not in measuring}
            | _file(TABLES, root)
            | _stored("\n".join(plain[end:]), root),
            "versions": {name: number for name, number in of_libraries.items() if name not in COMPUTING},
        },
        "write": {"cells": {"text": _digest([(c.cell_type, c.source, c.metadata) for c in cells])}},
    }


def measuring_part(notebook: NotebookNode) -> NotebookNode:
    """The notebook up to its last cell that measures."""
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    end = _end([_cell(notebook.cells[i].source, "a cell") for i in code])
    return NotebookNode(notebook | {"cells": notebook.cells[: code[end - 1] + 1]})


def changes(before: Any, now: dict) -> list[str]:
    """In words, what differs between the keys of one step; that before is as it was found in a file.

    A module that has gone is left by a change of those that remain. An optional package that has gone changes nothing:
    a result with it says more than one without.
    """
    found = []
    for part, new in now.items():
        old = before.get(part) if isinstance(before, dict) else None
        old = old if isinstance(old, dict) else {}
        gone = set(old) - set(new) if part not in ("modules", "packages") else set()
        for name in sorted(gone | set(new)):
            if old.get(name) != new.get(name):
                found.append(
                    {
                        "parameters": f"parameter {name}: {old.get(name)} → {new.get(name)}",
                        "cells": f"the {name} cells changed" if name != "text" else "its text changed",
                        "modules": f"{name} changed",
                        "versions": f"{name}: {old.get(name)} → {new.get(name)}",
                        "packages": f"{name}: {old.get(name, 'not installed')} → {new.get(name)}",
                    }[part]
                )
    return found


def in_words(found: list[str]) -> str:
    """At most FEW changes by name, and how many more there are."""
    more = f"; and {len(found) - FEW} more" if len(found) > FEW else ""
    return "; ".join(found[:FEW]) + more


def plan(run: Run, experiment: Experiment, now: dict[str, dict]) -> Plan:
    """What must be done for the experiment's page to be up to date."""
    measured, result = kept.header(run.measured(experiment.name)), read_json(run.result(experiment.name))
    failed = run.failed(experiment.name).is_file()
    if measured is None:
        never = "its last run failed" if failed else "it has not been run"
        return Plan("measure", _unreadable(run.measured(experiment.name)) or never)
    if found := changes(measured.get("key"), now["measure"]):
        return Plan("measure", in_words(found))
    if failed:
        return Plan("draw", "its last run failed")
    if result is None or executed.read(run.executed(experiment.name)) is None:
        path = run.result(experiment.name) if result is None else run.executed(experiment.name)
        return Plan("draw", _unreadable(path) or "it has been measured and not drawn")
    made = result["provenance"]
    if made["finished"] != measured.get("finished") or not made["drawn"]:
        return Plan("draw", "it was measured anew")
    for step in ("draw", "write"):
        if found := changes(made["drawn"]["key"].get(step, {}), now[step]):
            return Plan(step, in_words(found))
    return Plan("", "")


def _unreadable(path: Path) -> str:
    """What to say of a file that is there, and of no use; "" if there is none."""
    return f"{path} cannot be read" if path.exists() else ""


def _end(code: list[str]) -> int:
    """How many code cells there are up to the last one that measures."""
    return max((i for i, c in enumerate(code, 1) if _called(c) & MEASURING), default=len(code))


@functools.cache
def _called(code: str) -> set[str]:
    """The functions that a piece of code calls by their name alone."""
    return {getattr(n.func, "id", "") for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Call)}


def _reached(code: str, root: Path) -> dict[str, str]:
    """Every file on which numbers may depend, with a digest of its code."""
    return _reached_in(code, root, _as_it_is(root))


def _as_it_is(root: Path) -> tuple:
    """What changes with any file of liegg: names, times and sizes; of files just written these may be the same, so then
    it is never the same."""
    files = sorted(path for path in (root / "liegg").rglob("*") if path.suffix in (".py", ".sha256"))
    stamps = [(str(path), found.st_mtime_ns, found.st_size) for path in files for found in [path.stat()]]
    now = time.time_ns()
    return *stamps, any(now - written < SETTLED for _, written, _ in stamps) and now


@functools.lru_cache(maxsize=256)  # a book asks four times for each of its pages
def _reached_in(code: str, root: Path, as_it_is: tuple) -> dict[str, str]:
    names = [path.relative_to(root).as_posix() for path in modules(code, root)]
    files = [_file(name, root) for name in names if not name.startswith(ASIDE)]
    return {name: digest for file in files for name, digest in file.items()} | _accepted(names, root)


def _accepted(names: list[str], root: Path) -> dict[str, str]:
    """A digest of the checksums of data sets, if files of them may be read; else {}."""
    return _file(CHECKSUMS, root) if any(name.startswith("liegg/data/") for name in names) else {}


def _file(name: str, root: Path) -> dict[str, str]:
    """A file's name and digest, {} if there is no such file; of a module what matters in its code."""
    path = root / name
    if not path.is_file():
        return {}
    return {name: _digest_of(text(path, root), path.suffix)}


@functools.cache
def _digest_of(content: str, suffix: str) -> str:
    return _digest(_plain(content) if suffix == ".py" else content)


def _cell(code: str, name: str) -> str:
    """A code cell as plain Python, without what counts as text; IPython's own commands as the calls that they are."""
    try:
        parsed(code, name)
    except UserError:
        code = TransformerManager().transform_cell(code)
        parsed(code, name)
    return _plain(code, cell=True)


def _stored(code: str, root: Path) -> dict[str, str]:
    """Digests of the stored results that a piece of code names by their path."""
    names = sorted(set(re.findall(r"data/reference/[\w/.-]+", code)))
    return {name: digest for file in names for name, digest in _file(file, root).items()}


@functools.cache
def _plain(code: str, *, cell: bool = False) -> str:
    """Code without comments, docstrings, layout and checks of the input; a cell shows its last line, even if that is a
    mere string."""
    tree = ast.parse(code)
    shown = [node for node in tree.body if isinstance(node, ast.Expr)] if cell else []
    caught = {node for attempt in _statements(tree) if isinstance(attempt, ast.Try) for node in _statements(attempt)}
    for node in _statements(tree):
        if isinstance(body := getattr(node, "body", None), list):
            aside = [n for n in body if is_text(n) or (_is_check(n) and n not in caught)]
            node.body = [n for n in body if n in shown or n not in aside] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(tree)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """A piece of code and every statement in it."""
    yield tree
    for name in ("body", "orelse", "handlers", "finalbody", "cases"):
        for node in getattr(tree, name, ()):
            yield from _statements(node)


def _is_check(node: ast.stmt) -> bool:
    """Whether a statement does nothing but refuse input: `if ...: raise ValueError(...)`, or TypeError."""
    acting = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await)
    if not isinstance(node, ast.If) or node.orelse or any(isinstance(n, acting) for n in ast.walk(node)):
        return False
    raised = [getattr(getattr(n, "exc", None), "func", None) for n in node.body if isinstance(n, ast.Raise)]
    return len(raised) == len(node.body) and all(getattr(f, "id", "") in ("ValueError", "TypeError") for f in raised)


def _digest(content: object) -> str:
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16]

"""Content keys: what a result depends on, so that it is computed again exactly when one of these has changed."""

import ast
import hashlib
from pathlib import Path

from liegg.reproduce.project import Run
from liegg.reproduce.results import read_json, versions
from liegg.reproduce.table import Experiment


def key(experiment: Experiment, values: dict, root: Path) -> dict[str, object]:
    """All that the experiment's result depends on: parameters, notebook, the modules it reaches, library versions."""
    cells = [(c.cell_type, c.source, c.metadata.get("tags", [])) for c in experiment.notebook().cells]
    code = "\n".join(source for kind, source, _ in cells if kind == "code")
    return {
        "parameters": values,
        "notebook": _digest(repr(cells).encode()),
        "modules": {str(p.relative_to(root)): _digest(p.read_bytes()) for p in modules(code, root)},
        "versions": versions(),
    }


def modules(code: str, root: Path) -> list[Path]:
    """The files of liegg that a piece of code imports, directly or through others."""
    found: set[Path] = set()
    queue = _imports(code, root)
    while queue:
        path = queue.pop()
        if path not in found:
            found.add(path)
            queue |= _imports(path.read_text(encoding="utf-8"), root)
    return sorted(found)


def _imports(code: str, root: Path) -> set[Path]:
    """The files named by the import statements of one piece of code, packages included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "liegg":
            names.add(f"liegg.{node.attr}")
    return {path for name in names if name.split(".")[0] == "liegg" for path in _files(name, root)}


def _files(name: str, root: Path) -> set[Path]:
    """liegg.a.b -> the __init__.py of each package on the way, and the module's file; lazy names resolved."""
    parts = name.split(".")
    packages = [root.joinpath(*parts[: i + 1], "__init__.py") for i in range(len(parts))]
    files = {path for path in [*packages, root.joinpath(*parts).with_suffix(".py")] if path.is_file()}
    if len(parts) == 2 and (home := _lazy(root).get(parts[1])):
        files |= _files(f"liegg.{home}", root)
    return files


def _lazy(root: Path) -> dict[str, str]:
    """The table _NAMES of liegg/__init__.py: public name -> submodule that defines it."""
    for node in ast.parse((root / "liegg" / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_NAMES":
            return ast.literal_eval(node.value)
    return {}


def stale(run: Run, experiment: Experiment, now: dict) -> str:
    """Why the experiment must run again, or "" if its result is up to date."""
    result = read_json(run.result(experiment.name))
    if result is None or not run.executed(experiment.name).is_file():
        return "its last run failed" if run.failed(experiment.name).is_file() else "it has not been run"
    before = result["provenance"]["key"]
    changes = ["the notebook changed"] if before["notebook"] != now["notebook"] else []
    for part, word in (("parameters", "parameter "), ("versions", ""), ("modules", "")):
        old, new = before[part], now[part]
        for name in sorted(set(old) | set(new)):
            if old.get(name) != new.get(name):
                values = f": {old.get(name)} → {new.get(name)}" if part != "modules" else " changed"
                changes.append(f"{word}{name}{values}")
    if not changes and run.failed(experiment.name).is_file():
        return "its last run failed"
    return "; ".join(changes)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]

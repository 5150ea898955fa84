"""Which files of liegg a piece of code reaches, by its import statements.

A package whose `__init__.py` only lists names, as `liegg.actions` and `liegg.plots` do, is followed name by name: code
that asks for one action does not depend on the others.
"""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from liegg.reproduce.errors import UserError


def modules(code: str, root: Path) -> list[Path]:
    """The files of liegg that a piece of code imports, directly or through others; not those imported for types."""
    found: set[Path] = set()
    queue = set(_imports(code, root))
    while queue:
        path = queue.pop()
        if path not in found:
            found.add(path)
            queue |= _imports(text(path, root), root)
    return sorted(found)


def text(path: Path, root: Path) -> str:
    """What is in a file; of a module only if it is Python. Raises UserError that names it."""
    name = path.relative_to(root).as_posix()
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{name} cannot be read: {error}") from None
    if path.suffix == ".py":
        parsed(content, name)
    return content


_tree = functools.cache(ast.parse)


@functools.cache
def parsed(code: str, name: str) -> ast.Module:
    """The syntax tree of a piece of code. Raises UserError that names where it stands."""
    try:
        return _tree(code)
    except SyntaxError as error:
        raise UserError(f"{name}, line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes, or too deep
        raise UserError(f"{name} is not Python: {error}") from None


@functools.cache
def _imports(code: str, root: Path) -> frozenset[Path]:
    """The files named by the import statements of one piece of code, packages included."""
    nodes = _nodes(_tree(code))
    names, called = set(), {("liegg", "liegg")}
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
            called |= {(alias.asname, "liegg") for alias in node.names if alias.name == "liegg" and alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found = {(alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names}
            every = {node.module, *(full for _, full in found)}
            called |= {(name, full) for name, full in found if _listed(full, root)}
            names |= {full for full in every if ("*", f"{node.module}.*") in found or not _listed(full, root)}
    used = {*_uses(nodes, called)}
    unused = {full for _, full in called if not any(f"{u}.".startswith(f"{full}.") for u in used)} - {"liegg"}
    names |= unused  # for other modules to use
    names |= {name for u in used for name in _followed(u, root)}
    return frozenset(path for name in names if name.split(".")[0] == "liegg" for path in _files(name, root))


def _uses(nodes: list[ast.AST], called: set[tuple[str, str]]) -> Iterator[str]:
    """Every use of a name that stands for a package, with the attributes that are taken of it: liegg.actions.Linear.
    A name that stands for several packages, each in its own place, is one of each."""
    inner = set()
    for node in nodes:
        if node not in inner and isinstance(node, ast.Attribute | ast.Name):
            attributes, start = [], node
            while isinstance(start, ast.Attribute):
                attributes.append(start.attr)
                start = start.value
                inner.add(start)
            packages = {full for name, full in called if isinstance(start, ast.Name) and name == start.id}
            yield from (".".join([full, *reversed(attributes)]) for full in packages)


def _followed(used: str, root: Path) -> Iterator[str]:
    """Of liegg.actions.Linear.size what may be imported: liegg.actions.Linear, and no more where actions lists it."""
    parts = used.split(".")
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        if end == len(parts) or not _listed(name, root):
            yield name


def _nodes(tree: ast.AST) -> list[ast.AST]:
    """All nodes but those that only type checkers see, each before those below it."""
    found: list[ast.AST] = []
    waiting = [*ast.iter_child_nodes(tree)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node = ast.Module(node.orelse, [])
        found.append(node)
        waiting += ast.iter_child_nodes(node)
    return found


def _files(name: str, root: Path) -> set[Path]:
    """liegg.a.b -> the __init__.py of each package on the way, and the module's file; lazy names resolved, and of a
    package that only lists names the file that has this one, or all of it where it lists no such name."""
    parts = name.split(".")
    ways = [".".join(parts[: i + 1]) for i in range(len(parts))]
    packages = [_path(way, root) / "__init__.py" for way in ways if way == name or not _listed(way, root)]
    files = {path for path in [*packages, _path(name, root).with_suffix(".py")] if path.is_file()}
    if len(parts) == 2 and (home := _lazy(root).get(parts[1])):
        files |= _files(f"liegg.{home}", root)
    package = name.rpartition(".")[0]
    if home := _listed(package, root).get(parts[-1]):
        ways = {home, home.rpartition(".")[0]} - {name}
        files |= {path for full in ways if not _listed(full, root) for path in _files(full, root)}
    elif _listed(package, root) and not files - _files(package.rpartition(".")[0], root):
        files.add(_path(package, root) / "__init__.py")
    return files


def _path(name: str, root: Path) -> Path:
    """liegg.a.b -> liegg/a/b."""
    return root.joinpath(*name.split("."))


@functools.cache
def _listed(name: str, root: Path) -> dict[str, str]:
    """Of a package whose __init__.py only imports names of liegg and lists them: name -> its full name; else {}."""
    path = _path(name, root) / "__init__.py"
    if not name or not path.is_file():
        return {}
    body = [node for node in parsed(text(path, root), path.name).body if not is_text(node)]
    imports = [n for n in body if isinstance(n, ast.ImportFrom) and not n.level and str(n.module).startswith("liegg.")]
    rest = [node for node in body if node not in imports]
    if any(not isinstance(n, ast.Assign) or getattr(n.targets[0], "id", "") != "__all__" for n in rest):
        return {}
    found = {alias.asname or alias.name: f"{node.module}.{alias.name}" for node in imports for alias in node.names}
    return {} if "*" in found else found


@functools.cache
def _lazy(root: Path) -> dict[str, str]:
    """The table _NAMES of liegg/__init__.py: public name -> submodule that defines it."""
    for node in ast.parse((root / "liegg" / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_NAMES":
            return ast.literal_eval(node.value)
    return {}


def is_text(node: ast.stmt) -> bool:
    """Whether a statement is a mere string."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)

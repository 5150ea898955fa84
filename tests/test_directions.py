"""Who imports whom: the library knows no study and no machinery, the machinery knows neither, and so on."""

import ast
from pathlib import Path

import pytest

from liegg.reproduce.project import find_root

ROOT = find_root()
MAY = {
    "progress": set(),
    "cluster": set(),
    "algebra": set(),
    "reproduce": {"cluster", "progress"},
    "studies": {"cluster", "library", "progress"},
    "library": {"cluster", "library", "progress"},
}
"""What each part may import beside itself; everything that is none of the others is library."""


def part_of(module: str) -> str:
    """liegg.reproduce.book -> reproduce; liegg.symmetry.find -> library; liegg itself holds nothing of its own."""
    name = module.split(".")[1]
    return name if name in ("cluster", "progress", "reproduce", "studies") else "library"


def imported(path: Path, root: Path) -> set[str]:
    """Every liegg module that a file names in an import, wherever in it that stands, or by an attribute of liegg."""
    package = list(path.relative_to(root).with_suffix("").parts)
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            names |= {f"{module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "liegg":
            names.add(f"liegg.{node.attr}")
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("import_module", "__import__"):
            names |= {a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return {name for name in names if name.startswith("liegg.") and not name.startswith("liegg.__")}


def violations(root: Path) -> list[str]:
    """Imports against the directions, as "file: module"."""
    found = []
    for path in sorted((root / "liegg").rglob("*.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        algebra = module.startswith("liegg.algebra.")
        own = "algebra" if algebra else part_of(module)
        for name in sorted(imported(path, root)):
            at_home = name.startswith("liegg.algebra.") if algebra else part_of(name) == own
            if not at_home and part_of(name) not in MAY[own]:
                found.append(f"{path.relative_to(root / 'liegg')}: {name}")
    return found


def test_imports_keep_their_directions():
    assert violations(ROOT) == []


def test_all_parts_are_looked_at():
    """So that the test above does not pass by looking nowhere."""
    files = {str(p.relative_to(ROOT / "liegg")) for p in (ROOT / "liegg").rglob("*.py")}
    assert {"symmetry/find.py", "studies/lens/zoo.py", "reproduce/book.py", "algebra/bases.py", "progress.py"} <= files
    find = imported(ROOT / "liegg" / "symmetry" / "find.py", ROOT)
    assert {"liegg.actions.Action", "liegg.symmetry.stream.polarize"} <= find


@pytest.mark.parametrize(
    ("file", "code", "seen"),
    [
        ("symmetry/a.py", "from liegg.studies.lens import zoo", "liegg.studies.lens.zoo"),
        ("symmetry/a.py", "from liegg import studies", "liegg.studies"),
        ("plots/a.py", "import liegg.reproduce.results", "liegg.reproduce.results"),
        ("devices.py", "def late():\n    from liegg.studies import fit", "liegg.studies.fit"),
        ("data/__init__.py", "import liegg\nliegg.studies.fit", "liegg.studies"),
        ("symmetry/a.py", "from ..studies import fit", "liegg.studies.fit"),
        ("training/a.py", "import importlib\nimportlib.import_module('liegg.studies')", "liegg.studies"),
        ("studies/lens/a.py", "from liegg.reproduce.results import record", "liegg.reproduce.results.record"),
        ("reproduce/a.py", "from liegg.studies import statistics", "liegg.studies.statistics"),
        ("reproduce/a.py", "from liegg import find_symmetry", "liegg.find_symmetry"),
        ("reproduce/a.py", "from liegg.data import files", "liegg.data.files"),
        ("reproduce/a.py", "import liegg\nliegg.train()", "liegg.train"),
        ("algebra/a.py", "from liegg.actions import Linear", "liegg.actions.Linear"),
        ("algebra/a.py", "from liegg import progress", "liegg.progress"),
        ("algebra/a.py", "from .. import actions", "liegg.actions"),
        ("progress.py", "from liegg import devices", "liegg.devices"),
        ("symmetry/a.py", "from liegg import actions, progress\nfrom liegg.training.networks import mlp", None),
        ("studies/a.py", "from liegg.symmetry.find import find_symmetry\nfrom liegg.studies import fit", None),
        ("reproduce/a.py", "from liegg import progress\nfrom liegg.reproduce import table", None),
        ("algebra/a.py", "from liegg.algebra.bases import so\nfrom . import bases\nimport torch", None),
        ("actions/a.py", "import numpy, studies\nfrom reproduce import liegg", None),
    ],
)
def test_a_wrong_import_would_be_seen(tmp_path, file, code, seen):
    path = tmp_path / "liegg" / file
    path.parent.mkdir(parents=True)
    path.write_text(code)
    assert violations(tmp_path) == ([f"{file}: {seen}"] if seen else [])

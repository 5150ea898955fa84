"""What is read from a file is never run: a scan of the code of library and notebooks for whatever would run it."""

import ast
from types import MappingProxyType

import nbformat
import pytest

from liegg.reproduce.project import find_root

ROOT = find_root()
NEVER = {
    *("eval", "exec", "os.system", "os.popen"),
    *("pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.load", "marshal.loads", "shelve.open", "joblib.load"),
    *("yaml.unsafe_load", "yaml.full_load", "yaml.unsafe_load_all", "yaml.full_load_all", "torch.hub.load"),
    *("pandas.read_pickle", "subprocess.getoutput", "subprocess.getstatusoutput", "shutil.unpack_archive"),
}
METHODS = {"extractall", "extract"}
"""of archives, whatever these are called"""
ONLY_WITH = MappingProxyType(
    {
        "torch.load": ("weights_only", True),
        "numpy.load": ("allow_pickle", False),
        **{f"subprocess.{name}": ("shell", False) for name in ("run", "call", "check_call", "check_output", "Popen")},
    }
)
"""a keyword, and the value that it has to have; what shell is by default is as good"""


def dangers(source):
    """What in a piece of code might run what it reads, with the lines."""
    tree = ast.parse(source)
    names = imported(tree)
    safe = {"yaml.SafeLoader", "yaml.CSafeLoader"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(called(base, names) in safe for base in node.bases):
            safe.add(node.name)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and called(node, names) in NEVER:
            found.append((node.lineno, called(node, names)))
        if isinstance(node, ast.Call) and (name := called(node.func, names)):
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            if name.split(".")[-1] in METHODS and "." in name:
                found.append((node.lineno, name))
            if name in ("yaml.load", "yaml.load_all"):
                loader = given.get("Loader", node.args[1] if len(node.args) > 1 else None)
                if loader is None or called(loader, names) not in safe:
                    found.append((node.lineno, name))
            if name in ONLY_WITH:
                keyword, value = ONLY_WITH[name]
                default = ast.Constant(False) if keyword == "shell" and None not in given else None
                seen = given.get(keyword, default)
                if not isinstance(seen, ast.Constant) or seen.value is not value:
                    found.append((node.lineno, name))
    return found


def imported(tree):
    """The full name of whatever is imported, by the name that it has here."""
    names = {}
    for node in ast.walk(tree):
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else []:
            if isinstance(node, ast.ImportFrom):
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            else:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
    return names


def called(node, names):
    """The full name of a function, with ? for what is no name."""
    if isinstance(node, ast.Name):
        name = names.get(node.id, node.id)
        return name.removeprefix("builtins.")
    if isinstance(node, ast.Attribute):
        return f"{called(node.value, names) or '?'}.{node.attr}".removeprefix("builtins.")
    return ""


def code(path):
    if path.suffix == ".py":
        return path.read_text(encoding="utf-8")
    return "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")


FILES = [*sorted((ROOT / "liegg").rglob("*.py")), *sorted((ROOT / "book").rglob("*.py"))]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

PIPE = "liegg/studies/lens/cost.py"
"""where a process sends a call to another that it has started, and neither reads a file"""


def test_nothing_that_is_read_is_run():
    assert len(FILES) > 100 and len(NOTEBOOKS) > 10
    found = {str(path.relative_to(ROOT)): places for path in FILES + NOTEBOOKS if (places := dangers(code(path)))}
    assert [name for _, name in found.pop(PIPE)] == ["pickle.loads", "pickle.loads"]
    assert not found


DANGEROUS = [
    "import pickle; pickle.load(f)",
    "import pickle as p; p.loads(b)",
    "from pickle import loads; loads(b)",
    "from pickle import loads as read; map(read, all)",
    "import pickle; pickle.Unpickler(f).load()",
    "import torch; torch.load(f)",
    "import torch; torch.load(f, weights_only=False)",
    "import torch; torch.load(f, weights_only=safe)",
    "import torch; torch.load(f, **settings)",
    "from torch import load; load(f)",
    "import numpy as np; np.load(f)",
    "import numpy as np; np.load(f, allow_pickle=True)",
    "import numpy; numpy.load(f, 'r', True)",
    "import yaml; yaml.load(f)",
    "import yaml; yaml.load(f, yaml.Loader)",
    "import yaml; yaml.load(f, Loader=yaml.UnsafeLoader)",
    "import yaml\nclass Mine(yaml.Loader): pass\nyaml.load(f, Loader=Mine)",
    "import yaml; yaml.unsafe_load(f)",
    "eval(text)",
    "exec(compile(text, 'text', 'exec'))",
    "import builtins; builtins.eval(text)",
    "def f():\n    from os import system\n    return lambda: system('ls')",
    "import os; os.system('ls')",
    "import os; os.popen('ls')",
    "import subprocess; subprocess.run('ls', shell=True)",
    "import subprocess; subprocess.run('ls', shell=maybe)",
    "import subprocess; subprocess.run('ls', **settings)",
    "from subprocess import Popen; Popen('ls', shell=True)",
    "import subprocess; subprocess.getoutput('ls')",
    "import tarfile; tarfile.open(f).extractall()",
    "with tarfile.open(f) as archive: archive.extract('a')",
    "archives[0].extractall(path, filter='data')",
    "import shutil; shutil.unpack_archive(f)",
]
HARMLESS = [
    "import torch; torch.load(f, weights_only=True)",
    "import numpy as np; np.load(f, allow_pickle=False)",
    "import yaml; yaml.safe_load(f); yaml.load(f, Loader=yaml.SafeLoader)",
    "import yaml\nclass Mine(yaml.SafeLoader): pass\nyaml.load(f, Mine)",
    "import subprocess; subprocess.run(['ls']); subprocess.run(['ls'], shell=False)",
    "model.eval(); json.loads(text); Symmetry.load(path); archive.extractfile('a')",
]


@pytest.mark.parametrize("source", DANGEROUS)
def test_the_scan_sees_each_danger(source):
    assert dangers(source)


@pytest.mark.parametrize("source", HARMLESS)
def test_the_scan_leaves_the_rest_alone(source):
    assert not dangers(source)

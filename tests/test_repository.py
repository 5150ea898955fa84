"""The repository's own promises: dependency lists in step, notebooks clean, README and Makefile in agreement."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import chain

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement

from liegg.reproduce import claim_tables, table
from liegg.reproduce.project import find_root

ROOT = find_root()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
LISTED = chain(PROJECT["dependencies"], *(lines for extra, lines in EXTRAS.items() if extra not in ("lab", "others")))
DIRECT = {r.name.lower(): r for r in map(Requirement, LISTED) if r.name != "liegg"}
"""what `make setup` installs; of PyTorch the version that `reproduce` pins"""


def test_environment_yml_has_the_same_direct_dependencies():
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    listed = [Requirement(line) for line in dependencies[-1]["pip"] if not line.startswith("-e")]
    assert {r.name.lower(): r.specifier for r in listed} == {name: r.specifier for name, r in DIRECT.items()}
    python = next(d for d in dependencies if isinstance(d, str) and d.startswith("python="))
    assert Requirement("python" + PROJECT["requires-python"]).specifier.contains(python.split("=")[1])


def test_pytorch_is_pinned_for_reproduction_alone():
    library = next(r for r in map(Requirement, PROJECT["dependencies"]) if r.name == "torch")
    pinned = [(name, r) for name, lines in EXTRAS.items() for r in map(Requirement, lines) if r.name == "torch"]
    ((name, pin),) = pinned
    assert name == "reproduce" and str(pin.specifier).startswith("==")
    assert {s.operator for s in library.specifier} == {">="} and library.specifier.contains(str(pin.specifier)[2:])
    plan = subprocess.run(["make", "-n", "-B", "setup"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"pip install --quiet --disable-pip-version-check {pin}" in plan
    (own,) = (r for r in map(Requirement, EXTRAS["reproduce"]) if r.name == "liegg")
    assert own.extras == {"plots", "studies", "book"} < set(EXTRAS)


NEEDED = {Requirement(line).name.lower() for line in PROJECT["dependencies"]}
CALLED = {"sklearn": "scikit-learn", "yaml": "pyyaml", "IPython": "ipython"}  # packages that are not imported by name


def imports(folder):
    """The packages of others that modules below a folder import, and those they need to be imported at all."""
    every, needed = set(), set()
    for path in folder.rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "")]
            if isinstance(node, ast.Import | ast.ImportFrom):
                tops = {name.split(".")[0] for name in names} - {"liegg", *sys.stdlib_module_names}
                every |= tops
                needed |= tops if node in tree.body else set()
    return ({CALLED.get(name, name) for name in names} for names in (every, needed))


def test_what_is_imported_is_a_direct_dependency():
    every, _ = imports(ROOT / "liegg")
    listed = lambda extra: {Requirement(line).name.lower() for line in EXTRAS[extra]}
    assert {"torch", "papermill"} <= every <= set(DIRECT) | listed("others")
    for part, when_asked in (("plots", set()), ("studies", listed("cluster") | listed("others"))):
        every, needed = imports(ROOT / "liegg" / part)
        assert every <= NEEDED | listed(part) | when_asked and not needed & when_asked
    for part in ("actions", "algebra", "symmetry", "training", "data"):
        _, needed = imports(ROOT / "liegg" / part)
        assert "torch" in needed and needed <= NEEDED


def test_the_lock_pins_and_hashes_every_direct_dependency_but_torch():
    lock = (ROOT / "requirements.lock").read_text()
    blocks = re.split(r"\n(?=[a-zA-Z0-9])", lock)
    pins = {}
    for block in blocks:
        if match := re.match(r"([a-zA-Z0-9_.-]+)==([^\s;\\]+)", block):
            assert "--hash=sha256:" in block, match[1]
            pins.setdefault(match[1].lower().replace("_", "-"), []).append(match[2])
    assert "torch" not in pins and not re.search(r"nvidia|file:|://", lock)
    for name, requirement in DIRECT.items():
        if name != "torch":
            versions = pins[name.replace("_", "-")]
            assert all(requirement.specifier.contains(v) for v in versions), (name, versions)
    assert str(DIRECT["torch"].specifier).startswith("==")


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_notebooks_are_stripped_and_parameterised(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [c for c in notebook.cells if c.cell_type == "code"]
    assert not any(c.outputs or c.execution_count for c in code)
    assert not any("papermill" in c.metadata for c in notebook.cells) and "papermill" not in notebook.metadata
    assert code[0].metadata.tags[0] == "parameters"
    for line in code[0].source.splitlines():
        assert re.fullmatch(r"\w+: (int|float|str|bool|list) = .+  # .+", line), line
    assert path.stem in table.load()
    assert f'"{path.stem}"' in code[-1].source
    figures = [
        c.metadata.mystnb.figure for c in code if "plots." in c.source and "figure" in c.metadata.get("mystnb", {})
    ]
    assert len(figures) >= 3 and all(f.caption and f.name for f in figures)


def test_the_table_the_book_and_the_folder_list_the_same_notebooks():
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text())
    chapters = [c["file"] for part in toc["parts"] for c in part["chapters"]]
    in_book = [c.split("/")[1] for c in chapters if c.startswith("notebooks/")]
    assert in_book == list(table.load()) == sorted(p.stem for p in (ROOT / "notebooks").glob("*.ipynb"))
    readme = (ROOT / "README.md").read_text()
    assert all(name in readme for name in in_book)


def test_make_explains_itself_and_the_readme_names_only_what_exists():
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = set(re.findall(r"^  ([a-z-]+)  ", shown, flags=re.M))
    assert {"setup", "reproduce", "list", "book", "pdf", "serve", "lab", "others", "test", "clean", "help"} <= targets
    readme = (ROOT / "README.md").read_text()
    assert set(re.findall(r"\bmake ([a-z-]+)\b", readme)) <= targets
    assert shown == subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


HOSTILE = (
    """a=$(shell touch pwned) b=`touch pwned` c=$(touch pwned) d=["x", 'y'] e=#1 f=$HOME g=$$ h=\\n i=; touch pwned"""
)


@pytest.mark.parametrize("by", ["argument", "environment"])
@pytest.mark.parametrize(
    "target", ["reproduce", "list", "book", "pdf", "bench", "verify", "verify-twice", "store", "help"]
)
def test_make_hands_on_what_is_typed_and_executes_none_of_it(tmp_path, target, by):
    """To a Python that says what it is called with."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\nprintf '<%s>\\n' \"$@\"\n")
    python.chmod(0o755)
    for file in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / file, tmp_path)
    (tmp_path / ".complete").touch()
    given = dict.fromkeys(("PARAMS", "NOTEBOOK", "PART", "PROFILE", "THREADS", "MINUTES", "CLUSTER", "BENCH"), HOSTILE)
    words = [f"{name}={value}" for name, value in given.items()] if by == "argument" else []
    done = subprocess.run(
        ["make", target, f"VENV={tmp_path}", *words],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if not k.startswith("MAKE")} | (given if by == "environment" else {}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and not (tmp_path / "pwned").exists(), done.stderr
    if target == "reproduce":
        names = ("profile", "notebook", "part", "params", "threads", "minutes", "cluster")
        assert done.stdout.split("\n")[3:-1] == [f"<--{name}={HOSTILE}>" for name in names]


def test_who_ends_make_ends_what_it_runs(tmp_path):
    """As `docker stop` does: a shell between them would die of it alone."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\ntrap 'echo told; exit' TERM\necho ready\nfor i in `seq 100`; do sleep 0.1; done\n")
    python.chmod(0o755)
    words = ["make", "reproduce", f"VENV={tmp_path}"]
    (tmp_path / ".complete").touch()
    alone = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}  # as under no other make
    with subprocess.Popen(words, cwd=ROOT, env=alone, stdout=subprocess.PIPE, text=True) as make:
        assert make.stdout.readline() == "ready\n"
        make.terminate()
        assert make.stdout.read() == "told\n"


def test_the_tests_check_layout_and_types_and_the_package_says_that_it_is_typed():
    plan = subprocess.run(["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    ruff, mypy, tests = (plan.index(command) for command in ("bin/ruff check", "bin/mypy", "-m pytest"))
    assert ruff < mypy < tests
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert settings["files"] == "liegg" and settings["check_untyped_defs"] and "exclude" not in settings
    assert not any(part.get("ignore_errors") for part in settings["overrides"])
    assert (ROOT / "liegg" / "py.typed").is_file()


def test_the_notebooks_open_with_the_projects_kernel():
    plan = subprocess.run(["make", "-n", "-B", "lab"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (kernel,) = re.findall(r"ipykernel install --prefix \.venv --name (\w+)", plan)
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert nbformat.read(path, as_version=4).metadata.kernelspec.name == kernel


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ('[ "$1" = --version ] && echo "Python 3.8.0" && exit 0\nexit 1', "needs Python 3.11 or newer, and .*3.8.0"),
        ('case "$2" in *venv*) exit 1;; esac', "lacks the venv module"),
    ],
)
def test_a_python_that_will_not_do_gets_one_line(tmp_path, script, message):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    words = ["make", "setup", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}"]
    refused = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert refused.returncode != 0 and re.search(message, refused.stdout)


def test_the_readmes_results_are_the_stored_ones():
    assert claim_tables.readme_table(ROOT) in (ROOT / "README.md").read_text()


def test_the_readme_example_runs():
    readme = (ROOT / "README.md").read_text()
    examples = re.findall(r"```python\n(.*?)```", readme, flags=re.S)
    assert examples
    for example in examples:
        exec(compile(example, "README.md", "exec"), {})


def test_benchmarks_run_by_make_bench_alone():
    plan = subprocess.run(["make", "-n", "bench"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "-m pytest benchmarks" in plan and "OMP_NUM_THREADS" not in plan and "benchmarks/report.py" in plan
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert settings["testpaths"] == ["tests"]

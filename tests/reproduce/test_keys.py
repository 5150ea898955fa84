"""Content keys: a notebook depends on what it uses and no more, and says why it runs again."""

import pytest

from liegg.reproduce import keys, results, table
from liegg.reproduce.project import Run, find_root

O5 = table.load()["11_o5_regression"]


@pytest.fixture
def project(tmp_path):
    """A small project: a package of four modules, one of them a folder, with a lazy name."""
    package = tmp_path / "liegg"
    (package / "deep").mkdir(parents=True)
    (package / "__init__.py").write_text('_NAMES = {"find": "b"}\n')
    (package / "a.py").write_text("import numpy\n")
    (package / "b.py").write_text("from liegg import a\n")
    (package / "c.py").write_text("x = 1\n")
    (package / "deep" / "__init__.py").write_text("")
    (package / "deep" / "d.py").write_text("from liegg.c import x\n")
    return tmp_path


@pytest.mark.parametrize(
    ("code", "reached"),
    [
        ("import torch", set()),
        ("from liegg import c", {"__init__", "c"}),
        ("from liegg import find", {"__init__", "b", "a"}),
        ("import liegg\nliegg.find(1)", {"__init__", "b", "a"}),
        ("import liegg.deep.d", {"__init__", "deep/__init__", "deep/d", "c"}),
        ("from liegg.deep import d as e", {"__init__", "deep/__init__", "deep/d", "c"}),
    ],
)
def test_modules_that_code_reaches(project, code, reached):
    found = {str(p.relative_to(project / "liegg").with_suffix("")) for p in keys.modules(code, project)}
    assert found == reached


def test_a_notebook_depends_on_what_it_uses_and_no_more():
    reached = set(keys.key(O5, O5.values("quick", {}), find_root())["modules"])
    assert {"liegg/symmetry/find.py", "liegg/symmetry/polarization.py", "liegg/training/ensemble.py"} <= reached
    assert {"liegg/studies/generators/o5.py", "liegg/plots/measures.py"} <= reached
    assert "liegg/reproduce/book.py" not in reached and "liegg/reproduce/runner.py" not in reached


def test_the_reason_to_run_again(tmp_path):
    run = Run("quick", root=tmp_path)
    now = {"parameters": {"seed": 0}, "notebook": "n", "modules": {"liegg/a.py": "1"}, "versions": {"torch": "2"}}
    assert keys.stale(run, O5, now) == "it has not been run"
    results.write_json(run.result(O5.name), {"provenance": {"key": now}})
    run.executed(O5.name).parent.mkdir(parents=True)
    run.executed(O5.name).write_text("")
    assert keys.stale(run, O5, now) == ""
    for part, value, reason in (
        ("parameters", {"seed": 1}, "parameter seed: 0 → 1"),
        ("notebook", "m", "the notebook changed"),
        ("modules", {"liegg/a.py": "2"}, "liegg/a.py changed"),
        ("versions", {"torch": "3"}, "torch: 2 → 3"),
    ):
        assert keys.stale(run, O5, {**now, part: value}) == reason

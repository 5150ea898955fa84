"""Content keys: each step of a page depends on what it uses and no more, and says why it is done again."""

import os
from dataclasses import replace

import nbformat
import pytest

from liegg.reproduce import kept, keys, results, table
from liegg.reproduce.errors import UserError
from liegg.reproduce.project import Run, find_root
from liegg.reproduce.reached import modules

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
        ("import liegg as L\nL.find(1)", {"__init__", "b", "a"}),
        ("import liegg.deep.d", {"__init__", "deep/__init__", "deep/d", "c"}),
        ("from liegg.deep import d as e", {"__init__", "deep/__init__", "deep/d", "c"}),
    ],
)
def test_modules_that_code_reaches(project, code, reached):
    found = {str(p.relative_to(project / "liegg").with_suffix("")) for p in modules(code, project)}
    assert found == reached


LISTING = {
    "from liegg.shown import x": {"c"},
    "from liegg.shown import x as y": {"c"},
    "from liegg import shown\nshown.x.size": {"c"},
    "from liegg import shown as s\ns.x": {"c"},
    "import liegg\nliegg.shown.x": {"c"},
    "from liegg.shown import a": {"shown/a"},
    "from liegg.shown.a import y": {"shown/a"},
    "from liegg import shown\ngetattr(shown, 'x')": {"c", "shown/__init__", "shown/a"},
    "import liegg.shown": {"c", "shown/__init__", "shown/a"},
    "from liegg.shown import *": {"c", "shown/__init__", "shown/a"},
    "from liegg import shown\nshown.__dict__['x']": {"c", "shown/__init__", "shown/a"},
    "from liegg import shown": {"c", "shown/__init__", "shown/a"},
    "from liegg.shown import other": {"c", "shown/__init__", "shown/a"},
    "from liegg import deep as s\nfrom liegg import shown as s\ns.x": {"c", "deep/__init__"},
    "if 1:\n from liegg import shown as s\nelse:\n from liegg import twice as s\ns.y": {
        *("c", "deep/__init__", "deep/d", "shown/__init__", "shown/a")
    },
    "from liegg.twice import z": {"shown/a"},
    "from liegg.twice import e": {"deep/__init__", "deep/d", "c"},
}


@pytest.mark.parametrize(("code", "reached"), LISTING.items())
def test_a_package_that_only_lists_names_is_followed_name_by_name(project, code, reached):
    (project / "liegg" / "shown").mkdir()
    (project / "liegg" / "shown" / "a.py").write_text("a = 1\n")
    (project / "liegg" / "shown" / "__init__.py").write_text(
        '"""Names."""\nfrom liegg.c import x\nfrom liegg.shown.a import a\n__all__ = ["a", "x"]\n'
    )
    (project / "liegg" / "twice").mkdir()
    (project / "liegg" / "twice" / "__init__.py").write_text(
        "from liegg.deep import d as e\nfrom liegg.deep.d import y\nfrom liegg.shown import a as z\n"
    )
    found = {str(p.relative_to(project / "liegg").with_suffix("")) for p in modules(code, project)}
    assert found == reached | {"__init__"}


@pytest.mark.parametrize("line", ["from liegg.c import *", "from .a import a", "import liegg.c", "from torch import x"])
def test_a_package_that_does_more_is_followed_as_a_whole(project, line):
    (project / "liegg" / "shown").mkdir()
    (project / "liegg" / "shown" / "__init__.py").write_text(f"{line}\nfrom liegg.c import x\n")
    assert project / "liegg" / "shown" / "__init__.py" in modules("from liegg.shown import x", project)


def test_a_module_that_is_left_is_no_change_by_itself_and_a_parameter_is():
    before = {"modules": {"a.py": "1", "b.py": "2"}, "parameters": {"seed": 1, "old": 2}}
    now = {"modules": {"a.py": "1"}, "parameters": {"seed": 1}}
    assert keys.changes(before, now) == ["parameter old: 2 → None"]
    assert keys.changes({}, {"modules": {"a.py": "1"}}) == ["a.py changed"]


def test_imports_for_types_alone_are_not_followed(project):
    (project / "liegg" / "c.py").write_text("if TYPE_CHECKING:\n    from liegg import a\nelse:\n    import liegg.b\n")
    (project / "liegg" / "b.py").write_text("")
    assert [p.stem for p in modules("from liegg import c", project)] == ["__init__", "b", "c"]


def test_each_step_depends_on_what_it_uses_and_no_more():
    key = keys.key(O5, O5.values("quick", {}), find_root())
    measured, drawn = set(key["measure"]["modules"]), set(key["draw"]["modules"])
    assert {"liegg/symmetry/stream.py", "liegg/training/ensemble.py", "liegg/studies/generators/o5.py"} <= measured
    assert {"liegg/symmetry/find.py", "liegg/symmetry/rules.py", "liegg/plots/symmetries.py"} <= drawn
    assert "liegg/plots/measures.py" not in drawn  # of a package that lists names those that are used
    assert not measured & drawn and [n for n in measured | drawn if "reproduce" in n] == [keys.TABLES]
    assert key["measure"]["parameters"] == O5.values("quick", {})
    assert set(key["measure"]["versions"]) == set(keys.COMPUTING) and "seaborn" in key["draw"]["versions"]


DECIDES = {
    "54_published": "it counts answers to thousands of data sets, too many to keep what each was decided from",
    "57_use": "it trains networks with what was found",
    "58_your_model": "it asks as its reader would, of models that may have no gradients",
}
"""Pages that measure what follows from an answer."""


@pytest.mark.parametrize("experiment", table.load().values(), ids=lambda e: e.name)
def test_no_measurement_depends_on_how_it_is_decided_named_or_drawn(experiment):
    if experiment.name in DECIDES:
        pytest.skip(DECIDES[experiment.name])
    reached = keys.key(experiment, experiment.values("quick", {}), find_root())["measure"]["modules"]
    of_answers = ("symmetry/find", "symmetry/rules", "symmetry/naming", "symmetry/report", "plots/", "readings")
    assert not [name for name in reached if any(part in name for part in of_answers)]


def test_comments_docstrings_and_layout_are_text():
    code = '''"""Doc,
of two lines."""

import a  # why


class B:
    """What."""

    x: int
    """what x is"""

    def f(self):
        # say
        return ("# no comment",
                """no docstring""")
'''
    bare = "import a\nclass B:\n    x: int\n    def f(self): return '# no comment', 'no docstring'"
    assert keys._plain(code) == keys._plain(bare)
    assert keys._plain('def f():\n    """doc"""\n') == keys._plain("def f(): pass")
    assert keys._plain("") == keys._plain('"""doc"""\n') == keys._plain("# nothing\n")


def test_the_refusal_of_bad_input_is_text():
    checked = """
def f(x):
    if x < 0:
        raise ValueError(f"{x} is negative")
    for part in x:
        if part is None:
            raise TypeError("none")
    return x
"""
    assert keys._plain(checked) == keys._plain("def f(x):\n    for part in x: pass\n    return x")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("if x < 0: raise Diverged(x)", "if x < 1: raise Diverged(x)"),
        ("if (y := x) < 0: raise ValueError(x)", "if (y := 2 * x) < 0: raise ValueError(x)"),
        ("if x < 0: raise ValueError(x)\nelse: y = 1", "if x < 1: raise ValueError(x)\nelse: y = 1"),
        ("if (yield x) < 0: raise ValueError(x)", "if (yield x) < 1: raise ValueError(x)"),
        (
            "try:\n    for y in x:\n        if y < 0: raise ValueError(x)\nexcept ValueError: z = 1",
            "try:\n    for y in x:\n        if y < 1: raise ValueError(x)\nexcept ValueError: z = 1",
        ),
        ("if x < 0: y = 1; raise ValueError(x)", "if x < 0: y = 2; raise ValueError(x)"),
        ('"""d"""; X = 1', '"""d"""; X = 2'),
        ('def f():\n    "doc"; return 1', 'def f():\n    "doc"; return 2'),
        ('x = """\n% a\n"""', 'x = """\n% b\n"""'),
        ('x = """a\n\nb"""', 'x = """a\nb"""'),
        ("x = (\n 7\n % 3\n)", "x = (\n 7\n % 4\n)"),
    ],
)
def test_code_that_differs_in_what_it_does(one, other):
    assert keys._plain(one) != keys._plain(other)


@pytest.mark.parametrize(
    ("one", "other"), [("x\n'answer one'", "x\n'answer two'"), ("%run a.py", "%run b.py"), ("!ls a", "!ls b")]
)
def test_a_cell_shows_its_last_line_and_knows_commands(one, other):
    assert keys._cell(one, "n") != keys._cell(other, "n")


@pytest.mark.parametrize(
    "command", ["%matplotlib inline", "!ls", "files = !ls", "sweep?", "%%time\nx = 1", "t = %timeit -o 1"]
)
def test_commands_of_ipython_are_code(command):
    assert "get_ipython" in keys._cell(command, "n")


def test_what_is_reached_is_worked_out_once_until_a_file_changes(project, monkeypatch):
    asked = []
    monkeypatch.setattr(keys, "modules", lambda code, root: asked.append(code) or modules(code, root))
    for path in (project / "liegg").rglob("*.py"):
        os.utime(path, (0, 0))
    before = keys._reached("import liegg.c", project)
    assert keys._reached("import liegg.c", project) == before and len(asked) == 1
    (project / "liegg" / "c.py").write_text("changed = 1\n")
    changed = keys._reached("import liegg.c", project)
    assert changed["liegg/c.py"] != before["liegg/c.py"] and len(asked) == 2
    (project / "liegg" / "c.py").write_text("changed = 2\n")  # as long, and perhaps at the same time
    assert keys._reached("import liegg.c", project)["liegg/c.py"] != changed["liegg/c.py"]


def test_the_accepted_data_of_those_who_read_them_and_what_writes_tables_are_code(project):
    (project / "liegg" / "data").mkdir()
    for name in ("__init__", "files", "digits"):
        (project / "liegg" / "data" / f"{name}.py").write_text("x = 1")
    reached = lambda: keys._reached("import liegg.data.files, liegg.data.digits", project)
    (project / keys.CHECKSUMS).write_text("one  mnist/images\n")
    before = reached()
    assert set(before) == {keys.CHECKSUMS, "liegg/data/__init__.py", "liegg/data/digits.py"}
    (project / keys.CHECKSUMS).write_text("two  mnist/images\n")
    assert reached()[keys.CHECKSUMS] != before[keys.CHECKSUMS]
    assert keys.CHECKSUMS not in keys._reached("import liegg.c", project)
    key = keys.key(O5, O5.values("quick", {}), find_root())
    assert keys.TABLES in key["draw"]["modules"] and "pandas" in key["draw"]["versions"]


NOTEBOOK = [
    ("markdown", "# Title"),
    ("code", "seed: int = 0  # seed"),
    ("code", "from liegg import c\nmeasured = once(lambda: c.x)"),
    ("markdown", "It says, that"),
    ("code", "from liegg.deep import d\nd.x"),
]


@pytest.fixture
def experiment(project):
    """An experiment in the small project, with a function that writes its notebook."""
    path = project / "n.ipynb"

    def write(*changed):
        cells = list(NOTEBOOK)
        for place, source in changed:
            cells[place] = (cells[place][0], source)
        kinds = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
        made = [kinds[kind](source, id=f"c{i}") for i, (kind, source) in enumerate(cells)]
        made[1].metadata["tags"] = ["parameters"]
        nbformat.write(nbformat.v4.new_notebook(cells=made), path)

    write()
    return table.Experiment("n", "N", "nothing", {"quick": 1}, {"quick": {}}, {}, ["seed"], False, path), write


def changed(before, experiment, project, **values):
    now = keys.key(experiment, {"seed": 0, **values}, project)
    return {step: keys.changes(before[step], now[step]) for step in now if before[step] != now[step]}


def test_optional_packages_count_where_a_page_names_them_and_one_that_has_gone_does_not(
    experiment, project, monkeypatch
):
    e, _ = experiment
    without = keys.key(e, {"seed": 0}, project)
    assert "packages" not in without["measure"]
    there = {"one": "1.0", "two": "2.0"}
    monkeypatch.setattr(keys, "installed", lambda names: {n: there[n] for n in names if n in there})
    e = replace(e, packages=["one", "two", "three"])
    before = keys.key(e, {"seed": 0}, project)["measure"]
    assert before == without["measure"] | {"packages": there}
    there = {"two": "2.1", "three": "3.0"}
    now = keys.key(e, {"seed": 0}, project)["measure"]
    assert keys.changes(before, now) == ["three: not installed → 3.0", "two: 2.0 → 2.1"]
    there = {}
    assert keys.changes(before, keys.key(e, {"seed": 0}, project)["measure"]) == []
    assert results.installed(["torch", "no-such-package"]) == {"torch": results.versions()["torch"]}


def test_what_a_change_costs(experiment, project):
    (e, write), package = experiment, project / "liegg"
    before = keys.key(e, {"seed": 0}, project)
    assert changed(before, e, project) == {}
    assert changed(before, e, project, seed=1) == {"measure": ["parameter seed: 0 → 1"]}
    write((3, "It says that"))
    assert changed(before, e, project) == {"write": ["its text changed"]}
    write((4, "from liegg.deep import d\nd.x + 1"))
    assert changed(before, e, project) == {"draw": ["the drawing cells changed"], "write": ["its text changed"]}
    write((4, "from liegg.deep import d\nd.x  # x"))
    assert set(changed(before, e, project)) == {"write"}
    write((1, "seed: int = 5  # another default"))
    assert set(changed(before, e, project)) == {"write"}
    write((1, "seed: int = 0  # seed\n%env A=1"))
    with pytest.raises(UserError, match=r"n\.ipynb: its cell tagged parameters is not Python"):
        keys.key(e, {"seed": 0}, project)
    write((2, "from liegg import c\nmeasured = once(lambda: c.x + 1)"))
    assert changed(before, e, project)["measure"] == ["the measuring cells changed"]
    write()
    (package / "deep" / "d.py").write_text("from liegg.c import x\ny = 1\n")
    assert changed(before, e, project) == {"draw": ["liegg/deep/d.py changed"]}
    (package / "c.py").write_text("x = 2\n")
    assert changed(before, e, project)["measure"] == ["liegg/c.py changed"]
    (package / "c.py").write_text('"""Doc."""\nx = 1  # one\n')
    assert set(changed(before, e, project)) == {"draw"}


def test_code_that_is_no_python_gets_one_line(experiment, project):
    e, write = experiment
    write((4, "for x in"))
    with pytest.raises(UserError, match=r"^n\.ipynb, code cell \d, line 1: invalid syntax$"):
        keys.key(e, {"seed": 0}, project)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"for x in", "liegg/c.py, line 1: invalid syntax"),
        (b"x = 1\n  y = 2", "liegg/c.py, line 2: unexpected indent"),
        (b"\xff\xfe", "liegg/c.py cannot be read: 'utf-8' codec"),
        (b"x = 1\0", "liegg/c.py"),
        (b"x = " + 3000 * b"(", "liegg/c.py"),
    ],
)
def test_a_module_that_is_no_python_is_named(project, content, said):
    (project / "liegg" / "c.py").write_bytes(content)
    with pytest.raises(UserError) as error:
        keys._reached("from liegg.deep import d", project)
    assert str(error.value).startswith(said) and "\n" not in str(error.value)


def test_the_first_step_to_do_again_and_why(tmp_path):
    run, now = Run("quick", root=tmp_path), keys.key(O5, O5.values("quick", {}), find_root())
    plan = lambda **steps: keys.plan(run, O5, {**now, **steps})
    assert plan() == ("measure", "it has not been run")
    kept.write(run.measured(O5.name), {"key": now["measure"], "finished": "t"}, [])
    assert plan() == ("draw", "it has been measured and not drawn")
    drawn = {"finished": "t", "commit": "abc", "seconds": 1, "key": {step: now[step] for step in ("draw", "write")}}
    made = {"finished": "t", "commit": "abc", "versions": {}, "machine": "", "drawn": drawn}
    result = {"experiment": O5.name, "parameters": {}, "metrics": {}, "provenance": made}
    results.write_json(run.result(O5.name), result)
    run.executed(O5.name).parent.mkdir(parents=True)
    nbformat.write(O5.notebook(), run.executed(O5.name))
    assert plan() == ("", "")
    assert plan(write={"cells": {"text": ""}}) == ("write", "its text changed")
    assert plan(draw={**now["draw"], "versions": {}}).step == "draw"
    older = {**now["measure"], "parameters": {**now["measure"]["parameters"], "seed": 1}}
    assert plan(measure=older) == ("measure", "parameter seed: 0 → 1")
    for path, step in (
        (run.executed(O5.name), "draw"),
        (run.result(O5.name), "draw"),
        (run.measured(O5.name), "measure"),
    ):
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        assert plan() == (step, f"{path} cannot be read")
        path.write_bytes(whole)
    kept.write(run.measured(O5.name), {"key": now["measure"], "finished": "later"}, [])
    assert plan() == ("draw", "it was measured anew")
    run.failed(O5.name).write_text("")
    assert plan() == ("draw", "its last run failed")


def test_stored_results_that_code_names_belong_to_its_key(project):
    place = project / "data" / "reference" / "paper" / "page.csv"
    code = 'table = read(root / "data/reference/paper/page.csv")'
    assert keys._stored(code, project) == {}
    place.parent.mkdir(parents=True)
    place.write_text("a\n1\n")
    before = keys._stored(code, project)
    assert set(before) == {"data/reference/paper/page.csv"} and keys._stored("read(root)", project) == {}
    place.write_text("a\n2\n")
    assert keys._stored(code, project) != before

"""Files of earlier runs, notebooks and modules that are damaged: named, made anew, and no other page is harmed."""

import json
import random
import shutil

import mini
import nbformat
import pytest

from liegg.reproduce import claim_tables, executed, kept, keys, pages, results, table
from liegg.reproduce.errors import UserError
from liegg.reproduce.project import Run
from liegg.reproduce.runner import run_experiments

FIRST, SECOND, THIRD = mini.NAMES


def half(content):
    return content[: len(content) // 2]


def flipped(content):
    """One bit of a hundred places."""
    spoilt, draw = bytearray(content), random.Random(3)
    for _ in range(100):
        spoilt[draw.randrange(len(spoilt))] ^= 1 << draw.randrange(8)
    return bytes(spoilt)


DAMAGES = {
    "empty": lambda content: b"",
    "cut in half": half,
    "one byte short": lambda content: content[:-2],
    "zeros": lambda content: bytes(len(content)),
    "zeros at the end": lambda content: half(content) + bytes(len(content) // 2),
    "bits flipped": flipped,
    "no text": lambda content: b"\xff\xfe" + content,
    "another format": lambda content: b"PK\3\4",
    "a list": lambda content: b"[]",
    "null": lambda content: b"null",
    "an empty object": lambda content: b"{}",
    "deep": lambda content: b"[" * 100_000,
    "a page of a server": lambda content: b"<!DOCTYPE html><title>404</title>",
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A project in which everything has run."""
    project = mini.make(tmp_path_factory.mktemp("finished") / "p")
    done = mini.reproduce(project, "run", "--profile", "smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    return project


@pytest.fixture
def run(finished, tmp_path):
    """A copy of it, to be damaged."""
    shutil.copytree(finished, tmp_path / "p")
    return Run("smoke", root=tmp_path / "p")


def steps(run):
    """The first step that each page needs, and why."""
    return {
        e.name: keys.plan(run, e, keys.key(e, e.values("smoke", {}), run.root)) for e in table.load(run.root).values()
    }


def test_nothing_is_to_be_done_where_all_is_well(run):
    assert {plan.step for plan in steps(run).values()} == {""}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize(("kind", "step"), [("result", "draw"), ("executed", "draw"), ("measured", "measure")])
def test_a_damaged_file_counts_as_not_there_and_is_named(run, kind, step, damage):
    path = getattr(run, kind)(FIRST)
    path.write_bytes(damage(path.read_bytes()))
    found = steps(run)
    assert found.pop(FIRST) == (step, f"{path} cannot be read")
    assert {plan.step for plan in found.values()} == {""}
    experiments = table.load(run.root)
    shown = {state.experiment.name: state.status for state in pages.states(run, experiments)}
    assert shown.pop(FIRST).endswith(f"{path.relative_to(run.root)} cannot be read" if kind != "measured" else "read")
    assert set(shown.values()) == {"up to date"}


def test_a_folder_or_a_file_of_another_page_in_its_place(run):
    run.result(FIRST).unlink()
    run.result(FIRST).mkdir()
    shutil.copy(run.result(THIRD), run.result(SECOND))
    assert {name: plan.step for name, plan in steps(run).items()} == {FIRST: "draw", SECOND: "draw", THIRD: ""}


WRONG = {
    "no metrics": lambda r: r.pop("metrics"),
    "no parameters": lambda r: r.pop("parameters"),
    "no provenance": lambda r: r.pop("provenance"),
    "words for numbers": lambda r: r["metrics"]["drawn"].update(values=["1.5"]),
    "no number": lambda r: r["metrics"]["drawn"].update(values=[float("nan")]),
    "seconds in words": lambda r: r["provenance"].update(seconds="12"),
    "memory in words": lambda r: r["provenance"].update(memory="x"),
    "not drawn": lambda r: r["provenance"].update(drawn=None),
    "drawn by a word": lambda r: r["provenance"].update(drawn="x"),
    "drawn without a key": lambda r: r["provenance"]["drawn"].pop("key"),
    "drawn by half a key": lambda r: r["provenance"]["drawn"]["key"].pop("write"),
    "a key of words": lambda r: r["provenance"].update(key="x"),
    "versions in a list": lambda r: r["provenance"].update(versions=[]),
}


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG)
def test_a_result_of_wrong_insides_harms_no_page(run, spoil):
    """It is made anew, and the pages of a book can be written meanwhile."""
    content = json.loads(run.result(FIRST).read_text())
    spoil(content)
    run.result(FIRST).write_text(json.dumps(content))
    assert {name: bool(plan.step) for name, plan in steps(run).items()} == {FIRST: True, SECOND: False, THIRD: False}
    written(run)


@pytest.mark.parametrize("key", [[], {"cells": 5}, None, "x", {"parameters": {}, "cells": {}, "modules": {}}])
def test_a_measurement_under_a_wrong_key_is_made_anew(run, key):
    cases = kept.read(run.measured(FIRST))
    kept.write(run.measured(FIRST), {"key": key, "finished": "t"}, cases)
    assert steps(run)[FIRST].step == "measure"
    written(run)


def written(run):
    """The generated parts of all pages."""
    experiments = table.load(run.root)
    states, judged = pages.states(run, experiments), claim_tables.judged(run, experiments)
    for state in states:
        assert pages.provenance(run, state) if state.result else pages.not_run(run, state, judged)
    assert pages.runs(run, states) and pages.versions(run, states)


def test_damaged_files_of_every_kind_are_made_anew(run, monkeypatch):
    """In one run, from which each page comes out as it was."""
    monkeypatch.chdir(run.root)
    before = {name: results.read_json(run.result(name))["metrics"] for name in mini.NAMES}
    for path, damage in ((run.measured(FIRST), half), (run.executed(SECOND), half), (run.result(THIRD), flipped)):
        path.write_bytes(damage(path.read_bytes()))
    done = mini.reproduce(run.root, "run", "--profile", "smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    for path, step in ((run.measured(FIRST), "runs"), (run.executed(SECOND), "is drawn again")):
        assert f"{step}, because {path} cannot be read" in done.stdout
    assert {name: results.read_json(run.result(name))["metrics"] for name in mini.NAMES} == before


BROKEN_PAGES = {
    "a syntax error": (lambda p: write(p, measuring="for x in"), "11_first.ipynb, code cell 2, line 1: invalid syntax"),
    "no notebook": (lambda p: page(p).write_text("{"), "11_first.ipynb"),
    "an empty file": (lambda p: page(p).write_text(""), "11_first.ipynb"),
    "no cells": (lambda p: nbformat.write(nbformat.v4.new_notebook(), page(p)), "11_first"),
    "none": (lambda p: page(p).unlink(), "11_first"),
    "no text": (lambda p: page(p).write_bytes(b"\xff\xfe{}"), "11_first.ipynb"),
    "a parameter without a value": (lambda p: write(p, parameters="seed: int"), "11_first.ipynb: its cell"),
    "a module": (
        lambda p: (write(p, saying="import liegg.extra"), (p / "liegg" / "extra.py").write_text("def f(:\n")),
        "liegg/extra.py, line 1: invalid syntax",
    ),
}


def page(project):
    return project / "notebooks" / f"{FIRST}.ipynb"


def write(project, **cells):
    nbformat.write(mini.notebook(FIRST, **cells), page(project))


@pytest.mark.parametrize(("spoil", "said"), BROKEN_PAGES.values(), ids=BROKEN_PAGES)
def test_a_page_that_cannot_be_run_fails_alone_and_by_name(run, capsys, spoil, said):
    spoil(run.root)
    chosen = list(table.load(run.root).values())
    assert run_experiments(run, chosen, {}) == [FIRST]
    out = capsys.readouterr().out
    assert f"{FIRST}: failed: {said}" in out and len(out.splitlines()) == 3
    assert f"{SECOND}: up to date" in out and f"{THIRD}: up to date" in out
    with pytest.raises(UserError) as error:
        run_experiments(run, chosen[:1], {})
    assert said in str(error.value) and "\n" not in str(error.value)
    experiments = table.load(run.root)
    first, *others = pages.states(run, experiments)
    assert said in first.status and {state.status for state in others} == {"up to date"}
    assert "has no results" in pages.not_run(run, first, claim_tables.judged(run, experiments))


def test_commands_of_ipython_run(tmp_path):
    project = mini.make(tmp_path / "p")
    write(project, saying="%matplotlib inline\nfiles = !ls\n" + mini.SAYING)
    done = mini.reproduce(project, "run", "--profile", "smoke", "--notebook", FIRST)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{FIRST}: up to date" in mini.reproduce(project, "run", "--profile", "smoke", "--notebook", FIRST).stdout


def test_text_that_changed_around_an_executed_notebook_of_other_cells(run):
    """It is drawn again where its cells are not those of today."""
    e = table.load(run.root)[FIRST]
    shown = executed.read(run.executed(FIRST))
    shown.cells = shown.cells[:-1]
    nbformat.write(shown, run.executed(FIRST))
    assert not executed.write_again(run, e, keys.key(e, e.values("smoke", {}), run.root))


def test_cases_kept_by_other_code_are_not_taken(run):
    """A file that an older run left in the folder of cases is no part of what is measured now."""
    folder = run.folder / "running" / f"{FIRST}.cases"
    kept.write(folder / "0123456789abcdef-0123456789abcdef.npz", {"key": "other", "seconds": 1}, [({"i": 9}, {"i": 9})])
    run.measured(FIRST).unlink()
    assert mini.reproduce(run.root, "run", "--profile", "smoke", "--notebook", FIRST).returncode == 0
    assert sorted(case["i"] for case, _ in kept.read(run.measured(FIRST))) == [0, 1, 2]
    assert not folder.exists()


def test_code_that_is_edited_while_a_notebook_starts_measures_nothing(tmp_path):
    """Its key was taken of the code before; put back afterwards, the edit would be in the numbers and nowhere else."""
    project = mini.make(tmp_path / "p")
    module = project / "liegg" / "extra.py"
    module.write_text("size = 1.0\n")
    write(project, measuring="import liegg.extra\n" + mini.MEASURING)
    process = mini.start(project, "run", "--profile", "smoke", "--notebook", FIRST)
    running = project / "book" / "_build" / "smoke" / "running" / f"{FIRST}.ipynb"
    assert mini.until(running.is_file, 60)
    module.write_text("size = 2.0\n")
    out, _ = mini.ended(process)
    assert process.returncode == 1 and f"{module} was changed while the notebook ran: run it again" in out
    module.write_text("size = 1.0\n")
    done = mini.reproduce(project, "run", "--profile", "smoke", "--notebook", FIRST)
    assert done.returncode == 0 and f"{FIRST}: runs, because its last run failed" in done.stdout

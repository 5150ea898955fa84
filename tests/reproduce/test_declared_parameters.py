"""What a notebook declares, and notebooks that declare nothing of use: one line that names the file."""

import json

import mini
import nbformat
import papermill
import pytest

from liegg.reproduce import parameters, table
from liegg.reproduce.errors import UserError

EXPERIMENTS = table.load()
FIRST = mini.NAMES[0]
MORE = '\nsizes: list = [1, 2]  # some\nwords: list = ["a"]  # of two'
ALLOWED = "    word: [a, b]\n    sizes: {min: 1, max: 9, least: 2}\n    words: [a, b]\n"


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_papermill_finds_the_same_parameters(experiment):
    """It sets them, so both must mean the same lines."""
    found = papermill.inspect_notebook(str(experiment.path)).values()
    declared = {p.name: (p.type, p.help) for p in experiment.parameters().values()}
    assert {p["name"]: (p["inferred_type_name"], p["help"].strip()) for p in found} == declared


def experiment(tmp_path, source=mini.PARAMETERS + MORE, change=lambda content: None):
    """The first page of the tiny project, with other parameters, and its notebook's JSON changed."""
    (tmp_path / "notebooks").mkdir()
    row = mini.ROW.format(name=FIRST).replace("    word: [a, b]\n", ALLOWED)
    (tmp_path / table.TABLE).write_text(row, encoding="utf-8")
    content = json.loads(nbformat.writes(mini.notebook(FIRST, parameters=source)))
    content = change(content) or content
    path = tmp_path / "notebooks" / f"{FIRST}.ipynb"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return table.load(tmp_path)[FIRST]


LINES = [
    ("seed: int = 0", "seed = 0", "must have lines as `name: type = default  # help`, not 'seed = 0'"),
    ("seed: int = 0", "seed: int", "must have lines as"),
    ("seed: int = 0", "import os\nseed: int = 0", "must have lines as .* not 'import os'"),
    ("seed: int = 0", "seed: list[int] = [0]", "must have lines as"),
    ("seed: int = 0", "séed: int = 0", "must have lines as"),
    ("seed: int = 0", "seed: int = zero", "seed must be declared as"),
    ("seed: int = 0", "seed: int = 0.5", "seed must be declared as"),
    ("seed: int = 0", "seed: int = True", "seed must be declared as"),
    ("seed: int = 0", "seed: int = None", "seed must be declared as"),
    ("seed: int = 0", "seed: number = 0", "seed must be declared as"),
    ("seed: int = 0", "seed: int = 0\nseed: int = 1", "seed is declared twice"),
    ("seed: int = 0", "seed: int = (0", "is not Python"),
    ("seed: int = 0", "seed: int = " + "9" * 5000, "is not Python"),
    ("seed: int = 0", "seed: int = " + "-" * 9000 + "1", "."),
    ("seed: int = 0", "seed: int = 0\0", "is not Python"),
    ("seed: int = 0", "%matplotlib inline\nseed: int = 0", "is not Python"),
    ("[1, 2]", "[]", "sizes must be declared as"),
    ("[1, 2]", "[1, 'a']", "sizes must be declared as"),
    ("[1, 2]", "[[1], [2]]", "sizes must be declared as"),
    ("[1, 2]", "(1, 2)", "sizes must be declared as"),
]


@pytest.mark.parametrize(("old", "new", "said"), LINES, ids=[new[:30] for _, new, _ in LINES])
def test_a_parameter_that_is_not_declared_as_it_must_be(tmp_path, old, new, said):
    damaged = experiment(tmp_path, (mini.PARAMETERS + MORE).replace(old, new))
    for read in (damaged.notebook, damaged.parameters):
        with pytest.raises(UserError, match=f"^{FIRST}.ipynb: .*{said}") as error:
            read()
        assert "\n" not in str(error.value) and len(str(error.value)) < 400


DEFAULTS = [
    ("= 0  #", "= -5  #"),
    ("= 0.05", "= 1e999"),
    ('"a"  #', '"c"  #'),
    ("[1, 2]", "[1]"),
    ("[1, 2]", "[1, 99]"),
]


@pytest.mark.parametrize(("old", "new"), [*DEFAULTS, ('["a"]', '["z"]')])
def test_a_default_that_the_table_does_not_allow(tmp_path, old, new):
    with pytest.raises(UserError, match=f"^experiments.yml, {FIRST}, allowed: the notebook's default does not fit: "):
        experiment(tmp_path, (mini.PARAMETERS + MORE).replace(old, new)).parameters()


def test_help_may_have_any_marks(tmp_path):
    source = (mini.PARAMETERS + MORE).replace("# of the draws", "# x = 1, # of all").replace('"a"  # one', '"a"  # "#"')
    found = experiment(tmp_path, source).parameters()
    assert (
        found["seed"].help == "x = 1, # of all" and found["word"].help == '"#" of two' and found["cases"].default == 3
    )


def set_tags(content, number, tags):
    content["cells"][number]["metadata"]["tags"] = tags


def move_tags(content, number):
    set_tags(content, 1, [])
    set_tags(content, number, ["parameters"])


NOTEBOOKS = {
    "no JSON": lambda content: "{",
    "a page of a server": lambda content: "<!DOCTYPE html>",
    "a list": lambda content: "[]",
    "a word": lambda content: '"x"',
    "deep": lambda content: "[" * 100_000,
    "an empty object": lambda content: "{}",
    "no version": lambda content: content.pop("nbformat") and None,
    "an unknown version": lambda content: content.update(nbformat=9),
    "a version that is none": lambda content: content.update(nbformat="x"),
    "no cells": lambda content: content.update(cells=[]),
    "cells that are none": lambda content: content.update(cells=[1]),
    "no parameters": lambda content: set_tags(content, 1, []),
    "two of parameters": lambda content: set_tags(content, 2, ["parameters"]),
    "parameters in text": lambda content: move_tags(content, 0),
    "parameters below": lambda content: move_tags(content, 2),
    "tags that are a word": lambda content: set_tags(content, 1, "parameters"),
    "source that is a number": lambda content: content["cells"][1].update(source=3),
}


@pytest.mark.parametrize("change", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_what_is_no_notebook_with_parameters(tmp_path, change):
    damaged = experiment(tmp_path, change=change)
    for read in (damaged.notebook, damaged.parameters):
        with pytest.raises(UserError, match=f"{FIRST}.ipynb") as error:
            read()
        assert "\n" not in str(error.value) and len(str(error.value)) < 400


def test_what_is_read_of_a_notebook_is_what_stands_there(tmp_path):
    whole = experiment(tmp_path)
    assert [cell.source for cell in whole.notebook().cells][1] == mini.PARAMETERS + MORE
    listed = [(p.name, p.type, p.default, p.help) for p in whole.parameters().values()]
    assert listed[:2] == [("seed", "int", 0, "of the draws"), ("cases", "int", 3, "how many are measured")]
    assert [*parameters.declared(mini.PARAMETERS + MORE, "")] == listed

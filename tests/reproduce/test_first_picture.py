"""The first page's picture: four drawings of a figure of a stored page."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from liegg.reproduce import first_page, first_picture, table
from liegg.reproduce.drawings import NARROW_SVG, SVG
from liegg.reproduce.errors import UserError
from liegg.reproduce.project import Run, find_root

PICTURE = first_page.load(find_root()).picture
CHOSEN = [table.load()[PICTURE.experiment]]
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" id="{}"><image/><path style="fill: #ffffff"/></svg>'


@pytest.fixture
def run(tmp_path):
    """A run whose page has two figures, the second of them the picture."""
    for folder in ("book/_static", "notebooks"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / first_page.FILE).write_bytes((find_root() / first_page.FILE).read_bytes())
    run = Run("paper", root=tmp_path)
    cells = []
    for name in ("another", PICTURE.figure):
        drawings = {SVG: DRAWING.format(name), NARROW_SVG: DRAWING.format("narrow")}
        shown = new_output("display_data", drawings, metadata={SVG: {"alt": f"It shows {name}."}})
        cells.append(new_code_cell("", metadata={"mystnb": {"figure": {"name": name}}}, outputs=[shown]))
    run.executed(PICTURE.experiment).parent.mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells), run.executed(PICTURE.experiment))
    return run


def kept(run):
    return {path.name: path.read_text() for path in (run.root / "book/_static").iterdir()}


def test_the_drawings_are_those_of_the_named_figure(run):
    first_picture.keep(run, CHOSEN)
    drawings = kept(run)
    assert drawings.pop(f"{PICTURE.file}.txt") == f"It shows {PICTURE.figure}."
    assert set(drawings) == {f"{PICTURE.file}{end}.svg" for end in ("", "-dark", "-narrow", "-narrow-dark")}
    assert f'id="{PICTURE.figure}"' in drawings[f"{PICTURE.file}.svg"] and "#ffffff" in drawings[f"{PICTURE.file}.svg"]
    assert 'id="narrow"' in drawings[f"{PICTURE.file}-narrow.svg"]
    assert "#ffffff" not in drawings[f"{PICTURE.file}-dark.svg"]


def test_other_pages_leave_it_alone(run):
    first_picture.keep(run, [])
    assert not kept(run)


def test_a_page_without_the_figure(run):
    nbformat.write(new_notebook(cells=[new_code_cell("")]), run.executed(PICTURE.experiment))
    with pytest.raises(UserError, match=f"{PICTURE.experiment} has no figure {PICTURE.figure}"):
        first_picture.keep(run, CHOSEN)


def test_each_column_and_theme_has_a_drawing_and_all_have_its_words(run):
    first_picture.keep(run, CHOSEN)
    said = first_picture.shown(run.root, "The caption.")
    images = re.findall(r"_static/(\S+)\.svg\n:class: (\S+) (\S+)\n:alt: (.*)\n", said)
    name = PICTURE.file
    assert said.endswith("The caption.\n:::") and sorted(images) == sorted(
        (f"{name}{width}{dark}", theme, column, f"It shows {PICTURE.figure}.")
        for width, column in {"": "for-wide", "-narrow": "for-narrow"}.items()
        for dark, theme in {"": "only-light", "-dark": "only-dark"}.items()
    )

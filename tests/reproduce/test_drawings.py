"""What pages show of a picture: its drawings, a text for each, points that say something; and where they stand."""

import importlib.util
import re

import pytest
import torch
from docutils import nodes, utils
from nbformat.v4 import new_code_cell, new_notebook, new_output

from liegg import plots
from liegg.plots import spots
from liegg.reproduce import side_by_side
from liegg.reproduce.dark import dark
from liegg.reproduce.drawings import add, described
from liegg.reproduce.errors import UserError
from liegg.reproduce.project import find_root

SVG, NARROW_SVG = "image/svg+xml", "application/vnd.liegg.narrow+svg"
GRID = torch.tensor([[0.1, 0.9], [0.4, 0.6]])
HEAT = plots.heatmaps({"height (m)": GRID}, range(2), range(2), "rows", "columns")
LINES = plots.trends({"y": {"a": (range(2), GRID)}}, {"a": "A"}, "x", logx=False)
HEAT.words, LINES.words = "It is warm.", "It rises."
spots.name(LINES.axes[0], 1, 0.5, 'the "middle"')
FIGURE = {"caption": "A $b$ `c`. More.", "name": "n"}


def cell(*figures, **metadata):
    shown = [figure._repr_mimebundle_() for figure in figures]
    outputs = [new_output("display_data", data, metadata=said) for data, said in shown]
    return new_code_cell(metadata=metadata, outputs=outputs)


def drawings(*cells):
    """What is shown by each cell of a page: its class, its text, and its tags."""
    notebook = new_notebook(cells=list(cells))
    for one in notebook.cells:
        described(one, "page")
    add(notebook, "page")
    images = [c.metadata["mystnb"]["image"] for c in notebook.cells]
    return notebook.cells, [
        (i["classes"], i["alt"], c.metadata.get("tags", [])) for i, c in zip(images, notebook.cells)
    ]


def test_a_figure_has_a_drawing_for_every_width_and_theme_each_with_its_text():
    _, shown = drawings(cell(HEAT, mystnb={"figure": FIGURE}, tags=["hide-input", "this-run"]))
    alt, inside = "A b c. It is warm.", ["into-figure", "remove-input", "this-run"]
    onto = ["into-picture", "remove-input", "this-run"]
    assert shown == [
        ("for-wide only-light", alt, ["hide-input", "this-run"]),
        ("for-wide only-dark", alt, onto),
        ("for-narrow only-light", alt, inside),
        ("for-narrow only-dark", alt, onto),
    ]


def test_drawings_are_the_figures_own():
    cells, _ = drawings(cell(HEAT, mystnb={"figure": FIGURE}))
    (bundle, _) = HEAT._repr_mimebundle_()
    shown = [c.outputs[0].data for c in cells]
    assert [data[SVG] for data in shown[::2]] == [bundle[SVG], bundle[NARROW_SVG]]
    assert [data[SVG] for data in shown[1::2]] == [dark(bundle[SVG]), dark(bundle[NARROW_SVG])]
    assert not any(NARROW_SVG in data for data in shown)


def test_pictures_of_one_cell_are_shown_one_by_one_and_each_as_it_needs():
    heading = new_output("stream", name="stdout", text="between")
    both = cell(LINES, HEAT)
    both.outputs.insert(1, heading)
    cells, shown = drawings(both)
    light = [s[:2] for c, s in zip(cells, shown) if SVG in c.outputs[0].get("data", {})]
    assert light == [
        ("for-wide", "It rises."),
        ("for-narrow", "It rises."),
        ("for-wide only-light", "It is warm."),
        ("for-wide only-dark", "It is warm."),
        ("for-narrow only-light", "It is warm."),
        ("for-narrow only-dark", "It is warm."),
    ]
    assert heading in cells[0].outputs and all(len(c.outputs) == 1 for c in cells[1:])


def test_points_are_buttons_within_the_picture_that_say_their_words():
    cells, shown = drawings(cell(LINES, mystnb={"figure": FIGURE}))
    buttons = [(c.outputs[0].data["text/html"], s[2]) for c, s in zip(cells, shown) if "text/html" in c.outputs[0].data]
    assert [re.match('<div class="([^"]*)"', text)[1] for text, _ in buttons] == ["for-wide spots"]  # not in the other
    (text, tags) = buttons[0]
    assert "into-picture" in tags and text.count("<button") == 1
    assert text.count('="the &quot;middle&quot;"') == 2
    places = [float(p) for p in re.findall(r"--(?:left|top):([\d.]+)%", text)]
    assert len(places) == 2 and all(0 <= place <= 100 for place in places)
    assert places[0] == pytest.approx(90, abs=12)  # the right end of the horizontal axis


def test_a_file_has_lists_of_lines_and_an_older_one_has_no_words():
    bundle, _ = HEAT._repr_mimebundle_()
    old = new_output("display_data", {SVG: bundle[SVG].splitlines(keepends=True)})
    _, shown = drawings(new_code_cell(metadata={"mystnb": {"figure": FIGURE}}, outputs=[old]))
    assert [s[:2] for s in shown] == [("only-light", "A b c."), ("only-dark", "A b c.")]


@pytest.mark.parametrize("metadata", [{}, {"mystnb": {"figure": {"caption": "", "name": "n"}}}])
def test_a_picture_of_which_nothing_is_said_is_refused(metadata):
    figure = plots.matrices(GRID[None], ["m"])
    figure.words = ""
    with pytest.raises(UserError, match=r"page\.ipynb: nothing says what"):
        drawings(cell(figure, **metadata))
    with pytest.raises(UserError, match=r"page\.ipynb: a figure has no caption"):
        drawings(cell(figure, mystnb={"figure": {"name": "n"}}))


def test_the_drawing_of_each_run_has_a_text_of_its_own():
    here, there = (cell(figure, mystnb={"figure": FIGURE}) for figure in (HEAT, LINES))
    notebook = new_notebook(cells=[here])
    described(here, "page")
    side_by_side._double(notebook, here, there, "", "")
    add(notebook, "page")
    alts = {c.metadata["mystnb"]["image"]["alt"] for c in notebook.cells if SVG in c.outputs[-1].data}
    assert alts == {
        "This run, profile quick: A b c. It is warm.",
        "Stored run, profile paper: A b c. It rises.",
    }


@pytest.fixture
def gather():
    spec = importlib.util.spec_from_file_location("figures", find_root() / "book" / "_ext" / "liegg_figures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda doctree: module.gather(None, doctree, "")


def output(*parts, tag):
    return nodes.container("", nodes.container("", *parts), classes=["cell", f"tag_{tag}", "tag_remove-input"])


def test_drawings_become_part_of_the_figure_above(gather):
    doctree = utils.new_document("")
    figure = nodes.figure("", nodes.image(uri="light", classes=["only-light"]), nodes.caption("", "what it shows"))
    doctree += [
        nodes.container("", figure),
        output(nodes.image(uri="dark"), tag="into-picture"),
        output(nodes.image(uri="narrow"), tag="into-figure"),
        output(nodes.raw("", "points"), tag="into-picture"),
        output(nodes.raw("", "whose"), tag="into-figure"),
        nodes.paragraph("", "text"),
    ]
    gather(doctree)
    assert [type(part) for part in figure] == [nodes.container] * 3 + [nodes.caption]
    words, wide, narrow, _ = figure
    assert words[0].astext() == "whose" and [image["uri"] for image in wide] == ["light", "dark"]
    assert wide["classes"] == narrow[0]["classes"] == ["picture"] and "tag_into-figure" in narrow["classes"]
    assert narrow[0][0]["uri"] == "narrow" and narrow[0][1].astext() == "points"
    assert len(doctree) == 2


def test_drawings_of_what_is_no_figure_stay_with_their_picture(gather):
    doctree = utils.new_document("")
    doctree += [
        nodes.container("", nodes.container("", nodes.image(uri="light")), classes=["cell"]),
        output(nodes.image(uri="dark"), tag="into-picture"),
    ]
    gather(doctree)
    assert len(doctree) == 1 and [image["uri"] for image in doctree[0][0][0]] == ["light", "dark"]

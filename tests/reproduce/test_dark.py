"""Dark drawings: pale ink, colours that mean something as they are, and several pictures in one figure of the book."""

import importlib.util
import re
import xml.etree.ElementTree as ET

import pytest
import torch
from docutils import nodes, utils
from nbformat.v4 import new_code_cell, new_notebook, new_output

from liegg import plots
from liegg.reproduce.dark import add, dark
from liegg.reproduce.project import find_root

GRID = torch.tensor([[0.1, 0.9], [0.4, 0.6]])
HEAT = plots.heatmaps({"height (m)": GRID}, range(2), range(2), "rows", "columns")._repr_svg_()
LINES = plots.trends({"y": {"a": (range(2), GRID)}}, {"a": "A"}, "x")._repr_svg_()


def coloured(svg):
    """The groups that keep their colours, by name."""
    return {g.get("id"): ET.tostring(g) for g in ET.fromstring(svg).iter() if "on-colours" in g.get("id", "")}


def test_ink_turns_pale_and_colour_maps_stay():
    turned = dark(HEAT)
    pictures = [re.findall(r'href="(data:[^"]+)"', re.sub(r"\s+", "", svg)) for svg in (HEAT, turned)]
    assert pictures[0] and pictures[0] == pictures[1]
    numbers = [coloured(svg) for svg in (HEAT, turned)]
    assert numbers[0].keys() == numbers[1].keys() == {f"on-colours-0-{i}-{j}" for i in range(2) for j in range(2)}
    assert all(b'fill="#000000"' in group for group in numbers[1].values())
    assert "stroke: #000000" in HEAT and "stroke: #000000" not in turned and 'fill="#ebebeb"' in turned
    rings = plots.rings(
        {"one": (torch.randn(5, 2), torch.rand(5)), "two": (torch.randn(5, 2), torch.rand(5))}
    )._repr_svg_()
    fills = [re.findall(rb"fill: (#\w+)", b"".join(coloured(svg).values())) for svg in (rings, dark(rings))]
    assert len(fills[0]) == 10 and fills[0] == fills[1]


def test_what_has_no_colour_map_needs_no_other_drawing():
    assert dark(LINES) == ""


def test_a_hue_stays_what_it_is():
    turned = dark(HEAT.replace("#000000", "#1f77b4", 1))
    red, green, blue = (int(turned[turned.index("stroke: #") + i :][:2], 16) for i in (9, 11, 13))
    assert blue > green > red


@pytest.fixture
def gather():
    spec = importlib.util.spec_from_file_location("figures", find_root() / "book" / "_ext" / "liegg_figures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda doctree: module.gather(None, doctree, "")


def test_the_theme_chooses_between_two_drawings():
    def cell(svg, **metadata):
        return new_code_cell(metadata=metadata, outputs=[new_output("display_data", {"image/svg+xml": svg})])

    figure = {"figure": {"caption": "A.", "name": "n"}, "image": {"alt": "A"}}
    read = HEAT.splitlines(keepends=True)  # as nbformat writes it
    notebook = new_notebook(cells=[cell(read, mystnb=figure, tags=["hide-input"]), cell(LINES), cell(HEAT)])
    add(notebook)
    light, below, lines, alone, last = notebook.cells
    assert light.metadata["mystnb"]["image"] == {"alt": "A", "classes": "only-light"}
    assert below.metadata == {
        "tags": ["into-figure", "remove-input"],
        "mystnb": {"image": {"alt": "A", "classes": "only-dark"}},
    }
    assert "mystnb" not in lines.metadata
    assert alone.metadata["mystnb"]["image"]["classes"] == "only-light" and last.metadata["tags"] == ["remove-input"]
    assert below.outputs[0].data["image/svg+xml"] == dark(HEAT) == last.outputs[0].data["image/svg+xml"]


def test_pictures_become_part_of_the_figure_above(gather):
    doctree = utils.new_document("")
    figure = nodes.figure("", nodes.image(uri="light", classes=["only-light"]), nodes.caption("", "what it shows"))
    tagged = nodes.container("", nodes.container("", nodes.image(uri="dark")), classes=["cell", "tag_into-figure"])
    doctree += [nodes.container("", figure), tagged, nodes.paragraph("", "text")]
    gather(doctree)
    assert [type(part) for part in figure] == [nodes.container, nodes.container, nodes.caption]
    assert figure[0]["classes"] == [] and figure[0][0]["classes"] == ["only-light"]
    assert figure[1]["classes"] == ["tag_into-figure"] and figure[1][0]["uri"] == "dark"
    assert len(doctree) == 2

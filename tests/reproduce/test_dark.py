"""Dark drawings: pale ink, and colours that mean something as they are."""

import re
import xml.etree.ElementTree as ET

import torch

from liegg import plots
from liegg.reproduce.dark import dark

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

"""Dark drawings of figures with colour maps: pale ink, and the same colours for what is shown by colour.

The style sheet turns the lightness of all other figures round on a dark page, which would turn a colour map round too.
"""

import re
import xml.etree.ElementTree as ET

SPACES = {"": "http://www.w3.org/2000/svg", "xlink": "http://www.w3.org/1999/xlink"}
ON_COLOURS = "on-colours-"
"""how the name of a group begins that keeps its colours, as `liegg.plots.style.on_colours` has it"""
INVERT = 0.92
HUE = ((-0.574, 1.43, 0.144), (0.426, 0.43, 0.144), (0.426, 1.43, -0.856))
"""hue-rotate(180deg) of CSS, which after invert(0.92) gives a colour another lightness and its own hue"""


def dark(svg: str) -> str:
    """A figure of matplotlib as it stands on a dark page; "" where it has no picture in it, and needs none."""
    if "<image" not in svg:
        return ""
    for prefix, space in SPACES.items():
        ET.register_namespace(prefix, space)
    root = ET.fromstring(svg)
    root.set("fill", _turned("#000000"))  # of what is black without saying so
    _turn(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def _turn(element: ET.Element) -> None:
    """Turn the colours of an element and of all within it."""
    if element.get("id", "").startswith(ON_COLOURS):
        element.set("fill", "#000000")
        return
    for name in ("style", "fill", "stroke"):
        if (value := element.get(name)) and element.tag != f"{{{SPACES['']}}}svg":
            element.set(name, re.sub("#[0-9a-fA-F]{6}", lambda colour: _turned(colour[0]), value))
    for child in element:
        _turn(child)


def _turned(colour: str) -> str:
    """What the filters invert(0.92) hue-rotate(180deg) make of #rrggbb."""
    inverted = [INVERT + (1 - 2 * INVERT) * int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    turned = [sum(weight * part for weight, part in zip(row, inverted)) for row in HUE]
    return "#" + "".join(f"{round(255 * min(max(part, 0), 1)):02x}" for part in turned)

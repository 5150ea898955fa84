"""Figures of several drawings: wide and narrow ones, on a light and on a dark page, of this run and of the stored one.

Each drawing but the first is the output of a notebook cell of its own. One tagged `into-figure` becomes part of the
figure above, over the one caption, with the cell's tags as classes; words without a picture go to the top. What a cell
tagged `into-picture` shows, a dark drawing or points, is put to the last picture. The theme hides a caption beside a
picture that it hides: so every picture is in a box.
"""

from docutils import nodes
from sphinx.application import Sphinx

INTO_FIGURE, INTO_PICTURE = "tag_into-figure", "tag_into-picture"


def gather(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Move the outputs of tagged cells, which hold nothing else, to their places."""
    figure = box = None
    for node in list(doctree.findall(nodes.Element)):
        if isinstance(node, nodes.figure):
            figure = node
        elif isinstance(node, nodes.image) and isinstance(node.parent, nodes.figure | nodes.container):
            box = _box(node)
        elif {INTO_FIGURE, INTO_PICTURE} & set(node["classes"]):
            shown = [part for output in node.children for part in output.children]
            node.parent.remove(node)
            if INTO_PICTURE in node["classes"]:
                box += shown
                continue
            part = nodes.container("", *shown, classes=[name for name in node["classes"] if name.startswith("tag_")])
            above = next(i for i, old in enumerate(figure.children) if isinstance(old, nodes.caption))
            figure.insert(above if next(part.findall(nodes.image), None) else 0, part)


def _box(picture: nodes.image) -> nodes.Element:
    """The box of a picture, made where it is in none."""
    place = picture.parent
    if "picture" not in place["classes"]:
        box = nodes.container("", classes=["picture"])
        place[place.index(picture)] = box
        box += picture
    return picture.parent


def setup(app: Sphinx) -> dict:
    app.connect("doctree-resolved", gather)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

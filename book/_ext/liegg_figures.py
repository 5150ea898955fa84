"""Figures of several pictures: on a light and on a dark page, of this run and of the stored one.

Each picture but the first is the output of a notebook cell of its own, tagged `into-figure`; here it becomes part of
the figure above, over the one caption, with the cell's tags as classes. Words without a picture go to the top. The
theme hides a caption beside a picture that it hides: so each is in a box of its own.
"""

from docutils import nodes
from sphinx.application import Sphinx

TAG = "tag_into-figure"


def gather(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Move the outputs of tagged cells, which hold nothing else, into their figures."""
    figure = None
    for node in list(doctree.findall(nodes.Element)):
        if isinstance(node, nodes.figure):
            figure = node
        if TAG not in node["classes"]:
            continue
        shown = [part for output in node.children for part in output.children]
        tags = [name for name in node["classes"] if name.startswith("tag_")]
        part = nodes.container("", *shown, classes=tags)
        for image in [old for old in figure.children if isinstance(old, nodes.image)]:
            figure.replace(image, nodes.container("", image.deepcopy()))  # without its classes
        above = next(i for i, old in enumerate(figure.children) if isinstance(old, nodes.caption))
        figure.insert(above if next(part.findall(nodes.image), None) else 0, part)
        node.parent.remove(node)


def setup(app: Sphinx) -> dict:
    app.connect("doctree-resolved", gather)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

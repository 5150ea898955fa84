"""Figures of several pictures: on a light and on a dark page, of this run and of the stored one.

Each picture is a notebook cell of its own, tagged `into-figure`; here it becomes part of the figure above, over the one
caption, with the cell's tags as classes.
"""

from docutils import nodes
from sphinx.application import Sphinx

TAG = "tag_into-figure"


def gather(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Move the outputs of tagged cells, which hold nothing else, into their figures."""
    figure = None
    for node in list(
        doctree.findall(lambda n: isinstance(n, nodes.figure) or TAG in getattr(n, "attributes", {}).get("classes", []))
    ):
        if isinstance(node, nodes.figure):
            figure = node
            continue
        shown = [part for output in node.children for part in output.children]
        tags = [name for name in node["classes"] if name.startswith("tag_")]
        caption = next(i for i, part in enumerate(figure.children) if isinstance(part, nodes.caption))
        figure.insert(caption, nodes.container("", *shown, classes=tags))
        node.parent.remove(node)


def setup(app: Sphinx) -> dict:
    app.connect("doctree-resolved", gather)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

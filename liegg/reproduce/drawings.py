"""What a page shows of a picture: drawings for a wide and a narrow column, on a light and on a dark page, with a text
for who does not see them, and points that say something.

Theme and style sheet choose among the drawings by their classes. Each but the first is the output of a cell of its own,
which the book's extension `liegg_figures` puts into the figure, or over the picture, above it.
"""

import html
import re
from collections.abc import Iterator
from itertools import pairwise

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from liegg.reproduce.dark import dark
from liegg.reproduce.errors import UserError

SVG, NARROW_SVG = "image/svg+xml", "application/vnd.liegg.narrow+svg"
INTO_FIGURE, INTO_PICTURE = "into-figure", "into-picture"
"""tags of a cell whose outputs go into the figure above it, and of one whose output is the last picture's"""


def described(cell: NotebookNode, page: str) -> None:
    """Give a figure its text, for those who do not see it: the first sentence of its caption."""
    settings = cell.metadata.get("mystnb", {})
    if "figure" in settings:
        if not isinstance(settings["figure"].get("caption"), str):
            raise UserError(f"{page}.ipynb: a figure has no caption (mystnb.figure.caption of its cell)")
        first = re.split(r"(?<=\.)\s", settings["figure"]["caption"], maxsplit=1)[0]
        settings.setdefault("image", {}).setdefault("alt", re.sub(r"[$*`\\{}]", "", first))


def prepare(notebook: NotebookNode, page: str) -> None:
    """Hide the parameters that papermill wrote, and give every figure its text."""
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.metadata["tags"].append("remove-cell")
        described(cell, page)


def add(notebook: NotebookNode, page: str) -> None:
    """Put its other drawings below every picture. Raises UserError for one of which nothing is said."""
    notebook.cells = [shown for cell in notebook.cells for part in _split(cell) for shown in _shown(part, page)]


def _split(cell: NotebookNode) -> list[NotebookNode]:
    """A cell with its first picture, and one below it for each of the others."""
    outputs = cell.get("outputs", [])
    others = [i for i, output in enumerate(outputs) if _kind(output)][1:]
    parts = [_below(cell, "", *outputs[start:end]) for start, end in pairwise([*others, len(outputs)])]
    if others:
        cell.outputs = outputs[: others[0]]
    return [cell, *parts]


def _shown(cell: NotebookNode, page: str) -> Iterator[NotebookNode]:
    """A cell with at most one picture, and cells with its other drawings."""
    yield cell
    picture = next(filter(_kind, cell.get("outputs", [])), None)
    if picture is None:
        return
    kind = _kind(picture)
    said = picture.metadata.get(kind, {})
    image = cell.metadata.setdefault("mystnb", {}).setdefault("image", {})
    image["alt"] = " ".join(filter(None, (image.get("alt"), said.get("alt"))))
    if not image["alt"]:
        raise UserError(f"{page}.ipynb: nothing says what a picture shows (mystnb.figure.caption of its cell)")
    narrow = picture.data.pop(NARROW_SVG, None)
    for width, drawing in {"wide": picture.data[kind], "narrow": narrow}.items():
        if drawing is None:
            continue
        light = cell if width == "wide" else _below(cell, "", _output(SVG, drawing))
        own = [f"for-{width}"] if narrow else []
        darker = dark("".join(drawing)) if kind == SVG else ""  # of a file it is a list of lines
        light.metadata["mystnb"]["image"]["classes"] = " ".join([*own, "only-light"] if darker else own)
        if light is not cell:
            yield light
        if darker:
            yield _below(cell, INTO_PICTURE, _output(SVG, darker), classes=" ".join([*own, "only-dark"]))
        if spots := said.get("spots", {}).get(width):
            yield _below(cell, INTO_PICTURE, _output("text/html", _buttons(spots, " ".join([*own, "spots"]))))


def _kind(output: NotebookNode) -> str:
    """The kind of picture that an output is; "" for another output."""
    return next((kind for kind in output.get("data", {}) if kind.startswith("image/")), "")


def _output(kind: str, content: str | list[str]) -> NotebookNode:
    return new_output("display_data", {kind: content})


def _below(cell: NotebookNode, into: str, *outputs: NotebookNode, classes: str = "") -> NotebookNode:
    """A cell of outputs alone, with the picture above it, in the same figure, or below both."""
    settings, tags = cell.metadata.get("mystnb", {}), {*cell.metadata.get("tags", [])}
    into = into or (INTO_FIGURE if "figure" in settings or INTO_FIGURE in tags else "")
    tags = tags - {"hide-input", INTO_FIGURE} | {"remove-input", into} - {""}
    image = {**settings.get("image", {}), "classes": classes}
    return new_code_cell("# drawn", metadata={"tags": sorted(tags), "mystnb": {"image": image}}, outputs=list(outputs))


def _buttons(spots: list[tuple[float, float, str]], classes: str) -> str:
    """Points over a picture; what those of the upper half say is below them."""
    buttons = [
        f'<button type="button" class="spot{" high" if top < 50 else ""}" style="--left:{left}%;--top:{top}%"'
        f' aria-label="{html.escape(words)}" data-words="{html.escape(words)}"></button>'
        for left, top, words in spots
    ]
    group = 'role="group" aria-label="Points of the picture; arrow keys lead from one to the next"'
    return f'<div class="{classes}" {group}>{"".join(buttons)}</div>'

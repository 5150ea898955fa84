"""The picture that README and the book's first page begin with: a figure of a stored page, kept in book/_static."""

from pathlib import Path

from liegg.reproduce import executed, first_page, markdown, whole
from liegg.reproduce.dark import dark
from liegg.reproduce.drawings import NARROW_SVG, SVG
from liegg.reproduce.errors import UserError
from liegg.reproduce.project import Run
from liegg.reproduce.table import Experiment

FOLDER = Path("book", "_static")
KINDS = {"": SVG, "-narrow": NARROW_SVG}
"""what the name of a drawing ends in, for a wide and for a narrow column; a dark one has `-dark` at its end"""
WORDS = ".txt"
"""what the name of the file ends in that holds its words, for who does not see it"""


def keep(run: Run, experiments: list[Experiment]) -> None:
    """If its page is among those stored, put the drawings of the figure that book/summary.yml names in their place.

    Raises UserError if the page has no such figure.
    """
    picture = first_page.load(run.root).picture
    if picture.experiment not in [e.name for e in experiments]:
        return
    page = executed.read(run.executed(picture.experiment))
    for cell in page.cells if page else ():
        if cell.metadata.get("mystnb", {}).get("figure", {}).get("name") == picture.figure:
            (output,) = [output for output in cell.outputs if SVG in output.get("data", {})]
            drawings = {suffix: "".join(output.data[kind]) for suffix, kind in KINDS.items()}  # of a file it is lines
            files = {f"{suffix}.svg": drawing for suffix, drawing in drawings.items()}
            files |= {f"{suffix}-dark.svg": dark(drawing) for suffix, drawing in drawings.items()}
            for end, content in (files | {WORDS: output.metadata[SVG]["alt"]}).items():
                with whole.writing(run.root / FOLDER / f"{picture.file}{end}") as part:
                    part.write_text(content, encoding="utf-8")
            return
    raise UserError(f"{first_page.FILE.name}: {picture.experiment} has no figure {picture.figure}")


def shown(root: Path, caption: str) -> str:
    """The picture in the book, over its caption."""
    name = first_page.load(root).picture.file
    alt = (root / FOLDER / f"{name}{WORDS}").read_text(encoding="utf-8")
    classes = {"": "only-light for-wide", "-dark": "only-dark for-wide"}
    classes |= {f"-narrow{dark}": kinds.replace("wide", "narrow") for dark, kinds in classes.items()}
    return markdown.picture(f"_static/{name}", classes, alt=alt, caption=caption, kind="first-picture")

"""What pages say about code is read from the code: docstrings, links to lines, values of constants.

{source}`liegg.symmetry.find.find_symmetry`   a link to the object's line in the book's own source pages
{constant}`liegg.symmetry.rules.SILENT`      its value; {constant}`liegg.symmetry.rules.STEPS[0]` is an entry's

Docstrings are plain text, with names and their meaning in columns and formulas indented. Objects have source pages if
api.md documents them. What does not exist, or has no source page, is a warning, and so ends a strict build.
"""

import inspect
import re
from pkgutil import resolve_name

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.roles import XRefRole
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from sphinx.util.nodes import make_refnode

MISSING = (ImportError, AttributeError, IndexError, TypeError, ValueError)
COLUMNS = re.compile(r"(\w[\w, -]*?) {2,}(\S.*)")  # a name, its meaning
KEPT = re.compile(r"""(`[^`]+`|"[^"]+"|(?<!\S)\*[\w ]+:?\*(?!\S))""")  # code, strings, emphasis
logger = logging.getLogger(__name__)


def origin(name: str) -> tuple[str, str]:
    """The module in which an object is written and its name there, "" for a module itself."""
    found = resolve_name(name)
    if inspect.ismodule(found):
        return found.__name__, ""
    found = getattr(found, "fget", None) or getattr(found, "func", None) or found  # of a property
    return found.__module__, found.__qualname__


class Source(XRefRole):
    """A link whose text is the object's short name; `link` finds its target when all pages have been read."""

    def process_link(self, env, refnode, has_explicit_title, title, target):
        if has_explicit_title:
            return title, target
        try:
            module, own = origin(target)
        except MISSING:
            return title.rpartition(".")[2], target
        return own or module, target


def link(app: Sphinx, env, node, content):
    """A Source that leads to the object in its source page."""
    if node["reftype"] != "source":
        return None
    try:
        module, own = origin(node["reftarget"])
    except MISSING as error:
        logger.warning("no source of %s: %s", node["reftarget"], error, location=node)
        return content
    entry = getattr(env, "_viewcode_modules", {}).get(module)  # (code, tags, documented objects, name) of a source page
    if not entry or (own and own not in entry[2]):
        logger.warning("no source of %s: api.md does not document it", node["reftarget"], location=node)
        return content
    return make_refnode(app.builder, node["refdoc"], "_modules/" + module.replace(".", "/"), own, content)


class Constant(SphinxRole):
    """The value of a number or a string in the code."""

    def run(self):
        try:
            name, index = re.fullmatch(r"([\w.]+)(?:\[(\d+)\])?", self.text).groups()
            value = resolve_name(name)
            shown = _value(value if index is None else value[int(index)])
        except MISSING as error:
            logger.warning("no constant %s: %s", self.text, error, location=self.get_location())
            shown = [nodes.Text(self.text)]
        return [nodes.inline("", "", *shown, classes=["constant"])], []


def _value(value: float | str) -> list[nodes.Node]:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(f"{type(value).__name__} is neither a number nor a string")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        value = int(value)
    digits, _, exponent = (str(value), "", "") if isinstance(value, str) else repr(value).partition("e")
    if not exponent:
        return [nodes.Text(digits.replace("-", "−", 1) if digits[:1] == "-" else digits)]
    power = str(int(exponent)).replace("-", "−")
    return [nodes.Text("10" if digits == "1" else f"{digits} · 10"), nodes.superscript("", power)]


def docstring(app: Sphinx, what: str, name: str, found: object, options: object, lines: list[str]) -> None:
    """A plain-text docstring as reStructuredText: paragraphs, lists of names, formulas as they are."""
    blocks = re.split(r"\n(?:[ \t]*\n)+", "\n".join(lines).strip("\n"))
    lines[:] = [line for block in blocks if block for line in [*_block(block.split("\n")), ""]]


def _block(block: list[str]) -> list[str]:
    indented = [line[:4].isspace() for line in block]
    if all(indented):
        return [".. code-block:: text", "", *block]
    if not all(i or COLUMNS.fullmatch(line) for i, line in zip(indented, block)):
        return [_sentence(line) for line in block]
    listed = []
    for line, continues in zip(block, indented):
        term, text = (None, line.strip()) if continues else COLUMNS.fullmatch(line).groups()
        listed += [f"``{term}``"] * (not continues) + ["    " + _sentence(text)]
    return listed


def _sentence(line: str) -> str:
    """A line with its code, strings and emphasis, and everything else as it stands."""
    parts = KEPT.split(line)
    parts[::2] = [re.sub(r"([\\*`|_@])", r"\\\1", part) for part in parts[::2]]
    parts[1::2] = [part if part[0] == "*" else f"``{part.strip('`')}``" for part in parts[1::2]]
    return "".join(parts)


def setup(app: Sphinx) -> dict:
    app.add_role("source", Source())
    app.add_role("constant", Constant())
    app.connect("missing-reference", link)
    app.connect("autodoc-process-docstring", docstring)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

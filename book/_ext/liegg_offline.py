"""Pages that open from a disk without a word of complaint: nothing is loaded that is not used or not to be had there.

Jupyter Book loads sphinx-thebe, which runs code on a server, whether it is asked for or not: twice, with an address on
the web. The theme asks for fonts ahead of time, which browsers refuse to a page without a server.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

FONT_AHEAD = re.compile(r'<link rel="preload" as="font"[^>]*>\n?')


def without_thebe(app: Sphinx, config: Config) -> None:
    """Take back what sphinx-thebe has registered."""
    for listeners in app.events.listeners.values():
        listeners[:] = [one for one in listeners if one.handler.__module__ != "sphinx_thebe"]
    app.registry.css_files[:] = [(name, how) for name, how in app.registry.css_files if name != "sphinx-thebe.css"]


def without_fonts_ahead(app: Sphinx, exception: Exception | None) -> None:
    """Style sheets name the same fonts, and get them."""
    for page in [] if exception else Path(app.outdir).rglob("*.html"):
        page.write_text(FONT_AHEAD.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app: Sphinx) -> dict:
    app.connect("config-inited", without_thebe)
    app.connect("build-finished", without_fonts_ahead)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""What the theme and Jupyter Book put into every page and this book does without.

sphinx-thebe runs code on a server: it is loaded whether it is asked for or not, twice, with an address on the web.
Fonts are asked for ahead of time, which browsers refuse to a page without a server. All folds have one label, which is
read out in place of their own words.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

FONT_AHEAD = r'<link rel="preload" as="font"[^>]*>\n?'
SAME_LABEL = r'(?<=<summary) aria-label="Toggle hidden content"'
UNWANTED = re.compile(f"{FONT_AHEAD}|{SAME_LABEL}")


def without_thebe(app: Sphinx, config: Config) -> None:
    """Take back what sphinx-thebe has registered."""
    for listeners in app.events.listeners.values():
        listeners[:] = [one for one in listeners if one.handler.__module__ != "sphinx_thebe"]
    app.registry.css_files[:] = [(name, how) for name, how in app.registry.css_files if name != "sphinx-thebe.css"]


def without_the_unwanted(app: Sphinx, exception: Exception | None) -> None:
    for page in [] if exception else Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if UNWANTED.search(text):  # not so in a page of the last build
            page.write_text(UNWANTED.sub("", text), encoding="utf-8")


def setup(app: Sphinx) -> dict:
    app.connect("config-inited", without_thebe)
    app.connect("build-finished", without_the_unwanted)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

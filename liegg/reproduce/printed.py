"""The whole book as one PDF: the pages of the built book in one document, one after the other, printed by Chromium."""

import html
import os
import posixpath
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from liegg.reproduce import browser, rows
from liegg.reproduce.book import article
from liegg.reproduce.errors import UserError
from liegg.reproduce.project import Run, say

LONGEST = 900  # seconds for all of it
TYPESET = 120_000  # milliseconds on the page's own clock, which stops while anything is loaded
TAG = re.compile(r"<[a-zA-Z][^<>]*>")
NAME = re.compile(r'(?<![\w-])(id|for|href|src)="([^"]*)"')
SCRIPT = re.compile(r"<script\b.*?</script>", flags=re.DOTALL)
STYLE = re.compile(r'<link\b[^>]*\brel="stylesheet"[^>]*>')
MATHS = re.compile(r"<script>window\.MathJax.*?</script>|<script\b[^>]*\bmathjax\b[^>]*></script>", flags=re.DOTALL)
HEADING = re.compile(r"<h1>(.*?)(?:<a class=\"headerlink\".*?)?</h1>", flags=re.DOTALL)
BOTH = """<p>Where a page has a quick run and the stored one beside it, its figures, tables and sentences are printed as
the stored run has them, at the paper's settings; tables of claims have the verdicts of both.</p>"""


def make(run: Run) -> bool:
    """Print the built book of a run into `place(run)`; False if that is there. A book that is built anew has none.

    Raises UserError if Chromium prints nothing.
    """
    if place(run).is_file():
        return False
    program = browser.chromium()
    say("printing the book")
    whole, part = run.folder / "printed.html", run.folder / "printed.pdf"
    whole.write_text(document(run), encoding="utf-8")
    part.unlink(missing_ok=True)
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program, *browser.OPTIONS, f"--user-data-dir={profile}", "--no-pdf-header-footer"]
        command += ["--generate-pdf-document-outline", f"--virtual-time-budget={TYPESET}", f"--print-to-pdf={part}"]
        try:
            done = subprocess.run([*command, whole.as_uri()], capture_output=True, timeout=LONGEST, check=False)
        except subprocess.TimeoutExpired:
            raise UserError(f"{program} did not print the book in {LONGEST} seconds: {whole}") from None
    if not part.is_file():
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UserError(f"{program} did not print the book: {words[-1] if words else 'without a word'}")
    part.replace(place(run))
    whole.unlink()
    return True


def place(run: Run) -> Path:
    """In the folder of the book that it is printed from, and gone with it."""
    return run.html / "liegg.pdf"


def document(run: Run) -> str:
    """All pages as one, with a title and a table of contents in front."""
    base = os.path.relpath(run.html, run.folder).replace(os.sep, "/")
    chapters = dict(_chapters(rows.read(run.root / "book" / "_toc.yml")))
    pages = {name: (run.html / f"{name}.html").read_text(encoding="utf-8") for name in chapters}
    frame = next((name for name, page in pages.items() if MATHS.search(page)), next(iter(pages)))
    head = "\n".join(
        _moved(tag, frame, chapters, base) for kind in (STYLE, MATHS) for tag in kind.findall(pages[frame])
    )
    listed, articles = [], []
    for name, page in pages.items():
        content = SCRIPT.sub("", article(page))
        heading = HEADING.search(content)
        title = heading[1] if heading else html.escape(name)
        listed += [f"<li class='part'>{html.escape(chapters[name])}</li>"] * bool(chapters[name])
        listed.append(f'<li><a href="#{name}">{title}</a></li>')
        articles.append(f'<div id="{name}">{_moved(content, name, chapters, base)}</div>')
    told = BOTH if any("tag_stored-run" in page for page in pages.values()) else ""
    return f"""<!DOCTYPE html>
<html lang="en" data-theme="light" data-run="stored-run">
<head><meta charset="utf-8"><title>{_title(run)}</title>
{head}</head>
<body class="whole-book"><main class="bd-main"><div class="bd-content"><div class="bd-article-container">
<h1>{_title(run)}</h1>
<p>Printed from the pages of profile {html.escape(run.name)}.</p>{told}
<nav><h2>Contents</h2><ul>{"".join(listed)}</ul></nav>
{"".join(articles)}
</div></div></main></body></html>"""


def _title(run: Run) -> str:
    return html.escape(rows.read(run.root / "book" / "_config.yml")["title"])


def _chapters(toc: dict) -> Iterator[tuple[str, str]]:
    """The pages in order, each with the title of the part that it begins, or ""."""
    yield toc["root"], ""
    for part in toc.get("parts", [toc]):
        for i, chapter in enumerate(part["chapters"]):
            yield chapter["file"], "" if i else part.get("caption", "")


def _moved(page: str, name: str, names: dict[str, str], base: str) -> str:
    """HTML of a page as part of the whole: its ids are its own, links lead within the document or nowhere, and what it
    loads lies in `base`."""

    def address(match: re.Match) -> str:
        kind, value = match.groups()
        if kind in ("id", "for"):
            return f'{kind}="{name}--{value}"'
        path, _, anchor = value.partition("#")
        if ":" in path:
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else f"{name}.html"
        target = path.partition("?")[0].removesuffix(".html")
        if target in names:
            return f'href="#{target}--{anchor}"' if anchor else f'href="#{target}"'
        return f'{kind}="{base}/{path}"' if kind == "src" or path.startswith("_static/") else ""

    moved = TAG.sub(lambda tag: NAME.sub(address, tag[0]), page)
    return moved.replace("url(#", f"url(#{name}--")

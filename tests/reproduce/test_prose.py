"""What prose refers to: figures by number, words of the glossary, and the example on the method page."""

import io
import re
from collections import Counter
from contextlib import redirect_stdout

import nbformat
import pytest

from liegg.reproduce import claims
from liegg.reproduce.project import find_root

BOOK, NOTEBOOKS = find_root() / "book", sorted((find_root() / "notebooks").glob("*.ipynb"))
PAGES = {path.name: path.read_text(encoding="utf-8") for path in BOOK.glob("*.md")}
TERM = re.compile(r"\{term\}`(?:[^`<]+<)?([^`<>]+)>?`")
PLACES = re.compile(r"\b(left|right|top|bottom|above|below|middle)\b[:)]|\b(left|right|upper|lower) panel", re.I)
KEPT = {"digits-orbits"}
"""figures that are grids of pictures: whatever the width of the page, each picture keeps its place"""


def read(path):
    """The prose of a notebook, fixed and computed, and the captions of its figures by their names."""
    cells = nbformat.read(path, as_version=4).cells
    figures = [cell.metadata["mystnb"]["figure"] for cell in cells if "figure" in cell.metadata.get("mystnb", {})]
    words = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown" or "Markdown(" in cell.source)
    return words, {figure["name"]: figure["caption"] for figure in figures}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_prose_refers_to_every_figure_of_its_page_by_number(path):
    words, captions = read(path)
    assert set(re.findall(r"\{numref\}`([^`]+)`", words)) == set(captions)


def test_no_figure_is_called_like_another_or_like_a_claim():
    """Both are anchors of pages: a link to a claim must not lead to a figure."""
    names = [name for path in NOTEBOOKS for name in read(path)[1]] + [claim.id for claim in claims.load()]
    assert not [name for name, number in Counter(names).items() if number > 1]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_captions_name_panels_and_not_their_places(path):
    _, captions = read(path)
    assert not [name for name, caption in captions.items() if name not in KEPT and PLACES.search(caption)]
    assert not [name for name, caption in captions.items() if re.search(r"\{\w+\}`", caption)], (
        "captions are read aloud"
    )


def glossary():
    """Definitions by their terms, of which several may share one."""
    listed = re.search(r"```\{glossary\}\n:sorted:\n\n(.*?)```", PAGES["glossary.md"], re.S)[1]
    entries = [re.match(r"((?:\S.*\n)+)((?:  .*\n?)+)", entry).groups() for entry in listed.strip().split("\n\n")]
    return {term: " ".join(words.split()) for terms, words in entries for term in terms.splitlines()}


def test_definitions_begin_with_a_short_sentence_that_stands_alone():
    found = glossary()
    assert len(found) > 30
    for term, words in found.items():
        first = re.split(r"(?<=\.)\s", words)[0]
        assert first.endswith(".") and len(first) <= 200 and not re.search(r"[{$*]", first), term


def test_every_term_that_is_used_is_defined():
    texts = PAGES | {path.name: read(path)[0] for path in NOTEBOOKS}
    used = {(name, term) for name, text in texts.items() for term in TERM.findall(text)}
    assert len(used) > 50 and not [(name, term) for name, term in used if term not in glossary()]


def test_a_page_marks_a_word_once():
    for path in NOTEBOOKS:
        terms = TERM.findall(read(path)[0])
        assert len(terms) == len(set(terms)), path.stem


EXAMPLES = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGES["method.md"], re.S)


@pytest.mark.parametrize(("code", "printed"), EXAMPLES)
def test_the_examples_of_the_method_page_print_what_stands_below_them(code, printed):
    with redirect_stdout(io.StringIO()) as out:
        exec(code, {})
    assert out.getvalue() == printed


def test_the_method_page_begins_with_a_short_example():
    code = EXAMPLES[0][0]
    assert PAGES["method.md"].index(code) < PAGES["method.md"].index("matrix $E$")
    assert len([line for line in code.splitlines() if line]) <= 10


SMALL = {
    "index.md": "# A\n\n{term}`drift` and {term}`drift`\n\n```{toctree}\nwords\n```\n",
    "words.md": "# B\n\n```{glossary}\ndrift\n  How far it is, 1 < 2. More.\n```\n\n{term}`Drift <drift>`\n",
}


@pytest.mark.parametrize("builder", ["html", "singlehtml"])
def test_terms_show_their_definition(tmp_path, monkeypatch, builder):
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    monkeypatch.syspath_prepend(BOOK / "_ext")
    for name, text in SMALL.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    settings = {"extensions": ["myst_parser", "liegg_terms"]}
    out = tmp_path / "out"
    with docutils_namespace():  # or other tests would meet Sphinx's roles
        Sphinx(tmp_path, None, out, tmp_path / "trees", builder, settings, status=None, warning=None).build()
    pages = [
        (out / name).read_text(encoding="utf-8") for name in ("index.html", "words.html") if (out / name).is_file()
    ]
    assert [page.count('class="glossary-term"') for page in pages] == ([2, 1] if builder == "html" else [3])
    for page in pages:
        described = re.findall(
            r'<a aria-describedby="([\w-]+)" class="reference internal" href="[^"]*#term-drift"', page
        )
        shown = re.findall(r'role="tooltip" id="([\w-]+)">How far it is, 1 &lt; 2\.</span>', page)
        assert len(set(described)) == len(described) and described == shown

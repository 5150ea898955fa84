"""The book as one document and as one PDF, from built pages of a few lines."""

import re

import looked_at
import pytest

from liegg.reproduce import browser, printed
from liegg.reproduce.errors import UserError
from liegg.reproduce.project import Run

TOC = """format: jb-book
root: index
parts:
- caption: I. Of all
  chapters: [{file: notebooks/11_first}, {file: notebooks/12_second}]
"""
HEAD = '<html><head><link rel="stylesheet" href="%s_static/book.css?v=1" /></head><body><nav id="menu"></nav>'
PAGES = {
    "index": """<article id="start"><h1>Start<a class="headerlink" href="#start">#</a></h1>
<a href="notebooks/11_first.html#claim">the claim</a> <a href="notebooks/12_second.html">second</a>
<a href="genindex.html">on no page</a> <a href="https://arxiv.org">outside</a></article>""",
    "notebooks/11_first": """<article><h1>First</h1><p id="claim" data-id="kept">A claim <span>reproduced</span></p>
<img alt="A dot." src="../_images/dot.svg"><script>let secret = "<p>";</script>
<div class="tag_stored-run">at paper settings</div><a href="#claim">up</a></article>""",
    "notebooks/12_second": """<article><h1>Second</h1><p id="claim">x</p>
<a href="11_first.html#claim">back</a></article>""",
}


@pytest.fixture
def run(tmp_path):
    """A run whose book is built."""
    found = Run("quick", root=tmp_path)
    (found.html / "notebooks").mkdir(parents=True)
    (found.html / "_static").mkdir()
    found.folder.mkdir()
    (tmp_path / "book" / "_toc.yml").write_text(TOC)
    (tmp_path / "book" / "_config.yml").write_text("title: Two & two\n")
    (found.html / "_static" / "book.css").write_text("article { break-before: page; }")
    for name, page in PAGES.items():
        (found.html / f"{name}.html").write_text(HEAD % ("../" * name.count("/")) + page + "</body></html>")
    return found


def test_pages_come_in_order_and_links_lead_within_the_document(run):
    whole = printed.document(run)
    assert re.findall(r"<h1>(\w.*?)<", whole) == ["Two &amp; two", "Start", "First", "Second"]
    ids = re.findall(r' id="([^"]+)"', whole)
    assert len(ids) == len(set(ids)) and "menu" not in whole and "secret" not in whole and 'data-id="kept"' in whole
    links = re.findall(r'href="#([^"]+)"', whole)
    assert set(links) <= set(ids) and links.count("notebooks/11_first--claim") == 3
    assert "<a >on no page</a>" in whole and 'href="https://arxiv.org"' in whole
    assert 'href="../html/_static/book.css?v=1"' in whole and 'src="../html/_images/dot.svg"' in whole
    assert re.findall(r"<li.*?>(?:<a.*?>)?(\w.*?)<", whole) == ["Start", "I. Of all", "First", "Second"]


def test_of_two_runs_the_stored_one_is_printed_and_the_first_page_says_so(run):
    assert 'data-run="stored-run"' in printed.document(run) and printed.BOTH in printed.document(run)
    page = run.html / "notebooks" / "11_first.html"
    page.write_text(page.read_text().replace("tag_stored-run", ""))
    assert printed.BOTH not in printed.document(run)


@looked_at.needs_chromium
def test_the_pdf_has_all_pages_and_is_printed_once(run):
    assert printed.make(run) and not printed.make(run)
    pdf = printed.place(run).read_bytes()
    assert pdf.startswith(b"%PDF") and len(re.findall(rb"/Type /Page\b", pdf)) == 1 + len(PAGES)
    assert not list(run.folder.iterdir())


def test_a_browser_that_prints_nothing_is_named(run, monkeypatch):
    monkeypatch.setenv(browser.VARIABLE, "false")
    with pytest.raises(UserError, match=r"false did not print the book: without a word"):
        printed.make(run)

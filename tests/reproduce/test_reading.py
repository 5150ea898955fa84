"""What Sphinx reads and writes again when the book is built again, and that what it leaves hides no fault."""

import os
import shutil

import mini
import pytest

BOOK = ("book", "--profile", "smoke")
LINKING = "# Links\n\nSee {ref}`place`, {eq}`first`, {term}`shift` and {cite:p}`one`.\n\n```{bibliography}\n```\n"
FORMULA = "$$\na = b\n$$ (first)\n"
PAGE = f"(place)=\n# Other\n\nA word.\n\n{FORMULA}\n```{{glossary}}\nshift\n  What moves.\n```\n"
MARK = "<!-- marked -->"
DOCUMENTED = "# Code\n\n```{{eval-rst}}\n.. autofunction:: liegg.progress.{}\n```\n"
EXTENSIONS = """sphinx:
  local_extensions: {liegg_terms: _ext, liegg_written: _ext}
  extra_extensions: [sphinx.ext.autodoc, sphinx.ext.viewcode]
  config: {nitpick_ignore_regex: [["py:.*", ".*"]]}"""
PAGES = {
    f"{name}.html"
    for name in ("index", "linking", "other", "code", "dictionary", *(f"notebooks/{n}" for n in mini.NAMES))
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with a page that shows what another says of itself, and its book."""
    made = mini.make(tmp_path_factory.mktemp("reading") / "p")
    (made / "book" / "linking.md").write_text(LINKING)
    (made / "book" / "other.md").write_text(PAGE)
    (made / "book" / "code.md").write_text(DOCUMENTED.format("clear"))
    (made / "book" / "one.bib").write_text("@misc{one, title = {One}, author = {A. B.}, year = 2022}\n")
    shutil.copytree(mini.ROOT / "book" / "_ext", made / "book" / "_ext")
    for name, added in {
        "_toc.yml": "- file: linking\n- file: other\n- file: code\n",
        "_config.yml": f"bibtex_bibfiles: [one.bib]\n{EXTENSIONS}\n",
    }.items():
        with (made / "book" / name).open("a") as file:
            file.write(added)
    built(made)
    return made


def built(project):
    done = mini.reproduce(project, *BOOK)
    assert done.returncode == 0 and "the book is built" in done.stdout, done.stdout + done.stderr


def failed(project):
    done = mini.reproduce(project, *BOOK)
    assert done.returncode == 2 and "WARNING: " in done.stderr, done.stdout + done.stderr


def read(project):
    """When each page was last read."""
    doctrees = project / "book" / "_build" / "smoke" / "site" / "_build" / ".doctrees"
    return {path.stem: path.stat().st_mtime_ns for path in doctrees.rglob("*.doctree")}


def marked(project):
    """Put a mark into every page that Sphinx has written, so that one that keeps it was not written again.
    Published pages do not have it."""
    for name in PAGES:
        page = project / "book" / "_build" / "smoke" / "site" / "_build" / "html" / name
        page.write_text(page.read_text() + MARK)


def written(project):
    """The pages that have been written again since they were marked."""
    return {name for name in PAGES if MARK not in (project / "book" / "_build" / "html" / name).read_text()}


def test_only_what_changed_is_read_and_written_again(project):
    before, html = read(project), project / "book" / "_build" / "html"
    assert set(before) == {"index", "linking", "other", "code", "dictionary", *mini.NAMES}
    marked(project)
    (project / "book" / "other.md").write_text(PAGE.replace("word", "comma"))
    built(project)
    after = read(project)
    assert {name for name in after if after[name] != before[name]} == {"other"}
    assert written(project) == {"index.html", "other.html"}  # Sphinx writes the first page always
    assert "A comma." in (html / "other.html").read_text()


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("# Other", "# Another", "Another"),
        ("# Other", "# *Other*", "<em>Other"),
        (FORMULA, f"$$\nb = a\n$$ (zeroth)\n\n{FORMULA}", "(2)"),
        ("What moves.", "What stays.", "What stays."),
        ("A word.", "(further)=\n## More\n", ""),
    ],
    ids=["a title", "how a title is set", "a number", "a definition", "a label"],
)
def test_all_is_written_again_where_pages_show_what_changed(project, before, after, shown):
    other, linking = project / "book" / "other.md", project / "book" / "_build" / "html" / "linking.html"
    for text in (PAGE.replace(before, after), PAGE):
        marked(project)
        other.write_text(text)
        built(project)
        assert written(project) == PAGES
        assert not shown or (shown in linking.read_text()) == (text != PAGE)


def test_pages_of_code_follow_what_is_documented(project):
    """A link to the code of a function leads to it, and its page has the titles of today beside it."""
    code, html = project / "book" / "code.md", project / "book" / "_build" / "html"
    for name in ("show", "clear"):
        code.write_text(DOCUMENTED.format(name).replace("# Code", f"# Code of {name}"))
        built(project)
        page = (html / "_modules" / "liegg" / "progress.html").read_text()
        assert f"_modules/liegg/progress.html#{name}" in (html / "code.html").read_text()
        assert f'id="{name}"' in page and f"Code of {name}" in page


def test_what_no_page_shows_any_more_goes(project):
    other, html = project / "book" / "other.md", project / "book" / "_build" / "html"
    picture, data = project / "book" / "picture.svg", project / "book" / "_static" / "data.json"
    before = {path.name for path in (html / "_images").glob("*")}
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg"></svg>')
    data.parent.mkdir(exist_ok=True)
    data.write_text("{}")
    other.write_text(PAGE + "\n![A picture](picture.svg)\n")
    built(project)
    assert {path.name for path in (html / "_images").glob("*")} == before | {"picture.svg"}
    assert (html / "_static" / "data.json").is_file()
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>')
    os.utime(picture, (0, 0))  # as of an older file that is put in its place
    built(project)
    assert "<g/>" in (html / "_images" / "picture.svg").read_text()
    other.write_text(PAGE)
    built(project)
    assert {path.name for path in (html / "_images").glob("*")} == before
    data.unlink()
    built(project)
    assert not (html / "_static" / "data.json").exists()


def test_a_fault_ends_every_build_until_it_is_mended(project):
    """A link without its target, on a page that did not change; then a fault on a page that does not change again."""
    other = project / "book" / "other.md"
    other.write_text(PAGE.replace("(place)=\n", ""))
    failed(project)
    other.write_text(PAGE + "\n```{figure} none.svg\n```\n")
    failed(project)
    failed(project)
    other.write_text(PAGE.replace("word", "mended word"))
    built(project)


def test_all_is_read_again_where_code_settings_or_styles_changed(project):
    """What pages say of code is read from it, and they name a style sheet with a digest of it."""
    before, toc = read(project), project / "book" / "_toc.yml"
    for name, text in {
        project / "liegg" / "added.py": "",
        project / "book" / "_static" / "added.css": "",
        toc: toc.read_text().replace("- file: dictionary\n", ""),
    }.items():
        name.parent.mkdir(exist_ok=True)
        name.write_text(text)
        built(project)
        after = read(project)
        gone = {"dictionary"} if name == toc else set()
        assert set(after) == set(before) - gone and all(after[name] != before[name] for name in after)
        before = after
    assert not (project / "book" / "_build" / "html" / "dictionary.html").exists()

"""What Sphinx reads and writes again when the book is built again, and that what it leaves hides no fault."""

import shutil

import mini
import pytest

BOOK = ("book", "--profile", "smoke")
LINKING = "# Mini\n\nSee {ref}`place` and {cite:p}`one`.\n\n```{bibliography}\n```\n"
PAGE = "(place)=\n# Other\n\nA word.\n"
MARK = "<!-- marked -->"
PAGES = {"index.html", "other.html", "dictionary.html", *(f"notebooks/{name}.html" for name in mini.NAMES)}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with a page that refers to another, and its book."""
    made = mini.make(tmp_path_factory.mktemp("reading") / "p")
    (made / "book" / "index.md").write_text(LINKING)
    (made / "book" / "other.md").write_text(PAGE)
    with (made / "book" / "_toc.yml").open("a") as toc:
        toc.write("- file: other\n")
    shutil.copytree(mini.ROOT / "book" / "_ext", made / "book" / "_ext")
    with (made / "book" / "_config.yml").open("a") as settings:
        settings.write("bibtex_bibfiles: [one.bib]\nsphinx: {local_extensions: {liegg_written: _ext}}\n")
    (made / "book" / "one.bib").write_text("@misc{one, title = {One}, author = {A. B.}, year = 2022}\n")
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
    assert set(before) == {"index", "other", "dictionary", *mini.NAMES}
    marked(project)
    (project / "book" / "other.md").write_text(PAGE.replace("word", "comma"))
    built(project)
    after = read(project)
    assert {name for name in after if after[name] != before[name]} == {"other"}
    assert written(project) == {"index.html", "other.html"}  # Sphinx writes the first page always
    assert "A comma." in (html / "other.html").read_text()


def test_all_is_written_again_where_pages_show_what_changed(project):
    """A title is in the contents of every page and in links; a new label gives what was text a target."""
    other, html = project / "book" / "other.md", project / "book" / "_build" / "html"
    for changed in (PAGE.replace("# Other", "# Another"), PAGE + "\n(further)=\n## More\n", PAGE):
        marked(project)
        other.write_text(changed)
        built(project)
        assert written(project) == PAGES
        assert ("Another" in (html / "notebooks" / "11_first.html").read_text()) == ("Another" in changed)


def test_pictures_that_no_page_shows_any_more_go(project):
    other, images = project / "book" / "other.md", project / "book" / "_build" / "html" / "_images"
    picture = project / "book" / "picture.svg"
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg"></svg>')
    before = {path.name for path in images.glob("*")}
    for text, shown in ((PAGE + "\n![A picture](picture.svg)\n", {"picture.svg"}), (PAGE, set())):
        other.write_text(text)
        built(project)
        assert {path.name for path in images.glob("*")} == before | shown


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


def test_all_is_read_again_where_code_or_settings_changed(project):
    """What pages say of code is read from it."""
    before, toc = read(project), project / "book" / "_toc.yml"
    (project / "liegg" / "added.py").write_text("")
    toc.write_text(toc.read_text().replace("- file: dictionary\n", ""))
    built(project)
    after = read(project)
    assert set(after) == set(before) - {"dictionary"} and all(after[name] != before[name] for name in after)
    assert not (project / "book" / "_build" / "html" / "dictionary.html").exists()

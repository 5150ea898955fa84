"""What Sphinx reads again when the book is built again, and that what it does not read hides no fault."""

import mini
import pytest

BOOK = ("book", "--profile", "smoke")
LINKING = "# Mini\n\nSee {ref}`place`.\n"
PAGE = "(place)=\n# Other\n\nA word.\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with a page that refers to another, and its book."""
    made = mini.make(tmp_path_factory.mktemp("reading") / "p")
    (made / "book" / "index.md").write_text(LINKING)
    (made / "book" / "other.md").write_text(PAGE)
    with (made / "book" / "_toc.yml").open("a") as toc:
        toc.write("- file: other\n")
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


def test_only_what_changed_is_read_again(project):
    before, html = read(project), project / "book" / "_build" / "html"
    assert set(before) == {"index", "other", "dictionary", *mini.NAMES}
    (project / "book" / "other.md").write_text(PAGE.replace("word", "comma"))
    built(project)
    after = read(project)
    assert {name for name in after if after[name] != before[name]} == {"other"}
    assert "A comma." in (html / "other.html").read_text() and (html / "notebooks" / "11_first.html").is_file()


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

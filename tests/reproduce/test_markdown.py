"""Words from tables and notebooks on pages: they are words there, whatever they look like."""

import mini
import nbformat
import pytest
import yaml
from docutils import nodes
from docutils.core import publish_doctree
from hypothesis import given, settings
from hypothesis import strategies as st
from myst_parser.docutils_ import Parser

from liegg.reproduce import claim_tables, claims, markdown, pages, table
from liegg.reproduce.project import TABLE, Run, find_root

HOSTILE = [
    "<script>alert(1)</script>",
    "</td></table><b>",
    "<!-- no end",
    "a](javascript:alert(1))",
    "![picture](http://x/y.png)",
    "[a]: http://x",
    "`code` and ``more",
    "{raw}`html`",
    "```{raw} html\n<b>\n```",
    "*one* **two** _three_ __init__",
    "$x < y$ and $$z$$",
    "&lt;b&gt; &#60;",
    "a | b\n| c | d |",
    "# title\n\n- list\n\n> quote",
    "back\\slash \\*",
    "<javascript:alert(1)>",
    "% generated: claims",
    "www.evil.com http://evil.com //localhost/x evil.com ftp://x.y",
    "a@b.com mailto:a@b <a@b.de>",
    "a] [b [c] [^1] [d][e]",
    "~~gone~~ _x_ __init__.py a__b hidden_width _",
    ":::{note}\nx\n:::",
    "[0.1, 0.2](x) [1, 2]: y",
    "(x)=",
    "|",
    "\\",
]
PARSING = yaml.safe_load((find_root() / "book" / "_config.yml").read_text(encoding="utf-8"))["parse"]


def tree(text):
    """What MyST makes of it, as in the book."""
    return publish_doctree(text, parser=Parser(), settings_overrides={**PARSING, "report_level": 5})


def kinds(found):
    return {type(node).__name__ for node in found.findall(lambda node: not isinstance(node, nodes.Text))}


def line(text):
    return " ".join(text.split())


PLAIN = {"document", "paragraph"}
WITHIN = {
    "paragraph": ("It says: ", ".", PLAIN),
    "heading": ("# It says ", ".", {"document", "title"}),
    "link": ("[", "](https://x.y)", PLAIN | {"reference"}),
    "bold": ("**It says ", "**", PLAIN | {"strong"}),
}


@pytest.mark.parametrize("place", WITHIN)
@pytest.mark.parametrize("text", HOSTILE)
def test_words_stay_words(text, place):
    """All of them are shown, and none has become a mark of its own."""
    before, after, allowed = WITHIN[place]
    found = tree(before + markdown.text(text) + after)
    assert kinds(found) == allowed
    assert found.astext() == before.strip("#*[").lstrip() + line(text) + after.replace("](https://x.y)", "").strip("*")


@pytest.mark.parametrize("text", HOSTILE)
def test_words_stay_in_their_cell(text):
    found = tree(markdown.table(["a", "b"], [[markdown.text(text), "two"], [markdown.code(text), "two"]]))
    cells = [entry.astext() for entry in found.findall(nodes.entry)]
    assert cells == ["a", "b", line(text), "two", line(text), "two"]
    assert not kinds(found) & {"raw", "reference", "image", "math", "emphasis", "strong", "target", "system_message"}


@pytest.mark.parametrize("text", [*HOSTILE, "`", "``", "a`", "`a", " ` "])
def test_code_is_code(text):
    found = tree(markdown.code(text))
    assert kinds(found) == PLAIN | {"literal"} and found.astext() == line(text)


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(st.text("ab.c1<>`*_[](){}$&|\\#!:~-=/@^ \n", max_size=30))
def test_any_words_stay_words(text):
    found = tree(f"It says: {markdown.text(text)}.")
    assert kinds(found) == PLAIN and found.astext() == f"It says: {line(text)}."


@pytest.mark.parametrize(
    "text", ["0.058 [0.043, 0.073] degrees", "2e-09 [-4.84e-10, 4.48e-09], 3", "don't; (a, 5 %) μ√k ± 1"]
)
def test_what_results_say_is_written_as_it_is(text):
    assert markdown.text(text) == text


EVIL = "<script>alert(1)</script> ](javascript:alert(1)) www.evil.com {raw}`x` $x$ | *b* ![c](d)"


def test_a_page_of_hostile_words_has_no_marks_of_theirs(tmp_path):
    """Titles, statements, help and all: none is more than words, on the first page, on its own and in the README."""
    project, first = mini.make(tmp_path / "p"), mini.NAMES[0]
    rows = (project / TABLE).read_text(encoding="utf-8").replace("title: The page 11_first", f"title: '{EVIL}'")
    (project / TABLE).write_text(rows.replace("regenerates: nothing", f"regenerates: '{EVIL}'"), encoding="utf-8")
    claim = {"id": "one", "experiment": first, "origin": "value", "metric": "drawn", "accept": [0, 1], "judged": "mean"}
    claim |= {"profiles": ["quick"]} | dict.fromkeys(("source", "statement", "unit", "over", "paper", "reason"), EVIL)
    (project / claims.FILE).write_text(yaml.safe_dump([claim]), encoding="utf-8")
    changed = mini.notebook(first, parameters=mini.PARAMETERS.replace("of the draws", EVIL))
    nbformat.write(changed, project / "notebooks" / f"{first}.ipynb")
    run, experiments = Run("quick", root=project), table.load(project)
    e = experiments[first]
    made = {"finished": "2026-01-01T00:00:00", "seconds": 1, "commit": "c", "profile": "quick", "machine": "m"}
    made |= {"versions": {}, "command": "make", "memory": 1.0, "threads": 1}
    made |= {"drawn": made}
    state = pages.State(e, {"parameters": e.values("quick", {}), "metrics": {}, "provenance": made}, EVIL)
    judged = claim_tables.judged(run, experiments)
    shown = [pages.claims(run, state, judged), pages.provenance(run, state), pages.not_run(run, state, judged)]
    shown += [
        pages.runs(run, [state]),
        claim_tables.all_claims(run, experiments, judged),
        claim_tables.answer(run, experiments),
    ]
    shown.append(claim_tables.readme_table(project))
    for part in shown:
        found = tree(part)
        own = {node.astext() for node in found.findall(nodes.raw)}
        own = {words for words in own if not words.startswith(("<nav ", "<details>"))}  # of which other tests speak
        assert own <= {'<span id="one">', "</span>", '<a href="notebooks/11_first.html#one">', "</a>", "</details>"}
        links = [node.get("refuri", "") for node in found.findall(nodes.reference)]
        assert not [link for link in links if "evil" in link or "javascript" in link]
        assert not kinds(found) & {"image", "math", "emphasis"}

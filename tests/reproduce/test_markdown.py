"""Words from tables and notebooks on pages: they are words there, whatever they look like."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from liegg.reproduce import markdown

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
]


MYST = create_md_parser(MdParserConfig(enable_extensions={"colon_fence", "dollarmath"}), RendererHTML)


def html(text):
    """What MyST makes of it."""
    return MYST.render(text)


def words(shown):
    for name, mark in (("lt", "<"), ("gt", ">"), ("quot", '"'), ("amp", "&")):
        shown = shown.replace(f"&{name};", mark)
    return " ".join(shown.split())


@pytest.mark.parametrize("text", HOSTILE)
def test_words_stay_words(text):
    """In a paragraph and in a table: all of them are shown, and none has become a mark of its own."""
    (shown,) = re.findall(r"^<p>(.*)</p>$", html(f"It says: {markdown.text(text)}.").strip(), flags=re.S)
    assert "<" not in shown and words(shown) == f"It says: {' '.join(text.split())}."
    table = html(markdown.table(["a", "b"], [[markdown.text(text), "two"]]))
    first, second = re.findall(r"<td>(.*?)</td>", table, flags=re.S)
    assert "<" not in first and words(first) == " ".join(text.split()) and second == "two"


@pytest.mark.parametrize("text", [*HOSTILE, "", "`", "``", "a`", "`a"])
def test_code_is_code(text):
    (shown,) = re.findall(r"^<p><code>(.*)</code></p>$", html(markdown.code(text)).strip(), flags=re.S)
    assert "<" not in shown and words(shown) == " ".join(text.split())


@given(st.text("ab<>`*_[](){}$&|\\#!:~-= \n", max_size=30))
def test_any_words_stay_words(text):
    shown = html(f"It says: {markdown.text(text)}.")
    assert "<" not in shown.strip().removeprefix("<p>").removesuffix("</p>")

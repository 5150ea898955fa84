"""Where the parts of a page go that the book writes."""

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from liegg.reproduce.book import _after_picture

FIGURE = new_code_cell(metadata={"mystnb": {"figure": {"name": "first"}}})
TOP, SENTENCE, TEXT = new_markdown_cell("# Page"), new_code_cell(), new_markdown_cell("A line.\n\n## What it says")
OF_A_FILE = NotebookNode(TEXT, source=["A line.\n", "\n", "## What it says"])


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        ([TOP, FIGURE, TEXT], 2),
        ([TOP, FIGURE, SENTENCE, TEXT, FIGURE, TEXT], 3),
        ([TOP, FIGURE, SENTENCE, OF_A_FILE], 3),
        ([TOP, TEXT, FIGURE, SENTENCE], 3),
        ([TOP], 1),
        ([TOP, SENTENCE, TEXT], 2),
    ],
)
def test_claims_stand_below_the_picture_and_its_sentence(cells, place):
    assert _after_picture(NotebookNode(cells=cells)) == place

"""The data dictionary: every name in the stored files has one entry, and no entry is left over."""

import csv
import json

import pytest

from liegg.reproduce import dictionary, table
from liegg.reproduce.dictionary import meanings
from liegg.reproduce.errors import UserError
from liegg.reproduce.project import find_root

BLOCKS = dictionary.load()
STORED = sorted((find_root() / "data" / "reference" / "paper").glob("*.json"))


def names(of):
    """(page, name) of every column or metric of the stored results."""
    for path in STORED:
        if of == "metrics":
            yield from ((path.stem, name) for name in json.loads(path.read_text())["metrics"])
        elif (rows := path.with_suffix(".csv")).is_file():
            with rows.open(newline="") as lines:
                yield from ((path.stem, name) for name in next(csv.reader(lines)))


@pytest.mark.parametrize("of", ["columns", "metrics"])
def test_every_stored_name_has_one_entry_and_no_entry_is_unused(of):
    there, used, words = list(names(of)), set(), set()
    for page, name in there:
        found = meanings(BLOCKS, of, name, page)
        assert len(found) == 1, (page, name, [pattern.name for pattern, _ in found])
        ((pattern, meaning),) = found
        assert meaning.words and "<" not in meaning.words
        used.add((pattern.name, pattern.meaning))
        words |= {(id(pattern.words), *place) for place in pattern.places(name).items()}
    pages = {page for page, _ in there}
    for block in BLOCKS:
        if block.of == of and pages >= set(block.pages):
            assert {(p.name, p.meaning) for p in block.patterns} <= used, block.title
            listed = {(id(block.words), place, word) for place, of_place in block.words.items() for word in of_place}
            assert listed <= words, block.title


def keys(content, before=""):
    """Keys of a result as the dictionary writes them; what lies below parameters, versions and digests has none."""
    for key, value in content.items():
        yield (name := before + key)
        if name == "metrics":
            yield from {inner for metric in value.values() for inner in keys(metric, "metrics.")}
        elif name == "provenance":
            yield from keys(value, "provenance.")


def test_every_key_of_a_result_is_explained():
    found = {key for path in STORED for key in keys(json.loads(path.read_text()))}
    assert found == {p.name for block in BLOCKS if block.of == "NAME.json" for p in block.patterns}


def test_a_pattern_stands_for_its_words_and_for_numbers():
    block = dictionary.Block(
        of="metrics",
        title="t",
        words={"who": {"": "all", "_one": "one of them"}},
        names={"H@1<who> (<k>)": "hits of <who> at <k> [%]"},
    )
    (pattern,) = block.patterns
    assert pattern.read("H@1 (5)") == ("hits of all at 5", "%")
    assert pattern.read("H@1_one (10)") == ("hits of one of them at 10", "%")
    assert pattern.read("H@1_two (10)") is pattern.read("H@1 (five)") is pattern.read("H@1 (5) ") is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("pages: [11_other]", "dictionary.yml, t, pages: 11_other is not in"),
        ("page: []", "dictionary.yml, t, page: Extra inputs"),
        ("words: {who: {a: ''}}", "dictionary.yml, t, words.who.a: "),
    ],
)
def test_what_is_wrong_is_named(tmp_path, change, said):
    for name in ("notebooks", "liegg"):
        (tmp_path / name).symlink_to(find_root() / name)
    (tmp_path / "book").mkdir()
    (tmp_path / dictionary.FILE).write_text(f"- of: metrics\n  title: t\n  names: {{a: b}}\n  {change}\n")
    with pytest.raises(UserError, match=said):
        dictionary.load(tmp_path)


def test_the_page_has_every_name():
    page = dictionary.Dictionary(find_root()).page({e.name: e.title for e in table.load().values()})
    assert all(f"| `{name}` |" in page for block in BLOCKS for name in block.names)
    (claimed,) = [line for line in page.splitlines() if line.startswith("| `right_<way>_<set>` |")]
    assert claimed.endswith("| of the tasks, of the functions, of the networks |")

"""What the names in the files of results mean: book/dictionary.yml, as a page of the book and as rows of a table.

A name of the file is a pattern: `dimension_<kind>` stands for a name with each of the words that are listed under
`kind`, and with a number where none are.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import Field

from liegg.reproduce import claims, markdown, rows, table
from liegg.reproduce.errors import UserError
from liegg.reproduce.markdown import code, text
from liegg.reproduce.project import find_root

FILE = Path("book", "dictionary.yml")
Of = Literal["columns", "metrics", "NAME.json", "NAME.metrics.csv", "claims.csv", "dictionary.csv"]
HEADINGS = {"columns": "Columns of the pages' tables", "metrics": "Metrics"}
"""of the parts of the page; all else is about files that are the same for every page"""
PLACE = re.compile(r"<(\w+)>")
NUMBER = r"\d+"


class Meaning(NamedTuple):
    """Of one name, in words; the unit is "" where it has none."""

    words: str = ""
    unit: str = ""


class Pattern(NamedTuple):
    """A name as the dictionary has it, and what it says of the names that it stands for."""

    name: str
    meaning: Meaning
    words: dict[str, dict[str, str]]

    def read(self, name: str) -> Meaning | None:
        """What a name means; None if it is none of these."""
        places = self.places(name)
        if places is None:
            return None
        said = {place: self.words.get(place, {}).get(word, word) for place, word in places.items()}
        return self.meaning._replace(words=PLACE.sub(lambda m: said[m[1]], self.meaning.words))

    def places(self, name: str) -> dict[str, str] | None:
        """Which word stands in which place of a name."""
        parts = PLACE.split(self.name)  # what stands between places, and every second one a place
        escaped = [
            f"(?P<{part}>{'|'.join(map(re.escape, self.words[part])) if part in self.words else NUMBER})"
            if i % 2
            else re.escape(part)
            for i, part in enumerate(parts)
        ]
        found = re.fullmatch("".join(escaped), name)
        return found and found.groupdict()


class Block(rows.Row):
    """Names that belong together."""

    of: Of
    """what they are, or of which file"""
    title: rows.Text
    pages: list[str] = Field(default_factory=list)
    """on which they have this meaning; all where there are none"""
    words: dict[str, dict[str, rows.Text]] = Field(default_factory=dict)
    """what may stand in the place of each <word>, with its meaning"""
    names: Annotated[dict[str, rows.Text], Field(min_length=1)]

    @cached_property
    def patterns(self) -> list[Pattern]:
        found = []
        for name, said in self.names.items():
            words, _, unit = said.removesuffix("]").partition(" [")
            found.append(Pattern(name, Meaning(words, unit), self.words))
        return found


def load(root: Path | None = None) -> list[Block]:
    """All blocks in the order of the file. Raises UserError that names the block and the key of what is wrong."""
    root = root or find_root()
    content, experiments, blocks = rows.read(root / FILE), table.load(root), []
    if not isinstance(content, list):
        raise UserError(f"{FILE.name}: it must be a list of blocks")
    for number, fields in enumerate(content, 1):
        title = fields.get("title") if isinstance(fields, dict) else None
        block = rows.check(Block, FILE.name, str(title or f"block {number}"), fields)
        if unknown := [page for page in block.pages if page not in experiments]:
            raise rows.wrong(FILE.name, block.title, "pages", f"{unknown[0]} is not in {table.TABLE}")
        blocks.append(block)
    return blocks


def meanings(blocks: Sequence[Block], of: str, name: str, page: str = "") -> list[tuple[Pattern, Meaning]]:
    """All that the dictionary says of a name: one entry, or none where it has forgotten it."""
    return [
        (pattern, meaning)
        for block in blocks
        if block.of == of and (not block.pages or page in block.pages)
        for pattern in block.patterns
        if (meaning := pattern.read(name))
    ]


class Dictionary:
    """The dictionary together with the claims, whose units are those of the metrics that they are about."""

    def __init__(self, root: Path):
        self.blocks, self._claims = load(root), claims.load(root)

    def of(self, of: str, name: str, page: str = "") -> Meaning:
        """What a name means; nothing where that is not known, as of what readers measure themselves."""
        found = next((meaning for _, meaning in meanings(self.blocks, of, name, page)), Meaning())
        unit = next((c.unit for c in self.claims(page, name) if c.unit), found.unit) if of == "metrics" else found.unit
        return found._replace(unit=unit)

    def claims(self, page: str, metric: str) -> list[claims.Claim]:
        """Those that are about a metric of a page."""
        return [c for c in self._claims if (c.experiment, c.metric) == (page, metric)]

    def of_files(self) -> Iterator[dict[str, str]]:
        """Rows of dictionary.csv about keys and columns that are the same on all pages."""
        for block in self.blocks:
            if block.of in get_args(Of)[2:]:
                for name, (words, unit) in ((p.name, p.meaning) for p in block.patterns):
                    yield {"of": block.of, "page": "", "name": name, "meaning": words, "unit": unit, "claims": ""}

    def page(self, titles: dict[str, str]) -> str:
        """All of it as Markdown: a section for each block, under what it is about; `titles` are those of the pages."""
        parts = []
        for heading, blocks in groupby(self.blocks, key=lambda block: HEADINGS.get(block.of, "Files")):
            parts += [f"## {heading}", *(part for block in blocks for part in self._section(block, titles))]
        return "\n\n".join(parts)

    def _section(self, block: Block, titles: dict[str, str]) -> Iterator[str]:
        yield f"### {text(block.title)}"
        if block.pages:
            yield "Of " + "; ".join(f"[{text(titles[name])}](notebooks/{name})" for name in block.pages) + "."
        rows = [[code(p.name), _said(p.meaning.words), text(self._unit(block, p))] for p in block.patterns]
        yield markdown.table(["name", "meaning", "unit"], rows)
        for place, words in block.words.items():
            listed = ", ".join(f"{code(word) if word else 'nothing'} ({text(said)})" for word, said in words.items())
            yield f"{code(f'<{place}>')} is one of: {listed}."

    def _unit(self, block: Block, pattern: Pattern) -> str:
        """The units of the claims that are about a pattern's metrics, or its own."""
        about = (c for c in self._claims if block.of == "metrics" and c.experiment in block.pages)
        units = dict.fromkeys(c.unit for c in about if c.unit and pattern.read(c.metric))
        return ", ".join(units) or pattern.meaning.unit


def _said(words: str) -> str:
    """A meaning with its places as code."""
    parts = PLACE.split(words)
    return "".join(code(f"<{part}>") if i % 2 else text(part) for i, part in enumerate(parts))

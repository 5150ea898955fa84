"""The little Markdown that the generated parts of README and book are written in."""

import re
from collections.abc import Sequence

NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"
SPECIAL = re.compile(
    rf"""(?P<interval>\[{NUMBER},\ {NUMBER}\](?![\[({{:]))  # such as [0.1, 0.2], which stays as it is
    | [\[\]\\`*<{{$~]
    | (?<![^\W_])_ | _(?![^\W_])  # but within a word, as in hidden_width
    | &(?=\#?\w+;)
    | (?<=\w)\.(?=[^\W\d]) | :(?=\S) | /(?=/)  # of an address, which MyST makes a link of""",
    re.VERBOSE,
)
"""where words would begin something that is more than words"""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; a bar or a line break within a cell does not end it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def text(words: str) -> str:
    """Words from a table or a notebook as one line that says them: no HTML, no link, no formula comes of it."""
    return SPECIAL.sub(lambda m: m[0] if m["interval"] else f"\\{m[0]}", " ".join(words.split()))


def code(value: object) -> str:
    """A value as code, whatever marks are in it."""
    words = " ".join(str(value).split())
    marks = "`" * (1 + max((len(run) for run in re.findall("`+", words)), default=0))
    return f"{marks} {words} {marks}" if "`" in words or not words else f"`{words}`"


def picture(path: str, drawings: dict[str, str], *, alt: str, caption: str, kind: str) -> str:
    """A picture over its caption, of which the style sheet shows one drawing.

    drawings   what the names of its files end in after `path`, and the classes of each
    kind       class of the whole
    """
    images = [f"```{{image}} {path}{end}.svg\n:class: {classes}\n:alt: {alt}\n```" for end, classes in drawings.items()]
    return "\n".join([f":::{{div}} {kind}", *images, "", caption, ":::"])


def _cell(cell: str) -> str:
    return " ".join(cell.split()).replace("|", "\\|")

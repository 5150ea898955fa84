"""What the book's first page and README say first: sentences filled from verdicts, and a wall of squares, one a claim.

The sentences are those of book/summary.yml, and one of our own on what came out otherwise. They speak of the stored
results, and in a book of the papers' settings of its own.
"""

import html
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from liegg.reproduce import rows
from liegg.reproduce.claims import Claim
from liegg.reproduce.markdown import text
from liegg.reproduce.table import Experiment
from liegg.reproduce.verdicts import WORDS, Verdict

FILE = Path("book", "summary.yml")
ORIGINS = {
    "value": "the authors' numbers, at their settings",
    "conclusion": "the authors' statements, without a number or at settings of ours",
    "reported": "what third parties say of the papers, at settings of ours",
    "ours": "our own controls, goals and extensions",
}
AUTHORS = ("value", "conclusion")
"""whose claims README lists: what others say of a paper is not to be held against it"""
MARKS = {"yes": "✓", "partly": "◐", "no": "✗", "undecided": "?", "not tested": "·"}
"""of verdicts, for those who do not tell their colours apart"""
NAMED = re.compile(r"\{([^{}]*)\}")
"""a claim in a sentence"""
Link = Callable[[Claim, str], str]


class Picture(rows.Row):
    experiment: rows.Text
    figure: rows.Text
    """its name on that page"""
    file: rows.Text
    """what its drawings in book/_static are called"""


class Summary(rows.Row):
    picture: Picture
    caption: rows.Text
    sentences: list[rows.Text]


def load(root: Path) -> Summary:
    """Raises UserError that names the key of what is wrong."""
    return rows.check(Summary, FILE.name, "the file", rows.read(root / FILE))


def in_book(claim: Claim, words: str) -> str:
    """A link to the claim's row, in the book."""
    return f'<a href="{_address(claim)}">{words}</a>'


def in_readme(claim: Claim, words: str) -> str:
    """A link to the claim's notebook, from the project's folder."""
    return f"[{words}](notebooks/{claim.experiment}.ipynb#{claim.id})"


def _address(claim: Claim) -> str:
    return f"notebooks/{claim.experiment}.html#{claim.id}"


def sentences(
    root: Path, listed: Sequence[Claim], verdicts: dict[str, Verdict], experiments: dict[str, Experiment], link: Link
) -> list[str]:
    """Those of the file whose claims were all tested, and how many of the authors' claims came out as they say."""
    untested = {name for name, verdict in verdicts.items() if not verdict.measured}
    of_file = [s for s in load(root).sentences if not untested & set(NAMED.findall(s))]
    said = [filled(sentence, listed, verdicts, link) for sentence in of_file]
    return [*said, _otherwise(root, listed, verdicts, experiments, link)]


def filled(sentence: str, listed: Sequence[Claim], verdicts: dict[str, Verdict], link: Link) -> str:
    """A sentence with what was measured of each claim that it names. Raises UserError for one that does not exist."""
    claims = {c.id: c for c in listed}

    def measured(match: re.Match) -> str:
        if match[1] not in claims:
            raise rows.wrong(FILE.name, "the file", "sentences", f"there is no claim {match[1]}")
        return link(claims[match[1]], text(brief(verdicts[match[1]])))

    return NAMED.sub(measured, sentence)


def brief(verdict: Verdict) -> str:
    """What was measured, without the number of units behind an interval."""
    return re.split(r"[,;] (?![^\[]*\])", verdict.measured)[0] or verdict.word


def _otherwise(root: Path, listed, verdicts, experiments, link: Link) -> str:
    """One sentence on the authors' claims: how many came out as they say, and of those that did not an example from
    the part that has most of them."""
    theirs = [c for c in listed if c.origin in AUTHORS and verdicts[c.id].answer != "not tested"]
    tested = Counter(verdicts[c.id].answer for c in theirs)
    said = f"Of the authors' {tested.total()} claims that were tested, {tested['yes']} came out as they say, "
    said += f"{tested['partly']} in part, " * bool(tested["partly"])
    said += f"{tested['undecided']} undecided, and {tested['no'] or 'none'} otherwise"
    others = [c for c in theirs if verdicts[c.id].answer == "no"]
    if not others:
        return f"{said}."
    (part, most), *_ = Counter(experiments[c.experiment].part for c in others).most_common(1)
    first = next(c for c in others if experiments[c.experiment].part == part)
    quoted = f"“{text(first.statement)}” (theirs: {text(first.paper)}; here: {text(brief(verdicts[first.id]))})"
    within, example = f"in *{text(titles(root).get(part, part))}*", link(first, quoted)
    return (
        f"{said}, {within}: {example}." if others == [first] else f"{said}, {most} of them {within}, such as {example}."
    )


def titles(root: Path) -> dict[str, str]:
    """The titles of the book's parts of results by their numbers, as its table of contents has them."""
    captions = [part.get("caption", "") for part in rows.read(root / "book" / "_toc.yml").get("parts", [])]
    return {caption.partition(". ")[0]: caption.partition(". ")[2] for caption in captions if ". " in caption}


def count(listed: Sequence[Claim], verdicts: dict[str, Verdict]) -> str:
    """How often each word was given: "reproduced 2, undecided 1"."""
    given = Counter(verdicts[c.id].word for c in listed)
    order = dict.fromkeys([word for words in WORDS.values() for word in words.values()] + ["undecided", "not tested"])
    return ", ".join(f"{word} {given[word]}" for word in order if word in given) or "none"


def wall(listed: Sequence[Claim], verdicts: dict[str, Verdict]) -> str:
    """A square for each claim, with a mark and a colour for its verdict, which leads to its row; by origin."""
    groups = []
    for origin, what in ORIGINS.items():
        of_origin = [c for c in listed if c.origin == origin]
        squares = "".join(_square(c, verdicts[c.id]) for c in of_origin)
        groups.append(f"<p>{html.escape(capital(what))}: {count(of_origin, verdicts)}</p>\n<ul>{squares}</ul>")
    marks = ", ".join(f'<span class="sign">{mark}</span> {answer}' for answer, mark in MARKS.items())
    legend = marks.replace("yes", "as claimed").replace("</span> no,", "</span> otherwise,")
    return "\n".join(
        [
            '<nav class="wall" aria-label="Every claim, by its verdict">',
            '<a class="past" href="#what-this-book-does">Past the squares</a>',
            *groups,
            f'<p class="legend">{legend}. Each leads to its row.</p>',
            "</nav>",
        ]
    )


def _square(claim: Claim, verdict: Verdict) -> str:
    words = html.escape(f"{claim.statement}: {verdict.word}")
    kind = verdict.answer.replace(" ", "-")
    mark = MARKS[verdict.answer]
    return f'<li><a class="{kind}" href="{_address(claim)}" aria-label="{words}">{mark}</a></li>'


def capital(words: str) -> str:
    """Words that begin a sentence."""
    return words[:1].upper() + words[1:]

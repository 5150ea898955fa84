"""Claims with their verdicts as tables, for README, for the book's first page and for each page of results."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from liegg.reproduce import claims, first_page, first_picture, markdown, table, whole
from liegg.reproduce.claims import Claim
from liegg.reproduce.errors import UserError
from liegg.reproduce.first_page import AUTHORS, ORIGINS, count, titles
from liegg.reproduce.markdown import code, text
from liegg.reproduce.project import Run
from liegg.reproduce.results import read_json
from liegg.reproduce.stored import age
from liegg.reproduce.table import Experiment
from liegg.reproduce.verdicts import Verdict, judge

BADGES = {"yes": "success", "partly": "warning", "no": "danger", "undecided": "info", "not tested": "muted"}
START, END = "<!-- from here: make store -->", "<!-- to here -->"


def verdicts_of(
    listed: list[Claim], experiments: dict[str, Experiment], path: Callable[[str], Path]
) -> dict[str, Verdict]:
    """The verdicts on all claims by the results that lie where `path` says."""
    return judge(listed, {name: read_json(path(name)) for name in experiments}, experiments)


class Judged(NamedTuple):
    """All claims, and the verdicts on each in a run and in the stored one."""

    listed: list[Claim]
    here: dict[str, Verdict]
    stored: dict[str, Verdict]


def judged(run: Run, experiments: dict[str, Experiment]) -> Judged:
    listed = claims.load(run.root)
    return Judged(listed, *(verdicts_of(listed, experiments, path) for path in (run.result, run.reference)))


def picture(run: Run, experiments: dict[str, Experiment]) -> str:
    """For the first page: its picture, and what that shows."""
    caption = first_page.load(run.root).caption
    said = first_page.filled(caption, claims.load(run.root), _first(run, experiments), first_page.in_book)
    return first_picture.shown(run.root, said)


def answer(run: Run, experiments: dict[str, Experiment]) -> str:
    """For the first page: what came out in three sentences, and a square for each claim."""
    listed, verdicts = claims.load(run.root), _first(run, experiments)
    said = first_page.sentences(run.root, listed, verdicts, experiments, first_page.in_book)
    return "\n\n".join(["\n".join(f"- {sentence}" for sentence in said), first_page.wall(listed, verdicts)])


def _first(run: Run, experiments: dict[str, Experiment]) -> dict[str, Verdict]:
    """The verdicts that the first page begins with: on the stored results, and on those that a run at their settings
    has in place of them."""

    def path(name: str) -> Path:
        return run.result(name) if run.name == "paper" and run.result(name).is_file() else run.reference(name)

    return verdicts_of(claims.load(run.root), experiments, path)


def all_claims(run: Run, experiments: dict[str, Experiment], judged: Judged) -> str:
    """For the first page: every claim in this run and in the stored one, the tables folded, by part."""
    listed, here, stored = judged
    parts = [_both(run, here, stored), _ages(run, experiments)]
    for number in dict.fromkeys(e.part for e in experiments.values()):
        of_part = [e for e in experiments.values() if e.part == number]
        ours = [c for c in listed if experiments[c.experiment].part == number]
        head = f"{number}. {text(titles(run.root).get(number, 'Results'))}: {count(ours, stored)}"
        tables = "\n\n".join(_of_both(run, e, listed, here, stored) for e in of_part)
        parts.append(f":::{{dropdown}} {head}\n{tables}\n:::")
    return "\n\n".join(parts)


def _both(run: Run, here: dict[str, Verdict], stored: dict[str, Verdict]) -> str:
    """How many claims this run decides, and how many of them as the stored one does."""
    decided = [name for name, verdict in here.items() if verdict.answer != "not tested"]
    same = sum(here[name].answer == stored[name].answer for name in decided)
    if not decided:
        return f"This run, profile {code(run.name)}, tests none of the claims at its own settings."
    return (
        f"This run, profile {code(run.name)}, tests {len(decided)} of the {len(here)} claims at its own settings, and "
        f"its verdict is that of the stored run on {same}."
    )


def _of_both(run: Run, experiment: Experiment, listed: Sequence[Claim], here: dict, stored: dict) -> str:
    """One page's claims in this run and in the stored one."""
    rows = [
        [first_page.in_book(c, text(c.statement)), text(c.paper), *map(_badge, (here[c.id], stored[c.id]))]
        for c in listed
        if c.experiment == experiment.name
    ]
    head = ["claim", "paper", f"this run ({run.name})", "paper settings, stored"]
    return f"**[{text(experiment.title)}](notebooks/{experiment.name})**\n\n{markdown.table(head, rows)}"


def _ages(run: Run, experiments: dict[str, Experiment]) -> str:
    """How many pages have a stored result, and for how many of them the code has changed since."""
    ages = [made for e in experiments.values() if (made := age(Run("paper", root=run.root), e))]
    changed = sum(bool(made.since) for made in ages)
    since = f"other code would measure {changed} of them today" if changed else "by the code of today"
    return f"Stored results: {len(ages)} of {len(experiments)} pages; {since} ({{doc}}`making`)."


def of_page(run: Run, experiment: Experiment, judged: Judged) -> str:
    """For a page: its claims in this run beside the stored one, each with its anchor, what is accepted and why, and the
    command that makes its number."""
    listed, here, stored = judged
    rows = [
        [
            f'<span id="{c.id}"></span>{text(c.statement)} ({text(c.source)})',
            text(c.paper),
            _reasoned(here[c.id]),
            _badge(stored[c.id]),
            f"{text(_required(c))}: {text(c.reason)}. {code(c.command)}",
        ]
        for c in listed
        if c.experiment == experiment.name
    ]
    head = ["claim", "paper", "this run", "stored", "accepted, why, and how to make it"]
    made = str(age(Run("paper", root=run.root), experiment) or "there is none")
    return f"{markdown.table(head, rows)}\n\nThe stored run: {text(made)}."


def readme_table(root: Path) -> str:
    """For README: what came out in five lines, and below them, folded, the authors' claims that the stored results
    test."""
    listed, experiments = claims.load(root), table.load(root)
    stored = verdicts_of(listed, experiments, Run("paper", root=root).stored)
    lines = first_page.sentences(root, listed, stored, experiments, first_page.in_readme)
    for told in (AUTHORS, [origin for origin in ORIGINS if origin not in AUTHORS]):
        counts = [f"{ORIGINS[o]}: {count([c for c in listed if c.origin == o], stored)}" for o in told]
        lines.append(first_page.capital("; ".join(counts)) + ".")
    rows = [
        [first_page.in_readme(c, text(c.statement)), text(c.paper), text(verdict.measured), f"*{verdict.word}*"]
        for c in listed
        for verdict in [stored[c.id]]
        if c.origin in AUTHORS and verdict.word != "not tested"
    ]
    told = "\n".join(f"- {line}" for line in lines)
    folded = markdown.table(["claim", "paper", "here", "verdict"], rows)
    return (
        f"{told}\n\n<details>\n<summary>The authors' {len(rows)} claims, one by one</summary>\n\n{folded}\n\n</details>"
    )


def write_readme(root: Path) -> None:
    """Put the table into README.md, between the two marks."""
    path = root / "README.md"
    old = path.read_text(encoding="utf-8")
    if not (old.count(START) == old.count(END) == 1 and old.index(START) < old.index(END)):
        raise UserError(f"README.md must have one line {START} and below it one {END}: the table stands between them")
    before, after = old.split(START)[0], old.split(END)[1]
    with whole.writing(path) as part:
        part.write_text(f"{before}{START}\n\n{readme_table(root)}\n\n{END}{after}", encoding="utf-8")


def _required(claim: Claim) -> str:
    """What is accepted, in words: of a mean, of a share of units, or of every case."""
    accepted = " ".join(filter(None, [claim.accepted, claim.unit]))
    return f"{accepted} in at least {100 * claim.least:g} % of {claim.over}" if claim.judged == "share" else accepted


def _badge(verdict: Verdict) -> str:
    return f"{text(verdict.measured)} {{bdg-{BADGES[verdict.answer]}}}`{verdict.word}`".strip()


def _reasoned(verdict: Verdict) -> str:
    return " ".join(filter(None, [_badge(verdict), text(verdict.why)]))

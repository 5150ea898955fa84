"""Claims with their verdicts as tables, for README, for the book's first page and for each page of results."""

from collections.abc import Callable, Sequence
from pathlib import Path

from liegg.reproduce import claims, markdown, table, whole
from liegg.reproduce.claims import Claim
from liegg.reproduce.errors import UserError
from liegg.reproduce.markdown import code, text
from liegg.reproduce.project import Run
from liegg.reproduce.results import read_json
from liegg.reproduce.stored import age
from liegg.reproduce.table import Experiment
from liegg.reproduce.verdicts import WORDS, Verdict, judge

BADGES = {"yes": "success", "partly": "warning", "no": "danger", "undecided": "info", "not tested": "muted"}
ORIGINS = {
    "value": "the authors' numbers, at their settings",
    "conclusion": "the authors' statements, without a number or at settings of ours",
    "reported": "what third parties say of the papers, at settings of ours",
    "ours": "our own controls, goals and extensions",
}
AUTHORS = ("value", "conclusion")
"""whose claims README lists: what others say of a paper is not to be held against it"""
START, END = "<!-- from here: make store -->", "<!-- to here -->"


def _verdicts(
    listed: list[Claim], experiments: dict[str, Experiment], path: Callable[[str], Path]
) -> dict[str, Verdict]:
    """The verdicts on all claims by the results that lie where `path` says."""
    return judge(listed, {name: read_json(path(name)) for name in experiments}, experiments)


def all_claims(run: Run, experiments: dict[str, Experiment]) -> str:
    """For the first page: what came out by origin, then every claim in this run and in the stored one, page by page."""
    listed = claims.load(run.root)
    here, stored = (_verdicts(listed, experiments, path) for path in (run.result, run.reference))
    titles = f"this run ({run.name})", "paper settings, stored"
    counts = [
        [what, *(_count(listed, verdicts, origin) for verdicts in (here, stored))] for origin, what in ORIGINS.items()
    ]
    parts = [markdown.table(["claims", *titles], counts), _ages(run, experiments)]
    for name, experiment in experiments.items():
        rows = [
            [f'<a href="notebooks/{name}.html#{c.id}">{text(c.statement)}</a>', text(c.paper), *map(_badge, verdicts)]
            for c in listed
            if c.experiment == name
            for verdicts in [(here[c.id], stored[c.id])]
        ]
        parts += [
            f"**[{text(experiment.title)}](notebooks/{name})**",
            markdown.table(["claim", "paper", *titles], rows),
        ]
    return "\n\n".join(parts)


def _ages(run: Run, experiments: dict[str, Experiment]) -> str:
    """From which commits the stored results are, and for how many of them the code has changed since."""
    ages = [made for e in experiments.values() if (made := age(Run("paper", root=run.root), e))]
    commits = ", ".join(dict.fromkeys(made.commit for made in ages)) or "none"
    changed = sum(bool(made.since) for made in ages)
    since = (
        f"other code would measure {changed} of {len(ages)} pages today" if changed else "the code is the same today"
    )
    return f"Stored at commit {commits}; {since} ({{doc}}`making`)."


def of_page(run: Run, experiment: Experiment) -> str:
    """For a page: its claims in this run beside the stored one, each with its anchor, what is accepted and why, and the
    command that makes its number."""
    experiments = table.load(run.root)
    listed = claims.load(run.root)
    here, stored = (_verdicts(listed, experiments, path) for path in (run.result, run.reference))
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
    """For README: counts by origin, and the authors' claims that the stored results test."""
    listed, experiments = claims.load(root), table.load(root)
    stored = _verdicts(listed, experiments, Run("paper", root=root).stored)
    counts = "\n".join(f"- {what}: {_count(listed, stored, origin)}" for origin, what in ORIGINS.items())
    rows = [
        [
            f"[{text(c.statement)}](notebooks/{c.experiment}.ipynb#{c.id})",
            text(c.paper),
            text(verdict.measured),
            f"*{verdict.word}*",
        ]
        for c in listed
        for verdict in [stored[c.id]]
        for told in [(c.paper, verdict.measured)]
        if c.origin in AUTHORS and verdict.word != "not tested"
    ]
    return f"{counts}\n\n{markdown.table(['claim', 'paper', 'here', 'verdict'], rows)}"


def write_readme(root: Path) -> None:
    """Put the table into README.md, between the two marks."""
    path = root / "README.md"
    old = path.read_text(encoding="utf-8")
    if not (old.count(START) == old.count(END) == 1 and old.index(START) < old.index(END)):
        raise UserError(f"README.md must have one line {START} and below it one {END}: the table stands between them")
    before, after = old.split(START)[0], old.split(END)[1]
    with whole.writing(path) as part:
        part.write_text(f"{before}{START}\n\n{readme_table(root)}\n\n{END}{after}", encoding="utf-8")


def _count(listed: Sequence[Claim], verdicts: dict[str, Verdict], origin: str) -> str:
    """How often each word was given to the claims of one origin: "reproduced 2, undecided 1"."""
    words = [verdicts[c.id].word for c in listed if c.origin == origin]
    order = [*WORDS[origin].values(), "undecided", "not tested"]
    return ", ".join(f"{word} {words.count(word)}" for word in order if word in words) or "none"


def _required(claim: Claim) -> str:
    """What is accepted, in words: of a mean, of a share of units, or of every case."""
    accepted = " ".join(filter(None, [claim.accepted, claim.unit]))
    return f"{accepted} in at least {100 * claim.least:g} % of {claim.over}" if claim.judged == "share" else accepted


def _badge(verdict: Verdict) -> str:
    return f"{text(verdict.measured)} {{bdg-{BADGES[verdict.answer]}}}`{verdict.word}`".strip()


def _reasoned(verdict: Verdict) -> str:
    return " ".join(filter(None, [_badge(verdict), text(verdict.why)]))

"""The generated parts of the book's pages, as MyST Markdown."""

from dataclasses import dataclass

from liegg.reproduce import claim_tables, environment, executed, markdown, twice
from liegg.reproduce.claim_tables import Judged
from liegg.reproduce.claims import load
from liegg.reproduce.errors import UserError
from liegg.reproduce.keys import key, plan
from liegg.reproduce.markdown import code, text
from liegg.reproduce.project import Run
from liegg.reproduce.results import read_json
from liegg.reproduce.stored import age
from liegg.reproduce.table import Experiment


@dataclass(frozen=True)
class State:
    """How things stand with one experiment of a run."""

    experiment: Experiment
    result: dict | None
    status: str


def states(run: Run, experiments: dict[str, Experiment]) -> list[State]:
    return [_state(run, e) for e in experiments.values()]


def _state(run: Run, experiment: Experiment) -> State:
    path = run.result(experiment.name)
    try:
        result = read_json(path)
        if result is None or not result["provenance"]["drawn"]:
            broken = f"not run: {path.relative_to(run.root)} cannot be read"
            failed = "its last run failed" if run.failed(experiment.name).is_file() else "not run"
            return State(experiment, None, broken if path.exists() else failed)
        if executed.read(path := run.executed(experiment.name)) is None:
            return State(experiment, None, f"not run: {path.relative_to(run.root)} cannot be read")
        experiment.parameters()
        _, why = plan(run, experiment, key(experiment, result["parameters"], run.root))
    except UserError as error:
        return State(experiment, None, f"not run: {error}")
    return State(experiment, result, f"out of date: {why}" if why else "up to date")


def claims(run: Run, state: State, judged: Judged) -> str:
    """The claims of one page with their verdicts, below what is to be known of its run."""
    note = "" if state.status == "up to date" else f":::{{warning}}\nThis page is {text(state.status)}.\n:::\n\n"
    if state.result and (changed := _changed(state)):
        note += f":::{{note}}\nThe text below describes the default settings. This run has {changed}.\n:::\n\n"
    return note + claim_tables.of_page(run, state.experiment, judged)


def _changed(state: State) -> str:
    """The parameters of a run that are not the defaults, in words."""
    used, declared = state.result["parameters"], state.experiment.parameters().values()
    return ", ".join(
        f"{code(p.name)} = {code(used[p.name])} ({code(p.default)})"
        for p in declared
        if used.get(p.name, p.default) != p.default
    )


def provenance(run: Run, state: State) -> str:
    """Parameters, origin and how to run the page again."""
    name, made = state.experiment.name, state.result["provenance"]
    drawn = made["drawn"]
    rows = [
        [
            f"{code(p.name)} {text(p.help)}",
            code(repr(state.result["parameters"].get(p.name))),
            code(repr(p.default)),
            p.bounds and code(p.bounds),
        ]
        for p in state.experiment.parameters().values()
    ]
    return f"""## How this page was made

It regenerates: {text(state.experiment.regenerates)}.

{markdown.table(["parameter", "here", "default", "allowed"], rows)}

Measured on {_date(made)} in {made["seconds"]:.0f} seconds, profile `{made["profile"]}`, commit {made["commit"]}, on
{made["machine"]}, with {_versions(made)}; decided and drawn on {_date(drawn)} in {drawn["seconds"]:.0f} seconds, commit
{drawn["commit"]}.{_resources(made)}{_twice(run, name, made)}

To download: {_links(run, name)}; {{doc}}`the dictionary <../dictionary>` explains every name in them.

Run it again, or with other parameters:

```bash
{made["command"]}
make reproduce NOTEBOOK={name} PARAMS="seed=1"
```
"""


def _links(run: Run, name: str) -> str:
    """The files of a page, as links to download."""
    files = {f"{name}.json": "all numbers", f"{name}.metrics.csv": "a row for each metric"}
    files |= {f"{name}.csv": "its table"} if run.table(name).is_file() else {}
    files |= {f"{name}.claims.csv": "its claims"} if any(c.experiment == name for c in load(run.root)) else {}
    return ", ".join(f"{{download}}`{file} <../results/{file}>` ({what})" for file, what in files.items())


def _resources(made: dict) -> str:
    """Threads and memory of the kernel that measured, and the memory of the one that drew."""
    if not made["memory"]:
        return ""
    threads = f"{made['threads']} thread{'s' * (made['threads'] > 1)}"
    return f" Measuring took {threads} and at most {made['memory']:.2f} GB, drawing {made['drawn']['memory']:.2f} GB."


def _twice(run: Run, name: str, made: dict) -> str:
    words = twice.of_page(run, name, made["finished"])
    return f" Measured a second time: {words}." if words else ""


def stored(run: Run, experiments: dict[str, Experiment]) -> str:
    """One row a stored result: from which commit it is, what it took, and what has changed since."""
    rows = []
    for e in experiments.values():
        if made := age(Run("paper", root=run.root), e):
            took = read_json(run.reference(e.name))["provenance"]
            since = ", ".join(map(code, made.since)) or "nothing"
            rows.append(
                [f"[{text(e.title)}](notebooks/{e.name})", made.commit, _date(took), f"{took['seconds']:.0f} s", since]
            )
    return markdown.table(["page", "stored at", "finished", "measuring", "changed since"], rows)


def not_run(run: Run, state: State, judged: Judged) -> str:
    """The page of an experiment without results."""
    failed = run.failed(state.experiment.name)
    where = f" How far it came is in `{failed.relative_to(run.root)}`." if failed.is_file() else ""
    return f"""# {text(state.experiment.title)}

:::{{warning}}
This page has no results: {text(state.status)}, at profile {code(run.name)}.{where}
:::

It regenerates: {text(state.experiment.regenerates)}.

{claims(run, State(state.experiment, None, "up to date"), judged)}

```bash
make reproduce PROFILE={run.profile} NOTEBOOK={state.experiment.name}
```
"""


def runs(run: Run, states: list[State]) -> str:
    """One row a notebook: whether it ran, when, how long, from which commit, by which command."""
    rows = []
    for s in states:
        made = s.result["provenance"] if s.result else {}
        page = f"[{text(s.experiment.title)}](notebooks/{s.experiment.name})"
        seconds = f"{made['seconds']:.0f} s" if made else ""
        memory = f"{made['memory']:.2f} GB" if made.get("memory") else ""
        again = code(made.get("command") or run.command(s.experiment.name))
        rows.append([page, text(s.status), _date(made) if made else "", seconds, memory, made.get("commit", ""), again])
    total = sum(s.result["provenance"]["seconds"] for s in states if s.result)
    table = markdown.table(["page", "status", "measured", "time", "memory", "commit", "run it again"], rows)
    return f"{table}\n\nTogether {total:.0f} seconds of measuring."


def versions(run: Run, states: list[State]) -> str:
    """Versions and machine of each run, one line where they agree, below what is to be known of them."""
    made = {s.experiment.title: s.result["provenance"] for s in states if s.result}
    told = "".join(f":::{{warning}}\n{text(warning)}\n:::\n\n" for warning in environment.warnings(run, made))
    lines = {f"{s.result['provenance']['machine']}; {_versions(s.result['provenance'])}" for s in states if s.result}
    return told + ("\n".join(f"- {line}" for line in sorted(lines)) or "Nothing has been run.")


def _versions(made: dict) -> str:
    return ", ".join(f"{name} {number}" for name, number in made["versions"].items())


def _date(made: dict) -> str:
    return made["finished"].replace("T", " ").replace("+00:00", " UTC")

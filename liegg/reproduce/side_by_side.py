"""The stored run beside a quick one: the figures, tables and computed sentences of both on one page.

What is stored is drawn by the code of today, once, and again when what it is drawn from or that code has changed.
"""

import html
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from liegg.reproduce import executed, kept
from liegg.reproduce.errors import UserError
from liegg.reproduce.keys import in_words, key
from liegg.reproduce.project import Run, say
from liegg.reproduce.results import read_json
from liegg.reproduce.runner import NONE, Limits, execute
from liegg.reproduce.stored import age
from liegg.reproduce.table import Experiment
from liegg.reproduce.verify import compare
from liegg.reproduce.worker import Job

QUICK, STORED = "quick", "paper"
"""the profile whose pages show another run beside their own, and whose stored results that is"""
INTO_FIGURE, OF_THIS, OF_STORED = "into-figure", "this-run", "stored-run"
"""tags of cells, which the book's extension `liegg_figures` and its style sheet know"""
HIDDEN = {"hide-cell", "remove-cell", "hide-output", "remove-output"}
FEW = 3  # parameters that are named at every figure, and values of a list that are


def of_stored(run: Run) -> Run:
    """Where the stored results stand that were drawn for the pages of a run."""
    return Run(STORED, root=run.root, aside="stored")


def draw(run: Run, experiments: dict[str, Experiment], limits: Limits = NONE) -> None:
    """Draw the stored result of every page of a quick run that has not been drawn by the code of today; the page says
    which cannot be."""
    if not _wanted(run):
        return
    jobs = []
    for e in experiments.values():
        if run.result(e.name).is_file() and of_stored(run).stored(e.name).is_file():
            try:
                job = _job(run, e)
            except UserError:
                continue
            jobs += [] if _drawn(job) else [job]
    if jobs:
        say(f"drawing {len(jobs)} stored results, to stand beside those of this run")
        execute(jobs, limits)


def put(run: Run, experiment: Experiment, result: dict, notebook: NotebookNode) -> None:
    """Add to a page of a quick run what the stored one shows, with the switch between them; or a line why not."""
    if not _wanted(run) or read_json(of_stored(run).stored(experiment.name)) is None:
        return
    try:
        said = _put(run, experiment, result, notebook)
    except UserError as error:
        said = f":::{{note}}\nThe stored run, profile `{STORED}`, is not shown here: {error}.\n:::"
    notebook.cells.insert(1, new_markdown_cell(said))


def _wanted(run: Run) -> bool:
    return run.profile == QUICK and not run.overrides and not run.aside


def _job(run: Run, experiment: Experiment) -> Job:
    """Raises UserError for what is stored and cannot be drawn."""
    there = of_stored(run)
    source, result = there.stored(experiment.name).with_suffix(".npz"), read_json(there.stored(experiment.name))
    if result is None or kept.header(source) is None:
        raise UserError(f"{source.relative_to(run.root)} is missing or broken")
    values = experiment.values(STORED, result["parameters"])
    return Job(there, experiment, key(experiment, values, run.root), source)


def _drawn(job: Job) -> bool:
    """Whether it has been drawn from what is stored now, by the code of today."""
    result = read_json(job.run.result(job.name))
    if result is None or executed.read(job.run.executed(job.name)) is None:
        return False
    made = result["provenance"]
    same = made["finished"] == kept.header(job.source).get("finished")
    return same and bool(made["drawn"]) and made["drawn"]["key"] == job.key


def _put(run: Run, experiment: Experiment, result: dict, notebook: NotebookNode) -> str:
    """The words at the top of the page. Raises UserError if there is nothing that can stand beside it."""
    job = _job(run, experiment)
    if not _drawn(job):
        raise UserError("the code of today cannot draw it")
    stored, today = (read_json(at(job.name)) for at in (job.run.stored, job.run.result))
    if compare(stored["metrics"], today["metrics"], rerun=False):
        raise UserError("the code of today decides otherwise from what was measured, as `make verify` says")
    pairs = list(_pairs(notebook, executed.read(job.run.executed(job.name))))
    differing = _differing(experiment, result["parameters"], stored["parameters"])
    here, there = (f"profile {profile}" + _few(differing, i) for i, profile in enumerate((run.profile, STORED)))
    for cell, other in pairs:
        _double(notebook, cell, other, f"This run ({here})", f"Stored run ({there})")
    made = age(job.run, experiment)
    words = f"the stored run, profile `{STORED}` (commit {made.commit}"
    words += f"; code since changed: {in_words(made.since)})" if made.since else ")"
    if not pairs:
        return f"Figures and tables here are those of {words} too."
    sizes = "; ".join(f"`{name}` {one} and {two}" for name, one, two in differing) or "the machine, if anything"
    return f"""{SWITCH}

Figures, tables and sentences in which results differ are of this run, profile `{run.profile}`, and of {words}. What is
not the same in both: {sizes}."""


SWITCH = f"""<fieldset class="whose-run" hidden>
<legend>Figures and tables of</legend>
<label><input type="radio" name="whose-run" value="{OF_THIS}"> this run: {QUICK}</label>
<label><input type="radio" name="whose-run" value="{OF_STORED}"> stored run: {STORED}</label>
</fieldset>"""


def _pairs(notebook: NotebookNode, other: NotebookNode) -> Iterator[tuple[NotebookNode, NotebookNode]]:
    """Cells of both runs that show something else. Raises UserError if the pages do not have the same code."""
    both = [
        [c for c in n.cells if c.cell_type == "code" and "injected-parameters" not in c.metadata.get("tags", [])]
        for n in (notebook, other)
    ]
    if [c.source for c in both[0]] != [c.source for c in both[1]]:
        raise UserError("this page was made by other code than that of today")
    for one, two in zip(*both):
        if not HIDDEN & set(one.metadata.get("tags", [])) and _shown(one) != _shown(two):
            yield one, two


def _shown(cell: NotebookNode) -> list:
    """What the outputs of a cell show."""
    return [
        (o.get("text"), {kind: o.data[kind] for kind in o.get("data", {}) if kind != "text/plain" or len(o.data) == 1})
        for o in cell.outputs
        if o.get("name") != "stderr"
    ]


def _double(notebook: NotebookNode, cell: NotebookNode, other: NotebookNode, here: str, there: str) -> None:
    """Put the outputs of the other run below those of a cell; the extension puts pictures into the cell's figure."""
    settings = cell.metadata.get("mystnb", {})
    tags = ["remove-input", OF_STORED] + [INTO_FIGURE] * ("figure" in settings)
    outputs = [_label(there), *(o for o in other.outputs if o.get("name") != "stderr")]
    beside: dict[str, Any] = {"tags": tags}
    if alt := settings.get("image", {}).get("alt"):
        beside["mystnb"] = {"image": {"alt": f"{there}: {alt}"}}
        settings["image"]["alt"] = f"{here}: {alt}"
    place = next(i for i, c in enumerate(notebook.cells) if c is cell)
    new = new_code_cell("# of the stored run", metadata=beside, outputs=outputs)
    notebook.cells.insert(place + 1, new)
    cell.metadata["tags"] = [*cell.metadata.get("tags", []), OF_THIS]
    cell.outputs = [_label(here), *cell.outputs]


def _label(words: str) -> NotebookNode:
    return new_output("display_data", {"text/html": f'<p class="whose">{html.escape(words)}</p>'})


def _differing(experiment: Experiment, here: dict, there: dict) -> list[tuple[str, str, str]]:
    """Parameters that are not the same in both runs, with their values in a few words."""
    pairs = [(name, here.get(name), there.get(name)) for name in experiment.parameters()]
    return [(name, *map(_value, pair)) for name, *pair in pairs if pair[0] != pair[1]]


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"{len(value)} values" if len(value) > FEW else " ".join(map(str, value)) or "none"
    return str(value)


def _few(differing: list[tuple[str, str, str]], which: int) -> str:
    """The first parameters that differ, as they are in one of the runs."""
    named = [f"{name} {values[which]}" for name, *values in differing[:FEW]]
    return "".join(f", {words}" for words in named) + (", …" if len(differing) > FEW else "")

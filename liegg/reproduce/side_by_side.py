"""The stored run beside a quick one: the figures, tables and computed sentences of both on one page. In place of a run
that could measure nothing: those of the stored one alone.

What is stored is drawn by the code of today, once, and again when what it is drawn from or that code has changed.
"""

import html
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from liegg.reproduce import executed, kept, verify
from liegg.reproduce.drawings import INTO_FIGURE
from liegg.reproduce.errors import UserError
from liegg.reproduce.keys import in_words
from liegg.reproduce.markdown import code, text
from liegg.reproduce.project import Run, say
from liegg.reproduce.results import read_json
from liegg.reproduce.runner import NONE, Limits, execute
from liegg.reproduce.stored import age, missing
from liegg.reproduce.table import Experiment
from liegg.reproduce.worker import Job

QUICK, STORED = "quick", "paper"
"""the profile whose pages show another run beside their own, and whose stored results that is"""
OF_THIS, OF_STORED = "this-run", "stored-run"
"""tags of cells, which the book's extension `liegg_figures` and its style sheet know"""
HIDDEN = {"hide-cell", "remove-cell", "hide-output", "remove-output"}
FEW = 3  # parameters that are named at every figure, and values of a list that are


def of_stored(run: Run) -> Run:
    """Where the stored results stand that were drawn for the pages of a run."""
    return Run(STORED, root=run.root, aside="stored")


def draw(run: Run, experiments: dict[str, Experiment], limits: Limits = NONE) -> None:
    """Draw the stored result of every page of a quick run, and of a page for which nothing could be measured, that has
    not been drawn by the code of today; the page says which cannot be."""
    jobs = []
    for e in experiments.values():
        result = read_json(run.result(e.name)) if of_stored(run).stored(e.name).is_file() else None
        if result is not None and (_wanted(run) or _nothing(e, result)):
            try:
                job = verify.job(of_stored(run), e)
            except UserError:
                continue
            jobs += [] if _drawn(job) else [job]
    if jobs:
        say(f"drawing {len(jobs)} stored results, to stand beside those of this run")
        execute(jobs, limits)


def instead(run: Run, experiment: Experiment, result: dict, notebook: NotebookNode) -> None:
    """Where nothing was measured for want of optional packages, show what the stored run shows, and say so; or say why
    not, and show no more, as what the text refers to is missing."""
    if not _nothing(experiment, result):
        return
    lacking = ", ".join(map(code, missing(experiment, result)))
    said = f"Nothing was measured in this run, for want of {lacking}, which `make others` installs"
    try:
        stored, other = _today(run, experiment, result)
        pairs = list(zip(*_code(notebook, other)))
    except UserError as error:
        notebook.cells = notebook.cells[:1]
        said += f". The stored run cannot be shown in its place: {text(str(error))}"
    else:
        for one, two in pairs:
            one.outputs = [_retold(output) for output in two.outputs if output.get("name") != "stderr"]
        said += f""". Figures, tables and sentences are those of the stored run, profile `{STORED}` (commit
{stored["provenance"]["commit"]}); verdicts and files to download are of this run"""
    notebook.cells.insert(1, new_markdown_cell(f":::{{note}}\n{said}.\n:::"))


def put(run: Run, experiment: Experiment, result: dict, notebook: NotebookNode) -> None:
    """Add to a page of a quick run what the stored one shows, with the switch between them; or a line why not."""
    made = age(of_stored(run), experiment)
    if not _wanted(run) or made is None or _nothing(experiment, result):
        return
    since = f"; code since changed: {text(in_words(made.since))}" if made.since else ""
    of_which = f"the stored run, profile `{STORED}` (commit {made.commit}{since})"
    try:
        said = _put(run, experiment, result, notebook, of_which)
    except UserError as error:
        said = f":::{{note}}\nNot shown beside this run is {of_which}: {text(str(error))}.\n:::"
    notebook.cells.insert(1, new_markdown_cell(said))


def _put(run: Run, experiment: Experiment, result: dict, notebook: NotebookNode, of_which: str) -> str:
    """The words at the top of the page. Raises UserError if there is nothing that can stand beside it."""
    stored, other = _today(run, experiment, result)
    pairs = list(_pairs(notebook, other))
    if not pairs:
        return f"Figures and tables are the same in {of_which}."
    if any("figure" in one.metadata.get("mystnb", {}) and _pictured(one) != _pictured(two) for one, two in pairs):
        raise UserError("one of both runs has no picture where the other has one")
    differing = _differing(experiment, result["parameters"], stored["parameters"])
    sizes = "; ".join(f"{code(name)} {text(one)} → {text(two)}" for name, one, two in differing) or "all the same"
    for cell, beside in pairs:
        _double(notebook, cell, beside, *(_few(differing, i) for i in range(2)))
    return f"""{SWITCH}

What is not the same is shown of both runs: this one, profile `{run.profile}`, and {of_which}.
“This run” in a picture or its caption is the run that it is of. Parameters, here → there: {sizes}."""


def _today(run: Run, experiment: Experiment, result: dict) -> tuple[dict, NotebookNode]:
    """The stored result of a page, and its notebook as the code of today draws it. Raises UserError if that cannot, or
    decides otherwise, or if the page's own result is not of that code."""
    job = verify.job(of_stored(run), experiment)
    stored, today = (read_json(at(job.name)) for at in (job.run.stored, job.run.result))
    other = executed.read(job.run.executed(job.name))
    if not _drawn(job) or stored is None or today is None or other is None:
        raise UserError("the code of today cannot draw it")
    if verify.compare(stored["metrics"], today["metrics"], rerun=False):
        raise UserError("the code of today decides otherwise from what was measured, as make verify says")
    if result["provenance"]["drawn"]["key"].get("draw", {}).get("cells") != job.key["draw"]["cells"]:
        raise UserError("this page is not of today's code")
    return stored, other


def _nothing(experiment: Experiment, result: dict) -> bool:
    """Whether a result has no number at all, for want of optional packages."""
    numbers = (v for metric in result["metrics"].values() for v in metric.get("values", [0]))
    return bool(missing(experiment, result)) and all(v is None for v in numbers)


def _wanted(run: Run) -> bool:
    return run.profile == QUICK and not run.overrides and not run.aside


def _drawn(job: Job) -> bool:
    """Whether it has been drawn from what is stored now, by the code of today."""
    result, measured = read_json(job.run.result(job.name)), kept.header(job.source) if job.source else None
    if result is None or measured is None or executed.read(job.run.executed(job.name)) is None:
        return False
    made = result["provenance"]
    with_key = (made["drawn"] or {}).get("key", {})
    return made["finished"] == measured.get("finished") and all(
        with_key.get(step) == job.key[step] for step in ("measure", "draw")
    )


SWITCH = f"""<fieldset class="whose-run" hidden>
<legend>Figures and tables of</legend>
<label><input type="radio" name="whose-run" value="{OF_THIS}" autocomplete="off"> this run: {QUICK}</label>
<label><input type="radio" name="whose-run" value="{OF_STORED}" autocomplete="off"> stored run: {STORED}</label>
</fieldset>"""


def _pairs(notebook: NotebookNode, other: NotebookNode) -> Iterator[tuple[NotebookNode, NotebookNode]]:
    """Cells of code of two runs of one notebook that show something else. Raises UserError if these are not the same
    cells."""
    for one, two in zip(*_code(notebook, other)):
        if not HIDDEN & set(one.metadata.get("tags", [])) and _shown(one) != _shown(two):
            yield one, two


def _code(*notebooks: NotebookNode) -> list[list[NotebookNode]]:
    """Their cells of code. Raises UserError if these are not equally many."""
    cells = [[cell for cell in notebook.cells if cell.cell_type == "code"] for notebook in notebooks]
    if len(set(map(len, cells))) > 1:
        raise UserError("this page is not of today's code")
    return cells


def _pictured(cell: NotebookNode) -> bool:
    return any(kind.startswith("image/") for o in cell.outputs for kind in o.get("data", {}))


def _shown(cell: NotebookNode) -> list:
    """What the outputs of a cell show."""
    return [
        (o.get("text"), {kind: o.data[kind] for kind in o.get("data", {}) if kind != "text/plain" or len(o.data) == 1})
        for o in cell.outputs
        if o.get("name") != "stderr"
    ]


def _double(notebook: NotebookNode, cell: NotebookNode, other: NotebookNode, *sizes: str) -> None:
    """Put the outputs of the other run below those of a cell, and say of both whose they are and of which size; the
    extension puts pictures into the cell's figure."""
    here, there = f"This run, profile {QUICK}", f"Stored run, profile {STORED}"
    labels = [_label(f"{words} ({size})" if size else words) for words, size in zip((here, there), sizes, strict=True)]
    settings = cell.metadata.get("mystnb", {})
    common = ["remove-input"] + [INTO_FIGURE] * ("figure" in settings)
    outputs = [labels[1], *(_retold(o) for o in other.outputs if o.get("name") != "stderr")]
    beside: dict[str, Any] = {"tags": [*common, OF_STORED]}
    if alt := settings.get("image", {}).get("alt"):
        beside["mystnb"] = {"image": {"alt": f"{there}: {alt}"}}
        settings["image"]["alt"] = f"{here}: {alt}"
    new = [new_code_cell("# of the stored run", metadata=beside, outputs=outputs)]
    if "figure" in settings:  # every output of its cell would be a figure
        new.insert(0, new_code_cell("# of this run", metadata={"tags": [*common, OF_THIS]}, outputs=[labels[0]]))
    else:
        cell.outputs = [labels[0], *cell.outputs]
    cell.metadata["tags"] = [*cell.metadata.get("tags", []), OF_THIS]
    after = notebook.cells.index(cell) + 1
    notebook.cells[after:after] = new


def _retold(output: NotebookNode) -> NotebookNode:
    """An output of the stored run, whose sentences call themselves this run's."""
    data = output.get("data", {})
    if "text/markdown" in data:
        data["text/markdown"] = "".join(data["text/markdown"]).replace("In this run", "In the stored run")
    return output


def _label(words: str) -> NotebookNode:
    return new_output("display_data", {"text/html": f'<p class="whose">{html.escape(words)}</p>'})


def _differing(experiment: Experiment, here: dict, there: dict) -> list[tuple[str, str, str]]:
    """Parameters that are not the same in both runs, with their values in a few words."""
    named = [name for name in experiment.parameters() if here.get(name) != there.get(name)]
    return [(name, _value(here.get(name)), _value(there.get(name))) for name in named]


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"{len(value)} values" if len(value) > FEW else ", ".join(map(str, value)) or "none"
    return str(value)


def _few(differing: list[tuple[str, str, str]], which: int) -> str:
    """The first parameters that differ, as they are in one of the runs."""
    named = [f"{name} {values[which]}" for name, *values in differing[:FEW]]
    return "; ".join([*named, "…"] if len(differing) > FEW else named)

"""Executed notebooks: read, and given the text of today."""

import json
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from liegg.reproduce import whole
from liegg.reproduce.project import Run
from liegg.reproduce.results import read_json, write_json
from liegg.reproduce.table import Experiment


def read(path: Path) -> NotebookNode | None:
    """An executed notebook; None if there is none that can be read."""
    try:
        notebook = nbformat.from_dict(json.loads(path.read_text(encoding="utf-8")))
        nbformat.validate(notebook)
    except (OSError, ValueError, RecursionError, AttributeError, TypeError, nbformat.ValidationError):
        return None
    return notebook


def write_again(run: Run, experiment: Experiment, key_now: dict) -> bool:
    """Put the text and captions of today around what an executed notebook shows, and run nothing; False if its code
    cells are not those of today."""
    executed, result = read(run.executed(experiment.name)), read_json(run.result(experiment.name))
    if executed is None or result is None:
        return False
    today, shown = experiment.notebook(), [cell for cell in executed.cells if cell.cell_type == "code"]
    if len(shown) != 1 + sum(cell.cell_type == "code" for cell in today.cells):  # one holds papermill's parameters
        return False
    cells = []
    for cell in today.cells:
        cells.append(cell)
        if cell.cell_type == "code":
            old = shown.pop(0)
            cell.outputs, cell.execution_count = old.outputs, old.execution_count
            if "parameters" in cell.metadata.get("tags", []):
                cells.append(shown.pop(0))
    today.cells = cells
    with whole.writing(run.executed(experiment.name)) as part:
        nbformat.write(today, part)
    result["provenance"]["drawn"]["key"]["write"] = key_now["write"]
    write_json(run.result(experiment.name), result)
    return True

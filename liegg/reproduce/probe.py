"""`make probe`: the page of a reader's own model, by itself and apart from the book."""

import hashlib
import os
import re
import shlex
import shutil
from argparse import Namespace
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from liegg.reproduce import book, drawings, executed, markdown, table
from liegg.reproduce.errors import UserError
from liegg.reproduce.lock import alone
from liegg.reproduce.markdown import code
from liegg.reproduce.project import Run, say
from liegg.reproduce.results import read_json
from liegg.reproduce.runner import run_experiments

PAGE = "58_your_model"
NEEDED = ("model", "inputs", "action")
FILES = ("model", "inputs", "targets")
EXAMPLE = 'make probe MODEL=path/to/model.py:build INPUTS=x.npy TARGETS=y.npy ACTION="Linear(5, copies=2)"'
FOLDER = "your-models"
ANSWER = "answer"
"""tag of the cells whose words are the answer"""
TITLE = "Your own model"
LETTERS = 40  # of a model's name, in that of its folder


def probe(options: Namespace) -> int:
    """Ask about the reader's model, show the answer and build its page; always anew, as files may have changed."""
    asked = {name: getattr(options, name).strip() for name in (*NEEDED, "targets", "output_action")}
    if missing := [name.upper() for name in NEEDED if not asked[name]]:
        raise UserError(f"{', '.join(missing)} must be given, as in: {EXAMPLE}")
    values: dict[str, object] = {name: _located(words) if name in FILES else words for name, words in asked.items()}
    experiment, run = table.load()[PAGE], _run(values)
    experiment.values("quick", values)
    with alone(run.folder):
        for folder in (run.folder / "running", run.folder / "measured"):
            shutil.rmtree(folder, ignore_errors=True)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(Path.cwd())]))
        if run_experiments(run, [experiment], values):
            return 1
        notebook = executed.read(run.executed(PAGE)) or NotebookNode(cells=[])
        say("", *_answer(notebook), "")
        _build(run, notebook, asked)
    say(f"the page is built: open {run.html / 'index.html'}")
    return 0


def _located(words: str) -> str:
    """A file, or FILE:name, by its whole path, as notebooks run elsewhere; other words as they are."""
    for place, name in ((words, ""), words.rpartition(":")[::2]):
        if place and (path := Path(place).expanduser()).is_file():
            return f"{path.resolve()}:{name}" if name else str(path.resolve())
    return words


def _run(values: dict[str, object]) -> Run:
    """Where the results of a question lie: a folder of its own."""
    overrides = tuple(sorted(values.items()))
    name = re.sub(r"[^A-Za-z0-9]+", "-", str(Path(str(values["model"])).name)).strip("-")[-LETTERS:]
    return Run("quick", overrides, aside=f"{FOLDER}/{name}-{hashlib.sha256(repr(overrides).encode()).hexdigest()[:8]}")


def _answer(notebook: NotebookNode) -> list[str]:
    """What the cells of the answer say, as plain text."""
    said = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []) if ANSWER in cell.metadata.get("tags", []) else []:
            marked = "".join(output.get("data", {}).get("text/markdown", ""))
            plain = re.sub(r"\*\*|`|(?<!\w)\*(?=\w)|(?<=\w)\*(?!\w)", "", marked)
            said.append((plain or "".join(output.get("text", ""))).strip())
    return said


def _build(run: Run, notebook: NotebookNode, asked: dict[str, str]) -> None:
    """Build the one page, with the looks of the book."""
    stage = book.empty_stage(run)
    shutil.copytree(run.root / "book", stage, ignore=shutil.ignore_patterns("_build", "*.md", "*.yml"))
    settings = (run.root / "book" / "_config.yml").read_text(encoding="utf-8")
    (stage / "_config.yml").write_text(re.sub(r"^title: .*", f"title: {TITLE}", settings), encoding="utf-8")
    (stage / "_toc.yml").write_text("format: jb-book\nroot: index\n", encoding="utf-8")
    drawings.prepare(notebook, PAGE)
    notebook.cells.append(new_markdown_cell(_made(run, asked)))
    drawings.add(notebook, PAGE)
    nbformat.write(notebook, stage / "index.ipynb")
    say("building its page")
    book.render(run, stage)


def _made(run: Run, asked: dict[str, str]) -> str:
    """How the page was made, and how to make it again."""
    made = read_json(run.result(PAGE))["provenance"]  # type: ignore[index]
    versions = ", ".join(f"{name} {number}" for name, number in made["versions"].items())
    given = {name.upper(): words for name, words in asked.items() if words}
    command = " ".join(["make probe", *(f"{name}={shlex.quote(words)}" for name, words in given.items())])
    return f"""## How this page was made

{markdown.table(["setting", "as given"], [[code(name), code(words)] for name, words in given.items()])}

Measured in {made["seconds"]:.0f} seconds on {made["finished"].replace("T", " ").replace("+00:00", " UTC")}, on
{made["machine"]}, with {versions}, commit {made["commit"]}. All numbers are in
`{run.result(PAGE).relative_to(run.root)}`. Ask again:

```bash
{command}
```
"""

"""Assemble the book: prose and executed notebooks, with claims, parameters and provenance generated, then Sphinx."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell

from liegg.reproduce import (
    claim_tables,
    comparison,
    downloads,
    drawings,
    environment,
    executed,
    pages,
    side_by_side,
    speed,
)
from liegg.reproduce.dictionary import Dictionary
from liegg.reproduce.errors import UserError
from liegg.reproduce.lock import held
from liegg.reproduce.project import Run, say
from liegg.reproduce.results import commit
from liegg.reproduce.table import Experiment

SOURCES = {".md", ".txt", ".yml", ".bib", ".css", ".js", ".py", ".ipynb", ".json", ".svg", ".png"}
SETTINGS = {".yml", ".py", ".bib", ".css", ".js"}
"""of the files of a stage that every page may depend on"""
GENERATED = re.compile(r"^% generated: (\w+)$", re.M)
READ = "read.json"
"""in the folder that Sphinx builds in, after a good build: what it has read"""
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
COMPLAINT = re.compile(r"\b(?:WARNING|ERROR|CRITICAL|[A-Z]\w*Error): ")
ERROR = re.compile(r'class="[^"]*\b(?:traceback|system-message)\b[^"]*"')


def build(run: Run, experiments: dict[str, Experiment]) -> bool:
    """Build the book of a run into run.html; False if it was up to date.

    The old book stays in place until the new one is whole. Raises UserError with Sphinx's own words if the strict build
    fails or a page shows an error.
    """
    stamp = run.html / ".inputs"
    inputs = _inputs(run)
    if stamp.is_file() and stamp.read_bytes() == inputs.encode():
        return False
    stage = empty_stage(run)
    _stage(run, experiments, stage)
    say("building the book")
    render(run, stage)
    (run.html / ".inputs").write_text(inputs, encoding="utf-8")
    return True


def empty_stage(run: Run) -> Path:
    """The folder in which the sources of a book are put together; not made yet."""
    shutil.rmtree(run.folder / "stage", ignore_errors=True)
    return run.folder / "stage"


def render(run: Run, stage: Path) -> None:
    """Build what is in a stage into run.html, by Sphinx, strictly; then the stage goes. Raises UserError as `build`.

    What a build needs of the last good one stays in run.folder: pages that have not changed since are not read again,
    and not written unless they show something of another page that has (book/_ext/liegg_written.py).
    """
    site = run.folder / "site"
    read = _to_be_read(run, stage, site)
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(stage), "--path-output", str(site)]
    command += ["-W", "-n", "--keep-going"]
    sphinx = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=_own(run), pass_fds=held(), check=False
    )
    html = site / "_build" / "html"
    if sphinx.returncode or not (html / "index.html").is_file():
        log = run.folder / "book.log"
        log.write_bytes(sphinx.stdout)
        killed = f"Sphinx was ended by signal {-sphinx.returncode}" if sphinx.returncode < 0 else ""
        raise UserError(
            f"the book could not be built: {killed or _cause(sphinx.stdout, stage)}\n  all of it is in {log}"
        )
    if shown := errors(html):
        raise UserError("these pages show an error: " + ", ".join(shown))
    (site / READ).write_text(json.dumps(read), encoding="utf-8")
    shutil.copytree(html, stage / "after")
    if run.html.is_dir() and not run.html.is_symlink():
        run.html.rename(stage / "before")  # a moment without a book, not the time that removing one takes
    else:
        run.html.unlink(missing_ok=True)
    run.html.parent.mkdir(parents=True, exist_ok=True)
    (stage / "after").rename(run.html)
    shutil.rmtree(stage, ignore_errors=True)


def _to_be_read(run: Run, stage: Path, site: Path) -> dict:
    """What a build reads: code and settings as one digest, and every file of the stage with its digest and time.

    Sphinx goes by times: a file that is the same gets the time that it had, another that of now. What has been
    read is forgotten, until this build is good, and for good where code or settings have changed since or a file has
    gone.
    """
    files = sorted(path for path in stage.rglob("*") if path.is_file())
    common = [path for path in files if path.suffix in SETTINGS] + sorted((run.root / "liegg").rglob("*.py"))
    settings = hashlib.sha256(str(environment.installed()).encode())
    for path in common:
        settings.update(str(path).encode() + hashlib.sha256(path.read_bytes()).digest())
    try:
        before = json.loads((site / READ).read_text(encoding="utf-8"))
        (site / READ).unlink()
    except (OSError, ValueError):
        before = {}
    gone = before.get("files", {}).keys() - {str(path.relative_to(stage)) for path in files}
    if before.get("settings") != settings.hexdigest() or gone:
        shutil.rmtree(site, ignore_errors=True)
        before = {"files": {}}
    read = {}
    for path in files:
        name, digest = str(path.relative_to(stage)), hashlib.sha256(path.read_bytes()).hexdigest()
        known, then = before["files"].get(name, ("", 0))
        written = then if known == digest else time.time_ns()
        os.utime(path, ns=(written, written))
        read[name] = digest, path.stat().st_mtime_ns
    return {"settings": settings.hexdigest(), "files": read}


def _own(run: Run) -> dict[str, str]:
    """The environment in which Sphinx finds the project's own liegg."""
    path = [str(run.root), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONUTF8": "1"}


def _cause(output: bytes, stage: Path) -> str:
    """The first complaint of a build and how many more there are, or the last line of one that broke off."""
    plain = COLOURS.sub("", output.decode("utf-8", "replace")).replace(f"{stage}{os.sep}", "")
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    complaints = [line for line in lines if COMPLAINT.search(line)] or lines[-1:] or ["without a word"]
    return complaints[0] + (f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else "")


def errors(html: Path) -> list[str]:
    """Pages of a built book that show a traceback or a message of the build, as paths."""
    found = [page for page in sorted(html.rglob("*.html")) if ERROR.search(article(page.read_text(encoding="utf-8")))]
    return [str(page.relative_to(html)) for page in found]


def article(page: str) -> str:
    """The page's own content, without the theme's frame."""
    start, end = page.find("<article"), page.rfind("</article>")
    return page[start:end] if 0 <= start < end else page


def _inputs(run: Run) -> str:
    """A digest of all that the book is made of."""
    folders = (run.root / "book", run.root / "liegg", run.root / "notebooks", run.root / "data")
    files = {p for folder in folders for p in folder.rglob("*") if p.is_file() and p.suffix in SOURCES}
    files = {p for p in files if run.build not in p.parents}
    files |= {*speed.files(run)}
    files |= {run.root / name for name in ("requirements.lock", "pyproject.toml") if (run.root / name).is_file()}
    made = [run.folder / kind for kind in ("measured", "executed", "results", "twice")]
    made.append(side_by_side.of_stored(run).executed("").parent)
    files |= {p for folder in made for p in folder.glob("*") if p.is_file()}
    digest = hashlib.sha256(f"{run.name} {commit()} {environment.installed()}".encode())
    for path in sorted(files):
        digest.update(str(path.relative_to(run.root)).encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _after_picture(notebook: nbformat.NotebookNode) -> int:
    """The place below the first figure of a page and what stands with it, above the next heading."""
    cells = list(enumerate(notebook.cells))
    first = next((i for i, cell in cells if "figure" in cell.metadata.get("mystnb", {})), 0)
    prose = {i: "".join(cell.source) for i, cell in cells if cell.cell_type == "markdown"}  # of a file a list of lines
    return next((i for i, words in prose.items() if i > first and re.search("^#", words, re.MULTILINE)), first + 1)


def _stage(run: Run, experiments: dict[str, Experiment], stage: Path) -> None:
    """Put the sources of the book together in one folder."""
    source = run.root / "book"
    shutil.copytree(
        source, stage, ignore=shutil.ignore_patterns("_build", "claims.yml", "dictionary.yml", "summary.yml")
    )
    states, judged = pages.states(run, experiments), claim_tables.judged(run, experiments)
    generated = {
        "picture": lambda: claim_tables.picture(run, experiments),
        "answer": lambda: claim_tables.answer(run, experiments),
        "claims": lambda: claim_tables.all_claims(run, experiments, judged),
        "dictionary": lambda: Dictionary(run.root).page({e.name: e.title for e in experiments.values()}),
        "runs": lambda: pages.runs(run, states),
        "speed": lambda: speed.page(run, stage),
        "stored": lambda: pages.stored(run, experiments),
        "versions": lambda: pages.versions(run, states),
    }
    for path in stage.glob("*.md"):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise UserError(f"book/{path.name} is no text in UTF-8: {error}") from None
        if unknown := set(re.findall(GENERATED, text)) - set(generated):
            raise UserError(f"book/{path.name}: nothing generated is called {min(unknown)}")
        path.write_text(re.sub(GENERATED, lambda m: generated[m[1]](), text), encoding="utf-8")
    (stage / "notebooks").mkdir()
    (stage / "results").mkdir()
    downloads.put(run, experiments, states, stage / "results")
    for state in states:
        name = state.experiment.name
        if state.result is None:
            (stage / "notebooks" / f"{name}.md").write_text(pages.not_run(run, state, judged), encoding="utf-8")
            continue
        notebook = executed.read(run.executed(name))
        drawings.prepare(notebook, name)
        side_by_side.instead(run, state.experiment, state.result, notebook)
        notebook.cells.insert(_after_picture(notebook), new_markdown_cell(pages.claims(run, state, judged)))
        side_by_side.put(run, state.experiment, state.result, notebook)
        if own := comparison.beside(run, state.experiment, state.result):
            notebook.cells.append(new_markdown_cell(own))
        notebook.cells.append(new_markdown_cell(pages.provenance(run, state)))
        drawings.add(notebook, name)
        for number, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{number}"  # else the same page is another file each time
        nbformat.write(notebook, stage / "notebooks" / f"{name}.ipynb")

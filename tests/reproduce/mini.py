"""A project of three tiny notebooks, for faults that would take too long in the whole one."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from liegg.reproduce.project import find_root

ROOT = find_root()
LONG = 240  # seconds after which nothing is still at work
NAMES = ("11_first", "12_second", "13_third")
PARAMETERS = """seed: int = 0  # of the draws
cases: int = 3  # how many are measured
pause: float = 0.05  # seconds that a case takes
word: str = "a"  # one of two"""
MEASURING = """import time

import torch

from liegg.reproduce.measured import sweep


def measure(case):
    time.sleep(pause)
    torch.manual_seed(seed + case["i"])
    return {"drawn": torch.rand(3), "i": case["i"]}


measured = sweep([{"i": i} for i in range(cases)], measure)"""
SAYING = """from liegg.reproduce.results import record

drawn = [float(m["drawn"].sum()) for m in measured]
print(drawn)"""
RECORDING = (
    """record("NAME", globals(), {"drawn": drawn}, [{"i": m["i"], "drawn": d} for m, d in zip(measured, drawn)])"""
)
ROW = """{name}:
  title: The page {name}
  regenerates: nothing
  seconds: {{smoke: 3, quick: 3, paper: 3}}
  profiles:
    smoke: {{}}
    quick: {{cases: 4}}
    paper: {{}}
  replicates: [seed]
  allowed:
    seed: {{min: 0, max: 1000}}
    cases: {{min: 1, max: 1000}}
    pause: {{min: 0, max: 60}}
    word: [a, b]
"""
BOOK = {
    "_config.yml": "title: mini\nauthor: nobody\nexecute: {execute_notebooks: 'off'}\nonly_build_toc_files: true\n",
    "_toc.yml": "format: jb-book\nroot: index\nchapters:\n"
    + "".join(f"- file: notebooks/{n}\n" for n in NAMES)
    + "- file: dictionary\n",
    "index.md": "# Mini\n\n% generated: runs\n\n% generated: versions\n",
    "claims.yml": "[]\n",
    "summary.yml": "picture: {experiment: 11_first, figure: none, file: none}\ncaption: Nothing.\nsentences: []\n",
    "dictionary.md": "# Dictionary\n\n% generated: dictionary\n",
    "dictionary.yml": "[]\n",
}


def notebook(name, *, parameters=PARAMETERS, measuring=MEASURING, saying=SAYING):
    """A page in four cells of code."""
    cells = [
        new_markdown_cell(f"# The page {name}"),
        new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        *map(new_code_cell, (measuring, saying, RECORDING.replace("NAME", name))),
    ]
    return new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}
    )


def make(folder: Path, pause: float = 0.05) -> Path:
    """The project in a folder, with liegg as it is; a case takes `pause` seconds."""
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "liegg", folder / "liegg", ignore=skip)
    for file in ("requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / file, folder)
    for part in ("notebooks", "book"):
        (folder / part).mkdir()
    (folder / "notebooks" / "experiments.yml").write_text("\n".join(ROW.format(name=name) for name in NAMES))
    for name in NAMES:
        parameters = PARAMETERS.replace("0.05", str(pause))
        nbformat.write(notebook(name, parameters=parameters), folder / "notebooks" / f"{name}.ipynb")
    for file, text in BOOK.items():
        (folder / "book" / file).write_text(text)
    return folder


def start(project, *words, **env):
    """`python -m liegg.reproduce`, at work, in a session of its own; its output is kept."""
    return subprocess.Popen(
        [sys.executable, "-m", "liegg.reproduce", *words],
        cwd=project,
        env={**os.environ, "OMP_NUM_THREADS": "1", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_heed_signals,
    )


def _heed_signals():
    """Whatever the tests were started with: a job in the background has Ctrl-C ignored, and nohup SIGHUP."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def reproduce(project, *words, **env):
    """The same, and what became of it."""
    process = start(project, *words, **env)
    out, err = ended(process)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def ended(process):
    """What a process said, when it has ended."""
    try:
        return process.communicate(timeout=LONG)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise


def at_work(project):
    """The processes that run in a project."""
    found = []
    for process in psutil.process_iter(["cwd"]):
        if process.info["cwd"] and Path(process.info["cwd"]).is_relative_to(project):
            found.append(process)
    return found


def until(condition, seconds=30.0):
    """Wait for a condition; whether it came true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False

"""`make probe`: a stranger's model, from the shell to a page of its own."""

import os
import re
import shutil
import subprocess
import sys
from argparse import Namespace
from dataclasses import replace

import numpy as np
import pytest

from liegg.reproduce import probe
from liegg.reproduce.book import errors
from liegg.reproduce.project import find_root

ROOT = find_root()
CODE = "def model(x):\n    return x[:, :3].square().sum(1) + (x[:, :3] * x[:, 3:]).sum(1)\n"


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A stranger's folder, and beside it a copy of the project."""
    here = tmp_path_factory.mktemp("stranger")
    skip = shutil.ignore_patterns("_build", ".venv", ".git", "__pycache__", ".*_cache", "data", "tests")
    shutil.copytree(ROOT, here / "project", ignore=skip)
    (here / "strangers_own.py").write_text(CODE)
    np.save(here / "x.npy", np.random.default_rng(0).standard_normal((300, 6)))
    return here


def ask(reader, *words):
    """`python -m liegg.reproduce probe` in the stranger's folder, with the liegg of the copy."""
    words = [*words] if any(word.startswith("--action") for word in words) else [*words, "--action=Linear(3, copies=2)"]
    return subprocess.run(
        [sys.executable, "-m", "liegg.reproduce", "probe", *words],
        cwd=reader,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(reader / "project")},
        capture_output=True,
        text=True,
    )


def test_a_model_its_answer_and_its_page(reader):
    done = ask(reader, "--model=strangers_own.py:model", "--inputs=x.npy")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 9 directions of Linear(3, copies=2) count as its symmetries; they span so(3)" in done.stdout
    assert "certain are" in done.stdout and "Use it" in done.stdout
    (page,) = re.findall(r"the page is built: open (.*index\.html)", done.stdout)
    built = reader / "project" / "book" / "_build" / "your-models"
    html = built / page.split("your-models/")[1]
    assert html.is_file() and not errors(html.parent) and html.read_text().count("<figure") == 3
    assert not (reader / "project" / "book" / "_build" / "html").exists()
    assert "{doc}" not in html.read_text() and "strangers_own.py:model" in html.read_text()


def test_what_is_wrong_is_one_line_and_leaves_no_page(reader):
    done = ask(reader, "--model=strangers_own.py:gone", "--inputs=x.npy")
    assert done.returncode == 1 and "strangers_own has no gone: it has model" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr and "the page is built" not in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "MODEL, INPUTS must be given, as in: make probe MODEL="),
        (("--model=a:b", "--inputs=x.npy", "--action="), "ACTION must be given"),
        (("--model=a\nb", "--inputs=x.npy"), "parameter model must be one line of text"),
    ],
)
def test_what_is_missing_is_named(reader, words, said):
    done = ask(reader, *words)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_files_are_named_by_their_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.py").touch()
    assert probe._located("m.py:build") == f"{tmp_path / 'm.py'}:build" and probe._located("m.py") == str(
        tmp_path / "m.py"
    )
    assert probe._located("package.module:build") == "package.module:build" and probe._located("") == ""
    runs = [probe._run({"model": "m.py:a", "action": action}) for action in ("Linear(2)", "Linear(3)")]
    assert runs[0].html != runs[1].html and runs[0].folder.parent.name == probe.FOLDER


def test_it_is_measured_anew_as_files_may_have_changed(tmp_path, monkeypatch):
    values = {"model": "a:b", "inputs": "x.npy", "targets": "", "action": "Linear(3)", "output_action": ""}
    run = replace(probe._run(values), root=tmp_path)
    monkeypatch.setattr(probe, "_run", lambda values: run)
    for kept in (run.measured(probe.PAGE), run.folder / "running" / "case.npz"):
        kept.parent.mkdir(parents=True)
        kept.touch()
    left = []
    monkeypatch.setattr(probe, "run_experiments", lambda run, *_: left.extend(run.folder.rglob("*.npz")) or ["failed"])
    assert probe.probe(Namespace(**values)) == 1 and left == []

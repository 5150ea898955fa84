"""The whole book of profile quick, from nothing and when hardly anything has changed, in a copy of the project."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from liegg.reproduce import table
from liegg.reproduce.project import Run, find_root

ROOT = find_root()
pytestmark = pytest.mark.benchmark(group="whole")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A clone, with what has been changed since the last commit, in which nothing has been run."""
    copy = tmp_path_factory.mktemp("project") / "liegg"
    subprocess.run(["git", "clone", "--quiet", ROOT, copy], check=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            shutil.copy2(ROOT / name, copy / name)
    return copy


@pytest.fixture
def book(project) -> Path:
    """The project with its book."""
    reproduce(project, "run")
    return project


def reproduce(project: Path, *words: str) -> None:
    env = os.environ | {"PYTHONPATH": str(project)}
    subprocess.run([sys.executable, "-m", "liegg.reproduce", *words], cwd=project, env=env, check=True)


def test_whole_reproduce(measure, project):
    def made() -> list[dict]:
        reproduce(project, "run")
        run = Run("quick", root=project)
        taken = {name: json.loads(run.result(name).read_text("utf-8"))["provenance"] for name in table.load()}
        seconds = {name: told["seconds"] + told["drawn"]["seconds"] for name, told in taken.items()}
        longest = max(seconds, key=seconds.__getitem__)
        return [
            {"what": f"its {len(seconds)} notebooks, their own times added up", "seconds": sum(seconds.values())},
            {"what": f"the longest of them, {longest}", "seconds": seconds[longest]},
        ]

    measure(made, case="make reproduce, from nothing", limit=22 * 60)


def test_whole_nothing_to_do(race, book):
    race(lambda: reproduce(book, "run"), {}, rounds=3, case="make reproduce, when nothing has changed", limit=5)


def test_whole_prose(race, book):
    page = book / "book" / "method.md"

    def written() -> None:
        page.write_text(page.read_text(encoding="utf-8") + "\nOne sentence more.\n", encoding="utf-8")
        reproduce(book, "run")

    race(written, {}, rounds=3, case="make reproduce, after a change of prose", limit=30)


def test_whole_book(race, book):
    run = Run("quick", root=book)

    def built() -> None:
        (run.html / ".inputs").unlink()
        shutil.rmtree(run.folder / "site", ignore_errors=True)  # what Sphinx keeps for the next time
        reproduce(book, "book")

    race(built, {}, rounds=3, case="make book, all pages anew", limit=60)

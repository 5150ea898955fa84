"""The book of profile quick when hardly anything has changed, in a copy of the project: skipped where none is built."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from liegg.reproduce import table
from liegg.reproduce.project import Run, find_root

ROOT, RUN = find_root(), Run("quick")
EXPERIMENTS = [e for e in table.load().values() if RUN.result(e.name).is_file()]

pytestmark = [
    pytest.mark.benchmark(group="whole"),
    pytest.mark.skipif(
        not (RUN.html / "index.html").is_file() or len(EXPERIMENTS) < len(table.load()),
        reason="there is no finished book of profile quick: make reproduce",
    ),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of what git keeps and of what the run has made, under git and up to date."""
    copy = tmp_path_factory.mktemp("project") / "liegg"
    subprocess.run(["git", "clone", "--quiet", ROOT, copy], check=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            shutil.copy2(ROOT / name, copy / name)
    shutil.copytree(ROOT / "book" / "_build", copy / "book" / "_build", symlinks=True)
    reproduce(copy, "run")
    return copy


def reproduce(project: Path, *words: str) -> None:
    env = os.environ | {"PYTHONPATH": str(project)}
    subprocess.run([sys.executable, "-m", "liegg.reproduce", *words], cwd=project, env=env, check=True)


def test_whole_nothing_to_do(race, project):
    race(lambda: reproduce(project, "run"), {}, rounds=3, case="make reproduce, when nothing has changed", limit=5)


def test_whole_prose(race, project):
    page = project / "book" / "method.md"

    def written() -> None:
        page.write_text(page.read_text(encoding="utf-8") + "\nOne sentence more.\n", encoding="utf-8")
        reproduce(project, "run")

    race(written, {}, rounds=3, case="make reproduce, after a change of prose", limit=30)


def test_whole_book(race, project):
    def built() -> None:
        (project / RUN.html.relative_to(ROOT) / ".inputs").unlink()
        shutil.rmtree(project / RUN.folder.relative_to(ROOT) / "site", ignore_errors=True)  # what Sphinx has read
        reproduce(project, "book")

    race(built, {}, rounds=3, case="make book, all pages anew", limit=60)


def test_whole_measuring(measure):
    """What the run that is there took, by its own account."""

    def told() -> list[dict]:
        taken = {e.name: json.loads(RUN.result(e.name).read_text("utf-8"))["provenance"] for e in EXPERIMENTS}
        seconds = {name: made["seconds"] + made["drawn"]["seconds"] for name, made in taken.items()}
        longest, total = max(seconds, key=seconds.__getitem__), sum(seconds.values())
        share = f"the longest of them, {longest}, {100 * seconds[longest] / total:.0f} % of it"
        return [
            {"what": f"all {len(seconds)} notebooks, measured and drawn one after another", "seconds": total},
            {"what": share, "seconds": seconds[longest]},
        ]

    measure(told, case="reading what the run took")

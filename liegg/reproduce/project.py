"""Where everything lies, and the one error class that people see without a traceback."""

import errno
import hashlib
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

TABLE = Path("notebooks", "experiments.yml")
LONGEST = 100  # characters of one's own parameters in the name of a folder


class UserError(Exception):
    """Something the person at the keyboard can mend: its text names the thing and the fix."""


MENDED = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room within your quota",
    errno.EROFS: "it lies on a read-only disk; work in a copy elsewhere",
    errno.EACCES: "change its permissions",
    errno.EPERM: "change its permissions",
    errno.ENOTDIR: "a file stands where a folder must be; remove it",
    errno.EEXIST: "a file stands where a folder must be; remove it",
    errno.EISDIR: "a folder stands where a file must be; remove it",
}
"""what helps, by the number of the system's error"""


def in_words(error: OSError) -> str:
    """An error of the system as one line: the place, the cause and what helps."""
    if isinstance(error, shutil.Error):  # of many files
        _, place, cause = error.args[0][0]
        return f"{place}: {cause}"
    place = f"{error.filename}: " if error.filename else ""
    cause = error.strerror or str(error)
    return f"{place}{cause}{f': {MENDED[error.errno]}' if error.errno in MENDED else ''}"


def say(*lines: str, error: bool = False) -> None:
    """Print at once; where nobody can read it, as after `| head`, go on in silence."""
    stream = sys.stderr if error else sys.stdout
    try:
        print(*lines, sep="\n", file=stream, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def find_root() -> Path:
    """The project's folder: the working directory or the nearest folder above it that has notebooks/experiments.yml,
    else the clone that liegg itself lies in. Raises UserError where there is neither."""
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).parents[2]):
        if (folder / TABLE).is_file():
            return folder
    raise UserError(
        f"there is no {TABLE} in {here} or above it: the experiments are in the project's repository; clone it and run "
        "this inside the clone"
    )


@dataclass(frozen=True)
class Run:
    """One set of results: a profile, or a profile with one's own parameters, which is kept apart."""

    profile: str
    overrides: tuple[tuple[str, object], ...] = ()
    root: Path = field(default_factory=find_root)
    aside: str = ""
    """the name of results that are no one's book, such as those of `verify`"""

    @property
    def name(self) -> str:
        if self.aside:
            return self.aside
        own = ",".join(f"{k}={v}" for k, v in self.overrides)
        plain = "".join(c if c.isalnum() or c in "=,._-" else "_" for c in own)
        if len(plain) > LONGEST:
            plain = f"{plain[:LONGEST]}-{hashlib.sha256(own.encode()).hexdigest()[:8]}"
        return f"{self.profile}+{plain}" if own else self.profile

    @property
    def build(self) -> Path:
        return self.root / "book" / "_build"

    @property
    def folder(self) -> Path:
        return self.build / self.name

    @property
    def html(self) -> Path:
        return (self.folder if self.overrides else self.build) / "html"

    def executed(self, experiment: str) -> Path:
        return self.folder / "executed" / f"{experiment}.ipynb"

    def failed(self, experiment: str) -> Path:
        return self.folder / "executed" / f"{experiment}.failed.ipynb"

    def measured(self, experiment: str) -> Path:
        """What was measured, from which results are decided and drawn."""
        return self.folder / "measured" / f"{experiment}.npz"

    def result(self, experiment: str) -> Path:
        return self.folder / "results" / f"{experiment}.json"

    def table(self, experiment: str) -> Path:
        """One row a network, where the experiment has such a table."""
        return self.result(experiment).with_suffix(".csv")

    def twice(self, experiment: str) -> Path:
        """In what two runs of it differ, where there were two."""
        return self.folder / "twice" / f"{experiment}.json"

    def stored(self, experiment: str) -> Path:
        """The result of the same profile that came with the project; what it was drawn from lies beside it."""
        return self.root / "data" / "reference" / self.profile / f"{experiment}.json"

    def reference(self, experiment: str) -> Path:
        """The stored result at the paper's settings, which every page is held against."""
        return Run("paper", root=self.root).stored(experiment)

    def command(self, experiment: str = "") -> str:
        """The make command that runs this again."""
        words = [f"PROFILE={self.profile}"] + ([f"NOTEBOOK={experiment}"] if experiment else [])
        own = " ".join(f"{k}={v}" for k, v in self.overrides)
        return " ".join(["make reproduce", *words] + ([f'PARAMS="{own}"'] if own else []))

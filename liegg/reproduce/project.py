"""Where everything lies, and how people are told what happens."""

import errno
import hashlib
import os
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path

from liegg.reproduce.errors import UserError
from liegg.reproduce.words import typed, written

TABLE = Path("notebooks", "experiments.yml")
LONGEST = 100  # characters of one's own parameters in the name of a folder


unsaid: list[OSError] = []


def say(*lines: str, error: bool = False) -> None:
    """Print at once; where nobody can read it, as after `| head`, go on in silence, and where it cannot be written keep
    the reason in `unsaid`."""
    stream = sys.stderr if error else sys.stdout
    try:
        print(*lines, sep="\n", file=stream, flush=True)
    except OSError as reason:
        if reason.errno not in (errno.EPIPE, errno.EIO):
            unsaid.append(reason)
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
        own = ",".join(f"{k}={typed(v)}" for k, v in self.overrides)
        plain = "".join(c if c.isascii() and (c.isalnum() or c in "=,._-") else "_" for c in own)
        if plain != own or len(plain) > LONGEST:
            digest = hashlib.sha256(repr(self.overrides).encode("utf-8", "surrogateescape")).hexdigest()
            plain = f"{plain[:LONGEST]}-{digest[:8]}"
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
        own = written(dict(self.overrides))
        quoted = shlex.quote(own) if set(own) & set('"$`\\!') else f'"{own}"'
        return " ".join(["make reproduce", *words] + ([f"PARAMS={quoted}"] if own else []))

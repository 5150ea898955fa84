"""What a reader must know of where results came from: other versions than locked, changed files, other commits."""

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from liegg.reproduce.project import Run
from liegg.reproduce.results import commit

LOCKED = re.compile(r"^([\w.-]+)==([^\s;\\]+)\s*(?:;\s*([^\\]+?))?\s*\\?$", flags=re.M)
"""a line of requirements.lock: name, version, where it is needed"""
TORCH = re.compile(r'^ *"(torch)==([^"]+)",', flags=re.M)
"""the line of pyproject.toml that pins what is installed before the locked packages"""


def locked(root: Path) -> dict[str, str]:
    """The version of every package that the project's own set-up installs here. Raises ValueError or OSError where the
    files that say so cannot be read."""
    lines = [*LOCKED.findall((root / "requirements.lock").read_text(encoding="utf-8"))]
    lines += [(*found, "") for found in TORCH.findall((root / "pyproject.toml").read_text(encoding="utf-8"))]
    return {canonicalize_name(name): number for name, number, where in lines if not where or Marker(where).evaluate()}


def warnings(run: Run, made: dict[str, dict]) -> Iterator[str]:
    """What to be warned of, a sentence each; `made` has the provenance of every page that has a result."""
    here = commit()
    try:
        lock = locked(run.root)
    except (OSError, ValueError) as error:
        yield f"The locked versions cannot be read: {error}."
        lock = {}
    if other := [
        f"{name} {_installed(name)} ({number})" for name, number in lock.items() if _installed(name) != number
    ]:
        yield f"Packages here are not of the locked versions (in brackets): {', '.join(other)}."
    if pages := [name for name, p in made.items() if _differing(p["versions"], lock)]:
        yield f"Made with other versions than are locked: {', '.join(pages)}."
    if "local changes" in here or here == "not under git":
        yield f"This book was built from files that are under no commit ({here})."
    if pages := [name for name, p in made.items() if {p["commit"], p["drawn"]["commit"]} != {here}]:
        yield f"Made by another commit than this book ({here}), whatever that changed: {', '.join(pages)}."


def installed() -> str:
    """Every package that is installed here, with its version."""
    return " ".join(sorted(f"{d.name}=={d.version}" for d in distributions()))


def _installed(name: str) -> str:
    try:
        return version(name).split("+")[0]
    except PackageNotFoundError:
        return "missing"


def _differing(versions: dict[str, str], lock: dict[str, str]) -> bool:
    return any(lock.get(name, number) != number.split("+")[0] for name, number in versions.items())

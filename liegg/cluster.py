"""Workers of a Dask cluster, and that they compute with the software of those who ask them."""

import contextlib
import ctypes
import functools
import hashlib
import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Client

PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "distributed")
"""what numbers depend on, or how they travel"""
FEW = 3  # workers that are named
TRIM = ("MALLOC_TRIM_THRESHOLD_", "65536")
"""what Dask's nannies start workers with: glibc gives back at once what is freed, and every batch gets its memory anew,
which takes as long as computing"""
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # in malloc.h


class OtherSoftware(Exception):
    """A worker has other software than who asks it: its text says which, and what to do."""


def digest() -> str:
    """Of the code of liegg on the disk."""
    here, found = Path(__file__).parent, hashlib.sha256()
    for path in sorted(here.rglob("*.py")):
        found.update(f"{path.relative_to(here).as_posix()} ".encode() + path.read_bytes())
    return found.hexdigest()[:12]


CODE = digest()  # when it is loaded: what changes later is not what this process computes with


def software() -> dict[str, str]:
    """The versions of Python, of PACKAGES without their builds, and of liegg with a digest of its code."""
    from liegg import __version__

    own = {"python": platform.python_version(), "liegg": f"{__version__} (code {CODE})"}
    return own | {name: _version(name) for name in PACKAGES}


@functools.cache
def _version(package: str) -> str:
    try:
        return version(package).split("+")[0]
    except PackageNotFoundError:
        return "none"


@contextlib.contextmanager
def kept_memory() -> Iterator[None]:
    """Undo TRIM for a while: glibc keeps what is freed for what is asked for next, and gives all back in the end."""
    if TRIM not in os.environ.items() or platform.libc_ver()[0] != "glibc":
        yield
        return
    libc = ctypes.CDLL(None)
    try:
        libc.mallopt(M_TRIM_THRESHOLD, 1 << 28)
        libc.mallopt(M_MMAP_THRESHOLD, 1 << 25)  # the most that it takes
        yield
    finally:
        libc.mallopt(M_TRIM_THRESHOLD, int(TRIM[1]))
        libc.mallopt(M_MMAP_THRESHOLD, 1 << 17)  # what it begins with
        libc.malloc_trim(0)


def require(wanted: dict[str, str]) -> None:
    """Raise OtherSoftware unless this process has the software that is wanted."""
    if found := differing(software(), wanted):
        raise OtherSoftware(f"a worker has {found}: install the same there, and start it again")


def require_same(client: "Client") -> None:
    """Raise OtherSoftware, which names them, if workers have other software than this process."""
    ours, other = software(), {}
    for address, theirs in client.run(software, on_error="return").items():
        if isinstance(theirs, OSError):
            continue  # it has gone
        if isinstance(theirs, BaseException):
            other[address] = f"no liegg that it can load ({theirs})"
        elif found := differing(theirs, ours):
            other[address] = found
    if other:
        named = "; ".join(f"{address} has {found}" for address, found in [*other.items()][:FEW])
        more = f"; and {len(other) - FEW} more workers" if len(other) > FEW else ""
        raise OtherSoftware(f"workers have other software: {named}{more}. Install the same there, and start them again")


def differing(theirs: dict[str, str], ours: dict[str, str]) -> str:
    """In words, what differs; "" if nothing does."""
    return ", ".join(f"{name} {theirs.get(name)}, here {ours[name]}" for name in ours if theirs.get(name) != ours[name])

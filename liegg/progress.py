"""One line on how a long computation stands, for whoever is watching."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

EVERY = 0.5
"""seconds between two lines"""
_last = float("-inf")
_within: list[str] = []


def show(text: str) -> None:
    """Replace the line shown before, at most every half second.

    Under `make reproduce` it goes to the file that the variable LIEGG_PROGRESS names, which the runner reads; otherwise
    to a terminal or a notebook on standard output; otherwise nowhere.
    """
    global _last
    target, now = os.environ.get("LIEGG_PROGRESS"), time.monotonic()
    if now - _last < EVERY:
        return
    text = ": ".join([*_within, text])
    if target:
        with suppress(OSError):  # a full disk need not stop what is computed
            Path(target).write_text(text, encoding="utf-8")
    elif sys.stdout is not None and (sys.stdout.isatty() or "ipykernel" in sys.modules):
        print(f"\r\x1b[K{text}", end="", flush=True)
    else:
        return
    _last = now


def clear() -> None:
    """Take the line away: the computation has ended."""
    global _last
    target = os.environ.get("LIEGG_PROGRESS")
    if target:
        Path(target).unlink(missing_ok=True)
    elif _last > float("-inf"):
        print("\r\x1b[K", end="", flush=True)
    _last = float("-inf")


@contextmanager
def within(text: str) -> Iterator[None]:
    """Lines shown in this context begin with `text`."""
    _within.append(text)
    try:
        yield
    finally:
        _within.pop()

"""Measuring in a notebook: what is found is kept at once, and read in place of measuring it again.

The cells up to the last one that calls `sweep` or `once` are the notebook's measuring part. What they need and no more
decides when it is measured again (`liegg.reproduce.keys`); the cells below decide, draw and tell.
"""

import hashlib
import json
import os
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch

from liegg import progress
from liegg.reproduce import kept
from liegg.reproduce.errors import UserError
from liegg.reproduce.loaded import require_unchanged
from liegg.reproduce.results import memory

RESERVED = ({"array"}, {"object", "state"})  # keys of dicts that stand for something else in a file


def sweep(cases: Sequence[dict], measure: Callable[[dict], Any]) -> list[Any]:
    """What measure(case) returned for each case: dicts and lists of numbers, words, None, tensors, and objects of liegg
    with `state_dict()` and `from_state_dict(...)`, such as Factors.

    Under the runner every finished case is kept, and a run that was stopped goes on from there; where all was measured
    before and nothing that it depends on has changed since, nothing is measured. Raises UserError for a case that what
    was kept does not have, and for one that was measured in this notebook before, as cases are known by what they say.
    """
    source, folder = os.environ.get("LIEGG_KEPT"), os.environ.get("LIEGG_CASES")
    if source or folder:
        _require_new(cases)
    if source:
        return _from(Path(source), cases)
    results = []
    for i, case in enumerate(cases, 1):
        place = _place(Path(folder), case) if folder else None
        done = _finished(place, case) if place else []
        if not done:
            began = time.monotonic()
            require_unchanged()
            with progress.within(f"case {i} of {len(cases)}"), _measuring(place):
                value = _plain(measure(case))
            require_unchanged()
            done = [value]
            if place:
                seconds = round(time.monotonic() - began, 2)
                about = {"key": os.environ["LIEGG_KEY"], "seconds": seconds, "memory": memory()}
                kept.write(place, about, [(case, value)])
                _beside(place).unlink(missing_ok=True)
        results.append(_lively(done[0]))  # the same whether kept or new
    return results


def once(measure: Callable[[], Any]) -> Any:
    """What measure() returned: `sweep` with a single case."""
    return sweep([{}], lambda _: measure())[0]


_current: list[Path] = []


def checkpoint() -> Path | None:
    """Within measure(case): a file in which a long computation may keep how far it is, by torch.save.

    A run that was stopped finds it again, unless it is damaged, or something has changed that the measurement depends
    on; it is removed when the case is finished. None outside the runner.
    """
    if not _current:
        return None
    if not _whole(_current[-1]):
        _current[-1].unlink(missing_ok=True)
    return _current[-1]


def _whole(path: Path) -> bool:
    """Whether a checkpoint can be read, bit for bit as it was written, which PyTorch alone does not check."""
    try:
        with zipfile.ZipFile(path) as parts:
            whole = parts.testzip() is None
        torch.load(path, weights_only=True, map_location="cpu")
    except Exception:  # whatever reading a damaged file raises
        return False
    return whole


def _place(folder: Path, case: dict) -> Path:
    """The file of a case: its name holds what the measurement depends on, so that no other code writes it."""
    return folder / f"{_name(case)}-{hashlib.sha256(os.environ['LIEGG_KEY'].encode()).hexdigest()[:16]}.npz"


def _beside(place: Path) -> Path:
    """The checkpoint of a case."""
    return place.with_suffix(".checkpoint")


@contextmanager
def _measuring(place: Path | None) -> Iterator[None]:
    """What `checkpoint` answers meanwhile."""
    if place is None:
        yield
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    _current.append(_beside(place))
    try:
        yield
    finally:
        _current.pop()


_asked: set[str] = set()


def _require_new(cases: Sequence[dict]) -> None:
    """Refuse cases that this notebook has asked for already: one would be read in place of the other."""
    for case in cases:
        if (name := _name(case)) in _asked:
            raise UserError(f"two measurements have the case {case}: give one of them another key")
        _asked.add(name)


def _name(case: dict) -> str:
    return hashlib.sha256(json.dumps(case).encode()).hexdigest()[:16]


def _from(path: Path, cases: Sequence[dict]) -> list[Any]:
    known = {_name(case): value for case, value in kept.read(path)}
    if missing := [case for case in cases if _name(case) not in known]:
        raise UserError(f"{path} has nothing of {missing[0]}: it was measured by other code; measure it again")
    return [_lively(known[_name(case)]) for case in cases]


def _finished(place: Path, case: dict) -> list[Any]:
    """[what a stopped run kept of a case], or [] if it kept nothing or was about something else."""
    if (kept.header(place) or {}).get("key") != os.environ["LIEGG_KEY"]:
        return []
    return [value for known, value in kept.read(place) if _name(known) == _name(case)]


def _plain(value: Any) -> Any:
    """A value as dicts, lists, numbers, words and arrays."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, np.generic):
        return value.item()
    if hasattr(value, "from_state_dict"):
        kind = type(value)
        return {"object": f"{kind.__module__}:{kind.__name__}", "state": _plain(value.state_dict())}
    if isinstance(value, dict):
        if set(value) in RESERVED:
            raise UserError(f"what is measured may not be a dict of {', '.join(value)} alone: arrays are kept so")
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(part) for part in value]
    return value


def _lively(value: Any) -> Any:
    """What `_plain` was made of, with lists for tuples."""
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy())
    if isinstance(value, dict) and set(value) == {"object", "state"}:
        module, name = value["object"].split(":")
        if not module.startswith("liegg."):
            raise UserError(f"what was kept names {value['object']}, which is no part of liegg")
        return getattr(import_module(module), name).from_state_dict(_lively(value["state"]))
    if isinstance(value, dict):
        return {key: _lively(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_lively(part) for part in value]
    return value

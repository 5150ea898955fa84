"""What was measured, as a file: for every case of an experiment numbers, words and arrays, without pickle.

A .npz with one entry a array and two in JSON: the header, which says what was measured by which code, and the cases,
where {"array": i} stands for array i.
"""

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from liegg.reproduce import whole

Case = tuple[dict, Any]
"""A case and what was measured of it: dicts, lists, numbers, words, None and numpy arrays"""


UNREADABLE = (
    OSError, MemoryError, ValueError, TypeError, KeyError, EOFError, NotImplementedError, RecursionError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""what reading a file raises that is no whole one"""


def write(path: Path, header: dict, cases: list[Case]) -> None:
    """Write a file whole or not at all."""
    arrays: list[np.ndarray] = []
    skeleton = [[case, _taken_apart(value, arrays)] for case, value in cases]
    entries: dict[str, Any] = {str(i): array for i, array in enumerate(arrays)}
    with whole.writing(path) as part, part.open("wb") as file:
        np.savez_compressed(file, header=_text(header), cases=_text(skeleton), **entries)


def header(path: Path) -> dict | None:
    """What a file says of itself, without its arrays; None if there is no such file, or it is no whole one."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            found = _parsed(stored["header"])
            sound = "cases" in stored and stored.zip.testzip() is None
            return found if sound and isinstance(found, dict) else None
    except UNREADABLE:
        return None


def read(path: Path) -> list[Case]:
    """The cases of a file, in the order in which they were written."""
    with np.load(path, allow_pickle=False) as stored:
        return [(case, _put_together(value, stored)) for case, value in _parsed(stored["cases"])]


def _taken_apart(value: Any, arrays: list[np.ndarray]) -> Any:
    if isinstance(value, dict):
        return {key: _taken_apart(part, arrays) for key, part in value.items()}
    if isinstance(value, list):
        return [_taken_apart(part, arrays) for part in value]
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"array": len(arrays) - 1}
    return value


def _put_together(value: Any, arrays: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"array"}:
        return arrays[str(value["array"])]
    if isinstance(value, dict):
        return {key: _put_together(part, arrays) for key, part in value.items()}
    if isinstance(value, list):
        return [_put_together(part, arrays) for part in value]
    return value


def _text(value: Any) -> np.ndarray:
    return np.frombuffer(json.dumps(value).encode(), dtype=np.uint8)


def _parsed(text: np.ndarray) -> Any:
    return json.loads(text.tobytes().decode())

"""A file that keeps how far a training is, from which it goes on to the same result."""

from pathlib import Path

import torch


def keep(path: Path | None, what: dict, parts: dict, **place) -> None:
    """Write the states of `parts` (objects with state_dict, or generators) with `what` identifies the training and its
    `place`, whole or not at all; nothing without a path."""
    if path is None:
        return
    state = {name: _state(part) for name, part in parts.items()}
    part = path.with_name(path.name + ".part")
    torch.save({"what": what, "parts": state, "place": place}, part)
    part.replace(path)


def resume(path: Path | None, what: dict, parts: dict) -> dict | None:
    """Put `parts` in the state that was kept, and say at which place; None where nothing was. Raises ValueError for a
    checkpoint of another training."""
    if path is None or not path.is_file():
        return None
    kept = torch.load(path, weights_only=True, map_location="cpu")
    if other := [name for name in what if kept["what"].get(name) != what[name]]:
        raise ValueError(f"{path} is the checkpoint of a training with another {other[0]}: give a file of its own")
    for name, part in parts.items():
        state = kept["parts"][name]
        part.set_state(state) if isinstance(part, torch.Generator) else part.load_state_dict(state)
    return kept["place"]


def _state(part):
    return part.get_state() if isinstance(part, torch.Generator) else part.state_dict()

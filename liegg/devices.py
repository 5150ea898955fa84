"""Where things are computed."""

import torch
from torch import Tensor, nn


def resolve(device: torch.device | str) -> torch.device:
    """The device of that name; "auto" is a GPU if there is one, else the CPU. Raises ValueError for what is no
    device, and for one that is not there."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if not isinstance(device, str | int | torch.device):
        raise ValueError(f'device must be "cpu", "cuda", "auto" or a torch.device, not {device!r}')
    try:
        found = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f'there is no device "{device}": give "cpu", "cuda" or "auto"') from error
    if found.type == "meta":
        raise ValueError('nothing can be computed on the meta device: give device="cpu" or "auto"')
    if found.type == "cuda" and not torch.cuda.is_available():
        raise ValueError('there is no GPU that torch can use: give device="cpu" or "auto"')
    return found


def home(function: object, x: Tensor) -> torch.device:
    """Where a function is computed if nothing else is said: where its weights are, or else the data."""
    weight = first_weight(function)
    return x.device if weight is None else weight.device


def first_weight(function: object) -> Tensor | None:
    """A parameter of a module, which tells its precision and place; None for other functions."""
    return next(function.parameters(), None) if isinstance(function, nn.Module) else None

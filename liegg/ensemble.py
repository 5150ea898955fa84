"""Moved: `liegg.train`. This name goes with the next release."""

import warnings

from torch import Tensor

from liegg.training.ensemble import train as _train


def train(*args, **kwargs) -> Tensor:
    """`liegg.train`, under its old name and where it trained then: on a GPU if there is one."""
    warnings.warn("liegg.ensemble.train is liegg.train now", DeprecationWarning, stacklevel=2)
    return _train(*args, **{"device": "auto"} | kwargs)

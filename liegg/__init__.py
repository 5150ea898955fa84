"""liegg: which symmetries has a neural network learned?

    found = liegg.find_symmetry(model, x, liegg.actions.Linear(5, copies=2))
    print(found)

Submodules load when they are first used, so that programs which need no torch start at once.
"""

import importlib

__version__ = "0.1.0"
_SUBMODULES = (
    "actions",
    "algebra",
    "architectures",
    "cost",
    "counting",
    "data",
    "discovery",
    "ensemble",
    "identification",
    "models",
    "naming",
    "o5",
    "orbits",
    "plots",
    "polarization",
    "progress",
    "regimes",
    "result",
    "symmetry",
    "targets",
    "zoo",
)
_NAMES = {"find_symmetry": "symmetry", "Symmetry": "result", "Polarization": "polarization"}
__all__ = [*_SUBMODULES, *_NAMES]


def __getattr__(name: str):
    if name in _SUBMODULES:
        return importlib.import_module(f"liegg.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"liegg.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'liegg' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

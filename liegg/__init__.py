"""liegg: which symmetries has a neural network learned?

    found = liegg.find_symmetry(model, x, liegg.actions.Linear(5, copies=2))
    print(found)

Submodules load when they are first used, so that programs which need no torch start at once.
"""

import importlib

__version__ = "0.1.0"
_SUBMODULES = ("actions", "algebra", "cluster", "data", "plots", "progress", "studies", "symmetry", "training")
_NAMES = {
    "find_symmetry": "symmetry.find",
    "decide": "symmetry.find",
    "Symmetry": "symmetry.result",
    "black_box": "symmetry.black_box",
    "polarization_matrix": "symmetry.polarization",
    "polarize": "symmetry.stream",
    "polarize_parts": "symmetry.map_reduce",
    "Augmentation": "symmetry.use",
    "penalty": "symmetry.use",
    "lie_algebra": "symmetry.use",
    "train": "training.ensemble",
    "pretrained": "training.pretrained",
}
_MOVED = ("ensemble",)  # one release longer, with a warning
__all__ = [*_NAMES, *_SUBMODULES]


def __getattr__(name: str):
    if name in _SUBMODULES or name in _MOVED:
        return importlib.import_module(f"liegg.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"liegg.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'liegg' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

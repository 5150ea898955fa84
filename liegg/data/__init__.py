"""Data sets of images by name.

`digits` is embedded in scikit-learn. The others are read from files, see `liegg.data.files` for where they lie,
downloaded if they are missing, and checked by sha256 either way; one data set never stands in for another.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from torch import Tensor

from liegg.data import cifar10, digits, idx


class _Set(NamedTuple):
    read: Callable[[str, int | None], tuple[Tensor, Tensor]]
    """(part, first) -> images and labels of "train" or "test", in the order of the files, at least the first"""
    validation: int = 0
    """training images that are kept for validation where nothing is said"""
    seed: int | None = None
    """of the order of the training images where nothing is said"""


DATASETS = {
    "digits": _Set(lambda part, first: digits.read(part), validation=180),
    "mnist": _Set(lambda part, first: idx.read("mnist", part), validation=10000, seed=0),
    "fashion-mnist": _Set(lambda part, first: idx.read("fashion-mnist", part)),
    "cifar10": _Set(cifar10.read),
}
SPLITS = ("train", "validation", "test")


def images(
    name: str, split: str, *, first: int | None = None, validation: int | None = None, seed: int | None = None
) -> tuple[Tensor, Tensor]:
    """Upright images (N, C, H, W) with values in [0, 1] and labels (N,).

    name         "digits": scikit-learn's 1797 handwritten digits, 8 x 8, enlarged to 20 x 20 and centred on 28 x 28.
                 "mnist", "fashion-mnist": 60000 and 10000 images, 1 x 28 x 28.
                 "cifar10": 50000 and 10000, 3 x 32 x 32
    split        "train": all training images but those of "validation"; "test"
    first        how many of the split, the first; of files in their order (no validation, no seed) only those are
                 read that hold some of them
    validation   how many training images, the last in their order, are kept for validation; by default 180 of the
                 1617 of "digits", 10000 of "mnist" (LieGG's split) and none of the others
    seed         of the order of the training images; by default a fixed random one for "digits", that of seed 0 for
                 "mnist", and the order of the files for the others

    Raises ValueError for another name, split or number and for damaged files, FileNotFoundError for files that are
    missing and cannot be downloaded, ImportError for "digits" without scikit-learn.
    """
    if not isinstance(name, str) or name not in DATASETS:
        raise ValueError(f'unknown dataset "{name}": there are {", ".join(DATASETS)}')
    if split not in SPLITS:
        raise ValueError(f'unknown split "{split}": there are {", ".join(SPLITS)}')
    if any(isinstance(n, bool) or not (n is None or hasattr(n, "__index__")) for n in (first, validation, seed)):
        raise ValueError(f"first, validation and seed must be whole numbers, not {first!r}, {validation!r}, {seed!r}")
    if first is not None and first < 1:
        raise ValueError(f"first is {first}, and must be at least 1")
    if seed is not None and seed < 0:
        raise ValueError(f"seed is {seed}, and must not be negative")
    read, kept, own = DATASETS[name]
    kept, seed = kept if validation is None else validation, own if seed is None else seed
    of_files = split == "test" or (seed is None and kept == 0)
    pixels, labels = read("test" if split == "test" else "train", first if of_files else None)
    if split != "test":
        rows = _rows(name, split, len(labels), kept, seed)
        pixels, labels = pixels[rows], labels[rows]
    if first is not None and first > len(labels):
        raise ValueError(f"{first} images are asked for, and {name} has {len(labels)} for {split}")
    pixels, labels = pixels[:first], labels[:first]
    return pixels if pixels.is_floating_point() else pixels / 255, labels


def _rows(name: str, split: str, there: int, kept: int, seed: int | None) -> np.ndarray | slice:
    """Which training images belong to a split."""
    if not 0 <= kept < there:
        raise ValueError(f"validation is {kept}, and must be 0 to {there - 1}: {name} has {there} training images")
    if split == "validation" and not kept:
        raise ValueError(f"no image of {name} is kept for validation: say how many, validation=...")
    rows = slice(there - kept) if split == "train" else slice(there - kept, None)
    return rows if seed is None else np.random.default_rng(seed).permutation(there)[rows]

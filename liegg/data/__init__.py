"""Data sets by name: upright images of digits.

`digits` is embedded in scikit-learn. `mnist` is read from files, see `liegg.data.files` for where they lie, downloaded
if they are missing, and checked by sha256 either way; one data set never stands in for another.
"""

from torch import Tensor

from liegg.data import digits, mnist

DATASETS = ("digits", "mnist")
SPLITS = {
    "train": {"digits": (0, 1437), "mnist": (0, 50000)},
    "validation": {"digits": (1437, 1617), "mnist": (50000, 60000)},
    "test": {"digits": (1617, 1797), "mnist": (0, 10000)},
}


def images(name: str, split: str) -> tuple[Tensor, Tensor]:
    """Upright images (N, 1, 28, 28) with values in [0, 1] and labels (N,).

    name     "digits": scikit-learn's 1797 handwritten digits, 8 x 8, enlarged to 20 x 20 and centred, in a fixed random
             order. "mnist": its files, the training images in a fixed random order, so that
             those kept for validation are like the others.
    split    "train" (1437 or 50000 images), "validation" (180 or 10000) or "test" (180 or 10000)

    Raises ValueError for another name or split and for damaged files, FileNotFoundError for files that are missing
    and cannot be downloaded, ImportError for "digits" without scikit-learn.
    """
    if name not in DATASETS:
        raise ValueError(f'unknown dataset "{name}": there are {", ".join(DATASETS)}')
    if split not in SPLITS:
        raise ValueError(f'unknown split "{split}": there are {", ".join(SPLITS)}')
    pixels, labels = digits.read() if name == "digits" else mnist.read("t10k" if split == "test" else "train")
    rows = slice(*SPLITS[split][name])
    return pixels[rows], labels[rows]

"""Fashion-MNIST, from its four IDX files."""

import numpy as np
import torch
from torch import Tensor

from liegg.data import files

URL = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"


def read(part: str) -> tuple[Tensor, Tensor]:
    """Images (N, 1, 28, 28) with values in [0, 1] and labels (N,) of the part "train" (60000) or "t10k" (10000), in the
    order of the files.

    Raises ValueError for another part and for damaged files, FileNotFoundError for files that are missing and cannot be
    downloaded.
    """
    if part not in ("train", "t10k"):
        raise ValueError(f'unknown part "{part}" of fashion-mnist: there are train, t10k')
    pixels = _idx(f"{part}-images-idx3-ubyte", offset=16).reshape(-1, 1, 28, 28)
    labels = _idx(f"{part}-labels-idx1-ubyte", offset=8)
    return torch.tensor(pixels) / 255, torch.tensor(labels, dtype=torch.long)


def _idx(name: str, offset: int) -> np.ndarray:
    return np.frombuffer(files.content("fashion-mnist", name, f"{URL}{name}.gz"), np.uint8, offset=offset)

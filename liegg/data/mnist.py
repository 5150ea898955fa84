"""MNIST, from its four IDX files."""

import numpy as np
import torch
from torch import Tensor

from liegg.data import files

URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"


def read(part: str) -> tuple[Tensor, Tensor]:
    """Images (N, 1, 28, 28) and labels (N,) of the part "train", in a fixed random order, or "t10k"."""
    pixels = _idx(f"{part}-images-idx3-ubyte", offset=16).reshape(-1, 1, 28, 28)
    labels = _idx(f"{part}-labels-idx1-ubyte", offset=8)
    order = np.random.default_rng(0).permutation(len(labels)) if part == "train" else slice(None)
    return torch.tensor(pixels[order]) / 255, torch.tensor(labels[order], dtype=torch.long)


def _idx(name: str, offset: int) -> np.ndarray:
    return np.frombuffer(files.content("mnist", name, f"{URL}{name}.gz"), np.uint8, offset=offset)

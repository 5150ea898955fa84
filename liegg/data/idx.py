"""MNIST and Fashion-MNIST, from their four IDX files."""

import numpy as np
import torch
from torch import Tensor

from liegg.data import files

URLS = {
    "mnist": "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "fashion-mnist": "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
}
PARTS = {"train": "train", "test": "t10k"}
IMAGES = {"train": 60000, "test": 10000}
SIDE = 28


def read(name: str, part: str) -> tuple[Tensor, Tensor]:
    """All images (N, 1, 28, 28) of bytes and labels (N,) of the part "train" or "test", in the order of the files."""
    pixels = _entries(name, f"{PARTS[part]}-images-idx3-ubyte", (IMAGES[part], 1, SIDE, SIDE), header=16)
    labels = _entries(name, f"{PARTS[part]}-labels-idx1-ubyte", (IMAGES[part],), header=8)
    return pixels, labels.long()


def _entries(dataset: str, name: str, shape: tuple[int, ...], header: int) -> Tensor:
    """The bytes of a file after its header, which says their shape."""
    content = files.content(dataset, name, header + int(np.prod(shape)), f"{URLS[dataset]}{name}.gz")
    return torch.tensor(np.frombuffer(content, np.uint8, offset=header)).reshape(shape)

"""CIFAR-10, from the record files of its binary version: 60000 colour photographs of 10 classes, 32 x 32 pixels."""

import numpy as np
import torch
from torch import Tensor

from liegg.data import files

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
FOLDER = "cifar-10-batches-bin"
"""the files' folder in the archive"""
NAMES = {"train": [f"data_batch_{i}.bin" for i in range(1, 6)], "test": ["test_batch.bin"]}
IMAGES = 10000
"""in every file"""
RECORD = 1 + 3 * 32 * 32
"""bytes of an image: its label, then red, green and blue, row by row"""


def read(part: str, first: int | None = None) -> tuple[Tensor, Tensor]:
    """The first images, or all, (N, 3, 32, 32) of bytes, and labels (N,), of the part "train" (50000) or "test"
    (10000), in the order of the files; only the files that hold them are read."""
    if first is not None and first > IMAGES * len(NAMES[part]):
        raise ValueError(f"{first} images are asked for, and cifar10 has {IMAGES * len(NAMES[part])} for {part}")
    names = NAMES[part] if first is None else NAMES[part][: -(-first // IMAGES)]
    sources = [(name, IMAGES * RECORD, URL, f"{FOLDER}/{name}") for name in names]
    content = b"".join(files.content("cifar10", *source) for source in sources)
    records = torch.tensor(np.frombuffer(content, np.uint8).reshape(-1, RECORD)[:first])
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].long()

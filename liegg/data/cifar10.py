"""CIFAR-10, from the record files of its binary version: 60000 colour photographs of 10 classes, 32 x 32 pixels."""

import gzip
import hashlib
import lzma
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from liegg.data import files

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
FOLDER = "cifar-10-batches-bin"
"""the files' folder in the archive"""
IMAGES = 10000
"""in every file"""
RECORD = 1 + 3 * 32 * 32
"""bytes of an image: its label, then red, green and blue, row by row"""
DAMAGE = (EOFError, KeyError, AttributeError, gzip.BadGzipFile, lzma.LZMAError, zlib.error, tarfile.TarError)
"""what reading a file raises that is no whole one"""
OPENERS: dict[str, Callable] = {"": open, ".gz": gzip.open, ".xz": lzma.open}


def read(part: str, images: int) -> tuple[Tensor, Tensor]:
    """The first images (N, 3, 32, 32) with values in [0, 1], and labels (N,), of the part "train" (50000) or "test"
    (10000), in the order of the files; only the files that hold them are read.

    Files lie in LIEGG_DATA or its folder cifar10, plain, as .gz or as .xz, or all together in the published archive,
    which is downloaded if they are missing. Raises ValueError for other parts and numbers and for damaged files,
    FileNotFoundError for files that are missing and cannot be downloaded.
    """
    names = {"train": [f"data_batch_{i}.bin" for i in range(1, 6)], "test": ["test_batch.bin"]}
    if part not in names:
        raise ValueError(f'unknown part "{part}" of cifar10: there are {", ".join(names)}')
    if not 1 <= images <= IMAGES * len(names[part]):
        raise ValueError(f"cifar10 has 1 to {IMAGES * len(names[part])} images for {part}, not {images}")
    content = b"".join(_content(name) for name in names[part][: -(-images // IMAGES)])
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)[:images]
    pixels = torch.tensor(records[:, 1:]).reshape(-1, 3, 32, 32) / 255
    return pixels, torch.tensor(records[:, 0], dtype=torch.long)


def _content(name: str) -> bytes:
    """The uncompressed content of a file, checked."""
    folders = [files.folder() / "cifar10", files.folder()]
    places = [folder / f"{name}{suffix}" for folder in folders for suffix in OPENERS]
    path = next((place for place in places if place.is_file()), None)
    try:
        if path is None:
            path = _archive(folders)
            with tarfile.open(path) as archive, archive.extractfile(f"{FOLDER}/{name}") as file:
                content = file.read()
        else:
            with OPENERS[path.suffix if path.suffix in OPENERS else ""](path, "rb") as file:
                content = file.read()
    except DAMAGE as error:
        raise ValueError(f"{path} is damaged: remove it, and it is downloaded anew") from error
    if hashlib.sha256(content).hexdigest() != files.digests()[f"cifar10/{name}"]:
        raise ValueError(
            f"{name} in {path} is damaged: remove it, and it is downloaded anew "
            "(its sha256 is not the one in liegg/data/checksums.sha256)"
        )
    return content


def _archive(folders: list[Path]) -> Path:
    """The published archive, downloaded if it is not there."""
    places = [folder / URL.rsplit("/", 1)[1] for folder in folders]
    return next((place for place in places if place.is_file()), None) or files._download(URL, places[0])

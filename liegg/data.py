"""The data of the experiments: the O(5) regression task, and images of digits.

`digits` is embedded in scikit-learn. `mnist` is read from files in the folder LIEGG_DATA (default: data/), downloaded
there if they are missing, and checked by sha256 either way; one data set never stands in for another.
"""

import gzip
import hashlib
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from liegg import algebra, targets
from liegg.actions import Affine2d

ROOT = Path(__file__).parent.parent / "data"
MNIST_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
DATASETS = ("digits", "mnist")
SPLITS = {
    "train": {"digits": (0, 1437), "mnist": (0, 50000)},
    "validation": {"digits": (1437, 1617), "mnist": (50000, 60000)},
    "test": {"digits": (1617, 1797), "mnist": (0, 10000)},
}


def o5(samples: int, *, seed: int) -> tuple[Tensor, Tensor]:
    """Standard normal points (N, 10) and their targets (N, 1)."""
    x = torch.randn(samples, 10, generator=torch.Generator().manual_seed(seed))
    return x, targets.o5(x)


def images(name: str, split: str) -> tuple[Tensor, Tensor]:
    """Upright images (N, 1, 28, 28) with values in [0, 1] and labels (N,).

    name     "digits": scikit-learn's 1797 handwritten digits, 8 x 8, enlarged to 20 x 20 and centred, in a fixed random
             order. "mnist": its files, the training images in a fixed random order, so that
             those kept for validation are like the others.
    split    "train" (1437 or 50000 images), "validation" (180 or 10000) or "test" (180 or 10000)

    Raises ValueError for another name or split and for damaged files, FileNotFoundError for files that are missing
    and cannot be downloaded.
    """
    if name not in DATASETS:
        raise ValueError(f'unknown dataset "{name}": there are {", ".join(DATASETS)}')
    if split not in SPLITS:
        raise ValueError(f'unknown split "{split}": there are {", ".join(SPLITS)}')
    pixels, labels = _digits() if name == "digits" else _mnist("t10k" if split == "test" else "train")
    rows = slice(*SPLITS[split][name])
    return pixels[rows], labels[rows]


def digits_task(name: str, split: str, samples: int, *, rotated: bool, seed: int) -> tuple[Tensor, Tensor]:
    """Digits as LieGG prepares them, (samples, 1, 28, 28) and (samples,): rotated or upright, blurred, standardised.

    The images are drawn without replacement, over again when there are fewer than asked for; every drawn image is
    turned by its own angle.
    """
    x, y = images(name, split)
    generator = torch.Generator().manual_seed(seed)
    rounds = -(-samples // len(x))
    drawn = torch.cat([torch.randperm(len(x), generator=generator) for _ in range(rounds)])[:samples]
    x = x[drawn]
    return blur_and_standardize(rotate(x, seed=seed) if rotated else x), y[drawn]


def digits_tasks(name: str, split: str, samples: int, *, rotated: bool, seeds: Sequence[int]) -> tuple[Tensor, Tensor]:
    """A `digits_task` for each seed, (seeds, samples, 1, 28, 28) and (seeds, samples)."""
    parts = [digits_task(name, split, samples, rotated=rotated, seed=seed) for seed in seeds]
    return torch.stack([x for x, _ in parts]), torch.stack([y for _, y in parts])


def rotate(x: Tensor, *, seed: int) -> Tensor:
    """Every image (B, C, H, W) turned by its own angle, uniform over the full circle."""
    angles = 2 * torch.pi * torch.rand(len(x), generator=torch.Generator().manual_seed(seed))
    action = Affine2d()
    turn = action.coefficients(algebra.so(2)[0] * 2**0.5)
    return action.act(turn, x, angles).clamp(0, 1)


def blur_and_standardize(x: Tensor, *, sigma: float = 1.5, mean: float = 0.1303, std: float = 0.3008) -> Tensor:
    """Gaussian blur (sigma in pixels), then (x - mean) / std: LieGG's preparation of rotated MNIST, its constants."""
    radius = int(4 * sigma + 0.5)
    kernel = torch.exp(-torch.arange(-radius, radius + 1, dtype=x.dtype).square() / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).expand(x.shape[1], 1, 1, -1)
    pad = torch.nn.functional.pad(x, (radius,) * 4, mode="replicate")
    rows = torch.nn.functional.conv2d(pad, kernel, groups=x.shape[1])
    return (torch.nn.functional.conv2d(rows, kernel.transpose(2, 3), groups=x.shape[1]) - mean) / std


def _digits() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits

    digits = load_digits()
    small = torch.tensor(digits.images / 16, dtype=torch.float32)[:, None]
    large = torch.nn.functional.interpolate(small, size=(20, 20), mode="bicubic", align_corners=False)
    order = np.random.default_rng(0).permutation(len(large))
    padded = torch.nn.functional.pad(large.clamp(0, 1), (4, 4, 4, 4))
    return padded[order], torch.tensor(digits.target, dtype=torch.long)[order]


def _mnist(part: str) -> tuple[Tensor, Tensor]:
    pixels = np.frombuffer(_mnist_file(f"{part}-images-idx3-ubyte"), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    labels = np.frombuffer(_mnist_file(f"{part}-labels-idx1-ubyte"), np.uint8, offset=8)
    order = np.random.default_rng(0).permutation(len(pixels)) if part == "train" else slice(None)
    return torch.tensor(pixels[order]) / 255, torch.tensor(labels[order], dtype=torch.long)


def _mnist_file(name: str) -> bytes:
    """The content of one MNIST file, from LIEGG_DATA or its mnist/ folder, gzip-compressed or not."""
    root = Path(os.environ.get("LIEGG_DATA") or ROOT)
    places = [root / "mnist" / f"{name}.gz", root / "mnist" / name, root / f"{name}.gz", root / name]
    path = next((p for p in places if p.is_file()), None) or _download(f"{MNIST_URL}{name}.gz", places[0])
    damaged = f"{path} is damaged: remove it, and it is downloaded anew"
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise ValueError(damaged) from error
    lines = (ROOT / "checksums.sha256").read_text().splitlines()
    wanted = {path: digest for digest, path in map(str.split, lines)}
    if hashlib.sha256(content).hexdigest() != wanted[f"mnist/{name}"]:
        raise ValueError(f"{damaged} (its sha256 is not the one in data/checksums.sha256)")
    return content


def _download(url: str, path: Path) -> Path:
    """Fetch a file to its place, whole or not at all."""
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(url, timeout=60) as response, part.open("wb") as file:
            shutil.copyfileobj(response, file)
    except (urllib.error.URLError, OSError) as error:
        part.unlink(missing_ok=True)
        raise FileNotFoundError(
            f"{path.name} is neither in {path.parent} nor to be had from {url} ({error}): "
            "put the MNIST files there, or set LIEGG_DATA to the folder that holds them"
        ) from error
    return part.replace(path)

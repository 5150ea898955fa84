"""The images of the study: digits in a quadrant, and pictures plain, shifted or turned (section 6 and released
code)."""

import math

import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample, interpolate, pad

from liegg import data
from liegg.studies.layerwise.schedule import Data

TASKS = {"digit": 10, "digit and quadrant": 40}
"""and how many classes they have"""
MOVES = ("plain", "translated", "rotated")
MNIST = 0.1307, 0.3081
"""mean and standard deviation that digits of MNIST are standardised with, as in the released code"""
CIFAR10 = (0.49140, 0.48216, 0.44653), (0.24703, 0.24349, 0.26159)
"""of the training images, channel by channel"""
FAR = 8 / 14
"""largest translation along either axis, of half the width"""
SEEDS = 1, 0
"""of the moves of training and test images, as in the released code"""
BORDER = 4
"""pixels that a random crop may leave the image by"""


def in_quadrants(dataset: str, task: str, *, images: int, held_out: int, side: int, seed: int) -> Data:
    """Digits in a random quadrant of a black canvas, and what is to be told: the digit, or digit + 10 · quadrant.

    dataset   "digits": scikit-learn's, 8 x 8 on 16 x 16, split and placed by `seed`. "mnist": 28 x 28 on 56 x 56,
              resized to 32 x 32, in a fixed order and in fixed places, as in the released code
    images    for training, and `held_out` for testing
    side      of the canvas in the end: larger ones become means over squares of pixels

    Raises ValueError for other names and for more images than there are.
    """
    if task not in TASKS:
        raise ValueError(f'unknown task "{task}": there are {", ".join(TASKS)}')
    if dataset == "digits":
        parts = _small_digits(images, held_out, seed)
        places = torch.randint(4, (images + held_out,), generator=torch.Generator().manual_seed(seed))
        quadrants = places[:images], places[images:]
    else:
        parts = _pictures(dataset, images, held_out)
        seeds = 1001, 1000
        quadrants = tuple(
            torch.randint(4, (len(x),), generator=torch.Generator().manual_seed(s)) for (x, _), s in zip(parts, seeds)
        )
    canvases = _standard([_reduced(_placed(x, q), side) for (x, _), q in zip(parts, quadrants)], dataset)
    labels = [y if task == "digit" else y + 10 * q for (_, y), q in zip(parts, quadrants)]
    return canvases[0], labels[0], canvases[1], labels[1]


def moved(dataset: str, how: str, *, images: int, held_out: int, side: int) -> Data:
    """Pictures as they are, each translated by its own vector or each rotated by its own angle, bilinear, black around.

    dataset   "digits" (scikit-learn's, centred), "mnist" or "cifar10", all resized to `side` x `side`
    how       "plain", "translated" by up to FAR along both axes, or "rotated" by up to 180 degrees

    Raises ValueError for other names and for more images than there are.
    """
    if how not in MOVES:
        raise ValueError(f'unknown move "{how}": there are {", ".join(MOVES)}')
    found, labels = [], []
    for (x, y), seed in zip(_pictures(dataset, images, held_out), SEEDS):
        x = x if x.shape[-1] == side else interpolate(x, size=(side, side), mode="bilinear", align_corners=False)
        found.append(x if how == "plain" else _resampled(x, how, seed))
        labels.append(y)
    train, test = _standard(found, dataset)
    return train, labels[0], test, labels[1]


def flipped_and_cropped(x: Tensor, generator: torch.Generator) -> Tensor:
    """A batch with each image mirrored or not and shifted by up to BORDER pixels, 0 coming in, which is the
    mean colour of standardised images: the paper's augmentation, drawn image by image (in the released code once a
    batch)."""
    mirrored = torch.rand(len(x), generator=generator) < 0.5
    shifts = torch.randint(2 * BORDER + 1, (2, len(x)), generator=generator)
    mirrored, shifts = mirrored.to(x.device), shifts.to(x.device)
    x = torch.where(mirrored[:, None, None, None], x.flip(3), x)
    rows, columns = (torch.arange(n, device=x.device) for n in x.shape[-2:])
    batch = torch.arange(len(x), device=x.device)[:, None, None]
    wide = pad(x, (BORDER,) * 4).movedim(1, 3)
    return wide[batch, (rows + shifts[0, :, None])[:, :, None], (columns + shifts[1, :, None])[:, None]].movedim(3, 1)


def _small_digits(images: int, held_out: int, seed: int) -> list[tuple[Tensor, Tensor]]:
    """scikit-learn's digits (N, 1, 8, 8) and labels, in an order of the seed: for training, for testing."""
    x, y = (torch.tensor(part) for part in load_digits(return_X_y=True))
    if images + held_out > len(x):
        raise ValueError(f"{images + held_out} images are asked for, and digits has {len(x)}")
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    x = x.float().reshape(-1, 1, 8, 8) / 16
    return [(x[part], y[part]) for part in (order[:images], order[images : images + held_out])]


def _pictures(dataset: str, images: int, held_out: int) -> list[tuple[Tensor, Tensor]]:
    """Pictures with values in [0, 1] and labels, for training and for testing."""
    return [data.images(dataset, split, first=n) for split, n in (("train", images), ("test", held_out))]


def _placed(x: Tensor, quadrants: Tensor) -> Tensor:
    """Images (N, 1, H, H) on canvases of twice the side, MNIST's resized to 32 x 32; upper left, upper right, lower
    left, lower right."""
    H = x.shape[-1]
    canvas = x.new_zeros(len(x), 1, 2 * H, 2 * H)
    for q in range(4):
        row, column = H * (q // 2), H * (q % 2)
        canvas[quadrants == q, :, row : row + H, column : column + H] = x[quadrants == q]
    return canvas if H == 8 else interpolate(canvas, size=(32, 32), mode="bilinear", align_corners=False)


def _reduced(x: Tensor, side: int) -> Tensor:
    if side < 1 or x.shape[-1] % side:
        raise ValueError(f"canvases of side {x.shape[-1]} cannot be reduced to {side}")
    return avg_pool2d(x, x.shape[-1] // side)


def _standard(parts: list[Tensor], dataset: str) -> list[Tensor]:
    """Images for training and testing, standardised alike: small digits by those for training."""
    if dataset == "cifar10":
        mean, std = (torch.tensor(v)[:, None, None] for v in CIFAR10)
    elif dataset == "mnist":
        mean, std = MNIST
    else:
        mean, std = parts[0].mean(), parts[0].std()
    return [(x - mean) / std for x in parts]


def _resampled(x: Tensor, how: str, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    maps = torch.eye(2, 3).repeat(len(x), 1, 1)
    if how == "translated":
        maps[:, :, 2] = FAR * (2 * torch.rand(len(x), 2, generator=generator) - 1)
    else:
        angle = math.pi * (2 * torch.rand(len(x), generator=generator) - 1)
        maps[:, 0, 0], maps[:, 0, 1], maps[:, 1, 0], maps[:, 1, 1] = angle.cos(), -angle.sin(), angle.sin(), angle.cos()
    grid = affine_grid(maps, list(x.shape), align_corners=False)
    return grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)

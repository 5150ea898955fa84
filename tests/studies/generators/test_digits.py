"""Digits as LieGG prepares them: decided by the seed, blurred as SciPy blurs, turned every way."""

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from liegg.studies.generators import digits


def test_the_task_is_decided_by_its_seed():
    x, y = digits.draw("digits", "train", 50, rotated=True, seed=3)
    again, _ = digits.draw("digits", "train", 50, rotated=True, seed=3)
    upright, same_labels = digits.draw("digits", "train", 50, rotated=False, seed=3)
    assert torch.equal(x, again) and torch.equal(y, same_labels) and not torch.equal(x, upright)
    many, labels = digits.draw("digits", "test", 400, rotated=True, seed=0)
    assert len(many) == len(labels) == 400
    assert len({image.numpy().tobytes() for image in many}) == 400  # drawn again, turned anew


def test_blur_is_scipys_gaussian():
    x = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0)).double()
    ours = digits.blur_and_standardize(x) * 0.3008 + 0.1303
    theirs = np.stack([gaussian_filter(image[0], 1.5, mode="nearest") for image in x.numpy()])
    assert np.allclose(ours[:, 0], theirs, atol=1e-6)


def test_rotations_cover_the_circle():
    bar = torch.zeros(2000, 1, 15, 15)
    bar[..., 7, 11] = 1
    turned = digits.rotate(bar, seed=0)
    u = torch.arange(15) - 7.0
    x, y = (turned[:, 0] * u).sum((1, 2)), (turned[:, 0] * u[:, None]).sum((1, 2))
    angle = torch.atan2(y, x)
    assert np.histogram(angle, bins=8, range=(-np.pi, np.pi))[0].min() > 200

"""Data sets by name: splits that do not mix, and the real ones where they are at hand."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from liegg import data
from liegg.data import digits, idx


def seen(images):
    return {image.numpy().tobytes() for image in images}


def test_splits_do_not_share_an_image():
    parts = [data.images("digits", split)[0] for split in data.SPLITS]
    assert [len(p) for p in parts] == [1437, 180, 180]
    # scikit-learn's digits hold no two equal images
    assert sum(len(seen(part)) for part in parts) == 1797 == len(set.union(*map(seen, parts)))
    assert all(p.shape[1:] == (1, 28, 28) and p.min() >= 0 and p.max() <= 1 for p in parts)


def test_a_number_and_a_seed_take_validation_from_the_training_images():
    whole = digits.read("train")[0]
    of_seed = {}
    for seed in (1, 2):
        kept = {"validation": 500, "seed": seed}
        train, validation, test = (data.images("digits", split, **kept)[0] for split in data.SPLITS)
        assert [len(train), len(validation)] == [1117, 500] and torch.equal(test, digits.read("test")[0])
        assert torch.equal(torch.cat([train, validation]), whole[np.random.default_rng(seed).permutation(1617)])
        of_seed[seed] = seen(validation)
    assert of_seed[1] != of_seed[2]
    assert torch.equal(data.images("digits", "train", validation=0)[0], whole)
    assert torch.equal(data.images("digits", "validation", first=7)[0], data.images("digits", "validation")[0][:7])


def test_what_a_data_set_keeps_for_validation_by_itself(monkeypatch):
    """LieGG's split of MNIST is one part in six, in the order of seed 0; Fashion-MNIST and CIFAR-10 keep none."""
    numbers = torch.arange(12)
    read = lambda name, part: (numbers.to(torch.uint8).reshape(12, 1, 1, 1), numbers)
    monkeypatch.setattr(idx, "read", read)
    monkeypatch.setitem(data.DATASETS, "mnist", data.DATASETS["mnist"]._replace(validation=2))
    order = np.random.default_rng(0).permutation(12).tolist()
    assert data.images("mnist", "train")[1].tolist() == order[:10]
    assert data.images("mnist", "validation")[1].tolist() == order[10:]
    pixels, labels = data.images("fashion-mnist", "train")
    assert labels.tolist() == numbers.tolist() and torch.equal(pixels.flatten(), numbers / 255)
    with pytest.raises(ValueError, match="no image of fashion-mnist is kept for validation: say how many"):
        data.images("fashion-mnist", "validation")


@pytest.mark.parametrize(
    ("name", "split", "numbers", "words"),
    [
        ("svhn", "train", {}, 'unknown dataset "svhn": there are digits, mnist, fashion-mnist, cifar10'),
        ("digits", "dev", {}, 'unknown split "dev"'),
        (["digits"], "train", {}, "unknown dataset"),
        ("digits", "train", {"first": 2.5}, "must be whole numbers, not 2.5"),
        ("digits", "train", {"first": True}, "must be whole numbers, not True"),
        ("digits", "test", {"validation": 0.1}, "must be whole numbers, not None, 0.1"),
        ("digits", "train", {"seed": "a"}, "must be whole numbers"),
        ("digits", "train", {"seed": -1}, "seed is -1, and must not be negative"),
        ("digits", "test", {"first": 0}, "first is 0, and must be at least 1"),
        ("digits", "test", {"first": 181}, "181 images are asked for, and digits has 180 for test"),
        ("digits", "train", {"validation": 1617}, "validation is 1617, and must be 0 to 1616"),
        ("digits", "train", {"validation": -1}, "validation is -1"),
        ("digits", "validation", {"validation": 0}, "no image of digits is kept"),
    ],
)
def test_names_and_numbers_that_are_not_there(name, split, numbers, words):
    with pytest.raises(ValueError, match=words):
        data.images(name, split, **numbers)


ROOT = Path(os.environ.get("LIEGG_DATA") or Path(data.__file__).parents[2] / "data")
MEANS = {  # of the training images: mean and standard deviation of each channel, and images a class
    "mnist": ([0.13066], [0.30811], [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
    "fashion-mnist": ([0.28604], [0.35302], [6000] * 10),
    "cifar10": (
        [0.49280, 0.48299, 0.44701],
        [0.24743, 0.24412, 0.26205],
        [1989, 1981, 2042, 2011, 2009, 1925, 2038, 2027, 2012, 1966],
    ),
}
FIRST = {"cifar10": 20000}
"""images of which the figures are known: two of five files"""


@pytest.mark.parametrize("name", MEANS)
def test_the_real_ones(name):
    if not any(ROOT.glob(f"{name}/*[0-9]*")):
        pytest.skip(f"the files of {name} are not there: set LIEGG_DATA")
    mean, deviation, classes = MEANS[name]
    x, y = data.images(name, "train", first=FIRST.get(name), validation=0)
    assert x.mean((0, 2, 3)).tolist() == pytest.approx(mean, abs=1e-5)
    assert x.std((0, 2, 3)).tolist() == pytest.approx(deviation, abs=1e-5)
    assert y.bincount().tolist() == classes
    x, y = data.images(name, "test")
    assert len(x) == 10000 and x.min() == 0 and x.max() == 1
    if name != "mnist":  # which is not balanced
        assert y.bincount().tolist() == [1000] * 10
    if name == "cifar10":
        assert x.mean((0, 2, 3)).tolist() == pytest.approx([0.49421, 0.48513, 0.45041], abs=1e-5)

"""CIFAR-10's record files, made small here."""

import lzma

import numpy as np
import pytest
import torch

from liegg import data
from liegg.data import cifar10

NAMES = [*cifar10.NAMES["train"], *cifar10.NAMES["test"]]


def test_only_the_files_needed_are_read(made):
    root, contents = made
    for name in NAMES[:2]:  # the others are not there
        (root / f"{name}.xz").write_bytes(lzma.compress(contents[name]))
    x, y = data.images("cifar10", "train", first=5)
    record = np.frombuffer(contents[NAMES[1]], np.uint8).reshape(3, -1)[1]
    assert x.shape == (5, 3, 32, 32) and y[4] == record[0]
    assert (x[4, 2, 1, 3] * 255).round() == record[1 + 2 * 1024 + 32 + 3]
    with pytest.raises(FileNotFoundError, match="LIEGG_DATA"):
        data.images("cifar10", "train", first=7)


def test_of_files_in_another_order_all_are_read(made):
    root, contents = made
    for name in NAMES[:5]:
        (root / name).write_bytes(contents[name])
    whole = data.images("cifar10", "train")[0]
    order = np.random.default_rng(3).permutation(15)
    assert torch.equal(data.images("cifar10", "train", first=2, seed=3)[0], whole[order[:2]])
    assert torch.equal(data.images("cifar10", "train", first=2, validation=4)[0], whole[:2])
    assert torch.equal(data.images("cifar10", "validation", first=2, validation=4)[0], whole[11:13])


def test_all_may_lie_in_the_published_archive(made, packed_archive, monkeypatch):
    root, contents = made
    published = root / "published" / "archive.tar.gz"
    published.parent.mkdir()
    published.write_bytes(packed_archive(contents))
    monkeypatch.setattr(cifar10, "URL", published.as_uri())
    assert data.images("cifar10", "test")[0].shape == (3, 3, 32, 32)
    published.unlink()  # there is the copy that was kept
    kept = {"validation": 6, "seed": 3}
    (x, y), (held, labels) = (data.images("cifar10", split, **kept) for split in ("train", "validation"))
    whole, order = data.images("cifar10", "train"), np.random.default_rng(3).permutation(15)
    assert torch.equal(torch.cat([x, held]), whole[0][order]) and torch.equal(torch.cat([y, labels]), whole[1][order])


def test_more_images_than_there_are(made):
    root, contents = made
    (root / NAMES[-1]).write_bytes(contents[NAMES[-1]])
    with pytest.raises(ValueError, match="4 images are asked for, and cifar10 has 3 for test"):
        data.images("cifar10", "test", first=4)

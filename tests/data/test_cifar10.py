"""CIFAR-10's record files, made small here."""

import hashlib
import io
import lzma
import tarfile

import numpy as np
import pytest
import torch

from liegg import data
from liegg.data import cifar10, files

NAMES = [*cifar10.NAMES["train"], *cifar10.NAMES["test"]]


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Files of three images each, and their digests."""
    contents = {}
    for place, name in enumerate(NAMES):
        records = np.random.default_rng(place).integers(0, 256, (3, cifar10.RECORD), np.uint8)
        records[:, 0] %= 10
        contents[name] = records.tobytes()
    digests = {f"cifar10/{name}": hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    monkeypatch.setattr(files, "digests", lambda: digests)
    monkeypatch.setattr(cifar10, "IMAGES", 3)
    monkeypatch.setenv("LIEGG_DATA", str(tmp_path))
    monkeypatch.setattr(cifar10, "URL", (tmp_path / "nowhere" / "cifar-10-binary.tar.gz").as_uri())
    return tmp_path, contents


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


def test_all_may_lie_in_the_published_archive(made, monkeypatch):
    root, contents = made
    published = root / "published" / "archive.tar.gz"
    published.parent.mkdir()
    with tarfile.open(published, "w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"{cifar10.FOLDER}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
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

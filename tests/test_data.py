"""Data: splits that do not mix, preparation as stated, files that are checked."""

import gzip
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from liegg import data, targets


def test_o5_target_is_invariant_under_rotations_and_reflections():
    x, y = data.o5(500, seed=0)
    R = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(1)).double()).Q
    turned = (x.double().reshape(-1, 2, 5) @ R.T).reshape(-1, 10)
    assert torch.allclose(targets.o5(turned), targets.o5(x.double()), atol=1e-10)
    assert (
        y.shape == (500, 1) and torch.equal(data.o5(500, seed=0)[0], x) and not torch.equal(data.o5(500, seed=1)[0], x)
    )
    r1, r2 = x[0].double().split(5)
    by_hand = (
        np.sin(np.linalg.norm(r1)) - np.linalg.norm(r2) ** 3 / 2 + r1 @ r2 / (np.linalg.norm(r1) * np.linalg.norm(r2))
    )
    assert y[0].item() == pytest.approx(float(by_hand), rel=1e-5)


def test_splits_do_not_share_an_image():
    parts = [data.images("digits", split)[0] for split in ("train", "validation", "test")]
    assert [len(p) for p in parts] == [1437, 180, 180]
    seen = [{image.numpy().tobytes() for image in part} for part in parts]
    # scikit-learn's digits hold no two equal images
    assert sum(map(len, seen)) == 1797 == len(set.union(*seen))
    assert all(p.shape[1:] == (1, 28, 28) and p.min() >= 0 and p.max() <= 1 for p in parts)


def test_the_task_is_decided_by_its_seed():
    x, y = data.digits_task("digits", "train", 50, rotated=True, seed=3)
    again, _ = data.digits_task("digits", "train", 50, rotated=True, seed=3)
    upright, same_labels = data.digits_task("digits", "train", 50, rotated=False, seed=3)
    assert torch.equal(x, again) and torch.equal(y, same_labels) and not torch.equal(x, upright)
    many, labels = data.digits_task("digits", "test", 400, rotated=True, seed=0)
    assert len(many) == len(labels) == 400
    assert len({image.numpy().tobytes() for image in many}) == 400  # drawn again, turned anew


def test_blur_is_scipys_gaussian():
    x = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0)).double()
    ours = data.blur_and_standardize(x) * 0.3008 + 0.1303
    theirs = np.stack([gaussian_filter(image[0], 1.5, mode="nearest") for image in x.numpy()])
    assert np.allclose(ours[:, 0], theirs, atol=1e-6)


def test_rotations_cover_the_circle():
    bar = torch.zeros(2000, 1, 15, 15)
    bar[..., 7, 11] = 1
    turned = data.rotate(bar, seed=0)
    u = torch.arange(15) - 7.0
    x, y = (turned[:, 0] * u).sum((1, 2)), (turned[:, 0] * u[:, None]).sum((1, 2))
    angle = torch.atan2(y, x)
    assert np.histogram(angle, bins=8, range=(-np.pi, np.pi))[0].min() > 200


@pytest.mark.parametrize(("name", "split", "word"), [("svhn", "train", "svhn"), ("digits", "dev", "dev")])
def test_unknown_names(name, split, word):
    with pytest.raises(ValueError, match=f'unknown .*"{word}"'):
        data.images(name, split)


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def tiny_mnist(tmp_path, monkeypatch):
    """Five images and labels in the files' format, on a server that is a folder, with their checksums."""
    server, root = tmp_path / "server", tmp_path / "root"
    server.mkdir()
    root.mkdir()
    pixels = np.arange(5 * 784).reshape(5, 28, 28) % 251
    files = {"t10k-images-idx3-ubyte": idx(pixels), "t10k-labels-idx1-ubyte": idx(np.array([3, 1, 4, 1, 5]))}
    lines = []
    for name, content in files.items():
        (server / f"{name}.gz").write_bytes(gzip.compress(content))
        lines.append(f"{hashlib.sha256(content).hexdigest()}  mnist/{name}\n")
    (root / "checksums.sha256").write_text("".join(lines))
    monkeypatch.setattr(data, "ROOT", root)
    monkeypatch.setattr(data, "MNIST_URL", server.as_uri() + "/")
    monkeypatch.setenv("LIEGG_DATA", str(tmp_path / "data"))
    return tmp_path, pixels, files


def test_mnist_is_downloaded_checked_and_kept(tiny_mnist):
    folder, pixels, _ = tiny_mnist
    for _ in range(2):
        x, y = data.images("mnist", "test")
        assert np.allclose(x[:, 0] * 255, pixels) and y.tolist() == [3, 1, 4, 1, 5]
        (folder / "server" / "t10k-images-idx3-ubyte.gz").unlink(missing_ok=True)  # the second time it is there
    assert sorted(p.name for p in (folder / "data" / "mnist").iterdir()) == [
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ]


def test_mnist_files_may_lie_in_the_folder_itself_uncompressed(tiny_mnist):
    folder, pixels, files = tiny_mnist
    (folder / "data").mkdir()
    for name, content in files.items():
        (folder / "data" / name).write_bytes(content)
    assert np.allclose(data.images("mnist", "test")[0][:, 0] * 255, pixels)


def test_missing_files_that_cannot_be_had(tiny_mnist):
    folder, *_ = tiny_mnist
    (folder / "server" / "t10k-images-idx3-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError, match="LIEGG_DATA"):
        data.images("mnist", "test")
    assert list((folder / "data" / "mnist").iterdir()) == []


@pytest.mark.parametrize("harm", ["cut", "altered", "not gzip"])
def test_damaged_files(tiny_mnist, harm):
    folder, _, files = tiny_mnist
    whole = files["t10k-images-idx3-ubyte"]
    path = folder / "data" / "mnist" / "t10k-images-idx3-ubyte.gz"
    path.parent.mkdir(parents=True)
    packed = gzip.compress(whole)
    path.write_bytes({"cut": packed[:-20], "altered": gzip.compress(whole[:-1] + b"x"), "not gzip": whole}[harm])
    with pytest.raises(ValueError, match=r"t10k-images-idx3-ubyte\.gz is damaged: remove it"):
        data.images("mnist", "test")


def mnist_is_there():
    root = Path(os.environ.get("LIEGG_DATA") or data.ROOT)
    return any((root / sub / "train-images-idx3-ubyte.gz").is_file() for sub in ("mnist", ""))


@pytest.mark.skipif(not mnist_is_there(), reason="the MNIST files are not there: set LIEGG_DATA")
def test_real_mnist():
    x, y = data.images("mnist", "train")
    held, labels = data.images("mnist", "validation")
    assert x.shape == (50000, 1, 28, 28) and held.shape == (10000, 1, 28, 28)
    assert torch.cat([x, held]).mean().item() == pytest.approx(0.13066, abs=1e-5)
    assert torch.bincount(torch.cat([y, labels])).tolist()[:2] == [5923, 6742]

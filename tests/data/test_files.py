"""Files of data sets: downloaded, checked and kept; refused if they are not what they should be."""

import gzip
import hashlib
import re

import numpy as np
import platformdirs
import pytest
import torch

from liegg import data
from liegg.data import files, mnist


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def tiny_mnist(tmp_path, monkeypatch):
    """Five images and labels in the files' format, on a server that is a folder, with their checksums."""
    server = tmp_path / "server"
    server.mkdir()
    pixels = np.arange(5 * 784).reshape(5, 28, 28) % 251
    contents = {"t10k-images-idx3-ubyte": idx(pixels), "t10k-labels-idx1-ubyte": idx(np.array([3, 1, 4, 1, 5]))}
    for name, content in contents.items():
        (server / f"{name}.gz").write_bytes(gzip.compress(content))
    digests = {f"mnist/{name}": hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    monkeypatch.setattr(files, "digests", lambda: digests)
    monkeypatch.setattr(mnist, "URL", server.as_uri() + "/")
    monkeypatch.setenv("LIEGG_DATA", str(tmp_path / "data"))
    return tmp_path, pixels, contents


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


def test_the_folder_is_the_one_named_or_the_clones_or_a_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("LIEGG_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert files.folder() == files.CLONE / "data" and (files.CLONE / "pyproject.toml").is_file()
    monkeypatch.setattr(files, "CLONE", tmp_path)
    assert files.folder() == platformdirs.user_cache_path("liegg", appauthor=False) != tmp_path / "data"
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "experiments.yml").touch()
    assert files.folder() == tmp_path / "data"
    monkeypatch.setenv("LIEGG_DATA", str(tmp_path / "named"))
    assert files.folder() == tmp_path / "named"


def test_checksums_of_all_files_come_with_the_package():
    digests = files.digests()
    names = {f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")}
    of_idx = {f"{dataset}/{name}" for dataset in ("mnist", "fashion-mnist") for name in names}
    batches = {f"cifar10/{name}.bin" for name in ("test_batch", *(f"data_batch_{i}" for i in range(1, 6)))}
    assert set(digests) == of_idx | batches
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests.values())


def mnist_is_there():
    root = files.folder()
    return any((root / sub / "train-images-idx3-ubyte.gz").is_file() for sub in ("mnist", ""))


@pytest.mark.skipif(not mnist_is_there(), reason="the MNIST files are not there: set LIEGG_DATA")
def test_real_mnist():
    x, y = data.images("mnist", "train")
    held, labels = data.images("mnist", "validation")
    assert x.shape == (50000, 1, 28, 28) and held.shape == (10000, 1, 28, 28)
    assert torch.cat([x, held]).mean().item() == pytest.approx(0.13066, abs=1e-5)
    assert torch.bincount(torch.cat([y, labels])).tolist()[:2] == [5923, 6742]

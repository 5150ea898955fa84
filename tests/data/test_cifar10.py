"""CIFAR-10's record files: made small here, and the real ones where they are at hand."""

import gzip
import hashlib
import io
import lzma
import tarfile

import numpy as np
import pytest

from liegg.data import cifar10, files

NAMES = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]


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


@pytest.mark.parametrize("folder", ["", "cifar10"])
@pytest.mark.parametrize(("suffix", "packed"), [("", bytes), (".gz", gzip.compress), (".xz", lzma.compress)])
def test_files_are_read_plain_and_compressed_and_only_those_needed(made, folder, suffix, packed):
    root, contents = made
    (root / folder).mkdir(exist_ok=True)
    for name in ("data_batch_1.bin", "data_batch_2.bin"):  # the others are not there
        (root / folder / f"{name}{suffix}").write_bytes(packed(contents[name]))
    x, y = cifar10.read("train", 5)
    record = np.frombuffer(contents["data_batch_2.bin"], np.uint8).reshape(3, -1)[1]
    assert x.shape == (5, 3, 32, 32) and y[4] == record[0]
    assert (x[4, 2, 1, 3] * 255).round() == record[1 + 2 * 1024 + 32 + 3]
    with pytest.raises(FileNotFoundError, match="LIEGG_DATA"):
        cifar10.read("train", 7)


def test_the_published_archive_does_too(made, monkeypatch):
    root, contents = made
    published = root / "published" / "archive.tar.gz"
    published.parent.mkdir()
    with tarfile.open(published, "w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"{cifar10.FOLDER}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    monkeypatch.setattr(cifar10, "URL", published.as_uri())
    assert cifar10.read("test", 3)[0].shape == (3, 3, 32, 32)
    published.unlink()
    assert len(cifar10.read("train", 15)[1]) == 15  # from the copy that was kept


@pytest.mark.parametrize("content", [b"short", None])
def test_damaged_files_are_refused(made, content):
    root, contents = made
    place = root / "test_batch.bin.xz"
    place.write_bytes(content or lzma.compress(contents["test_batch.bin"][:-1] + b"x"))
    with pytest.raises(ValueError, match=r"test_batch\.bin\.xz is damaged: remove it"):
        cifar10.read("test", 1)


@pytest.mark.parametrize(
    ("part", "images", "words"), [("dev", 1, 'part "dev"'), ("test", 4, "1 to 3 images"), ("train", 0, "not 0")]
)
def test_parts_and_numbers_that_are_not_there(made, part, images, words):
    with pytest.raises(ValueError, match=words):
        cifar10.read(part, images)


def at_hand():
    places = [
        folder / f"test_batch.bin{s}"
        for folder in (files.folder() / "cifar10", files.folder())
        for s in cifar10.OPENERS
    ]
    return any(place.is_file() for place in places)


@pytest.mark.skipif(not at_hand(), reason="the CIFAR-10 files are not there: set LIEGG_DATA")
def test_the_real_test_batch():
    x, y = cifar10.read("test", 10000)
    assert y.bincount().tolist() == [1000] * 10
    assert x.mean((0, 2, 3)).tolist() == pytest.approx([0.49421, 0.48513, 0.45041], abs=1e-5)

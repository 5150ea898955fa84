"""Data sets of a few images, in place of the real ones."""

import hashlib
import io
import tarfile

import numpy as np
import pytest
from tiny_files import CONTENTS, PIXELS

from liegg.data import cifar10, files, idx


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Five images and labels in the files' format, with their checksums; no server has them."""
    (tmp_path / "data").mkdir()
    digests = {f"mnist/{name}": hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()}
    monkeypatch.setattr(files, "digests", lambda: digests)
    monkeypatch.setattr(idx, "IMAGES", {"test": 5})
    monkeypatch.setattr(idx, "URLS", dict.fromkeys(idx.URLS, (tmp_path / "nowhere").as_uri() + "/"))
    monkeypatch.setenv("LIEGG_DATA", str(tmp_path / "data"))
    return tmp_path, PIXELS, CONTENTS


@pytest.fixture
def made(tmp_path, monkeypatch):
    """CIFAR-10's files of three images each, and their digests."""
    contents = {}
    for place, name in enumerate([*cifar10.NAMES["train"], *cifar10.NAMES["test"]]):
        records = np.random.default_rng(place).integers(0, 256, (3, cifar10.RECORD), np.uint8)
        records[:, 0] %= 10
        contents[name] = records.tobytes()
    digests = {f"cifar10/{name}": hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    monkeypatch.setattr(files, "digests", lambda: digests)
    monkeypatch.setattr(cifar10, "IMAGES", 3)
    monkeypatch.setenv("LIEGG_DATA", str(tmp_path))
    monkeypatch.setattr(cifar10, "URL", (tmp_path / "nowhere" / "cifar-10-binary.tar.gz").as_uri())
    return tmp_path, contents


@pytest.fixture
def packed_archive():
    """What packs CIFAR-10's files, or others by their names, into the archive in which they are published."""

    def packed(contents, mode="w:gz"):
        whole = io.BytesIO()
        with tarfile.open(fileobj=whole, mode=mode) as archive:
            for name, content in contents.items():
                member = tarfile.TarInfo(f"{cifar10.FOLDER}/{name}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return whole.getvalue()

    return packed

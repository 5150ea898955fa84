"""Files of data sets: downloaded, checked and kept; refused if they are not what they should be."""

import gzip
import hashlib
import io
import lzma
import re
import tarfile
import tracemalloc

import numpy as np
import platformdirs
import pytest
from tiny_files import IMAGES, LABELS

from liegg import data
from liegg.data import files


def read():
    return data.images("mnist", "test")


@pytest.mark.parametrize("place", ["", "mnist"])
@pytest.mark.parametrize(("suffix", "packed"), [("", bytes), (".gz", gzip.compress), (".xz", lzma.compress)])
def test_files_may_lie_in_the_folder_itself_and_be_packed_or_not(tiny, place, suffix, packed):
    folder, pixels, contents = tiny
    (folder / "data" / place).mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / "data" / place / f"{name}{suffix}").write_bytes(packed(content))
    assert np.allclose(read()[0][:, 0] * 255, pixels)


def flipped(content, place):
    return content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :]


HARMS = {
    "cut": lambda whole, packed: packed[:-20],
    "altered": lambda whole, packed: gzip.compress(whole[:-1] + b"x"),
    "not gzip": lambda whole, packed: whole,
    "empty": lambda whole, packed: b"",
    "a bit in its header": lambda whole, packed: flipped(packed, 1),
    "a bit in its stream": lambda whole, packed: flipped(packed, len(packed) // 2),
    "a bit in its checksum": lambda whole, packed: flipped(packed, len(packed) - 6),
    "short": lambda whole, packed: gzip.compress(whole[:-1]),
    "long": lambda whole, packed: gzip.compress(whole + b"x"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_damaged_files(tiny, harm):
    folder, _, contents = tiny
    path = folder / "data" / "mnist" / f"{IMAGES}.gz"
    path.parent.mkdir()
    path.write_bytes(HARMS[harm](contents[IMAGES], gzip.compress(contents[IMAGES])))
    with pytest.raises(ValueError, match=rf"{IMAGES}\.gz is damaged: remove it, and mnist/{IMAGES} is downloaded"):
        read()


@pytest.mark.parametrize("kind", ["", ".gz", ".xz"])
def test_any_flipped_bit_is_damage(tiny, kind):
    folder, _, contents = tiny
    whole = {"": bytes, ".gz": gzip.compress, ".xz": lzma.compress}[kind](contents[IMAGES])
    path = folder / "data" / f"{IMAGES}{kind}"
    (folder / "data" / LABELS).write_bytes(contents[LABELS])
    for place in np.random.default_rng(0).integers(len(whole), size=60):
        path.write_bytes(flipped(whole, int(place)))
        try:
            x, _ = read()
        except ValueError as error:
            assert f"{path} is damaged" in str(error)
        else:  # what says nothing of the content, as the time in a header
            assert x.shape == (5, 1, 28, 28)


@pytest.mark.parametrize("kind", [".gz", ".xz"])
def test_a_compression_bomb_takes_no_memory(tiny, kind):
    folder, *_ = tiny
    path = folder / "data" / f"{IMAGES}{kind}"
    with files.OPENERS[kind](path, "wb") as file:
        for _ in range(64):
            file.write(bytes(2**20))
    tracemalloc.start()
    with pytest.raises(ValueError, match="more than 3936 bytes"):
        read()
    assert tracemalloc.get_traced_memory()[1] < 2**24  # xz has a dictionary of 8 MB
    tracemalloc.stop()


def test_a_file_of_another_data_set_is_named(tiny):
    folder, _, contents = tiny
    (folder / "data" / IMAGES).write_bytes(contents[IMAGES])
    with pytest.raises(ValueError, match=f"is mnist/{IMAGES}, not fashion-mnist/{IMAGES}: give each"):
        files.digests()[f"fashion-mnist/{IMAGES}"] = "another"
        data.images("fashion-mnist", "test")


def test_a_file_that_may_not_be_read_is_not_called_damaged(tiny, monkeypatch):
    folder, _, contents = tiny
    path = folder / "data" / IMAGES
    path.write_bytes(contents[IMAGES])

    def refuse(path, mode):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setitem(files.OPENERS, "", refuse)
    with pytest.raises(PermissionError, match=f"{IMAGES} may not be read: change its permissions"):
        read()


def test_the_folder_is_the_one_named_or_the_clones_or_a_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("LIEGG_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert files.folder() == files.CLONE / "data" and (files.CLONE / "pyproject.toml").is_file()
    monkeypatch.setattr(files, "CLONE", tmp_path)
    assert files.folder() == platformdirs.user_cache_path("liegg", appauthor=False) != tmp_path / "data"
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "experiments.yml").touch()
    assert files.folder() == tmp_path / "data"
    monkeypatch.setenv("LIEGG_DATA", str(tmp_path))
    assert files.folder() == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LIEGG_DATA", "~/notebooks")
    assert files.folder() == tmp_path / "notebooks"


@pytest.mark.parametrize("named", ["typo", "~/typo", "~nobody-at-all/data", "file"])
def test_a_folder_that_is_not_there_is_not_made(tmp_path, monkeypatch, named):
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIEGG_DATA", named)
    kind = NotADirectoryError if named == "file" else FileNotFoundError
    with pytest.raises(kind, match=f'LIEGG_DATA is "{named}", and there is no such folder'):
        data.images("mnist", "test")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_checksums_of_all_files_come_with_the_package():
    digests = files.digests()
    names = {f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")}
    of_idx = {f"{dataset}/{name}" for dataset in ("mnist", "fashion-mnist") for name in names}
    batches = {f"cifar10/{name}.bin" for name in ("test_batch", *(f"data_batch_{i}" for i in range(1, 6)))}
    assert set(digests) == of_idx | batches
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests.values())


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """A function that reads the file "a/b" of ten bytes from an archive of given members, beside nothing else."""
    monkeypatch.setenv("LIEGG_DATA", str(tmp_path))
    monkeypatch.setattr(files, "digests", lambda: {"set/b": hashlib.sha256(b"0123456789").hexdigest()})

    def read(*members, cut=None):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            for name, content, changes in members:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                for key, value in changes.items():
                    setattr(member, key, value)
                tar.addfile(member, io.BytesIO(content))
        (tmp_path / "all.tar.gz").write_bytes(packed.getvalue()[:cut])
        return files.content("set", "b", 10, "https://nowhere.invalid/all.tar.gz", member="a/b")

    return read


def test_a_member_of_an_archive_is_read_and_nothing_is_unpacked(archive, tmp_path):
    outside = ("../../outside", b"never", {})
    assert archive(outside, ("a/b", b"0123456789", {})) == b"0123456789"
    assert [path.name for path in tmp_path.iterdir()] == ["all.tar.gz"]


@pytest.mark.parametrize(
    "members",
    [
        [],
        [("a/c", b"0123456789", {})],
        [("a/b", b"012345678", {})],
        [("a/b", b"0123456789x", {})],
        [("a/b", b"0123456798", {})],
        [("a/b", b"", {"type": tarfile.DIRTYPE})],
        [("a/b", b"", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"})],
        [("a/b", b"", {"type": tarfile.LNKTYPE, "linkname": "a/b"})],
        [("a/b", b"", {"type": tarfile.FIFOTYPE})],
    ],
)
def test_an_archive_without_the_member_that_it_should_have(archive, members):
    with pytest.raises(ValueError, match=r"all\.tar\.gz is damaged: remove it"):
        archive(*members)


@pytest.mark.parametrize("header", [{"GNU.sparse.map": "x,y"}, {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}])
def test_an_archive_with_broken_headers(archive, header):
    with pytest.raises(ValueError, match=r"all\.tar\.gz is damaged"):
        archive(("a/b", b"0123456789", {"pax_headers": header}))


def test_an_archive_that_is_cut(archive):
    with pytest.raises(ValueError, match=r"all\.tar\.gz is damaged"):
        archive(("a/z", np.random.default_rng(0).bytes(5000), {}), ("a/b", b"0123456789", {}), cut=3000)


def test_an_archive_that_claims_or_holds_too_much(archive, monkeypatch):
    monkeypatch.setattr(files, "ARCHIVE", 2**20)
    zeros = ("a/zeros", bytes(2**22), {})
    with pytest.raises(ValueError, match=r"damaged.*more than 1048576 bytes"):
        archive(zeros, ("a/b", b"0123456789", {}))
    with pytest.raises(ValueError, match=r"damaged.*more than 1048576 bytes"):
        archive(("a/b", b"0123456789", {"pax_headers": {"comment": "x" * 2**22}}))

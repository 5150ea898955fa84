"""Files of data sets: where they lie, fetched if they are missing, and checked by size and sha256 of their content.

They lie in the folder LIEGG_DATA; without it in data/ of the project, where liegg is used from a clone of it, and else
in the user's cache folder. There a data set may have a folder of its own name. Files may be plain, .gz or .xz, or,
where they are published as one, in their archive.
"""

import gzip
import hashlib
import http.client
import lzma
import os
import secrets
import tarfile
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files as package_files
from pathlib import Path
from typing import IO

import platformdirs

CLONE = Path(__file__).parents[2]
OPENERS: dict[str, Callable] = {".gz": gzip.open, "": open, ".xz": lzma.open}
"""how a file is opened, by its suffix"""
BROKEN = (
    EOFError,
    LookupError,
    ValueError,
    OverflowError,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zlib.error,
    tarfile.TarError,
    RecursionError,
)
"""what reading a file raises that is no whole one"""
ARCHIVE = 2**28
"""bytes that an archive of record files holds at most; those of CIFAR-10 hold 184 million"""
AT_ONCE = 2**20
"""bytes of a download that are in memory"""


def folder() -> Path:
    """Where data sets are looked for and downloaded to.

    Raises FileNotFoundError or NotADirectoryError where LIEGG_DATA names no folder: it is not made, it may be a typo.
    """
    if named := os.environ.get("LIEGG_DATA"):
        path = Path(os.path.expanduser(named))  # noqa: PTH111 - an unknown ~user stays as it is
        if path.is_dir():
            return path
        kind = NotADirectoryError if path.exists() else FileNotFoundError
        raise kind(f'LIEGG_DATA is "{named}", and there is no such folder: correct it, or make the folder')
    at_hand = (CLONE / "notebooks" / "experiments.yml").is_file()
    return CLONE / "data" if at_hand else platformdirs.user_cache_path("liegg", appauthor=False)


def content(dataset: str, name: str, size: int, url: str, member: str = "") -> bytes:
    """The uncompressed content of one file of a data set.

    size      its bytes; more are never read, whatever the file says of itself
    url       of the .gz file, or of the .tar.gz archive in which it is the `member`

    Raises ValueError for a file that is not what it should be, FileNotFoundError where it cannot be had,
    PermissionError where it may not be read.
    """
    root = folder()
    places = [place / f"{name}{suffix}" for place in (root / dataset, root) for suffix in OPENERS]
    archive = url.rsplit("/", 1)[1]
    archives = [root / dataset / archive, root / archive]
    key = f"{dataset}/{name}"
    try:
        if path := next((place for place in places if place.is_file()), None):
            return _read(path, OPENERS.get(path.suffix, open), key, size)
        if member and (path := next((place for place in archives if place.is_file()), None)):
            return _read(path, _opener(member), key, size)
        with _downloaded(url, archives[0], ARCHIVE if member else size + AT_ONCE) as part:
            return _read(part, _opener(member, whole=True) if member else gzip.open, key, size, url)
    except PermissionError as error:
        raise PermissionError(f"{error.filename} may not be read: change its permissions") from error


def digests() -> dict[str, str]:
    """The sha256 of every file's uncompressed content, by its path."""
    lines = package_files("liegg.data").joinpath("checksums.sha256").read_text(encoding="utf-8").splitlines()
    return {path: digest for digest, path in map(str.split, lines)}


def _read(path: Path, opened: Callable, key: str, size: int, url: str = "") -> bytes:
    """The content of the file, if it is that of `key` in `digests`; with the `url` that it has just come from."""
    name = f"what came from {url}" if url else str(path)
    again = ", and is not kept: try again"
    damaged = f"{name} is damaged" + (again if url else f": remove it, and {key} is downloaded anew")
    try:
        with opened(path, "rb") as file:
            found = file.read(size + 1)  # the one more would be too much
    except BROKEN as error:
        raise ValueError(f"{damaged} ({_line(error)})") from error
    if len(found) != size:
        much = f"more than {size}" if len(found) > size else f"{len(found)} of {size}"
        raise ValueError(f"{damaged} (it holds {much} bytes)")
    digest = hashlib.sha256(found).hexdigest()
    if digest != digests()[key]:
        other = next((name for name, known in digests().items() if known == digest), None)
        if other:
            apart = ": give each data set a folder of its own name"
            raise ValueError(f"{name} is {other}, not {key}{again if url else apart}")
        raise ValueError(f"{damaged} (its sha256 is not the one in liegg/data/checksums.sha256)")
    return found


def _line(error: Exception) -> str:
    """What an error says, on one line."""
    return " ".join(str(error).split())


def _opener(member: str, whole: bool = False) -> Callable:
    """A function like `open` that opens a file in a .tar.gz archive; nothing is written to disk. With `whole` all of
    the archive is read at the end, as its checksum stands there."""

    @contextmanager
    def opened(path: Path, mode: str) -> Iterator[IO[bytes]]:
        with _Bounded(path, mode) as stream, tarfile.open(fileobj=stream, mode="r:") as archive:
            file = archive.extractfile(member)
            if file is None:
                raise tarfile.TarError(f"{member} is no file in it")
            yield file
            while whole and stream.read(AT_ONCE):
                stream.seek(stream.tell())  # no further than allowed

    return opened


class _Bounded(gzip.GzipFile):
    """A compressed archive of which nothing is read beyond where a whole one of its kind ends."""

    def read(self, size: int | None = -1) -> bytes:
        self._require(size)
        return super().read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._require(offset)
        return super().seek(offset, whence)

    def _require(self, size: int | None) -> None:
        if size is None or not 0 <= size <= ARCHIVE:
            raise tarfile.ReadError(f"it holds more than {ARCHIVE} bytes")


@contextmanager
def _downloaded(url: str, path: Path, most: int) -> Iterator[Path]:
    """Fetch a file; it is kept at its place if nothing is wrong with it."""
    part = path.with_suffix(f".{secrets.token_hex(8)}.part")
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with urllib.request.urlopen(url, timeout=60) as response, part.open("wb") as file:
                while piece := response.read(AT_ONCE):
                    file.write(piece)
                    if file.tell() > most:
                        raise OSError(f"it is larger than {most} bytes")
        except (OSError, http.client.HTTPException) as error:
            raise FileNotFoundError(
                f"{path.name} is neither in {path.parent} nor to be had from {url} ({_line(error)}): "
                f"put the files of {path.parent.name} there, or set LIEGG_DATA to the folder that holds them"
            ) from error
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

"""Files of data sets: where they lie, fetched if they are missing, and checked by the sha256 of their content.

They lie in the folder LIEGG_DATA; without it in data/ of the project, where liegg is used from a clone of it, and else
in the user's cache folder.
"""

import gzip
import hashlib
import os
import shutil
import urllib.error
import urllib.request
from importlib.resources import files as package_files
from pathlib import Path

import platformdirs

CLONE = Path(__file__).parents[2]


def folder() -> Path:
    """Where data sets are looked for and downloaded to."""
    if named := os.environ.get("LIEGG_DATA"):
        return Path(named).expanduser()
    at_hand = (CLONE / "notebooks" / "experiments.yml").is_file()
    return CLONE / "data" if at_hand else platformdirs.user_cache_path("liegg", appauthor=False)


def content(dataset: str, name: str, url: str) -> bytes:
    """The uncompressed content of one file of a data set, from `folder()` or the data set's own folder there, plain or
    gzip-compressed, or else from the url of the compressed one.

    Raises ValueError for a file that is not what it should be, FileNotFoundError where it cannot be had.
    """
    root = folder()
    places = [root / dataset / f"{name}.gz", root / dataset / name, root / f"{name}.gz", root / name]
    path = next((p for p in places if p.is_file()), None) or _download(url, places[0])
    damaged = f"{path} is damaged: remove it, and it is downloaded anew"
    try:
        found = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise ValueError(damaged) from error
    if hashlib.sha256(found).hexdigest() != digests()[f"{dataset}/{name}"]:
        raise ValueError(f"{damaged} (its sha256 is not the one in liegg/data/checksums.sha256)")
    return found


def digests() -> dict[str, str]:
    """The sha256 of every file's uncompressed content, by its path."""
    lines = package_files("liegg.data").joinpath("checksums.sha256").read_text(encoding="utf-8").splitlines()
    return {path: digest for digest, path in map(str.split, lines)}


def _download(url: str, path: Path) -> Path:
    """Fetch a file to its place, whole or not at all."""
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(url, timeout=60) as response, part.open("wb") as file:
            shutil.copyfileobj(response, file)
    except (urllib.error.URLError, OSError) as error:
        part.unlink(missing_ok=True)
        raise FileNotFoundError(
            f"{path.name} is neither in {path.parent} nor to be had from {url} ({error}): "
            f"put the files of {path.parent.name} there, or set LIEGG_DATA to the folder that holds them"
        ) from error
    return part.replace(path)

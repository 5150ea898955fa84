"""The package as others install it: a wheel in a folder of its own, far from the clone."""

import gzip
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from liegg.reproduce.project import find_root

ROOT = find_root()


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "project"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(ROOT / "liegg", copy / "liegg", ignore=shutil.ignore_patterns("__pycache__"))
    build = f"from flit_core.buildapi import build_wheel; print(build_wheel({str(folder)!r}))"
    built = subprocess.run([sys.executable, "-c", build], cwd=copy, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder / built.stdout.split()[-1]


@pytest.fixture(scope="module")
def site(wheel):
    target = wheel.parent / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", target, wheel], check=True)
    return target


@pytest.fixture
def run(site, tmp_path):
    """Run Python with the installed package, from a folder and a home of its own."""

    def call(*words, **env):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LIEGG_", "XDG_", "PYTHON"))}
        own = {"PYTHONPATH": str(site), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
        return subprocess.run(
            [sys.executable, *words], cwd=tmp_path, env=kept | own | env, capture_output=True, text=True, timeout=300
        )

    return call


def said(done):
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_wheel_holds_the_package_with_its_checksums_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        every = archive.namelist()
    names = {name for name in every if ".dist-info/" not in name}
    sources = {p for p in (ROOT / "liegg").rglob("*") if p.is_file() and p.suffix != ".pyc"}
    assert (
        names == {str(p.relative_to(ROOT)) for p in sources}
        and {"liegg/data/checksums.sha256", "liegg/py.typed"} <= names
    )
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in every)


FIND = """
import torch, liegg
print(liegg.__file__)
net = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
found = liegg.find_symmetry(net, torch.randn(100, 3), liegg.actions.Linear(3))
print(tuple(found.directions.shape), found.samples)
exact = liegg.find_symmetry(lambda x: x.norm(dim=1), torch.randn(100, 3).double(), liegg.actions.Linear(3))
print(exact.identify().name, tuple(liegg.pretrained("o5", seed=15)(torch.zeros(2, 10)).shape))
"""


def test_the_installed_package_answers(run, site):
    file, shape, name = said(run("-c", FIND))
    assert Path(file) == site / "liegg" / "__init__.py"
    assert (shape, name) == ("(9, 3, 3) 100", "so(3) (2, 1)")


FOLDER = "from liegg.data import files; print(files.folder()); print(*sorted(files.digests()))"


def test_its_data_lie_in_the_cache_or_where_they_are_said_to(run, tmp_path):
    folder, digests = said(run("-c", FOLDER))
    assert Path(folder).is_relative_to(tmp_path) and Path(folder).name == "liegg"  # on Linux $XDG_CACHE_HOME/liegg
    files = [f"{part}-{content}-ubyte" for part in ("t10k", "train") for content in ("images-idx3", "labels-idx1")]
    batches = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
    idx = [f"{name}/{file}" for name in ("fashion-mnist", "mnist") for file in files]
    assert digests.split() == [*(f"cifar10/{name}" for name in batches), *idx]
    (named := tmp_path / "named").mkdir()
    folder, _ = said(run("-c", FOLDER, LIEGG_DATA=str(named)))
    assert folder == str(named)


TINY = """
import hashlib, sys
from pathlib import Path
from liegg import data
from liegg.data import files, idx
contents = {p.stem: files.gzip.decompress(p.read_bytes()) for p in Path(sys.argv[1]).glob("*.gz")}
files.digests = lambda: {f"mnist/{name}": hashlib.sha256(content).hexdigest() for name, content in contents.items()}
idx.IMAGES["test"] = 5
x, y = data.images("mnist", "test")
print(tuple(x.shape), y.tolist(), round(float(x.max() * 255)))
"""


def test_it_reads_files_from_the_folder_it_is_told(run, tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    pixels = np.arange(5 * 784).reshape(5, 28, 28) % 251
    for name, array in {"t10k-images-idx3-ubyte": pixels, "t10k-labels-idx1-ubyte": np.array([3, 1, 4, 1, 5])}.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
    assert said(run("-c", TINY, folder, LIEGG_DATA=str(folder))) == ["(5, 1, 28, 28) [3, 1, 4, 1, 5] 250"]
    refused = run("-c", "from liegg import data; data.images('mnist', 'test')", LIEGG_DATA=str(folder))
    assert refused.returncode == 1 and "is damaged" in refused.stderr.splitlines()[-1]


REAL = "from liegg import data; x, y = data.images('mnist', 'test'); print(len(x), y.bincount().tolist()[:2])"


MNIST = Path(os.environ.get("LIEGG_DATA") or "none").resolve()


@pytest.mark.skipif(not any(MNIST.rglob("t10k-images-idx3-ubyte*")), reason="no MNIST files: set LIEGG_DATA")
def test_it_reads_the_real_mnist(run):
    assert said(run("-c", REAL, LIEGG_DATA=str(MNIST))) == ["10000 [980, 1135]"]


@pytest.mark.parametrize("command", [["list"], ["run"], ["book"], ["run", "--notebook", "11_o5_regression"]])
def test_there_is_nothing_to_reproduce_outside_a_clone_and_one_line_says_so(run, command):
    refused = run("-m", "liegg.reproduce", *command)
    assert refused.returncode == 2 and refused.stdout == ""
    (line,) = refused.stderr.splitlines()
    assert line.startswith("liegg: ") and "notebooks/experiments.yml" in line and "Traceback" not in line

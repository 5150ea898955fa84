"""The weights that are stored with a page come to where `liegg.pretrained` reads them."""

import hashlib
import shutil
from argparse import Namespace

import numpy as np
import pytest

from liegg.reproduce import commands, kept, network_weights, table
from liegg.reproduce.project import Run, find_root

O5, DIGITS = (table.load()[name] for name in ("11_o5_regression", "12_rotated_digits"))


def net(seed):
    return {"1.weight": np.full((2, 3), seed, np.float32), "scale": np.array(seed, np.float32)}


@pytest.fixture
def run(tmp_path):
    """A project whose two pages are stored, of two networks each."""
    run = Run("paper", root=tmp_path)
    networks = [net(0), net(1)]
    others = [({"kind": kind}, {"weights": [net(i), net(i + 1)]}) for i, kind in ((2, "trained"), (4, "upright"))]
    of_o5 = [({}, [{"errors": [1.0], "weights": weights} for weights in networks])]
    kept.write(run.stored(O5.name).with_suffix(".npz"), {}, of_o5)
    kept.write(run.stored(DIGITS.name).with_suffix(".npz"), {}, [({}, np.ones(3)), ({"kind": "none"}, {}), *others])
    return run


def checked(run):
    """The files that their checksums, in the format of sha256sum, fit."""
    folder = run.root / network_weights.FOLDER
    lines = [line.split("  ") for line in (folder / "checksums.sha256").read_text().splitlines()]
    return {file for digest, file in lines if hashlib.sha256((folder / file).read_bytes()).hexdigest() == digest}


def test_every_name_has_its_own_networks(run):
    network_weights.keep(run, [O5, DIGITS])
    folder = run.root / network_weights.FOLDER
    assert checked(run) == {f"{name}.npz" for name in network_weights.SOURCES}
    assert {path.name for path in folder.iterdir()} == checked(run) | {"checksums.sha256"}
    for name, first in {"o5": 0, "rotated-digits": 2, "upright-digits": 4}.items():
        with np.load(folder / f"{name}.npz", allow_pickle=False) as entries:
            assert entries["scale"].tolist() == [first, first + 1] and entries["scale"].dtype == np.float32
            assert entries["1.weight"].shape == (2, 2, 3) and (entries["1.weight"][1] == first + 1).all()


def test_the_same_weights_give_the_same_bytes(run):
    network_weights.keep(run, [O5, DIGITS])
    folder = run.root / network_weights.FOLDER
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shutil.rmtree(folder)
    network_weights.keep(run, [DIGITS])
    assert checked(run) == {"rotated-digits.npz", "upright-digits.npz"}
    network_weights.keep(run, [O5])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_other_pages_leave_them_alone_and_bless_no_damage(run):
    network_weights.keep(run, [O5, DIGITS])
    folder = run.root / network_weights.FOLDER
    (folder / "o5.npz").write_bytes(b"damaged")
    network_weights.keep(run, [table.load()["13_data_size"]])
    network_weights.keep(run, [DIGITS])
    assert checked(run) == {"rotated-digits.npz", "upright-digits.npz"}


@pytest.mark.parametrize(("profile", "kept"), [("paper", True), ("quick", False), ("smoke", False)])
def test_only_what_is_stored_at_the_papers_settings_comes_there(monkeypatch, profile, kept):
    seen = []
    monkeypatch.setattr(commands, "store", lambda run, chosen: [e.name for e in chosen])
    monkeypatch.setattr(commands.first_picture, "keep", lambda *_: None)
    monkeypatch.setattr(commands.claim_tables, "write_readme", lambda _: None)
    monkeypatch.setattr(network_weights, "keep", lambda run, chosen: seen.append((run, [e.name for e in chosen])))
    assert commands.store_results(Namespace(notebook=O5.name, profile=profile, part="")) == 0
    assert seen == [(Run("paper", root=find_root()), [O5.name])] * kept

"""Networks that come with the package: they are those that the pages measured, and nothing else passes for them."""

import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import liegg
from liegg import actions, find_symmetry, pretrained
from liegg.reproduce import kept, network_weights
from liegg.reproduce.project import Run, find_root
from liegg.studies.generators import digits, o5, rotation
from liegg.symmetry.factors import Factors
from liegg.symmetry.stream import polarize
from liegg.training import pretrained as module
from liegg.training.networks import UnitLogits

DIGITS = ("rotated-digits", "upright-digits")
EVERY = [(name, seed) for name, count in module.SEEDS.items() for seed in range(count)]
MNIST = Path(os.environ.get("LIEGG_DATA") or "none").resolve()
needs_mnist = pytest.mark.skipif(
    not any(MNIST.rglob("t10k-images-idx3-ubyte*")), reason="no MNIST files: set LIEGG_DATA"
)


def measured(name):
    """What is stored with the page of these networks."""
    experiment, of_networks = network_weights.SOURCES[name]
    cases = kept.read(Run("paper").stored(experiment).with_suffix(".npz"))
    (value,) = (value for case, value in cases if case == of_networks)
    return value


def same_to_rounding(found, stored):
    """Whether factors are those of a file, relative to the size of the polarization matrix."""
    state = {key: torch.as_tensor(part) for key, part in stored["state"].items()}
    for mine, theirs in zip(found.matched, Factors.from_state_dict(state).matched, strict=True):
        grams = [factor.triangle.T @ factor.triangle for factor in (mine, theirs)]
        assert mine.samples == theirs.samples
        assert (grams[0] - grams[1]).norm() < 1e-5 * grams[1].norm()


def test_there_are_as_many_as_said_and_as_many_files():
    with pytest.raises(ValueError) as refused:
        pretrained("mnist")
    for name, count in module.SEEDS.items():
        assert f'"{name}" (seeds 0 to {count - 1})' in str(refused.value)
        with np.load(find_root() / network_weights.FOLDER / f"{name}.npz", allow_pickle=False) as entries:
            assert {(len(weights), str(weights.dtype)) for weights in entries.values()} == {(count, "float32")}
    assert set(module.SEEDS) == set(network_weights.SOURCES)


@pytest.mark.parametrize("name", module.SEEDS)
def test_the_weights_are_bit_for_bit_those_stored_with_the_page(name):
    stored = network_weights.of(Run("paper"), name)
    assert len(stored) == module.SEEDS[name]
    for seed, weights in enumerate(stored):
        state = pretrained(name, seed=seed).state_dict()
        assert list(state) == list(weights)
        assert all(state[key].numpy().tobytes() == array.tobytes() for key, array in weights.items())


@pytest.mark.parametrize("seed", [0, 7, 15])
def test_o5_networks_give_the_factors_of_the_page(seed):
    x, _ = o5.draw(10_000, seed=seed)
    found = polarize(pretrained("o5", seed=seed), x, o5.ACTION)
    same_to_rounding(found, measured("o5")[seed]["trained"])
    with pytest.raises(AssertionError):
        same_to_rounding(found, measured("o5")[seed - 1]["trained"])


@pytest.mark.parametrize("seeds", [range(3), range(13, 16)])
def test_three_o5_networks_know_the_rotations_and_nothing_else(seeds):
    """What README says of them."""
    points = torch.randn(5000, 10, generator=torch.Generator().manual_seed(5))
    found = find_symmetry([pretrained("o5", seed=seed) for seed in seeds], points, actions.Linear(5, copies=2))
    assert found.dimension == 10 and found.identify().name == "so(5)"


@needs_mnist
@pytest.mark.parametrize("name", DIGITS)
def test_classifiers_give_the_factors_and_the_accuracy_of_the_page(name):
    stored = measured(name)
    for seed in range(3):
        net = pretrained(name, seed=seed)
        x, y = digits.draw("mnist", "test", 4000, rotated=name == "rotated-digits", seed=seed + 2000)
        assert rotation.accuracy_of(net, x, y) == pytest.approx(stored["accuracy_test"][seed], abs=1e-3)
        same_to_rounding(polarize(UnitLogits(net), x, rotation.ACTION), stored["alone_test"][seed])


@needs_mnist
def test_one_classifier_with_labels_knows_the_rotation_where_it_was_shown():
    for name, dimension in zip(DIGITS, (1, 0)):
        x, y = digits.draw("mnist", "test", 4000, rotated=name == "rotated-digits", seed=0)
        assert find_symmetry(pretrained(name), x, actions.Affine2d(), targets=y).dimension == dimension


def test_other_handwriting_is_read_badly_and_turned_alike():
    """What the book's page on the method says of scikit-learn's digits."""
    x, y = digits.draw("digits", "train", 1000, rotated=True, seed=0)
    nets = [pretrained("rotated-digits", seed=seed) for seed in range(3)]
    assert all(0.4 < rotation.accuracy_of(net, x, y) < 0.65 for net in nets)
    found = find_symmetry([UnitLogits(net) for net in nets], x, actions.Affine2d())
    assert found.identify().name == "so(2)"


@pytest.mark.parametrize(("name", "shape", "out"), [("o5", (10,), 1), *((name, (1, 28, 28), 10) for name in DIGITS)])
def test_it_is_in_eval_mode_and_takes_what_it_says(name, shape, out):
    net = pretrained(name)
    assert not any(part.training for part in net.modules()) and net(torch.zeros(4, *shape)).shape == (4, out)
    assert all(parameter.requires_grad for parameter in net.parameters())


def test_every_network_is_another():
    x = {name: torch.ones(1, 10) if name == "o5" else torch.ones(1, 1, 28, 28) for name in module.SEEDS}
    said = {pretrained(name, seed=seed)(x[name]).detach().numpy().tobytes() for name, seed in EVERY}
    assert len(said) == len(EVERY)


@pytest.mark.parametrize("name", module.SEEDS)
def test_two_calls_give_equal_and_independent_networks_and_draw_nothing(name):
    state = torch.get_rng_state()
    net, other = pretrained(name, seed=1), pretrained(name, seed=np.int64(1))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(a, b) for a, b in zip(net.state_dict().values(), other.state_dict().values(), strict=True))
    before = {key: part.clone() for key, part in other.state_dict().items()}
    with torch.no_grad():
        for part in net.state_dict().values():
            part.zero_()
    for after in (other, pretrained(name, seed=1)):
        assert all(torch.equal(part, before[key]) for key, part in after.state_dict().items())


@pytest.mark.parametrize("name", ["", "O5", "o5.npz", "../weights/o5", None, 5, ["o5"]])
def test_a_wrong_name(name):
    with pytest.raises(ValueError, match=r'there is no pretrained .*: there are "o5" \(seeds 0 to 15\), "rotated'):
        pretrained(name)


@pytest.mark.parametrize("seed", [-1, 16, True, 1.5, "0", None, np.array([0, 1])])
def test_a_wrong_seed(seed):
    with pytest.raises(ValueError, match=r'there is no pretrained "o5" of seed .*: seeds are 0 to 15'):
        pretrained("o5", seed=seed)


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A copy of the folder of weights, which is read in its place."""
    copy = shutil.copytree(find_root() / network_weights.FOLDER, tmp_path / "weights")
    monkeypatch.setattr(module, "WEIGHTS", copy)
    return copy


AGAIN = r": install liegg anew \(in a clone: git checkout liegg/training/weights\)$"


def test_a_damaged_file(weights):
    content = bytearray((weights / "o5.npz").read_bytes())
    for damaged in (content[:-1], b"", content[:1000] + bytes([content[1000] ^ 1]) + content[1001:]):
        (weights / "o5.npz").write_bytes(damaged)
        with pytest.raises(ValueError, match=r"o5\.npz is damaged" + ".*" + AGAIN):
            liegg.pretrained("o5")
    assert pretrained("rotated-digits")


def test_weights_under_the_name_of_others(weights):
    shutil.copy(weights / "upright-digits.npz", weights / "rotated-digits.npz")
    with pytest.raises(ValueError, match=r"rotated-digits\.npz is damaged"):
        pretrained("rotated-digits")


def test_damaged_checksums(weights):
    for damaged in (b"", b"\xff\xfe\x00", hashlib.sha256(b"").hexdigest().encode() + b"  o5.npz\n"):
        (weights / "checksums.sha256").write_bytes(damaged)
        with pytest.raises(ValueError, match=r"o5\.npz is damaged"):
            pretrained("o5")


@pytest.mark.parametrize("file", ["o5.npz", "checksums.sha256"])
def test_a_missing_file(weights, file):
    (weights / file).unlink()
    with pytest.raises(FileNotFoundError, match=file.replace(".", r"\.") + " is missing" + AGAIN):
        pretrained("o5")

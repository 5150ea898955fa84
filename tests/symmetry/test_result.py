"""What a result shows, and that it survives a file."""

import dataclasses
import io
import json
import os
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from liegg import Symmetry, algebra, find_symmetry
from liegg.actions import Affine, Linear, Polynomial, Restricted, Tensor
from liegg.studies.lens import targets
from liegg.studies.lens.equivariance import PLACES, inertia, masses_and_places
from liegg.symmetry import storage

ZOO = targets.known(seed=0)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def one():
    target = ZOO["so(3)"]
    return find_symmetry(target.function, target.points(300, seed=0), target.action)


def several():
    target = ZOO["so(2)+translation"]
    spoiled = [lambda x, s=s: target.function(x) + 0.01 * (x @ draw(6, 1, seed=s)).sin()[:, 0] for s in range(4)]
    return find_symmetry(spoiled, target.points(300, seed=0), target.action)


def pairs():
    points = masses_and_places(300, seed=0).double()
    return find_symmetry(inertia, points, PLACES, output_action=Linear(9))


@pytest.mark.parametrize("find", [one, several])
def test_a_result_survives_a_file_without_pickle(find, tmp_path):
    found = dataclasses.replace(find(), unbiased=find is several)
    found.save(tmp_path / "found.npz")
    with np.load(tmp_path / "found.npz", allow_pickle=False) as stored:
        assert all(stored[name].dtype != object for name in stored.files)
    again = Symmetry.load(tmp_path / "found.npz")
    assert str(again) == str(found) and repr(again.action) == repr(found.action)
    assert torch.equal(again.generators, found.generators) and again.dimension == found.dimension
    assert again.unbiased == found.unbiased


def test_actions_that_a_file_cannot_hold_are_given_again(tmp_path):
    found = pairs()
    found.save(tmp_path / "found.npz")
    with pytest.raises(ValueError, match=r"found.npz was found with the action Product.*load\(path, action=...\)"):
        Symmetry.load(tmp_path / "found.npz")
    again = Symmetry.load(tmp_path / "found.npz", action=found.action)
    assert torch.equal(again.output_generators, found.output_generators)
    assert torch.equal(again.trivial_outputs, found.trivial_outputs)


def test_the_action_on_the_outputs_comes_back_from_a_file(tmp_path):
    points = masses_and_places(300, seed=0).double()
    found = find_symmetry(inertia, points, PLACES, output_action=Tensor(3, 2))
    found.save(tmp_path / "found.npz")
    again = Symmetry.load(tmp_path / "found.npz", action=PLACES)
    assert repr(again.output_action) == "Tensor(3, rank=2)" and again == found and str(again) == str(found)


@pytest.mark.parametrize(
    "action", [Affine(2, copies=2), Polynomial(2, 2, copies=2), Linear(4), Tensor(2, 2), Tensor(4, 1)]
)
def test_actions_come_back_from_a_file(action, tmp_path):
    find_symmetry(lambda x: x.square().sum(1).sin(), draw(200, 4), action).save(tmp_path / "f.npz")
    again = Symmetry.load(tmp_path / "f.npz").action
    assert type(again) is type(action) and repr(again) == repr(action)


def test_a_file_is_not_read_with_another_action(tmp_path):
    one().save(tmp_path / "found")  # the name is kept as it is
    with pytest.raises(ValueError, match=r"found with 9 directions, and Linear\(2\) has others"):
        Symmetry.load(tmp_path / "found", action=Linear(2))


# files that are no results


def entries(path):
    with np.load(path, allow_pickle=False) as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "found.npz"
    found = one()
    found.save(path)
    return found, path.read_bytes(), entries(path)


def bit_flipped(data, g):
    place = int(g.integers(len(data)))
    return data[:place] + bytes([data[place] ^ 1 << int(g.integers(8))]) + data[place + 1 :]


def truncated(data, g):
    return data[: int(g.integers(len(data)))]


def hole(data, g):
    first = int(g.integers(len(data) - 64))
    return data[:first] + bytes(64) + data[first + 64 :]


def rezipped(data, g, change):
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    change(parts, list(parts))
    with zipfile.ZipFile(made := io.BytesIO(), "w") as new:
        for name, part in parts.items():
            new.writestr(name, part)
    return made.getvalue()


def swapped(data, g):
    def swap(parts, names):
        a, b = g.choice(names, 2, replace=False)
        parts[a], parts[b] = parts[b], parts[a]

    return rezipped(data, g, swap)


def one_short(data, g):
    return rezipped(data, g, lambda parts, names: parts.pop(str(g.choice(names))))


def bit_flipped_inside(data, g):
    def flip(parts, names):
        name = str(g.choice(names))
        parts[name] = bit_flipped(parts[name], g)

    return rezipped(data, g, flip)


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("damage", [bit_flipped, truncated, hole, swapped, one_short, bit_flipped_inside])
def test_a_damaged_file_is_named_or_does_no_harm(saved, damage, seed, tmp_path):
    found, data, _ = saved
    path = tmp_path / "damaged.npz"
    path.write_bytes(damage(data, np.random.default_rng(seed)))
    try:
        assert Symmetry.load(path) == found
    except ValueError as error:
        assert str(error).startswith(f"{path} ") and "pickle" not in str(error)


def actions_of(name, arguments):
    return {"actions": np.array(json.dumps({"action": [name, arguments], "output_action": None}))}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"own": None}, "own is missing"),
        ({"samples": None}, "samples is missing"),
        ({"actions": None}, "it has no actions"),
        ({"coefficients": np.zeros((9, 4))}, r"coefficients must be float64 of shape \(9, 9\), not float64 of shape"),
        ({"mismatched": np.zeros(8)}, r"mismatched must be float64 of shape \(9,\)"),
        ({"summed": np.zeros((1, 9), np.float32)}, "summed must be float64 .* not float32"),
        ({"own": np.array([[None] * 9])}, "damaged, or a file"),
        ({"own": np.full((1, 9), np.nan)}, "own holds NaN"),
        ({"own": np.zeros((2, 9)), "summed": np.zeros((2, 9))}, "of 2 functions"),
        ({"scale": np.array(np.nan)}, "scale is nan"),
        ({"samples": np.array(3.5)}, "samples is 3.5"),
        ({"samples": np.array(-3)}, "samples is -3"),
        ({"unbiased": np.array("no")}, "unbiased is no"),
        ({"paid_share": np.zeros(9)}, "paid_share and paid_error need each other"),
        ({"output_coefficients": np.zeros((9, 4))}, "it has output_coefficients and no output_action"),
        ({"actions": np.array("{")}, "damaged, or a file"),
        ({"actions": np.array("[" * 100000)}, "damaged, or a file"),
        (actions_of("Restricted", {"action": 3, "generators": 4}), "there is no action Restricted with action, gen"),
        (actions_of("torch", {}), "there is no action torch with no arguments"),
        (actions_of("Linear", {"n": 3}), "there is no action Linear with n"),
        (actions_of("Linear", {"n": -3, "copies": 2}), "damaged, or a file"),
        (actions_of("Linear", {"n": 2, "copies": 2}), r"coefficients must be float64 of shape \(9, 4\)"),
    ],
)
def test_a_file_of_an_earlier_version_that_is_no_whole_result(saved, change, words, tmp_path):
    """Earlier ones have no digest, so that every array is looked at."""
    kept = {name: part for name, part in saved[2].items() if name not in ("format", "digest")} | change
    path = tmp_path / "found.npz"
    np.savez(path, allow_pickle=True, **{name: part for name, part in kept.items() if part is not None})
    with pytest.raises(ValueError, match=f"found.npz is not a result of Symmetry.save: .*{words}.*; give another file"):
        Symmetry.load(path)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_text("3 of 9 directions are symmetries"),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"PK\x03\x04"),
        lambda path: np.save(path.open("wb"), np.array([{}]), allow_pickle=True),
        lambda path: np.save(path.open("wb"), np.zeros(3)),
        lambda path: torch.save({"actions": 3}, path),
        lambda path: np.savez(path, a=np.zeros(3)),
        lambda path: path.mkdir(),
    ],
    ids=["text", "nothing", "the beginning of a zip", "pickle", "npy", "torch", "another npz", "folder"],
)
def test_what_is_no_result_is_named(write, tmp_path):
    path = tmp_path / "found.npz"
    write(path)
    with pytest.raises(ValueError, match=r"found.npz is not a result of Symmetry.save: .*; give another") as refused:
        Symmetry.load(path)
    assert "pickle" not in str(refused.value) and refused.value.__suppress_context__


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none.npz"):
        Symmetry.load(tmp_path / "none.npz")
    with pytest.raises(FileNotFoundError, match=r"no folder .*/none to save found.npz in"):
        one().save(tmp_path / "none" / "found.npz")


def test_formats_of_yesterday_and_tomorrow(saved, tmp_path):
    found, _, parts = saved
    late = ("format", "digest", "thin", "unbiased", "alpha", "held_own", "held_summed")
    np.savez(tmp_path / "old.npz", **{name: part for name, part in parts.items() if name not in late})
    assert replace(found, thin=1.0) == Symmetry.load(tmp_path / "old.npz")
    np.savez(tmp_path / "new.npz", **parts | {"format": np.array(3), "shapes": np.array(3)})
    with pytest.raises(ValueError, match=r"new.npz has format 3, and this version of liegg reads up to 2: install"):
        Symmetry.load(tmp_path / "new.npz")


def test_actions_for_a_file_that_has_none_and_what_are_no_actions(saved, tmp_path):
    (tmp_path / "f").write_bytes(saved[1])
    with pytest.raises(ValueError, match="f was found without output_action: leave it out"):
        Symmetry.load(tmp_path / "f", output_action=Linear(2))
    with pytest.raises(ValueError, match="action must be an action, such as"):
        Symmetry.load(tmp_path / "f", action=Linear)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_save_leaves_the_old_file_and_no_litter(saved, step, tmp_path, monkeypatch):
    found, data, _ = saved
    path = tmp_path / "found.npz"
    path.write_bytes(data)

    def fail(*_):
        raise OSError("no space left on device")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="no space"):
        patched.setattr(*((os, "fsync", fail) if step == "fsync" else (storage.Path, "replace", fail)))
        replace(found, samples=7).save(path)
    assert path.read_bytes() == data and list(tmp_path.iterdir()) == [path]
    (tmp_path / "link").symlink_to(path)
    replace(found, samples=7).save(tmp_path / "link")
    assert Symmetry.load(path).samples == 7 and (tmp_path / "link").is_symlink()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"action": Linear(2)}, r"coefficients must be float64 of shape \(9, 4\)"),
        ({"own": torch.zeros(1, 9)}, "own must be float64"),
        ({"mismatched": torch.full((9,), torch.nan).double()}, "mismatched holds NaN"),
        ({"output_action": Linear(2)}, "output_coefficients is missing"),
        ({"action": None}, "it has no action"),
        ({"samples": 3.5}, "samples is 3.5"),
    ],
)
def test_what_could_not_be_loaded_is_not_saved(saved, change, words, tmp_path):
    with pytest.raises(ValueError, match=f"could not be loaded again, so it is not saved: {words}"):
        replace(saved[0], **change).save(tmp_path / "found.npz")
    assert not any(tmp_path.iterdir())


def test_an_action_that_only_has_the_name_of_one_is_given_again(saved, tmp_path):
    own = type("Linear", (Linear,), {})(3, copies=2)
    replace(saved[0], action=own).save(tmp_path / "found.npz")
    with pytest.raises(ValueError, match=r"the action Linear, which a file cannot hold: load\(path, action=...\)"):
        Symmetry.load(tmp_path / "found.npz")


def test_the_table_says_what_was_decided_and_how():
    text = str(one())
    assert "3 of 9 directions of Linear(3, copies=2) are symmetries\n  from 300 samples and one function" in text
    found = several()
    assert found.gap == pytest.approx(float(found.variance[2] / found.variance[:2].max()))
    assert "the next direction varies" in str(found) and "the weaker kind" in text and "they span so(3)" in text
    lines = str(several()).splitlines()
    assert "coherence between 4 functions" in lines[1] and "so(2) + translation" in lines[3]
    header, *rows = lines[-6:]
    assert header.split("  ")[0].strip() == "direction" and "coherence" in header
    assert [row.split()[1] == "*" for row in rows] == [True, True, False, False, False]
    assert len({len(row) for row in (header, *rows)}) == 1


@pytest.mark.parametrize("find", [one, several, pairs])
def test_a_notebook_shows_a_picture(find):
    data, said = find()._repr_mimebundle_()
    picture = data["image/svg+xml"]
    assert picture.startswith("<?xml") and "<svg" in picture and "directions counted" in said["image/svg+xml"]["alt"]


def test_a_result_of_nothing_shows_itself_too():
    target = ZOO["discrete"]
    found = find_symmetry(target.function, target.points(300, seed=0), target.action)
    assert (
        str(found).startswith("0 of 9")
        and "span" not in str(found)
        and "<svg" in found._repr_mimebundle_()[0]["image/svg+xml"]
    )
    with pytest.raises(ValueError, match="none to check"):
        found.check(target.function, target.points(10, seed=1))


def test_polynomial_fields_find_symmetries_that_no_matrix_has():
    """f(y - x²) is constant along (1, 2x), times 1, x or y up to degree two."""
    found = find_symmetry(lambda p: (p[:, 1] - p[:, 0] ** 2).sin(), draw(2000, 2), Polynomial(2, 2))
    x, y = 1, 2  # places of the monomials 1, x, y, x², xy, y²
    planted = torch.zeros(3, 2, 6).double()
    for k, (low, high) in enumerate([(0, x), (x, 3), (y, 4)]):
        planted[k, 0, low], planted[k, 1, high] = 1, 2
    assert found.dimension == 3 and found.angles(planted)[-1] < 1e-6


# equality


@pytest.mark.parametrize("find", [one, several, pairs])
def test_equal_runs_give_equal_results(find, tmp_path):
    found, again = find(), find()
    assert found is not again and found == again and (found != again) is False
    found.save(tmp_path / "found.npz")
    given = {"action": found.action} if find is pairs else {}
    assert Symmetry.load(tmp_path / "found.npz", **given) == found


def test_results_of_other_data_functions_or_actions_differ():
    target = ZOO["so(3)"]
    found = one()
    others = [
        several(),
        find_symmetry(target.function, target.points(300, seed=1), target.action),
        find_symmetry(lambda x: 2 * target.function(x), target.points(300, seed=0), target.action),
        find_symmetry(target.function, target.points(300, seed=0), Linear(6)),
        replace(found, action=Linear(3)),
        replace(found, samples=299),
        replace(found, scale=2 * found.scale),
        replace(found, output_action=Linear(1)),
    ]
    assert all(found != other and other != found for other in others)


def test_a_result_equals_nothing_of_another_kind_and_has_no_hash():
    found = one()
    assert all(found != other for other in (3, None, "3 of 9", found.generators.shape, object()))
    with pytest.raises(TypeError, match="unhashable"):
        hash(found)


def test_actions_that_cannot_be_written_down_are_equal_if_they_are_the_same():
    target = ZOO["so(3)"]
    kept, other = (Restricted(Linear(3, copies=2), algebra.gl(3)) for _ in range(2))
    found, again, apart = (find_symmetry(target.function, target.points(300, seed=0), a) for a in (kept, kept, other))
    assert found == again and found != apart

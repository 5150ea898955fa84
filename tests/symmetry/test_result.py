"""What a result shows, and that it survives a file."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
import torch

from liegg import Symmetry, algebra, find_symmetry
from liegg.actions import Affine, Linear, Polynomial, Restricted, Tensor
from liegg.studies.lens import targets
from liegg.studies.lens.equivariance import PLACES, inertia, masses_and_places

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
    picture = find()._repr_svg_()
    assert picture.startswith("<?xml") and "<svg" in picture


def test_a_result_of_nothing_shows_itself_too():
    target = ZOO["discrete"]
    found = find_symmetry(target.function, target.points(300, seed=0), target.action)
    assert str(found).startswith("0 of 9") and "span" not in str(found) and "<svg" in found._repr_svg_()
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

"""What a result shows, and that it survives a file."""

import numpy as np
import pytest
import torch

from liegg import Symmetry, find_symmetry, targets
from liegg.actions import Affine, Linear, Polynomial, Product

ZOO = targets.zoo(seed=0)


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
    points = targets.masses_and_places(300, seed=0).double()
    places = Product([(None, 5), (Linear(3, copies=5), 15)])
    return find_symmetry(targets.inertia, points, places, output_action=Linear(9))


@pytest.mark.parametrize("find", [one, several])
def test_a_result_survives_a_file_without_pickle(find, tmp_path):
    found = find()
    found.save(tmp_path / "found.npz")
    with np.load(tmp_path / "found.npz", allow_pickle=False) as stored:
        assert all(stored[name].dtype != object for name in stored.files)
    again = Symmetry.load(tmp_path / "found.npz")
    assert str(again) == str(found) and repr(again.action) == repr(found.action)
    assert torch.equal(again.generators, found.generators) and again.dimension == found.dimension


def test_actions_that_a_file_cannot_hold_are_given_again(tmp_path):
    found = pairs()
    found.save(tmp_path / "found.npz")
    with pytest.raises(ValueError, match=r"found.npz was found with the action Product.*load\(path, action=...\)"):
        Symmetry.load(tmp_path / "found.npz")
    again = Symmetry.load(tmp_path / "found.npz", action=found.action)
    assert torch.equal(again.output_generators, found.output_generators)
    assert torch.equal(again.trivial_outputs, found.trivial_outputs)


@pytest.mark.parametrize("action", [Affine(2, copies=2), Polynomial(2, 2, copies=2)])
def test_actions_come_back_from_a_file(action, tmp_path):
    find_symmetry(lambda x: x.square().sum(1).sin(), draw(200, 4), action).save(tmp_path / "f.npz")
    assert repr(Symmetry.load(tmp_path / "f.npz").action) == repr(action)


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


def test_the_finite_check_follows_generators_and_random_directions():
    target, found = ZOO["so(3)"], one()
    check = found.check(target.function, target.points(200, seed=1), steps=6, directions=4, seed=2)
    assert check.angles.tolist() == [60, 120, 180, 240, 300, 360]
    assert check.learned.shape == (3, 6) and check.random.shape == (4, 6)
    assert check.learned.max() < 1e-9 and check.random.min() > 0.01 and check.ratio < 1e-9
    assert "up to 360 degrees" in str(check) and "<svg" in check._repr_svg_()


@pytest.mark.parametrize("turn", [60, 360])
@pytest.mark.parametrize("function", [lambda x: x[:, 0], lambda x: x[:, 0].tanh(), lambda x: x[:, 0].sin() + x[:, 4]])
def test_the_finite_check_is_about_one_where_nothing_is_special(function, turn):
    check = one().check(function, ZOO["so(3)"].points(300, seed=1), turn=turn, directions=20)
    assert 0.4 < check.ratio < 3


def test_the_finite_check_speaks_of_the_worst_generator():
    f = lambda x: x[:, :3].norm(dim=1).sin() + x[:, 3:].norm(dim=1)
    found = find_symmetry(f, draw(500, 5), Linear(5))
    assert found.identify().name == "so(3) + so(2)"
    assert found.check(lambda x: x[:, :3].norm(dim=1).sin() + x[:, 3], draw(200, 5, seed=1)).ratio > 0.3
    assert found.check(f, draw(200, 5, seed=1)).ratio < 1e-9


def test_the_finite_check_leaves_the_inputs_alone_and_takes_any_precision():
    found, x = one(), ZOO["so(3)"].points(50, seed=1)
    kept = x.clone()
    assert found.check(lambda p: ZOO["so(3)"].function(p.mul_(2)), x).ratio < 1e-6
    assert torch.equal(x, kept)
    found.check(torch.nn.Linear(6, 1), x)


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"turn": 0}, "must be positive"), ({"steps": 0}, "positive"), ({"directions": 0}, "positive")],
)
def test_settings_of_the_check_are_checked(settings, words):
    with pytest.raises(ValueError, match=words):
        one().check(ZOO["so(3)"].function, ZOO["so(3)"].points(50, seed=1), **settings)


def test_a_check_against_nothing_is_refused():
    with pytest.raises(ValueError, match="constant on these inputs"):
        one().check(lambda x: 0 * x[:, 0], ZOO["so(3)"].points(50, seed=1))
    with pytest.raises(ValueError, match="one function and a tensor"):
        one().check([lambda x: x[:, 0]], ZOO["so(3)"].points(50, seed=1))


def test_a_file_is_not_read_with_another_action(tmp_path):
    one().save(tmp_path / "found")  # the name is kept as it is
    with pytest.raises(ValueError, match=r"found with 9 directions, and Linear\(2\) has others"):
        Symmetry.load(tmp_path / "found", action=Linear(2))


def test_polynomial_fields_find_symmetries_that_no_matrix_has():
    """f(y - x²) is constant along (1, 2x), times 1, x or y up to degree two."""
    found = find_symmetry(lambda p: (p[:, 1] - p[:, 0] ** 2).sin(), draw(2000, 2), Polynomial(2, 2))
    x, y = 1, 2  # places of the monomials 1, x, y, x², xy, y²
    planted = torch.zeros(3, 2, 6).double()
    for k, (low, high) in enumerate([(0, x), (x, 3), (y, 4)]):
        planted[k, 0, low], planted[k, 1, high] = 1, 2
    assert found.dimension == 3 and found.angles(planted)[-1] < 1e-6

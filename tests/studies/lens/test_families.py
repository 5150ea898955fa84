import pytest
import torch

from liegg import algebra
from liegg.studies.lens import families, holdout
from liegg.studies.lens.families import FAMILIES, LOOKED_AT, RUN_ONCE, function_of, symmetries
from liegg.symmetry.polarization import polarization_matrix


@pytest.mark.parametrize("family", FAMILIES)
def test_a_function_has_the_symmetries_of_its_group(family):
    drawn = function_of(family, seed=3, thickness=0.01)
    assert len(symmetries(drawn, seed=1)) == FAMILIES[family].dimension


@pytest.mark.parametrize(("family", "group"), [("so(4)", algebra.so(4)), ("so(2,2)", algebra.so(2, 2))])
def test_symmetries_are_the_group_in_another_basis(family, group):
    """Traces of products do not depend on the basis: the Killing-like form has the signature of the group's."""
    found = symmetries(function_of(family, seed=5), seed=1)
    forms = [torch.einsum("aij,bji->ab", basis, basis) for basis in (found, group)]
    signs = [torch.linalg.eigvalsh(form).sign().tolist() for form in forms]
    assert signs[0] == signs[1]


def test_finite_motion_along_a_symmetry_leaves_the_function():
    drawn = function_of("sp(2)", seed=2)
    x = drawn.points(50, seed=9)
    for A in symmetries(drawn, seed=1):
        moved = drawn.action.act(drawn.action.coefficients(A), x, 0.5)
        torch.testing.assert_close(drawn.function(moved), drawn.function(x))


def test_a_broken_function_is_near_an_invariant_one():
    drawn = function_of("broken so(4)", seed=4)
    rows = torch.linalg.svdvals(_white_rows(drawn))
    assert rows[-1] > 1e-3 * rows[0]  # none is null
    assert (rows < 0.35 * rows.square().mean().sqrt()).sum() >= 1  # some are low


def _white_rows(drawn):
    return polarization_matrix(drawn.function, drawn.points(500, seed=1), drawn.action).flatten(0, 1)


def test_both_halves_are_apart_and_hold_families_of_every_kind():
    assert not set(LOOKED_AT) & set(RUN_ONCE)
    for half in (LOOKED_AT, RUN_ONCE):
        assert {f.kind for f in half.values()} == {"values", "images", "classes", "vectors"}
        assert any(f.broken for f in half.values())
        assert any(f.dimension == 0 for f in half.values())


def test_seeds_of_families_do_not_meet():
    seeds = [s for seed in (0, 1) for f in FAMILIES for s in holdout.seeds_of(f, 500, seed=seed)]
    assert len(set(seeds)) == len(seeds)


def test_settings_are_of_many_kinds():
    drawn = [holdout.setting_of(seed=s) for s in range(200)]
    assert {s.networks for s in drawn} == set(range(3, 9))
    assert {s.activation for s in drawn} == set(holdout.ACTIVATIONS)


@pytest.mark.parametrize("family", ["so(3)", "classes, so(3)", "vectors, so(3)", "images, so(2)"])
def test_networks_of_every_kind_learn_a_little(family):
    pupils = holdout.taught(family, seed=7, steps=60, batch_size=200, lr=5e-3, points=300, labelled=100)
    assert len(pupils.networks) == pupils.setting.networks == len(pupils.errors)
    assert len(pupils.points) == 300 and len(pupils.labels) == 100
    assert max(pupils.errors) < 1


def test_labels_have_the_noise_that_is_asked_for():
    y = torch.randn(20000, 2, generator=torch.Generator().manual_seed(0)).double() * torch.tensor([1.0, 5.0])
    noise = (holdout.noisy(y, 0.3, classes=False, seed=1) - y).std(0) / y.std(0)
    torch.testing.assert_close(noise, torch.full((2,), 0.3).double(), atol=0.01, rtol=0)
    kept = holdout.noisy(y, 0.4, classes=True, seed=1) == y.argmax(1)
    assert kept.double().mean() == pytest.approx(0.8, abs=0.01)
    assert families.BREAKING == (0.03, 0.3)

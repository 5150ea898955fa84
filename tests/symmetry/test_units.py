"""Lengths of directions come from the data, not from the units that these are written in."""

import warnings

import pytest
import torch

from liegg import decide, find_symmetry, polarize
from liegg.actions import Affine, Affine2d, Copies, Linear, Polynomial, Product
from liegg.symmetry.factors import Factor
from liegg.symmetry.units import units, whitened


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def bent(z):
    """No symmetry, and no direction like another."""
    return (z[:, 0] + 0.3 * z[:, 1] ** 2).sin() + 0.2 * z[:, 2] * z[:, 3]


SCALES = torch.tensor([1.0, 1e-3, 50.0]).double()


@pytest.mark.filterwarnings("ignore:along one axis")
@pytest.mark.parametrize(
    ("action", "scales"),
    [
        (Linear(3, copies=2), SCALES),
        (Affine(3, copies=2), SCALES),
        (Polynomial(3, 2, copies=2), SCALES**0.3),  # its monomials have the squares
    ],
)
def test_the_spectrum_is_the_same_in_other_coordinates(action, scales):
    """x -> h x with lengths from a thousandth to fifty, and a shift where the action has one."""
    x, h = draw(2000, 6), draw(3, 3, seed=1) @ torch.diag(scales)
    shift = draw(3, seed=2).repeat(2) if not isinstance(action, Linear) else torch.zeros(6).double()
    there = (x.unflatten(1, (2, 3)) @ h.T).flatten(1) + shift
    back = lambda y: ((y - shift).unflatten(1, (2, 3)) @ torch.linalg.inv(h).T).flatten(1)
    narrow = (x.unflatten(1, (2, 3)) * torch.tensor([1.0, 1.0, 3.0]).double()).flatten(1)  # not isotropic itself
    of_narrow = lambda y: bent((y.unflatten(1, (2, 3)) / torch.tensor([1.0, 1.0, 3.0]).double()).flatten(1))
    here = find_symmetry(of_narrow, narrow, action)
    moved = find_symmetry(lambda y: bent(back(y)), there, action)
    torch.testing.assert_close(moved.relative_variance, here.relative_variance, rtol=1e-3, atol=1e-8)
    torch.testing.assert_close(moved.chance_ratio, here.chance_ratio, rtol=1e-3, atol=1e-6)


def test_isotropic_data_leave_lengths_as_they_are():
    """So that variances are those of the polarization matrix (LieGG, section 3)."""
    found = find_symmetry(bent, draw(2000, 4), Linear(2, copies=2))
    rows = polarize(bent, draw(2000, 4), Linear(2, copies=2)).matched[0]
    torch.testing.assert_close(found.variance, rows.variances()[0])


@pytest.mark.parametrize("thickness", [1e-4, 1e-3, 1e-2, 0.1])
def test_thin_coordinates_that_do_not_matter_are_thirteen_directions(thickness):
    """so(3) on three of five coordinates, in a random basis, and a function that is exact but for the thin ones."""
    basis = torch.linalg.qr(draw(5, 5, seed=3)).Q
    z = draw(4000, 2, 5, seed=4) * torch.tensor([1, 1, 1, thickness, thickness]).double()
    wide = lambda x: (x.unflatten(1, (2, 5)) @ basis)[..., :3]
    function = lambda x: (wide(x) @ wide(x).mT).flatten(1)[:, :2].sin().sum(1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = find_symmetry(function, (z @ basis.T).flatten(1), Linear(5, copies=2))
    assert found.dimension == 13 and found.dimension_interval == (13, 13) and len(found.trivial) == 0
    assert found.thin == pytest.approx(1 / thickness, rel=0.5)
    assert any("vary" in str(w.message) for w in caught) == (found.thin > 1e3)


def test_generators_are_orthonormal_whatever_the_units():
    x = draw(2000, 3) * torch.tensor([1.0, 10.0, 0.2]).double()
    found = find_symmetry(lambda y: (y[:, 0] ** 2 + (y[:, 1] / 10) ** 2).sin(), x, Linear(3))
    assert found.dimension == 4  # the rotation, and three that move the last coordinate alone
    gram = torch.einsum("aij,bij->ab", found.generators, found.generators)
    torch.testing.assert_close(gram, torch.eye(4).double())
    assert found.coefficients.norm(dim=1).tolist() == pytest.approx([1.0] * 9)


def test_actions_of_others_take_the_lengths_of_their_parts():
    x = draw(3000, 6) * torch.tensor([1, 5, 1, 1, 20, 1]).double()
    of = lambda action, sample: units(action, polarize(lambda s: s.flatten(1).sum(1), sample, action).data)
    both = of(Product([(Linear(3), 3), (Linear(3), 3)]), x)
    apart = [of(Linear(3), x[:, :3]).even, of(Linear(3), x[:, 3:]).even]
    gram = lambda rows: rows.T @ rows  # rows are unit directions up to a rotation
    torch.testing.assert_close(gram(both.even), gram(torch.block_diag(*apart)), rtol=0.02, atol=0.02)
    copies = of(Copies(Linear(3), 2), x.unflatten(1, (2, 3)))
    torch.testing.assert_close(copies.even, of(Linear(3, copies=2), x).even)
    assert (units(Affine2d(), Factor(6)).even == torch.eye(6)).all()


def test_a_part_that_never_varies_is_trivial():
    x = torch.cat([draw(1000, 3), torch.ones(1000, 2).double()], 1)
    found = find_symmetry(lambda z: z[:, :3].square().sum(1).sin(), x, Product([(Linear(3), 3), (Linear(2), 2)]))
    assert (found.dimension, len(found.trivial_coefficients)) == (3, 4)
    assert found.trivial_coefficients[:, :9].abs().max() < 1e-12


@pytest.mark.filterwarnings("ignore")
def test_generators_are_orthonormal_in_extreme_units_too():
    scale = torch.tensor([1e-6, 1.0, 1e6]).double()
    found = find_symmetry(lambda y: (y[:, 0] * 1e6).sin(), draw(2000, 3) * scale, Linear(3))
    gram = torch.einsum("aij,bij->ab", found.generators, found.generators)
    torch.testing.assert_close(gram, torch.eye(6).double())


def test_too_few_samples_are_certain_of_nothing():
    with pytest.warns(UserWarning, match="too few"):
        found = find_symmetry(lambda u: u.sin().sum(1), draw(40, 8), Linear(8))
    assert found.dimension_interval[0] == 0 and found.decision.odds is None


def test_whitened_motions_are_in_units_of_the_spread():
    x = draw(5000, 3) @ torch.diag(SCALES) @ draw(3, 3, seed=5)
    white = whitened(Linear(3), x)(x - x.mean(0))
    torch.testing.assert_close(torch.cov(white.T), torch.eye(3).double(), rtol=1e-4, atol=1e-4)
    images = draw(50, 1, 4, 4)
    torch.testing.assert_close(whitened(Affine2d(), 7 * images)(7 * images), whitened(Affine2d(), images)(images))


def test_parts_of_the_data_give_the_same_lengths_nearly():
    """The controls of parts take their partners within each part."""
    x = draw(4000, 3) * torch.tensor([1.0, 10.0, 0.2]).double()
    f = lambda y: (y / torch.tensor([1.0, 10.0, 0.2]).to(y)).sin().sum(1)
    whole = decide(polarize(f, x, Linear(3)), Linear(3))
    merged = decide(polarize(f, x[:2000], Linear(3)).merge(polarize(f, x[2000:], Linear(3))), Linear(3))
    torch.testing.assert_close(merged.relative_variance, whole.relative_variance, rtol=0.05, atol=0)

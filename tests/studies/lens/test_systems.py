"""SymCert's vector fields: their symmetries, the defect of generators, and what is said of noisy fits."""

import math

import pytest
import torch

import liegg
from liegg.actions import Flow
from liegg.studies.lens import learned_systems
from liegg.studies.lens.systems import KNOWN, REHEARSED, SYSTEMS, Fit, defect_rows, forms, monomials, quadrature, rho
from liegg.symmetry.units import units


def draw(system, samples, seed=0):
    return learned_systems.draw(system, samples, generator=torch.Generator().manual_seed(seed))


def noisy(system, samples, sigma, seed=0):
    x = draw(system, samples, seed)
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed + 1), dtype=torch.float64)
    return x, system.field(x) + sigma * noise


@pytest.mark.parametrize("name", SYSTEMS)
def test_exact_fields_have_their_dimensions(name):
    system = SYSTEMS[name]
    found = liegg.find_symmetry(system.field, draw(system, 400), Flow(system.n))
    assert found.dimension == system.dimension
    assert rho(forms(system), found.generators) < 1e-6


@pytest.mark.parametrize("name", KNOWN)
def test_null_generators_of_the_defect_are_as_many_as_the_dimension(name):
    system = KNOWN[name]
    numerator = forms(system)[0]
    null = torch.linalg.eigvalsh(numerator / numerator.trace()) < 1e-13
    assert null.sum() == system.dimension


@pytest.mark.parametrize("name", ["Hopf", "Lorenz", "Rössler"])
def test_the_defect_is_that_of_many_points_by_autograd(name):
    """Of a generator drawn at random, by means over points of the box."""
    system = KNOWN[name]
    x, n = draw(system, 40_000, seed=3), system.n
    A = torch.randn(n, n + 1, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    A[:, n] *= system.half
    L, b = A[:, :n], A[:, n]
    y, along = torch.func.jvp(system.field, (x,), (x @ L.T + b,))
    moved = y @ L.T
    expected = (along - moved).square().sum() / (along.square().sum() + moved.square().sum())
    generator = torch.nn.functional.pad(A, (0, 0, 0, 1))[None]
    assert rho(forms(system), generator) ** 2 == pytest.approx(float(expected), rel=0.03)


def test_the_worst_generator_of_a_span_is_that_of_a_scan():
    system = SYSTEMS["Van der Pol"]
    pair = torch.randn(2, 3, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    turns = torch.linspace(0, math.pi, 501).tolist()
    single = [rho(forms(system), (math.cos(t) * pair[0] + math.sin(t) * pair[1])[None]) for t in turns]
    assert rho(forms(system), pair) == pytest.approx(max(single), rel=1e-4)
    assert rho(forms(system), pair[:0]) == 0


def test_fits_of_exact_values_are_the_field():
    system = REHEARSED["cylinder"]
    x, y = noisy(system, 60, 0.0)
    for fit in learned_systems.fits(system, x, y, count=3, generator=torch.Generator().manual_seed(0)):
        assert torch.allclose(fit(draw(system, 50, 9)), system.field(draw(system, 50, 9)))


def test_monomials_have_the_derivatives_of_finite_differences():
    x, weights, phi, slopes = quadrature(3, 2.0, 3)
    assert phi.shape[1] == 20 and torch.isclose(weights.sum(), torch.ones(()).double())
    step = 1e-5 * torch.eye(3, dtype=torch.float64)
    for i in range(3):
        there, back = (monomials((x + sign * step[i]) / 2.0, 3) for sign in (1, -1))
        assert torch.allclose(slopes[..., i], (there - back) / 2e-5, atol=1e-8)


def test_fits_are_independent_and_as_uncertain_as_parts_of_the_data():
    """Over many data sets, errors of two fits do not correlate, and their size is that of N / count samples."""
    system, errors = REHEARSED["spiral"], []
    x = draw(system, 120)
    phi = monomials(x / system.half, 1)
    for seed in range(400):
        g = torch.Generator().manual_seed(seed)
        y = system.field(x) + 0.3 * torch.randn(x.shape, generator=g, dtype=torch.float64)
        fits = learned_systems.fits(system, x, y, count=4, generator=g)
        exact = torch.linalg.lstsq(phi, system.field(x)).solution
        errors.append(torch.stack([(fit.coefficients - exact).flatten() for fit in fits]))
    errors = torch.stack(errors)  # (data sets, fits, coefficients)
    covariance = torch.einsum("dac,dbc->ab", errors, errors) / len(errors)
    expected = 4 * 0.3**2 * 2 * float(torch.linalg.inv(phi.T @ phi).trace())
    assert torch.allclose(covariance.diagonal() / expected, torch.ones(4).double(), atol=0.15)
    assert (covariance - covariance.diagonal().diag()).abs().max() / expected < 0.1


def test_lengths_are_those_at_which_directions_are_compared():
    system = REHEARSED["valley"]
    x, y = noisy(system, 200, 0.1)
    g, action = torch.Generator().manual_seed(5), Flow(3)
    fits = [action.framed(fit) for fit in learned_systems.fits(system, x, y, count=3, generator=g)]
    factors = liegg.polarize(fits, action.frames(x), action)
    found = liegg.decide(factors, action)
    even = found.coefficients @ torch.linalg.pinv(units(action, factors.data).even)
    assert torch.allclose(learned_systems.lengths(found, factors), 1 / even.norm(dim=1))


def test_sizes_are_those_of_the_true_field_whatever_the_noise():
    """In the mean over data sets; each fit's own rows are larger."""
    system, shared, own = SYSTEMS["Hopf"], [], []
    for seed in range(300):
        x, y = noisy(system, 60, 0.5, seed=2 * seed)
        fits = learned_systems.fits(system, x, y, count=4, generator=torch.Generator().manual_seed(seed))
        rows = torch.cat(defect_rows(system, torch.stack([fit.coefficients for fit in fits])), 1)
        shared.append(learned_systems.sizes(system, fits)), own.append(rows.square().sum(1).mean(0))
    true = forms(system)[1].diagonal()
    assert (torch.stack(shared).mean(0).diagonal() / true - 1).abs().max() < 0.1
    assert (torch.stack(own).mean(0) / true).min() > 1.2


CASES = learned_systems.cases((0.01,), (800,), repeats=2, seed=70, systems=("spiral", "Brusselator"))


def test_answers_of_little_noise_are_right_and_the_same_again():
    measured, again = ([learned_systems.measure(case) for case in CASES] for _ in range(2))
    for case, said, once_more in zip(CASES, measured, again, strict=True):
        for way in learned_systems.WAYS:
            assert said[way]["dimension"] == once_more[way]["dimension"]
            assert said[way]["defect"] == pytest.approx(once_more[way]["defect"], rel=1e-6, abs=1e-9)  # to rounding
            assert said[way]["dimension"] == [KNOWN[case["system"]].dimension] * 2
            assert max(said[way]["defect"]) < 0.05


def test_a_symmetry_broken_beyond_delta_may_be_guessed_in_noise_and_is_not_certified():
    (case,) = learned_systems.cases((0.1,), (800,), repeats=3, seed=80, systems=("Hopf, broken by .1",))
    said = learned_systems.measure(case)
    assert said["best guess"]["dimension"] == [1, 1, 1] and min(said["best guess"]["defect"]) > 0.05
    assert said["guarded"]["dimension"] == said["split"]["dimension"] == [0, 0, 0]


def test_tables_count_as_published():
    said = lambda dimension, defect: {way: {"dimension": dimension, "defect": defect} for way in learned_systems.WAYS}
    measured = [said([2, 1], [0.01, 0.07]), said([0, 1], [0.0, 0.2])]
    first = learned_systems.rows(CASES, measured)[0]
    assert (first["false"], first["worst"], first["detection"]) == (0.5, 0.5, 0.5)
    assert [row["way"] for row in learned_systems.rows(CASES, measured)[3:]] == list(learned_systems.PUBLISHED)
    by = learned_systems.by("system", CASES, measured)
    assert [row["detection"] for row in by] == [0.5] * 3 + [None] * 3
    assert learned_systems.by("samples", CASES, measured)[0]["SymCert"] == 0.5


def test_what_does_not_fit_is_refused():
    system = SYSTEMS["radial"]
    with pytest.raises(ValueError, match="20 samples are too few"):
        learned_systems.fits(system, *noisy(system, 20, 0.1), count=3, generator=torch.Generator())
    with pytest.raises(ValueError, match="systems are Hopf"):
        learned_systems.measure(CASES[0] | {"system": "Pendulum"})


def test_a_fit_is_a_polynomial_of_its_points():
    fit = Fit(torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]]).double(), half=2.0, degree=1)
    assert fit(torch.tensor([[2.0, 4.0]]).double()).tolist() == [[7.0, 2.0]]

"""Derived algebras against what they must leave alone, and readings of made-up answers."""

import pytest
import torch

from liegg import algebra
from liegg.studies.duality import catalogue
from liegg.studies.duality import generator_readings as readings


def test_stabilisers_leave_their_vectors():
    basis = readings.stabiliser(5, (1.0, 1, 0, 0, 0), (0, 0, 1.0, 0, 0))
    assert len(basis) == 3
    assert (basis @ torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 0], [0, 0]]).double()).abs().max() < 1e-12
    assert algebra.closure(basis) < 1e-9 and torch.allclose(basis, -basis.mT)
    assert len(readings.stabiliser(4)) == 6 and len(readings.stabiliser(4, (1.0, 2, 3, 4))) == 3


@pytest.mark.parametrize("D", [1, 2, 3])
def test_unitary_algebras_are_skew_hermitian_matrices(D):
    basis = readings.unitary(D)
    complex_ = torch.complex(basis[:, :D, :D], basis[:, D:, :D])
    assert len(basis) == D * D and torch.allclose(complex_, -complex_.mH)
    assert torch.allclose(basis[:, :D, :D], basis[:, D:, D:]) and torch.allclose(basis[:, D:, :D], -basis[:, :D, D:])


@pytest.mark.parametrize("name", catalogue.CASES)
def test_every_case_has_an_algebra_that_closes_and_fits_its_question(name):
    case = catalogue.CASES[name]
    basis = readings.derived(name, case)
    assert bool(len(basis)) == bool(readings.NAMES[name])
    if len(basis):
        assert algebra.closure(algebra.orthonormal(basis)) < 1e-6
        assert case.question.action.coefficients(basis).shape == (len(basis), case.question.action.size)
    assert readings.group(name) in readings.GROUPS


def test_a_stretched_density_has_the_rotations_that_leave_its_form():
    """A density of |Sx| is left alone by x -> exp(A) x where AᵀSᵀS + SᵀSA = 0."""
    case = catalogue.varied("stretched", seed=3)
    S = torch.tensor(case.density.stretch, dtype=torch.float64)
    form, basis = S.T @ S, readings.derived("stretched", case)
    assert len(basis) == 3 and (basis.mT @ form + form @ basis).abs().max() < 1e-6
    assert case.density.stretch != catalogue.varied("stretched", seed=4).density.stretch


def test_a_drawn_mean_has_the_length_of_the_catalogues():
    drift = torch.tensor(catalogue.varied("with a mean", seed=1).density.drift)
    assert float(drift.norm()) == pytest.approx(2) and drift[1] != 0
    assert catalogue.varied("normal", seed=1) == catalogue.CASES["normal"]


def test_a_case_is_read_and_one_that_is_too_small_is_not():
    case = catalogue.CASES["normal"]
    row = readings.read("normal", case, catalogue.observe(case, 4000, seed=1))
    assert (row["found"], row["name"], row["right"], row["named"]) == (3, "so(3)", True, True) and row["angle"] < 10
    row = readings.read("normal", case, "too small")
    assert row["found"] is row["angle"] is None and not row["right"]
    assert readings.right([row], "inputs") == [None] and readings.right([row], "kernel") == []


def test_the_exponent_of_a_power_law():
    sizes = torch.tensor([100, 100, 1000, 1000, 10000, 10000] * 2)
    labels = ["a"] * 6 + ["b"] * 6
    angles = (sizes.double() ** -0.5) * torch.tensor([3.0] * 6 + [7.0] * 6)
    estimate = readings.convergence(sizes, angles, labels)
    assert estimate["value"] == pytest.approx(-0.5) and estimate["low"] == pytest.approx(-0.5) and estimate["n"] == 12
    noisy = angles * torch.tensor([1.0, 1.2] * 6)
    estimate = readings.convergence(sizes, noisy, labels)
    assert estimate["low"] < -0.5 < estimate["high"] and estimate["value"] == pytest.approx(-0.5)


def test_an_exponent_needs_two_sizes_of_one_kind():
    sizes, angles = torch.tensor([100, 1000, 1000]), torch.tensor([3.0, 1.0, 1.0])
    assert readings.convergence(sizes, angles, ["a", "b", "b"]) is None
    assert readings.convergence(sizes[:0], angles[:0], []) is None
    estimate = readings.convergence(sizes, angles, ["a", "a", "b"])  # b has no cell at 100
    assert estimate["value"] == pytest.approx(-torch.tensor(3.0).log10().item(), abs=1e-6)


def test_rates_count_ensembles():
    known = [(3, True), (3, False), (4, False), (None, False)]
    counted = readings.rates([{"derived": 3, "found": found, "right": right} for found, right in known])
    assert [counted[name]["value"] for name in ("right", "more")] == [0.25, 0.25] and counted["right"]["n"] == 4


def test_another_algebra_of_the_same_dimension_and_name_is_not_the_derived_one():
    """Networks that are stretched, held against plain rotations."""
    stretched, plain = catalogue.CASES["stretched"], catalogue.CASES["normal"]
    factors = catalogue.observe(stretched, 20000, seed=2)
    assert readings.read("stretched", stretched, factors)["named"]
    row = readings.read("normal", plain, factors)
    assert (row["found"], row["name"], row["right"], row["named"]) == (3, "so(3)", False, False) and row["angle"] > 30


def test_members_are_read_one_by_one():
    factors = catalogue.members(4, 200, seed=0)
    assert [readings.of_member(factors, a).networks for a in range(4)] == [1] * 4


def test_the_error_of_every_ensemble_has_its_place_by_kind_and_size():
    angles = {("a", 10): [4.0, None], ("a", 20): [2.0, 3.0], ("b", 10): [None, None], ("b", 20): [None, None]}
    rows = [{"kind": k, "networks": n, "angle": angle} for (k, n), values in angles.items() for angle in values]
    found = readings.errors(rows, [10, 20])
    assert list(found) == ["a"] and torch.equal(found["a"].nan_to_num(-1), torch.tensor([[4.0, 2], [-1, 3]]).double())

"""The paper's measure against matrices written out, the calibrated test against the law of what it rejects."""

import pytest
import torch
from scipy.stats import binom, kstest, special_ortho_group

from liegg.studies.duality import correlators, invariance
from liegg.studies.duality.ensembles import Density, outputs

POINTS = torch.tensor([[0.7, 0.35], [-0.35, 0.7]])


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def rotations(count, D, seed=0):
    """(count, D, D) the matrices of `rotate`: columns are images of the axes."""
    axes = torch.eye(D, dtype=torch.float64).expand(count, D, D)
    return invariance.rotate(axes, generator(seed)).mT


@pytest.mark.parametrize("D", [1, 2, 3, 4, 5])
def test_rotations_are_orthogonal_with_determinant_one(D):
    R = rotations(200, D)
    torch.testing.assert_close(R @ R.mT, torch.eye(D, dtype=torch.float64).expand_as(R))
    torch.testing.assert_close(torch.linalg.det(R), torch.ones(200, dtype=torch.float64))


@pytest.mark.parametrize("D", [3, 4, 5])
def test_rotations_have_the_moments_of_haar(D):
    """E R_ij R_kl = δ_ik δ_jl / D; with two outputs det R = 1 adds another term."""
    R = rotations(100_000, D)
    delta = torch.eye(D, dtype=torch.float64)
    second = torch.einsum("rij,rkl->ikjl", R, R) / len(R)
    torch.testing.assert_close(second, torch.einsum("ik,jl->ikjl", delta, delta) / D, atol=0.01, rtol=0)
    torch.testing.assert_close(R.mean(0), torch.zeros(D, D, dtype=torch.float64), atol=0.01, rtol=0)


@pytest.mark.parametrize("D", [2, 3, 5])
def test_rotations_have_the_law_of_scipys(D):
    ours, theirs = rotations(4000, D), special_ortho_group.rvs(D, size=4000, random_state=1)
    fixed = torch.randn(D, D, generator=generator(3)).double()  # of all entries together, squared too
    for function in (lambda R: (R * fixed).sum((1, 2)), lambda R: (R @ R * fixed).sum((1, 2)), lambda R: R[:, 0, -1]):
        assert kstest(function(ours).numpy(), function(torch.from_numpy(theirs)).numpy()).pvalue > 0.001


def test_every_network_has_a_rotation_of_its_own_for_all_its_points():
    f = torch.randn(50, 4, 3, generator=generator())
    turned = invariance.rotate(f, generator(1))
    torch.testing.assert_close(turned @ turned.mT, f @ f.mT)
    assert f.equal(torch.randn(50, 4, 3, generator=generator()))


def test_the_papers_rotations_are_exponentials_with_coefficients_in_0_1():
    R = invariance.positive_rotations(3, count=500, seed=0)
    torch.testing.assert_close(R @ R.mT, torch.eye(3, dtype=torch.float64).expand_as(R))
    angle = ((R.diagonal(dim1=1, dim2=2).sum(1) - 1) / 2).acos()  # |c|
    assert angle.mean().item() == pytest.approx(0.96, abs=0.03) and angle.max() < 3**0.5


@pytest.mark.parametrize("order", [1, 2, 4])
def test_transformed_is_the_correlator_of_rotated_outputs(order):
    f = torch.randn(30, 3, 4, generator=generator())
    R = invariance.positive_rotations(4, count=2, seed=0)
    of = correlators.two_point if order == 2 else lambda g: correlators.one_input(g, order)
    for turned, r in zip(invariance.transform(of(f), R, order), R.float()):
        torch.testing.assert_close(turned, of(f @ r.T), rtol=1e-3, atol=1e-4)


def test_the_papers_measures_written_out():
    means = torch.randn(10, 2, 2, 3, 3, generator=generator()).double()
    R = invariance.positive_rotations(3, count=20, seed=0)
    G = means.mean(0)
    change = torch.stack([torch.einsum("ai,bj,xyij->xyab", r, r, G) - G for r in R])
    spread = (means - G).square().mean(0).sqrt()
    B = torch.einsum("rai,rbj->rabij", R, R).square().sum((3, 4))
    torch.testing.assert_close(B, torch.ones_like(B))  # so the band is √2 times the spread
    assert invariance.published_measures(means, R, 2) == pytest.approx(
        {
            "mu": change.mean().item(),
            "sigma": change.square().mean().sqrt().item(),
            "band": (spread.square() + spread.square() * B.mean()).sqrt().mean().item(),
        }
    )


def test_an_invariant_correlator_does_not_move():
    S = correlators.invariant(4, 5)
    R = invariance.positive_rotations(5, count=3, seed=0)
    torch.testing.assert_close(invariance.transform(S, R, 4), S.expand(3, *S.shape))


@pytest.mark.parametrize("R", [torch.zeros(2, 4, 4), torch.zeros(2, 3, 4), torch.zeros(3, 3)])
def test_transformations_of_another_size_are_refused(R):
    with pytest.raises(ValueError, match="do not act"):
        invariance.transform(torch.zeros(2, 3, 3), R, 2)


def test_the_statistic_is_what_a_least_squares_fit_leaves():
    f = torch.randn(40, 2, 3, generator=generator())
    d = torch.eye(3).double()
    pairings = [torch.einsum(s, d, d).flatten() for s in ("ab,cd->abcd", "ac,bd->abcd", "ad,bc->abcd")]
    rest, size = 0, 0
    for p in range(2):
        G = torch.einsum("ma,mb,mc,md->abcd", *[f[:, p].double()] * 4).flatten() / 40
        solution = torch.linalg.lstsq(torch.stack(pairings, 1), G[:, None], driver="gelsd").solution
        rest += (G - (torch.stack(pairings, 1) @ solution)[:, 0]).square().sum()
        size += G.square().sum()
    assert invariance.statistic(f, 4) == pytest.approx((rest / size).item(), rel=1e-4)
    assert invariance.statistic(f, 1) == pytest.approx(
        (f.mean(0).square().sum() / f.square().sum(2).mean(0).sum()).item(), rel=1e-4
    )


def test_p_is_exact_for_a_symmetric_density():
    """Over 200 small symmetric ensembles p <= 0.1 happens in a tenth, within a binomial's middle 99.8 %."""
    found = invariance.tested(Density(2, 3, 4, "relu"), 40, POINTS, (1, 2, 3, 4), draws=19, repeats=200, seed=0)
    p = invariance.p_values(found["T"], found["null"])
    low, high = binom.ppf([0.001, 0.999], 200, 0.1)
    for hits in (p <= 0.1).sum(0).tolist():
        assert low <= hits <= high


def test_what_is_broken_is_rejected_at_the_order_that_shows_it():
    settings = {"draws": 39, "repeats": 1, "seed": 0}
    uniform = invariance.tested(Density(2, 3, 3, "relu", last="uniform"), 20_000, POINTS, (1, 2, 3, 4), **settings)
    p = invariance.p_values(uniform["T"], uniform["null"])[0]
    assert p[3] <= 0.05 and (p[:3] > 0.05).all()
    shifted = invariance.tested(Density(2, 3, 5, "relu", mean=(0.2, 0, 0)), 2000, POINTS, (1,), **settings)
    assert invariance.p_values(shifted["T"], shifted["null"])[0, 0] <= 0.05
    assert invariance.z_scores(shifted["T"], shifted["null"])[0, 0] > 10


def test_p_values_count_the_null_that_is_as_large():
    T, null = torch.tensor([[2.0]]), torch.tensor([[[1.0], [2.0], [3.0]]])
    assert invariance.p_values(T, null).tolist() == [[0.75]]
    assert invariance.z_scores(T, null).tolist() == [[0.0]]
    two_of_40 = invariance.p_values(torch.tensor([38.0]), torch.arange(39.0)[:, None])
    assert two_of_40.tolist() == [0.05]  # to the last digit, as it is held against the level


def test_published_looks_at_all_pairs_for_two_points_and_at_the_second_for_four():
    density, x = Density(1, 3, 5, "gauss-net", output_bias=True), torch.tensor([[-1.0], [0.5], [1.0]])
    found = invariance.published(density, 300, x, seed=4)
    f = outputs(density, 300, x, seed=4)
    R = invariance.positive_rotations(3, seed=5)
    means = torch.stack([correlators.one_input(c[:, 1:2], 4) for c in f.chunk(10)])
    expected = invariance.published_measures(means, R, 4)
    assert {k: found["4"][k] for k in expected} == pytest.approx(expected)
    assert found["4"]["unsure"] > found["2"]["unsure"] > 0


def test_what_cannot_be_tested_is_refused():
    f = torch.randn(10, 1, 1)
    with pytest.raises(ValueError, match="cannot be rotated"):
        invariance.randomised(f, (1,), 5, generator())
    with pytest.raises(ValueError, match="at least one draw"):
        invariance.randomised(torch.randn(10, 1, 2), (1,), 0, generator())
    with pytest.raises(ValueError, match="moments up to order 4"):
        invariance.tested(Density(2, 2, 3, last="student"), 10, POINTS, (2, 6), draws=3, repeats=1, seed=0)

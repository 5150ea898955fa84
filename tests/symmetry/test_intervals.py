"""Intervals: identities for few functions, and how often they hold the truth over 2000 draws."""

import numpy as np
import pytest
import torch
from scipy.stats import t as student
from scipy.stats import ttest_1samp

from liegg.symmetry.coherence import coherence, cross
from liegg.symmetry.intervals import coherence_interval, mean_interval, nothing_shared, shared_interval

DRAWS = 2000


def products(networks, signal, *, points=100, draws=DRAWS, seed=0):
    """(networks, draws) own products and those with the sum, of rows that share a signal and have errors of variance 1,
    so that each draw is as one direction."""
    g = torch.Generator().manual_seed(seed)
    shared = torch.randn(draws, 1, points, generator=g, dtype=torch.float64)
    shared = shared / shared.norm(dim=2, keepdim=True) * signal**0.5
    rows = shared + torch.randn(draws, networks, points, generator=g, dtype=torch.float64) / points**0.5
    return rows.square().sum(2).T, (rows * rows.sum(1, keepdim=True)).sum(2).T


def share(hits):
    return float(hits.double().mean())


@pytest.mark.parametrize("networks", [3, 4, 8, 12])
@pytest.mark.parametrize("k", [0.0, 0.15, 0.5, 0.9])
def test_95_per_cent_intervals_hold_the_truth_in_95_per_cent_of_draws(networks, k):
    """Within the binomial error of 2000 draws of 94 to 96 %; a signal of zero is at the end of what is possible."""
    own, summed = products(networks, k / (1 - k))
    low, high = coherence_interval(own, summed, 1.0).T
    assert 0.93 < share((low <= k) & (k <= high)) < 0.97
    low, high = shared_interval(own, summed, float(student.ppf(0.975, networks - 1))).T
    assert 0.93 < share((low <= k / (1 - k)) & (k / (1 - k) <= high)) < (0.98 if k == 0 else 0.97)
    low, high = mean_interval(own).T
    assert 0.93 < share((low <= 1 / (1 - k)) & (1 / (1 - k) <= high)) < 0.97


def test_intervals_from_parts_of_the_data_hold_the_variance():
    """Twenty parts of fifty samples of a squared normal derivative."""
    rows = torch.randn(20, 50, DRAWS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    low, high = mean_interval(rows.square().mean(1)).T
    assert 0.93 < share((low <= 1) & (high >= 1)) < 0.97


@pytest.mark.parametrize("networks", [3, 5, 12])
def test_a_test_of_nothing_shared_is_wrong_as_often_as_it_says(networks):
    own, summed = products(networks, 0.0)
    p = torch.stack([nothing_shared(own[:, i : i + 1], summed[:, i : i + 1], 1.0)[0] for i in range(DRAWS)])
    for alpha in (0.01, 0.05, 0.2):
        assert share(p <= alpha) == pytest.approx(alpha, abs=3.5 * (alpha * (1 - alpha) / DRAWS) ** 0.5)


def test_of_three_functions_it_is_the_t_test_of_their_three_products():
    rows = np.random.default_rng(3).normal(size=(3, 40)) + 0.2
    own, summed = (rows**2).sum(1)[:, None], (rows * rows.sum(0)).sum(1)[:, None]
    pairs = [rows[0] @ rows[1], rows[0] @ rows[2], rows[1] @ rows[2]]
    expected = ttest_1samp(pairs, 0, alternative="greater").pvalue
    assert float(nothing_shared(torch.tensor(own), torch.tensor(summed), 1.0)[0]) == pytest.approx(expected, rel=1e-9)


def test_the_jackknife_is_corrected_by_a_quarter_where_three_functions_share_nothing_and_not_where_all_is_signal():
    """The variance over pairs, which is exact for products of errors, is a quarter of the jackknife's at no signal."""
    own, summed = products(3, 0.0, points=5000, draws=500)
    k, scale = coherence(own, summed, 1.0), own.mean(0)
    half = (coherence_interval(own, summed, 1.0)[:, 1] - k) / float(student.ppf(0.975, 2))
    left_out = torch.stack([(summed - own).sum(0) / 2 - (summed - own)[a] for a in range(3)]) / scale
    jackknife = (2 / 3 * (left_out - left_out.mean(0)).square().sum(0)).sqrt()
    inside = (k.abs() < 0.01) & (half + k < 1)
    assert torch.allclose((half / jackknife)[inside], torch.full_like(half[inside], 0.5), rtol=0.05)


def test_nothing_is_shared_along_null_directions_and_scale_does_not_matter():
    own, summed = products(4, 0.3, draws=6)
    own[:, 0] = summed[:, 0] = 0
    p = nothing_shared(own, summed, 1.0)
    assert p[0] == 0.5 and torch.allclose(p, nothing_shared(7 * own, 7 * summed, 7.0))
    assert (coherence_interval(own, summed, 1.0)[0] == 0).all()
    assert torch.allclose(shared_interval(7 * own, 7 * summed, 2.0), 7 * shared_interval(own, summed, 2.0))


def test_functions_without_errors_share_all_exactly():
    own = torch.tensor([[2.0, 1.0]] * 3).double()
    assert (coherence_interval(own, 3 * own, 1.0) == 1).all()
    assert torch.allclose(shared_interval(own, 3 * own, 4.3), own[0, :, None].expand(2, 2))
    assert torch.allclose(cross(own, 3 * own), own[0])

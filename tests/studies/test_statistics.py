"""Statistics behind verdicts, against values worked out by hand."""

import math
from itertools import product

import pytest
import torch

from liegg.studies.statistics import fall, overlap, percent, rank_correlation, saturated, share, smaller_p


def test_five_smaller_values_of_five_have_one_chance_in_thirty_two():
    values, others = torch.tensor([1.0, 2, 3, 4, 5]), torch.tensor([2.0, 4, 6, 8, 10])
    assert smaller_p(values, others) == pytest.approx(1 / 32)
    assert smaller_p(others, values) == pytest.approx(1)


def test_wilcoxons_p_is_the_share_of_signs_that_do_as_well():
    differences = torch.tensor([-1.0, 2, -3, -4.5, 6, -7])
    p = smaller_p(differences, torch.zeros(6))
    ranks = range(1, 7)  # of the sizes, in their order here
    positive = 2 + 5
    as_good = sum(sum(r for r, s in zip(ranks, signs) if s) <= positive for signs in product((0, 1), repeat=6))
    assert p == pytest.approx(as_good / 2**6)


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        ([1, 2, 3, 4], [10, 20, 30, 4000], 1),
        ([1, 2, 3, 4], [4, 3, 2, 1], -1),
        ([5, 1, 4, 2, 3], [1, 2, 3, 4, 5], 1 - 6 * (16 + 1 + 1 + 4 + 4) / (5 * 24)),  # 1 - 6 sum d² / n(n² - 1)
    ],
)
def test_rank_correlation_is_that_of_the_ranks(x, y, expected):
    assert rank_correlation(x, y) == pytest.approx(expected)


def test_rank_correlation_with_ties_is_pearsons_of_mean_ranks():
    mean_ranks = torch.tensor([[1.5, 1.5, 3, 4, 5], [2, 1, 4, 4, 4]]).double()
    expected = torch.corrcoef(mean_ranks)[0, 1].item()
    assert rank_correlation([7, 7, 8, 9, 30], [0.2, 0.1, 5, 5, 5]) == pytest.approx(expected)


@pytest.mark.parametrize(("k", "n"), [(8, 10), (0, 7), (7, 7), (1, 200)])
def test_a_share_has_wilsons_interval(k, n):
    z, p = 1.959963984540054, k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    rate, low, high = share([True] * k + [False] * (n - k))
    assert (
        rate == p and low == pytest.approx(centre - half, abs=1e-9) and high == pytest.approx(centre + half, abs=1e-9)
    )


def test_eight_of_ten_in_words():
    hits = [True] * 8 + [False] * 2
    assert share(iter(hits)) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)
    assert percent(iter(hits)) == "80.0 % of 10 (49.0 to 94.3)"


def test_a_share_of_nothing():
    rate, low, high = share([])
    assert math.isnan(rate) and (low, high) == (0, 1) and percent([]) == "–"


def test_a_fall_is_a_geometric_mean():
    assert fall(torch.tensor([8.0, 18.0]), torch.tensor([1.0, 1.0])) == pytest.approx(12)
    assert fall(torch.tensor([8.0, 1.0]), torch.tensor([1.0, 2.0])) == pytest.approx(2)
    assert fall(torch.tensor([3.0]), torch.tensor([3.0])) == pytest.approx(1)


@pytest.mark.parametrize(
    ("falls", "expected"),
    [([3, 2, 1.1], 40), ([3, 1.2, 5], 20), ([0.9, 9, 9], 10), ([2, 2, 2], 80), ([1.25, 1.24, 2], 20)],
)
def test_values_are_saturated_where_they_fall_no_more(falls, expected):
    assert saturated([10, 20, 40, 80], falls) == expected


def test_groups_that_are_apart_do_not_overlap():
    assert overlap(torch.tensor([0.1, 0.2]), torch.tensor([0.5, 0.8])) == pytest.approx(0.4)
    assert overlap([0.1, 0.6], [0.5, 0.8]) == pytest.approx(1.2)

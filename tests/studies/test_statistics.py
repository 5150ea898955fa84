"""Statistics behind verdicts, against values worked out by hand."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import stats

from liegg.studies.statistics import (
    apart,
    fall,
    paired,
    percent,
    rank_correlation,
    rate,
    saturated,
    share,
    within_groups,
)


def test_pairs_against_scipys_t_test():
    values, others = [1.0, 2, 3, 4, 5], [2.5, 3.5, 7, 9, 9]
    logs = np.log(values) - np.log(others)
    test = stats.ttest_1samp(logs, 0)
    low, high = np.exp(test.confidence_interval(0.95))
    found = paired(values, torch.tensor(others))
    assert found == pytest.approx(
        {"value": stats.gmean(np.exp(logs)), "low": low, "high": high, "n": 5, "p": test.pvalue, "wins": 5}
    )
    turned = paired(others, values)
    assert turned["value"] == pytest.approx(1 / found["value"]) and turned["low"] == pytest.approx(1 / found["high"])
    assert turned["p"] == pytest.approx(found["p"]) and turned["wins"] == 0


def test_pairs_do_not_depend_on_units_and_not_on_their_order():
    generator = torch.Generator().manual_seed(0)
    values, others = torch.rand(2, 6, generator=generator, dtype=torch.float64) + 0.1
    order = torch.randperm(6, generator=generator)
    assert paired(1e-9 * values[order], 1e-9 * others[order]) == pytest.approx(paired(values, others))


def test_pairs_without_spread():
    assert paired([2, 4], [1, 2]) == pytest.approx({"value": 2, "low": 2, "high": 2, "n": 2, "p": 0, "wins": 0})
    assert paired([3, 4], [3, 4])["p"] == 1


@pytest.mark.parametrize(
    ("values", "others", "message"),
    [
        ([1.0], [2.0], "two or more pairs"),
        ([1.0, 2], [2.0], "two or more pairs"),
        ([1.0, 0], [1.0, 1], "positive and finite"),
        ([1.0, -1], [1.0, 1], "positive and finite"),
        ([1.0, math.inf], [1.0, 1], "positive and finite"),
    ],
)
def test_what_is_no_pair(values, others, message):
    with pytest.raises(ValueError, match=message):
        paired(values, others)


def test_means_apart_against_scipys_welch_test():
    ours, theirs = [1.0, 2, 4, 3, 2.5], np.array([2.0, 5, 3, 6])
    expected = stats.ttest_ind(ours, theirs, equal_var=False).statistic
    assert apart(ours, theirs.mean(), theirs.std(ddof=1), 4) == pytest.approx(expected)


def test_clusters_of_one_have_about_wilsons_interval():
    hits = [i % 5 > 0 for i in range(500)]
    alone, clustered = rate(hits), rate(hits, range(500))
    assert clustered["n"] == alone["n"] == 500
    assert clustered == pytest.approx(alone, abs=0.005)


def test_hits_that_depend_on_each_other_count_once():
    """Twenty clusters of ten equal hits tell about as much as twenty hits."""
    hits = [i < 16 for i in range(20) for _ in range(10)]
    found = rate(hits, [i for i in range(20) for _ in range(10)])
    twenty = rate([i < 16 for i in range(20)])
    assert found["value"] == 0.8 and found["n"] == 20
    assert found["low"] == twenty["low"] and found["high"] == pytest.approx(twenty["high"], abs=0.05)
    assert found["high"] - found["low"] > 2 * (rate(hits)["high"] - rate(hits)["low"])


@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_no_interval_of_a_rate_has_no_width(share):
    hits = [i < 4 * share for _ in range(5) for i in range(4)]
    found = rate(hits, [c for c in range(5) for _ in range(4)])
    assert found["low"] <= found["value"] <= found["high"] and found["high"] - found["low"] > 0.15


def test_few_clusters_that_agree_prove_little():
    """Six functions without an error may all be lucky: their rate of errors may be a third."""
    found = rate([False] * 96, [c for c in range(6) for _ in range(16)])
    assert found["value"] == 0 and found["high"] > 0.3


def test_one_failure_more_never_looks_surer():
    """Failures fall one after the other, into one cluster of six or into each in turn."""
    labels = [c for c in range(6) for _ in range(8)]
    for order in (range(48), sorted(range(48), key=lambda i: i % 8)):
        lows = [rate([i not in [*order][:k] for i in range(48)], labels)["low"] for k in range(9)]
        assert all(b <= a + 0.02 for a, b in pairwise(lows)), lows


def test_a_rate_is_the_same_every_time_and_any_order_of_names_will_do():
    hits, names = [True, False, True, True, False, True], ["a", "a", "b", "b", "c", "c"]
    assert rate(iter(hits), iter(names)) == rate(hits, names) == rate(hits, [n.upper() for n in names])
    assert rate([], []) is None


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


def test_ranks_within_groups_leave_the_groups_own_levels_out():
    """Within both groups y falls as x grows; over both it grows with x."""
    x = torch.tensor([[1.0, 101], [2, 102], [3, 103], [4, 104], [5, 105]])
    y = torch.tensor([[5.0, 105], [4, 104], [3, 103], [2, 102], [1, 101]])
    assert rank_correlation(x.flatten(), y.flatten()) > 0.4
    found = within_groups(x, y)
    assert found["value"] == pytest.approx(-1) == found["low"] and found["n"] == 5
    assert found["p"] == pytest.approx(2 / math.factorial(5), rel=0.3)  # of all orders, this one and its opposite


def test_ranks_within_groups_against_scipy():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(12, 3, generator=generator, dtype=torch.float64)
    y = x + torch.randn(12, 3, generator=generator, dtype=torch.float64)
    found = within_groups(x, y, draws=2000)
    assert found["value"] == pytest.approx(np.mean([stats.spearmanr(a, b).statistic for a, b in zip(x.T, y.T)]))
    assert found["low"] < found["value"] < found["high"] and found["p"] < 0.01
    assert within_groups(7 * x.exp(), y**3, draws=2000) == pytest.approx(found)
    one = within_groups(x[:, :1], y[:, :1], draws=2000)
    exact = stats.permutation_test(
        (x[:, 0],),
        lambda a: stats.spearmanr(a, y[:, 0]).statistic,
        permutation_type="pairings",
        n_resamples=2000,
        rng=0,
    )
    assert one["p"] == pytest.approx(exact.pvalue, abs=0.03)


def test_the_test_within_groups_keeps_its_level_where_units_keep_their_value():
    """A unit's x and its y are the same in all groups, and have nothing to do with each other."""
    generator = torch.Generator().manual_seed(1)
    p = [
        within_groups(*(torch.randn(8, 1, generator=generator).expand(8, 6) for _ in range(2)), draws=99)["p"]
        for _ in range(100)
    ]
    assert 0.4 < np.mean(p) < 0.6 and np.mean(np.array(p) <= 0.05) <= 0.11


def test_groups_without_spread_count_as_zero():
    x = torch.tensor([[1.0, 3], [2, 3], [3, 3]])
    assert within_groups(x, x)["value"] == pytest.approx(0.5)
    with pytest.raises(ValueError, match="units, groups"):
        within_groups(x, x.T)


@pytest.mark.parametrize(("k", "n"), [(8, 10), (0, 7), (7, 7), (1, 200)])
def test_a_share_has_wilsons_interval(k, n):
    wilson = stats.binomtest(k, n).proportion_ci(method="wilson")
    rate, low, high = share([True] * k + [False] * (n - k))
    assert rate == k / n and (low, high) == pytest.approx((wilson.low, wilson.high), abs=1e-12)


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

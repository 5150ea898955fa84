"""Correlators against plain loops, and what an error bar is worth."""

from itertools import product

import pytest
import torch
from scipy.stats import kurtosis as scipy_kurtosis

from liegg.studies.duality import correlators


def drawn(M, P, D, seed=0):
    return torch.randn(M, P, D, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("order", range(1, 7))
def test_the_function_of_one_input_is_the_mean_of_products(order):
    f = drawn(7, 2, 3)
    G = correlators.one_input(f, order)
    assert G.shape == (2, *[3] * order)
    for p, *indices in product(range(2), *[range(3)] * order):
        expected = sum(torch.tensor([f[m, p, i] for i in indices]).double().prod() for m in range(7)) / 7
        assert G[(p, *indices)].item() == pytest.approx(expected.item(), rel=1e-4, abs=1e-5)


def test_the_two_point_function_is_the_mean_of_products():
    f = drawn(9, 4, 2)
    G = correlators.two_point(f)
    for x, y, i, j in product(range(4), range(4), range(2), range(2)):
        assert G[x, y, i, j].item() == pytest.approx((f[:, x, i] * f[:, y, j]).mean().item(), abs=1e-5)


def test_blocks_do_not_matter(monkeypatch):
    f = drawn(1000, 3, 3)
    whole = correlators.two_point(f), correlators.one_input(f, 5)
    monkeypatch.setattr(correlators, "BLOCK", 100)
    for before, now in zip(whole, (correlators.two_point(f), correlators.one_input(f, 5))):
        torch.testing.assert_close(now, before, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_chunks_average_to_the_whole(order):
    f = drawn(60, 2, 3)
    means = correlators.chunk_means(f, order, chunks=6)
    whole = correlators.two_point(f) if order == 2 else correlators.one_input(f, order)
    torch.testing.assert_close(means.mean(0), whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("order", [2, 4, 6])
def test_the_invariant_tensor_is_the_correlator_of_normal_outputs(order):
    """Isserlis: E g_i1 ... g_in of a standard normal vector is the sum over pairings."""
    moments = {0: 1, 1: 0, 2: 1, 3: 0, 4: 3, 5: 0, 6: 15}
    S = correlators.invariant(order, 3)
    for indices in product(range(3), repeat=order):
        expected = 1
        for value in range(3):
            expected *= moments[indices.count(value)]
        assert S[indices].item() == expected


def test_there_is_no_invariant_tensor_of_odd_order():
    assert not correlators.invariant(3, 4).any()


def test_kurtosis_is_scipys():
    f = drawn(200, 2, 3)
    expected = torch.from_numpy(scipy_kurtosis(f.double().numpy() ** 2, axis=0, fisher=False))
    torch.testing.assert_close(correlators.kurtosis(f, 2), expected)


def test_the_error_of_an_error_bar_is_seen_in_repeated_ensembles():
    """Of a normal variable, κ = 3: the sample standard deviation varies by 1 / √(2M)."""
    assert correlators.error_of_error(drawn(20_000, 1, 1), 1) == pytest.approx((1 / 40_000) ** 0.5, rel=0.1)
    heavy = drawn(20_000, 1, 1).exp()
    assert (
        correlators.error_of_error(heavy, 4) > correlators.UNSURE > correlators.error_of_error(drawn(20_000, 1, 1), 4)
    )


@pytest.mark.parametrize("order", [0, 7, 2.5, -1])
def test_other_orders_are_refused(order):
    with pytest.raises(ValueError, match="order of a correlator"):
        correlators.one_input(drawn(5, 1, 2), order)


def test_wrong_shapes_and_chunks_are_refused():
    with pytest.raises(ValueError, match=r"\(networks, points, D\)"):
        correlators.two_point(torch.zeros(5, 2))
    with pytest.raises(ValueError, match="at least three"):
        correlators.chunk_means(drawn(10, 1, 2), 2, chunks=2)
    with pytest.raises(ValueError, match="do not make"):
        correlators.chunk_means(drawn(5, 1, 2), 2)

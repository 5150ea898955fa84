"""Readings of page 21: planted answers, and the derived breaking against an ensemble of exact moments."""

import pytest
import torch

from liegg.studies.duality import correlators, invariance_cases
from liegg.studies.duality import invariance_readings as readings


def planted(mu, half, repeats=2000, seed=0):
    """Hits of a test whose power rises as a normal law of log μ from 0.05."""
    power = 0.05 + 0.95 * torch.special.ndtr((torch.tensor(mu).log() - torch.tensor(half).log()) / 0.4)
    return torch.rand(repeats, len(mu), generator=torch.Generator().manual_seed(seed)) < power


MU = [0.001 * 2**k for k in range(9)]


def test_half_power_is_found():
    assert readings.half_power(MU, planted(MU, 0.013)) == pytest.approx(0.013, rel=0.05)


def test_half_power_needs_means_from_unseen_to_seen():
    assert readings.half_power(MU[:4], planted(MU[:4], 0.013)) is None
    assert readings.half_power(MU[5:], planted(MU[5:], 0.013)) is None


def test_the_exponent_is_found_within_its_interval():
    sizes = [1000, 10_000, 100_000]
    hits = [(MU, planted(MU, 1.3 / size**0.5, 60, seed=i)) for i, size in enumerate(sizes)]
    found = readings.exponent(sizes, hits)
    assert found["low"] < -0.5 < found["high"] and found["high"] - found["low"] < 0.15 and found["n"] == 60
    assert readings.exponent(sizes, [*hits[:2], (MU[:3], hits[2][1][:, :3])]) is None
    assert readings.exponent(sizes, [(mu, hit[:4]) for mu, hit in hits]) is None


@pytest.mark.parametrize(("last", "kurtosis"), [("uniform", -1.2), ("signs", -2.0)])
def test_the_derived_breaking_is_that_of_exact_moments(last, kurtosis):
    """G of uncorrelated weights by their moments, term by term, for hidden units drawn by the thousand."""
    N, D = 6, 3
    h = torch.randn(400_000, N, generator=torch.Generator().manual_seed(0)).relu().double()
    pairs, four = h.square().sum(1).square().mean() / N**2, h.pow(4).sum(1).mean() / N**2
    ones = torch.zeros(D, D, D, D).double()
    ones[range(D), range(D), range(D), range(D)] = 1
    S = correlators.invariant(4, D)
    G = (pairs * S + kurtosis * four * ones).flatten()
    rest = G - (G @ S.flatten()) / S.square().sum() * S.flatten()
    derived = readings.derived_breaking(N, D, kurtosis)
    assert derived == pytest.approx((rest.square().sum() / G.square().sum()).item(), rel=0.03)


def test_the_breaking_goes_away_as_one_over_the_width():
    assert readings.derived_breaking(10_000, 5) / readings.derived_breaking(20_000, 5) == pytest.approx(4, rel=0.01)


def test_the_smallest_order_is_the_first_that_most_ensembles_reject():
    p = torch.full((4, 6), 0.5)
    assert readings.smallest_order(p) is None
    p[:2, 1] = p[1:, 3] = p[:, 5] = 0.02
    assert readings.smallest_order(p) == 4


def test_found_reads_what_was_measured():
    settings = {
        "networks": 60,
        "published_networks": 60,
        "published_widths": [5, 8],
        "widths": [3, 4],
        "restored_widths": [3, 5],
        "sizes": [30],
        "shifts": [0.0, 0.4, 0.2],
    }
    cases = [case | {"seed": i} for i, case in enumerate(invariance_cases.cases(**settings))]
    numbers = {"draws": 19, "repeats": 2, "power_draws": 19, "power_repeats": 3}
    found = readings.Found(cases, [invariance_cases.measure(case, **numbers, seed=case["seed"]) for case in cases])
    panel = found.panel("normal", 5, 4)
    assert panel["width"] == [5, 8]
    assert found.filled("normal", 5, 4)[1] == max(abs(panel["mu"][1]), panel["sigma"][1]) / panel["band"][1]
    assert found.p("test", kind="uniform").shape == (4, 3) and found.p("order", last="student").shape == (2, 4)
    assert len(found.symmetric_p()) == 2 * 2 + 2 + 2 + 3
    mu, hits = found.rejected(30, 0)
    assert mu == [0.2, 0.4] and hits.shape == (3, 2)
    widths, excess, derived = readings.restored(found)
    assert widths == [3, 5] and excess.shape == (2, 2) and derived[0] == readings.derived_breaking(3, 3)
    assert readings.unsure(found, 0.0) == {key: [5, 8] for key in readings.FIGURE}
    rows = list(found.rows())
    assert {row["order"] for row in rows if row["part"] == "restored"} == {4}
    assert {row["order"] for row in rows if row.get("last") == "student"} == {1, 2, 3, 4}
    assert all(0.05 <= row["p"] <= 1 for row in rows if "p" in row)
    with pytest.raises(KeyError, match="no case"):
        found.p("test", kind="other")


def test_shares_have_intervals():
    share = readings.power(torch.tensor([[True, False], [True, False]]))
    assert share[:, 0].tolist() == [1, 0] and (share[:, 1] <= share[:, 0]).all() and (share[:, 2] >= share[:, 0]).all()

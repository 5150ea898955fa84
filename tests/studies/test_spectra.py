"""Spectra as rows: the numbers of a result in the order of its directions."""

import torch

from liegg import actions, algebra, find_symmetry
from liegg.studies import spectra


def networks(count):
    """Functions of |x| in three dimensions, each with an error of its own."""
    draws = torch.randn(count, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return [lambda x, w=w: x.norm(dim=1).sin()[:, None] + 0.01 * (x @ w).cos()[:, None] for w in draws]


def test_a_row_is_a_direction():
    x = torch.randn(600, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = find_symmetry(networks(4), x, actions.Linear(3))
    rows = spectra.rows(found, algebra.so(3))
    assert [row["direction"] for row in rows] == list(range(1, 10))
    assert [row["counted"] for row in rows] == [i < found.dimension for i in range(9)]
    for name in ("variance", "relative_variance", "chance_ratio", "coherence"):
        assert [row[name] for row in rows] == getattr(found, name).tolist()
    assert all(row["bias"] < 0.2 for row in rows[:3]) and all(row["bias"] > 0.9 for row in rows[3:])
    assert [[row["coherence_low"], row["coherence_high"]] for row in rows] == found.coherence_interval.tolist()
    assert "share" not in rows[0]


def test_one_network_has_no_coherence_and_labels_a_share():
    x = torch.randn(600, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    (net,) = networks(1)
    found = find_symmetry(net, x, actions.Linear(3), targets=x.norm(dim=1).sin()[:, None])
    rows = spectra.rows(found, algebra.so(3))
    assert not any(name.startswith("coherence") for name in rows[0])
    assert [row["share"] for row in rows] == found.paid_share.tolist()
    assert [row["share_error"] for row in rows] == found.paid_error.tolist()


def test_numbered_columns():
    assert spectra.numbered("casimir", torch.tensor([2.0, 6.0])) == {"casimir_1": 2.0, "casimir_2": 6.0}

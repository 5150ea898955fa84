"""Ranks and errors on latents made by hand."""

import pytest
import torch

from liegg.studies.embedding import metrics
from liegg.studies.embedding.grids import Shapes
from liegg.studies.embedding.models import WorldModel


def latents(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_ranks_are_those_of_sorting():
    true, predicted = latents(700, 3, 2), latents(700, 3, 2, seed=1)
    distance = (true.flatten(1)[:, None] - predicted.flatten(1)).square().sum(2)
    expected = [(row < row[i]).sum().item() + 1 for i, row in enumerate(distance)]
    assert metrics.ranks(predicted, true).tolist() == expected
    assert max(expected) > 300


def test_perfect_predictions_and_ties_have_rank_one():
    z = latents(20, 4)
    assert metrics.ranks(z, z).tolist() == [1] * 20
    assert metrics.ranks(torch.zeros(20, 4), z).tolist() == [1] * 20


def test_known_hits():
    found = torch.tensor([1, 1, 2, 4])
    assert metrics.hits(found, 1) == 50 and metrics.hits(found, 3) == 75
    assert metrics.mean_reciprocal_rank(found) == pytest.approx(100 * (1 + 1 + 0.5 + 0.25) / 4)


@pytest.mark.parametrize("seed", range(5))
def test_mrr_is_never_below_hits_at_one(seed):
    found = metrics.ranks(latents(60, 2, seed=seed), latents(60, 2, seed=seed) + 0.3 * latents(60, 2, seed=seed + 9))
    assert metrics.mean_reciprocal_rank(found) >= metrics.hits(found, 1) > 0


def test_hard_hits_count_those_closer_than_all_neighbours():
    true = torch.zeros(3, 2, 2)
    near = torch.stack([true + 1, true - 1])
    predicted = torch.tensor([0.1, 0.9, -0.4])[:, None, None].expand(3, 2, 2)
    assert metrics.hard_hits(predicted, true, near) == pytest.approx(200 / 3)


def test_distances_that_an_isometry_leaves_have_no_error():
    z, other = latents(50, 2), latents(50, 2, seed=1)
    turn = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    assert metrics.distance_invariance_error(z, other, z @ turn, other @ turn) < 1e-6
    doubled = metrics.distance_invariance_error(z, other, 2 * z, 2 * other)
    assert doubled == pytest.approx(((z - other).norm(dim=1).mean() / z.norm(dim=1).mean()).item(), rel=1e-5)


def test_the_equivariance_error_is_a_distance():
    a, b = latents(30, 3, 3), latents(30, 3, 3, seed=1)
    assert metrics.equivariance_error(a, a) == 0
    absolute = (a - b).flatten(1).norm(dim=1).mean().item()
    assert metrics.equivariance_error(a, b, relative=False) == pytest.approx(absolute)
    assert metrics.equivariance_error(a, b) == pytest.approx(absolute / a.flatten(1).norm(dim=1).mean().item())


def test_an_equivariant_model_has_no_errors_and_another_has():
    world = Shapes(2)
    ask = {"episodes": 40, "horizons": (1, 3), "seed": 0}
    found = {
        kind: metrics.evaluate(WorldModel(world, kind, channels=4, width=8, seed=0).eval(), world, "all", **ask)
        for kind in ("none", "ours")
    }
    assert found["ours"]["DIE (3)"] < 1e-5 < 1e-3 < found["none"]["DIE (3)"]
    assert found["ours"]["EE"] < 1e-6
    assert all(f[f"MRR ({p})"] >= f[f"H@1 ({p})"] for f in found.values() for p in (1, 3))


def test_empty_and_unlike_sets_are_refused():
    with pytest.raises(ValueError, match="no episode to evaluate on"):
        metrics.ranks(torch.zeros(0, 2), torch.zeros(0, 2))
    with pytest.raises(ValueError, match="no episode to evaluate on"):
        metrics.evaluate(
            WorldModel(Shapes(2), "none", channels=4, width=8, seed=0),
            Shapes(2),
            "all",
            episodes=0,
            horizons=(1,),
            seed=0,
        )
    with pytest.raises(ValueError, match="differ in shape"):
        metrics.ranks(torch.zeros(3, 2), torch.zeros(3, 4))

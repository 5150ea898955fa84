"""One shape of classifiers: as many parameters as the poster's, and factors that are those of the function named."""

import pytest
import torch

from liegg import polarization_matrix
from liegg.studies.generators import depth_parameters, digits, poster, rotation
from liegg.training.networks import UnitLogits, count


@pytest.mark.parametrize("budget", poster.BUDGETS)
@pytest.mark.parametrize("layers", poster.LAYERS)
def test_budgets_are_met_within_two_per_cent(layers, budget):
    (net,) = digits.classifiers([depth_parameters.width(layers, budget)] * layers, seeds=[0])
    assert count(net) == pytest.approx(budget, rel=0.02)


def test_a_sum_of_outputs_has_the_sum_of_their_rows():
    (net,) = digits.classifiers([8], seeds=[0])
    x = torch.randn(20, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    rows = polarization_matrix(UnitLogits(net), x, rotation.ACTION)
    summed = polarization_matrix(depth_parameters.Summed(UnitLogits(net)), x, rotation.ACTION)
    assert rows.shape == (20, 10, 6)
    assert torch.allclose(summed[:, 0], rows.sum(1), atol=1e-5)


def test_a_shape_is_measured_at_its_own_training_images():
    settings = {"epochs": 2, "batch_size": 50, "lr": 1e-3}
    measured = depth_parameters.of_shape(
        "digits", [8, 8], images=100, validation=30, held_out=40, seeds=[3, 5], **settings
    )
    nets = digits.classifiers([8, 8], seeds=[3, 5])
    starts = digits.classifiers([8, 8], seeds=[1003, 1005])
    x, _ = digits.draws("digits", "train", 100, rotated=True, seeds=[3, 5])
    assert measured["parameters"] == count(nets[0])
    assert len(measured["accuracy"]) == 2 and all(0 <= a <= 1 for a in measured["accuracy"])
    for a, (start, images) in enumerate(zip(starts, x)):
        E = polarization_matrix(UnitLogits(start), images, rotation.ACTION).flatten(0, 1).double()
        R = measured["untrained"][a].matched[0].triangle
        assert torch.allclose(R.T @ R, E.T @ E, rtol=1e-4, atol=1e-6)
    for name in ("rows", "summed", "raw"):
        assert [f.samples for f in measured[name]] == [100, 100]
    assert not torch.allclose(measured["summed"][0].matched[0].triangle, measured["raw"][0].matched[0].triangle)

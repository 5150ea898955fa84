"""What is read beside the authors' figure: planted values come back, and the four directions are the true ones."""

import math
from itertools import product

import pytest
import torch

from liegg import actions, polarization_matrix, polarize
from liegg.studies.generators import poster, rotation


def radial(x):
    """Outputs that do not change under rotations, but for the corners of the images."""
    side = torch.arange(28) - 13.5
    radius = (side[:, None].square() + side.square()).sqrt()
    rings = torch.stack([torch.exp(-((radius - r) ** 2) / 18) for r in (2, 5, 8)])
    return torch.einsum("bij,kij->bk", x[:, 0], rings.to(x)).square()


def blobs(samples):
    """Smooth images, each a few bumps."""
    generator = torch.Generator().manual_seed(0)
    side = torch.arange(28) - 13.5
    centres = torch.rand(samples, 3, 2, 1, generator=generator) * 12 - 6
    across, down = torch.exp(-((side - centres) ** 2) / 18).unbind(2)
    return torch.einsum("bkj,bki->bij", across, down)[:, None]


def test_the_lowest_of_four_directions_is_that_of_their_matrix():
    x = blobs(200)
    E = polarization_matrix(radial, x, actions.Affine2d())[..., poster.LINEAR].flatten(0, 1).double()
    variance, relative, bias = poster.lowest_linear(polarize(radial, x, actions.Affine2d()))
    values, vectors = torch.linalg.eigh(E.T @ E / len(x))
    H = vectors[:, 0].reshape(2, 2)
    assert variance == pytest.approx(values[0].item(), rel=1e-3)
    assert relative == pytest.approx((values[0] / values.mean()).item(), rel=1e-3)
    assert bias == pytest.approx(((H + H.T) / 2).norm().item(), abs=1e-3)
    assert bias < 0.02 and relative < 1e-3


def test_four_columns_do_not_translate():
    matrices = rotation.ACTION.matrix(torch.eye(6, dtype=torch.float64))
    assert not matrices[poster.LINEAR, :2, 2].any() and matrices[poster.LINEAR, :2, :2].flatten(1).sum() == 4


def planted(factor=2.0, seeds=3):
    """Networks whose variances are the poster's times a factor; biases are halved at three and four layers."""
    rows = []
    for b, d in product(poster.BUDGETS, poster.LAYERS):
        variance = factor * poster.VARIANCE[poster.BUDGETS.index(b), d - 1].item()
        for s in range(seeds):
            more = {
                "variance_raw": 9.0,
                "variance_rows": 1.0,
                "relative": 0.5**d,
                "relative_summed": 0.7,
                "relative_untrained": 0.7,
            }
            bias = 0.1 * 0.5 ** (d in (3, 4))
            row = {"variance": variance * 1.1 ** (s - 1), "bias": bias, "bias_rows": bias / 3, "accuracy": 1 - variance}
            rows.append({"budget": b, "layers": d, "seed": s} | row | more)
    return poster.Sweep(rows, list(poster.BUDGETS), list(poster.LAYERS))


def test_planted_factors_come_back():
    sweep = planted()
    first, mixed, *_ = poster.READINGS
    assert sweep.factor(first)["value"] == pytest.approx(2)
    assert sweep.factor(mixed)["value"] == pytest.approx(2 / 196)
    assert sweep.scatter(first) == pytest.approx(1)
    assert sweep.agreement()["value"] == pytest.approx(1)
    assert sweep.factor(first)["low"] < 2 < sweep.factor(first)["high"]


def test_planted_falls_come_back():
    falls = planted().falls()
    three = poster.VARIANCE[:, 0] / poster.VARIANCE[:, -1]
    assert falls["depth_fall"]["value"] == pytest.approx(three.log().mean().exp().item())
    assert falls["depth_fall_few"]["value"] == pytest.approx(0.300 / 0.276)
    assert falls["depth_fall_many"]["value"] == pytest.approx(0.193 / 0.064)
    assert falls["corner_factor"]["value"] == pytest.approx(0.300 / 0.064)
    assert falls["depth_fall_relative"]["value"] == pytest.approx(16)
    assert falls["depth_fall_relative_summed"]["value"] == pytest.approx(1)
    assert falls["depth_fall_rows"]["value"] == falls["parameters_fall_relative_summed"]["value"] == pytest.approx(1)
    assert falls["depth_fall_untrained"]["value"] == pytest.approx(1)
    assert falls["bias_fall"]["value"] == pytest.approx(2)


def test_accuracy_and_what_goes_with_it():
    said = planted(factor=0.8).of_accuracy()
    assert said["variance_follows_accuracy_all"]["value"] < -0.9
    assert said["variance_follows_accuracy"]["value"] < -0.8
    assert said["bias_factor_of_sum"]["value"] == pytest.approx(3)
    assert said["bias_of_halves"]["value"] in (0.5, 1, 2)


def test_only_networks_on_the_posters_axis_count():
    sweep = planted(factor=0.5)
    for row in sweep.rows:
        row["accuracy"] = 0.87 - row["variance"] if row["variance"] < 0.1 else row["variance"]
    said = sweep.of_accuracy()
    assert said["variance_follows_accuracy"]["value"] == pytest.approx(-1)
    assert said["variance_follows_accuracy_all"]["value"] > -0.9
    for row in sweep.rows:
        row["accuracy"] = 0.5
    none = sweep.of_accuracy()
    assert none["variance_follows_accuracy"] is None and none["bias_of_halves"] is None


def test_shapes_that_the_poster_lacks_have_no_factor():
    rows = [row | {"budget": 10 * row["budget"]} for row in planted().rows]
    sweep = poster.Sweep(rows, [10 * b for b in poster.BUDGETS], list(poster.LAYERS))
    assert sweep.factor(next(iter(poster.READINGS))) is None and sweep.agreement() is None
    assert poster.in_words(5000, 1) == poster.in_words(40_000, 6) == ["–", "–"]
    assert poster.in_words(160_000, 5) == ["0.064 ± 0.020", "0.046 ± 0.025"]


def test_medians_within_ranges_of_accuracy():
    accuracy = torch.tensor([0.70, 0.76, 0.78, 0.79, 0.86])
    said = poster.within(accuracy, torch.tensor([9.0, 0.1, 0.2, 0.3, 0.5]))
    assert said[0] == (3, "0.200 [0.110, 0.290]")
    assert said[1] == (0, "–") and said[-1] == (1, "0.500 [0.500, 0.500]")
    assert math.isclose(sum(n for n, _ in said), 4)

"""Readings of so(5) and of rotations: functions of known answer, and what the numbers are made of."""

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles

from liegg import decide, find_symmetry, polarize
from liegg.studies.generators import o5, readings, rotation
from liegg.studies.generators.digits import classifiers, draws
from liegg.studies.generators.regimes import features
from liegg.training.networks import UnitLogits

SEEDS = [4, 5, 6]
IMAGES, LABELS = draws("digits", "train", 80, rotated=True, seeds=SEEDS)
NETS = classifiers([8, 6], seeds=SEEDS)
DEGREES = torch.tensor([30, 90])


def rings():
    """A function of images that no turn changes: means over three rings."""
    u = (torch.arange(28).double() - 13.5) / 14
    radius = (u[:, None] ** 2 + u**2).sqrt()
    filters = torch.stack([torch.exp(-((radius - c) ** 2) / 0.02) for c in (0.2, 0.4, 0.6)])
    return lambda x: torch.tanh((x * filters[:, None, None].to(x)).sum((2, 3, 4)).T / 50)


def waves():
    """Another: how strong two waves around the centre are, whichever way they point."""
    u = (torch.arange(28).double() - 13.5) / 14
    z = torch.complex(u.expand(28, 28), u[:, None].expand(28, 28))
    filters = torch.stack([z**k * torch.exp(-4 * z.abs() ** 2) for k in (1, 2)])
    return lambda x: (x * filters[:, None, None]).sum((2, 3, 4)).abs().square().T / 50


@pytest.fixture(scope="module", params=[rings, waves])
def round_function(request):
    return find_symmetry(request.param(), IMAGES[0].double(), rotation.ACTION)


@pytest.fixture(scope="module")
def alone():
    """What find_symmetry says of each classifier at its own images."""
    return [find_symmetry(UnitLogits(net), x, rotation.ACTION) for net, x in zip(NETS, IMAGES)]


def test_the_exact_function_of_the_o5_task():
    x, _ = o5.draw(2000, seed=0)
    row = readings.of_so5(find_symmetry(o5.target, x, o5.ACTION))
    assert row["dimension"] == 10 and row["angle"] < 1e-3 and row["bias_mean"] < 1e-5
    assert row["gap"] > 1e6 and row["closure"] < 1e-5


def test_what_a_network_knows_of_so5_by_definition():
    """The distance to so(5) is what is symmetric in a matrix."""
    x, y = o5.draw(300, seed=0)
    found = find_symmetry(o5.networks([16], [x], [y], seeds=[0])[0], x, o5.ACTION)
    row, variance, directions = readings.of_so5(found), found.variance.numpy(), found.directions.numpy()
    bias = np.linalg.norm(directions + directions.transpose(0, 2, 1), axis=(1, 2))[:10] / 2
    largest = np.rad2deg(subspace_angles(directions[:10].reshape(10, 25).T, o5.SO5.flatten(1).T.numpy())[0])
    assert row == pytest.approx(
        {
            "dimension": found.dimension,
            "gap": variance[10] / variance[9],
            "variance_smallest": variance.min(),
            "variance_mean": np.sort(variance)[:10].mean(),
            "relative_variance": variance[:10].mean() / variance.mean(),
            "bias_smallest": bias[0],
            "bias_mean": bias.mean(),
            "bias_largest": bias.max(),
            "angle": largest,
            "closure": found.closure,
        }
    )
    assert row["bias_mean"] > 0.1 and row["angle"] > 10  # untrained: it knows nothing


def test_the_lowest_direction_of_a_round_function_is_the_rotation_and_turns_as_it_does(round_function):
    assert readings.angle(round_function) < 0.5
    rotating = rotation.ACTION.matrix(rotation.TURN)
    rotating = rotating if rotating[1, 0] > 0 else -rotating
    assert torch.allclose(readings.oriented(round_function), rotating.double(), atol=1e-2)


def test_what_a_round_function_knows_of_the_rotation(round_function):
    row = readings.of_rotation(round_function)
    assert row["bias"] < 0.01 and row["angle"] < 0.5 and row["relative_variance"] < 1e-3 and row["gap"] > 100


def test_whether_the_rotation_counts_for_one_function():
    """Of rings, which have a round gradient at any image, so that it is no matter at which, it may: one function tells
    little without chance."""
    x = IMAGES.flatten(0, 1).double()
    of_rings, of_waves = (find_symmetry(f(), x, rotation.ACTION) for f in (rings, waves))
    ring, wave = readings.of_rotation(of_rings), readings.of_rotation(of_waves)
    assert of_rings.dimension_interval[1] >= 1 and 0.5 < ring["chance_ratio"] < 1.5
    assert wave["dimension"] == 1 and wave["chance_ratio"] < 0.01


def test_what_a_classifier_knows_of_the_rotation_by_definition(alone):
    for found in alone:
        row, oriented = readings.of_rotation(found), readings.oriented(found)
        cosine = abs(float((found.directions[0] * rotation.ACTION.matrix(rotation.TURN)).sum()))
        assert row["angle"] == pytest.approx(np.rad2deg(np.arccos(cosine))) and row["angle"] == readings.angle(found)
        assert row["bias"] == pytest.approx((1 - cosine**2) ** 0.5)
        assert row["dimension"] == found.dimension and row["chance_ratio"] == found.chance_ratio[0]
        assert row["gap"] == pytest.approx((found.variance[1] / found.variance[0]).item())
        assert row["relative_variance"] == pytest.approx((found.variance[0] / found.variance.mean()).item())
        assert oriented[1, 0] >= oriented[0, 1] and torch.equal(oriented.abs(), found.directions[0].abs())


def test_a_motion_of_the_plane_is_split_into_its_parts(alone):
    lowest = torch.stack([found.directions[0] for found in alone])
    lengths = readings.parts(lowest)
    assert torch.allclose(sum(part**2 for part in lengths.values()), torch.ones(len(alone)).double())
    bias = torch.stack([found.bias(rotation.SO2)[0] for found in alone])
    assert torch.allclose(lengths["rotation"], (1 - bias**2).sqrt())
    for name, entries in {
        "rotation": {(0, 1): -3.0, (1, 0): 3.0},
        "scaling": {(0, 0): 3.0, (1, 1): 3.0},
        "stretches": {(0, 1): 3.0, (1, 0): 3.0},
        "translations": {(0, 2): 3.0, (1, 2): 3.0},
    }.items():
        A = torch.zeros(3, 3)
        for place, value in entries.items():
            A[place] = value
        found = readings.parts(A)
        assert found.pop(name) == pytest.approx(18**0.5) and all(part == 0 for part in found.values())


def test_a_row_for_each_network_of_one_kind(alone):
    measured = rotation.of_architecture(NETS, (IMAGES, LABELS), IMAGES[:, :20], DEGREES)
    rows = readings.of_architecture(measured, SEEDS, DEGREES)
    together = find_symmetry([UnitLogits(net) for net in NETS], IMAGES[0], rotation.ACTION)
    shared = {
        "parameters": 784 * 8 + 8 * 6 + 6 * 10,
        "dimension_together": together.dimension,
        "rule": together.decision.rule,
        "coherence": together.coherence[0].item(),
        "coherence_next": together.coherence[1].item(),
        "angle_together": readings.angle(together),
    }
    assert [row["seed"] for row in rows] == SEEDS
    for a, (row, found) in enumerate(zip(rows, alone)):
        own = readings.of_rotation(found)
        assert shared.items() <= row.items() and row["accuracy"] == measured["accuracy"][a]
        assert all(row[f"{name}_alone"] == own[name] for name in ("dimension", "bias", "angle", "gap"))
        assert [row[f"relative_variance_{k}"] for k in range(1, 7)] == found.relative_variance.tolist()
        assert [row["drift_30"], row["drift_90"]] == measured["drift"][a].tolist()
        assert {key for key in row if key.startswith(("relative_variance_", "drift_"))} == {
            *(f"relative_variance_{k}" for k in range(1, 7)), "drift_30", "drift_90",
        }  # fmt: skip


def test_a_row_for_each_layer():
    x, y = IMAGES[0], LABELS[0]
    measured = rotation.of_layers(NETS[0], x, y, [1, 3])
    rows = readings.of_layers(measured)
    assert [row["layer"] for row in rows] == [1, 3]
    for row, layer in zip(rows, measured["layers"]):
        found = find_symmetry(features(NETS[0], row["layer"]), x[:40], rotation.ACTION)
        assert row["accuracy"] == measured["accuracy"] and row["drift_90"] == layer["drift_90"]
        assert row["ratio"] == pytest.approx((found.variance[0] / found.variance[1]).item())
        assert row["bias"] == found.bias(rotation.SO2)[0] and row["chance_ratio"] == found.chance_ratio[0]


def test_networks_at_the_same_points_are_read_alone_as_by_themselves():
    x, y = o5.draw(300, seed=0)
    nets = o5.networks([16], [x] * 3, [y] * 3, seeds=SEEDS)
    together = polarize(nets, x, o5.ACTION)
    for a, net in enumerate(nets):
        by_itself = readings.of_so5(find_symmetry(net, x, o5.ACTION))
        assert readings.of_so5(decide(together.alone(a), o5.ACTION)) == pytest.approx(by_itself, rel=1e-6, nan_ok=True)


@pytest.mark.filterwarnings("ignore:the outputs are no nearer")
def test_what_classifiers_of_a_kind_know():
    """Untrained ones: each measure is that of the answer it is read from, network by network."""
    nets = [UnitLogits(net) for net in classifiers([8], seeds=[0, 1, 2])]
    x, labels = draws("digits", "test", 60, rotated=True, seeds=[0])
    alone = [find_symmetry(net, x[0], rotation.ACTION) for net in nets]
    together = find_symmetry(nets, x[0], rotation.ACTION)
    labelled = [find_symmetry(net, x[0], rotation.ACTION, targets=labels[0]) for net in nets]
    said = readings.of_classifiers(alone, alone[::-1], labelled, together)
    assert said["bias_test"] == said["bias"][::-1] == [f.bias(rotation.SO2)[0].item() for f in alone[::-1]]
    assert said["dimension"] == together.dimension and said["dimension_alone"] == [f.dimension for f in alone]
    assert said["share_next"] == [f.paid_share[1].item() for f in labelled]
    assert said["shared"] == max(low for low, _ in together.coherence_interval.tolist())
    assert said["untold"] == [float(f.decision.rule == "untold") for f in labelled]

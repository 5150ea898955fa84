"""What results say of so(5) and of the rotations of the plane, in numbers."""

from collections.abc import Sequence

import torch
from torch import Tensor

from liegg import algebra
from liegg.studies.generators import o5, rotation
from liegg.studies.spectra import numbered
from liegg.symmetry.factors import Factors
from liegg.symmetry.find import decide
from liegg.symmetry.result import Symmetry

RUNS = 10
AUTHORS_RUNS = {
    "test_error": (0.342, 0.237),
    "variance_smallest": (0.0645, 0.0325),
    "variance_mean": (0.103, 0.057),
    "bias_smallest": (0.0077, 0.0015),
}
"""mean and standard deviation over so many runs of the authors' o5_regression, the start seeded as well"""
AUTHORS_TEN = (0.0633, 0.067, 0.074, 0.078, 0.082, 0.082, 0.096, 0.110, 0.113, 0.132)
"""the ten smallest symmetry variances of the figure saved in it: the first as printed, the others digitised to 5 %"""
DIGITS_RUNS = {"accuracy_validation": (0.848, 0.005), "bias": (0.055, 0.026), "gap": (2.82, 0.43)}
"""the same of the authors' rot_mnist: the saved run and three on rotated MNIST test digits, among four directions"""


def of_so5(found: Symmetry) -> dict[str, float]:
    """What one network knows of so(5).

    dimension            how many directions count
    gap                  symmetry variance of the eleventh direction over that of the tenth
    variance_, bias_     smallest: of the first direction; mean, largest: over the ten lowest
    relative_variance    variance_mean over the mean of all 25
    angle                largest principal angle between the ten lowest directions and so(5), in degrees
    closure              closure defect of the counted generators, 0 to 1
    """
    bias = found.bias(o5.SO5)[o5.TEN]
    return {
        "dimension": found.dimension,
        "gap": (found.variance[10] / found.variance[9]).item(),
        "variance_smallest": found.variance[0].item(),
        "variance_mean": found.variance[o5.TEN].mean().item(),
        "relative_variance": found.relative_variance[o5.TEN].mean().item(),
        "bias_smallest": bias[0].item(),
        "bias_mean": bias.mean().item(),
        "bias_largest": bias.max().item(),
        "angle": algebra.principal_angles(found.directions[o5.TEN], o5.SO5)[-1].item(),
        "closure": found.closure,
    }


def oriented(found: Symmetry) -> Tensor:
    """(3, 3) the lowest direction, with the sign that turns as the rotation does."""
    lowest = found.directions[0]
    return lowest if lowest[1, 0] >= lowest[0, 1] else -lowest


def parts(A: Tensor) -> dict[str, Tensor]:
    """The lengths, () each, of what a motion of the plane A (..., 3, 3), u -> L u + b, is made of; their squares add up
    to that of A. Where A has unit norm, all but the rotation is its bias: the square root of 1 - rotation²."""
    L, shift = A[..., :2, :2], A[..., :2, 2]
    turn, grow = L[..., 1, 0] - L[..., 0, 1], L[..., 0, 0] + L[..., 1, 1]
    stretch = torch.stack([L[..., 0, 0] - L[..., 1, 1], L[..., 0, 1] + L[..., 1, 0]], -1)
    root = 2**-0.5
    return {
        "rotation": root * turn.abs(),
        "scaling": root * grow.abs(),
        "stretches": root * stretch.norm(dim=-1),
        "translations": shift.norm(dim=-1),
    }


def angle(found: Symmetry) -> float:
    """The angle between the lowest direction and the rotation, in degrees."""
    return algebra.principal_angles(found.directions[:1], rotation.ACTION.matrix(rotation.TURN)[None])[0].item()


def of_rotation(found: Symmetry) -> dict[str, float]:
    """What one network knows of the rotation.

    dimension                             how many directions count
    bias, relative_variance, chance_ratio of the lowest direction; bias is its distance to the rotation, 0 to 1
    angle                                 between the two, in degrees
    gap                                   variance of the second direction over that of the lowest
    """
    return {
        "dimension": found.dimension,
        "bias": found.bias(rotation.SO2)[0].item(),
        "angle": angle(found),
        "relative_variance": found.relative_variance[0].item(),
        "gap": (found.variance[1] / found.variance[0]).item(),
        "chance_ratio": found.chance_ratio[0].item(),
    }


def of_classifiers(
    alone: Sequence[Symmetry], unseen: Sequence[Symmetry], labelled: Sequence[Symmetry], together: Symmetry
) -> dict[str, list[float] | float]:
    """What classifiers of one kind know of the rotation: each alone at its training images, at test images (`unseen`)
    and at these with their labels, and all together.

    Of each alone: bias, relative_variance, gap and chance_ratio as in `of_rotation`, dimension_alone, bias_test,
    dimension_labelled, untold (whether labels cannot tell, 0 or 1), and share, share_next, the share of signal along
    the lowest direction and the next. Of all together: dimension, coherence and coherence_next of these two, and
    shared, the largest lower end of any direction's interval of coherence.
    """
    rows = [of_rotation(found) for found in alone]
    return {name: [row[name] for row in rows] for name in ("bias", "relative_variance", "gap", "chance_ratio")} | {
        "dimension": together.dimension,
        "coherence": together.coherence[0].item(),
        "coherence_next": together.coherence[1].item(),
        "shared": together.coherence_interval[:, 0].max().item(),
        "dimension_alone": [row["dimension"] for row in rows],
        "dimension_labelled": [float(found.dimension) for found in labelled],
        "untold": [float(found.decision.rule == "untold") for found in labelled],
        "share": [found.paid_share[0].item() for found in labelled],
        "share_next": [found.paid_share[1].item() for found in labelled],
        "bias_test": [of_rotation(found)["bias"] for found in unseen],
    }


def of_architecture(measured: dict, seeds: Sequence[int], degrees: Tensor) -> list[dict]:
    """One row a network of what `rotation.of_architecture` measured, with what the networks of a kind say together.

    rule        what decided on them all together, a key of `liegg.symmetry.decision.RULES`
    _alone      of each network by itself; bias and angle are those of its lowest direction
    drift_      in standard deviations of the scaled logits, at each of `degrees` (T,)
    relative_variance_    of each direction, from the lowest
    """
    together = decide(measured["together"], rotation.ACTION)
    shared = {
        "dimension_together": together.dimension,
        "rule": together.decision.rule,
        "coherence": together.coherence[0].item(),
        "coherence_next": together.coherence[1].item(),
        "angle_together": angle(together),
    }
    rows = []
    for seed, factors, accuracy, moved in zip(seeds, measured["alone"], measured["accuracy"], measured["drift"]):
        found = decide(factors, rotation.ACTION)
        alone = of_rotation(found)
        rows.append(
            {"parameters": measured["parameters"], "seed": seed, "accuracy": accuracy}
            | shared
            | {f"{name}_alone": alone[name] for name in ("dimension", "bias", "angle", "gap")}
            | numbered("relative_variance", found.relative_variance)
            | {f"drift_{d}": v for d, v in zip(degrees.tolist(), moved.tolist())}
        )
    return rows


def of_layers(measured: dict) -> list[dict]:
    """One row a layer of what `rotation.of_layers` measured.

    ratio                 the lowest variance over the next one
    bias, chance_ratio    of the lowest direction; bias is its distance to the rotation, 0 to 1
    drift_90              how far the features move at a quarter turn, in their standard deviations
    """
    rows = []
    for layer in measured["layers"]:
        factors: Factors = layer["alone"]
        said = of_rotation(decide(factors, rotation.ACTION))
        rows.append(
            {
                "layer": layer["layer"],
                "accuracy": measured["accuracy"],
                "ratio": 1 / said["gap"],
                "bias": said["bias"],
                "chance_ratio": said["chance_ratio"],
                "drift_90": layer["drift_90"],
            }
        )
    return rows

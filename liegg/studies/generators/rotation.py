"""What classifiers of digits know of the rotations of the plane, in numbers."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from liegg import algebra
from liegg.actions import Affine2d
from liegg.studies.generators.regimes import features
from liegg.symmetry.find import find_symmetry
from liegg.symmetry.finite import drift
from liegg.symmetry.result import Symmetry
from liegg.training.networks import UnitLogits, count

ACTION = Affine2d()
SO2 = algebra.so(2)
TURN = ACTION.coefficients(SO2[0])  # the rotation, of unit norm


def times(degrees: Tensor) -> Tensor:
    """When a rotation of unit norm has turned by so many degrees: at t it has turned by t / sqrt(2)."""
    return 2**0.5 * torch.deg2rad(degrees)


def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """The share of images whose largest logit is that of their label."""
    return (logits.argmax(-1) == labels).float().mean()


@torch.no_grad()
def accuracy_of(net: nn.Module, x: Tensor, labels: Tensor) -> float:
    """Accuracy of a network at images x (N, 1, 28, 28)."""
    return accuracy(net(x), labels).item()


def oriented(found: Symmetry) -> Tensor:
    """(3, 3) the lowest direction, with the sign that turns as the rotation does."""
    lowest = found.directions[0]
    return lowest if lowest[1, 0] >= lowest[0, 1] else -lowest


def angle(found: Symmetry) -> float:
    """The angle between the lowest direction and the rotation, in degrees."""
    return algebra.principal_angles(found.directions[:1], ACTION.matrix(TURN)[None])[0].item()


def of_classifier(found: Symmetry, net: nn.Module, validation: Sequence[Tensor], test: Sequence[Tensor]) -> dict:
    """Measures of one classifier; `found` is what find_symmetry says of its scaled logits at the training images.

    accuracy_validation, accuracy_test    at images and labels of either kind
    dimension_alone                       how many directions find_symmetry counts
    bias, relative_variance, chance_ratio of the lowest direction; bias is the distance to the rotation, 0 to 1
    gap                                   variance of the second direction over that of the lowest
    bias_test                             the bias found at the test images
    """
    unseen = find_symmetry(UnitLogits(net), test[0], ACTION)
    return {
        "accuracy_validation": accuracy_of(net, *validation),
        "accuracy_test": accuracy_of(net, *test),
        "dimension_alone": found.dimension,
        "bias": found.bias(SO2)[0].item(),
        "relative_variance": found.relative_variance[0].item(),
        "gap": (found.variance[1] / found.variance[0]).item(),
        "chance_ratio": found.chance_ratio[0].item(),
        "bias_test": unseen.bias(SO2)[0].item(),
    }


def of_kind(
    nets: Sequence[nn.Module], x: Tensor, y: Tensor, turned: Tensor, *, seeds: Sequence[int], degrees: Tensor
) -> list[dict]:
    """One row a network for networks of one kind, with what they say together at the first of their test sets.

    x, y       test images (M, N, 1, 28, 28) and labels (M, N) of each network
    turned     rotated digits (M, N, 1, 28, 28), which are turned on by `degrees` (T,): drift_ in standard deviations of
               the scaled logits
    angle_     degrees between the lowest direction and the rotation; gap: the second variance over the lowest
    """
    discriminators = [UnitLogits(net) for net in nets]
    together = find_symmetry(discriminators, x[0], ACTION)
    shared = {
        "dimension": together.dimension,
        "coherence": together.coherence[0].item(),
        "coherence_next": together.coherence[1].item(),
        "angle_together": angle(together),
    }
    rows = []
    for seed, net, F, *of_net in zip(seeds, nets, discriminators, x, y, turned):
        alone = find_symmetry(F, of_net[0], ACTION)
        moved = drift(F, of_net[2][:300], ACTION, TURN, times(degrees))
        rows.append(
            {"parameters": count(net), "seed": seed, "accuracy": accuracy_of(net, *of_net[:2])}
            | shared
            | {
                "dimension_alone": alone.dimension,
                "angle": angle(alone),
                "gap": (alone.variance[1] / alone.variance[0]).item(),
            }
            | {f"variance_{k}": v for k, v in enumerate(alone.relative_variance.tolist(), 1)}
            | {f"drift_{d}": v for d, v in zip(degrees.tolist(), moved.tolist())}
        )
    return rows


def of_layers(net: nn.Sequential, x: Tensor, y: Tensor, layers: Sequence[int]) -> list[dict]:
    """One row a layer of a classifier, looked at with the first half of its test images x (N, 1, 28, 28), y (N,).

    ratio          the lowest variance over the next one
    bias           of the lowest direction: its distance to the rotation, 0 to 1
    chance_ratio   of the lowest direction
    drift_90       how far the features move at a quarter turn, in their standard deviations
    """
    correct, half, rows = accuracy_of(net, x, y), x[: len(x) // 2], []
    for layer in layers:
        F = features(net, layer)
        found = find_symmetry(F, half, ACTION)
        rows.append(
            {
                "layer": layer,
                "accuracy": correct,
                "ratio": (found.variance[0] / found.variance[1]).item(),
                "bias": found.bias(SO2)[0].item(),
                "chance_ratio": found.chance_ratio[0].item(),
                "drift_90": drift(F, half, ACTION, TURN, times(torch.tensor([90.0]))).item(),
            }
        )
    return rows

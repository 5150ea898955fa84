"""What classifiers of digits know of the rotations of the plane, in numbers."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from liegg import algebra
from liegg.actions import Affine2d
from liegg.studies.generators.regimes import Data, features
from liegg.symmetry.finite import drift
from liegg.symmetry.stream import polarize
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


def of_classifiers(
    nets: Sequence[nn.Module], training: Data, validation: Data, test: Data, turned: Tensor, degrees: Tensor
) -> dict:
    """What is measured of M classifiers, each with its own images (M, N, 1, 28, 28) and labels (M, N).

    alone, alone_test     factors of each one's scaled logits, at its training and its test images
    together              factors of all of them at the test images of the first
    accuracy_validation, accuracy_test
    drift                 (M, T) along the rotation on the images `turned`, at `degrees` (T,): see `drifts`
    """
    discriminators = [UnitLogits(net) for net in nets]
    return {
        "alone": [polarize(F, x, ACTION) for F, x in zip(discriminators, training[0])],
        "alone_test": [polarize(F, x, ACTION) for F, x in zip(discriminators, test[0])],
        "together": polarize(discriminators, test[0][0], ACTION),
        "accuracy_validation": [accuracy_of(*each) for each in zip(nets, *validation)],
        "accuracy_test": [accuracy_of(*each) for each in zip(nets, *test)],
        "drift": drifts(discriminators, turned, degrees),
    }


def of_architecture(nets: Sequence[nn.Module], test: Data, turned: Tensor, degrees: Tensor) -> dict:
    """What is measured of M networks of one kind, each with its own test images (M, N, 1, 28, 28) and labels (M, N):
    as in `of_classifiers`, with `alone` at the test images, and the number of parameters."""
    discriminators = [UnitLogits(net) for net in nets]
    return {
        "parameters": count(nets[0]),
        "alone": [polarize(F, x, ACTION) for F, x in zip(discriminators, test[0])],
        "together": polarize(discriminators, test[0][0], ACTION),
        "accuracy": [accuracy_of(*each) for each in zip(nets, *test)],
        "drift": drifts(discriminators, turned, degrees),
    }


def of_layers(net: nn.Sequential, x: Tensor, y: Tensor, layers: Sequence[int]) -> dict:
    """What is measured of each layer of a classifier at the first half of its test images x (N, 1, 28, 28), y (N,):
    factors of the layer's features, and how far these move at a quarter turn, in their standard deviations; and the
    accuracy at all of them."""
    half, quarter = x[: len(x) // 2], torch.tensor([90.0])
    seen = [(features(net, layer), layer) for layer in layers]
    return {
        "accuracy": accuracy_of(net, x, y),
        "layers": [
            {"layer": layer, "alone": polarize(F, half, ACTION), "drift_90": drifts([F], half[None], quarter).item()}
            for F, layer in seen
        ],
    }


def drifts(functions: Sequence[nn.Module], x: Sequence[Tensor], degrees: Tensor) -> Tensor:
    """(M, T) how far each function's outputs move when its images x[a] (N, 1, 28, 28) are turned, in their standard
    deviations."""
    return torch.stack([drift(F, images, ACTION, TURN, times(degrees)) for F, images in zip(functions, x)])

"""What found symmetries are worth: read off networks that have learned, and used for a new task with few labels.

Two vectors of R⁵ and rotated digits, each with a new task that has the same symmetry. Every way of using what was found
trains networks of one shape with as many steps of the optimiser.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from liegg import algebra
from liegg.actions import Action, Affine2d, Linear
from liegg.data import SPLITS, images
from liegg.studies.fit import fit
from liegg.studies.generators import digits
from liegg.symmetry.factors import Factors
from liegg.symmetry.result import Symmetry
from liegg.symmetry.stream import polarize
from liegg.symmetry.use import Augmentation, lie_algebra, penalty
from liegg.training.ensemble import train
from liegg.training.networks import UnitLogits, mlp
from liegg.training.pretrained import pretrained

ACTIONS: dict[str, Action] = {"vectors": Linear(5, copies=2), "digits": Affine2d()}
WAYS = {
    "vectors": ("without", "augmentation", "penalty", "constraint", "control"),
    "digits": ("without", "augmentation", "penalty", "control"),
}
MOVING = ("augmentation", "control")  # the ways that move training points
MEAN, STD = 0.1303, 0.3008  # of pixels, as `digits.blur_and_standardize` has them
ROTATION = ACTIONS["digits"].matrix(ACTIONS["digits"].coefficients(algebra.so(2)))
CLASSES = {"vectors": 2, "digits": 10}
FRESH = 5000  # vectors on which accuracy is measured
HELD_BACK = 5  # one in so many training points is held back while the weight of the penalty is chosen

Data = tuple[Tensor, Tensor]


def learned(kind: str, points: int, *, seed: int) -> Factors:
    """Three pretrained networks asked together: at standard normal vectors, (points, 10), or at digits of scikit-learn,
    turned every way, (points, 1, 28, 28), of which they have seen none: what they learned is MNIST."""
    if kind == "vectors":
        x = torch.randn(points, 10, generator=torch.Generator().manual_seed(seed))
        return polarize([pretrained("o5", seed=s) for s in range(3)], x, ACTIONS[kind])
    x, _ = digits.draw("digits", "train", points, rotated=True, seed=seed)
    return polarize([UnitLogits(pretrained("rotated-digits", seed=s)) for s in range(3)], x, ACTIONS[kind])


def draw(kind: str, points: int, *, seed: int) -> tuple[Data, Data]:
    """Labelled points of the new task, and others to test on: FRESH vectors, or all digits that are left.

    vectors   (B, 10), a and b of R⁵, standard normal; whether 2 cos ∠(a, b) + |a| > |b|, which is so for half of them
    digits    (B, 1, 28, 28) of scikit-learn's, each turned by its own angle, and which of the ten it is
    """
    if kind == "vectors":
        x = torch.randn(points + FRESH, 10, generator=torch.Generator().manual_seed(seed))
        a, b = x.unflatten(1, (2, 5)).unbind(1)
        y = (2 * nn.functional.cosine_similarity(a, b) + a.norm(dim=1) > b.norm(dim=1)).long()
    else:
        x, y = _digits(seed)
    return (x[:points], y[:points]), (x[points:], y[points:])


@cache
def _digits(seed: int) -> Data:
    """All of them, in an order and by angles of the seed."""
    upright, labels = map(torch.cat, zip(*(images("digits", split) for split in SPLITS)))
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    return digits.blur_and_standardize(digits.rotate(upright[order], seed=seed)), labels[order]


def others(kind: str, found: Symmetry, *, seed: int) -> Symmetry:
    """A control: what was found, with other generators of the same norm in place of its own. Of vectors, as many at
    random; of digits, the directions that the networks react to most."""
    if kind == "digits":
        return replace(found, coefficients=found.coefficients.flip(0))
    generator = torch.Generator().manual_seed(seed + 10_000)
    random = torch.randn(found.coefficients.shape, generator=generator, dtype=torch.float64)
    return replace(found, coefficients=torch.nn.functional.normalize(random, dim=1))


def moved(x: Tensor, along: Symmetry, *, turn: float, seed: int) -> Tensor:
    """Samples (B, ...), each carried along all generators by times of its own."""
    return Augmentation(along, turn=turn, generator=torch.Generator().manual_seed(seed + 20_000))(x)


def quadratic_forms(generators: np.ndarray) -> Tensor:
    """(q, n, n): an orthonormal basis of the forms Q with AᵀQ + QA = 0 for all generators A (d, n, n). Then xᵀQy is
    invariant: for the rotations, Q is the identity. This is the constraint that EMLP solves (Finzi et al. 2021), for
    two vectors to a number."""
    A = torch.from_numpy(generators)
    n = A.shape[-1]
    units = torch.eye(n * n, dtype=torch.float64).reshape(-1, n, n)
    changes = A.mT[:, None] @ units + units @ A[:, None]  # (d, n², n, n)
    _, S, V = torch.linalg.svd(changes.transpose(0, 1).flatten(1).T, full_matrices=True)
    return V[(1e-8 * S[0] < S).sum() :].reshape(-1, n, n)


def invariants(x: Tensor, forms: Tensor) -> Tensor:
    """(B, copies * n) -> (B, q * pairs): x_cᵀ Q x_d for every form (q, n, n) and pair of copies c <= d."""
    vectors = x.reshape(len(x), -1, forms.shape[-1])
    c, d = torch.triu_indices(vectors.shape[1], vectors.shape[1])
    return torch.einsum("bpi,qij,bpj->bqp", vectors[:, c], forms.to(x), vectors[:, d]).flatten(1)


class Penalized(nn.Module):
    """A network that returns the penalty of its batch beside its outputs, (B, m + 1), so that a loss can add it."""

    def __init__(self, net: nn.Module, found: Symmetry):
        super().__init__()
        self.net, self.found = net, found

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.net(x), penalty(self.found, self.net, x).expand(len(x), 1)], 1)


def penalized(outputs: Tensor, targets: Tensor) -> Tensor:
    """Cross entropy of outputs (B, m + 1), the last of which is the penalty, with targets (B, 2): label and weight."""
    return nn.functional.cross_entropy(outputs[:, :-1], targets[:, 0].long()) + targets[0, 1] * outputs[0, -1]


def used(
    kind: str,
    way: str,
    found: Symmetry,
    *,
    points: int,
    seeds: Sequence[int],
    hidden: Sequence[int],
    turn: float,
    copies: int,
    weights: Sequence[float],
    epochs: int,
    **settings,
) -> dict:
    """Accuracy on test points of one network a seed, each with its own training points.

    way        without the symmetry; with augmentation along what was found, or along `others`, the control; with the
               penalty; with the constraint, the invariants of `quadratic_forms` for inputs
    turn       of the augmentation, degrees
    copies     how often the training points are repeated, each time moved anew where they are augmented
    weights    of the penalty; of several, each seed takes the one with which a network that learned all but one in
               HELD_BACK of its training points is right most often about those
    epochs     passes over all copies
    settings   batch_size, lr, weight_decay, device: see `liegg.train`

    accuracy (a list, one a seed), and weights, those taken (None for other ways)
    """
    data, test = zip(*(draw(kind, points, seed=s) for s in seeds))
    schedule = {"hidden": hidden, "copies": copies, "epochs": epochs, **settings}
    if way == "penalty":
        one = len(weights) == 1
        taken = [*weights] * len(seeds) if one else _weights(kind, found, data, seeds, weights, **schedule)
        return {
            "accuracy": _accuracy(_with_penalty(kind, found, data, seeds, taken, **schedule), test),
            "weights": taken,
        }
    if way == "constraint":
        forms = quadratic_forms(lie_algebra(found))
        data, test = zip(*(_standardized(forms, *both) for both in zip(data, test)))
    x = [_repeated(x, copies) for x, _ in data]
    if way in MOVING:
        along = [found if way == "augmentation" else others(kind, found, seed=s) for s in seeds]
        x = [moved(part, a, turn=turn, seed=s) for part, a, s in zip(x, along, seeds)]
    nets = _networks(kind, x, hidden, seeds)
    fit(nets, x, [_repeated(y, copies) for _, y in data], seeds=seeds, epochs=epochs, **settings)
    return {"accuracy": _accuracy(nets, test), "weights": None}


def _networks(kind: str, x: Sequence[Tensor], hidden: Sequence[int], seeds: Sequence[int]) -> list[nn.Sequential]:
    return [mlp([x[0][0].numel(), *hidden, CLASSES[kind]], seed=s, bias=True) for s in seeds]


def _weights(kind, found, data, seeds, weights, **schedule) -> list[float]:
    """The weight that each seed takes: see `used`."""
    held = len(data[0][0]) // HELD_BACK
    several = [both for both in data for _ in weights]
    again = [s for s in seeds for _ in weights]
    part, back = ([(x[at], y[at]) for x, y in several] for at in (slice(held, None), slice(held)))
    nets = _with_penalty(kind, found, part, again, [*weights] * len(seeds), **schedule)
    right = torch.tensor(_accuracy(nets, back)).reshape(len(seeds), -1)
    return [weights[i] for i in right.argmax(1).tolist()]


def _with_penalty(kind, found, data, seeds, weights, *, hidden, copies, epochs, **settings) -> list[nn.Module]:
    x = [_repeated(x, copies) for x, _ in data]
    nets = _networks(kind, x, hidden, seeds)
    y = [_repeated(torch.stack([y, torch.full(y.shape, w)], 1), copies) for (_, y), w in zip(data, weights)]
    train([Penalized(net, found) for net in nets], x, y, penalized, seeds=seeds, epochs=epochs, **settings)
    return nets


def _standardized(forms: Tensor, data: Data, test: Data) -> tuple[Data, Data]:
    """Invariants in place of vectors, with mean 0 and variance 1 over the training points."""
    x, fresh = invariants(data[0], forms), invariants(test[0], forms)
    mean, std = x.mean(0), x.std(0)
    return ((x - mean) / std, data[1]), ((fresh - mean) / std, test[1])


def _repeated(values: Tensor, copies: int) -> Tensor:
    return values.repeat(copies, *[1] * (values.ndim - 1))


@torch.no_grad()
def _accuracy(nets: Sequence[nn.Module], data: Sequence[Data]) -> list[float]:
    return [(net(x).argmax(1) == y).double().mean().item() for net, (x, y) in zip(nets, data)]

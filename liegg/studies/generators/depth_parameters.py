"""Classifiers of rotated digits of one shape, and what LieGG's measures say of each: the paper's depth × parameters
figure."""

import functools
from collections.abc import Sequence

from torch import Tensor, nn

from liegg.studies.fit import fit
from liegg.studies.generators import digits, rotation
from liegg.studies.generators.regimes import Data
from liegg.symmetry.stream import polarize
from liegg.training.networks import UnitLogits, count, mlp
from liegg.training.networks import width as width_for

OUTPUTS = 10
SEEN = 2000  # images at which untrained networks are measured


class Summed(nn.Module):
    """The sum of a function's outputs (B, m) -> (B,): what the gradient is taken of in LieGG's released code."""

    def __init__(self, function: nn.Module):
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x).sum(-1)


def width(layers: int, parameters: int) -> int:
    """The units in each of so many hidden layers that bring a classifier nearest to a number of parameters."""
    return width_for(lambda units: mlp([28 * 28, *[units] * layers, OUTPUTS], seed=0), parameters)


@functools.lru_cache(maxsize=3)
def drawn(dataset: str, split: str, images: int, seeds: tuple[int, ...]) -> Data:
    """Rotated digits of each seed; the same for every shape, so they are drawn once."""
    return digits.draws(dataset, split, images, rotated=True, seeds=seeds)


def of_shape(
    dataset: str,
    hidden: Sequence[int],
    *,
    images: int,
    validation: int,
    held_out: int,
    seeds: Sequence[int],
    **settings,
) -> dict:
    """One classifier a seed, each with its own rotated digits, kept as it was at its best epoch on validation images.

    images      to train on and, as in the released code, to measure at; validation: to choose the epoch by;
                held_out: to test with
    settings    epochs, batch_size, lr and device of `fit`

    parameters          of a network
    accuracy            of each network, on its test images
    rows                factors of each at its training images, with a row for each of its ten scaled logits
    summed              those of the sum of its scaled logits, as in the released code
    raw                 those of the sum of its logits as they are
    untrained           as rows, of another start at its first SEEN training images
    """
    training, choosing, testing = (
        drawn(dataset, split, number, tuple(s + offset for s in seeds))
        for split, number, offset in (("train", images, 0), ("validation", validation, 1000), ("test", held_out, 2000))
    )
    nets = digits.classifiers(hidden, seeds=seeds)
    fit(nets, *training, score=rotation.accuracy, validation=choosing, seeds=seeds, **settings)
    functions: dict[str, list[nn.Module]] = {
        "rows": [UnitLogits(net) for net in nets],
        "summed": [Summed(UnitLogits(net)) for net in nets],
        "raw": [Summed(net) for net in nets],
    }
    starts = digits.classifiers(hidden, seeds=[s + 1000 for s in seeds])
    return {
        "parameters": count(nets[0]),
        "accuracy": [rotation.accuracy_of(*each) for each in zip(nets, *testing)],
        "untrained": [polarize(UnitLogits(net), x[:SEEN], rotation.ACTION) for net, x in zip(starts, training[0])],
    } | {
        name: [polarize(F, x, rotation.ACTION) for F, x in zip(parts, training[0])] for name, parts in functions.items()
    }

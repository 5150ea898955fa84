"""Classifiers trained on rotated and on upright digits, and what is measured of them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from liegg.studies.fit import fit
from liegg.studies.generators import digits, rotation
from liegg.studies.generators.regimes import Data
from liegg.symmetry.factors import Factors
from liegg.symmetry.labels import paid
from liegg.symmetry.spectrum import spectrum

KINDS = ("trained", "upright", "untrained")
"""on rotated digits, on upright ones, on none; those are shown rotated digits"""
FOLLOWED = 500  # rotated test images of each network that are turned on


def of_kind(
    kind: str,
    dataset: str,
    hidden: Sequence[int],
    *,
    images: int,
    held_out: int,
    seeds: Sequence[int],
    degrees: Tensor,
    **settings,
) -> dict:
    """What `rotation.of_classifiers` measures of networks of one of KINDS, one a seed, each with its own digits, and

    paid        (M, 2, K) the share of signal along the directions that each has on its test images, and its error

    images      to train on; held_out: to choose the best epoch by, and to test with, as many of each
    degrees     (T,) by which test images are turned on
    settings    epochs, batch_size, lr and device of `fit`
    """

    def draw(split: str, number: int, offset: int, rotated: bool = kind != "upright") -> Data:
        return digits.draws(dataset, split, number, rotated=rotated, seeds=[s + offset for s in seeds])

    training, validation = draw("train", images, 0), draw("validation", held_out, 1000)
    testing = draw("test", held_out, 2000)
    nets = digits.classifiers(hidden, seeds=[s + 1000 * (kind == "untrained") for s in seeds])
    if kind != "untrained":
        fit(nets, *training, score=rotation.accuracy, validation=validation, seeds=seeds, **settings)
    turned, _ = testing if kind != "upright" else draw("test", held_out, 2000, rotated=True)
    seen = rotation.of_classifiers(nets, training, validation, testing, turned[:, :FOLLOWED], degrees)
    return seen | {"paid": _paid(nets, seen["alone_test"], testing)}


def _paid(nets: Sequence[nn.Module], alone: Sequence[Factors], testing: Data) -> Tensor:
    """(M, 2, K) the share of signal along each network's directions by the labels of its test images, and its error."""
    shares = []
    for net, factors, x, label in zip(nets, alone, *testing):
        said = paid([net], x, label, rotation.ACTION, spectrum(factors, rotation.ACTION).coefficients)
        shares.append(torch.stack([said.share, said.error]))
    return torch.stack(shares)

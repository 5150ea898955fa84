"""Classifiers trained on rotated and on upright digits, and what is measured of them."""

from collections.abc import Sequence

from torch import Tensor

from liegg.studies.fit import fit
from liegg.studies.generators import digits, rotation
from liegg.studies.generators.regimes import Data

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
    """What `rotation.of_classifiers` measures of networks of one of KINDS, one a seed, each with its own digits.

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
    return rotation.of_classifiers(nets, training, validation, testing, turned[:, :FOLLOWED], degrees)

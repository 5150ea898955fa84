"""Classifiers trained on rotated and on upright digits, and what is measured of them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from liegg.studies.fit import fit
from liegg.studies.generators import digits, rotation
from liegg.studies.generators.carried import carried
from liegg.studies.generators.regimes import Data
from liegg.symmetry.factors import Factors
from liegg.symmetry.labels import paid
from liegg.symmetry.spectrum import spectrum

KINDS = ("trained", "upright", "shuffled", "untrained")
"""on rotated digits, on upright ones, on rotated ones with shuffled labels, on none: those are shown rotated digits"""
CARRYING = KINDS[:2]
"""along whose directions digits are carried, and whose weights are kept"""
KEPT = 3
"""how many networks of a kind are kept: as many as can be asked together"""
FOLLOWED = (
    500  # rotated test images of each network that are turned on, and of the first as it knows them that are carried
)


def of_kind(
    kind: str,
    dataset: str,
    hidden: Sequence[int],
    *,
    images: int,
    held_out: int,
    seeds: Sequence[int],
    degrees: Tensor,
    carrying: Tensor,
    **settings,
) -> dict:
    """What `rotation.of_classifiers` measures of networks of one of KINDS, one a seed, each with its own digits, and

    accuracy_training    of each on the images it was trained on, with the labels it was given
    paid                 (M, 2, K) the share of signal along the directions that each has on its test images, and its
                         error
    carried              of CARRYING what `carried` measures of the first network's directions
    weights              of CARRYING the state_dicts of the first KEPT networks: see `liegg.pretrained`

    The best epoch on validation is kept. Shuffled labels have none: all those networks learn the same images with the
    same labels by heart, to the last epoch, so that they share something that is no symmetry.

    images      to train on; held_out: to choose the best epoch by, and to test with, as many of each
    degrees     (T,) by which test images are turned on
    carrying    (n, 1, 28, 28) images as they are read, which are carried
    settings    epochs, batch_size, lr and device of `fit`
    """

    def draw(split: str, number: int, offset: int, rotated: bool = kind != "upright") -> Data:
        return digits.draws(dataset, split, number, rotated=rotated, seeds=[s + offset for s in seeds])

    training = _shuffled(dataset, images, seeds) if kind == "shuffled" else draw("train", images, 0)
    validation, testing = draw("validation", held_out, 1000), draw("test", held_out, 2000)
    nets = digits.classifiers(hidden, seeds=[s + 1000 * (kind == "untrained") for s in seeds])
    if kind != "untrained":
        best = {} if kind == "shuffled" else {"score": rotation.accuracy, "validation": validation}
        fit(nets, *training, seeds=seeds, **best, **settings)
    turned, _ = testing if kind != "upright" else draw("test", held_out, 2000, rotated=True)
    seen = rotation.of_classifiers(nets, training, validation, testing, turned[:, :FOLLOWED], degrees)
    learned = [rotation.accuracy_of(*each) for each in zip(nets, *training)]
    seen |= {"accuracy_training": learned, "paid": _paid(nets, seen["alone_test"], testing)}
    if kind in CARRYING:
        known = testing[0][0][:FOLLOWED]
        seen["carried"] = carried(nets, seen["alone"][0], known, digits.blur_and_standardize(carrying))
        seen["weights"] = [net.state_dict() for net in nets[:KEPT]]
    return seen


def _shuffled(dataset: str, images: int, seeds: Sequence[int]) -> Data:
    """The same rotated images for all networks (M, N, 1, 28, 28), with the same labels (M, N) in an order of chance."""
    x, label = digits.draw(dataset, "train", images, rotated=True, seed=seeds[0])
    label = label[torch.randperm(images, generator=torch.Generator().manual_seed(seeds[0]))]
    return x.expand(len(seeds), *x.shape), label.expand(len(seeds), -1)


def _paid(nets: Sequence[nn.Module], alone: Sequence[Factors], testing: Data) -> Tensor:
    """(M, 2, K) the share of signal along each network's directions by the labels of its test images, and its error."""
    shares = []
    for net, factors, x, label in zip(nets, alone, *testing):
        said = paid([net], x, label, rotation.ACTION, spectrum(factors, rotation.ACTION).coefficients)
        shares.append(torch.stack([said.share, said.error]))
    return torch.stack(shares)

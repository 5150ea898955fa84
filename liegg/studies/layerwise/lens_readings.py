"""What the lens says of several networks' layers: spectra, decisions, and how much of a motion is a translation."""

from collections.abc import Sequence

import torch
from torch import Tensor

from liegg.studies.layerwise.lens import PeriodicAffine2d
from liegg.studies.spectra import numbered
from liegg.symmetry.find import decide
from liegg.symmetry.result import Symmetry


def commutator_values(found: Sequence[dict], when: str) -> Tensor:
    """(runs, 6) singular values of the commutators, least first, of the first layer of stride 1, "before" or "after"
    training, of networks that page 34 measured."""
    return torch.stack([f[when][0]["values"] for f in found])


def pairs(found: Sequence[dict]) -> tuple[Tensor, list[Symmetry]]:
    """Of the same layers after training: (runs, 6) roots of the variances of the six pairs of motions that `decide`
    ranks, each over the layer's largest; and what it decides of each network alone."""
    action = PeriodicAffine2d()
    symmetries = [decide(f["after"][0]["factors"], action, action) for f in found]
    return torch.stack([(s.variance / s.variance.max()).sqrt() for s in symmetries]), symmetries


def spectra(found: dict) -> dict[str, float]:
    """Of the same layer of one network, as columns of a row: `commutator_values` before and after training, and
    `pairs`."""
    before, after = (commutator_values([found], when)[0] for when in ("before", "after"))
    ranked, _ = pairs([found])
    return numbered("commutator_before", before) | numbered("commutator", after) | numbered("pair", ranked[0])


def translation(vectors: Tensor) -> float:
    """How much of the first two of the singular vectors (6, 6), one a row, lies in the two translations, as squared
    length: the lesser of the two."""
    return vectors[:2, :2].square().sum(1).min().item()

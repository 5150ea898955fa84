"""What the lens says of first layers of networks that label sequences."""

from collections.abc import Sequence

import torch
from torch import Tensor

from liegg.studies.embedding.sequences import motions
from liegg.studies.spectra import numbered
from liegg.symmetry.factors import Factors
from liegg.symmetry.find import decide
from liegg.symmetry.result import Symmetry

LOWEST = 4  # defects of a network that its row has, as many as one frequency has


def decided(factors: Sequence[Factors], basis: Tensor) -> list[Symmetry]:
    """What `decide` says of each layer alone, from `sequences.lens`."""
    return [decide(f, *motions(basis)) for f in factors]


def defects(symmetries: Sequence[Symmetry]) -> Tensor:
    """(runs, K) roots of the variances of the pairs of motions, least first, over that of an ordinary direction: 0 for
    a motion that the layer passes on as a shift, about 1 for one that has nothing to do with a shift."""
    return torch.stack([s.relative_variance.clamp_min(0).sqrt() for s in symmetries])


def change_of_phase(frequencies: Sequence[float]) -> Tensor:
    """(2k, 2k) what d/dt does to the coordinates of sines in `sequences.span`, of unit norm."""
    turn = torch.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=torch.float64)
    generator = torch.block_diag(*(w * turn for w in frequencies))
    return generator / generator.norm()


def overlaps(symmetries: Sequence[Symmetry], frequencies: Sequence[float]) -> Tensor:
    """(runs,) the squared share of `change_of_phase` in the direction with the least variance: 1 where the lens finds
    the change of phase. A random layer prefers it too, as its outputs hold waves of either direction; see `defects`."""
    known = change_of_phase(frequencies)
    return torch.stack([(s.directions[0] * known).sum().square() for s in symmetries])


def of_network(found: dict, basis: Tensor, frequencies: Sequence[float]) -> dict[str, float]:
    """What the lens says of one network, as columns of a row: the LOWEST `defects` before and after training, and after
    it the overlap."""
    before, after = decided([found["before"], found["after"]], basis)
    lowest = defects([before, after])[:, :LOWEST]
    overlap = overlaps([after], frequencies)[0].item()
    return numbered("defect_before", lowest[0]) | numbered("defect", lowest[1]) | {"overlap": overlap}

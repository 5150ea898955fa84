"""What the lens says of first layers of networks that label sequences."""

from collections.abc import Sequence

import torch
from torch import Tensor

from liegg.studies.embedding.sequences import motions
from liegg.symmetry.factors import Factors
from liegg.symmetry.find import decide
from liegg.symmetry.result import Symmetry


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

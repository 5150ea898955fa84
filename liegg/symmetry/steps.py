"""Steps in what is measured of directions, in units of what sets symmetries apart.

The numbers were chosen on networks trained on the targets of the zoo with seeds from 100 on.
"""

import torch
from torch import Tensor

LOW, CHANCE, BOTH = 0.1, 0.5, 7.0  # one function: the most variance and chance ratio of a symmetry, and the step
LEAST = 0.3  # several: the least coherence that a direction counts as in shared variance
COHERENT = 0.5  # several: what is at least so coherent is signal
ALIGNED, STEEP = 6.0, 30.0  # several: steps that set symmetries apart
BIASED, DOUBT = (0.95, 0.9), 1.5  # the coherence that a shared bias may reach with either step, and what it costs


def steps_of_one(v: Tensor, ratio: Tensor) -> list[Tensor]:
    """For d = 1 to K: (d,) the steps of the first d of one function's directions below all others.

    v, ratio    (K + 1,) relative variance and chance ratio in ascending order of variance, and at last those of an
                ordinary direction, which all K are held against

    Variance and chance ratio step by BOTH or more, in geometric mean, and are at most LOW of the mean and CHANCE.
    """
    return [_step_of_one(v, ratio, d) for d in range(1, len(v))]


def steps_of_several(v: Tensor, ratio: Tensor, k: Tensor) -> list[Tensor]:
    """The same for several functions with coherence k, (K + 1,).

    The others are more coherent than each of the d, and at least COHERENT, and the step is of ALIGNED in the chance
    ratio, as it takes each gradient at its own point to make v small, or of STEEP in shared variance, where each counts
    as at least LEAST coherent. Where a direction is more coherent than COHERENT, because the functions share a fitting
    bias, the step must be DOUBT times larger; above BIASED (for either step) it is refused.
    """
    return [_step_of_several(v, ratio, k, d) for d in range(1, len(v))]


def _others(measures: Tensor, d: int) -> Tensor:
    """What the first d are held against: the other directions, or the ordinary one if there are none."""
    return measures[d:-1] if d < len(measures) - 1 else measures[-1:]


def _step_of_one(v: Tensor, ratio: Tensor, d: int) -> Tensor:
    """(d,) the steps of the first d of one function's directions below all others, in units of what is required."""
    steep, aligned = (_others(u, d).min() / u[:d] for u in (v, ratio))
    return (aligned * steep).sqrt() / BOTH * (v[:d] <= LOW) * (ratio[:d] <= CHANCE)


def _step_of_several(v: Tensor, ratio: Tensor, k: Tensor, d: int) -> Tensor:
    """(d,) the same for several functions with coherence k."""
    shared = v * k.clamp_min(LEAST)
    steep, aligned = (_others(u, d).min() / u[:d] for u in (shared, ratio))
    step = torch.maximum(aligned / ALIGNED * (k[:d] <= BIASED[0]), steep / STEEP * (k[:d] <= BIASED[1]))
    step = torch.where(k[:d] > COHERENT, step / DOUBT, step)
    return step * (_others(k, d).min() >= max(COHERENT, k[:d].max()))  # type: ignore[operator]

"""What is kept of networks that learned one function, together and each alone: factors, and what labels say."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from liegg.actions import Action
from liegg.symmetry.labels import paid
from liegg.symmetry.spectrum import spectrum
from liegg.symmetry.stream import polarize


def polarized(
    nets: Sequence[nn.Module], x: Tensor, y: Tensor, action: Action, output_action: Action | None = None
) -> dict[str, object]:
    """Of M networks at points x (N, ...) with labels y of the first:

    together    their `Factors`
    paid        (1 + M, 2, K) the share of signal along the directions of all together, then of each alone, and its
                standard error
    """
    together = polarize(nets, x, action, output_action)
    groups = [(list(nets), together), *(([net], together.alone(a)) for a, net in enumerate(nets))]
    shares = []
    for group, factors in groups:
        seen = spectrum(factors, action, output_action)
        said = paid(
            group,
            x[: len(y)],
            y,
            action,
            seen.coefficients,
            output_action=output_action,
            output_coefficients=seen.output_coefficients,
        )
        shares.append(torch.stack([said.share, said.error]))
    return {"together": together, "paid": torch.stack(shares)}

"""Training as the studies do it."""

from collections.abc import Sequence
from typing import TypeVar

from torch import Tensor, nn

from liegg.training.ensemble import train

Network = TypeVar("Network", bound=nn.Module)


def fit(
    networks: Sequence[Network],
    x: Tensor | Sequence[Tensor],
    y: Tensor | Sequence[Tensor],
    *,
    batch_size: int,
    epochs: int | Sequence[int] | None = None,
    steps: int | None = None,
    **settings,
) -> list[Network]:
    """Train networks together, in place, and return them: `liegg.train` with the loss that suits the targets.

    x, y           the data of each: (M, N, ...), or M tensors of any lengths. Whole-number targets are labels, learned
                   by cross entropy; others are learned by mean square error
    epochs, steps  passes over the data, or steps of the optimiser, completed to whole passes: one of the two
    settings       seeds, lr, weight_decay, anneal, score, validation, device: see `liegg.train`
    """
    if (epochs is None) == (steps is None):
        raise ValueError("give epochs or steps, one of the two")
    if epochs is None:
        epochs = -(-steps // -(-len(x[0]) // batch_size))
    loss = nn.functional.mse_loss if y[0].is_floating_point() else nn.functional.cross_entropy
    train(networks, x, y, loss, epochs=epochs, batch_size=batch_size, **settings)
    return list(networks)

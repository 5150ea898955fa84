"""Three ways to train a classifier of digits, and a look at each of its layers."""

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from liegg.studies.fit import fit
from liegg.training.networks import UnitLogits, mlp

Data = tuple[Tensor, Tensor]
"""Images (M, N, 1, 28, 28) and labels (M, N) of M networks."""


def features(net: nn.Sequential, layer: int) -> nn.Module:
    """What a network has made of its input (B, ...) after `layer` hidden layers, (B, width), at unit length.

    One layer more than there are hidden ones is the output, the scaled logits of LieGG's discriminator.
    """
    return UnitLogits(net[: 2 * layer + 1])


def end_to_end(nets: Sequence[nn.Sequential], rotated: Data, upright: Data, epochs: int, **settings) -> None:
    """All layers at once, on rotated digits alone."""
    fit(nets, *rotated, epochs=epochs, anneal=True, **settings)


def pretrained(nets: Sequence[nn.Sequential], rotated: Data, upright: Data, epochs: int, **settings) -> None:
    """Half of the epochs on upright digits, the other half on rotated ones, with all weights free."""
    fit(nets, *upright, epochs=epochs // 2, anneal=True, **settings)
    fit(nets, *rotated, epochs=epochs - epochs // 2, anneal=True, **settings)


def layer_by_layer(nets: Sequence[nn.Sequential], rotated: Data, upright: Data, epochs: int, **settings) -> None:
    """Each hidden layer in turn, under an output layer of its own and above the frozen ones, an equal share of epochs.

    Greedy training (Bengio et al. 2006, here with labels): the last stage has the network's own output layer. Raises
    ValueError for fewer epochs than hidden layers.
    """
    depth = len(nets[0]) // 2 - 1  # hidden layers: Flatten, then Linear and Swish each, then the output
    if epochs < depth:
        raise ValueError(f"{depth} hidden layers, one by one, need at least {depth} epochs, not {epochs}")
    for layer in range(1, depth + 1):
        stages = []
        for net, seed in zip(nets, settings["seeds"]):
            below = net[: 2 * layer + 1]
            width, labels = below[-2].out_features, net[-1].out_features
            head = net[-1] if layer == depth else mlp([width, labels], seed=seed)[-1]
            below[: 2 * layer - 1].requires_grad_(False)
            stages.append(nn.Sequential(*below, head))
        fit(stages, *rotated, epochs=epochs // depth, anneal=True, **settings)
    for net in nets:
        net.requires_grad_(True)


REGIMES: dict[str, Callable[..., None]] = {
    "end to end": end_to_end,
    "pre-trained": pretrained,
    "layer by layer": layer_by_layer,
}

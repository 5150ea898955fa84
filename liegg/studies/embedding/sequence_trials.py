"""One network that labels sequences, trained, and what became of its first layer: the step behind page 43."""

import torch

from liegg.studies.embedding import sequences


def sequence_trial(kind: str, points: int, network: dict, training: dict, *, held_out: int, seed: int) -> dict:
    """A labeller of `kind` with the settings `network` of `sequences.labeller`, trained with `training`, of
    `sequences.train`, by which its sines have their frequencies.

    Returns parameters, how many numbers are trained; loss, the mean of the last 50 steps; found, the share of maxima in
    `held_out` sequences that it finds; distances (see `sequences.distances`); before and after, the factors of
    `sequences.lens`; and weights (points, points), the first layer.
    """
    net = sequences.labeller(kind, points, seed=seed, **network)
    initial = net.first.weight.detach().clone()
    frequencies = training.get("frequencies", [1.0])
    generator = torch.Generator().manual_seed(seed)
    losses = sequences.train(net, generator=generator, **training)
    basis = sequences.span(points, frequencies)
    x, labels = sequences.sines(held_out, points, frequencies=frequencies, generator=generator)
    W = net.first.weight.detach()
    return {
        "parameters": sum(p.numel() for p in net.parameters()),
        "loss": losses[-50:].mean().item(),
        "found": sequences.found_maxima(net, x, labels),
        "distances": sequences.distances(W, initial, basis),
        "before": sequences.lens(initial, basis, x),
        "after": sequences.lens(W, basis, x),
        "weights": W,
    }

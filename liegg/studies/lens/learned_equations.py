"""Symmetries of differential equations that networks have learned from simulated solutions, as LieNLSD finds them.

Networks learn what the equation is solved for, such as u_t, from all jet coordinates that are free: variables too, so
that even a shift along t or x has to be learned. (Which of these the published network is given is not known here.)
"""

import time
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from liegg.actions import Jets
from liegg.studies.fit import fit
from liegg.studies.lens.equations import EQUATIONS, Equation, distances
from liegg.studies.lens.simulated import simulated
from liegg.symmetry.find import find_symmetry
from liegg.symmetry.polarization import polarization_matrix
from liegg.training.networks import Standardized, mlp

HIDDEN = 3  # layers, sigmoid between them
LR, BATCH = 3e-3, 500  # of Adam, to zero along half a cosine


class LearnedEquation(nn.Module):
    """The equation as a network has it: what is solved for less what the network says, (B, len(jets)) -> (B, q)."""

    def __init__(self, net: nn.Module, columns: Sequence[int], inputs: Sequence[int]):
        super().__init__()
        self.net, self.columns, self.inputs = net, list(columns), list(inputs)

    def forward(self, z: Tensor) -> Tensor:
        return z[:, self.columns] - self.net(z[:, self.inputs])


def free(equation: Equation) -> list[int]:
    """Columns of the jets that the equation leaves free: variables, unknown functions, and all derivatives that are
    none of what is solved for."""
    solved = equation.slow[0].count("t")
    return [i for i, name in enumerate(equation.jets.names) if name == "t" or name.count("t") < solved]


def learned(equation: Equation, z: Tensor, *, seeds: Sequence[int], width: int, steps: int) -> list[LearnedEquation]:
    """Networks, one a seed, trained on equal parts of jets z (N, len(jets)) in float32, and given in float64."""
    inputs, columns = free(equation), equation.columns
    parts = torch.stack(z.split(len(z) // len(seeds))[: len(seeds)])
    x, y = parts[..., inputs], parts[..., columns]
    scales = x.mean((0, 1)), x.std((0, 1)), y.mean((0, 1)), y.std((0, 1))
    nets = [_sigmoid(mlp([len(inputs), *[width] * HIDDEN, len(columns)], seed=seed, bias=True)) for seed in seeds]
    x, y = ((x - scales[0]) / scales[1]).float(), ((y - scales[2]) / scales[3]).float()
    fit(nets, x, y, seeds=seeds, batch_size=BATCH, steps=steps, lr=LR, anneal=True)
    return [LearnedEquation(Standardized(net.double(), *scales), columns, inputs) for net in nets]


def _sigmoid(net: nn.Sequential) -> nn.Sequential:
    return nn.Sequential(*(nn.Sigmoid() if isinstance(layer, nn.SiLU) else layer for layer in net))

"""Symmetries of differential equations that networks have learned from simulated solutions, as LieNLSD finds them.

Networks learn what the equation is solved for, such as u_t, from all jet coordinates that are free: variables too, so
that even a shift along t or x has to be learned. (Which of these the published network is given is not known here.)
They differ from it in their units, Swish and not sigmoid, which leave a tenth of the error after as many steps, and in
being narrower: 64 units, a third. This, the rate, and how many steps and jets are enough were chosen on solutions of
another seed than those reported.
"""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from liegg.studies.fit import fit
from liegg.studies.lens.equations import EQUATIONS, Equation, distances
from liegg.studies.lens.simulated import simulated
from liegg.symmetry.find import find_symmetry
from liegg.symmetry.polarization import polarization_matrix
from liegg.training.networks import Standardized, mlp

HIDDEN = 3  # layers
LR, BATCH = 1e-2, 500  # of Adam, to zero along half a cosine


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
    nets = [mlp([len(inputs), *[width] * HIDDEN, len(columns)], seed=seed, bias=True) for seed in seeds]
    x, y = ((x - scales[0]) / scales[1]).float(), ((y - scales[2]) / scales[3]).float()
    fit(nets, x, y, seeds=seeds, batch_size=BATCH, steps=steps, lr=LR, anneal=True)
    return [LearnedEquation(Standardized(net.double(), *scales), columns, inputs) for net in nets]


def cases(
    equations: Sequence[str],
    *,
    samples: Sequence[int],
    draws: int,
    networks: int,
    width: int,
    training: int,
    steps: int,
    seed: int,
) -> list[dict]:
    """A case for every equation: networks so wide, each trained so many steps on so many jets of its own, and asked
    `draws` times at each number of samples. Raises ValueError for other equations."""
    if unknown := set(equations) - set(EQUATIONS):
        raise ValueError(f"equations are {', '.join(EQUATIONS)}, not {', '.join(map(str, unknown))}")
    settings = {"networks": networks, "width": width, "training": training, "steps": steps, "seed": seed}
    shared = {"samples": list(samples), "draws": draws} | settings
    return [{"task": "learned equations", "equation": name} | shared for name in equations]


def measure(case: dict) -> dict:
    """What networks have learned of an equation, at jets that they were not trained on.

    errors      (networks,) mean square errors over the variance of what is learned
    answers     a dictionary for each number of samples, draw and asked, one network ("one", the first), all "together",
                or the "exact" equation, where jets are put on its solutions, off which differences leave them:
                dimension and interval, and distances from the known symmetries, their number given
    variance    of each known symmetry, {name: ...}: how much the functions vary along it, over the mean along all
                candidates, each taken at length one, at the largest number of samples
    coherence   of each, what of that the networks share
    """
    equation, seed = EQUATIONS[case["equation"]], case["seed"]
    trained, held = case["networks"] * case["training"], case["draws"] * sum(case["samples"])
    z = simulated(case["equation"], samples=trained + held, seed=seed)
    seeds = range(seed, seed + case["networks"])
    nets = learned(equation, z[:trained], seeds=seeds, width=case["width"], steps=case["steps"])
    answers = []
    for N, piece in zip(case["samples"], z[trained:].split([case["draws"] * N for N in case["samples"]])):
        for draw in piece.split(N):
            jets = {"exact": equation.solved(draw), "one": draw, "together": draw}
            for asked, functions in {"exact": equation, "one": nets[0], "together": nets}.items():
                answers.append({"samples": N, "asked": asked} | _answer(equation, functions, jets[asked]))
    variance, coherence = _along_known(equation, nets, draw)
    return {"errors": _errors(equation, nets, z[trained:]), "answers": answers} | {
        name: dict(zip(equation.symmetries, values))
        for name, values in (("variance", variance), ("coherence", coherence))
    }


def _answer(equation: Equation, functions: object, z: Tensor) -> dict:
    with warnings.catch_warnings():  # a hundred samples are few, which is part of the task
        warnings.filterwarnings("ignore", message=".*samples are too few")
        found = find_symmetry(functions, z, equation.action)
    numbers = {"dimension": found.dimension, "interval": list(found.dimension_interval)}
    return numbers | distances(equation, found.coefficients)


@torch.no_grad()
def _errors(equation: Equation, nets: Sequence[LearnedEquation], z: Tensor) -> list[float]:
    variance = z[:, equation.columns].var(0).mean()
    return [float(net(z).square().mean() / variance) for net in nets]


def _along_known(equation: Equation, nets: Sequence[LearnedEquation], z: Tensor) -> tuple[list[float], list[float]]:
    """Relative variance and coherence along each known symmetry."""
    E = torch.stack([polarization_matrix(net, z, equation.action).flatten(0, 1) for net in nets]).detach()
    moved = E @ torch.nn.functional.normalize(equation.known, dim=1).T  # (networks, rows, d)
    own, M = moved.square().mean((0, 1)), len(nets)
    shared = (moved.sum(0).square().mean(0) / M - own) / (M - 1)
    return (own / E.square().mean()).tolist(), (shared / own).tolist()

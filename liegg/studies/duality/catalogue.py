"""The densities whose generators page 23 looks for, and what is asked of each."""

from typing import NamedTuple

import torch
from torch import Tensor

from liegg.actions import Linear
from liegg.studies.duality import training
from liegg.studies.duality.ensembles import Density, Networks, outputs
from liegg.studies.duality.generators import Chunk, Question, Unsupported, chunks, polarized
from liegg.symmetry.factors import Factors
from liegg.symmetry.stream import polarize

STRETCH = ((0.9, 0.3, 0.0), (0.3, 1.2, -0.2), (0.0, -0.2, 0.7))
TRAINED_AT = torch.tensor([[1.0, 0.5], [-0.5, 1.0], [0.3, -1.2], [0.8, 0.8]])
"""(4, 2) the points that the ensembles in training are trained at"""
LINE = torch.tensor([[1.0, 0, 0, 0], [-1.0, 0, 0, 0], [1.0, 0, 0, 0], [-1.0, 0, 0, 0]])
PLANE = LINE + torch.tensor([[0, 1.0, 0, 0], [0, 1.0, 0, 0], [0, -1.0, 0, 0], [0, -1.0, 0, 0]])
"""(4, 4) targets there, along one axis of the outputs or in the plane of two"""


class Training(NamedTuple):
    """How an ensemble is trained for 50 steps before it is looked at."""

    loss: training.Loss
    lr: float
    optimizer: str = "gradient descent"
    steps: int = 50


class Case(NamedTuple):
    """A density and a question about it."""

    density: Density
    order: int = 2
    moving: str = "inputs"
    terms: str = "product"
    training: Training | None = None
    share: float = 1.0
    """of the networks that other cases have: more for high orders, fewer for costly terms"""

    @property
    def question(self) -> Question:
        return Question(self.density.inputs, self.density.dimension, self.order, self.moving, self.terms)

    def chunks(self, networks: int, *, seed: int) -> list[Chunk]:
        """The ensemble, drawn anew at every call; trained networks are kept, at 4 bytes a weight."""
        drawn = chunks(self.density, round(networks * self.share), order=self.order, seed=seed)
        if self.training is None:
            return drawn
        trained = [[self._trained(block) for block in chunk()] for chunk in drawn]
        return [lambda own=own: own for own in trained]

    def _trained(self, networks: Networks) -> Networks:
        loss, lr, optimizer, steps = self.training
        return training.train(networks, TRAINED_AT, loss, optimizer=optimizer, steps=steps, lr=lr)


def _scaled(size: int, factor: float) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, (factor * torch.eye(size)).tolist()))


_of_three = {"inputs": 3, "outputs": 1, "width": 20}
_periodic = {"inputs": 2, "outputs": 1, "width": 20, "activation": "triangle", "stretch": _scaled(2, 0.2)}
_of_five = {"inputs": 2, "outputs": 5, "activation": "relu"}
_phases = {"inputs": 1, "width": 20, "activation": "phase", "complex": True}
_learner = Density(2, 4, 20, bias="none")

CASES: dict[str, Case] = {
    "normal": Case(Density(**_of_three)),
    "normal, 4 points": Case(Density(**_of_three), order=4),
    "stretched": Case(Density(**_of_three, stretch=STRETCH)),
    "with a mean": Case(Density(**_of_three, activation="relu", drift=(2.0, 0.0, 0.0))),
    "with a small mean": Case(Density(**_of_three, drift=(1.0, 0.0, 0.0))),
    "uniform": Case(Density(**_of_three, first="uniform")),
    "Laplace": Case(Density(**_of_three, first="laplace")),
    "normal, affine maps": Case(Density(**_of_three), moving="affine"),
    "cosine, any phase": Case(Density(**_of_three, activation="cos", bias="angle"), moving="affine"),
    "periodic, uniform": Case(Density(**_periodic, bias="period", first="uniform"), moving="affine"),
    "periodic, normal": Case(Density(**_periodic, bias="period"), moving="affine"),
    "periodic, phase preferred": Case(Density(**_periodic, bias="narrow"), moving="affine"),
    "output: normal": Case(Density(**_of_five, width=50), moving="outputs", share=0.4),
    "output: normal, 4 points": Case(Density(**_of_five, width=50), order=4, moving="outputs", share=0.4),
    **{
        f"output: mean in {k}": Case(
            Density(**_of_five, width=50, mean=(0.05,) * k + (0.0,) * (5 - k)), moving="outputs", share=0.4
        )
        for k in (1, 3, 5)
    },
    "output: uniform, 2 points": Case(Density(**_of_five, width=5, last="uniform"), moving="outputs"),
    "output: uniform, 4 points": Case(Density(**_of_five, width=5, last="uniform"), 4, "outputs", share=2.0),
    "both at once": Case(Density(3, 3, 20), moving="both"),
    "complex, real kernel": Case(Density(**_phases, outputs=2), moving="outputs", share=0.4),
    "complex, real kernel, 4 points": Case(Density(**(_phases | {"width": 2}), outputs=2), 4, "outputs"),
    "complex, complex kernel": Case(Density(**_phases, outputs=2, drift=(1.0,)), moving="outputs", share=0.4),
    "three complex, complex kernel": Case(Density(**_phases, outputs=3, drift=(1.0,)), moving="outputs", share=0.4),
    "before training": Case(_learner, moving="outputs", terms="up to"),
    "loss of the norm": Case(_learner, 2, "outputs", "up to", Training(training.norm_loss, 0.05)),
    "targets on a line": Case(_learner, 2, "outputs", "up to", Training(training.fixed_targets(LINE), 0.03)),
    "targets in a plane": Case(_learner, 2, "outputs", "up to", Training(training.fixed_targets(PLANE), 0.03)),
    "loss of the norm, Adam": Case(_learner, 2, "outputs", "up to", Training(training.norm_loss, 0.05, "Adam")),
    "tangent kernel": Case(Density(2, 3, 20), 2, "both", "tangent kernel", share=0.2),
    "tangent kernel, with a mean": Case(
        Density(2, 4, 20, mean=(0.2, 0.0, 0.0, 0.0)), 2, "outputs", "tangent kernel", share=0.4
    ),
}
"""Kinds of first-layer weights, then of the outputs, complex networks, ensembles in training, tangent kernels."""


def observe(case: Case, networks: int, *, seed: int) -> Factors | str:
    """The factors of a case's correlator, or the reason why there are none."""
    try:
        return polarized(case.question, case.chunks(networks, seed=seed), seed=seed + 1)
    except Unsupported as error:
        return str(error)


VARIED = ("normal", "stretched", "with a mean", "uniform", "cosine, any phase")
"""Cases of which others of their kind are drawn, to count errors."""


def varied(name: str, *, seed: int) -> Case:
    """Another case of its kind: a stretch or mean drawn at random, where the kind has one."""
    case, generator = CASES[name], torch.Generator().manual_seed(seed)
    replaced = {}
    if case.density.stretch is not None:
        turn = torch.linalg.qr(torch.randn(3, 3, generator=generator)).Q
        S = turn @ torch.diag(0.6 + torch.rand(3, generator=generator)) @ turn.T
        replaced["stretch"] = tuple(map(tuple, S.tolist()))
    if case.density.drift is not None:
        direction = torch.randn(3, generator=generator)
        replaced["drift"] = tuple((2 * direction / direction.norm()).tolist())
    return case._replace(density=Density(**(vars(case.density) | replaced)))


def members(networks: int, points: int, *, seed: int) -> Factors:
    """Polarization factors of single networks of the "normal" density, each by itself: see `Factors.alone`."""
    drawn = CASES["normal"].density.draw(networks, torch.Generator().manual_seed(seed))
    x = torch.randn(points, 3, generator=torch.Generator().manual_seed(seed + 1))
    return polarize([lambda x, i=i: drawn.part(slice(i, i + 1))(x)[0] for i in range(networks)], x, Linear(3))


def curves(mean: float, networks: int, *, points: int, seed: int) -> Tensor:
    """(M, P, 2) what networks with one input and two outputs say along [-2, 2], drawn from a density whose first output
    has weights with a mean."""
    density = Density(1, 2, 50, mean=(mean, 0.0))
    return outputs(density, networks, torch.linspace(-2, 2, points)[:, None], seed=seed)

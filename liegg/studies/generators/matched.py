"""Trainings that stop where networks are as accurate as those of another training."""

from collections.abc import Sequence

import torch
from torch import nn

from liegg.studies.generators.regimes import Data
from liegg.studies.generators.rotation import accuracy, accuracy_of


def nearest_accuracy(partners: Sequence[nn.Module], test: Data) -> dict:
    """Settings of `liegg.studies.fit.fit` by which each of M networks ends as it was after that epoch, the first of
    several, whose accuracy at its test images x (M, N, 1, 28, 28), y (M, N) is nearest to its partner's."""
    x, labels = test
    aims = torch.tensor([accuracy_of(*each) for each in zip(partners, x, labels)])
    goals = torch.stack([labels, aims[:, None].expand(labels.shape)], -1)
    return {"validation": (x, goals), "score": lambda y, goal: -(accuracy(y, goal[:, 0]) - goal[0, 1]).abs()}
